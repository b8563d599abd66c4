"""What blocks exchange with the CSMS and the program, in one form for all OCPP versions.

Where a concept exists in several versions, the names are those of the latest.
"""

from typing import Generic, Self, TypeVar

from msgspec import Struct

__all__ = ["Command", "CommandAnswer", "Event", "Report", "ReportReply"]


class CommandAnswer(Struct, frozen=True, kw_only=True):
    """What a station answers to a command."""


A_co = TypeVar("A_co", bound=CommandAnswer, covariant=True)


class Command(Struct, Generic[A_co], frozen=True, kw_only=True):
    """What a CSMS wants of a station; the type parameter is the answer."""


class ReportReply(Struct, frozen=True, kw_only=True):
    """What a CSMS answers to a report; of itself, that it has been received."""


P_co = TypeVar("P_co", bound=ReportReply, covariant=True)


class Report(Struct, Generic[P_co], frozen=True, kw_only=True):
    """What a station tells or asks a CSMS; the type parameter is the reply."""

    @property
    def journal_note(self) -> str | None:
        """The text kept with its message in the journal: in 1.6, the station's own id of the transaction."""
        return None

    def with_journal_note(self, note: str | None) -> Self:
        """Returns the report as it was before it became a message, which may say less.

        Args:
            note: the text that was kept with the message.
        """
        return self


class Event(Struct, frozen=True, kw_only=True):
    """Something that has happened, told to the other blocks and to the program."""
