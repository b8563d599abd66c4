"""The CSMS's side: listens, translates handshakes, and shuts down in order."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from ssl import SSLContext
from typing import Final, cast

from websockets.extensions.permessage_deflate import enable_server_permessage_deflate
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ocppkit.aio import Accept, Attachment, Handshake, Headers, Reject
from ocppkit.csms import Csms

from ._wire import WebSocketWire

__all__ = ["Server", "serve"]

logger = logging.getLogger("ocppkit.transports.websockets")

_LONGEST_HEAD: Final = 1 << 16
"""Bytes of a request line and its headers."""


@asynccontextmanager
async def serve(
    csms: Csms,
    host: str | None = None,
    port: int = 0,
    *,
    ssl: SSLContext | None = None,
    compression: bool = True,
    max_connections: int | None = None,
    grace: float = 10.0,
) -> AsyncGenerator["Server", None]:
    """Serves a CSMS until the block is left.

    ```python
    async with websockets.serve(csms, "127.0.0.1", 9000):
        station = await csms.stations.wait("CP001", ConnectedStation)
    ```

    When the block is left, running handlers get time to finish, stations are told goodbye, and
    nothing is left running.

    Args:
        csms: the CSMS; it may be served on several ports at once.
        host: the interface; all of them by default.
        port: the port; any free one by default, see `Server.port`.
        ssl: serve `wss` with the certificate in this context.
        compression: agree to permessage-deflate, which OCPP 2.x demands of a CSMS.
        max_connections: refuse more connections than these, half-open ones included.
        grace: seconds that running handlers have at the end.

    Raises:
        LocalProtocolError: the CSMS has no authenticator, and `insecure=True` is not written.
    """
    csms.check_startable(ssl)
    server = Server(csms, compression=compression, max_connections=max_connections)
    await server.listen(host, port, ssl)
    try:
        yield server
    finally:
        await server.shut_down(grace)


class Server:
    """A CSMS that is being served."""

    def __init__(self, csms: Csms, *, compression: bool, max_connections: int | None) -> None:
        self._csms = csms
        self._compression = compression
        self._max_connections = max_connections
        self._closing = False
        self._wires: set[_ServerWire] = set()

    @property
    def port(self) -> int:
        """The port, for those who asked for any."""
        return int(self._listener.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """How many connections there are, half-open ones included."""
        return len(self._wires)

    async def listen(self, host: str | None, port: int, tls: SSLContext | None) -> None:
        """Takes connections from now on."""
        patience = self._csms.limits.handshake_timeout
        self._listener = await asyncio.get_running_loop().create_server(
            self._new_wire,
            host,
            port,
            ssl=tls,
            ssl_handshake_timeout=None if tls is None else patience,
        )
        logger.info("serving on port %d", self.port)

    async def shut_down(self, grace: float) -> None:
        """Takes no connection any more, and ends those that are there."""
        self._closing = True
        self._listener.close()
        await asyncio.gather(*(wire.shut_down(grace) for wire in self._wires))
        await self._listener.wait_closed()

    # What connections call.

    def entered(self, wire: "_ServerWire") -> bool:
        """Notes a connection, and returns whether there is room for it.

        With TLS, what fails in TLS is never heard of here.
        """
        full = self._max_connections is not None and self.connections >= self._max_connections
        self._wires.add(wire)
        if self._closing:
            wire.abort()
        return not full

    def left(self, wire: "_ServerWire") -> None:
        """Forgets a connection of which nothing runs any more."""
        self._wires.discard(wire)

    def _new_wire(self) -> "_ServerWire":
        extensions = enable_server_permessage_deflate(None) if self._compression else None

        def chosen(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
            return wire.chosen

        protocol = ServerProtocol(
            extensions=extensions,
            select_subprotocol=chosen,
            max_size=self._csms.limits.frame_bytes,
        )
        wire = _ServerWire(self, self._csms, protocol)
        return wire


class _ServerWire(WebSocketWire):
    """The CSMS's end."""

    def __init__(self, house: Server, csms: Csms, protocol: ServerProtocol) -> None:
        super().__init__(protocol, csms.limits)
        self._house = house
        self._csms = csms
        self._server = protocol
        self._has_room = True
        self._head = bytearray()
        self._asked = False
        self._deciding: asyncio.Task[None] | None = None
        self._session: Attachment | None = None
        self._finished = False
        self._lost: asyncio.Future[None] = self._loop.create_future()

        self.chosen: Subprotocol | None = None
        """The subprotocol that the CSMS chose."""

    async def shut_down(self, grace: float) -> None:
        """Ends this connection, and what runs on its behalf."""
        if self._session is not None:
            await self._session.drain(grace)
        self._give_up("going away")
        await self._lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for the handshake, but not for ever."""
        super().connection_made(transport)
        self._set_timer(self._limits.handshake_timeout, self._give_up, "no handshake")
        self._has_room = self._house.entered(self)

    def data_received(self, data: bytes) -> None:
        """Takes bytes; those of the handshake apart from what follows them.

        What a client sends before it has an answer must not be read before the extensions are
        agreed on.
        """
        if self._asked:
            super().data_received(data)
            return
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if end:
            self._asked = True
            self.pause_reading()
            super().data_received(bytes(rest))
            self._read_head(bytes(head + end))
        elif len(head) > _LONGEST_HEAD:
            self._give_up("a handshake too long")

    def handshake_event(self, event: Request | Response) -> None:
        """Takes the station's half of the handshake."""
        self._deciding = self._loop.create_task(self._decide(cast(Request, event)))

    def connection_lost(self, exc: Exception | None) -> None:
        """Takes the end, of the handshake perhaps."""
        super().connection_lost(exc)
        if self._deciding is not None:
            self._deciding.cancel()
        self._lost.set_result(None)
        if self._session is None or self._finished:
            self._house.left(self)

    def _read_head(self, head: bytes) -> None:
        self._server.receive_data(head)
        for event in self._server.events_received():
            self._take(event)
        self._flush()
        if self._deciding is None:
            self._refuse_rest()

    async def _decide(self, request: Request) -> None:
        if not self._has_room:
            decision: Accept | Reject = Reject(status=503, reason="too many connections")
        else:
            try:
                decision = await self._csms.accept(self._handshake(request))
            except Exception:
                logger.exception("the handshake failed")
                decision = Reject(status=500, reason="internal error")
        if isinstance(decision, Accept):
            self._open(decision, request)
        else:
            response = self._server.reject(decision.status, decision.body.decode())
            self._answer(response, decision.headers)

    def _open(self, accept: Accept, request: Request) -> None:
        self.chosen = cast("Subprotocol | None", accept.subprotocol)
        response = self._server.accept(request)
        self._answer(response, accept.headers)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            logger.info("no WebSocket was asked for: %d", response.status_code)
            return
        self.watch()
        self._session = self._csms.attach(accept, self, finished=self._session_finished)

    def _session_finished(self) -> None:
        self._finished = True
        if self._lost.done():
            self._house.left(self)

    def _answer(self, response: Response, headers: Headers) -> None:
        for name, value in headers:
            response.headers[name.decode("latin-1")] = value.decode("latin-1")
        self._server.send_response(response)
        self._flush()
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            self._refuse_rest()

    def _refuse_rest(self) -> None:
        # Read on, so that the end is noticed, but hand nothing over.
        self._closing = True
        self.resume_reading()

    def _handshake(self, request: Request) -> Handshake:
        about = self._transport.get_extra_info
        peer: tuple[str, int] | None = about("peername")
        return Handshake(
            path=request.path,
            headers=[
                (name.encode(), _as_on_the_wire(value))
                for name, value in request.headers.raw_items()
            ],
            peer_certificate=about("peercert") or None,
            secure=about("sslcontext") is not None,
            remote_address=peer[0] if peer else "",
        )


def _as_on_the_wire(value: str) -> bytes:
    # Newer releases of the package decode what is no ASCII as ISO-8859-1, older ones with escapes.
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        return value.encode("ascii", "surrogateescape")
