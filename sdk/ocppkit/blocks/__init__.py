"""Functional blocks: the behaviour of charging stations, as state machines that do no I/O, the same
for all versions of OCPP.
"""

from ._block import Block, CommandHandler, CommandRegistrar, ReplyHandler, ReplyRegistrar
from ._commands_and_reports import Command, CommandAnswer, Event, Report, ReportReply
from ._dialect import CommandMapping, Dialect, Mappings, ReportMapping, ReportWriter, dialect_of
from ._moment import Moment
from ._station_life import (
    BootAccepted,
    BootNotAccepted,
    ClockChanged,
    CsmsConnected,
    CsmsDisconnected,
    StationStarted,
)
from ._transaction_life import (
    PowerPathChanged,
    TransactionBegan,
    TransactionEnded,
    TransactionNumbered,
)

__all__ = [
    "Block",
    "BootAccepted",
    "BootNotAccepted",
    "ClockChanged",
    "Command",
    "CommandAnswer",
    "CommandHandler",
    "CommandMapping",
    "CommandRegistrar",
    "CsmsConnected",
    "CsmsDisconnected",
    "Dialect",
    "Event",
    "Mappings",
    "Moment",
    "PowerPathChanged",
    "ReplyHandler",
    "ReplyRegistrar",
    "Report",
    "ReportMapping",
    "ReportReply",
    "ReportWriter",
    "StationStarted",
    "TransactionBegan",
    "TransactionEnded",
    "TransactionNumbered",
    "dialect_of",
]
