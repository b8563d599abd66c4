"""The opening handshake of a connection as values, independent of any WebSocket library.

Transports translate between these values and their library. Those that every new connection needs are
structs, because creating a frozen dataclass takes ten times as long.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any, TypeAlias

from msgspec import Struct

from ocppkit.core import Policies

from ._registration import StationRecord

__all__ = ["Accept", "ConnectRequest", "Handshake", "Headers", "Reject", "without_query"]

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Names and values of HTTP headers, in the order of the wire; names in upper or lower case."""


def without_query(url: str) -> str:
    """Returns a URL or request target for a log: without user, password and query."""
    url = url.partition("#")[0].partition("?")[0]
    scheme, separator, rest = url.rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2] if separator else host}{slash}{path}"


class Handshake(Struct, frozen=True, kw_only=True):
    """The request with which a station opens a connection."""

    path: str
    """The request target from the request line, not decoded, with the query."""

    headers: Headers = ()

    peer_certificate: Mapping[str, Any] | None = None
    """The client certificate that TLS verified, as `ssl.SSLSocket.getpeercert` returns it."""

    secure: bool = False
    """Whether the connection uses TLS."""

    remote_address: str = ""
    """The peer's address, without the port."""

    def __repr__(self) -> str:
        # Headers hold passwords, and a query may hold a token.
        path = without_query(self.path)
        return f"Handshake(path={path!r}, secure={self.secure}, from={self.remote_address!r})"

    def headers_named(self, name: bytes) -> list[bytes]:
        """Returns the values of all headers with this name, in order."""
        wanted, size = name.lower(), len(name)
        return [value for key, value in self.headers if len(key) == size and key.lower() == wanted]


class Accept(Struct, frozen=True, kw_only=True):
    """The decision to accept a handshake."""

    subprotocol: str | None
    """The value of `Sec-WebSocket-Protocol` in the answer; `None` for an answer without it."""

    identity: str
    """The station's identity, decoded and checked."""

    headers: Headers = ()
    """Additional headers of the answer."""

    remote_address: str = ""

    record: StationRecord | None = None
    """What the CSMS has remembered of this station since its last boot."""

    common_names: tuple[str, ...] = ()
    """The common names in the verified client certificate; empty without one."""

    policies: Policies | None = None
    """Policies of this station, if they differ from those of the CSMS."""

    handshake: Handshake | None = None
    """The station's request, without its Authorization header."""

    reject_reason: str = ""
    """Why the connection is closed as soon as it is open; empty if it stays open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """The decision to refuse a handshake, with the HTTP response to send."""

    status: int
    reason: str
    """Why, in a few words, for the log and the answer's body; never a quotation of the peer."""

    headers: Headers = ()

    @property
    def body(self) -> bytes:
        """The body of the HTTP response."""
        return f"{self.reason}\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRequest:
    """The request to open a connection that a station gives to a transport."""

    url: str
    """The URL of the CSMS, ending with the station's identity."""

    subprotocols: tuple[str, ...]
    headers: Headers = field(default=(), repr=False)

    ssl: SSLContext | None = None
    """For `wss`: verifies the CSMS, and holds the station's certificate if it has one."""

    def __repr__(self) -> str:
        # Headers and URLs hold passwords and tokens.
        url, offered = without_query(self.url), ", ".join(self.subprotocols)
        return f"ConnectRequest(url={url!r}, offers={offered!r})"
