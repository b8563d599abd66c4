"""The facts that a composite schedule depends on, beside the charging profiles."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from msgspec import Struct

__all__ = ["Circumstances", "RunningTransaction"]


class RunningTransaction(Struct, frozen=True, kw_only=True):
    """The facts about a running transaction that charging profiles depend on."""

    transaction_id: str
    energy_since: datetime | None = None
    """When energy could first flow, authorized and connected; relative schedules begin then."""

    priority: bool = False
    """Whether priority charging is active (2.1)."""

    state_of_charge: float | None = None
    """In percent, if the EV tells it."""


class Circumstances(Struct, frozen=True, kw_only=True):
    """The facts about a station that charging profiles depend on."""

    transactions: Mapping[int, RunningTransaction] = {}
    """The running transactions by EVSE."""

    evses: Sequence[int] = (1,)
    """All EVSEs of the station, for the schedule of the whole station."""

    voltage: float = 230.0
    """Nominal voltage between a phase and the neutral conductor, in volts."""

    maximum: float | None = None
    """The most that one EVSE can give, in amperes on each of three phases. If it is given, no limit is
    higher, and it is the limit where no profile counts."""

    offline_since: datetime | None = None
    """When the connection to the CSMS was lost, if there is none."""

    zone: tzinfo | None = None
    """The zone of the station's local time, for schedules that follow it."""
