"""A set of integers, most of them in rows, as the rows: small however many they are."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

__all__ = ["Rows", "gaps", "holds", "with_number"]

Rows: TypeAlias = tuple[tuple[int, int], ...]
"""First and last integer of each row, in order; between two rows at least one integer is missing."""


def holds(rows: Rows, number: int) -> bool:
    """Returns whether an integer is in the set."""
    index = bisect_right(rows, (number, number)) - 1
    near = rows[max(index, 0) : index + 2]
    return any(first <= number <= last for first, last in near)


def with_number(rows: Rows, number: int) -> Rows:
    """Returns the set with an integer that it does not hold yet."""
    index = bisect_right(rows, (number, number))
    first = last = number
    before, after = rows[:index], rows[index:]
    if before and before[-1][1] == number - 1:
        first, before = before[-1][0], before[:-1]
    if after and after[0][0] == number + 1:
        last, after = after[0][1], after[1:]
    return (*before, (first, last), *after)


def gaps(rows: Rows) -> Sequence[range]:
    """Returns what is missing between the smallest and the largest integer."""
    return [range(last + 1, first) for (_, last), (first, _) in pairwise(rows)]
