"""Decides whether a station refuses a charging profile, by a table of rules with reason codes.

A rule is a requirement, the reason code of OCPP 2.x for what breaks it, and a function that is true
if a profile breaks it. The first rule that is broken is the reason. What differs between versions and
stations is data: `ChargingRules` and `ChargingAbilities`. A CSMS checks by the same table what it sends.
"""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from ._charging_rules import ChargingAbilities, ChargingRules
from ._circumstances import Circumstances
from ._profile_conditions import (
    ProfileCase,
    delays_wrongly,
    does_not_rise,
    has_default_elsewhere,
    has_impossible_mode,
    has_impossible_phase_to_use,
    has_impossible_phases,
    has_rival,
    has_wrong_start,
    in_any_schedule,
    is_no_dynamic_schedule,
    is_of,
    is_too_much,
    is_unknown_evse,
    lacks_required_transaction,
    lacks_transaction,
    limits_below_0,
    updates_without_being_dynamic,
)
from ._profiles import ChargingProfile, InstalledProfile, ProfileKind, Purpose

__all__ = ["ProfileRefusal", "profile_refusal"]


class ProfileRefusal(Struct, frozen=True):
    """The reason why a charging profile is refused."""

    reason_code: str
    """The reason code of OCPP 2.x."""

    requirement: str
    """The requirement that it breaks."""

    text: str
    """What is wrong, for people."""

    cure: str = ""
    """What to do about it, for the program of a CSMS."""


class _ProfileRule(Struct, frozen=True):
    reason_code: str
    requirement: str
    text: str
    cure: str
    is_broken: Callable[[ProfileCase], bool]


def profile_refusal(
    profile: ChargingProfile,
    evse_id: int,
    installed: Sequence[InstalledProfile],
    circumstances: Circumstances | None,
    rules: ChargingRules,
    abilities: ChargingAbilities,
    *,
    starts_transaction: bool = False,
) -> ProfileRefusal | None:
    """Returns the reason why a station refuses a profile, or `None` if it accepts the profile.

    Args:
        profile: the profile.
        evse_id: where it is to be installed; 0 for the whole station, or each of its EVSEs.
        installed: the profiles that are installed already; none if they are not known.
        circumstances: the EVSEs and transactions of the station; `None` for a CSMS, which does not
            know them.
        rules: those of the OCPP version.
        abilities: what the station can do.
        starts_transaction: whether the profile came with a remote start, for a transaction that does
            not run yet.
    """
    case = ProfileCase(
        profile, evse_id, installed, circumstances, rules, abilities, starts_transaction
    )
    for each in _RULES:
        if each.is_broken(case):
            return ProfileRefusal(each.reason_code, each.requirement, each.text, each.cure)
    return None


_RULES: Final[Sequence[_ProfileRule]] = (
    _ProfileRule(
        "UnknownEvse",
        "CHP-03",
        "there is no such EVSE",
        "name one of the station's EVSEs, or 0 for the station",
        is_unknown_evse,
    ),
    _ProfileRule(
        "UnsupportedPurpose",
        "CHP-01, CHP-22",
        "a CSMS cannot set profiles of this purpose here",
        "use ChargingStationMaxProfile, TxDefaultProfile or TxProfile",
        lambda case: case.profile.charging_profile_purpose not in case.rules.purposes,
    ),
    _ProfileRule(
        "InvalidProfile",
        "CHP-01",
        "a limit of the whole station must be set for EVSE 0",
        "set evse_id=0",
        lambda case: is_of(Purpose.STATION_MAX, case) and case.evse_id != 0,
    ),
    _ProfileRule(
        "InvalidProfile",
        "CHP-01",
        "a TxProfile must be set for one EVSE",
        "set evse_id to the EVSE of the transaction",
        lambda case: is_of(Purpose.TX, case) and case.evse_id == 0 and not case.starts_transaction,
    ),
    _ProfileRule(
        "InvalidProfile",
        "CHP-08",
        "a TxProfile must name its transaction",
        "set transaction_id, or use a TxDefaultProfile",
        lacks_required_transaction,
    ),
    _ProfileRule(
        "TxNotFound",
        "CHP-02, CHP-03",
        "the transaction does not run on this EVSE",
        "name the transaction that runs there",
        lacks_transaction,
    ),
    _ProfileRule(
        "InvalidStackLevel",
        "CHP-17",
        "the stack level is not from 0 to the highest",
        "SmartChargingCtrlr.ProfileStackLevel of the station tells the highest",
        lambda case: not 0 <= case.profile.stack_level <= case.abilities.max_stack_level,
    ),
    _ProfileRule(
        "UnsupportedKind",
        "CHP-22",
        "this station takes no dynamic profiles",
        "use the kind Absolute, Recurring or Relative",
        lambda case: (
            case.profile.charging_profile_kind is ProfileKind.DYNAMIC and not case.abilities.dynamic
        ),
    ),
    _ProfileRule(
        "InvalidProfile",
        "CHP-09",
        "a limit of the whole station cannot be relative to a transaction",
        "use the kind Absolute or Recurring",
        lambda case: (
            is_of(Purpose.STATION_MAX, case)
            and case.profile.charging_profile_kind is ProfileKind.RELATIVE
        ),
    ),
    _ProfileRule(
        "InvalidProfile",
        "CHP-09",
        "the kind of recurrence goes with recurring profiles, and only with them",
        "set recurrency_kind and the kind Recurring, or neither",
        lambda case: (
            (case.profile.charging_profile_kind is ProfileKind.RECURRING)
            != (case.profile.recurrency_kind is not None)
        ),
    ),
    _ProfileRule(
        "InvalidProfile",
        "CHP-22",
        "only a dynamic profile has times of update",
        "leave dyn_update_time and dyn_update_interval out, or use the kind Dynamic",
        updates_without_being_dynamic,
    ),
    _ProfileRule(
        "UnsupportedRateUnit",
        "CHP-03",
        "this station does not take limits in this unit",
        "use the other unit; SmartChargingCtrlr.RateUnit of the station tells which it takes",
        in_any_schedule(
            lambda each, case: each.charging_rate_unit not in case.abilities.rate_units
        ),
    ),
    _ProfileRule(
        "InvalidSchedule",
        "CHP-17",
        "the schedule has too many periods",
        "SmartChargingCtrlr.PeriodsPerSchedule of the station tells how many it takes",
        in_any_schedule(
            lambda each, case: len(each.charging_schedule_period) > case.abilities.max_periods
        ),
    ),
    _ProfileRule(
        "InvalidSchedule",
        "CHP-09",
        "an absolute or recurring schedule says when it begins, a relative one does not",
        "set start_schedule, or use the kind Relative without it",
        in_any_schedule(has_wrong_start),
    ),
    _ProfileRule(
        "InvalidSchedule",
        "CHP-09",
        "the first period must begin at 0, and each later than the one before",
        "sort the periods by start_period, and begin with 0",
        in_any_schedule(does_not_rise),
    ),
    _ProfileRule(
        "InvalidSchedule",
        "CHP-09",
        "a schedule lasts longer than 0 seconds",
        "set a duration above 0, or leave it out",
        in_any_schedule(lambda each, case: each.duration is not None and each.duration <= 0),
    ),
    _ProfileRule(
        "InvalidSchedule",
        "CHP-09",
        "a limit is below 0",
        "set limits of 0 or more",
        in_any_schedule(limits_below_0),
    ),
    _ProfileRule(
        "InvalidSchedule",
        "CHP-24",
        "a dynamic schedule has one period",
        "leave one period",
        in_any_schedule(is_no_dynamic_schedule),
    ),
    _ProfileRule(
        "InvalidSchedule",
        "CHP-03",
        "the number of phases is not from 1 to that of the EVSE",
        "set number_phases from 1 to 3",
        in_any_schedule(has_impossible_phases),
    ),
    _ProfileRule(
        "InvalidSchedule",
        "CHP-09",
        "the phase can be chosen only for one phase, and only where the station can switch phases",
        "set number_phases=1 beside phase_to_use, or leave phase_to_use out",
        in_any_schedule(has_impossible_phase_to_use),
    ),
    _ProfileRule(
        "InvalidSchedule",
        "CHP-22",
        "this station cannot follow the local clock",
        "leave use_local_time out",
        in_any_schedule(lambda each, case: each.use_local_time and not case.abilities.local_time),
    ),
    _ProfileRule(
        "InvalidSchedule",
        "CHP-22",
        "periods can be delayed at random only for transactions, and where the station can do it",
        "leave randomized_delay out, or use a TxProfile or TxDefaultProfile",
        in_any_schedule(delays_wrongly),
    ),
    _ProfileRule(
        "InvalidSchedule",
        "CHP-22",
        "this station does not know states of charge",
        "leave limit_at_soc out",
        in_any_schedule(
            lambda each, case: each.limit_at_soc is not None and not case.abilities.limit_at_soc
        ),
    ),
    _ProfileRule(
        "InvalidSchedule",
        "CHP-22",
        "priority charging has no duration",
        "leave duration out",
        in_any_schedule(
            lambda each, case: is_of(Purpose.PRIORITY_CHARGING, case) and each.duration is not None
        ),
    ),
    _ProfileRule(
        "InvalidOperationMode",
        "CHP-22",
        "the operation mode is not possible here",
        "leave operation_mode out, or use one of OCPP 2.1",
        in_any_schedule(has_impossible_mode),
    ),
    _ProfileRule(
        "DuplicateProfile",
        "CHP-03",
        "a TxDefaultProfile of this stack level is set for all EVSEs, or for one of them",
        "clear that one first, or choose another stack level",
        has_default_elsewhere,
    ),
    _ProfileRule(
        "DuplicateProfile",
        "CHP-07",
        "a profile with another id has this purpose, stack level and EVSE at the same time",
        "use its id, or another stack level",
        has_rival,
    ),
    _ProfileRule(
        "OutOfStorage",
        "CHP-17",
        "no more profiles can be installed",
        "clear others first",
        is_too_much,
    ),
)
"""The first rule that a profile breaks is the reason."""
