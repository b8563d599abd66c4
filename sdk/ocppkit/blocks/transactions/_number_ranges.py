"""A set of integers stored as ranges, which is small if most integers are consecutive."""

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
    """Returns the set with an integer added that is not in it yet."""
    index = bisect_right(ranges, (number, number))
    first = last = number
    before, after = ranges[:index], ranges[index:]
    if before and before[-1][1] == number - 1:
        first, before = before[-1][0], before[:-1]
    if after and after[0][0] == number + 1:
        last, after = after[0][1], after[1:]
    return (*before, (first, last), *after)


def gaps(ranges: Ranges) -> Sequence[range]:
    """Returns the integers that are missing between the smallest and the largest one."""
    return [range(last + 1, first) for (_, last), (first, _) in pairwise(ranges)]
