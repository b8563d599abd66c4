"""The interface of a CSMS through which a transport serves it."""

from collections.abc import Callable
from ssl import SSLContext
from typing import Protocol

from ocppkit.core import Limits

from ._handshake import Accept, Handshake, Reject
from ._transport import AttachedConnection, Wire

__all__ = ["Served"]


class Served(Protocol):
    """The interface of a CSMS for transports: it decides on handshakes and takes over connections.

    Every server transport serves an object with these methods, so a proxy that passes frames on to
    another CSMS can be served in the same way.
    """

    @property
    def limits(self) -> Limits:
        """The limits of each connection; the transport enforces those on message sizes and pings."""
        ...

    def check_startable(self, tls: SSLContext | None = None) -> None:
        """Checks before serving starts that the CSMS is safe to serve.

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
        """Reports a connection that the transport refused; see `Csms.report_refusal`."""
        ...

    def attach(
        self, accept: Accept, wire: Wire, *, finished: Callable[[], None] = ...
    ) -> AttachedConnection:
        """Starts the session of a station whose connection was accepted and is now open.

        Args:
            accept: what `accept` returned.
            wire: the connection.
            finished: to be called when the connection has ended and nothing of it runs any more.

        Returns:
            What can shut the connection down.
        """
        ...
