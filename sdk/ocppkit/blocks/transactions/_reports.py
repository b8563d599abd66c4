"""What a station tells about a transaction, in one form for all OCPP versions.

OCPP 2.x tells it in TransactionEvents; 1.6 in StartTransaction, MeterValues and StopTransaction.
Names are those of OCPP 2.1.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from ._id_tokens import IdToken

__all__ = ["EnergyReading", "TransactionEventType", "TransactionReport"]


class TransactionEventType(StrEnum):
    """Where in a transaction a report belongs."""

    STARTED = "Started"
    UPDATED = "Updated"
    ENDED = "Ended"


class EnergyReading(Struct, frozen=True, order=True):
    """What the meter of an EVSE showed: Energy.Active.Import.Register at the outlet, of all phases."""

    at: datetime
    register: float
    """In watt-hours."""


class TransactionReport(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message about a transaction."""

    event_type: TransactionEventType
    transaction_id: str | None = None
    """`None` in a StartTransaction of 1.6, which the Central System numbers."""

    seq_no: int | None = None
    """Its place in the transaction; 1.6 has none."""

    timestamp: datetime
    offline: bool = False
    """Whether the station was offline when it happened; 1.6 does not tell."""

    trigger_reason: str | None = None
    charging_state: str | None = None
    stopped_reason: str | None = None
    evse_id: int | None = None
    """In 1.6, the connector."""

    connector_id: int | None = None
    id_token: IdToken | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    readings: tuple[EnergyReading, ...] = ()
