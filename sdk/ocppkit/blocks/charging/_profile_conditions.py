"""The conditions under which a charging profile is refused: a function for each that needs more
than one comparison.

Each takes a `ProfileCase`, or a schedule and the case, and returns whether the profile is refused.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ._charging_rules import ChargingAbilities, ChargingRules
from ._circumstances import Circumstances
from ._profiles import ChargingProfile, ChargingSchedule, InstalledProfile, ProfileKind, Purpose

__all__ = [
    "ProfileCase",
    "absent_member",
    "delays_wrongly",
    "does_not_rise",
    "has_default_elsewhere",
    "has_impossible_mode",
    "has_impossible_phase_to_use",
    "has_impossible_phases",
    "has_rival",
    "has_wrong_start",
    "in_any_schedule",
    "is_no_dynamic_schedule",
    "is_no_profile_of_a_start",
    "is_of",
    "is_too_much",
    "is_unknown_evse",
    "lacks_required_transaction",
    "lacks_transaction",
    "limits_below_0",
    "updates_without_being_dynamic",
]


class ProfileCase(NamedTuple):
    """A profile to check, with all that it is checked against."""

    profile: ChargingProfile
    evse_id: int
    installed: Sequence[InstalledProfile]
    circumstances: Circumstances | None
    """The EVSEs and transactions; `None` for a CSMS, which does not know them."""

    rules: ChargingRules
    abilities: ChargingAbilities
    starts_transaction: bool


def is_of(purpose: Purpose, case: ProfileCase) -> bool:
    """Returns whether the profile has this purpose."""
    return case.profile.charging_profile_purpose is purpose


def lacks_transaction(case: ProfileCase) -> bool:
    """Returns whether the profile is a TxProfile without a running transaction that it can be for."""
    around = case.circumstances
    if around is None or case.starts_transaction or not is_of(Purpose.TX, case):
        return False
    running = around.transactions.get(case.evse_id)
    return running is None or case.profile.transaction_id not in (None, running.transaction_id)


def lacks_required_transaction(case: ProfileCase) -> bool:
    """Returns whether a TxProfile that a CSMS is about to send names no transaction."""
    # CHP-08 is a rule for the CSMS: a station takes the transaction that runs on the EVSE.
    return (
        case.circumstances is None
        and is_of(Purpose.TX, case)
        and not case.starts_transaction
        and case.profile.transaction_id is None
    )


def is_no_profile_of_a_start(profile: ChargingProfile) -> bool:
    """Returns whether a profile cannot be part of a remote start: it is not a TxProfile, or names a
    transaction.
    """
    # REM-06, F01.FR.09, F01.FR.11, K05.FR.02.
    is_tx = profile.charging_profile_purpose is Purpose.TX
    return not is_tx or profile.transaction_id is not None


def absent_member(profile: ChargingProfile, rules: ChargingRules) -> str | None:
    """Returns the first member of a profile that the version of OCPP does not have, or `None`."""
    schedules = profile.charging_schedule
    periods = (each for schedule in schedules for each in schedule.charging_schedule_period)
    for part in (profile, *schedules, *periods):
        for name in part.__struct_fields__:
            if name in rules.absent_members and getattr(part, name) not in (None, False):
                return name
    return None


def _replaced(case: ProfileCase, other: InstalledProfile) -> bool:
    return other.profile.id == case.profile.id


def has_default_elsewhere(case: ProfileCase) -> bool:
    """Returns whether another TxDefaultProfile of this level excludes it: on all EVSEs or on one."""
    # CHP-03: one on an EVSE and one on all of them, with another id.
    return (
        case.rules.default_pair_refused
        and is_of(Purpose.TX_DEFAULT, case)
        and any(
            other.profile.charging_profile_purpose is Purpose.TX_DEFAULT
            and other.profile.stack_level == case.profile.stack_level
            and (other.evse_id == 0) != (case.evse_id == 0)
            and not _replaced(case, other)
            for other in case.installed
        )
    )


def has_rival(case: ProfileCase) -> bool:
    """Returns whether another profile of the same place and level is valid at the same time."""
    # CHP-07: the CSMS must not send a second profile of the same place and level that is
    # valid at the same time. What a station does about it is open; it says so here.
    return not case.rules.same_level_replaces and any(
        other.profile.charging_profile_purpose is case.profile.charging_profile_purpose
        and other.profile.stack_level == case.profile.stack_level
        and other.evse_id == case.evse_id
        and other.profile.transaction_id == case.profile.transaction_id
        and not _replaced(case, other)
        and _overlap(case.profile, other.profile)
        for other in case.installed
    )


def _overlap(one: ChargingProfile, other: ChargingProfile) -> bool:
    """Returns whether two profiles are valid at the same time."""
    return not (_ends_before(one, other) or _ends_before(other, one))


def _ends_before(one: ChargingProfile, other: ChargingProfile) -> bool:
    end, begin = one.valid_to, other.valid_from
    return end is not None and begin is not None and end <= begin


def is_too_much(case: ProfileCase) -> bool:
    """Returns whether the station has as many other profiles as it can hold."""
    others = [each for each in case.installed if not _replaced(case, each)]
    return len(others) >= case.abilities.max_profiles


def in_any_schedule(
    broken: Callable[[ChargingSchedule, ProfileCase], bool],
) -> Callable[[ProfileCase], bool]:
    """Returns a condition that holds if another one holds for any schedule of the profile."""
    return lambda case: any(broken(each, case) for each in case.profile.charging_schedule)


def has_wrong_start(schedule: ChargingSchedule, case: ProfileCase) -> bool:
    """Returns whether a start is missing, or given although the profile is relative."""
    kind = case.profile.charging_profile_kind
    if kind is ProfileKind.RELATIVE:
        return schedule.start_schedule is not None
    return schedule.start_schedule is None and kind is not ProfileKind.DYNAMIC


def does_not_rise(schedule: ChargingSchedule, case: ProfileCase) -> bool:
    """Returns whether the periods do not begin at 0, or their starts do not increase."""
    starts = [each.start_period for each in schedule.charging_schedule_period]
    return starts[:1] != [0] or any(one >= other for one, other in pairwise(starts))


def limits_below_0(schedule: ChargingSchedule, case: ProfileCase) -> bool:
    """Returns whether a charging limit is negative."""
    # What may be fed into the grid is said by discharge limits.
    return any(
        limit is not None and limit < 0
        for each in schedule.charging_schedule_period
        for limit in (each.limit, each.limit_l2, each.limit_l3)
    )


def has_impossible_phases(schedule: ChargingSchedule, case: ProfileCase) -> bool:
    """Returns whether a period charges on more phases than the station has, or on none."""
    # DC has no phases to choose.
    return case.abilities.phases > 0 and any(
        each.number_phases is not None and not 1 <= each.number_phases <= case.abilities.phases
        for each in schedule.charging_schedule_period
    )


def has_impossible_phase_to_use(schedule: ChargingSchedule, case: ProfileCase) -> bool:
    """Returns whether a period chooses a phase, but has more than one or cannot be switched."""
    return any(
        each.phase_to_use is not None
        and (each.number_phases != 1 or not case.abilities.phase_switching)
        for each in schedule.charging_schedule_period
    )


def delays_wrongly(schedule: ChargingSchedule, case: ProfileCase) -> bool:
    """Returns whether a random delay is set that the station or the purpose does not allow."""
    if not schedule.randomized_delay:
        return False
    return not case.abilities.randomized_delay or case.profile.charging_profile_purpose not in (
        Purpose.TX,
        Purpose.TX_DEFAULT,
    )


def is_no_dynamic_schedule(schedule: ChargingSchedule, case: ProfileCase) -> bool:
    """Returns whether the profile is dynamic, but its schedule does not have exactly one period."""
    return case.profile.charging_profile_kind is ProfileKind.DYNAMIC and (
        len(schedule.charging_schedule_period) != 1
    )


def has_impossible_mode(schedule: ChargingSchedule, case: ProfileCase) -> bool:
    """Returns whether a period has an operation mode that the station or the purpose excludes."""
    priority = is_of(Purpose.PRIORITY_CHARGING, case)
    for each in schedule.charging_schedule_period:
        mode = each.operation_mode or "ChargingOnly"
        if mode not in case.abilities.operation_modes or (priority and mode != "ChargingOnly"):
            return True
    return False


def updates_without_being_dynamic(case: ProfileCase) -> bool:
    """Returns whether the profile has members of dynamic profiles, but is of another kind."""
    profile = case.profile
    updates = profile.dyn_update_time is not None or profile.dyn_update_interval is not None
    return updates and profile.charging_profile_kind is not ProfileKind.DYNAMIC


def is_unknown_evse(case: ProfileCase) -> bool:
    """Returns whether the station has no such EVSE; a CSMS knows only that ids are not negative."""
    if case.circumstances is None:
        return case.evse_id < 0
    return case.evse_id != 0 and case.evse_id not in case.circumstances.evses
