"""Charging profiles, in one form for all versions of OCPP.

Names are those of OCPP 2.1, which has all that earlier versions have. Times are datetimes with a
zone; offsets and durations are whole seconds, as on the wire.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

__all__ = [
    "ChargingProfile",
    "ChargingSchedule",
    "ChargingSchedulePeriod",
    "InstalledProfile",
    "LimitAtSoC",
    "ProfileKind",
    "Purpose",
    "RateUnit",
    "Recurrency",
]


class Purpose(StrEnum):
    """What a charging profile limits: the station, an EVSE by default, or a transaction."""

    STATION_MAX = "ChargingStationMaxProfile"
    """The whole station; ChargePointMaxProfile in 1.6."""

    EXTERNAL_CONSTRAINTS = "ChargingStationExternalConstraints"
    """The station or an EVSE, by order of another system than the CSMS (2.x)."""

    TX_DEFAULT = "TxDefaultProfile"
    """Every transaction without a TxProfile of its own."""

    TX = "TxProfile"
    """One transaction."""

    PRIORITY_CHARGING = "PriorityCharging"
    """A transaction while its driver has priority (2.1)."""

    LOCAL_GENERATION = "LocalGeneration"
    """What local generation adds to the other limits (2.1)."""


class ProfileKind(StrEnum):
    """When the schedule of a charging profile starts: absolute, recurring, relative or dynamic."""

    ABSOLUTE = "Absolute"
    """At its `start_schedule`."""

    RECURRING = "Recurring"
    """At its `start_schedule`, and again each day or week."""

    RELATIVE = "Relative"
    """When energy can flow in the transaction."""

    DYNAMIC = "Dynamic"
    """At the last update of its one period (2.1)."""


class Recurrency(StrEnum):
    """How often a recurring schedule repeats."""

    DAILY = "Daily"
    WEEKLY = "Weekly"

    @property
    def seconds(self) -> int:
        """The seconds from one repetition to the next."""
        return 86_400 if self is Recurrency.DAILY else 604_800


class RateUnit(StrEnum):
    """The unit of the limits in a schedule."""

    WATTS = "W"
    """Power, of all phases together."""

    AMPERES = "A"
    """Current of each phase."""


class ChargingSchedulePeriod(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A period of a schedule: its start and its limits. An absent limit does not limit."""

    start_period: int
    """Seconds from the beginning of the schedule."""

    limit: float | None = None
    """What may be taken from the grid, on each phase or, in watts, on all together."""

    limit_l2: float | None = None
    """The limit of phase L2, where it differs; `limit` is that of L1 then (2.1)."""

    limit_l3: float | None = None
    number_phases: int | None = None
    """Phases that may be used; 3 if absent."""

    phase_to_use: int | None = None
    """The phase to use if `number_phases` is 1."""

    discharge_limit: float | None = None
    """What may be fed into the grid, as a number below 0 (2.1)."""

    setpoint: float | None = None
    """What the EV should take, or feed into the grid if below 0 (2.1)."""

    operation_mode: str | None = None
    """How the EV takes and feeds energy (2.1); absent means ChargingOnly."""


class LimitAtSoC(Struct, frozen=True, kw_only=True):
    """A limit that applies from a state of charge on (2.1)."""

    soc: int
    """State of charge in percent."""

    limit: float
    """The limit from there on, in the unit of the schedule."""


class ChargingSchedule(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A charging schedule: limits over time."""

    id: int = 0
    charging_rate_unit: RateUnit
    charging_schedule_period: tuple[ChargingSchedulePeriod, ...]
    start_schedule: datetime | None = None
    duration: int | None = None
    """Seconds after which nothing of the schedule counts; absent: the last period never ends."""

    min_charging_rate: float | None = None
    """The rate below which the EV charges inefficiently. Composite schedules do not look at it."""

    use_local_time: bool = False
    """Whether `start_schedule` and the periods follow the local clock (2.1)."""

    randomized_delay: int | None = None
    """Each period but the first begins by up to this many seconds later, at random (2.1)."""

    limit_at_soc: LimitAtSoC | None = None


class ChargingProfile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A charging profile: schedules of limits, with what they apply to and when."""

    id: int
    stack_level: int
    """Among profiles of one purpose, that of the highest level counts."""

    charging_profile_purpose: Purpose
    charging_profile_kind: ProfileKind
    charging_schedule: tuple[ChargingSchedule, ...]
    """One schedule; up to three to choose from, for an EV that speaks ISO 15118."""

    recurrency_kind: Recurrency | None = None
    valid_from: datetime | None = None
    """From this moment on it counts."""

    valid_to: datetime | None = None
    """At this moment it no longer counts."""

    transaction_id: str | None = None
    max_offline_duration: int | None = None
    """Seconds without a connection after which it does not count (2.1)."""

    invalid_after_offline_duration: bool = False
    """Whether it never counts again after that (2.1). Composite schedules do not look at it:
    `InstalledProfiles.drop_offline` removes such profiles."""

    dyn_update_time: datetime | None = None
    """When its one period was last updated, for the kind Dynamic (2.1)."""

    dyn_update_interval: int | None = None
    """Seconds after which a station asks for the next update (2.1)."""


class InstalledProfile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An installed charging profile, with the EVSE that it was set for."""

    profile: ChargingProfile
    evse_id: int
    """The EVSE; 0 for the whole station, or for each of its EVSEs."""

    delays: tuple[int, ...] = ()
    """Seconds by which the periods after the first begin later, drawn for `randomized_delay`."""

    source: str = "CSO"
    """Who set it: CSO for the CSMS, or another value of the specification such as EMS."""

    as_sent: bytes | None = None
    """The profile as it was sent, JSON of its OCPP version: it may hold more than the model has."""

    @property
    def is_external(self) -> bool:
        """Whether another system than the CSMS has set the profile."""
        return self.profile.charging_profile_purpose is Purpose.EXTERNAL_CONSTRAINTS
