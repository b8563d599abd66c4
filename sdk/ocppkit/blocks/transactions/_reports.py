"""Reports about transactions and meters, in one form for all versions of OCPP.

OCPP 2.x tells it in TransactionEvents; 1.6 in StartTransaction, MeterValues and StopTransaction.
Names are those of OCPP 2.1.
"""

from datetime import datetime
from typing import Self

from msgspec.structs import replace

from .._commands_and_reports import Report, ReportReply
from ._id_tokens import IdToken, MessageContent, TokenInfo
from ._meter_values import EnergyReading, MeterValue, energy_readings
from ._transaction_limit import TransactionLimit
from ._words import TransactionEventType

__all__ = ["MeterValuesReport", "TransactionReply", "TransactionReport"]


class TransactionReply(ReportReply, frozen=True, kw_only=True, omit_defaults=True):
    """The CSMS's reply to a report about a transaction."""

    id_token_info: TokenInfo | None = None
    """The verdict on the token of the report."""

    total_cost: float | None = None
    """In the currency of the station: so far, or of all at the end; 0 means free."""

    charging_priority: int | None = None
    """From -9 to 9, in place of the token's own."""

    updated_personal_message: MessageContent | None = None
    transaction_limit: TransactionLimit | None = None
    """What the transaction may take at most; 2.1 only. [E16]"""

    number: int | None = None
    """The number of the transaction, in the reply to its beginning in OCPP 1.6."""


class TransactionReport(Report[TransactionReply], frozen=True, kw_only=True, omit_defaults=True):
    """Report: one message about a transaction."""

    event_type: TransactionEventType
    transaction_id: str | None = None
    """`None` in a StartTransaction of 1.6, which the Central System numbers."""

    seq_no: int | None = None
    """Its place in the transaction; 1.6 has none."""

    timestamp: datetime
    offline: bool = False
    """Whether the station was offline when it happened; 1.6 does not tell. The station marks its messages itself."""

    trigger_reason: str | None = None
    charging_state: str | None = None
    stopped_reason: str | None = None
    evse_id: int | None = None
    """In 1.6, the connector."""

    connector_id: int | None = None
    id_token: IdToken | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    number_of_phases_used: int | None = None
    register: float | None = None
    """What the energy register showed at `timestamp`, in Wh; 1.6 tells it at the beginning and at the end."""

    transaction_limit: TransactionLimit | None = None
    """What limits the transaction, if that has changed; 2.1 only. [E16]"""

    meter_values: tuple[MeterValue, ...] = ()

    @property
    def journal_note(self) -> str | None:
        """The station's own id of the transaction."""
        return self.transaction_id

    def with_journal_note(self, note: str | None) -> Self:
        """Returns the report with the station's own id of the transaction instead of the CSMS's
        number.
        """
        return self if note is None else replace(self, transaction_id=note)

    @property
    def readings(self) -> tuple[EnergyReading, ...]:
        """The readings of the energy register in the report."""
        own = () if self.register is None else (EnergyReading(self.timestamp, self.register),)
        return (*energy_readings(self.meter_values), *own)


class MeterValuesReport(Report[ReportReply], frozen=True, kw_only=True):
    """Report: meter values outside of transactions. [J01]"""

    evse_id: int
    """0 for the main meter; in 1.6, the connector."""

    meter_values: tuple[MeterValue, ...]
