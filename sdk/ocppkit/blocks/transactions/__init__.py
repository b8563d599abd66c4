"""Transactions (functional block E): what stations report, and a ledger that joins it for a CSMS."""

from ._id_tokens import (
    AdditionalInfo,
    AuthorizationStatus,
    IdToken,
    MessageContent,
    TokenInfo,
    TokenInfoReceived,
)
from ._ledger import (
    LedgerEvent,
    TransactionClosed,
    TransactionLedger,
    TransactionOpened,
    TransactionRecord,
    TransactionUnmatched,
    TransactionUpdated,
)
from ._reports import EnergyReading, TransactionEventType, TransactionReport

__all__ = [
    "AdditionalInfo",
    "AuthorizationStatus",
    "EnergyReading",
    "IdToken",
    "LedgerEvent",
    "MessageContent",
    "TokenInfo",
    "TokenInfoReceived",
    "TransactionClosed",
    "TransactionEventType",
    "TransactionLedger",
    "TransactionOpened",
    "TransactionRecord",
    "TransactionReport",
    "TransactionUnmatched",
    "TransactionUpdated",
]
