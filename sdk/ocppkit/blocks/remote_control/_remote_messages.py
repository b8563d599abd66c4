"""Commands, reports and events of remote control, in one form for all versions of OCPP.

Names are those of OCPP 2.1. A connector of OCPP 1.6 is an EVSE here, whose only connector is 1.
"""

from datetime import datetime
from enum import StrEnum

from .._commands_and_reports import Command, CommandAnswer, Event, Report, ReportReply
from ..charging import ChargingProfile
from ..transactions import IdToken

__all__ = [
    "BackgroundJob",
    "CsmsTime",
    "HeartbeatReport",
    "JobStatusReport",
    "MessageTrigger",
    "MessageTriggered",
    "RemoteAnswer",
    "RemoteStatus",
    "RequestReset",
    "RequestTrigger",
    "RequestUnlock",
    "ResetAnswer",
    "ResetDue",
    "ResetFailed",
    "ResetScheduled",
    "ResetStatus",
    "ResetType",
    "StartRemotely",
    "StartedRemotely",
    "StopRemotely",
    "TriggerAnswer",
    "TriggerStatus",
    "UnlockAnswer",
    "UnlockStatus",
]


class ResetType(StrEnum):
    """How urgent a reset is."""

    IMMEDIATE = "Immediate"
    """Transactions are stopped. In 1.6, Hard."""

    ON_IDLE = "OnIdle"
    """It waits for transactions. In 1.6, Soft: they are stopped, and reported before the reset."""

    IMMEDIATE_AND_RESUME = "ImmediateAndResume"
    """Transactions go on afterwards; 2.1 only."""


class ResetStatus(StrEnum):
    """The station's answer to a reset."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    SCHEDULED = "Scheduled"


class ResetAnswer(CommandAnswer, frozen=True):
    """The station's answer to `RequestReset`."""

    status: str
    """A `ResetStatus`."""

    reason_code: str | None = None
    """Why it was rejected: a reason code of OCPP 2.x."""


class RequestReset(Command[ResetAnswer], frozen=True):
    """Command: restarts a station, or resets an EVSE. # B11, B12"""

    type: ResetType
    evse_id: int | None = None
    """The EVSE; `None` for the station."""


class UnlockStatus(StrEnum):
    """The result of an attempt to unlock a connector."""

    UNLOCKED = "Unlocked"
    UNLOCK_FAILED = "UnlockFailed"
    ONGOING_AUTHORIZED_TRANSACTION = "OngoingAuthorizedTransaction"
    UNKNOWN_CONNECTOR = "UnknownConnector"
    NOT_SUPPORTED = "NotSupported"
    """There is no lock; 1.6 only, in 2.x the attempt has failed."""


class UnlockAnswer(CommandAnswer, frozen=True):
    """The station's answer to `RequestUnlock`."""

    status: str
    """An `UnlockStatus`."""


class RequestUnlock(Command[UnlockAnswer], frozen=True):
    """Command: unlocks a connector. # F05"""

    evse_id: int
    connector_id: int = 1


class MessageTrigger(StrEnum):
    """The messages that a CSMS can ask for, in all versions of OCPP."""

    BOOT_NOTIFICATION = "BootNotification"
    CUSTOM_TRIGGER = "CustomTrigger"
    DIAGNOSTICS_STATUS_NOTIFICATION = "DiagnosticsStatusNotification"
    """1.6 only."""

    FIRMWARE_STATUS_NOTIFICATION = "FirmwareStatusNotification"
    HEARTBEAT = "Heartbeat"
    LOG_STATUS_NOTIFICATION = "LogStatusNotification"
    METER_VALUES = "MeterValues"
    PUBLISH_FIRMWARE_STATUS_NOTIFICATION = "PublishFirmwareStatusNotification"
    SIGN_CHARGING_STATION_CERTIFICATE = "SignChargingStationCertificate"
    """SignChargePointCertificate in 1.6."""

    SIGN_COMBINED_CERTIFICATE = "SignCombinedCertificate"
    SIGN_V2G20_CERTIFICATE = "SignV2G20Certificate"
    SIGN_V2G_CERTIFICATE = "SignV2GCertificate"
    SIGNED_FIRMWARE_STATUS_NOTIFICATION = "SignedFirmwareStatusNotification"
    """What FirmwareStatusNotification means in an ExtendedTriggerMessage of 1.6."""

    STATUS_NOTIFICATION = "StatusNotification"
    TRANSACTION_EVENT = "TransactionEvent"


class TriggerStatus(StrEnum):
    """The station's answer to a request for a message."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_IMPLEMENTED = "NotImplemented"


class TriggerAnswer(CommandAnswer, frozen=True):
    """The station's answer to `RequestTrigger`. The requested message follows."""

    status: str
    """A `TriggerStatus`."""

    reason_code: str | None = None
    """Why it was rejected: a reason code of OCPP 2.x."""


class RequestTrigger(Command[TriggerAnswer], frozen=True):
    """Command: asks the station to send a message. # F06"""

    requested_message: str
    """A `MessageTrigger`."""

    evse_id: int | None = None
    """The EVSE; `None` for all. In 1.6, 0 for the station."""

    connector_id: int | None = None
    custom_trigger: str | None = None
    """What is asked for by CustomTrigger (2.1)."""


class RemoteStatus(StrEnum):
    """The station's answer to a remote start or stop."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class RemoteAnswer(CommandAnswer, frozen=True):
    """The station's answer to `StartRemotely` and `StopRemotely`."""

    status: str
    """A `RemoteStatus`."""

    transaction_id: str | None = None
    """The transaction that goes on already, for which the driver is now authorized. # F01.FR.13"""

    reason_code: str | None = None
    """Why it was rejected: a reason code of OCPP 2.x."""

    additional_info: str | None = None
    """More about it, for people."""


class StartRemotely(Command[RemoteAnswer], frozen=True):
    """Command: starts a transaction for a driver. # F01, F02"""

    id_token: IdToken
    evse_id: int | None = None
    """The EVSE; `None` leaves the choice to the station."""

    remote_start_id: int | None = None
    """The CSMS's number of this start, which the transaction tells; 2.x needs one, 1.6 has none."""

    group_id_token: IdToken | None = None
    charging_profile: ChargingProfile | None = None
    """Limits for this transaction alone: of the purpose TxProfile."""

    profile_as_sent: bytes | None = None
    """The profile as the CSMS sent it, in JSON of the version; read from a message only."""


class StopRemotely(Command[RemoteAnswer], frozen=True):
    """Command: stops a transaction. # F03"""

    transaction_id: str
    """In 1.6, the number that the CSMS has given it."""


class CsmsTime(ReportReply, frozen=True):
    """The CSMS's reply to a heartbeat: its time."""

    current_time: datetime


class HeartbeatReport(Report[CsmsTime], frozen=True):
    """Report: a heartbeat. # G02"""


class BackgroundJob(StrEnum):
    """A job beside charging, such as a firmware update; named after the message with its status."""

    DIAGNOSTICS = "DiagnosticsStatusNotification"
    FIRMWARE = "FirmwareStatusNotification"
    LOG = "LogStatusNotification"
    PUBLISH_FIRMWARE = "PublishFirmwareStatusNotification"
    SIGNED_FIRMWARE = "SignedFirmwareStatusNotification"


class JobStatusReport(Report[ReportReply], frozen=True):
    """Report: the status of a firmware update or an upload."""

    job: BackgroundJob
    status: str
    """Such as Idle, Downloading or Uploaded."""

    request_id: int | None = None
    """The number of the CSMS's request; none if nothing goes on."""


class ResetDue(Event, frozen=True):
    """Event: the program must restart the station or reset an EVSE, once all reports have been
    sent.

    The station: `station.restart(reason=event.boot_reason)`, or a restart of the machine. An EVSE: reset it,
    then call `RemoteControlBlock.reset_done`. What cannot be reset is told by `RemoteControlBlock.reset_failed`.
    """

    evse_id: int | None
    """The EVSE; `None` for the station."""

    type: ResetType
    boot_reason: str
    """For the boot message: RemoteReset, or ScheduledReset if the reset has waited."""


class ResetFailed(Event, frozen=True):
    """Event: a reset has failed too often, so the station or EVSE is in service again."""

    evse_id: int | None
    """The EVSE; `None` for the station."""


class ResetScheduled(Event, frozen=True):
    """Event: a reset waits until the station or an EVSE is idle."""

    evse_id: int | None


class MessageTriggered(Event, frozen=True):
    """Event: the program must send a message that the CSMS has asked for and that no block sends."""

    requested_message: str
    evse_id: int | None = None
    connector_id: int | None = None
    custom_trigger: str | None = None


class StartedRemotely(Event, frozen=True):
    """Event: a remote start was accepted. Its transaction may begin later, when a vehicle is
    plugged in.
    """

    evse_id: int
    id_token: IdToken
    remote_start_id: int | None
    group_id_token: IdToken | None = None
    charging_profile: ChargingProfile | None = None
