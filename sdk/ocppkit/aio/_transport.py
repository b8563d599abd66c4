"""What carries frames: the two shapes that a transport may have.

Theory of operation: the endpoint is fed by callbacks. A `Wire` calls `data_received` for each
frame, the endpoint answers through `write`, and a call, its plain handler and its reply pass
without a single switch of tasks. WebSocket libraries of web frameworks offer coroutines instead;
their adapter is a `Transport`, three methods, which a pump beside it turns into a `Wire`.

What closes a connection, and how, is told once, by the `ConnectionClosed` that ends it.
"""

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from ocppkit.core import ConnectionClosed

from ._handshake import ConnectRequest

__all__ = ["AdjustablePings", "Attachment", "Connector", "Opened", "Receiver", "Transport", "Wire"]


class Receiver(Protocol):
    """Whom a wire feeds."""

    def data_received(self, data: str | bytes) -> None:
        """Takes one message: a text, or the bytes of what came as a binary message."""
        ...

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Takes the end: exactly once, and the last thing that a wire reports."""
        ...


class Wire(Protocol):
    """A connection that calls its receiver, but never from inside a call of the receiver's.

    Nothing in it blocks.
    """

    def start(self, receiver: Receiver) -> None:
        """Begins to feed this receiver, with what came in before too; or feeds it from now on."""
        ...

    def write(self, text: str) -> None:
        """Sends a text, in order; what is written after the end is dropped."""
        ...

    def pause_reading(self) -> None:
        """Asks for no more messages; those already read may still come."""
        ...

    def resume_reading(self) -> None:
        """Asks for messages again."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Sends what was written, says goodbye, and ends within a bounded time."""
        ...


@runtime_checkable
class AdjustablePings(Protocol):
    """A wire whose ping interval can be changed while it is open; not every library has that."""

    def set_ping_interval(self, seconds: float) -> None:
        """Sends pings so often from now on; zero turns them off."""
        ...


class Transport(Protocol):
    """A connection that is driven by coroutines."""

    async def receive(self) -> str | bytes:
        """Returns the next message: a text, or the bytes of what came as a binary message.

        Raises:
            ConnectionClosed: there will be no other.
        """
        ...

    async def send(self, text: str) -> None:
        """Sends a text; waits while the peer is slower than we are.

        Raises:
            ConnectionClosed: it cannot be sent any more.
        """
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Says goodbye; `receive` raises afterwards."""
        ...


class Attachment(Protocol):
    """What a server holds of a connection that it has handed over."""

    async def drain(self, grace: float) -> None:
        """Shuts the connection down: handlers get time to finish, then it is closed.

        Args:
            grace: seconds that running handlers have.
        """
        ...


class Opened(NamedTuple):
    """A connection that a station has opened."""

    wire: Wire
    subprotocol: str | None
    """What the CSMS chose; `None` if it named nothing."""


Connector: TypeAlias = Callable[[ConnectRequest], Coroutine[Any, Any, Opened]]
"""Opens a connection, or raises `HandshakeRefused` or `ConnectionClosed`."""
