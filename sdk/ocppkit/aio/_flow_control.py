"""Pauses reading while too many handlers run, a long message is read, or the peer sends too fast."""

from math import inf
from typing import Protocol

from ocppkit.core import Limits

from ._clock import Clock, Timer
from ._frame_rate import FrameRate
from ._transport import Wire

__all__ = ["FlowControl", "Reader"]


class Reader(Protocol):
    """The part of an endpoint that handles messages which were held back while reading was paused."""

    @property
    def full(self) -> bool:
        """Whether no further message can be handled now."""
        ...

    def data_received(self, data: str | bytes) -> None:
        """Handles one message."""
        ...

    def resume(self) -> None:
        """Resumes reading, unless there is another reason to pause."""
        ...


class FlowControl:
    """Pauses and resumes reading, and holds back messages that arrive while it is paused."""

    __slots__ = ("_backlog", "_clock", "_rate", "_reader", "_timer", "_wire", "held")

    def __init__(self, reader: Reader, wire: Wire, clock: Clock, limits: Limits) -> None:
        self._reader = reader
        self._wire = wire
        self._clock = clock
        self._rate = FrameRate(limits) if limits.frames_per_second < inf else None
        self._timer: Timer | None = None
        self._backlog: list[str | bytes] | None = None

        self.held = False
        """Whether messages are kept instead of handled."""

    @property
    def is_limited(self) -> bool:
        """Whether the number of frames per second is limited."""
        return self._rate is not None

    def hold(self, data: str | bytes) -> None:
        """Holds back a message that the wire had read before it was paused, until `resume`."""
        self._backlog = self._backlog or []
        self._backlog.append(data)

    def count(self, now: float) -> None:
        """Counts a message, and pauses reading if the peer has sent more than `frames_per_second`
        allows.
        """
        if self._rate is not None and (then := self._rate.count(now)) > now:
            self._timer = self._clock.call_at(then, self._continue)
            self.pause()

    def pause(self) -> None:
        """Pauses reading."""
        self.held = True
        self._wire.pause_reading()

    def resume(self) -> None:
        """Handles the messages that were held back and resumes reading, unless there is another
        reason to pause.
        """
        self.held = self._timer is not None or self._reader.full
        if self.held:
            return
        backlog, self._backlog = self._backlog, None
        for data in backlog or ():
            # If one of them starts the last handler allowed, the reader passes the rest to `keep`.
            self._reader.data_received(data)
        if not self.held:
            self._wire.resume_reading()

    def stop(self) -> None:
        """Drops the messages that were held back and stops the timer, as the connection has ended."""
        self._backlog = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _continue(self) -> None:
        self._timer = None
        self._reader.resume()
