"""`Served`: what a transport needs of a CSMS to serve it."""

from collections.abc import Callable
from ssl import SSLContext
from typing import Protocol

from ocppkit.core import Limits

from ._handshake import Accept, Handshake, Reject
from ._transport import AttachedConnection, Wire

__all__ = ["Served"]


class Served(Protocol):
    """What decides on handshakes and takes over the connections of stations: a CSMS.

    Every server transport serves an object with these methods, so a proxy that passes frames on to
    another CSMS can be served in the same way.
    """

    @property
    def limits(self) -> Limits:
        """The limits of each connection; the transport enforces those on message sizes and pings."""
        ...

    def check_startable(self, tls: SSLContext | None = None) -> None:
        """Checks before the start that it is safe to serve this.

        Args:
            tls: what it is to be served with.

        Raises:
            LocalProtocolError: it is not.
        """
        ...

    async def accept(self, handshake: Handshake) -> Accept | Reject:
        """Decides whether a station may open a connection."""
        ...

    def report_refusal(
        self,
        reason: str,
        *,
        remote_address: str = "",
        status: int | None = None,
        handshake: Handshake | None = None,
    ) -> None:
        """Reports a connection that the transport refused itself; see `Csms.report_refusal`."""
        ...

    def attach(
        self, accept: Accept, wire: Wire, *, finished: Callable[[], None] = ...
    ) -> AttachedConnection:
        """Takes over a connection that was accepted and is open now, and starts its wire.

        Args:
            accept: what `accept` returned.
            wire: the connection.
            finished: to be called when the connection has ended and nothing of it runs any more.

        Returns:
            What can shut the connection down.
        """
        ...
