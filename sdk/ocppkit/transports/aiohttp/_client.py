"""The station's side with aiohttp: opens connections, and runs a station on them.

aiohttp sends the handshake and keeps the connection; whether the answer opens a WebSocket is decided
by `_handshake_answer`, as for every other client transport. aiohttp looks at the answer once more, so
it is shown headers that say just what was agreed on.
"""

import asyncio
from contextlib import suppress
from typing import Final, cast

from aiohttp import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientMiddlewareType,
    ClientRequest,
    ClientResponse,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.hdrs import (
    ACCEPT_ENCODING,
    CONNECTION,
    HOST,
    SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_EXTENSIONS,
    SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL,
    UPGRADE,
)
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from ocppkit.aio.lowlevel import Connector, ConnectRequest, OpenedConnection
from ocppkit.core import ConnectionClosed, Limits

from .._csms_url import CsmsUrl, read_url
from .._handshake_answer import (
    BODY_BYTES,
    BODY_TIMEOUT,
    Agreement,
    HandshakeAnswer,
    accept_value,
    check_answer,
    check_head,
    malformed_error,
    no_answer_error,
    refused,
    too_late_error,
)
from .._happy_eyeballs import NEXT_ADDRESS_AFTER
from .._station_runner import ConnectFunction, DialFunction, RunFunction, StationClient
from .._transport_wire import TransportWire
from ._pinging_wire import PingingWire
from ._transport import WebSocketTransport, max_message_bytes, texts

__all__ = ["connect", "connector", "dial", "run"]

_WINDOW_BITS: Final = 15
_OPENED: Final = 101


def connector(limits: Limits, compression: bool) -> Connector:
    """Returns a connector that opens WebSockets with these limits."""
    running: set[asyncio.Task[None]] = set()

    async def open_connection(request: ConnectRequest) -> OpenedConnection:
        url = read_url(request.url)
        check = _AnswerCheck(request, limits, compression)
        session = _create_session(check)
        try:
            websocket = await _open_websocket(session, request, url, limits, compression)
        except BaseException:
            await session.close()
            raise
        transport = WebSocketTransport(websocket)
        wire = PingingWire(transport, limits, ping=transport.ping, abort=check.abort)
        transport.on_frame = wire.note_frame
        task = asyncio.create_task(_run_wire(wire, websocket, session))
        running.add(task)
        task.add_done_callback(running.discard)
        return OpenedConnection(wire, websocket.protocol)

    return open_connection


_CLIENT: Final = StationClient(connector)

run: RunFunction = _CLIENT.run
connect: ConnectFunction = _CLIENT.connect
dial: DialFunction = _CLIENT.dial


async def _run_wire(
    wire: TransportWire, websocket: ClientWebSocketResponse, session: ClientSession
) -> None:
    async with session:
        await wire.run()
        # aiohttp holds a connection that was aborted until it is closed, which takes no time then.
        await websocket.close()


def _create_session(check: ClientMiddlewareType) -> ClientSession:
    return ClientSession(
        connector=TCPConnector(happy_eyeballs_delay=NEXT_ADDRESS_AFTER, interleave=1),
        timeout=ClientTimeout(total=None),
        # Cookies of an answer are for no other request.
        cookie_jar=DummyCookieJar(),
        skip_auto_headers=[ACCEPT_ENCODING],
        auto_decompress=False,
        response_class=_HandshakeResponse,
        middlewares=[check],
    )


async def _open_websocket(
    session: ClientSession,
    request: ConnectRequest,
    url: CsmsUrl,
    limits: Limits,
    compression: bool,
) -> ClientWebSocketResponse:
    # It is encoded already, and aiohttp must not resolve the dots of its path.
    host = f"[{url.host}]" if ":" in url.host else url.host
    place = URL(f"http{'s' * url.secure}://{host}:{url.port}{url.target}", encoded=True)
    try:
        return await session.ws_connect(
            place,
            protocols=request.subprotocols,
            headers=[(HOST, url.authority), *texts(request.headers)],
            ssl=True if request.ssl is None else request.ssl,
            server_hostname=url.server_name if url.secure else None,
            compress=_WINDOW_BITS if compression else 0,
            max_msg_size=max_message_bytes(limits),
            autoclose=False,
            # Our own pings can be changed while the connection is open.
            autoping=False,
        )
    except TimeoutError as problem:
        raise too_late_error() from problem
    except (ClientError, OSError) as problem:
        raise _translate_error(problem) from (_cause_of(problem))


def _translate_error(problem: ClientError | OSError) -> ConnectionClosed:
    if isinstance(problem, ClientResponseError):
        # Its status is one that aiohttp has made up.
        return malformed_error(problem.message)
    if isinstance(problem, ClientConnectorError):
        return ConnectionClosed(str(_cause_of(problem)), delivered="no")
    return no_answer_error()


def _cause_of(problem: ClientError | OSError) -> BaseException:
    """Returns the error of the network or of TLS that aiohttp has wrapped, or aiohttp's own."""
    if isinstance(problem, ClientConnectorCertificateError):
        return problem.certificate_error
    return problem.os_error if isinstance(problem, ClientConnectorError) else problem


class _HandshakeResponse(ClientResponse):
    """The CSMS's HTTP response to the handshake.

    Once it was checked, its headers are those that were understood.
    """

    checked: CIMultiDictProxy[str] | None = None

    @property
    def headers(  # pyright: ignore[reportIncompatibleVariableOverride]  # it caches its own
        self,
    ) -> CIMultiDictProxy[str]:
        """The headers that aiohttp sees."""
        return super().headers if self.checked is None else self.checked


class _AnswerCheck:
    """An aiohttp middleware that checks the response to a handshake before aiohttp does."""

    def __init__(self, request: ConnectRequest, limits: Limits, compression: bool) -> None:
        """Sets the request whose response is checked.

        Args:
            request: the connection that a station wants.
            limits: its bounds.
            compression: whether permessage-deflate is offered.
        """
        self._request = request
        self._limits = limits
        self._compression = compression
        self._transport: asyncio.Transport | None = None

    async def __call__(self, asked: ClientRequest, send: ClientHandlerType) -> ClientResponse:
        """Returns the response if it opens a WebSocket, else raises.

        Raises:
            HandshakeRefused: it does not.
        """
        async with asyncio.timeout(self._limits.handshake_timeout):
            response = await send(asked)
        try:
            answer = _answer_of(response)
            check_head(answer)
            if answer.status != _OPENED:
                raise refused(answer, await _body_of(response))
            key = asked.headers[SEC_WEBSOCKET_KEY].encode()
            agreement = check_answer(answer, key, self._request.subprotocols, self._compression)
            cast(_HandshakeResponse, response).checked = _headers_of(agreement, key)
        except BaseException:
            response.close()
            raise
        if response.connection is not None:
            self._transport = response.connection.transport
        return response

    def abort(self) -> None:
        """Ends the network connection at once, and drops bytes that wait to be sent."""
        if self._transport is not None:
            self._transport.abort()


def _answer_of(response: ClientResponse) -> HandshakeAnswer:
    version = response.version
    return HandshakeAnswer(
        (0, 0) if version is None else (version.major, version.minor),
        response.status,
        response.raw_headers,
    )


async def _body_of(response: ClientResponse) -> bytes:
    """Returns the first bytes of a refusal's body: those that have arrived in time."""
    body = b""
    with suppress(TimeoutError, ClientError):
        async with asyncio.timeout(BODY_TIMEOUT):
            while len(body) < BODY_BYTES and (piece := await response.content.read(BODY_BYTES)):
                body += piece
    return body[:BODY_BYTES]


def _headers_of(agreement: Agreement, key: bytes) -> CIMultiDictProxy[str]:
    """Returns headers with the options that were agreed on, in the form that aiohttp expects."""
    headers = CIMultiDict(
        {
            UPGRADE: "websocket",
            CONNECTION: "upgrade",
            SEC_WEBSOCKET_ACCEPT: accept_value(key).decode(),
        }
    )
    if agreement.subprotocol is not None:
        headers[SEC_WEBSOCKET_PROTOCOL] = agreement.subprotocol
    if agreement.compression is not None:
        parameters = [
            name if value is None else f"{name}={value}" for name, value in agreement.compression
        ]
        headers[SEC_WEBSOCKET_EXTENSIONS] = "; ".join(["permessage-deflate", *parameters])
    return CIMultiDictProxy(headers)
