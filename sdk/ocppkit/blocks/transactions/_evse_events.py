"""Events about EVSEs, for the other blocks and the program."""

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
    """Event: the state of an EVSE has changed: plug, driver, energy or transaction."""

    before: EvseState
    after: EvseState


class TransactionDeauthorized(Event, frozen=True):
    """Event: the CSMS has refused the token of a running transaction. [E05]"""

    evse_id: int
    transaction_id: str
    id_token: IdToken | None
    id_token_info: TokenInfo


class AwaitedBeforeStart(StrEnum):
    """What a transaction is waiting for before it can begin."""

    BOOT = "Boot"
    """The CSMS accepts the station: TxBeforeAcceptedEnabled is false. [B02.FR.03]"""

    METER = "Meter"
    """The meter can be read: the report of the beginning must tell what it shows. [1.6]"""


class TransactionHeld(Event, frozen=True):
    """Event: a transaction is to begin, but cannot yet. No energy may flow until it has begun."""

    evse_id: int
    awaited: AwaitedBeforeStart


class TransactionReplied(Event, frozen=True):
    """Event: the CSMS's reply to a report says something new about the token, the cost or a message
    for the driver.
    """

    report: TransactionReport
    reply: TransactionReply


class MeterWentBack(Event, frozen=True):
    """Event: the energy register shows less than before in the same transaction, as the meter was
    replaced or rolled over.

    The transaction goes on, and its readings are reported as the meter shows them.
    """

    evse_id: int
    transaction_id: str
    at: datetime
    before: float
    """In Wh, like `after`."""

    after: float
