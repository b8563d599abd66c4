"""Calculates with currents and powers on one or three phases: conversion, minimum and sum."""

from collections.abc import Sequence
from typing import Final, TypeAlias, TypeGuard

from ._profiles import RateUnit

__all__ = ["PHASES", "Amount", "Electricity", "amount_per_phase"]

PHASES: Final = 3
"""Phases of a period that names no number (K01.FR.49)."""

Amount: TypeAlias = float | tuple[float, float, float]
"""One number for all phases, as its unit has it, or one number for each phase."""


class Electricity:
    """Converts and combines amounts of current or power in one unit."""

    __slots__ = ("_voltage", "unit")

    def __init__(self, unit: RateUnit, voltage: float) -> None:
        """Sets the unit, and the voltage between a phase and the neutral conductor."""
        self.unit = unit
        """The unit of the calculation."""

        self._voltage = voltage

    def converted(self, amount: Amount | None, unit: RateUnit, phases: int) -> Amount | None:
        """Returns an amount converted to the unit of the calculation.

        Args:
            amount: what to convert.
            unit: what it is in.
            phases: how many phases a power is of, if it is one number.
        """
        if isinstance(amount, tuple):
            l1, l2, l3 = amount
            return self.single(l1, unit, 1), self.single(l2, unit, 1), self.single(l3, unit, 1)
        return None if amount is None else self.single(amount, unit, phases)

    def single(self, amount: float, unit: RateUnit, phases: int) -> float:
        """Returns an amount as one number in the unit of the calculation."""
        if unit is self.unit:
            return amount
        # CMP-07: W = A * V * number of phases, of the same period.
        factor = self._voltage * phases
        return amount / factor if self.unit is RateUnit.AMPERES else amount * factor

    def lowest(self, amounts: Sequence[Amount], phases: int) -> Amount:
        """Returns the lowest of several amounts, for each phase if they differ."""
        if _same_for_all_phases(amounts):
            return min(amounts)
        l1, l2, l3 = zip(*(self._per_phase(each, phases) for each in amounts), strict=True)
        return min(l1), min(l2), min(l3)

    def total(self, amounts: Sequence[Amount], phases: int) -> Amount:
        """Returns the sum of several amounts, for each phase if they differ."""
        if _same_for_all_phases(amounts):
            return sum(amounts)
        l1, l2, l3 = zip(*(self._per_phase(each, phases) for each in amounts), strict=True)
        return sum(l1), sum(l2), sum(l3)

    def _per_phase(self, amount: Amount, phases: int) -> tuple[float, float, float]:
        if isinstance(amount, tuple):
            return amount
        each = amount / phases if self.unit is RateUnit.WATTS else amount
        return each, each, each


def amount_per_phase(first: float, second: float | None, third: float | None) -> Amount:
    """Returns the amount in three members of a period, for L1, L2 and L3. An absent one equals that
    of L1.
    """
    if second is None and third is None:
        return first
    return first, first if second is None else second, first if third is None else third


def _same_for_all_phases(amounts: Sequence[Amount]) -> TypeGuard[Sequence[float]]:
    """Returns whether each amount is one number for all phases."""
    return tuple not in map(type, amounts)
