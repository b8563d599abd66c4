"""Network connection profiles, which a CSMS stores in numbered slots. [B09, B10]"""

from enum import StrEnum

from msgspec import Struct, structs

from .._commands_and_reports import Command, CommandAnswer, Event
from ._declared_variables import ValueRefusal

__all__ = [
    "AccessPoint",
    "NetworkConnectionProfile",
    "NetworkProfileSet",
    "NetworkProfileStatus",
    "SetNetworkProfile",
    "SetNetworkProfileAnswer",
    "VirtualNetwork",
    "network_profile_refusal",
]

_SECRETS = frozenset({"apn_password", "basic_auth_password", "key", "password", "sim_pin"})


class _WithoutSecrets(Struct, frozen=True, kw_only=True):
    """Base class of structs whose secrets are left out of `repr`."""

    def __repr__(self) -> str:
        """Returns the members, without the secrets."""
        shown = (
            f"{name}={'***' if name in _SECRETS and value is not None else repr(value)}"
            for name, value in structs.asdict(self).items()
        )
        return f"{type(self).__name__}({', '.join(shown)})"


class AccessPoint(_WithoutSecrets, frozen=True, kw_only=True):
    """How to connect to a mobile network."""

    apn: str
    apn_authentication: str
    apn_user_name: str | None = None
    apn_password: str | None = None
    sim_pin: int | None = None
    preferred_network: str | None = None
    use_only_preferred_network: bool = False


class VirtualNetwork(_WithoutSecrets, frozen=True, kw_only=True):
    """How to connect to a VPN."""

    type: str
    server: str
    user: str
    password: str
    key: str
    group: str | None = None


class NetworkConnectionProfile(_WithoutSecrets, frozen=True, kw_only=True):
    """A network connection profile: one way to a CSMS."""

    ocpp_csms_url: str
    """Without the identity of the station."""

    security_profile: int
    message_timeout: int
    """Seconds."""

    ocpp_interface: str
    ocpp_transport: str = "JSON"
    ocpp_version: str | None = None
    """A station may ignore it: the version is agreed on when the connection opens."""

    apn: AccessPoint | None = None
    vpn: VirtualNetwork | None = None
    identity: str | None = None
    basic_auth_password: str | None = None


class NetworkProfileStatus(StrEnum):
    """The station's answer to `SetNetworkProfile`."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    FAILED = "Failed"


class SetNetworkProfileAnswer(CommandAnswer, frozen=True, kw_only=True):
    """The station's answer to `SetNetworkProfile`."""

    status: str
    """A `NetworkProfileStatus`."""

    reason_code: str | None = None
    additional_info: str | None = None


class SetNetworkProfile(Command[SetNetworkProfileAnswer], frozen=True, kw_only=True):
    """Command: stores a network connection profile in a slot. # B09"""

    configuration_slot: int
    connection_data: NetworkConnectionProfile


class NetworkProfileSet(Event, frozen=True, kw_only=True):
    """Event: the CSMS has stored a network connection profile. It is used from the next restart on.
    # B09
    """

    slot: int
    profile: NetworkConnectionProfile


def network_profile_refusal(
    profile: NetworkConnectionProfile, *, current: int, downgrade_allowed: bool
) -> ValueRefusal | None:
    """Returns the reason why a network connection profile cannot be used, or `None`.

    Args:
        profile: the profile.
        current: the security profile of the station.
        downgrade_allowed: whether it may go from 3 to 2.
    """
    wanted = profile.security_profile
    scheme, separator, rest = profile.ocpp_csms_url.partition("://")
    # B09.FR.02.
    if profile.ocpp_transport != "JSON":
        return ValueRefusal(f"there is no transport {profile.ocpp_transport}", "UnsupportedParam")
    if wanted not in (0, 1, 2, 3):
        return ValueRefusal(f"there is no security profile {wanted}", "ValueOutOfRange")
    if profile.message_timeout < 0:
        return ValueRefusal("the message timeout is below 0", "ValueTooLow")
    if not separator or not rest or scheme.lower() != ("wss" if wanted >= 2 else "ws"):
        return ValueRefusal("the URL does not fit the security profile", "InvalidURL")
    # B09.FR.04; errata 2.12: never to profile 1.
    if wanted < current and not (downgrade_allowed and wanted >= 2):
        return ValueRefusal("the security profile would be lower than it is", "ValueTooLow")
    return None
