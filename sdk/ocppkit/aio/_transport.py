"""The interfaces between an endpoint and what carries its frames: `Wire`, `Transport` and others.

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

__all__ = ["AdjustablePings", "Attachment", "Connector", "Opened", "Receiver", "Transport", "Wire"]


class Receiver(Protocol):
    """Receives what a wire reads: an endpoint."""

    def data_received(self, data: str | bytes) -> None:
        """Handles one message: a text, or the bytes of a binary message."""
        ...

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Handles the end of the connection. It is called exactly once, and after it nothing is."""
        ...


class Wire(Protocol):
    """One end of an open connection, driven by callbacks.

    It never calls the receiver while the receiver calls it, and no method blocks.
    """

    def start(self, receiver: Receiver) -> None:
        """Delivers messages to this receiver, first those that came before; called again, replaces it."""
        ...

    def write(self, text: str) -> None:
        """Sends a text after those written before; does nothing once the connection has ended."""
        ...

    def pause_reading(self) -> None:
        """Stops reading; messages that were read before may still be delivered."""
        ...

    def resume_reading(self) -> None:
        """Reads again."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Sends what was written, then a close frame, and ends within a bounded time."""
        ...


@runtime_checkable
class AdjustablePings(Protocol):
    """A wire whose ping interval can be changed while it is open; not every library supports it."""

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


class Attachment(Protocol):
    """What a server keeps of a connection that a CSMS runs, to shut it down."""

    async def drain(self, grace: float) -> None:
        """Shuts the connection down: handlers get time to finish, then it is closed.

        Args:
            grace: seconds that running handlers have to finish.
        """
        ...


class Opened(NamedTuple):
    """A connection that a station has opened."""

    wire: Wire
    subprotocol: str | None
    """The subprotocol that the CSMS chose; `None` if it named none."""


Connector: TypeAlias = Callable[[ConnectRequest], Coroutine[Any, Any, Opened]]
"""A function that opens a connection, or raises `HandshakeRefused` or `ConnectionClosed`."""
