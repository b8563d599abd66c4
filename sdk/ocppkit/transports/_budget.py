"""Limits how much time of the event loop one connection may use, by a budget of bytes that refills
steadily.
"""

from math import inf

from ocppkit.core import Limits

__all__ = ["ReadBudget"]


class ReadBudget:
    """The budget of bytes that a peer may send, counted after decompression. Time is an argument.

    It looks at the clock only when `left` is used up, so that ordinary messages cost a subtraction.
    """

    __slots__ = ("_filled", "_most", "_rate", "left")

    def __init__(self, limits: Limits, now: float) -> None:
        """Starts with a full budget.

        Args:
            limits: how many bytes per second, and how many at once.
            now: the event loop's time, in seconds.
        """
        self._rate = limits.bytes_per_second
        self._most = limits.bytes_at_once if self._rate < inf else inf
        self._filled = now
        self.left: float = self._most
        """Bytes that may still be read. Whoever reads subtracts them."""

    def delay(self, now: float) -> float:
        """Refills the budget for the time since the last call; returns the seconds to wait until it
        is positive.

        Returns:
            Seconds until something may be read again; 0 while something is left.
        """
        if self._rate < inf:
            self.left = min(self._most, self.left + (now - self._filled) * self._rate)
        self._filled = now
        return 0.0 if self.left >= 0 else -self.left / self._rate
