"""What happens at EVSEs, for the blocks above and for the program."""

from datetime import datetime
from enum import StrEnum

from .._commands_and_reports import Event
from ._evse_state import EvseState
from ._id_tokens import IdToken, TokenInfo
from ._reports import TransactionReply, TransactionReport

__all__ = [
    "AwaitedBeforeStart",
    "EvseChanged",
    "MeterWentBack",
    "TransactionDeauthorized",
    "TransactionHeld",
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


class AwaitedBeforeStart(StrEnum):
    """What must happen before a transaction can begin."""

    BOOT = "Boot"
    """The CSMS accepts the station: TxBeforeAcceptedEnabled is false. [B02.FR.03]"""

    METER = "Meter"
    """The meter can be read: the report of the beginning must tell what it shows. [1.6]"""


class TransactionHeld(Event, frozen=True):
    """A transaction would begin, and cannot yet; no energy may flow until it does."""

    evse_id: int
    awaited: AwaitedBeforeStart


class TransactionReplied(Event, frozen=True):
    """The CSMS has answered a report with news: about the token, the cost or the driver's message."""

    report: TransactionReport
    reply: TransactionReply


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
