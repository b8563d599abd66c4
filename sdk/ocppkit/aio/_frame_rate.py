"""How fast a peer may send: a bucket of frames that fills at a steady rate. Time is an argument."""

from math import inf

from ocppkit.core import Limits

__all__ = ["Pace"]


class Pace:
    """Counts the frames of one connection.

    It keeps one number: when the bucket would be full again. A frame moves that on by one step, and
    a peer for which it lies further away than the bucket is deep has sent too much.
    """

    __slots__ = ("_due", "_step", "_steps")

    def __init__(self, limits: Limits) -> None:
        self._step = 1 / limits.frames_per_second
        self._steps = limits.frames_at_once
        self._due = -inf

    def count(self, now: float) -> float:
        """Counts a frame, and returns from when on the next one may be read: `now`, or later."""
        self._due = max(self._due, now) + self._step
        # Half a step of grace, as sums of steps are not exact.
        if self._due - now <= (self._steps + 0.5) * self._step:
            return now
        return self._due - self._steps * self._step
