"""The standard variables of a station: those of OCPP that its blocks use."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from msgspec import Struct, structs

from ocppkit.core import VariableKey

from ._addresses import VariableAddress
from ._configuration_keys import ConfigurationKey
from ._device_model import DeviceModel
from ._setting_keys import (
    ALIGNED_DATA_MEASURANDS,
    ALIGNED_DATA_TX_ENDED_MEASURANDS,
    CONNECTOR_PHASE_ROTATION,
    NUMBER_OF_CONNECTORS,
    SAMPLED_DATA_TX_ENDED_MEASURANDS,
    SAMPLED_DATA_TX_STARTED_MEASURANDS,
    SAMPLED_DATA_TX_UPDATED_MEASURANDS,
    SUPPORTED_FEATURE_PROFILES,
)
from ._standard_defaults import DEFAULTS, StandardDefault

__all__ = ["VariableRules", "declare_standard", "model_of"]


class VariableRules(Struct, frozen=True, kw_only=True):
    """The rules of variables in one version of OCPP."""

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
    """Returns a device model with the variables that the given blocks use.

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
    """Declares the variables that the given blocks use, and those that OCPP requires with them.

    Args:
        model: where they are declared; what it has already stays as it is.
        rules: those of the version, as its dialect has them.
        blocks: the names of the blocks in use, by default of all.
        evses: the numbers of the EVSEs, each with those of its connectors.
        measurands: what the meters tell; a CSMS cannot choose others. By default it can choose any text.
    """
    used = tuple(blocks)
    defaults = {
        VariableAddress.of(each.key).place: each for name in used for each in DEFAULTS.get(name, ())
    }
    required = {each for name in used for each in _COMPONENTS.get(name, ())}
    own = {VariableAddress.of(each.key).place: each for each in _own_defaults(used, evses)}
    for key in rules.standard:
        place = VariableAddress.of(key).place
        default = defaults.get(place) or own.get(place)
        if default is None:
            if not key.required or key.component not in required:
                continue
            default = StandardDefault(key)
        if measurands is not None and default.key in _MEASURANDS:
            # MET-04.
            measured = tuple(each for each in default.value if each in measurands)
            default = structs.replace(default, value=measured, values=tuple(measurands))
        for each in _places(key, evses):
            _declare(model, each, default)


def _declare(model: DeviceModel, place: VariableKey[Any], default: StandardDefault) -> None:
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
    """Yields a copy of the key for each EVSE or connector if it belongs to one, else the key
    itself.
    """
    if key.component == "EVSE":
        yield from (key.on_evse(number) for number in evses)
    elif key.component == "Connector":
        for number, connectors in evses.items():
            yield from (key.on_evse(number, connector) for connector in connectors)
    else:
        yield key


def _own_defaults(
    blocks: Sequence[str], evses: Mapping[int, Sequence[int]]
) -> Iterator[StandardDefault]:
    """Yields the defaults of variables that only OCPP 1.6 has, where EVSEs count as connectors."""
    profiles = ("Core", *(_PROFILES[name] for name in blocks if name in _PROFILES))
    yield StandardDefault(SUPPORTED_FEATURE_PROFILES, profiles)
    yield StandardDefault(NUMBER_OF_CONNECTORS, len(evses))
    rotation = tuple(f"{number}.Unknown" for number in (0, *evses))
    yield StandardDefault(CONNECTOR_PHASE_ROTATION, rotation, values=())
