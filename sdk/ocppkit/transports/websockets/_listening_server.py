"""A server that listens on a socket of its own, limits its connections, and shuts down in order."""

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
    """A running server for a CSMS."""

    def __init__(self, csms: Served, max_connections: int | None) -> None:
        self._csms = csms
        self._max_connections = max_connections
        self._closing = False
        self._connections: set[ServerConnection] = set()
        self._excess: set[ServerConnection] = set()
        self._listener: asyncio.Server

    @property
    def port(self) -> int:
        """The port on which the server listens, useful if any free port was asked for.

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
        """The number of connections, including those that are still in a handshake."""
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
        """Starts accepting connections.

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
                "serve() got a socket, and host, port or reuse_port too [bind the socket, and "
                "leave these out]"
            )
        elif sock.family not in (AF_INET, AF_INET6):
            raise LocalProtocolError(
                f"serve() needs a TCP socket, not {sock.family.name} [pass one of AF_INET or AF_INET6]"
            )
        else:
            self._listener = await loop.create_server(protocol, sock=sock, backlog=BACKLOG)
        logger.info("serving stations on port %d", self.port)

    async def shut_down(self, grace: float) -> None:
        """Stops accepting connections, and shuts down the open ones."""
        self._closing = True
        self._listener.close()
        everyone = self._connections | self._excess
        ending = [connection.shut_down(grace) for connection in everyone]
        for problem in await asyncio.gather(*ending, return_exceptions=True):
            if problem is not None:
                # The others are shut down all the same.
                logger.error(
                    "shutting down a connection failed [the other connections are shut down all "
                    "the same]",
                    exc_info=problem,
                )
        # From Python 3.12 on, for those that came at the last moment, too.
        await self._listener.wait_closed()

    # What connections call.

    def add(self, connection: "ServerConnection") -> bool:
        """Adds a new connection; returns whether it is within the limit.

        One for which there is none may be told so, unless there are too many of them.
        """
        if connection in self._connections:
            return True
        full = self._max_connections is not None and self.connections >= self._max_connections
        (self._excess if full else self._connections).add(connection)
        if self._closing or len(self._excess) > _MOST_EXCESS:
            connection.abort()
        return not full

    def remove(self, connection: "ServerConnection") -> None:
        """Removes a connection whose tasks have all ended."""
        self._connections.discard(connection)
        self._excess.discard(connection)


class ServerConnection:
    """One connection to a server, from its beginning until all its tasks have ended.

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
        """Adds the connection, or its TLS transport, to the open ones; returns whether it is within
        the limit.
        """
        self._transport = transport
        return self._server.add(self)

    def attach(self, accept: Accept, wire: Wire) -> None:
        """Passes the connection to the CSMS."""
        self._finished = False
        self._attachment = self._csms.attach(accept, wire, finished=self._finish)

    def lost(self) -> None:
        """Notes that the connection has ended."""
        self._lost = True
        self._leave()

    def abort(self) -> None:
        """Ends the connection without a close frame."""
        self._transport.abort()

    async def shut_down(self, grace: float) -> None:
        """Shuts the connection down, and waits until all its tasks have ended."""
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
            self._server.remove(self)
