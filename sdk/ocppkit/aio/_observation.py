"""Passes frames to the log, and frames and events to the observer; exceptions of the observer are
logged.
"""

import logging
from typing import Any

from ocppkit.core import ConnectionClosed, Event, Protocol, Request, Role

from ._clock import Clock
from ._frame_log import frames_are_logged, log_frame, loggable
from ._handler_tasks import Work
from ._handlers import AnyHandler
from ._observing import CallObserver, ObservedCalls
from ._settings import Settings

__all__ = ["Observation"]

logger = logging.getLogger("ocppkit.aio")


class Observation:
    """Passes the frames and events of one connection to the log and the observer."""

    __slots__ = ("_calls", "_has_failed", "_hide_id_tokens", "_identity", "_protocol", "observer")

    def __init__(
        self, identity: str, protocol: Protocol, role: Role, settings: Settings, clock: Clock
    ) -> None:
        self._identity = identity
        self._protocol = protocol
        self._hide_id_tokens = settings.hide_id_tokens
        self._has_failed = False
        self.observer = settings.observer
        self._calls = (
            ObservedCalls(self.observer, self._log_failure, identity, protocol, role, clock)
            if isinstance(self.observer, CallObserver)
            else None
        )

    @property
    def is_active(self) -> bool:
        """Whether frames are logged or observed."""
        return self.observer is not None or frames_are_logged()

    def frame_in(self, data: str | bytes) -> None:
        """Passes on a frame that was received."""
        self._pass_frame("in", "<", data)

    def frame_out(self, text: str) -> None:
        """Passes on a frame that is sent."""
        self._pass_frame("out", ">", text)

    def event(self, event: Event) -> None:
        """Passes an event to the observer."""
        if self.observer is not None:
            try:
                self.observer.event(self._identity, event)
            except Exception:  # noqa: BLE001
                self._log_failure("event")
            if self._calls is not None:
                self._calls.handle_event(event)

    def call_starting(self, message_id: str, request: Request[Any]) -> None:
        """Tells the observer that a call of ours starts, in the context of the task that makes the
        call.
        """
        if self._calls is not None:
            self._calls.call_starting(message_id, request)

    def with_announcement(self, work: Work, handler: AnyHandler) -> AnyHandler:
        """Returns a handler that first tells the observer, in the handler's context, that the call
        starts.
        """
        return (
            handler
            if self._calls is None
            else self._calls.with_announcement(work.message_id, handler)
        )

    def ended(self, end: ConnectionClosed) -> None:
        """Tells the observer that the connection has ended."""
        if self._calls is not None:
            self._calls.ended(end)

    def _pass_frame(self, direction: str, arrow: str, data: str | bytes) -> None:
        log_frame(self._identity, arrow, data, self._protocol, self._hide_id_tokens)
        if self.observer is not None:
            try:
                self.observer.frame(self._identity, direction, data)
            except Exception:  # noqa: BLE001
                self._log_failure("frame")
            if self._calls is not None:
                self._calls.frame(direction, data)

    def _log_failure(self, method: str) -> None:
        # An observer that fails once usually fails with every frame, so further failures are DEBUG.
        level = logging.DEBUG if self._has_failed else logging.ERROR
        self._has_failed = True
        name = f"{type(self.observer).__name__}.{method}"
        identity = loggable(self._identity)
        logger.log(
            level,
            "%s: the observer method %s raised an exception [the connection goes on]",
            identity,
            name,
            exc_info=True,
        )
