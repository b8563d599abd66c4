"""The asyncio protocol of picows, made here and not by `ws_create_server` and `ws_connect`.

Those functions keep it to themselves. A server's takes its decision about a handshake in the moment
that it has read it, whereas an authenticator may have to ask a database; and a client's leaves its
connection open when the waiting is cancelled. So the handshake of a server is not read by picows at
all: it is shown one that says no more than that it is to begin.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from picows import WSTransport
from picows import picows as _picows
from typing_extensions import Buffer

from .._commons import SharedReading, commons

__all__ = ["FrameProtocol", "Owner", "discard"]

logger = logging.getLogger("ocppkit.transports.picows")

if TYPE_CHECKING:

    class _WSProtocol(asyncio.BufferedProtocol):
        """What picows has no types for."""

        transport: WSTransport

        def __init__(self, **options: object) -> None: ...
        def get_buffer(self, sizehint: int) -> memoryview: ...
        async def wait_until_handshake_complete(self) -> None: ...

else:
    _WSProtocol = _picows.WSProtocol

_FIRST_BUFFER: Final = 1024
"""Bytes of picows' read buffer to begin with; it rounds it up."""


class Owner(Protocol):
    """Whose frames are read and written."""

    @property
    def closing(self) -> bool:
        """Whether a goodbye was said."""
        ...

    def made(self, transport: asyncio.Transport) -> None:
        """Takes the connection."""
        ...

    def takes(self, nbytes: int) -> bool:
        """Takes what was read, or leaves it to picows."""
        ...

    def broken(self) -> None:
        """Learns that picows has said goodbye, as it could not read what came."""
        ...

    def lost(self, exc: Exception | None) -> None:
        """Learns that the connection has ended."""
        ...


class _Log:
    """One log for all connections, in which mistakes of a peer are no errors of ours.

    picows would make a logger for each connection, and would log whole handshakes, passwords
    included, at a level of its own.
    """

    def isEnabledFor(self, level: int) -> bool:
        """Whether a level is logged: picows asks for its own, and logs at others unasked."""
        return False

    def info(self, message: str, *args: object) -> None:
        """Logs nothing: of connections that come and go others tell."""

    def debug(self, message: str, *args: object) -> None:
        """Logs for those who debug."""
        logger.debug(message, *args)

    warning = error = debug

    def exception(self, message: str, *args: object) -> None:
        """Logs an exception, which is ours."""
        logger.exception(message, *args)


_LOG: Final = _Log()


class _Open:
    """A transport, and its socket, that picows can do no harm to.

    It would close it a moment after it has found a mistake of the peer's, and what the peer has
    sent and nobody has read would then keep it from seeing why. It would write long messages by
    `writelines`, out of memory that it uses again at once. And it would set and read half a dozen
    of the socket's options, of which event loops have set the one that matters.
    """

    __slots__ = ("_transport", "closed", "get_write_buffer_size", "write")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.closed = False
        """Whether picows must not read any more."""

        self.get_write_buffer_size = transport.get_write_buffer_size
        self.write = transport.write

    def get_extra_info(self, name: str) -> Any:
        """Returns what picows wants to know."""
        return self if name == "socket" else self._transport.get_extra_info(name)

    def fileno(self) -> int:
        """Returns the socket, to which picows sends as long as nothing waits to be sent."""
        return int(self._transport.get_extra_info("socket").fileno())

    def setsockopt(self, *option: int) -> None:
        """Sets nothing."""

    def getsockopt(self, *option: int) -> int:
        """Returns nothing of interest."""
        return 0

    def close(self) -> None:
        """Leaves it to the owner, who knows already."""
        self.closed = True

    def writelines(self, pieces: Sequence[Buffer]) -> None:
        """Writes a copy.

        From Python 3.12 on asyncio keeps the pieces; up to 3.13.1 it does not even say so when they
        become too many (CVE-2024-12254).
        """
        self.write(b"".join(pieces))


class FrameProtocol(_WSProtocol):
    """Reads and writes frames. What it reads it hands to a `WSListener`.

    It is read to the memory that all connections share, which is in the cache of the CPU, and picows
    gets a copy of what its owner does not take at once. Its own memory would grow with every flood.
    """

    __slots__ = ("_buffer", "_open", "_owner")

    def __init__(
        self,
        owner: Owner,
        new_listener: Callable[..., object],
        frame_bytes: int,
        *,
        host: str | None = None,
        target: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Makes one for a server, or for a client if a host is named.

        Args:
            owner: whom it works for.
            new_listener: makes the listener, or the refusal, when there was a handshake.
            frame_bytes: the longest frame that is read.
            host: whom a client's handshake names.
            target: what it asks for.
            headers: more of its headers.
        """
        super().__init__(
            host_port=host,
            ws_path=target,
            is_client_side=host is not None,
            ws_listener_factory=new_listener,
            logger=_LOG,
            disconnect_on_exception=True,
            websocket_handshake_timeout=None,
            enable_auto_ping=False,
            auto_ping_idle_timeout=0,
            auto_ping_reply_timeout=0,
            auto_ping_strategy=_picows.WSAutoPingStrategy.PING_WHEN_IDLE,
            enable_auto_pong=False,
            max_frame_size=frame_bytes,
            extra_headers=headers,
            read_buffer_init_size=_FIRST_BUFFER,
        )
        self._owner = owner
        self._buffer = commons().buffer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection."""
        made = cast(asyncio.Transport, transport)
        self._owner.made(made)
        self._open = _Open(made)
        super().connection_made(cast(asyncio.Transport, self._open))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Says where to read to."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Takes what was read."""
        if not self._owner.takes(nbytes):
            self.feed(self._buffer[:nbytes])

    def connection_lost(self, exc: Exception | None) -> None:
        """Takes the end."""
        super().connection_lost(exc)
        self._owner.lost(exc)

    def feed(self, data: memoryview | bytes) -> None:
        """Has picows read this."""
        while data and not self._open.closed:
            buffer = _WSProtocol.get_buffer(self, -1)
            count = min(len(buffer), len(data))
            buffer[:count] = data[:count]
            data = data[count:]
            _WSProtocol.buffer_updated(self, count)
            if self.transport.is_close_frame_sent and not self._owner.closing:
                self._owner.broken()
                return


def discard(transport: asyncio.Transport) -> None:
    """Ends our half of a connection, and reads what still comes without looking at it."""
    transport.set_protocol(_Leftovers(transport.get_protocol()))
    if transport.can_write_eof():
        transport.write_eof()
    else:
        transport.close()


class _Leftovers(SharedReading):
    """Reads without looking."""

    def __init__(self, before: asyncio.BaseProtocol) -> None:
        super().__init__()
        self._before = before

    def data_received(self, data: bytes) -> None:
        """Takes bytes, and leaves it at that."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Takes the end."""
        self._before.connection_lost(exc)
