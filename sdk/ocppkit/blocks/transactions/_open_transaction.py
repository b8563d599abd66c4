"""A running transaction of a station: what it has reported so far, and what is still to report."""

from datetime import datetime

from msgspec import Struct

from ._evse_state import EvseState
from ._meter_values import MeterValue
from ._transaction_limit import TransactionLimit

__all__ = ["KeptEvse", "OpenTransaction"]


class OpenTransaction(Struct, kw_only=True, omit_defaults=True):
    """A running transaction."""

    transaction_id: str
    started_at: datetime
    stop_points: frozenset[str]
    """What ends it: as the CSMS had set it when the transaction began."""

    next_seq_no: int = 0
    number: int | None = None
    """The CSMS's number of it, in OCPP 1.6."""

    has_told_evse: bool = False
    has_told_token: bool = False
    phases: int | None = None
    """How many phases were told last."""

    stopped_reason: str | None = None
    """Why the driver's authorization has ended, if it has, and the transaction goes on."""

    energy_since: datetime | None = None
    """When energy could first flow."""

    first_register: float | None = None
    last_register: float | None = None
    is_refused: bool = False
    """Whether the CSMS has refused its token, and the driver may use what MaxEnergyOnInvalidId leaves. [E05]"""

    is_interrupted: bool = False
    """Whether a reset has interrupted it, after which it goes on. [B13]"""

    csms_limit: TransactionLimit = TransactionLimit()
    """What the CSMS has limited it to, which goes before `own_limit`. [E16]"""

    own_limit: TransactionLimit = TransactionLimit()
    """What was limited at the station."""

    cost: float | None = None
    """What it has cost so far, as the CSMS says."""

    ended_values: list[MeterValue] = []
    """What the report of its end tells of the time before: the beginning, then samples."""

    @property
    def limit(self) -> TransactionLimit:
        """What limits it."""
        return self.csms_limit.before(self.own_limit)

    @property
    def has_limit(self) -> bool:
        """Whether anything limits it."""
        return self.limit != TransactionLimit()

    @property
    def energy(self) -> float | None:
        """The energy in Wh since the transaction began, or `None` if the meter does not tell."""
        if self.first_register is None or self.last_register is None:
            return None
        return self.last_register - self.first_register


class KeptEvse(Struct, frozen=True):
    """The stored state of an EVSE with a transaction."""

    state: EvseState
    transaction: OpenTransaction
