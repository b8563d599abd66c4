"""Shows frames to the log and the observer, and events to the observer, which may raise without harm."""

import logging

from ocppkit.core import Event

from ._frame_log import frames_are_logged, log_frame, loggable
from ._settings import Settings

__all__ = ["Watching"]

logger = logging.getLogger("ocppkit.aio")


class Watching:
    """Shows what happens on one connection."""

    __slots__ = ("_hide_id_tokens", "_identity", "observer")

    def __init__(self, identity: str, settings: Settings) -> None:
        self._identity = identity
        self._hide_id_tokens = settings.hide_id_tokens
        self.observer = settings.observer

    @property
    def is_active(self) -> bool:
        """Whether frames are logged or observed."""
        return self.observer is not None or frames_are_logged()

    def frame_in(self, data: str | bytes) -> None:
        """Shows a frame of the peer."""
        self._frame("in", "<", data)

    def frame_out(self, text: str) -> None:
        """Shows a frame of ours."""
        self._frame("out", ">", text)

    def event(self, event: Event) -> None:
        """Shows an event to the observer."""
        if self.observer is not None:
            try:
                self.observer.event(self._identity, event)
            except Exception:  # noqa: BLE001
                self._failed("event")

    def _frame(self, direction: str, arrow: str, data: str | bytes) -> None:
        log_frame(self._identity, arrow, data, self._hide_id_tokens)
        if self.observer is not None:
            try:
                self.observer.frame(self._identity, direction, data)
            except Exception:  # noqa: BLE001
                self._failed("frame")

    def _failed(self, method: str) -> None:
        name = f"{type(self.observer).__name__}.{method}"
        logger.exception("%s: observer %s failed", loggable(self._identity), name)
