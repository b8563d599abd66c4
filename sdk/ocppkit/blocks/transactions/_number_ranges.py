"""A set of integers kept as ranges, which stays small while most of them are consecutive."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

__all__ = ["Ranges", "gaps", "holds", "with_number"]

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""First and last integer of each range, in order; between two ranges at least one integer is missing."""


def holds(ranges: Ranges, number: int) -> bool:
    """Returns whether an integer is in the set."""
    index = bisect_right(ranges, (number, number)) - 1
    near = ranges[max(index, 0) : index + 2]
    return any(first <= number <= last for first, last in near)


def with_number(ranges: Ranges, number: int) -> Ranges:
    """Returns the set with an integer that it does not hold yet."""
    index = bisect_right(ranges, (number, number))
    first = last = number
    before, after = ranges[:index], ranges[index:]
    if before and before[-1][1] == number - 1:
        first, before = before[-1][0], before[:-1]
    if after and after[0][0] == number + 1:
        last, after = after[0][1], after[1:]
    return (*before, (first, last), *after)


def gaps(ranges: Ranges) -> Sequence[range]:
    """Returns what is missing between the smallest and the largest integer."""
    return [range(last + 1, first) for (_, last), (first, _) in pairwise(ranges)]
