"""Calls the engine of a connection at its next deadline."""

from collections.abc import Callable
from math import inf

from ocppkit.core import Connection

from ._clock import Clock, Timer

__all__ = ["DeadlineTimer"]


class DeadlineTimer:
    """The timer of one connection, for the next deadline of its engine.

    Args:
        clock: the clock.
        connection: the engine, whose deadlines count.
        then: called with the time after `Connection.handle_timeout`; it sets the timer again if the
            connection has not ended.
    """

    __slots__ = ("_at", "_clock", "_connection", "_then", "_timer")

    def __init__(self, clock: Clock, connection: Connection, then: Callable[[float], None]) -> None:
        self._clock = clock
        self._connection = connection
        self._then = then
        self._timer: Timer | None = None
        self._at = inf

    def set(self) -> None:
        """Sets the timer to the next deadline, unless it fires earlier anyway."""
        deadline = self._connection.next_deadline()
        # A timer that fires too early does no harm, whereas moving it for every call would cost.
        if deadline is not None and deadline < self._at:
            self.cancel()
            self._at = deadline
            self._timer = self._clock.call_at(deadline, self._fire)

    def cancel(self) -> None:
        """Stops the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _fire(self) -> None:
        self._timer = None
        self._at = inf
        now = self._clock.time()
        self._connection.handle_timeout(now)
        self._then(now)
