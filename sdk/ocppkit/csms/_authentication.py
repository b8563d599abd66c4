"""Authenticators decide which stations may connect: the interface, and two implementations."""

import hmac
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Protocol, TypeAlias

from msgspec import Struct

from ocppkit.aio import MaybeAwaitable
from ocppkit.aio.lowlevel import await_if_needed

from ._credentials import Credentials

__all__ = [
    "Authenticator",
    "CertificateAuthenticator",
    "PasswordAuthenticator",
    "Refused",
    "Verdict",
    "common_names",
]


class Verdict(Enum):
    """The decision of an authenticator."""

    ACCEPTED = "accepted"

    REFUSED = "refused"
    """Missing or wrong credentials: HTTP 401."""

    UNKNOWN = "unknown"
    """No such station: HTTP 404, as OCPP-J asks."""


class Refused(Struct, frozen=True):
    """A negative decision with its reason. The reason is logged; the station is not told."""

    reason: str
    verdict: Verdict = Verdict.REFUSED


class Authenticator(Protocol):
    """The interface of an authenticator, which checks the credentials of each station before its
    connection is opened.
    """

    def authenticate(self, credentials: Credentials) -> MaybeAwaitable[Verdict | Refused]:
        """Returns the verdict; may be `async`, for example to ask a database. Compare in constant
        time.

        It has three quarters of `Limits.handshake_timeout`. If it takes longer the station is
        answered with 503, if it raises or returns anything else with 500, and the log says why.
        """
        ...


Secret: TypeAlias = str | bytes
"""A password: text, or the raw bytes of a 1.6 AuthorizationKey (`bytes.fromhex` of its 40 digits)."""


class PasswordAuthenticator:
    """Checks the password of HTTP Basic authentication (security profiles 1 and 2)."""

    def __init__(
        self,
        passwords: Callable[[str], MaybeAwaitable[Secret | None]],
        *,
        require_tls: bool = False,
    ) -> None:
        """Creates the authenticator.

        Args:
            passwords: looks up one by identity (a dictionary's `get` does); `None`: no such station.
            require_tls: refuse what is not encrypted (profile 2).
        """
        self._look_up = passwords
        self._require_tls = require_tls

    async def authenticate(self, credentials: Credentials) -> Verdict | Refused:
        """Returns whether the password is right, comparing it in constant time."""
        secret = await await_if_needed(self._look_up(credentials.identity))
        if secret is None:
            return Verdict.UNKNOWN
        if credentials.password is None:
            return Refused(credentials.password_problem)
        if self._require_tls and not credentials.secure:
            return Refused("the connection is not encrypted, and require_tls is set")
        expected = secret.encode() if isinstance(secret, str) else secret
        if not expected:
            # An empty column of a database is a password that was never set, not one that anybody
            # may know.
            return Refused("the stored password is empty")
        same = hmac.compare_digest(credentials.password, expected)
        return Verdict.ACCEPTED if same else Refused("wrong password")


class CertificateAuthenticator:
    """Checks the client certificate of a station (security profile 3).

    TLS has verified the chain; here the names in the certificate are compared. # SEC-11
    """

    def __init__(
        self,
        common_names: Callable[[str], MaybeAwaitable[str | None]],
        *,
        organization: str | None,
        revoked: Callable[[Mapping[str, Any]], MaybeAwaitable[bool]] | None = None,
    ) -> None:
        """Creates the authenticator.

        Args:
            common_names: looks up the common name, which is the station's serial number, by identity
                (a dictionary's `get` does); `None`: no such station.
            organization: the organization in all certificates, which OCPP wants to be the operator's
                name; `None`: any.
            revoked: tells of a certificate, in the form of `ssl.SSLSocket.getpeercert`, whether it
                counts no more (compare `serialNumber` and `issuer`), for instance by a database.
        """
        self._look_up = common_names
        self._organization = organization
        self._revoked = revoked

    async def authenticate(self, credentials: Credentials) -> Verdict | Refused:
        """Returns whether the certificate names this station and the organization."""
        expected = await await_if_needed(self._look_up(credentials.identity))
        if expected is None:
            return Verdict.UNKNOWN
        certificate = credentials.certificate
        if not certificate:
            return Refused("there is no client certificate")
        if common_names(certificate) != (expected,):
            return Refused("the client certificate names another station")
        organizations = _subject_values(certificate, "organizationName")
        if self._organization is not None and organizations != (self._organization,):
            return Refused("the client certificate names another organization")
        if self._revoked is not None and await await_if_needed(self._revoked(certificate)):
            return Refused("the client certificate is revoked")
        return Verdict.ACCEPTED


def _subject_values(certificate: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    return tuple(
        value
        for relative in certificate.get("subject", ())
        for name, value in relative
        if name == kind
    )


def common_names(certificate: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Returns the common names in a certificate's subject; most certificates have one."""
    return _subject_values(certificate or {}, "commonName")
