"""The station's side: opens connections, and runs a station on them."""

import asyncio
from typing import Final, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, InvalidURI
from websockets.extensions.permessage_deflate import enable_client_permessage_deflate
from websockets.protocol import CLIENT, OPEN
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI, parse_uri

from ocppkit.aio.lowlevel import Connector, ConnectRequest, Opened
from ocppkit.core import ConnectionClosed, HandshakeRefused, Limits, LocalProtocolError

from .._station_runner import Client, Connect, Run
from ._bounded_deflate import BoundedDeflate
from ._server_handshake import LONGEST_HEAD
from ._shared_reading import SharedReading
from ._wire import WebSocketWire

__all__ = ["connect", "connector", "run"]


def connector(limits: Limits, compression: bool) -> Connector:
    """Returns what opens WebSockets within these limits."""

    async def opened(request: ConnectRequest) -> Opened:
        try:
            uri = parse_uri(request.url)
        except InvalidURI as problem:
            raise LocalProtocolError(str(problem)) from problem
        try:
            async with asyncio.timeout(limits.handshake_timeout):
                return await _open(request, uri, limits, compression)
        except TimeoutError as problem:
            raise ConnectionClosed("no answer to the handshake", delivered="no") from problem
        except OSError as problem:
            raise ConnectionClosed(str(problem), delivered="no") from problem

    return opened


_CLIENT: Final = Client(connector)

run: Run = _CLIENT.run
connect: Connect = _CLIENT.connect


async def _open(
    request: ConnectRequest, uri: WebSocketURI, limits: Limits, compression: bool
) -> Opened:
    protocol = ClientProtocol(
        uri,
        subprotocols=[cast(Subprotocol, name) for name in request.subprotocols],
        extensions=enable_client_permessage_deflate(None) if compression else None,
        max_size=limits.frame_bytes,
    )
    loop = asyncio.get_running_loop()
    transport, opening = await loop.create_connection(
        lambda: _ClientHandshake(protocol, limits, request),
        uri.host,
        uri.port,
        ssl=request.ssl if uri.secure else None,
    )
    try:
        return Opened(await opening.wire, protocol.subprotocol)
    except BaseException:
        transport.abort()
        raise


class _ClientHandshake(SharedReading):
    """The handshake of a station; then it makes way."""

    def __init__(self, protocol: ClientProtocol, limits: Limits, request: ConnectRequest) -> None:
        super().__init__()
        # The package would log whole handshakes, passwords included.
        protocol.debug = False
        self._protocol = protocol
        self._limits = limits
        self._request = request
        self._head: bytes | None = b""
        self.wire: asyncio.Future[WebSocketWire] = asyncio.get_running_loop().create_future()
        """The connection, once it is open, or why it is refused."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the handshake."""
        self._transport = cast(asyncio.Transport, transport)
        request = self._protocol.connect()
        for name, value in self._request.headers:
            request.headers[name.decode("latin-1")] = value.decode("latin-1")
        self._protocol.send_request(request)
        self._transport.writelines(self._protocol.data_to_send())

    def data_received(self, data: bytes) -> None:
        """Takes bytes: those of the answer apart from what a CSMS sends in the same breath."""
        if self._head is not None:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                if len(head) > LONGEST_HEAD:
                    self._transport.abort()
                return
            self._head = None
            self._protocol.receive_data(head + end)
            self._protocol.events_received()
        if self._protocol.state is OPEN:
            self._make_way(data)
        else:
            # A refusal may have a body.
            self._protocol.receive_data(data)
            self._check()

    def eof_received(self) -> None:
        """Takes the end of a refusal."""
        self._protocol.receive_eof()
        self._check()

    def connection_lost(self, exc: Exception | None) -> None:
        """Takes the end of a handshake that nobody has answered."""
        self._refuse(exc or "the connection was closed")

    def _make_way(self, rest: bytes) -> None:
        if self.wire.done():
            return
        extensions = [BoundedDeflate(each) for each in self._protocol.extensions]
        wire = WebSocketWire(self._transport, CLIENT, extensions, self._limits, rest, _nothing)
        self.wire.set_result(wire)

    def _check(self) -> None:
        if self._protocol.handshake_exc is not None:
            self._refuse(self._protocol.handshake_exc)

    def _refuse(self, problem: Exception | str) -> None:
        status = problem.response.status_code if isinstance(problem, InvalidStatus) else None
        if not self.wire.done():
            self.wire.set_exception(HandshakeRefused(str(problem), status=status))


def _nothing() -> None:
    pass
