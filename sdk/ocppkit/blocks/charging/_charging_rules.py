"""The rules by which smart charging differs between versions of OCPP and between stations."""

from typing import Final

from msgspec import Struct

from ._profiles import Purpose, RateUnit

__all__ = ["MOST_ABILITIES", "ChargingAbilities", "ChargingRules"]


class ChargingRules(Struct, frozen=True, kw_only=True):
    """The rules of smart charging in one version of OCPP."""

    purposes: frozenset[Purpose]
    """The purposes that a CSMS may set."""

    same_level_replaces: bool = False
    """Whether a profile replaces one of the same purpose and stack level at the same place (1.6)."""

    default_pair_refused: bool = True
    """Whether TxDefaultProfiles of one stack level may not be both on an EVSE and on all of them (2.x)."""

    absent_members: frozenset[str] = frozenset()
    """The members of profiles, schedules and periods that the version does not have."""


class ChargingAbilities(Struct, frozen=True, kw_only=True):
    """What a station can do in smart charging. Most of it is in its variables or configuration
    keys.
    """

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

    dynamic: bool = True
    """SmartChargingCtrlr.SupportsDynamicProfiles: whether it takes profiles of the kind Dynamic (2.1)."""

    local_time: bool = False
    """Whether schedules may follow the local clock (2.1)."""

    randomized_delay: bool = False
    """Whether it delays periods at random (2.1)."""

    limit_at_soc: bool = False
    """Whether it knows states of charge (2.1)."""

    operation_modes: frozenset[str] = frozenset({"ChargingOnly"})
    """How EVs may take and feed energy (2.1)."""


_ANY_NUMBER: Final = 2**31 - 1

MOST_ABILITIES: Final = ChargingAbilities(
    max_stack_level=_ANY_NUMBER,
    max_periods=_ANY_NUMBER,
    max_profiles=_ANY_NUMBER,
    phase_switching=True,
    local_time=True,
    randomized_delay=True,
    limit_at_soc=True,
    operation_modes=frozenset(
        {
            "CentralFrequency",
            "CentralSetpoint",
            "ChargingOnly",
            "ExternalLimits",
            "ExternalSetpoint",
            "Idle",
            "LocalFrequency",
            "LocalLoadBalancing",
        }
    ),
)
"""More than any station can do: what a CSMS assumes of one that has not told what it can do."""
