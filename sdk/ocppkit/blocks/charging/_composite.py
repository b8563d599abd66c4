"""The composite schedule, which tells what all charging profiles together allow within a period of
time.

Theory of operation: the window is walked from change to change. At each change, every stack of
profiles has a leading period, and the limit is the lowest of them (CMP-06), in the unit that is asked
for.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from math import inf
from typing import NamedTuple, TypeAlias

from ._amounts import PHASES, Amount, Electricity
from ._circumstances import Circumstances
from ._profiles import ChargingSchedulePeriod, InstalledProfile, RateUnit
from ._stacks import ProfileStack, ProfileStacks

__all__ = ["composite"]


def composite(
    installed: Iterable[InstalledProfile],
    circumstances: Circumstances,
    *,
    evse_id: int,
    start: datetime,
    duration: int,
    unit: RateUnit = RateUnit.AMPERES,
    schedule: int = 0,
    max_periods: int = 1024,
) -> tuple[ChargingSchedulePeriod, ...]:
    """Returns the composite schedule of the installed profiles.

    A period without a limit means that nothing limits it, not even what the EVSE is known to give. One
    without a number of phases means that no profile counts.

    Args:
        installed: the profiles.
        circumstances: what else counts.
        evse_id: the EVSE; 0 for what all of them take from the grid together (CMP-11).
        start: when the window begins. A fraction of a second is dropped: periods begin at whole
            seconds.
        duration: seconds of the window.
        unit: what the limits are to be in.
        schedule: which of up to three schedules of a TxProfile counts, from 0 (CMP-17).
        max_periods: how many periods to return; a longer schedule is cut there.
    """
    electricity = Electricity(unit, circumstances.voltage)
    stacks = ProfileStacks(
        installed,
        circumstances,
        electricity,
        evse_id=evse_id,
        window=start.replace(microsecond=0),
        schedule=schedule,
    )
    maximum = electricity.converted(circumstances.maximum, RateUnit.AMPERES, PHASES)
    return tuple(islice(_steps(stacks, electricity, maximum, duration), max_periods))


def _steps(
    stacks: ProfileStacks, electricity: Electricity, maximum: Amount | None, duration: int
) -> Iterator[ChargingSchedulePeriod]:
    moment, last = 0, None
    while moment < duration:
        next_change = stacks.move(moment)
        rates = _rates(stacks, electricity, maximum)
        # CMP-10: equal neighbours are one.
        if rates != last:
            yield _period(moment, rates)
            last = rates
        moment = next_change


class _Details(NamedTuple):
    """The details of a schedule for one EVSE beside the limit: phase, setpoint and operation mode."""

    phase_to_use: int | None
    discharge_limit: float | None
    setpoint: float | None
    operation_mode: str | None


_Rates: TypeAlias = tuple[Amount | None, int | None, _Details | None]
"""What holds at a moment: limit, number of phases, and details if there are any."""


def _period(moment: int, rates: _Rates) -> ChargingSchedulePeriod:
    limit, phases, details = rates
    l1, l2, l3 = limit if isinstance(limit, tuple) else (limit, None, None)
    more = {} if details is None else details._asdict()
    return ChargingSchedulePeriod(
        start_period=moment, limit=l1, limit_l2=l2, limit_l3=l3, number_phases=phases, **more
    )


def _rates(stacks: ProfileStacks, electricity: Electricity, maximum: Amount | None) -> _Rates:
    """Returns the rates at the moment to which the stacks were moved."""
    leading = [stack for stack in stacks.all if stack.period is not None]
    if not leading:
        # CMP-06: without a profile, what the station can give.
        return _limit(stacks, electricity, maximum, PHASES), None, None
    phases, detailed = leading[0].phases, False
    for stack in leading:
        # CMP-08: the lowest number of phases of all periods that count.
        if stack.phases < phases:
            phases = stack.phases
        if stack.is_detailed:
            detailed = True
    limit = _limit(stacks, electricity, maximum, phases)
    # Several EVSEs together have no phase, setpoint or operation mode.
    details = _details(limit, stacks, leading) if detailed and not stacks.shares else None
    return limit, phases, details


def _limit(
    stacks: ProfileStacks, electricity: Electricity, maximum: Amount | None, phases: int
) -> Amount | None:
    limits = [stack.amount for stack in stacks.caps if stack.amount is not None]
    max_periods = _sum_of_shares(stacks, electricity, maximum, phases) if stacks.shares else maximum
    if max_periods is not None:
        limits.append(max_periods)
    if not limits:
        return None
    lowest = electricity.lowest(limits, phases) if len(limits) > 1 else limits[0]
    if not stacks.added:
        return lowest
    # SC.01 (2.1): local generation comes on top of what the grid gives.
    added = [stack.amount for stack in stacks.added if stack.amount is not None]
    return electricity.total([lowest, *added], phases)


def _sum_of_shares(
    stacks: ProfileStacks, electricity: Electricity, maximum: Amount | None, phases: int
) -> Amount | None:
    """Returns what all EVSEs together may take, or `None` if one of them has no limit."""
    shares: list[Amount] = []
    for share in stacks.shares:
        limits = [stack.amount for stack in share if stack.amount is not None]
        if maximum is not None:
            limits.append(maximum)
        if not limits:
            return None
        shares.append(electricity.lowest(limits, phases))
    return electricity.total(shares, phases)


def _details(limit: Amount | None, stacks: ProfileStacks, leading: list[ProfileStack]) -> _Details:
    """Returns phase, setpoint and operation mode of one EVSE."""
    phase, discharge_limit, setpoint, mode = None, None, None, None
    for stack in leading:
        if stack.period is None:
            continue
        phase = phase or stack.period.phase_to_use
        own_limit = stack.converted(stack.period.discharge_limit)
        if own_limit is not None:
            # A discharge limit is below 0: the highest feeds the least into the grid.
            discharge_limit = max(own_limit, -inf if discharge_limit is None else discharge_limit)
        if stack in stacks.transaction:
            mode = stack.period.operation_mode
            setpoint = stack.converted(stack.period.setpoint)
    if setpoint is not None:
        # K08.FR.08: a setpoint lies between the limits. Both are those of L1 if phases differ.
        highest = limit[0] if isinstance(limit, tuple) else limit
        setpoint = setpoint if highest is None else min(setpoint, highest)
        setpoint = setpoint if discharge_limit is None else max(setpoint, discharge_limit)
    return _Details(phase, discharge_limit, setpoint, mode)
