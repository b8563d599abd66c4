"""The interfaces between an endpoint and a transport: `Wire`, `Transport` and others.

Theory of operation: an endpoint receives frames by callbacks. A `Wire` calls `data_received` for each
frame, and the endpoint answers by `write`. So a call, its plain handler and its reply need no switch
of tasks. Web frameworks offer WebSockets with coroutines instead; an adapter for one is a `Transport`
with three methods, which `ocppkit.transports` turns into a `Wire`.

How a connection has ended is reported once, as a `ConnectionClosed`.
"""

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from ocppkit.core import ConnectionClosed

from ._handshake import ConnectRequest

__all__ = [
    "AdjustablePings",
    "AttachedConnection",
    "Connector",
    "OpenedConnection",
    "Receiver",
    "Transport",
    "Wire",
]


class Receiver(Protocol):
    """The object to which a wire delivers messages: an endpoint."""

    def data_received(self, data: str | bytes) -> None:
        """Handles one message, a text or the bytes of a binary message."""
        ...

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Handles the end of the connection. It is called exactly once, and after it nothing is."""
        ...


class Wire(Protocol):
    """One end of an open connection, driven by callbacks.

    It never calls the receiver while the receiver calls it, and no method blocks.
    """

    def start(self, receiver: Receiver) -> None:
        """Delivers messages to this receiver, also those that came before. A second call replaces
        the receiver.
        """
        ...

    def write(self, text: str) -> None:
        """Sends a text after those written before; has no effect once the connection has ended."""
        ...

    def pause_reading(self) -> None:
        """Pauses reading. Messages that were read before may still be delivered."""
        ...

    def resume_reading(self) -> None:
        """Resumes reading."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Sends what was written, then a close frame; the connection ends within a limited time."""
        ...


@runtime_checkable
class AdjustablePings(Protocol):
    """A wire whose ping interval can be changed while it is open. Not every library supports that."""

    def set_ping_interval(self, seconds: float) -> None:
        """Changes the time between two pings, in seconds; zero turns them off."""
        ...


class Transport(Protocol):
    """One end of an open connection, driven by coroutines."""

    async def receive(self) -> str | bytes:
        """Returns the next message: a text, or the bytes of a binary message.

        Raises:
            ConnectionClosed: the connection has ended.
        """
        ...

    async def send(self, text: str) -> None:
        """Sends a text; waits while the peer reads too slowly.

        Raises:
            ConnectionClosed: the connection has ended.
        """
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection; `receive` raises afterwards."""
        ...


class AttachedConnection(Protocol):
    """A connection that a CSMS serves, as the server keeps it to shut it down."""

    async def drain(self, grace: float) -> None:
        """Shuts the connection down: lets running handlers finish, then closes.

        Args:
            grace: seconds that running handlers have to finish.
        """
        ...


class OpenedConnection(NamedTuple):
    """A connection that a station has opened."""

    wire: Wire
    subprotocol: str | None
    """The subprotocol that the CSMS chose; `None` if it named none."""


Connector: TypeAlias = Callable[[ConnectRequest], Coroutine[Any, Any, OpenedConnection]]
"""A function that opens a connection, or raises `HandshakeRefused` or `ConnectionClosed`."""
