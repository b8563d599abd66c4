"""Which charging profiles a station refuses, as a table of rules with their reason codes.

A rule is a requirement, the reason code of OCPP 2.x for what breaks it, and a function that is true
if a profile breaks it. The first rule that is broken is the reason. What differs between versions and
stations is data: `ChargingRules` and `ChargingAbilities`.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from msgspec import Struct

from ._circumstances import Circumstances
from ._profiles import (
    ChargingProfile,
    ChargingSchedule,
    InstalledProfile,
    ProfileKind,
    Purpose,
    RateUnit,
)

__all__ = ["ChargingAbilities", "ChargingRules", "ProfileRefusal", "refusal"]


class ChargingRules(Struct, frozen=True, kw_only=True):
    """How the versions of OCPP differ in smart charging."""

    purposes: frozenset[Purpose]
    """The purposes that a CSMS may set."""

    same_level_replaces: bool = False
    """Whether a profile replaces one of the same purpose and stack level at the same place (1.6)."""

    default_pair_refused: bool = True
    """Whether TxDefaultProfiles of one stack level may not be both on an EVSE and on all of them (2.x)."""


class ChargingAbilities(Struct, frozen=True, kw_only=True):
    """What a station can do in smart charging; most of it stands in its variables or configuration."""

    rate_units: frozenset[RateUnit] = frozenset(RateUnit)
    """SmartChargingCtrlr.RateUnit; ChargingScheduleAllowedChargingRateUnit in 1.6."""

    max_stack_level: int = 10
    """SmartChargingCtrlr.ProfileStackLevel; ChargeProfileMaxStackLevel in 1.6."""

    max_periods: int = 24
    """SmartChargingCtrlr.PeriodsPerSchedule; ChargingScheduleMaxPeriods in 1.6."""

    max_profiles: int = 100
    """SmartChargingCtrlr.Entries; MaxChargingProfilesInstalled in 1.6."""

    phases: int = 3
    """Phases that an EVSE is connected to; 0 for DC, where numbers of phases are ignored."""

    phase_switching: bool = False
    """SmartChargingCtrlr.ACPhaseSwitchingSupported: whether the station can choose the phase."""

    dynamic: bool = False
    """Whether it takes profiles of the kind Dynamic (2.1)."""

    local_time: bool = False
    """Whether schedules may follow the local clock (2.1)."""

    randomized_delay: bool = False
    """Whether it delays periods at random (2.1)."""

    limit_at_soc: bool = False
    """Whether it knows states of charge (2.1)."""

    operation_modes: frozenset[str] = frozenset({"ChargingOnly"})
    """How EVs may take and feed energy (2.1)."""


class ProfileRefusal(Struct, frozen=True):
    """Why a charging profile is refused."""

    reason_code: str
    """The reason code of OCPP 2.x."""

    requirement: str
    """The requirement that it breaks."""

    text: str
    """What is wrong, for people."""


class _Case(NamedTuple):
    """A profile that is to be checked, and all that it is checked against."""

    profile: ChargingProfile
    evse_id: int
    installed: Sequence[InstalledProfile]
    circumstances: Circumstances
    rules: ChargingRules
    abilities: ChargingAbilities
    starts_transaction: bool


def refusal(
    profile: ChargingProfile,
    evse_id: int,
    installed: Sequence[InstalledProfile],
    circumstances: Circumstances,
    rules: ChargingRules,
    abilities: ChargingAbilities,
    *,
    starts_transaction: bool = False,
) -> ProfileRefusal | None:
    """Returns why a station refuses a profile; `None` if it takes it.

    Args:
        profile: the profile.
        evse_id: where it is to be installed; 0 for the whole station, or each of its EVSEs.
        installed: the profiles that are installed already.
        circumstances: the EVSEs and transactions of the station.
        rules: those of the OCPP version.
        abilities: what the station can do.
        starts_transaction: whether the profile came with a remote start, for a transaction that does
            not run yet.
    """
    case = _Case(profile, evse_id, installed, circumstances, rules, abilities, starts_transaction)
    for reason_code, requirement, text, broken in _RULES:
        if broken(case):
            return ProfileRefusal(reason_code, requirement, text)
    return None


def _is(purpose: Purpose, case: _Case) -> bool:
    return case.profile.charging_profile_purpose is purpose


def _lacks_transaction(case: _Case) -> bool:
    if not _is(Purpose.TX, case) or case.starts_transaction:
        return False
    running = case.circumstances.transactions.get(case.evse_id)
    return running is None or case.profile.transaction_id not in (None, running.transaction_id)


def _replaced(case: _Case, other: InstalledProfile) -> bool:
    return other.profile.id == case.profile.id


def _has_default_elsewhere(case: _Case) -> bool:
    # CHP-03: one on an EVSE and one on all of them, with another id.
    return (
        case.rules.default_pair_refused
        and _is(Purpose.TX_DEFAULT, case)
        and any(
            other.profile.charging_profile_purpose is Purpose.TX_DEFAULT
            and other.profile.stack_level == case.profile.stack_level
            and (other.evse_id == 0) != (case.evse_id == 0)
            and not _replaced(case, other)
            for other in case.installed
        )
    )


def _has_rival(case: _Case) -> bool:
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
    """True if two profiles are valid at the same time."""
    return not (_ends_before(one, other) or _ends_before(other, one))


def _ends_before(one: ChargingProfile, other: ChargingProfile) -> bool:
    end, begin = one.valid_to, other.valid_from
    return end is not None and begin is not None and end <= begin


def _is_too_much(case: _Case) -> bool:
    others = [each for each in case.installed if not _replaced(case, each)]
    return len(others) >= case.abilities.max_profiles


def _in_schedules(broken: Callable[[ChargingSchedule, _Case], bool]) -> Callable[[_Case], bool]:
    return lambda case: any(broken(each, case) for each in case.profile.charging_schedule)


def _has_wrong_start(schedule: ChargingSchedule, case: _Case) -> bool:
    kind = case.profile.charging_profile_kind
    if kind is ProfileKind.RELATIVE:
        return schedule.start_schedule is not None
    return schedule.start_schedule is None and kind is not ProfileKind.DYNAMIC


def _does_not_rise(schedule: ChargingSchedule, case: _Case) -> bool:
    starts = [each.start_period for each in schedule.charging_schedule_period]
    return starts[:1] != [0] or any(one >= other for one, other in pairwise(starts))


def _limits_below_0(schedule: ChargingSchedule, case: _Case) -> bool:
    # What may be fed into the grid is said by discharge limits.
    return any(
        limit is not None and limit < 0
        for each in schedule.charging_schedule_period
        for limit in (each.limit, each.limit_l2, each.limit_l3)
    )


def _has_impossible_phases(schedule: ChargingSchedule, case: _Case) -> bool:
    # DC has no phases to choose.
    return case.abilities.phases > 0 and any(
        each.number_phases is not None and not 1 <= each.number_phases <= case.abilities.phases
        for each in schedule.charging_schedule_period
    )


def _has_impossible_phase_to_use(schedule: ChargingSchedule, case: _Case) -> bool:
    return any(
        each.phase_to_use is not None
        and (each.number_phases != 1 or not case.abilities.phase_switching)
        for each in schedule.charging_schedule_period
    )


def _delays_wrongly(schedule: ChargingSchedule, case: _Case) -> bool:
    if not schedule.randomized_delay:
        return False
    return not case.abilities.randomized_delay or case.profile.charging_profile_purpose not in (
        Purpose.TX,
        Purpose.TX_DEFAULT,
    )


def _is_no_dynamic_schedule(schedule: ChargingSchedule, case: _Case) -> bool:
    return case.profile.charging_profile_kind is ProfileKind.DYNAMIC and (
        len(schedule.charging_schedule_period) != 1
    )


def _has_impossible_mode(schedule: ChargingSchedule, case: _Case) -> bool:
    priority = _is(Purpose.PRIORITY_CHARGING, case)
    for each in schedule.charging_schedule_period:
        mode = each.operation_mode or "ChargingOnly"
        if mode not in case.abilities.operation_modes or (priority and mode != "ChargingOnly"):
            return True
    return False


def _updates_without_being_dynamic(case: _Case) -> bool:
    profile = case.profile
    updates = profile.dyn_update_time is not None or profile.dyn_update_interval is not None
    return updates and profile.charging_profile_kind is not ProfileKind.DYNAMIC


def _is_unknown_evse(case: _Case) -> bool:
    return case.evse_id != 0 and case.evse_id not in case.circumstances.evses


_RULES: Final[Sequence[tuple[str, str, str, Callable[[_Case], bool]]]] = (
    (
        "UnknownEvse",
        "CHP-03",
        "there is no such EVSE",
        _is_unknown_evse,
    ),
    (
        "UnsupportedPurpose",
        "CHP-01, CHP-22",
        "a CSMS cannot set profiles of this purpose here",
        lambda case: case.profile.charging_profile_purpose not in case.rules.purposes,
    ),
    (
        "InvalidProfile",
        "CHP-01",
        "a limit of the whole station must be set for EVSE 0",
        lambda case: _is(Purpose.STATION_MAX, case) and case.evse_id != 0,
    ),
    (
        "InvalidProfile",
        "CHP-01",
        "a TxProfile must be set for one EVSE",
        lambda case: _is(Purpose.TX, case) and case.evse_id == 0,
    ),
    (
        "TxNotFound",
        "CHP-02, CHP-03",
        "the transaction does not run on this EVSE",
        _lacks_transaction,
    ),
    (
        "InvalidStackLevel",
        "CHP-17",
        "the stack level is not from 0 to the highest",
        lambda case: not 0 <= case.profile.stack_level <= case.abilities.max_stack_level,
    ),
    (
        "UnsupportedKind",
        "CHP-22",
        "this station takes no dynamic profiles",
        lambda case: (
            case.profile.charging_profile_kind is ProfileKind.DYNAMIC and not case.abilities.dynamic
        ),
    ),
    (
        "InvalidProfile",
        "CHP-09",
        "a limit of the whole station cannot be relative to a transaction",
        lambda case: (
            _is(Purpose.STATION_MAX, case)
            and case.profile.charging_profile_kind is ProfileKind.RELATIVE
        ),
    ),
    (
        "InvalidProfile",
        "CHP-09",
        "the kind of recurrence goes with recurring profiles, and only with them",
        lambda case: (
            (case.profile.charging_profile_kind is ProfileKind.RECURRING)
            != (case.profile.recurrency_kind is not None)
        ),
    ),
    (
        "InvalidProfile",
        "CHP-22",
        "only a dynamic profile has times of update",
        _updates_without_being_dynamic,
    ),
    (
        "UnsupportedRateUnit",
        "CHP-03",
        "this station does not take limits in this unit",
        _in_schedules(lambda each, case: each.charging_rate_unit not in case.abilities.rate_units),
    ),
    (
        "InvalidSchedule",
        "CHP-17",
        "the schedule has too many periods",
        _in_schedules(
            lambda each, case: len(each.charging_schedule_period) > case.abilities.max_periods
        ),
    ),
    (
        "InvalidSchedule",
        "CHP-09",
        "an absolute or recurring schedule says when it begins, a relative one does not",
        _in_schedules(_has_wrong_start),
    ),
    (
        "InvalidSchedule",
        "CHP-09",
        "the first period must begin at 0, and each later than the one before",
        _in_schedules(_does_not_rise),
    ),
    (
        "InvalidSchedule",
        "CHP-09",
        "a schedule lasts longer than 0 seconds",
        _in_schedules(lambda each, case: each.duration is not None and each.duration <= 0),
    ),
    (
        "InvalidSchedule",
        "CHP-09",
        "a limit is below 0",
        _in_schedules(_limits_below_0),
    ),
    (
        "InvalidSchedule",
        "CHP-24",
        "a dynamic schedule has one period",
        _in_schedules(_is_no_dynamic_schedule),
    ),
    (
        "InvalidSchedule",
        "CHP-03",
        "the number of phases is not from 1 to that of the EVSE",
        _in_schedules(_has_impossible_phases),
    ),
    (
        "InvalidSchedule",
        "CHP-09",
        "the phase can be chosen only for one phase, and only where the station can switch phases",
        _in_schedules(_has_impossible_phase_to_use),
    ),
    (
        "InvalidSchedule",
        "CHP-22",
        "this station cannot follow the local clock",
        _in_schedules(lambda each, case: each.use_local_time and not case.abilities.local_time),
    ),
    (
        "InvalidSchedule",
        "CHP-22",
        "periods can be delayed at random only for transactions, and where the station can do it",
        _in_schedules(_delays_wrongly),
    ),
    (
        "InvalidSchedule",
        "CHP-22",
        "this station does not know states of charge",
        _in_schedules(
            lambda each, case: each.limit_at_soc is not None and not case.abilities.limit_at_soc
        ),
    ),
    (
        "InvalidSchedule",
        "CHP-22",
        "priority charging has no duration",
        _in_schedules(
            lambda each, case: _is(Purpose.PRIORITY_CHARGING, case) and each.duration is not None
        ),
    ),
    (
        "InvalidOperationMode",
        "CHP-22",
        "the operation mode is not possible here",
        _in_schedules(_has_impossible_mode),
    ),
    (
        "DuplicateProfile",
        "CHP-03",
        "a TxDefaultProfile of this stack level is set for all EVSEs, or for one of them",
        _has_default_elsewhere,
    ),
    (
        "DuplicateProfile",
        "CHP-07",
        "a profile with another id has this purpose, stack level and EVSE at the same time",
        _has_rival,
    ),
    (
        "OutOfStorage",
        "CHP-17",
        "no more profiles can be installed",
        _is_too_much,
    ),
)
"""Reason code, requirement, text, and whether a profile breaks the rule; the first one counts."""
