"""A server on a socket of its own: it listens, keeps to its most connections, and ends in order."""

import asyncio
import logging
from collections.abc import Callable
from socket import AF_INET, AF_INET6, socket
from typing import Final, TypeAlias

from ocppkit.aio.lowlevel import Accept, AttachedConnection, Served, Wire
from ocppkit.core import LocalProtocolError

from .._bounds import BACKLOG

__all__ = ["NewConnection", "Server", "ServerConnection"]

logger = logging.getLogger("ocppkit.transports")

_MOST_EXCESS: Final = 128
"""Connections above `max_connections` that may wait for their refusal; more are ended without one."""

NewConnection: TypeAlias = Callable[["ServerConnection"], asyncio.BaseProtocol]
"""Returns the protocol of a new connection."""


class Server:
    """A CSMS that is being served."""

    def __init__(self, csms: Served, max_connections: int | None) -> None:
        self._csms = csms
        self._max_connections = max_connections
        self._closing = False
        self._connections: set[ServerConnection] = set()
        self._excess: set[ServerConnection] = set()
        self._listener: asyncio.Server

    @property
    def port(self) -> int:
        """The port that it listens on, for those who asked for any.

        Raises:
            LocalProtocolError: the server has ended.
        """
        if not self._listener.sockets:
            raise LocalProtocolError(
                "the server has ended, so it listens on no port [read `port` before the block of "
                "`serve` is left]"
            )
        return int(self._listener.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """How many connections there are, half-open ones included, and those without TLS yet."""
        return len(self._connections)

    async def listen(
        self,
        new_connection: NewConnection,
        host: str | None,
        port: int,
        *,
        reuse_port: bool = False,
        sock: socket | None = None,
    ) -> None:
        """Accepts connections from now on.

        Raises:
            LocalProtocolError: there is a socket, and also where a new one should listen; or the socket
                is none of TCP.
        """
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.BaseProtocol:
            return new_connection(ServerConnection(self, self._csms))

        if sock is None:
            self._listener = await loop.create_server(
                protocol, host, port, backlog=BACKLOG, reuse_port=reuse_port
            )
        elif host is not None or port or reuse_port:
            raise LocalProtocolError(
                "serve() got a socket, and host, port or reuse_port too [bind the socket, and leave "
                "these out]"
            )
        elif sock.family not in (AF_INET, AF_INET6):
            raise LocalProtocolError(f"serve() needs a TCP socket, not {sock.family.name}")
        else:
            self._listener = await loop.create_server(protocol, sock=sock, backlog=BACKLOG)
        logger.info("serving on port %d", self.port)

    async def shut_down(self, grace: float) -> None:
        """Accepts no more connections, and ends those that are open."""
        self._closing = True
        self._listener.close()
        everyone = self._connections | self._excess
        ending = [connection.shut_down(grace) for connection in everyone]
        for problem in await asyncio.gather(*ending, return_exceptions=True):
            if problem is not None:
                # The others are shut down all the same.
                logger.error("a connection failed while it was being shut down", exc_info=problem)
        # From Python 3.12 on, for those that came at the last moment, too.
        await self._listener.wait_closed()

    # What connections call.

    def entered(self, connection: "ServerConnection") -> bool:
        """Notes a connection as soon as it is there, and returns whether there is room for it.

        One for which there is none may be told so, unless there are too many of them.
        """
        if connection in self._connections:
            return True
        full = self._max_connections is not None and self.connections >= self._max_connections
        (self._excess if full else self._connections).add(connection)
        if self._closing or len(self._excess) > _MOST_EXCESS:
            connection.abort()
        return not full

    def left(self, connection: "ServerConnection") -> None:
        """Forgets a connection of which nothing runs any more."""
        self._connections.discard(connection)
        self._excess.discard(connection)


class ServerConnection:
    """One connection to a server, from its beginning until nothing of it runs any more.

    Two things must be over for that, in either order: the connection, which whoever speaks on it
    tells, and the CSMS's work for it.
    """

    __slots__ = ("_attachment", "_csms", "_finished", "_gone", "_lost", "_server", "_transport")

    def __init__(self, server: Server, csms: Served) -> None:
        self._server = server
        self._csms = csms
        self._transport: asyncio.Transport
        self._attachment: AttachedConnection | None = None
        self._finished = True
        self._lost = False
        self._gone: asyncio.Future[None] | None = None

    def begin(self, transport: asyncio.Transport) -> bool:
        """Adds the connection, or its transport of TLS, and returns whether there is room for it."""
        self._transport = transport
        return self._server.entered(self)

    def attach(self, accept: Accept, wire: Wire) -> None:
        """Hands the connection over to the CSMS."""
        self._finished = False
        self._attachment = self._csms.attach(accept, wire, finished=self._finish)

    def lost(self) -> None:
        """Learns that the connection has ended."""
        self._lost = True
        self._leave()

    def abort(self) -> None:
        """Ends the connection without a close frame."""
        self._transport.abort()

    async def shut_down(self, grace: float) -> None:
        """Ends the connection, and what runs on its behalf."""
        try:
            if self._attachment is not None:
                await self._attachment.drain(grace)
        finally:
            if not self._lost:
                self._gone = asyncio.get_running_loop().create_future()
                self._transport.abort()
                await self._gone

    def _finish(self) -> None:
        self._finished = True
        self._leave()

    def _leave(self) -> None:
        if self._lost and self._gone is not None and not self._gone.done():
            self._gone.set_result(None)
        if self._lost and self._finished:
            self._server.left(self)
