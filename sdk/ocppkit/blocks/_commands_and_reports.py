"""Base classes of commands, reports and events, which have one form for all versions of OCPP.

Where a concept exists in several versions, the names are those of the latest.
"""

from typing import Generic, Self, TypeVar

from msgspec import Struct

__all__ = ["Command", "CommandAnswer", "Event", "Report", "ReportReply"]


class CommandAnswer(Struct, frozen=True, kw_only=True):
    """Base class of a station's answers to commands."""


A_co = TypeVar("A_co", bound=CommandAnswer, covariant=True)


class Command(Struct, Generic[A_co], frozen=True, kw_only=True):
    """Base class of commands, which a CSMS sends to a station. The type parameter is the answer."""


class ReportReply(Struct, frozen=True, kw_only=True):
    """The CSMS's reply to a report. The base class says only that the report was received."""


P_co = TypeVar("P_co", bound=ReportReply, covariant=True)


class Report(Struct, Generic[P_co], frozen=True, kw_only=True):
    """Base class of reports, which a station sends to a CSMS. The type parameter is the reply."""

    @property
    def journal_note(self) -> str | None:
        """The text that is stored in the journal with the message: in OCPP 1.6, the station's own
        id of the transaction.
        """
        return None

    def with_journal_note(self, note: str | None) -> Self:
        """Returns the report with what its message could not express, such as the station's own id
        of a transaction.

        Args:
            note: the text that was kept with the message.
        """
        return self


class Event(Struct, frozen=True, kw_only=True):
    """Base class of events, which blocks send to each other and to the program."""
