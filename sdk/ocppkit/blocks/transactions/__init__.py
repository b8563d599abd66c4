"""Transactions (functional block E): what begins and ends them at a station, what it reports, and a
ledger for a CSMS.
"""

from ._evse_events import (
    AwaitedBeforeStart,
    EvseChanged,
    MeterWentBack,
    TransactionDeauthorized,
    TransactionHeld,
    TransactionReplied,
)
from ._evse_state import EvseState
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
from ._meter_values import EnergyReading, MeterValue, SampledValue, SignedMeterValue
from ._reports import MeterValuesReport, TransactionReply, TransactionReport
from ._status_query import GetTransactionStatus, TransactionStatus
from ._token_rules import TokenRules
from ._transaction_limit import TransactionLimit
from ._transaction_rules import TransactionRules
from ._transactions_block import TransactionsBlock
from ._words import (
    ChargingState,
    ReadingContext,
    StoppedReason,
    SuspendedBy,
    TransactionEventType,
    TriggerReason,
    TxPoint,
)

__all__ = [
    "AdditionalInfo",
    "AuthorizationStatus",
    "AwaitedBeforeStart",
    "ChargingState",
    "EnergyReading",
    "EvseChanged",
    "EvseState",
    "GetTransactionStatus",
    "IdToken",
    "LedgerEvent",
    "MessageContent",
    "MeterValue",
    "MeterValuesReport",
    "MeterWentBack",
    "ReadingContext",
    "SampledValue",
    "SignedMeterValue",
    "StoppedReason",
    "SuspendedBy",
    "TokenInfo",
    "TokenInfoReceived",
    "TokenRules",
    "TransactionClosed",
    "TransactionDeauthorized",
    "TransactionEventType",
    "TransactionHeld",
    "TransactionLedger",
    "TransactionLimit",
    "TransactionOpened",
    "TransactionRecord",
    "TransactionReplied",
    "TransactionReply",
    "TransactionReport",
    "TransactionRules",
    "TransactionStatus",
    "TransactionUnmatched",
    "TransactionUpdated",
    "TransactionsBlock",
    "TriggerReason",
    "TxPoint",
]
