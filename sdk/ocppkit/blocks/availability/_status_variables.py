"""Sets the variables with the statuses of the station, its EVSEs and connectors, if the station has
them (2.x).
"""

from typing import Final

from ocppkit.core import VariableKey

from ..variables import (
    CONNECTOR_AVAILABILITY_STATE,
    EVSE_AVAILABILITY_STATE,
    STATION_AVAILABILITY_STATE,
    DeviceModel,
)
from ._connector_states import ConnectorStatus
from ._connectors import EvseRecord, Evses

__all__ = ["show_statuses"]

# A driver uses one connector of an EVSE, whose status is then that of the EVSE; one that is free counts more
# than one that cannot be used.
_PRECEDENCE: Final = (
    ConnectorStatus.OCCUPIED,
    ConnectorStatus.RESERVED,
    ConnectorStatus.AVAILABLE,
    ConnectorStatus.UNAVAILABLE,
    ConnectorStatus.FAULTED,
)


def show_statuses(model: DeviceModel, evses: Evses) -> None:
    """Sets the variables of all statuses."""
    _set(model, STATION_AVAILABILITY_STATE, evses.station.status)
    for evse in evses:
        _set(model, EVSE_AVAILABILITY_STATE.on_evse(evse.evse_id), _joint_status(evse))
        for number, connector in evse.connectors.items():
            key = CONNECTOR_AVAILABILITY_STATE.on_evse(evse.evse_id, number)
            _set(model, key, connector.status)


def _set(model: DeviceModel, key: VariableKey[str], status: ConnectorStatus | None) -> None:
    if status is not None and key in model and model[key] != status:
        model[key] = str(status)


def _joint_status(evse: EvseRecord) -> ConnectorStatus | None:
    """Returns the status of an EVSE; `None` for the statuses of OCPP 1.6, which has no such
    variable.
    """
    statuses = {each.status for each in evse.connectors.values()}
    return next((each for each in _PRECEDENCE if each in statuses), None)
