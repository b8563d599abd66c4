"""The credentials with which a station authenticates itself: password, TLS context and client
certificate.
"""

from dataclasses import dataclass, field, replace
from ssl import SSLContext

from ._network_profiles import NetworkProfile

__all__ = ["StationCredentials"]


@dataclass(frozen=True, slots=True)
class StationCredentials:
    """The credentials of a station, for network profiles that have none of their own."""

    password: str | bytes | None = field(repr=False)
    ssl: SSLContext | None
    client_certificate: bool | None

    def replacing(self, old: "StationCredentials", profile: NetworkProfile) -> NetworkProfile:
        """Returns the profile with these credentials, if it has the old ones."""
        has_old_context = profile.ssl is old.ssl
        return replace(
            profile,
            password=self.password if profile.password == old.password else profile.password,
            ssl=self.ssl if has_old_context else profile.ssl,
            client_certificate=(
                self.client_certificate if has_old_context else profile.client_certificate
            ),
        )
