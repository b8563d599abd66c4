"""What happens at EVSEs, for the blocks above and for the program."""

from datetime import datetime

from .._commands_and_reports import Event
from ._evse_state import EvseState
from ._id_tokens import IdToken, TokenInfo
from ._reports import TransactionReply, TransactionReport

__all__ = [
    "EvseChanged",
    "MeterAwaited",
    "MeterWentBack",
    "TransactionDeauthorized",
    "TransactionReplied",
]


class EvseChanged(Event, frozen=True):
    """Something about an EVSE has changed: plug, driver, energy or transaction."""

    before: EvseState
    after: EvseState


class TransactionDeauthorized(Event, frozen=True):
    """The CSMS has refused the token of a transaction that goes on. [E05]"""

    evse_id: int
    transaction_id: str
    id_token: IdToken | None
    id_token_info: TokenInfo


class TransactionReplied(Event, frozen=True):
    """The CSMS has answered a report with news: about the token, the cost or the driver's message."""

    report: TransactionReport
    reply: TransactionReply


class MeterAwaited(Event, frozen=True):
    """The meter cannot be read, so no transaction can begin and no energy may flow until it can. [1.6]"""

    evse_id: int


class MeterWentBack(Event, frozen=True):
    """The energy register shows less than before in the same transaction: it was swapped or rolled over.

    The transaction goes on, and its readings are reported as the meter shows them.
    """

    evse_id: int
    transaction_id: str
    at: datetime
    before: float
    """In Wh, like `after`."""

    after: float
