"""One transaction that goes on at a station: what it has told so far, and what is still to be told."""

from datetime import datetime

from msgspec import Struct

from ._evse_state import EvseState
from ._id_tokens import IdToken
from ._meter_values import MeterValue

__all__ = ["OpenTransaction"]


class OpenTransaction(Struct, kw_only=True, omit_defaults=True):
    """One transaction that goes on."""

    transaction_id: str
    started_at: datetime
    start_points: frozenset[str]
    stop_points: frozenset[str]
    """The pair that it began with counts until its end, whatever the CSMS writes meanwhile."""

    next_seq_no: int = 0
    number: int | None = None
    """The CSMS's number of it, in OCPP 1.6."""

    id_token: IdToken | None = None
    """The token that it has told last."""

    has_told_evse: bool = False
    phases: int | None = None
    """How many phases were told last."""

    stopped_reason: str | None = None
    """Why it was stopped, if it has been and goes on until a stop point ceases."""

    power_since: datetime | None = None
    """When energy could first flow."""

    first_register: float | None = None
    last_register: float | None = None
    is_refused: bool = False
    """Whether the CSMS has refused its token, and the driver may use what MaxEnergyOnInvalidId leaves. [E05]"""

    ended_values: list[MeterValue] = []
    """What the report of its end tells of the time before: the beginning, then samples."""


class KeptEvse(Struct, frozen=True):
    """An EVSE with a transaction, as it is kept over a restart."""

    state: EvseState
    transaction: OpenTransaction
