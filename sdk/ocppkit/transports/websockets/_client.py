"""The station's side: opens connections, and runs a station on them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeVar, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, InvalidURI
from websockets.extensions.permessage_deflate import enable_client_permessage_deflate
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol
from websockets.uri import WebSocketURI, parse_uri

from ocppkit.aio import Connector, ConnectRequest, Opened, beside
from ocppkit.core import ConnectionClosed, HandshakeRefused, Limits, LocalProtocolError
from ocppkit.station import Station

from ._wire import WebSocketWire

__all__ = ["connect", "connector", "run"]

S = TypeVar("S", bound=Station)


async def run(station: Station, url: str, *, compression: bool = True) -> None:
    """Runs a station: it boots, sends heartbeats and reconnects, until this is cancelled.

    Args:
        station: the station.
        url: the endpoint of the CSMS, `ws://` or `wss://`, without the identity.
        compression: offer permessage-deflate.

    Raises:
        LocalProtocolError: the station cannot be run as it is described, as it has no credentials
            for instance.
    """
    await station.run(url, connector(station.limits, compression))


@asynccontextmanager
async def connect(station: S, url: str, *, compression: bool = True) -> AsyncGenerator[S, None]:
    """Runs a station until the block is left.

    ```python
    async with websockets.connect(station, url):
        await station.wait_accepted()
        await station.authorize(...)
    ```

    Args:
        station: the station.
        url: the endpoint of the CSMS, `ws://` or `wss://`, without the identity.
        compression: offer permessage-deflate.
    """
    async with beside(run(station, url, compression=compression)):
        yield station


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
    _, wire = await loop.create_connection(
        lambda: _ClientWire(protocol, limits, request),
        uri.host,
        uri.port,
        ssl=request.ssl if uri.secure else None,
    )
    try:
        return Opened(wire, await wire.wait_opened())
    except BaseException:
        wire.abort()
        raise


class _ClientWire(WebSocketWire):
    """The station's end."""

    def __init__(self, protocol: ClientProtocol, limits: Limits, request: ConnectRequest) -> None:
        super().__init__(protocol, limits)
        self._client = protocol
        self._request = request
        self._opened: asyncio.Future[str | None] = self._loop.create_future()

    async def wait_opened(self) -> str | None:
        """Waits for the handshake and returns the subprotocol that the CSMS chose.

        Raises:
            HandshakeRefused: the CSMS refused, or answered what is no handshake.
        """
        return await self._opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the handshake."""
        super().connection_made(transport)
        request = self._client.connect()
        for name, value in self._request.headers:
            request.headers[name.decode("latin-1")] = value.decode("latin-1")
        self._client.send_request(request)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Takes the end, of the handshake perhaps."""
        super().connection_lost(exc)
        if not self._opened.done():
            problem = self._client.handshake_exc or exc or "the connection was closed"
            self._opened.set_exception(HandshakeRefused(str(problem)))

    def handshake_event(self, event: Request | Response) -> None:
        """Takes the answer of the CSMS."""
        problem = self._client.handshake_exc
        if self._opened.done():
            return
        if problem is None:
            self.watch()
            self.pause_reading()
            self._opened.set_result(self._client.subprotocol)
        elif isinstance(problem, InvalidStatus):
            status = problem.response.status_code
            self._opened.set_exception(HandshakeRefused(str(problem), status=status))
        else:
            self._opened.set_exception(HandshakeRefused(str(problem)))
