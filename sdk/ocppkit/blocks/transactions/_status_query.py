"""What a CSMS asks about transactions."""

from .._commands_and_reports import Command, CommandAnswer

__all__ = ["GetTransactionStatus", "TransactionStatus"]


class TransactionStatus(CommandAnswer, frozen=True, kw_only=True):
    """Whether a transaction goes on, and whether messages about it are still to come."""

    ongoing_indicator: bool | None = None
    """`None` if no transaction was named."""

    messages_in_queue: bool


class GetTransactionStatus(Command[TransactionStatus], frozen=True, kw_only=True):
    """Asks how a transaction stands. [E14]"""

    transaction_id: str | None = None
    """All messages that wait are meant if none is named."""
