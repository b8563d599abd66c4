"""Reads a station's identity and the offered subprotocols from its opening handshake."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from ocppkit.aio import Handshake, Headers
from ocppkit.aio.lowlevel import Reject
from ocppkit.core import Protocol

from ._refused_stations import StationRefused

__all__ = [
    "BadHandshake",
    "check_identity",
    "identity_in",
    "identity_or_empty",
    "offered_subprotocols",
    "refusal_event",
]

_LONGEST: Final = 255
"""OCPP 2.x allows 48 characters and OCPP 1.6 sets no limit; this one fits a column of a database."""

_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class BadHandshake(Exception):
    """Raised when a handshake must be refused."""

    def __init__(
        self,
        status: int,
        reason: str,
        cure: str = "",
        *,
        told: str = "",
        headers: Headers = (),
    ) -> None:
        """Creates the exception, with the HTTP response that refuses the handshake.

        Args:
            status: of the HTTP answer.
            reason: why, for the log; it never quotes the station.
            cure: what the operator can do about it, for the log.
            told: what the station is told; the reason by default.
            headers: of the answer.
        """
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.cure = cure
        self.answer = Reject(status=status, reason=told or reason, headers=headers)


def identity_in(path: str) -> str:
    """Returns the identity in a path: its last segment, percent-decoded. # CON-05

    Slashes at the end of the path do not count: some stations append one to the URL that they are
    given.

    Raises:
        BadHandshake: there is none, or it cannot be one.
    """
    segment = path.partition("?")[0].rstrip("/").rpartition("/")[2]
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


def check_identity(identity: str, protocol: Protocol) -> None:
    """Checks whether a version of OCPP allows an identity. # CON-06

    Raises:
        BadHandshake: no station of this version may have it.
    """
    pattern = protocol.identity_pattern
    if pattern is not None and re.fullmatch(pattern, identity) is None:
        raise BadHandshake(
            404,
            f"OCPP {protocol.version} allows no such identity, but only {pattern}",
            "give the station another one, or allow it with Csms(any_identity=True)",
        )


def offered_subprotocols(handshake: Handshake) -> tuple[str, ...]:
    """Returns the subprotocols that the station offers in `Sec-WebSocket-Protocol`, in its order of
    preference.
    """
    values = handshake.headers_named(b"sec-websocket-protocol")
    names = b",".join(values).decode("latin-1").split(",")
    return tuple(name.strip() for name in names if name.strip())


def refusal_event(
    reason: str, status: int | None, remote_address: str, handshake: Handshake | None
) -> StationRefused:
    """Returns the event for a refused connection, with what is known from its handshake."""
    if handshake is None:
        return StationRefused(reason=reason, status=status, remote_address=remote_address)
    return StationRefused(
        reason=reason,
        status=status,
        identity=identity_or_empty(handshake),
        remote_address=handshake.remote_address or remote_address,
        path=handshake.path.partition("?")[0],
        offered=offered_subprotocols(handshake),
    )


def identity_or_empty(handshake: Handshake) -> str:
    """Returns the identity in the path, or an empty text if there is none."""
    try:
        return identity_in(handshake.path)
    except BadHandshake:
        return ""
