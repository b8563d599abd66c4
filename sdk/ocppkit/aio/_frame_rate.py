"""Limits how fast a peer may send, by a token bucket. Time is an argument."""

from math import inf

from ocppkit.core import Limits

__all__ = ["FrameRate"]


class FrameRate:
    """Counts the frames of one connection in a token bucket.

    The bucket holds `frames_at_once` tokens and gains `frames_per_second` of them. Each frame takes
    one. Instead of the tokens, the bucket stores the time at which it will be full again: a frame
    puts that off by one step, and the bucket is empty if it lies more than `frames_at_once` steps
    ahead.
    """

    __slots__ = ("_full_at", "_step", "_steps")

    def __init__(self, limits: Limits) -> None:
        self._step = 1 / limits.frames_per_second
        self._steps = limits.frames_at_once
        self._full_at = -inf

    def count(self, now: float) -> float:
        """Counts a frame; returns the seconds to wait before the next one is read.

        Returns:
            When the next frame may be read: `now`, or a later time if the bucket is empty.
        """
        self._full_at = max(self._full_at, now) + self._step
        # Half a step more, because a sum of floating-point steps is not exact.
        if self._full_at - now <= (self._steps + 0.5) * self._step:
            return now
        return self._full_at - self._steps * self._step
