"""The network profiles and credentials with which one station connects."""

from collections.abc import Sequence
from ssl import SSLContext

from ocppkit.aio.lowlevel import ConnectRequest

from ._connect_request import connect_request
from ._network_order import NetworkOrder
from ._network_profiles import NetworkProfile, NetworkProfiles, as_profiles
from ._station_credentials import StationCredentials

__all__ = ["StationNetwork"]


class StationNetwork:
    """The network profiles and credentials of one station."""

    __slots__ = ("_credentials", "_identity", "_insecure", "_order", "_subprotocol")

    def __init__(
        self,
        identity: str,
        subprotocol: str,
        credentials: StationCredentials,
        order: NetworkOrder,
        *,
        insecure: bool,
    ) -> None:
        self._identity = identity
        self._subprotocol = subprotocol
        self._credentials = credentials
        self._order = order
        self._insecure = insecure

    def use(self, network: NetworkProfiles) -> bool:
        """Replaces the network profiles; returns whether that has changed the credentials in use.

        Raises:
            LocalProtocolError: a profile cannot be used, or none is as safe as one before; nothing has
                changed.
        """
        before = self._order.credentials
        profiles = self._complete_profiles(network)
        for profile in profiles:
            self.request(profile)
        self._order.set_profiles(profiles)
        return before not in (frozenset(), self._order.credentials)

    def renew(
        self,
        password: str | bytes | None,
        ssl: SSLContext | None,
        client_certificate: bool | None,
    ) -> str | None:
        """Replaces the given credentials in all profiles that have none of their own.

        Returns:
            What has changed, `password` or `TLS`; `None` if nothing has.

        Raises:
            LocalProtocolError: it would not be safe, or less safe than a connection before; nothing
                has changed.
        """
        old = self._credentials
        new = StationCredentials(
            old.password if password is None else password,
            old.ssl if ssl is None else ssl,
            old.client_certificate if client_certificate is None else client_certificate,
        )
        self._order.use_credentials(lambda profile: self._with_new_credentials(profile, old, new))
        self._credentials = new
        if new == old:
            return None
        return "password" if new.password != old.password else "TLS"

    def request_to(self, network: str | NetworkProfile) -> ConnectRequest:
        """Returns the request to connect to one endpoint.

        Raises:
            LocalProtocolError: it would not be safe, or the URL cannot be used.
        """
        (completed,) = self._complete_profiles(network)
        return self.request(completed)

    def request(self, profile: NetworkProfile) -> ConnectRequest:
        """Returns the request to connect by a profile that has its credentials.

        Raises:
            LocalProtocolError: it would not be safe, or the URL cannot be used.
        """
        return connect_request(profile, self._identity, self._subprotocol, insecure=self._insecure)

    def _complete_profiles(self, network: NetworkProfiles) -> Sequence[NetworkProfile]:
        own = self._credentials
        return as_profiles(network, own.password, own.ssl, own.client_certificate)

    def _with_new_credentials(
        self, profile: NetworkProfile, old: StationCredentials, new: StationCredentials
    ) -> NetworkProfile:
        changed = new.replacing(old, profile)
        self.request(changed)
        return changed
