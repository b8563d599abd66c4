"""Functional blocks: the behaviour of charging stations, without input and output and for all OCPP versions."""

from ._block import Block, CommandHandler, CommandRegistrar, ReplyHandler, ReplyRegistrar
from ._dialect import CommandMapping, Dialect, Mappings, ReportMapping, ReportWriter, dialect_of
from ._messages import Answer, Command, Event, Reply, Report
from ._moment import Moment
from ._station_life import (
    ClockChanged,
    CsmsConnected,
    CsmsDisconnected,
    StationAccepted,
    StationStarted,
)

__all__ = [
    "Answer",
    "Block",
    "ClockChanged",
    "Command",
    "CommandHandler",
    "CommandMapping",
    "CommandRegistrar",
    "CsmsConnected",
    "CsmsDisconnected",
    "Dialect",
    "Event",
    "Mappings",
    "Moment",
    "Reply",
    "ReplyHandler",
    "ReplyRegistrar",
    "Report",
    "ReportMapping",
    "ReportWriter",
    "StationAccepted",
    "StationStarted",
    "dialect_of",
]
