"""The initial values of standard variables, for declaring them and for reading undeclared ones."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from msgspec import Struct

from ocppkit.core import VariableKey

from ._setting_keys import (
    ALIGNED_DATA_INTERVAL,
    ALIGNED_DATA_MEASURANDS,
    ALIGNED_DATA_TX_ENDED_INTERVAL,
    ALIGNED_DATA_TX_ENDED_MEASURANDS,
    AUTH_CACHE_AVAILABLE,
    AUTH_CACHE_ENABLED,
    AUTHORIZE_REMOTE_START,
    BASIC_AUTH_PASSWORD,
    BYTES_PER_GET_REPORT,
    BYTES_PER_GET_VARIABLES,
    BYTES_PER_SET_VARIABLES,
    CERTIFICATE_ENTRIES,
    CHARGING_PROFILE_ENTRIES,
    CONNECTOR_AVAILABILITY_STATE,
    CONNECTOR_AVAILABLE,
    DATE_TIME,
    EV_CONNECTION_TIME_OUT,
    EVSE_AVAILABILITY_STATE,
    EVSE_AVAILABLE,
    HEARTBEAT_INTERVAL,
    ITEMS_PER_GET_REPORT,
    ITEMS_PER_GET_VARIABLES,
    ITEMS_PER_SET_VARIABLES,
    LIMIT_CHANGE_SIGNIFICANCE,
    LOCAL_AUTH_LIST_AVAILABLE,
    LOCAL_AUTH_LIST_BYTES_PER_MESSAGE,
    LOCAL_AUTH_LIST_ENABLED,
    LOCAL_AUTH_LIST_ENTRIES,
    LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE,
    LOCAL_AUTHORIZE_OFFLINE,
    LOCAL_PRE_AUTHORIZE,
    MAX_ENERGY_ON_INVALID_ID,
    MESSAGE_ATTEMPT_INTERVAL,
    MESSAGE_ATTEMPTS,
    MESSAGE_TIMEOUT,
    NETWORK_CONFIGURATION_PRIORITY,
    NETWORK_PROFILE_CONNECTION_ATTEMPTS,
    OFFLINE_THRESHOLD,
    OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED,
    PERIODS_PER_SCHEDULE,
    PROFILE_STACK_LEVEL,
    QUEUE_ALL_MESSAGES,
    RATE_UNIT,
    RESERVATION_AVAILABLE,
    RESERVATION_ENABLED,
    RESERVATION_NON_EVSE_SPECIFIC,
    RESET_RETRIES,
    RETRY_BACK_OFF_RANDOM_RANGE,
    RETRY_BACK_OFF_REPEAT_TIMES,
    RETRY_BACK_OFF_WAIT_MINIMUM,
    SAMPLED_DATA_TX_ENDED_INTERVAL,
    SAMPLED_DATA_TX_ENDED_MEASURANDS,
    SAMPLED_DATA_TX_STARTED_MEASURANDS,
    SAMPLED_DATA_TX_UPDATED_INTERVAL,
    SAMPLED_DATA_TX_UPDATED_MEASURANDS,
    SECURITY_PROFILE,
    SMART_CHARGING_AVAILABLE,
    SMART_CHARGING_ENABLED,
    STATION_AVAILABILITY_STATE,
    STATION_AVAILABLE,
    STOP_TX_ON_EV_SIDE_DISCONNECT,
    STOP_TX_ON_INVALID_ID,
    SUPPORTS_DYNAMIC_PROFILES,
    TIME_SOURCE,
    TX_BEFORE_ACCEPTED_ENABLED,
    TX_START_POINT,
    TX_STOP_POINT,
    UNLOCK_ON_EV_SIDE_DISCONNECT,
    WEB_SOCKET_PING_INTERVAL,
)

__all__ = ["DEFAULTS", "StandardDefault", "standard_value"]

T = TypeVar("T")


class StandardDefault(Struct, frozen=True):
    """How a standard variable is declared by default."""

    key: VariableKey[Any]
    value: Any = None
    min_limit: float | None = None
    max_limit: float | None = None
    values: tuple[str, ...] | None = None
    reboot_required: bool = False
    persistent: bool | None = None


_POINTS: Final = (
    "ParkingBayOccupancy",
    "EVConnected",
    "Authorized",
    "PowerPathClosed",
    "EnergyTransfer",
)
_STATES: Final = ("Available", "Occupied", "Reserved", "Unavailable", "Faulted")
_ENERGY: Final = ("Energy.Active.Import.Register",)
_YEAR: Final = 366 * 86400

DEFAULTS: Final[Mapping[str, tuple[StandardDefault, ...]]] = {
    "variables": (
        StandardDefault(ITEMS_PER_GET_REPORT, 50),
        StandardDefault(ITEMS_PER_GET_VARIABLES, 50),
        StandardDefault(ITEMS_PER_SET_VARIABLES, 50),
        StandardDefault(BYTES_PER_GET_REPORT, 65536),
        StandardDefault(BYTES_PER_GET_VARIABLES, 65536),
        StandardDefault(BYTES_PER_SET_VARIABLES, 65536),
        StandardDefault(DATE_TIME),
        StandardDefault(TIME_SOURCE, ("Heartbeat",), values=("Heartbeat", "RealTimeClock")),
        StandardDefault(HEARTBEAT_INTERVAL, 86400, 1, _YEAR),
        StandardDefault(MESSAGE_ATTEMPT_INTERVAL, 60, 0, 86400),
        StandardDefault(MESSAGE_ATTEMPTS, 3, 1, 1000),
        StandardDefault(MESSAGE_TIMEOUT, 30, 1, 3600),
        StandardDefault(NETWORK_CONFIGURATION_PRIORITY, values=("1", "2"), reboot_required=True),
        StandardDefault(NETWORK_PROFILE_CONNECTION_ATTEMPTS, 3, 1, 1000),
        StandardDefault(OFFLINE_THRESHOLD, 60, 0, _YEAR),
        StandardDefault(QUEUE_ALL_MESSAGES, False),
        StandardDefault(RESET_RETRIES, 1, 0, 100),
        StandardDefault(RETRY_BACK_OFF_RANDOM_RANGE, 10, 0, 86400),
        StandardDefault(RETRY_BACK_OFF_REPEAT_TIMES, 5, 0, 100),
        StandardDefault(RETRY_BACK_OFF_WAIT_MINIMUM, 10, 0, 86400),
        StandardDefault(UNLOCK_ON_EV_SIDE_DISCONNECT, True),
        StandardDefault(WEB_SOCKET_PING_INTERVAL, 54, 0, 86400),
        StandardDefault(BASIC_AUTH_PASSWORD),
        StandardDefault(CERTIFICATE_ENTRIES, 0, 0),
        # A05.FR.06: never lower again, also after a restart.
        StandardDefault(SECURITY_PROFILE, 0, 0, 3, persistent=True),
    ),
    "transactions": (
        StandardDefault(EV_CONNECTION_TIME_OUT, 60, 0, 86400),
        StandardDefault(STOP_TX_ON_EV_SIDE_DISCONNECT, True),
        StandardDefault(STOP_TX_ON_INVALID_ID, True),
        StandardDefault(MAX_ENERGY_ON_INVALID_ID, 0, 0),
        # BOOT-23: in 1.6, which has no such key, as in 2.x.
        StandardDefault(TX_BEFORE_ACCEPTED_ENABLED, True),
        StandardDefault(TX_START_POINT, ("PowerPathClosed",), values=(*_POINTS, "DataSigned")),
        StandardDefault(TX_STOP_POINT, ("EVConnected", "Authorized"), values=_POINTS),
        StandardDefault(SAMPLED_DATA_TX_ENDED_INTERVAL, 0, 0, 86400),
        StandardDefault(SAMPLED_DATA_TX_ENDED_MEASURANDS, _ENERGY),
        StandardDefault(SAMPLED_DATA_TX_STARTED_MEASURANDS, _ENERGY),
        StandardDefault(SAMPLED_DATA_TX_UPDATED_INTERVAL, 60, 0, 86400),
        StandardDefault(SAMPLED_DATA_TX_UPDATED_MEASURANDS, _ENERGY),
        StandardDefault(ALIGNED_DATA_INTERVAL, 0, 0, 86400),
        StandardDefault(ALIGNED_DATA_MEASURANDS, _ENERGY),
        StandardDefault(ALIGNED_DATA_TX_ENDED_INTERVAL, 0, 0, 86400),
        StandardDefault(ALIGNED_DATA_TX_ENDED_MEASURANDS, ()),
    ),
    "authorization": (
        StandardDefault(AUTHORIZE_REMOTE_START, False),
        StandardDefault(LOCAL_AUTHORIZE_OFFLINE, True),
        StandardDefault(LOCAL_PRE_AUTHORIZE, False),
        StandardDefault(OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED, False),
        StandardDefault(AUTH_CACHE_AVAILABLE, True),
        StandardDefault(AUTH_CACHE_ENABLED, True),
        StandardDefault(LOCAL_AUTH_LIST_AVAILABLE, True),
        StandardDefault(LOCAL_AUTH_LIST_BYTES_PER_MESSAGE, 65536),
        StandardDefault(LOCAL_AUTH_LIST_ENABLED, True),
        StandardDefault(LOCAL_AUTH_LIST_ENTRIES, 0, 0, 1000),
        StandardDefault(LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE, 100),
    ),
    "charging": (
        StandardDefault(SUPPORTS_DYNAMIC_PROFILES, True),
        StandardDefault(CHARGING_PROFILE_ENTRIES, 0, 0, 100),
        StandardDefault(LIMIT_CHANGE_SIGNIFICANCE, 1.0, 0, 100),
        StandardDefault(PERIODS_PER_SCHEDULE, 24),
        StandardDefault(PROFILE_STACK_LEVEL, 10),
        StandardDefault(RATE_UNIT, ("A", "W"), values=("A", "W")),
        StandardDefault(SMART_CHARGING_AVAILABLE, True),
        StandardDefault(SMART_CHARGING_ENABLED, True),
    ),
    "availability": (
        StandardDefault(STATION_AVAILABILITY_STATE, "Available", values=_STATES),
        StandardDefault(STATION_AVAILABLE, True),
        StandardDefault(EVSE_AVAILABILITY_STATE, "Available", values=_STATES),
        StandardDefault(EVSE_AVAILABLE, True),
        StandardDefault(CONNECTOR_AVAILABILITY_STATE, "Available", values=_STATES),
        StandardDefault(CONNECTOR_AVAILABLE, True),
    ),
    "reservation": (
        StandardDefault(RESERVATION_AVAILABLE, True),
        StandardDefault(RESERVATION_ENABLED, True),
        StandardDefault(RESERVATION_NON_EVSE_SPECIFIC, True),
    ),
}
"""By the name of the block that reads them."""

_VALUES: Final = {each.key: each.value for block in DEFAULTS.values() for each in block}


def standard_value(key: VariableKey[T]) -> T:
    """Returns the initial value of a standard variable.

    Raises:
        KeyError: there is none.
    """
    value: T | None = _VALUES.get(key)
    if value is None:
        raise KeyError(f"{key} has no standard value [pass a default]")
    return value
