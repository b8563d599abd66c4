"""Commands and reports about charging profiles, in one form for all versions of OCPP."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from .._commands_and_reports import Command, CommandAnswer, Report, ReportReply
from ._profiles import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    InstalledProfile,
    Purpose,
    RateUnit,
)

__all__ = [
    "ClearProfiles",
    "ClearProfilesAnswer",
    "ClearProfilesStatus",
    "CompositeAnswer",
    "CompositeSchedule",
    "DynamicUpdateReply",
    "ExternalLimitCleared",
    "ExternalLimitSet",
    "GetComposite",
    "GetProfiles",
    "GetProfilesAnswer",
    "GetProfilesStatus",
    "ProfileStatus",
    "ProfilesReport",
    "PullDynamicUpdate",
    "ScheduleUpdate",
    "SetProfile",
    "SetProfileAnswer",
    "UpdateDynamicProfile",
]


class ProfileStatus(StrEnum):
    """The station's answer to `SetProfile` and `GetComposite`."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"
    """1.6 only."""


class SetProfileAnswer(CommandAnswer, frozen=True):
    """The station's answer to `SetProfile` and `UpdateDynamicProfile`."""

    status: str
    """A `ProfileStatus`."""

    reason_code: str | None = None
    """Why it was rejected: a reason code of OCPP 2.x."""

    additional_info: str | None = None
    """More about it, for people."""


class SetProfile(Command[SetProfileAnswer], frozen=True):
    """Command: installs a charging profile. # K01"""

    evse_id: int
    """The EVSE; 0 for the whole station, or for each of its EVSEs."""

    charging_profile: ChargingProfile
    as_sent: bytes | None = None
    """For the station: the profile as JSON of the OCPP version, which may say more than the model has."""


class ScheduleUpdate(Struct, frozen=True, kw_only=True):
    """New values for the only period of a dynamic profile (2.1). An absent member stays unchanged."""

    limit: float | None = None
    limit_l2: float | None = None
    limit_l3: float | None = None
    discharge_limit: float | None = None
    setpoint: float | None = None

    @property
    def has_limit_below_0(self) -> bool:
        """Whether a limit is below 0, which is not allowed; `discharge_limit` limits what is fed
        into the grid.
        """
        limits = (self.limit, self.limit_l2, self.limit_l3)
        return any(each is not None and each < 0 for each in limits)


class UpdateDynamicProfile(Command[SetProfileAnswer], frozen=True):
    """Command: changes the values of an installed dynamic profile (2.1). # K28"""

    charging_profile_id: int
    schedule_update: ScheduleUpdate


class DynamicUpdateReply(ReportReply, frozen=True):
    """The CSMS's reply to `PullDynamicUpdate`."""

    status: str
    """A `ProfileStatus`."""

    schedule_update: ScheduleUpdate | None = None
    """The values, if it is accepted."""


class PullDynamicUpdate(Report[DynamicUpdateReply], frozen=True):
    """Report: asks the CSMS for new values of a dynamic profile (2.1). # K28"""

    charging_profile_id: int


class ClearProfilesStatus(StrEnum):
    """The station's answer to `ClearProfiles`."""

    ACCEPTED = "Accepted"
    UNKNOWN = "Unknown"


class ClearProfilesAnswer(CommandAnswer, frozen=True):
    """The station's answer to `ClearProfiles`."""

    status: str
    """A `ClearProfilesStatus`."""


class ClearProfiles(Command[ClearProfilesAnswer], frozen=True):
    """Command: removes charging profiles. An absent member matches any profile. # K10"""

    charging_profile_id: int | None = None
    """One profile; nothing else counts then."""

    evse_id: int | None = None
    charging_profile_purpose: Purpose | None = None
    stack_level: int | None = None


class CompositeSchedule(Struct, frozen=True, kw_only=True):
    """What the charging profiles of a station allow within a period of time."""

    evse_id: int
    """The EVSE; 0 for the whole station."""

    schedule_start: datetime
    duration: int
    """Seconds of the window."""

    charging_rate_unit: RateUnit
    charging_schedule_period: tuple[ChargingSchedulePeriod, ...]


class CompositeAnswer(CommandAnswer, frozen=True):
    """The station's answer to `GetComposite`."""

    status: str
    """A `ProfileStatus`."""

    schedule: CompositeSchedule | None = None
    reason_code: str | None = None
    """Why it was rejected: a reason code of OCPP 2.x."""


class GetComposite(Command[CompositeAnswer], frozen=True):
    """Command: asks for the composite schedule from now on. # K08"""

    evse_id: int
    """The EVSE; 0 for the whole station."""

    duration: int
    """Seconds of the window."""

    charging_rate_unit: RateUnit | None = None
    """The unit of the limits; the station chooses if it is absent."""


class GetProfilesStatus(StrEnum):
    """The station's answer to `GetProfiles`."""

    ACCEPTED = "Accepted"
    NO_PROFILES = "NoProfiles"


class GetProfilesAnswer(CommandAnswer, frozen=True):
    """The station's answer to `GetProfiles`. The profiles follow in `ProfilesReport`s."""

    status: str
    """A `GetProfilesStatus`."""


class GetProfiles(Command[GetProfilesAnswer], frozen=True):
    """Command: asks for the installed charging profiles (2.x). An absent member matches any
    profile. # K09
    """

    request_id: int
    """Stands in the reports."""

    evse_id: int | None = None
    """The EVSE; 0 for profiles of the whole station only."""

    ids: Collection[int] | None = None
    charging_profile_purpose: Purpose | None = None
    stack_level: int | None = None
    sources: Collection[str] | None = None
    """Who set them, such as CSO or EMS."""


class ProfilesReport(Report[ReportReply], frozen=True):
    """Report: some of the installed profiles, of one source and one EVSE. # K09"""

    request_id: int
    source: str
    evse_id: int
    profiles: tuple[InstalledProfile, ...]
    tbc: bool
    """Whether another report follows."""


class ExternalLimitSet(Report[ReportReply], frozen=True):
    """Report: another system than the CSMS limits the station (2.x). # K12"""

    source: str
    """Who limits it: EMS, SO or another value of the specification."""

    evse_id: int | None = None
    """The EVSE; `None` for the whole station."""

    schedules: tuple[ChargingSchedule, ...] = ()
    """The limit over time, if it is told."""

    is_grid_critical: bool | None = None
    """Whether the limit is critical for the grid."""


class ExternalLimitCleared(Report[ReportReply], frozen=True):
    """Report: another system than the CSMS no longer limits the station (2.x). # K13"""

    source: str
    evse_id: int | None = None
