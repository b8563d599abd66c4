"""The state of an EVSE, and which changes of it begin or end a transaction.

Theory of operation: the facts of an EVSE are given from outside, and all else follows from them. Each
point that OCPP has for the beginning and the end of transactions is a condition on the facts. A transaction
begins when one of its start points holds after a change that made any point true; it ends when one of
its stop points has ceased to hold.
"""

from collections.abc import Set

from msgspec import Struct
from msgspec.structs import replace

from ._id_tokens import IdToken
from ._words import ChargingState, SuspendedBy, TxPoint

__all__ = ["EvseState", "begins", "ends", "in_transaction", "unplugged", "without_transaction"]


class EvseState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of an EVSE, as far as transactions depend on it."""

    evse_id: int
    parked: bool = False
    """Whether there is a vehicle in the parking bay; only for stations that can tell."""

    connected: bool = False
    """Whether the cable is plugged in at both ends."""

    connector_id: int | None = None
    """The connector that is plugged in, or was last."""

    authorized: bool = False
    """Whether a driver may charge, or has been stopped from outside only for a while."""

    id_token: IdToken | None = None
    """The token that authorized last."""

    group_id_token: IdToken | None = None
    """The group of that token, if it is known."""

    energy_flows: bool = False
    suspended_by: SuspendedBy | None = None
    energy_refused: bool = False
    """Whether no energy may flow although a driver is authorized: the CSMS has refused the token. [E05]"""

    limit_reached: bool = False
    """Whether no energy may flow because a limit of the transaction is reached. [E16]"""

    is_held: bool = False
    """Whether no energy may flow for now: a transaction cannot begin yet, or a reset interrupts it."""

    transaction_id: str | None = None
    """The transaction that goes on, under the station's own id."""

    finishing: bool = False
    """Whether a transaction has ended, and the vehicle is still plugged in."""

    @property
    def power_path_closed(self) -> bool:
        """Whether the contactors must be closed."""
        return self._can_charge and not (self.energy_refused or self.limit_reached)

    @property
    def _can_charge(self) -> bool:
        return self.connected and self.authorized and not self.is_held

    @property
    def charging_state(self) -> ChargingState:
        """The charging state for reports. [TEV-09]"""
        if self.energy_flows:
            return ChargingState.CHARGING
        if not self.connected:
            return ChargingState.IDLE
        if self.suspended_by is SuspendedBy.EV:
            return ChargingState.SUSPENDED_EV
        if self.suspended_by is SuspendedBy.EVSE:
            return ChargingState.SUSPENDED_EVSE
        return ChargingState.EV_CONNECTED

    @property
    def points(self) -> Set[TxPoint]:
        """The transaction points that are reached in this state. [TEV-04]"""
        holds = {
            TxPoint.PARKING_BAY_OCCUPANCY: self.parked,
            TxPoint.EV_CONNECTED: self.connected,
            TxPoint.AUTHORIZED: self.authorized,
            TxPoint.POWER_PATH_CLOSED: self._can_charge,
            TxPoint.ENERGY_TRANSFER: self.energy_flows,
        }
        return {point for point, is_true in holds.items() if is_true}


def begins(before: EvseState, after: EvseState, start_points: Set[str]) -> bool:
    """Returns whether a change begins a transaction, if none is running."""
    # A start point may have held since before: energy that flows again after the end needs a transaction.
    return bool(after.points - before.points) and not after.points.isdisjoint(start_points)


def ends(before: EvseState, after: EvseState, stop_points: Set[str]) -> bool:
    """Returns whether a change ends the running transaction. [TEV-05]"""
    ceased = set(before.points - after.points)
    if ceased and not after.points:
        # Neither vehicle nor driver is left, so nothing else could end it.
        return True
    if ceased & {TxPoint.EV_CONNECTED, TxPoint.AUTHORIZED}:
        # The path counts as open even if it was never closed, and energy as stopped that never flowed.
        ceased.add(TxPoint.POWER_PATH_CLOSED)
        if not after.energy_flows:
            ceased.add(TxPoint.ENERGY_TRANSFER)
    return not ceased.isdisjoint(stop_points)


def in_transaction(state: EvseState, transaction_id: str) -> EvseState:
    """Returns the state of an EVSE after a transaction has begun."""
    return replace(state, transaction_id=transaction_id, finishing=False)


def without_transaction(state: EvseState) -> EvseState:
    """Returns the state of an EVSE after its transaction has ended."""
    return replace(
        state,
        # The next vehicle needs a driver of its own.
        authorized=state.authorized and state.connected,
        energy_flows=False,
        energy_refused=False,
        limit_reached=False,
        transaction_id=None,
        finishing=state.connected,
    )


def unplugged(state: EvseState, *, keeps_driver: bool) -> EvseState:
    """Returns the state of an EVSE after its vehicle was unplugged."""
    return replace(
        state,
        connected=False,
        authorized=keeps_driver,
        energy_flows=False,
        suspended_by=None,
        finishing=False,
    )
