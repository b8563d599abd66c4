"""The report of a boot and its reply, in one form for all versions of OCPP."""

from datetime import datetime

from .._commands_and_reports import Report, ReportReply

__all__ = ["BootReply", "BootReport"]


class BootReply(ReportReply, frozen=True):
    """The CSMS's reply to a `BootReport`. # B01, B02, B03"""

    status: str
    """Accepted, Pending or Rejected."""

    current_time: datetime
    interval: int
    """Seconds between heartbeats; of a station that is not accepted, until it boots again."""

    reason_code: str | None = None
    """Why it is not accepted: a reason code of OCPP 2.x."""


class BootReport(Report[BootReply], frozen=True):
    """Report: the station has started. # B01"""

    vendor_name: str
    model: str
    serial_number: str | None = None
    firmware_version: str | None = None
    reason: str | None = None
    """Why it boots, such as PowerUp; 1.6 does not tell."""
