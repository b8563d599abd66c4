"""Measures several libraries in turns, and computes medians and ratios.

A noisy machine slows whoever runs at that moment. So contestants take turns, round by round, a ratio
is taken within each round, and the median over the rounds counts. What is timed is the CPU time of the
process, user and system, which a neighbour that takes the CPU away does not add to.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import process_time
from timeit import Timer
from typing import Any, Final, TypeVar

__all__ = ["Spread", "Work", "measure_in_turns", "ratios", "spread"]

_MOST_CALLS: Final = 1 << 24
_NOBODY: Final[Mapping[Any, Callable[[], float]]] = {}

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several rounds."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Returns the median and the extremes."""
    return Spread(median(values), min(values), max(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Returns how many times theirs is ours, round by round."""
    return tuple(their / our for our, their in zip(ours, theirs, strict=True))


class Work:
    """A call with its arguments, to be timed without a wrapper around it."""

    def __init__(self, call: Callable[..., object], *arguments: Any) -> None:
        names = [f"a{at}" for at in range(len(arguments))]
        self._timer = Timer(
            f"call({', '.join(names)})",
            "import gc; gc.enable()",
            timer=process_time,
            globals={"call": call, **dict(zip(names, arguments, strict=True))},
        )

    def seconds(self, calls: int) -> float:
        """Returns the CPU time of so many calls."""
        return self._timer.timeit(calls)


def enough_calls(work: Work, seconds: float) -> int:
    """Returns how many calls take about so long."""
    calls = 1
    while calls < _MOST_CALLS and (took := work.seconds(calls)) < seconds / 2:
        calls = max(calls * 2, min(calls * 16, int(calls * seconds / max(took, 1e-7))))
    return calls


def measure_in_turns(
    contestants: Mapping[K, Work],
    *,
    rounds: int,
    seconds: float,
    others: Mapping[K, Callable[[], float]] = _NOBODY,
) -> dict[K, list[float]]:
    """Returns what a call costs each contestant, in seconds, one value a round.

    Args:
        contestants: what to time.
        rounds: how often each takes its turn.
        seconds: how long a turn is.
        others: contestants that take their turn elsewhere, and say what a call cost.
    """
    calls = {name: enough_calls(work, seconds) for name, work in contestants.items()}
    for warm_up in others.values():
        warm_up()
    costs: dict[K, list[float]] = {name: [] for name in (*contestants, *others)}
    for _ in range(rounds):
        for name, work in contestants.items():
            costs[name].append(work.seconds(calls[name]) / calls[name])
        for name, take_turn in others.items():
            costs[name].append(take_turn())
    return costs
