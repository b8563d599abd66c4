"""Maps the reasons to stop a transaction to trigger reasons, and tells which of them end it at
once.
"""

from collections.abc import Mapping
from typing import Final

from ._words import StoppedReason, TriggerReason, TxPoint

__all__ = ["default_reason", "ends_at_once", "trigger_of"]

_TRIGGERS: Final[Mapping[str, TriggerReason]] = {
    StoppedReason.DEAUTHORIZED: TriggerReason.DEAUTHORIZED,
    StoppedReason.ENERGY_LIMIT_REACHED: TriggerReason.ENERGY_LIMIT_REACHED,
    StoppedReason.EV_DISCONNECTED: TriggerReason.EV_COMMUNICATION_LOST,
    StoppedReason.LOCAL: TriggerReason.STOP_AUTHORIZED,
    StoppedReason.LOCAL_OUT_OF_CREDIT: TriggerReason.DEAUTHORIZED,
    StoppedReason.MASTER_PASS: TriggerReason.STOP_AUTHORIZED,
    StoppedReason.REMOTE: TriggerReason.REMOTE_STOP,
    StoppedReason.SOC_LIMIT_REACHED: TriggerReason.SOC_LIMIT_REACHED,
    StoppedReason.STOPPED_BY_EV: TriggerReason.STOP_AUTHORIZED,
    StoppedReason.TIME_LIMIT_REACHED: TriggerReason.TIME_LIMIT_REACHED,
    StoppedReason.TIMEOUT: TriggerReason.EV_CONNECT_TIMEOUT,
    StoppedReason.IMMEDIATE_RESET: TriggerReason.RESET_COMMAND,
    StoppedReason.HARD_RESET: TriggerReason.RESET_COMMAND,
    StoppedReason.SOFT_RESET: TriggerReason.RESET_COMMAND,
    StoppedReason.UNLOCK_COMMAND: TriggerReason.UNLOCK_COMMAND,
}

_DRIVER_STOPS: Final = frozenset(
    {
        StoppedReason.DEAUTHORIZED,
        StoppedReason.ENERGY_LIMIT_REACHED,
        StoppedReason.EV_DISCONNECTED,
        StoppedReason.LOCAL,
        StoppedReason.LOCAL_OUT_OF_CREDIT,
        StoppedReason.MASTER_PASS,
        StoppedReason.REMOTE,
        StoppedReason.SOC_LIMIT_REACHED,
        StoppedReason.STOPPED_BY_EV,
        StoppedReason.TIME_LIMIT_REACHED,
        StoppedReason.TIMEOUT,
    }
)
"""What ends the authorization only; all others end the transaction, whatever the stop points are."""

_STOPS_ENERGY: Final = frozenset({StoppedReason.DEAUTHORIZED, StoppedReason.STOPPED_BY_EV})
_OF_ENERGY: Final = frozenset(
    {TxPoint.AUTHORIZED, TxPoint.POWER_PATH_CLOSED, TxPoint.ENERGY_TRANSFER}
)


def trigger_of(reason: str) -> TriggerReason:
    """Returns the trigger reason for a stop. A fault is an abnormal condition. [TEV-13]"""
    return _TRIGGERS.get(reason, TriggerReason.ABNORMAL_CONDITION)


def ends_at_once(reason: str, stop_points: frozenset[str]) -> bool:
    """Returns whether a stop ends the transaction even if all its stop points still hold."""
    if reason in _STOPS_ENERGY:
        # E05.FR.09, E15.FR.04.
        return not _OF_ENERGY.isdisjoint(stop_points)
    # E03.FR.05: nothing else could end it, as the vehicle has never come.
    if reason == StoppedReason.TIMEOUT:
        return TxPoint.PARKING_BAY_OCCUPANCY not in stop_points
    return reason not in _DRIVER_STOPS


def default_reason(trigger: TriggerReason, *, by_ev: bool) -> StoppedReason:
    """Returns the reason why a transaction has ended that nobody has stopped.

    Args:
        trigger: what ended it.
        by_ev: whether the vehicle pauses the flow of energy.
    """
    if trigger in (TriggerReason.EV_COMMUNICATION_LOST, TriggerReason.EV_DEPARTED):
        return StoppedReason.EV_DISCONNECTED
    return StoppedReason.STOPPED_BY_EV if by_ev else StoppedReason.OTHER
