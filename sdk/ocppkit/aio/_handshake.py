"""The opening of a connection as values: what adapters of WebSocket libraries translate from and to.

Those that every new connection needs are structs: a frozen dataclass takes ten times as long to make.
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
"""Names and values as on the wire, in order; names in any case."""


def without_query(url: str) -> str:
    """Returns a URL or request target without user, password and query, as it may be logged."""
    url = url.partition("#")[0].partition("?")[0]
    scheme, separator, rest = url.rpartition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2] if separator else host}{slash}{path}"


class Handshake(Struct, frozen=True, kw_only=True):
    """What a station asked for when it connected."""

    path: str
    """The request target as it stood on the request line: not decoded, a query included."""

    headers: Headers = ()

    peer_certificate: Mapping[str, Any] | None = None
    """The client certificate that TLS verified, as `ssl.SSLSocket.getpeercert` returns it."""

    secure: bool = False
    """Whether the connection is encrypted by TLS."""

    remote_address: str = ""
    """The peer's address, without the port."""

    def __repr__(self) -> str:
        # Headers hold passwords, and a query may hold a token.
        path = without_query(self.path)
        return f"Handshake(path={path!r}, secure={self.secure}, from={self.remote_address!r})"

    def headers_named(self, name: bytes) -> list[bytes]:
        """Returns the values of all headers of this name, in order."""
        wanted, size = name.lower(), len(name)
        return [value for key, value in self.headers if len(key) == size and key.lower() == wanted]


class Accept(Struct, frozen=True, kw_only=True):
    """The connection may be opened."""

    subprotocol: str | None
    """What the answer names in `Sec-WebSocket-Protocol`; `None`: the answer has no such header."""

    identity: str
    """The station's identity, decoded and checked."""

    headers: Headers = ()
    """More headers for the answer."""

    remote_address: str = ""

    record: StationRecord | None = None
    """What is known of this station, from before it connected."""

    common_names: tuple[str, ...] = ()
    """Whom the client certificate names that TLS verified; empty where there is none."""

    policies: Policies | None = None
    """How strictly this station is read and written to, where that differs from others."""

    handshake: Handshake | None = None
    """What the station asked for, without the Authorization header."""

    farewell: str = ""
    """Why the connection, once open, is to be closed at once; empty: it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """The connection is refused by an HTTP answer."""

    status: int
    reason: str
    """Why, in a few words, for the log and the answer's body; it never quotes the peer."""

    headers: Headers = ()

    @property
    def body(self) -> bytes:
        """The answer's body."""
        return f"{self.reason}\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRequest:
    """The connection that a station wants."""

    url: str
    """The URL of the CSMS, with the identity as its last segment."""

    subprotocols: tuple[str, ...]
    headers: Headers = field(default=(), repr=False)

    ssl: SSLContext | None = None
    """For `wss`: how the server is verified and which certificate we show."""

    def __repr__(self) -> str:
        # Headers and URLs hold passwords and tokens.
        url, offered = without_query(self.url), ", ".join(self.subprotocols)
        return f"ConnectRequest(url={url!r}, offers={offered!r})"
