"""The variables that a station begins with: those of OCPP that its blocks use, with their defaults."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from msgspec import Struct, structs

from ocppkit.core import VariableKey

from ._addresses import VariableAddress
from ._configuration_keys import ConfigurationKey
from ._device_model import DeviceModel
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
    CONNECTOR_PHASE_ROTATION,
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
    NUMBER_OF_CONNECTORS,
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
    SUPPORTED_FEATURE_PROFILES,
    TIME_SOURCE,
    TX_START_POINT,
    TX_STOP_POINT,
    UNLOCK_ON_EV_SIDE_DISCONNECT,
    WEB_SOCKET_PING_INTERVAL,
)

__all__ = ["VariableRules", "declare_standard", "model_of"]


class VariableRules(Struct, frozen=True, kw_only=True):
    """How the versions of OCPP differ in variables."""

    standard: tuple[VariableKey[Any], ...]
    """The variables that the version has, as blocks read them."""

    configuration_keys: tuple[ConfigurationKey, ...] = ()
    """How the version calls them, if it has configuration keys."""

    value_size: int
    """The greatest length of a value that the station tells."""

    set_value_size: int
    """The greatest length of a value that the CSMS writes."""

    password_size: tuple[int, int]
    """The least and greatest length of a password for Basic authentication."""

    hexadecimal_password: bool = False
    """Whether the password is bytes, written as hexadecimal digits."""


class _Default(Struct, frozen=True):
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

_DEFAULTS: Final[Mapping[str, tuple[_Default, ...]]] = {
    "variables": (
        _Default(ITEMS_PER_GET_REPORT, 50),
        _Default(ITEMS_PER_GET_VARIABLES, 50),
        _Default(ITEMS_PER_SET_VARIABLES, 50),
        _Default(BYTES_PER_GET_REPORT, 65536),
        _Default(BYTES_PER_GET_VARIABLES, 65536),
        _Default(BYTES_PER_SET_VARIABLES, 65536),
        _Default(DATE_TIME),
        _Default(TIME_SOURCE, ("Heartbeat",), values=("Heartbeat", "RealTimeClock")),
        _Default(HEARTBEAT_INTERVAL, 86400, 1, _YEAR),
        _Default(MESSAGE_ATTEMPT_INTERVAL, 60, 0, 86400),
        _Default(MESSAGE_ATTEMPTS, 3, 1, 1000),
        _Default(MESSAGE_TIMEOUT, 30, 1, 3600),
        _Default(NETWORK_CONFIGURATION_PRIORITY, values=("1", "2"), reboot_required=True),
        _Default(NETWORK_PROFILE_CONNECTION_ATTEMPTS, 3, 1, 1000),
        _Default(OFFLINE_THRESHOLD, 60, 0, _YEAR),
        _Default(QUEUE_ALL_MESSAGES, False),
        _Default(RESET_RETRIES, 1, 0, 100),
        _Default(RETRY_BACK_OFF_RANDOM_RANGE, 10, 0, 86400),
        _Default(RETRY_BACK_OFF_REPEAT_TIMES, 5, 0, 100),
        _Default(RETRY_BACK_OFF_WAIT_MINIMUM, 10, 0, 86400),
        _Default(UNLOCK_ON_EV_SIDE_DISCONNECT, True),
        _Default(WEB_SOCKET_PING_INTERVAL, 54, 0, 86400),
        _Default(BASIC_AUTH_PASSWORD),
        _Default(CERTIFICATE_ENTRIES, 0, 0),
        # A05.FR.06: never lower again, also after a restart.
        _Default(SECURITY_PROFILE, 0, 0, 3, persistent=True),
    ),
    "transactions": (
        _Default(EV_CONNECTION_TIME_OUT, 60, 0, 86400),
        _Default(STOP_TX_ON_EV_SIDE_DISCONNECT, True),
        _Default(STOP_TX_ON_INVALID_ID, True),
        _Default(MAX_ENERGY_ON_INVALID_ID, 0, 0),
        _Default(TX_START_POINT, ("PowerPathClosed",), values=(*_POINTS, "DataSigned")),
        _Default(TX_STOP_POINT, ("EVConnected", "Authorized"), values=_POINTS),
        _Default(SAMPLED_DATA_TX_ENDED_INTERVAL, 0, 0, 86400),
        _Default(SAMPLED_DATA_TX_ENDED_MEASURANDS, _ENERGY),
        _Default(SAMPLED_DATA_TX_STARTED_MEASURANDS, _ENERGY),
        _Default(SAMPLED_DATA_TX_UPDATED_INTERVAL, 60, 0, 86400),
        _Default(SAMPLED_DATA_TX_UPDATED_MEASURANDS, _ENERGY),
        _Default(ALIGNED_DATA_INTERVAL, 0, 0, 86400),
        _Default(ALIGNED_DATA_MEASURANDS, _ENERGY),
        _Default(ALIGNED_DATA_TX_ENDED_INTERVAL, 0, 0, 86400),
        _Default(ALIGNED_DATA_TX_ENDED_MEASURANDS, ()),
    ),
    "authorization": (
        _Default(AUTHORIZE_REMOTE_START, False),
        _Default(LOCAL_AUTHORIZE_OFFLINE, True),
        _Default(LOCAL_PRE_AUTHORIZE, False),
        _Default(OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED, False),
        _Default(AUTH_CACHE_AVAILABLE, True),
        _Default(AUTH_CACHE_ENABLED, True),
        _Default(LOCAL_AUTH_LIST_AVAILABLE, True),
        _Default(LOCAL_AUTH_LIST_BYTES_PER_MESSAGE, 65536),
        _Default(LOCAL_AUTH_LIST_ENABLED, True),
        _Default(LOCAL_AUTH_LIST_ENTRIES, 0, 0, 1000),
        _Default(LOCAL_AUTH_LIST_ITEMS_PER_MESSAGE, 100),
    ),
    "charging": (
        _Default(CHARGING_PROFILE_ENTRIES, 0, 0, 100),
        _Default(LIMIT_CHANGE_SIGNIFICANCE, 1.0, 0, 100),
        _Default(PERIODS_PER_SCHEDULE, 24),
        _Default(PROFILE_STACK_LEVEL, 10),
        _Default(RATE_UNIT, ("A", "W"), values=("A", "W")),
        _Default(SMART_CHARGING_AVAILABLE, True),
        _Default(SMART_CHARGING_ENABLED, True),
    ),
    "availability": (
        _Default(STATION_AVAILABILITY_STATE, "Available", values=_STATES),
        _Default(STATION_AVAILABLE, True),
        _Default(EVSE_AVAILABILITY_STATE, "Available", values=_STATES),
        _Default(EVSE_AVAILABLE, True),
        _Default(CONNECTOR_AVAILABILITY_STATE, "Available", values=_STATES),
        _Default(CONNECTOR_AVAILABLE, True),
    ),
    "reservation": (
        _Default(RESERVATION_AVAILABLE, True),
        _Default(RESERVATION_ENABLED, True),
        _Default(RESERVATION_NON_EVSE_SPECIFIC, True),
    ),
}
"""By the name of the block that reads them."""

_MEASURANDS: Final = (
    SAMPLED_DATA_TX_STARTED_MEASURANDS,
    SAMPLED_DATA_TX_UPDATED_MEASURANDS,
    SAMPLED_DATA_TX_ENDED_MEASURANDS,
    ALIGNED_DATA_MEASURANDS,
    ALIGNED_DATA_TX_ENDED_MEASURANDS,
)
"""The settings that say what is told of a reading of a meter."""

_COMPONENTS: Final[Mapping[str, frozenset[str]]] = {
    "variables": frozenset({"ClockCtrlr", "DeviceDataCtrlr", "OCPPCommCtrlr", "SecurityCtrlr"}),
    "transactions": frozenset({"AlignedDataCtrlr", "SampledDataCtrlr", "TxCtrlr"}),
    "authorization": frozenset({"AuthCacheCtrlr", "AuthCtrlr", "LocalAuthListCtrlr"}),
    "charging": frozenset({"SmartChargingCtrlr"}),
    "availability": frozenset({"ChargingStation", "Connector", "EVSE"}),
    "reservation": frozenset({"ReservationCtrlr"}),
}
"""The components whose required variables a station with the block must have."""

_BLOCKS: Final = (
    "variables", "transactions", "authorization", "charging", "availability", "remote_control",
)  # fmt: skip
"""The blocks of a station that has all of them."""

_PROFILES: Final[Mapping[str, str]] = {
    "authorization": "LocalAuthListManagement",
    "charging": "SmartCharging",
    "remote_control": "RemoteTrigger",
    "reservation": "Reservation",
}
"""The feature profiles of OCPP 1.6 that blocks make, beside Core."""


def model_of(
    rules: VariableRules,
    blocks: Iterable[str] = _BLOCKS,
    evses: Mapping[int, Sequence[int]] = {},
    measurands: Sequence[str] | None = None,
) -> DeviceModel:
    """Returns a device model with the variables that blocks use in an OCPP version.

    Args:
        rules: those of the version, as its dialect has them.
        blocks: the names of the blocks in use, by default of all.
        evses: the numbers of the EVSEs, each with those of its connectors.
        measurands: what the meters tell; a CSMS cannot choose others. By default it can choose any text.
    """
    model = DeviceModel({each.key.name: each.variable for each in rules.configuration_keys})
    declare_standard(model, rules, blocks, evses, measurands)
    return model


def declare_standard(
    model: DeviceModel,
    rules: VariableRules,
    blocks: Iterable[str] = _BLOCKS,
    evses: Mapping[int, Sequence[int]] = {},
    measurands: Sequence[str] | None = None,
) -> None:
    """Declares the variables that blocks use in an OCPP version, and those that it requires of them.

    Args:
        model: where they are declared; what it has already stays as it is.
        rules: those of the version, as its dialect has them.
        blocks: the names of the blocks in use, by default of all.
        evses: the numbers of the EVSEs, each with those of its connectors.
        measurands: what the meters tell; a CSMS cannot choose others. By default it can choose any text.
    """
    used = tuple(blocks)
    defaults = {
        VariableAddress.of(each.key).place: each
        for name in used
        for each in _DEFAULTS.get(name, ())
    }
    required = {each for name in used for each in _COMPONENTS.get(name, ())}
    own = {VariableAddress.of(each.key).place: each for each in _own_defaults(used, evses)}
    for key in rules.standard:
        place = VariableAddress.of(key).place
        default = defaults.get(place) or own.get(place)
        if default is None:
            if not key.required or key.component not in required:
                continue
            default = _Default(key)
        if measurands is not None and default.key in _MEASURANDS:
            # MET-04.
            measured = tuple(each for each in default.value if each in measurands)
            default = structs.replace(default, value=measured, values=tuple(measurands))
        for each in _places(key, evses):
            _declare(model, each, default)


def _declare(model: DeviceModel, place: VariableKey[Any], default: _Default) -> None:
    # The neutral key knows the type best; the version says what a CSMS may do.
    key = replace(
        default.key,
        evse_id=place.evse_id,
        connector_id=place.connector_id,
        units=place.units or default.key.units,
        mutability=place.mutability or default.key.mutability,
    )
    if key not in model:
        model.declare(
            key,
            default.value,
            min_limit=default.min_limit,
            max_limit=default.max_limit,
            values=place.values if default.values is None else default.values,
            reboot_required=default.reboot_required,
            persistent=default.persistent,
        )


def _places(
    key: VariableKey[Any], evses: Mapping[int, Sequence[int]]
) -> Iterator[VariableKey[Any]]:
    """Yields the key for each EVSE or connector that has its own; otherwise yields it once."""
    if key.component == "EVSE":
        yield from (key.on_evse(number) for number in evses)
    elif key.component == "Connector":
        for number, connectors in evses.items():
            yield from (key.on_evse(number, connector) for connector in connectors)
    else:
        yield key


def _own_defaults(blocks: Sequence[str], evses: Mapping[int, Sequence[int]]) -> Iterator[_Default]:
    """Yields what only OCPP 1.6 has, where EVSEs count as connectors."""
    profiles = ("Core", *(_PROFILES[name] for name in blocks if name in _PROFILES))
    yield _Default(SUPPORTED_FEATURE_PROFILES, profiles)
    yield _Default(NUMBER_OF_CONNECTORS, len(evses))
    rotation = tuple(f"{number}.Unknown" for number in (0, *evses))
    yield _Default(CONNECTOR_PHASE_ROTATION, rotation, values=())
