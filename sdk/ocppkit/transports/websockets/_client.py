"""The station's side with `websockets`: opens connections, and runs a station on them."""

import asyncio
from base64 import b64encode
from contextlib import suppress
from os import urandom
from typing import Final, cast

from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.headers import build_extension
from websockets.protocol import CLIENT

from ocppkit.aio.lowlevel import Connector, ConnectRequest, OpenedConnection
from ocppkit.core import ConnectionClosed, HandshakeRefused, Limits

from .._csms_url import CsmsUrl, read_url
from .._handshake_answer import (
    BODY_TIMEOUT,
    Agreement,
    HandshakeAnswer,
    check_answer,
    no_answer_error,
    refused,
    too_late_error,
)
from .._happy_eyeballs import connect_socket
from .._shared_reading import SharedReading
from .._station_runner import ConnectFunction, DialFunction, RunFunction, StationClient
from ._bounded_deflate import BoundedDeflate
from ._http_answer import AnswerReader
from ._wire import WebSocketWire

__all__ = ["connect", "connector", "dial", "run"]

_DEFLATE: Final = ClientPerMessageDeflateFactory()
_OPENED: Final = 101


def connector(limits: Limits, compression: bool) -> Connector:
    """Returns a connector that opens WebSockets with these limits."""

    async def open_connection(request: ConnectRequest) -> OpenedConnection:
        url = read_url(request.url)
        try:
            return await _open(request, url, limits, compression)
        except TimeoutError as problem:
            raise too_late_error() from problem
        except OSError as problem:
            raise ConnectionClosed(str(problem), delivered="no") from problem

    return open_connection


_CLIENT: Final = StationClient(connector)

run: RunFunction = _CLIENT.run
connect: ConnectFunction = _CLIENT.connect
dial: DialFunction = _CLIENT.dial


async def _open(
    request: ConnectRequest, url: CsmsUrl, limits: Limits, compression: bool
) -> OpenedConnection:
    key = b64encode(urandom(16))
    async with asyncio.timeout(limits.handshake_timeout):
        opening = await _begin(request, url, _request_head(request, url, key, compression))
        answer = await opening.until_answered()
    try:
        if answer.status != _OPENED:
            raise refused(answer, await opening.body_of(answer))
        agreement = check_answer(answer, key, request.subprotocols, compression)
        return OpenedConnection(opening.wire(agreement, limits), agreement.subprotocol)
    except BaseException:
        opening.abort()
        raise


async def _begin(request: ConnectRequest, url: CsmsUrl, head: bytes) -> "_ClientHandshake":
    """Connects to the CSMS, and sends the handshake."""
    connection = await connect_socket(url.host, url.port)
    opening: _ClientHandshake
    _, opening = await asyncio.get_running_loop().create_connection(
        lambda: _ClientHandshake(head),
        sock=connection,
        ssl=request.ssl if url.secure else None,
        server_hostname=url.server_name if url.secure else None,
    )
    return opening


def _request_head(request: ConnectRequest, url: CsmsUrl, key: bytes, compression: bool) -> bytes:
    lines = [
        f"GET {url.target} HTTP/1.1".encode(),
        b"Host: " + url.authority.encode(),
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Key: " + key,
        b"Sec-WebSocket-Version: 13",
    ]
    if request.subprotocols:
        lines.append(b"Sec-WebSocket-Protocol: " + ", ".join(request.subprotocols).encode())
    if compression:
        offer = build_extension([(_DEFLATE.name, list(_DEFLATE.get_request_params()))])
        lines.append(b"Sec-WebSocket-Extensions: " + offer.encode())
    lines += [b"%b: %b" % header for header in request.headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


class _ClientHandshake(SharedReading):
    """The protocol of a station's handshake, until `wire` takes over the connection."""

    def __init__(self, head: bytes) -> None:
        """Sets the request to send."""
        super().__init__()
        self._head = head
        self._reader = AnswerReader()
        loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[HandshakeAnswer] = loop.create_future()
        self._body_ended = asyncio.Event()
        self._lost = False

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the handshake."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._head)
        self._head = b""

    def data_received(self, data: bytes) -> None:
        """Reads the response. Frames that the CSMS sends right after it are kept for the wire."""
        try:
            self._reader.receive_data(data)
        except HandshakeRefused as problem:
            self._fail(problem)
            self._transport.abort()
            return
        answer = self._reader.answer
        if answer is None:
            return
        if not self._answer.done():
            self._answer.set_result(answer)
        if answer.status == _OPENED:
            # What follows is for the wire.
            self._transport.pause_reading()
        elif self._reader.body(answer) is not None:
            self._body_ended.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Notes that the connection ended, without a response or after a refusal."""
        self._lost = True
        problem = no_answer_error()
        # In TLS 1.3 a CSMS that refuses our certificate says so only now.
        problem.__cause__ = exc
        self._fail(problem)
        self._body_ended.set()

    # What the connector calls.

    async def until_answered(self) -> HandshakeAnswer:
        """Waits for the response, and returns its head.

        Raises:
            HandshakeRefused: it cannot be read.
            ConnectionClosed: there is none.
        """
        try:
            return await self._answer
        except BaseException:
            self._transport.abort()
            raise

    async def body_of(self, answer: HandshakeAnswer) -> bytes:
        """Returns the first bytes of a refusal's body: those that have arrived in time."""
        if self._reader.body(answer) is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(BODY_TIMEOUT):
                    await self._body_ended.wait()
        body = self._reader.body(answer)
        return self._reader.partial_body(answer) if body is None else body

    def wire(self, agreement: Agreement, limits: Limits) -> WebSocketWire:
        """Returns a wire, which takes over the connection.

        Raises:
            ConnectionClosed: it has ended in the meantime.
        """
        if self._lost:
            raise no_answer_error()
        extensions: list[Extension] = []
        if agreement.compression is not None:
            agreed = _DEFLATE.process_response_params(agreement.compression, [])
            extensions.append(BoundedDeflate(agreed))
        return WebSocketWire(
            self._transport, CLIENT, extensions, limits, self._reader.rest, _do_nothing
        )

    def abort(self) -> None:
        """Ends the connection at once."""
        self._transport.abort()

    def _fail(self, problem: ConnectionClosed) -> None:
        if not self._answer.done():
            self._answer.set_exception(problem)
            # Nobody may wait for it any more.
            self._answer.exception()


def _do_nothing() -> None:
    pass
