"""Transactions (functional block E): what stations report, and a ledger that joins it for a CSMS."""

from ._ledger import (
    LedgerEvent,
    TransactionClosed,
    TransactionLedger,
    TransactionOpened,
    TransactionRecord,
    TransactionUnmatched,
    TransactionUpdated,
)
from ._reports import EnergyReading, IdToken, TransactionEventType, TransactionReport

__all__ = [
    "EnergyReading",
    "IdToken",
    "LedgerEvent",
    "TransactionClosed",
    "TransactionEventType",
    "TransactionLedger",
    "TransactionOpened",
    "TransactionRecord",
    "TransactionReport",
    "TransactionUnmatched",
    "TransactionUpdated",
]
