"""Stacks of charging profiles: at each moment, one profile of a stack leads.

The first profile of a stack that has a period at a moment leads (CMP-04, CMP-05). A stack also tells
until when that one leads, and is asked again only then.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from ._amounts import PHASES, Amount, Electricity, amount_per_phase
from ._circumstances import Circumstances, RunningTransaction
from ._profiles import ChargingSchedule, ChargingSchedulePeriod, InstalledProfile, Purpose, RateUnit
from ._timeline import FOREVER, ProfileTimeline

__all__ = ["ProfileStack", "ProfileStacks"]

_TRANSACTION: Final = (Purpose.PRIORITY_CHARGING, Purpose.TX, Purpose.TX_DEFAULT)
"""What limits a transaction: the first of these that has a period (CMP-05)."""


class ProfileStack:
    """Charging profiles of one purpose. At each moment, the first profile that has a period leads."""

    __slots__ = (
        "_electricity",
        "_timelines",
        "_unit",
        "amount",
        "is_detailed",
        "period",
        "phases",
        "until",
    )

    def __init__(self, timelines: Sequence[ProfileTimeline], electricity: Electricity) -> None:
        """Sets the profiles in order of precedence, and how to convert their amounts."""
        self._timelines = timelines
        self._electricity = electricity
        self.period: ChargingSchedulePeriod | None = None
        """The period that leads at the moment last moved to."""

        self.is_detailed = False
        """Whether it says more than a limit and a number of phases."""

        self.phases = PHASES
        """How many phases it may use."""

        self.amount: Amount | None = None
        """Its limit, in the unit of the calculation; `None` if it has none."""

        self._unit = RateUnit.AMPERES
        self.until = -FOREVER
        """The moment until which it leads."""

    def move(self, moment: int) -> None:
        """Finds the leading period at a moment."""
        until = FOREVER
        for timeline in self._timelines:
            period, end = timeline.at(moment)
            until = end if end < until else until
            if period is not None:
                self.until = until
                if period is not self.period:
                    self._leading_value(period, timeline.unit)
                return
        self.until = until
        self.period = self.amount = None

    def converted(self, value: float | None) -> float | None:
        """Returns a value of the leading period in the unit of the calculation."""
        if value is None:
            return None
        return self._electricity.single(value, self._unit, self.phases)

    def _leading_value(self, period: ChargingSchedulePeriod, unit: RateUnit) -> None:
        self.period, self._unit = period, unit
        self.phases = period.number_phases or PHASES
        self.is_detailed = _is_detailed(period)
        self.amount = period.limit
        by_phase = period.limit_l2 is not None or period.limit_l3 is not None
        if period.limit is not None and (by_phase or unit is not self._electricity.unit):
            amount = amount_per_phase(period.limit, period.limit_l2, period.limit_l3)
            self.amount = self._electricity.converted(amount, unit, self.phases)


class ProfileStacks:
    """All stacks of profiles that limit one EVSE, or a whole station."""

    def __init__(
        self,
        installed: Iterable[InstalledProfile],
        circumstances: Circumstances,
        electricity: Electricity,
        *,
        evse_id: int,
        window: datetime,
        schedule: int,
    ) -> None:
        """Sorts the profiles into stacks.

        Args:
            installed: the profiles.
            circumstances: what else counts.
            electricity: how to convert what they say.
            evse_id: the EVSE; 0 for the whole station.
            window: when the window begins, at a whole second.
            schedule: which of up to three schedules of a TxProfile counts.
        """
        self._circumstances = circumstances
        self._electricity = electricity
        self._window = window
        self._schedule = schedule
        self.all: list[ProfileStack] = []
        """All stacks with profiles."""

        self._by_place: dict[tuple[Purpose, int], list[InstalledProfile]] = defaultdict(list)
        for profile in installed:
            place = profile.profile.charging_profile_purpose, profile.evse_id
            self._by_place[place].append(profile)
        external, generation = Purpose.EXTERNAL_CONSTRAINTS, Purpose.LOCAL_GENERATION
        here = (0, evse_id) if evse_id else (0,)
        self.caps = [*self._stack(Purpose.STATION_MAX, (0,)), *self._stack(external, here)]
        """The stacks of which the lowest limits all that is taken from the grid."""

        self.added = self._stack(generation, here)
        """The stacks that are added to what the others allow."""

        self.shares: list[list[ProfileStack]] = []
        """For each EVSE of a whole station, the stacks of which the lowest limits it."""

        self.transaction = self._transaction_stack(evse_id)
        """The stack of the transaction on an EVSE."""

        if evse_id:
            self.caps += self.transaction
        else:
            for each in circumstances.evses:
                self.shares.append(
                    [*self._transaction_stack(each), *self._stack(external, (each,))]
                )
                self.added += self._stack(generation, (each,))

    def move(self, moment: int) -> int:
        """Finds the leading periods at a moment; returns the next moment at which one may change."""
        until = FOREVER
        for stack in self.all:
            if stack.until <= moment:
                stack.move(moment)
            if stack.until < until:
                until = stack.until
        return until

    def _transaction_stack(self, evse_id: int) -> list[ProfileStack]:
        running = self._circumstances.transactions.get(evse_id)
        here = (0, evse_id)
        timelines: list[ProfileTimeline] = []
        for purpose in _TRANSACTION:
            if _applies(purpose, running):
                timelines += self._timelines(purpose, here, running)
        return self._stack_of(timelines)

    def _stack(self, purpose: Purpose, evses: Sequence[int]) -> list[ProfileStack]:
        """Returns the stack of one purpose for several places; the last place is the EVSE that is
        limited.
        """
        running = self._circumstances.transactions.get(evses[-1])
        return self._stack_of(self._timelines(purpose, evses, running))

    def _stack_of(self, timelines: Sequence[ProfileTimeline]) -> list[ProfileStack]:
        """Returns a stack, or `None` if there are no profiles."""
        stacks = [ProfileStack(timelines, self._electricity)] if timelines else []
        self.all += stacks
        return stacks

    def _timelines(
        self, purpose: Purpose, evses: Sequence[int], running: RunningTransaction | None
    ) -> list[ProfileTimeline]:
        found = [each for evse_id in evses for each in self._by_place[purpose, evse_id]]
        # CMP-04: the highest stack level leads. CHP-12: at one level what is for this EVSE hides
        # what is for all of them.
        found.sort(key=lambda each: (each.profile.stack_level, each.evse_id), reverse=True)
        return [
            timeline for each in found if (timeline := self._timeline(each, running)) is not None
        ]

    def _timeline(
        self, each: InstalledProfile, running: RunningTransaction | None
    ) -> ProfileTimeline | None:
        profile, circumstances = each.profile, self._circumstances
        index = 0
        if profile.charging_profile_purpose is Purpose.TX:
            if running is None or profile.transaction_id not in (None, running.transaction_id):
                return None
            # CMP-17: the first schedules are combined, and the second, and the third.
            index = self._schedule
        if index >= len(profile.charging_schedule):
            return None
        # CMP-02: without a transaction, a relative schedule begins with the window.
        anchor = running.energy_since if running is not None else None
        return ProfileTimeline(
            profile,
            _at_state_of_charge(profile.charging_schedule[index], running),
            self._window,
            anchor=self._window if anchor is None else anchor,
            delays=each.delays,
            offline_since=circumstances.offline_since,
            zone=circumstances.zone,
        )


def _applies(purpose: Purpose, running: RunningTransaction | None) -> bool:
    """Returns whether profiles of a purpose apply to an EVSE with this transaction."""
    if purpose is Purpose.PRIORITY_CHARGING:
        # CMP-05: while it is active it replaces TxProfile and TxDefaultProfile.
        return running is not None and running.priority
    # CMP-13: without a transaction, as if one ran under its TxDefaultProfile.
    return running is not None or purpose is Purpose.TX_DEFAULT


def _at_state_of_charge(
    schedule: ChargingSchedule, running: RunningTransaction | None
) -> ChargingSchedule:
    """Returns the schedule, without its limit above a state of charge if the vehicle has reached
    that.
    """
    beyond = schedule.limit_at_soc
    now = None if running is None else running.state_of_charge
    if beyond is None or now is None or now < beyond.soc:
        return schedule
    # CMP-16: it bounds limits and setpoints.
    periods = [_with_maximum(each, beyond.limit) for each in schedule.charging_schedule_period]
    return replace(schedule, charging_schedule_period=tuple(periods))


def _with_maximum(period: ChargingSchedulePeriod, most: float) -> ChargingSchedulePeriod:
    return replace(
        period,
        limit=most if period.limit is None else min(period.limit, most),
        limit_l2=None if period.limit_l2 is None else min(period.limit_l2, most),
        limit_l3=None if period.limit_l3 is None else min(period.limit_l3, most),
        setpoint=None if period.setpoint is None else min(period.setpoint, most),
    )


def _is_detailed(period: ChargingSchedulePeriod) -> bool:
    return (
        period.phase_to_use is not None
        or period.discharge_limit is not None
        or period.setpoint is not None
        or period.operation_mode is not None
    )
