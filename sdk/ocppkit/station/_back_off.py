"""Computes how long a station waits before it connects again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

__all__ = ["BackOff"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """The three parameters of OCPP 2.x for waits between attempts to connect, under OCPP's names;
    times are in seconds.

    OCPP 1.6 asks for a back-off and defines none; this one serves.
    """

    wait_minimum: float = 10.0
    """RetryBackOffWaitMinimum."""

    random_range: float = 10.0
    """RetryBackOffRandomRange: keeps stations that lost the CSMS together from coming together."""

    repeat_times: int = 5
    """RetryBackOffRepeatTimes: how often the wait is doubled."""

    def waits(self, random: Callable[[], float]) -> Iterator[float]:
        """Yields the seconds to wait before each attempt, without end. Call it anew after a
        connection that worked. # REC-03

        Args:
            random: returns a number from 0 up to 1.
        """
        wait = self.wait_minimum + random() * self.random_range  # REC-01
        yield wait
        for _ in range(self.repeat_times):
            # REC-02: what is doubled includes the random part, so each wait is at least twice the
            # one before, which is what TC_B_57_CS checks.
            wait = 2 * wait + random() * self.random_range
            yield wait
        while True:
            yield wait
