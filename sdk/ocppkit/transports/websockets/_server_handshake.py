"""The opening handshake at a server: reads the request, asks the CSMS, and sends the response.

After an acceptance, a `WebSocketWire` takes over the asyncio transport.
"""

import asyncio
import logging
from http import HTTPStatus
from typing import Final, cast

from websockets.exceptions import InvalidHeader, NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import enable_server_permessage_deflate
from websockets.headers import build_extension, parse_extension
from websockets.protocol import SERVER

from ocppkit.aio import Handshake, Headers
from ocppkit.aio.lowlevel import Accept, Reject, Served, start_task

from .._bounds import LONGEST_HEAD
from .._proxies import Proxies, unchanged_handshake
from .._request_head import refusal_response
from .._shared_reading import SharedReading
from .._tls_handshake import peer_address
from ._bounded_deflate import BoundedDeflate
from ._http_handshake import (
    BadRequest,
    HttpRequest,
    accepting_response,
    read_request,
    websocket_key_of,
)
from ._listening_server import ServerConnection
from ._wire import WebSocketWire

__all__ = ["ServerHandshake"]

logger = logging.getLogger("ocppkit.transports")

_DEFLATE: Final = enable_server_permessage_deflate(None)[0]


class ServerHandshake(SharedReading):
    """The protocol of a new connection until its handshake is accepted or refused."""

    __slots__ = (
        "_compression", "_connection", "_csms", "_deciding", "_has_room", "_proxies", "_refused",
        "_slot", "_transport", "_unread",
    )  # fmt: skip

    def __init__(
        self,
        csms: Served,
        connection: ServerConnection,
        compression: bool,
        proxies: Proxies = unchanged_handshake,
    ) -> None:
        super().__init__()
        self._csms = csms
        self._connection = connection
        self._compression = compression
        self._proxies = proxies
        self._unread = b""
        self._refused = False
        self._has_room = True
        self._deciding: asyncio.Task[None] | None = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Starts waiting for the handshake, with a time limit."""
        self._transport = cast(asyncio.Transport, transport)
        self._slot = self._shared.wheel(self._csms.limits.handshake_timeout).join(self)
        self._has_room = self._connection.begin(self._transport)

    def data_received(self, data: bytes) -> None:
        """Reads the bytes of the handshake. Bytes after it are kept for the wire.

        What a client sends before it has an answer must not be looked at before the extensions
        are agreed on.
        """
        if self._refused:
            # Read on, so that the end is noticed.
            return
        self._unread += data
        if self._deciding is not None:
            self._transport.pause_reading()
            return
        head, end, rest = self._unread.partition(b"\r\n\r\n")
        if end:
            self._unread = rest
            self._deciding = start_task(self._handle_request(head + end))
        elif len(head) > LONGEST_HEAD:
            self._report("the head of the handshake is too long")
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Notes that the connection ended during the handshake."""
        self._slot.discard(self)
        if self._deciding is not None:
            self._deciding.cancel()
        self._connection.lost()

    # What the timer wheel calls.

    def on_interval(self) -> None:
        """Ends a connection whose handshake takes too long."""
        if self._deciding is None:
            self._report(f"no handshake within {self._csms.limits.handshake_timeout:g} s")
        elif not self._refused:
            self._report("no decision in time")
        self._transport.abort()

    # The work.

    async def _handle_request(self, head: bytes) -> None:
        try:
            request = read_request(head)
            key = websocket_key_of(request)
            decision = await self._ask_csms(request)
            if isinstance(decision, Accept):
                self._open_websocket(decision, request, key)
            else:
                self._send_refusal(decision.status, decision.body, decision.headers)
        except BadRequest as problem:
            self._report(str(problem), problem.status)
            self._send_refusal(problem.status, f"{problem}\n".encode(), problem.headers)

    async def _ask_csms(self, request: HttpRequest) -> Accept | Reject:
        try:
            handshake = self._proxies(self._handshake(request))
            if self._has_room:
                return await self._csms.accept(handshake)
            full = Reject(status=503, reason="too many connections")
            self._csms.report_refusal(full.reason, status=full.status, handshake=handshake)
            return full
        except Exception:
            logger.exception(
                "%s: handling the handshake failed with an exception [answered with 500]",
                peer_address(self._transport),
            )
            return Reject(status=500, reason="internal error")

    def _open_websocket(self, accept: Accept, request: HttpRequest, key: bytes) -> None:
        headers = list(accept.headers)
        if accept.subprotocol is not None:
            headers.append((b"Sec-WebSocket-Protocol", accept.subprotocol.encode()))
        extensions: list[Extension] = []
        if self._compression:
            offered = request.value(b"sec-websocket-extensions")
            agreed = _agreed_deflate(offered) if offered else None
            if agreed is not None:
                extensions.append(BoundedDeflate(agreed[0]))
                headers.append((b"Sec-WebSocket-Extensions", agreed[1]))
        self._slot.discard(self)
        self._transport.write(accepting_response(key, headers))
        wire = WebSocketWire(
            self._transport,
            SERVER,
            extensions,
            self._csms.limits,
            self._unread,
            self._connection.lost,
        )
        self._connection.attach(accept, wire)

    def _send_refusal(self, status: int, body: bytes, headers: Headers) -> None:
        self._refused = True
        self._transport.write(refusal_response(status, body, headers))
        if self._transport.can_write_eof():
            self._transport.write_eof()
            self._transport.resume_reading()
        else:
            self._transport.close()

    def _handshake(self, request: HttpRequest) -> Handshake:
        about = self._transport.get_extra_info
        return Handshake(
            path=request.target.decode("ascii", "surrogateescape"),
            headers=request.headers,
            peer_certificate=about("peercert") or None,
            secure=about("sslcontext") is not None,
            remote_address=peer_address(self._transport),
        )

    def _report(self, reason: str, status: int | None = None) -> None:
        """Reports a connection that sent no valid handshake."""
        self._csms.report_refusal(
            reason, status=status, remote_address=peer_address(self._transport)
        )


def _agreed_deflate(offered: bytes) -> tuple[Extension, bytes] | None:
    """Returns the compression that is chosen from several offers, and the header that says so."""
    try:
        offers = parse_extension(offered.decode("latin-1"))
    except InvalidHeader:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "no usable extensions") from None
    for name, parameters in offers:
        if name == _DEFLATE.name:
            try:
                agreed, extension = _DEFLATE.process_request_params(parameters, [])
            except NegotiationError:
                continue
            return extension, build_extension([(name, agreed)]).encode()
    return None
