"""The CSMS's side on an ASGI server: an application to mount."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from ocppkit.aio import Handshake, Headers
from ocppkit.aio.lowlevel import Reject, Served, drain_before_stop
from ocppkit.core import ConnectionClosed, LocalProtocolError

from .._hosted_connections import NO_WEBSOCKET, HostedConnections
from .._limited_reads import limit_reads
from .._proxies import Proxies, proxy_translation
from .._tls_handshake import peer_address
from ._transport import WebSocketTransport
from ._undocumented_uvicorn import NetworkConnections

__all__ = ["CsmsEndpoint", "PeerCertificate", "endpoint"]

logger = logging.getLogger(__name__)

_OFFERS: Final = b"sec-websocket-protocol"

PeerCertificate: TypeAlias = Callable[[HTTPConnection], Mapping[str, Any] | None]
"""Finds the client certificate of a connection, in the form of `ssl.SSLSocket.getpeercert`."""


def endpoint(
    csms: Served,
    *,
    peer_certificate: PeerCertificate | None = None,
    trusted_proxies: Sequence[str] = (),
    client_certificate_header: str | None = None,
    grace: float = 10.0,
) -> "CsmsEndpoint":
    """Returns an ASGI application that serves a CSMS.

    ```python
    stations = endpoint(csms)
    app = FastAPI(lifespan=stations.lifespan)
    app.mount("/ocpp", stations)  # CP001 connects to ws://.../ocpp/CP001
    ```

    It does as endpoint of a `WebSocketRoute` too. Routes of the application reach the stations
    through `csms.stations`.

    Args:
        csms: the CSMS; several endpoints may serve it at once.
        peer_certificate: finds the client certificate that TLS has verified. With uvicorn it is not
            needed; other ASGI servers do not hand it over. For a proxy in front that does, see
            `client_certificate_header`.
        trusted_proxies: addresses and networks of reverse proxies in front, such as `"10.0.0.0/8"`, or
            `"unix"`. From these alone, X-Forwarded-For or Forwarded tells the station's address, and
            X-Forwarded-Proto or Forwarded whether it uses TLS.
        client_certificate_header: the header in which these proxies hand over the client certificate
            that they have verified; they must remove it from what clients send.
            uvicorn translates what proxies at 127.0.0.1 say before it comes here, unless it is
            started with `--no-proxy-headers`.
        grace: seconds that running handlers and commands under way have at the end; see
            `CsmsEndpoint.lifespan`.

    Raises:
        LocalProtocolError: the CSMS has no authenticator, and `insecure=True` is not written; or
            `trusted_proxies` holds what is no address.
    """
    proxies = proxy_translation(
        trusted_proxies,
        client_certificate_header,
        keep_certificate=peer_certificate is not None,
    )
    return CsmsEndpoint(csms, peer_certificate, proxies, grace)


class CsmsEndpoint:
    """An ASGI application that serves a CSMS. Create it with `endpoint`."""

    def __init__(
        self,
        csms: Served,
        peer_certificate: PeerCertificate | None,
        proxies: Proxies,
        grace: float,
    ) -> None:
        self._connections = HostedConnections(csms, proxies)
        self._peer_certificate = peer_certificate
        self._grace = grace
        self._network_connections = NetworkConnections()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one connection, until all its tasks have ended."""
        if scope["type"] == "websocket":
            await self._serve(WebSocket(scope, receive, send), receive)
        elif scope["type"] == "http":
            connection = HTTPConnection(scope)
            refused = self._connections.refuse(NO_WEBSOCKET, self._handshake(connection))
            await _response(refused)(scope, receive, send)
        else:
            raise LocalProtocolError(
                f"this application serves WebSockets, not {scope['type']!r} [mount another one "
                "for it]"
            )

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncGenerator[None]:
        """Shuts down the connections when the server stops; for the application's `lifespan`.

        ```python
        stations = endpoint(csms)
        app = FastAPI(lifespan=stations.lifespan)
        app.mount("/ocpp", stations)
        ```

        uvicorn closes all connections the moment SIGTERM or SIGINT comes, so that answers of running
        handlers are lost. This lets them, and commands under way, finish within `grace` seconds
        before uvicorn learns of the signal. A lifespan of your own enters it by `async with`.

        Args:
            app: the application; not needed.
        """
        with drain_before_stop(self.drain):
            yield
        await self.drain()

    async def drain(self) -> None:
        """Shuts down all connections. New ones are refused."""
        await self._connections.close(self._grace)

    async def _serve(self, websocket: WebSocket, receive: Receive) -> None:
        await websocket.receive()
        network = self._network_connections.find(receive)
        decision = await self._connections.admit(self._handshake(websocket, network))
        if isinstance(decision, Reject):
            await _refuse(websocket, decision)
            return
        if network is not None:
            limit_reads(network)
        transport = WebSocketTransport(websocket)
        try:
            await transport.open(decision)
        except ConnectionClosed as end:
            logger.info("%s disconnected during its handshake: %s", decision.remote_address, end)
        else:
            # ASGI has no way to end a connection without what still waits for the station.
            abort = _do_nothing if network is None else network.abort
            await self._connections.serve(decision, transport, abort=abort)

    def _handshake(
        self, connection: HTTPConnection, network: asyncio.Transport | None = None
    ) -> Handshake:
        client = connection.client
        return Handshake(
            path=_target(connection.scope),
            headers=_headers(connection.scope),
            peer_certificate=self._certificate(connection, network),
            secure=connection.url.scheme in ("wss", "https"),
            remote_address="" if client is None else client.host,
        )

    def _certificate(
        self, connection: HTTPConnection, network: asyncio.Transport | None
    ) -> Mapping[str, Any] | None:
        if self._peer_certificate is not None:
            return self._peer_certificate(connection)
        client = connection.client
        if network is None or client is None or peer_address(network) != client.host:
            # uvicorn has put the station's address in the place of a proxy's; the certificate is the
            # proxy's still.
            return None
        return network.get_extra_info("peercert") or None


def _headers(scope: Scope) -> Headers:
    # A server may take what it has read, the offers of subprotocols, out of the headers.
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    offered: list[str] = scope.get("subprotocols", [])
    if offered and all(name.lower() != _OFFERS for name, _ in headers):
        headers.append((_OFFERS, ", ".join(offered).encode("latin-1")))
    return headers


def _target(scope: Scope) -> str:
    # A server need not hand over the path as it was sent. In the decoded one, a slash that was part
    # of an identity looks like any other.
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    query: bytes = scope.get("query_string", b"")
    target = path + b"?" + query if query else path
    return target.decode("ascii", "surrogateescape")


async def _refuse(websocket: WebSocket, reject: Reject) -> None:
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(_response(reject))
    else:
        await websocket.close()


def _response(reject: Reject) -> Response:
    response = PlainTextResponse(reject.body, reject.status)
    for name, value in reject.headers:
        response.headers.append(name.decode("latin-1"), value.decode("latin-1"))
    return response


def _do_nothing() -> None:
    pass
