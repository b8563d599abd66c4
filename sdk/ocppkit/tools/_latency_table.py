"""How long answers take, per action, in bounded memory."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

__all__ = ["Latency", "LatencyTable"]

_MOST: Final = 4096
"""Times that are kept of one action; beyond it every second one is dropped, again and again."""


class Latency(Struct, frozen=True):
    """How long the answers to one action took, in seconds."""

    action: str
    answered_by: str
    """`station` or `csms`; empty if the log does not tell it."""

    count: int
    median: float
    p95: float
    longest: float


class _Times:
    """Times of one action: all of them, or an even sample."""

    __slots__ = ("count", "longest", "stride", "times")

    def __init__(self) -> None:
        self.times: list[float] = []
        self.count = 0
        self.stride = 1
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        if self.count % self.stride == 0:
            self.times.append(seconds)
            if len(self.times) > _MOST:
                del self.times[1::2]
                self.stride *= 2
        self.count += 1
        self.longest = max(self.longest, seconds)


class LatencyTable:
    """Collects how long answers take."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], _Times] = {}

    def add(self, action: str, answered_by: str, seconds: float) -> None:
        """Notes one answer."""
        times = self._times.get((action, answered_by))
        if times is None:
            times = self._times[action, answered_by] = _Times()
        times.add(seconds)

    def rows(self) -> Iterator[Latency]:
        """Yields a row per action, by name."""
        for (action, answered_by), times in sorted(self._times.items()):
            ordered = sorted(times.times)
            last = len(ordered) - 1
            yield Latency(
                action=action,
                answered_by=answered_by,
                count=times.count,
                median=ordered[round(last * 0.5)],
                p95=ordered[round(last * 0.95)],
                longest=times.longest,
            )
