"""Commands and reports about availability, in one form for all versions of OCPP.

Names are those of OCPP 2.1. A connector of OCPP 1.6 is an EVSE here, whose only connector is 1; its
connector 0, the station, is EVSE 0 with connector 0.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from .._commands_and_reports import Command, CommandAnswer, Event, Report, ReportReply

__all__ = [
    "NO_ERROR",
    "AvailabilityAnswer",
    "ChangeAvailability",
    "ChangeStatus",
    "ConnectorStatusChanged",
    "LockFailed",
    "OperationalStatus",
    "ReportedEvent",
    "StatusError",
    "StatusReport",
    "VariableEventReport",
    "statuses_of",
]


class OperationalStatus(StrEnum):
    """Whether a place is in service."""

    INOPERATIVE = "Inoperative"
    OPERATIVE = "Operative"


class ChangeStatus(StrEnum):
    """The station's answer to a change of availability."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    SCHEDULED = "Scheduled"
    """It happens when the transactions that run there have ended."""


class AvailabilityAnswer(CommandAnswer, frozen=True):
    """The station's answer to `ChangeAvailability`."""

    status: str
    """A `ChangeStatus`."""

    reason_code: str | None = None
    """Why it was rejected: a reason code of OCPP 2.x."""


class ChangeAvailability(Command[AvailabilityAnswer], frozen=True):
    """Command: takes a station, an EVSE or a connector out of service, or back into service. # G03,
    G04
    """

    operational_status: OperationalStatus
    evse_id: int | None = None
    """The EVSE; `None` for the station."""

    connector_id: int | None = None
    """The connector; `None` for the EVSE as a whole."""


class StatusError(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The error of a connector or a station."""

    error_code: str = "NoError"
    """A ChargePointErrorCode of 1.6, such as GroundFailure."""

    info: str | None = None
    """More about it, for people; at most 50 characters in 1.6."""

    vendor_id: str | None = None
    vendor_error_code: str | None = None
    """The vendor's own code."""

    is_fault: bool = True
    """Whether the status is Faulted by it; else it is a warning."""


NO_ERROR = StatusError(is_fault=False)
"""Nothing is wrong."""


class StatusReport(Report[ReportReply], frozen=True):
    """Report: the status of a connector. # G01"""

    evse_id: int
    """0 for the station, in 1.6."""

    connector_id: int
    """0 for an EVSE or station as a whole."""

    connector_status: str
    """A `ConnectorStatus` that the version has."""

    timestamp: datetime | None
    """Since when it is so, or when it was reported; a station of 1.6 may leave it out."""

    error: StatusError = NO_ERROR
    event_id: int = 0
    """The number of the event, where the version reports it as an event of a variable (2.1)."""

    triggered: bool = False
    """Whether the CSMS has asked for it by its name, StatusNotification."""


class ReportedEvent(Struct, frozen=True, kw_only=True):
    """An event of a variable in a report, such as a change of its value."""

    event_id: int
    timestamp: datetime
    component: str
    variable: str
    actual_value: str
    trigger: str = "Alerting"
    """What set it off: Alerting, Delta or Periodic."""

    event_notification_type: str = "HardWiredNotification"
    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    variable_instance: str | None = None
    cause: int | None = None
    """The number of the event that led to this one."""

    tech_code: str | None = None
    tech_info: str | None = None
    cleared: bool = False
    """Whether what an earlier event told is over."""

    transaction_id: str | None = None
    variable_monitoring_id: int | None = None
    severity: int | None = None
    """From 0, danger, to 9, debugging; 2.1 only."""


class VariableEventReport(Report[ReportReply], frozen=True):
    """Report: events of variables. # N07"""

    generated_at: datetime
    events: tuple[ReportedEvent, ...]
    seq_no: int = 0
    tbc: bool = False
    """Whether more parts follow."""


def statuses_of(report: StatusReport | VariableEventReport) -> Iterator[StatusReport]:
    """Yields the statuses of connectors in a report of either kind; for a CSMS."""
    if isinstance(report, StatusReport):
        yield report
        return
    for each in report.events:
        if each.variable == "AvailabilityState":
            yield StatusReport(
                evse_id=each.evse_id or 0,
                connector_id=each.connector_id or 0,
                connector_status=each.actual_value,
                timestamp=each.timestamp,
                error=StatusError(
                    info=each.tech_info, vendor_error_code=each.tech_code, is_fault=False
                ),
                event_id=each.event_id,
            )


class ConnectorStatusChanged(Event, frozen=True):
    """Event: a connector has a new status. It may be reported later, or not at all if it changes
    back soon.
    """

    evse_id: int
    connector_id: int
    connector_status: str
    """A `ConnectorStatus`."""


class LockFailed(Event, frozen=True):
    """Event: the lock of a connector has failed, so charging must not start there. # G05"""

    evse_id: int
    connector_id: int
