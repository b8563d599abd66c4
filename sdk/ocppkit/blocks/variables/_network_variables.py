"""Declares network connection profiles as variables of the component NetworkConfiguration, one for
each slot (2.1).
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, TypeVar

from ocppkit.core import BooleanKey, DataType, IntegerKey, Mutability, TextKey, VariableKey

from ._device_model import DeviceModel
from ._network_connections import NetworkConnectionProfile

__all__ = ["declare_profile", "has_network_configuration"]

K = TypeVar("K", bound=VariableKey[Any])

_COMPONENT: Final = "NetworkConfiguration"


def declare_profile(model: DeviceModel, slot: int, profile: NetworkConnectionProfile) -> None:
    """Declares the content of a profile as variables that a CSMS can read. SetNetworkProfile
    changes them.
    """
    for name, text in (
        ("OcppCsmsUrl", profile.ocpp_csms_url),
        ("OcppInterface", profile.ocpp_interface),
        ("OcppTransport", profile.ocpp_transport),
        ("OcppVersion", profile.ocpp_version),
        ("Identity", profile.identity),
    ):
        model.declare(_in_slot(TextKey(name=name), slot), text)
    for name, number in (
        ("MessageTimeout", profile.message_timeout),
        ("SecurityProfile", profile.security_profile),
    ):
        model.declare(_in_slot(IntegerKey(name=name, data_type=DataType.INTEGER), slot), number)
    for name, is_on in (
        ("ApnEnabled", profile.apn is not None),
        ("VpnEnabled", profile.vpn is not None),
    ):
        model.declare(_in_slot(BooleanKey(name=name, data_type=DataType.BOOLEAN), slot), is_on)
    model.declare(
        _in_slot(TextKey(name="BasicAuthPassword"), slot),
        profile.basic_auth_password,
        mutability=Mutability.WRITE_ONLY,
        persistent=False,
        constant=True,
    )


def has_network_configuration(standard: Iterable[VariableKey[Any]]) -> bool:
    """Returns whether a version has the component NetworkConfiguration."""
    return any(key.component == _COMPONENT for key in standard)


def _in_slot(key: K, slot: int) -> K:
    return replace(key, component=_COMPONENT, component_instance=str(slot))
