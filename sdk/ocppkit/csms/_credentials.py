"""What a station sends to prove its identity: Authorization header, query, password, certificate."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from msgspec import Struct

from ocppkit.aio import Headers

__all__ = ["Credentials", "UnusableAuthorization", "password_in"]

_BASIC: Final = b"basic"
_BEARER: Final = b"bearer"


class Credentials(Struct, frozen=True, kw_only=True):
    """What a station sends to prove its identity when it connects.

    Nothing here is checked but `certificate`, by TLS, and that `identity` can be an identity.
    """

    identity: str
    """The station's identity: the last segment of the path, or what `identify` made of it."""

    password: bytes | None = None
    """From Basic authentication whose user name is the station's identity; `None` otherwise."""

    password_problem: str = "there is no Authorization header"
    """Why there is no `password`, for the log."""

    authorization: bytes | None = None
    """The whole Authorization header; several of them are joined by commas; `None` without."""

    path: str = ""
    """The path as it stood on the request line: not decoded, without the query."""

    query: str = ""
    """What followed the question mark, not decoded."""

    headers: Headers = ()
    """All headers of the request, in order."""

    subprotocols: tuple[str, ...] = ()
    """The subprotocols that the station offers, in its order of preference."""

    certificate: Mapping[str, Any] | None = None
    """The verified client certificate, as `ssl.SSLSocket.getpeercert` returns it."""

    secure: bool = False
    """Whether the connection is encrypted by TLS."""

    remote_address: str = ""

    @property
    def basic(self) -> tuple[bytes, bytes] | None:
        """The user name and the password of Basic authentication, split at the first colon; `None`
        if there are none.

        For authenticators with user names that several stations share. A user name that may hold a
        colon itself is better compared with the start: see `password`.
        """
        try:
            user, colon, password = _basic_in(self.authorization).partition(b":")
        except UnusableAuthorization:
            return None
        return (user, password) if colon else None

    @property
    def token(self) -> str | None:
        """The token of a header `Authorization: Bearer`; `None` if there is none."""
        scheme, _, token = (self.authorization or b"").strip().partition(b" ")
        return token.strip().decode("latin-1") if scheme.lower() == _BEARER else None

    def query_value(self, name: str) -> str | None:
        """Returns a decoded value of the query, such as `"abc"` of `?token=abc`; `None` if there is
        none.
        """
        values = parse_qs(self.query, keep_blank_values=True).get(name)
        return None if values is None else values[0]

    def __repr__(self) -> str:
        # Headers, query and password hold secrets.
        password = "none" if self.password is None else "hidden"
        return (
            f"Credentials(identity={self.identity!r}, password: {password}, secure={self.secure})"
        )


class UnusableAuthorization(Exception):
    """Raised when an Authorization header has no usable password; the text says why not."""


def password_in(authorization: bytes | None, user_names: tuple[str, ...], any_case: bool) -> bytes:
    """Returns the password in a header `Authorization: Basic`. # BAS-01, BAS-02

    User name and password may both hold colons: what stands before the password is known, so
    nothing is searched. The password is bytes, as a 1.6 AuthorizationKey is no text.

    Args:
        authorization: the header.
        user_names: the user names that may stand there.
        any_case: whether a user name may differ in case. # CON-06

    Raises:
        UnusableAuthorization: there is none.
    """
    credentials = _basic_in(authorization)
    for user_name in user_names:
        expected = user_name.encode() + b":"
        shown = credentials[: len(expected)]
        if shown == expected or (any_case and shown.lower() == expected.lower()):
            return credentials[len(expected) :]
    raise UnusableAuthorization("the user name is not the identity in the path")


def _basic_in(authorization: bytes | None) -> bytes:
    if authorization is None:
        raise UnusableAuthorization("there is no Authorization header")
    scheme, _, encoded = authorization.strip().partition(b" ")
    if scheme.lower() != _BASIC:
        raise UnusableAuthorization("the Authorization header is not Basic")
    try:
        return base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        raise UnusableAuthorization("the Authorization header cannot be decoded") from None
