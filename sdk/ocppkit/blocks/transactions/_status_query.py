"""The command GetTransactionStatus and its answer."""

from .._commands_and_reports import Command, CommandAnswer

__all__ = ["GetTransactionStatus", "TransactionStatus"]


class TransactionStatus(CommandAnswer, frozen=True, kw_only=True):
    """The station's answer to `GetTransactionStatus`: whether the transaction is running, and
    whether messages are still waiting.
    """

    ongoing_indicator: bool | None = None
    """`None` if no transaction was named."""

    messages_in_queue: bool


class GetTransactionStatus(Command[TransactionStatus], frozen=True, kw_only=True):
    """Command: asks for the status of a transaction. [E14]"""

    transaction_id: str | None = None
    """All messages that wait are meant if none is named."""
