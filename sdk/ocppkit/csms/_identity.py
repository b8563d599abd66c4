"""Who knocks: a station's identity from the path, its password from the header, as bytes and checked."""

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote_to_bytes

from ocppkit.aio import Handshake

__all__ = ["BadHandshake", "identity_in", "offered_subprotocols", "password_in"]

_LONGEST: Final = 255
"""OCPP 2.x allows 48 characters and OCPP 1.6 sets no limit; this one fits a column of a database."""

_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class BadHandshake(Exception):
    """A handshake that can only be refused."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def identity_in(path: str) -> str:
    """Returns the identity: the last segment of the path, percent-decoded. # CON-05

    Raises:
        BadHandshake: there is none, or it cannot be one.
    """
    segment = path.partition("?")[0].rpartition("/")[2]
    # Bytes that are no ASCII arrive as lone surrogates.
    raw = segment.encode("utf-8", "surrogateescape")
    if _BAD_ESCAPE.search(raw):
        raise BadHandshake(400, "the path is not percent-encoded properly")
    try:
        identity = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise BadHandshake(400, "the path is not UTF-8") from None
    # `*` alone is HTTP's target for the server as a whole, no path.
    nameless = path == "*" or identity in {"", ".", ".."}
    if nameless or len(identity) > _LONGEST or not identity.isprintable():
        raise BadHandshake(404, "the path ends in no identity of a station")
    return identity


def offered_subprotocols(handshake: Handshake) -> list[str]:
    """Returns what the station offers in `Sec-WebSocket-Protocol`, in its order of preference."""
    values = handshake.headers_named(b"sec-websocket-protocol")
    names = b",".join(values).decode("latin-1").split(",")
    return [name.strip() for name in names if name.strip()]


def password_in(handshake: Handshake, identity: str) -> bytes | None:
    """Returns the password of Basic authentication, or `None` where there is no such header.

    The user name must be the identity. Both may hold colons: what stands before the password is
    known, so nothing is searched. The password is bytes, as a 1.6 AuthorizationKey is no text.

    Raises:
        BadHandshake: the header cannot be read, or names another user. # BAS-01, BAS-02
    """
    values = handshake.headers_named(b"authorization")
    if not values:
        return None
    scheme, _, encoded = values[0].strip().partition(b" ")
    if len(values) > 1 or scheme.lower() != b"basic":
        raise BadHandshake(401, "Basic authentication is needed")
    try:
        credentials = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        raise BadHandshake(401, "the Authorization header cannot be read") from None
    prefix = identity.encode() + b":"
    if not credentials.startswith(prefix):
        raise BadHandshake(401, "the user name is not the identity in the path")
    return credentials[len(prefix) :]
