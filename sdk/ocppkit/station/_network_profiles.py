"""Network profiles: where and how a station reaches its CSMS."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from ssl import SSLContext
from typing import TypeAlias

__all__ = ["NetworkProfile", "NetworkProfiles", "as_profiles"]


@dataclass(frozen=True, slots=True)
class NetworkProfile:
    """One way to reach a CSMS: URL, credentials and TLS."""

    url: str
    """The endpoint of the CSMS, `ws://` or `wss://`, without the identity."""

    password: str | bytes | None = field(default=None, repr=False, kw_only=True)
    """For Basic authentication there; the station's own by default."""

    ssl: SSLContext | None = field(default=None, kw_only=True)
    """For `wss` there; the station's own by default."""

    client_certificate: bool | None = field(default=None, kw_only=True)
    """Whether `ssl` holds a client certificate; as the station's option says by default."""

    slot: int | None = field(default=None, kw_only=True)
    """The configurationSlot of SetNetworkProfile; another one means another boot (BOOT-26)."""

    def is_same_way(self, other: "NetworkProfile") -> bool:
        """Returns whether two profiles lead to the same CSMS. # BOOT-26

        Their credentials may differ.
        """
        return (self.url, self.slot) == (other.url, other.slot)


NetworkProfiles: TypeAlias = str | NetworkProfile | Sequence[str | NetworkProfile]
"""One way to the CSMS or several, the most wanted first: the variable NetworkConfigurationPriority."""


def as_profiles(
    network: NetworkProfiles,
    password: str | bytes | None,
    ssl: SSLContext | None,
    client_certificate: bool | None = None,
) -> tuple[NetworkProfile, ...]:
    """Returns the network profiles for a URL, a profile or several; completed with the given
    credentials.

    Args:
        network: the profiles.
        password: for those that have none.
        ssl: for those that have none.
        client_certificate: whether that holds a client certificate.
    """
    several = (network,) if isinstance(network, str | NetworkProfile) else network
    profiles = (NetworkProfile(each) if isinstance(each, str) else each for each in several)
    return tuple(
        replace(
            each,
            password=password if each.password is None else each.password,
            ssl=ssl if each.ssl is None else each.ssl,
            client_certificate=(
                client_certificate if each.client_certificate is None else each.client_certificate
            ),
        )
        for each in profiles
    )
