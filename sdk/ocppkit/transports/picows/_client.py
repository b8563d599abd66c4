"""The station's side: opens connections, and runs a station on them."""

import asyncio
from typing import Final, cast

from picows import WSHandshakeError, WSUpgradeRequest, WSUpgradeResponse
from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, InvalidURI
from websockets.extensions.permessage_deflate import enable_client_permessage_deflate
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI, parse_uri

from ocppkit.aio import Connector, ConnectRequest, Opened
from ocppkit.core import ConnectionClosed, HandshakeRefused, Limits, LocalProtocolError

from .._running import Client, Connect, Run
from ._protocol import FrameProtocol
from ._wire import PicowsWire

__all__ = ["connect", "connector", "run"]

_BY_PICOWS: Final = frozenset(
    {"connection", "host", "sec-websocket-key", "sec-websocket-version", "upgrade"}
)
"""Headers of a handshake that picows writes by itself."""


def connector(limits: Limits, compression: bool) -> Connector:
    """Returns what opens WebSockets within these limits."""

    async def opened(request: ConnectRequest) -> Opened:
        try:
            uri = parse_uri(request.url)
        except InvalidURI as problem:
            raise LocalProtocolError(str(problem)) from problem
        opening = _Opening(request, uri, limits, compression)
        try:
            async with asyncio.timeout(limits.handshake_timeout):
                return await opening.open()
        except TimeoutError as problem:
            raise ConnectionClosed("no answer to the handshake", delivered="no") from problem
        except OSError as problem:
            raise ConnectionClosed(str(problem), delivered="no") from problem

    return opened


_CLIENT: Final = Client(connector)

run: Run = _CLIENT.run
connect: Connect = _CLIENT.connect


class _Opening:
    """One handshake: picows writes and reads it, `websockets` knows what may be agreed on."""

    def __init__(
        self, request: ConnectRequest, uri: WebSocketURI, limits: Limits, compression: bool
    ) -> None:
        self._request = request
        self._uri = uri
        self._limits = limits
        self._wire = PicowsWire(limits, _nothing)
        self._terms = ClientProtocol(
            uri,
            subprotocols=[cast(Subprotocol, name) for name in request.subprotocols],
            extensions=enable_client_permessage_deflate(None) if compression else None,
        )
        self._terms.debug = False
        self._agreed = False

    async def open(self) -> Opened:
        """Opens the connection."""
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.create_connection(
            self._new_protocol,
            self._uri.host,
            self._uri.port,
            ssl=self._request.ssl if self._uri.secure else None,
        )
        try:
            await protocol.wait_until_handshake_complete()
            if not self._agreed:
                raise HandshakeRefused("the connection was closed")
        except WSHandshakeError as problem:
            transport.abort()
            status = None if problem.response is None else problem.response.status
            raise HandshakeRefused(str(problem), status=status) from problem
        except InvalidHandshake as problem:
            transport.abort()
            raise HandshakeRefused(str(problem)) from problem
        except BaseException:
            transport.abort()
            raise
        self._wire.forget_handshake()
        return Opened(self._wire, self._terms.subprotocol)

    def _new_protocol(self) -> FrameProtocol:
        said = self._terms.connect().headers
        ours = [(name, value) for name, value in said.raw_items() if name.lower() not in _BY_PICOWS]
        wanted = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in self._request.headers
        ]
        return FrameProtocol(
            self._wire,
            self._agree,
            self._limits.frame_bytes,
            host=said["Host"],
            target=self._uri.resource_name,
            headers=ours + wanted,
        )

    def _agree(self, request: WSUpgradeRequest, response: WSUpgradeResponse) -> PicowsWire:
        headers = Headers(response.headers.items())
        self._terms.subprotocol = self._terms.process_subprotocol(headers)
        self._wire.use(list(self._terms.process_extensions(headers)))
        self._agreed = True
        return self._wire


def _nothing() -> None:
    pass
