"""The station's side: opens connections, and runs a station on them."""

import asyncio
from types import SimpleNamespace
from typing import Final, NoReturn

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    TraceConfig,
    TraceRequestRedirectParams,
    WSServerHandshakeError,
)
from yarl import URL

from ocppkit.aio.lowlevel import Connector, ConnectRequest, Opened
from ocppkit.core import ConnectionClosed, HandshakeRefused, Limits, LocalProtocolError

from .._pump import Pump
from .._station_runner import Client, Connect, Run
from ._transport import WebSocketTransport, heartbeat, most_bytes, texts

__all__ = ["connect", "connector", "run"]

_WINDOW_BITS: Final = 15


def connector(limits: Limits, compression: bool) -> Connector:
    """Returns what opens WebSockets within these limits."""
    running: set[asyncio.Task[None]] = set()

    async def opened(request: ConnectRequest) -> Opened:
        session = ClientSession(timeout=ClientTimeout(total=None), trace_configs=[_no_redirects()])
        try:
            websocket = await _open(session, request, limits, compression)
        except BaseException:
            await session.close()
            raise
        pump = Pump(WebSocketTransport(websocket), limits)
        task = asyncio.create_task(_drive(pump, session))
        running.add(task)
        task.add_done_callback(running.discard)
        return Opened(pump, websocket.protocol)

    return opened


_CLIENT: Final = Client(connector)

run: Run = _CLIENT.run
connect: Connect = _CLIENT.connect


async def _drive(pump: Pump, session: ClientSession) -> None:
    async with session:
        await pump.run()


async def _open(
    session: ClientSession, request: ConnectRequest, limits: Limits, compression: bool
) -> ClientWebSocketResponse:
    url = _parsed(request.url)
    try:
        async with asyncio.timeout(limits.handshake_timeout):
            return await session.ws_connect(
                url,
                protocols=request.subprotocols,
                headers=texts(request.headers),
                ssl=True if request.ssl is None else request.ssl,
                compress=_WINDOW_BITS if compression else 0,
                max_msg_size=most_bytes(limits),
                heartbeat=heartbeat(limits),
            )
    except TimeoutError as problem:
        raise ConnectionClosed("no answer to the handshake", delivered="no") from problem
    except WSServerHandshakeError as problem:
        raise HandshakeRefused(problem.message, status=problem.status) from problem
    except (ClientError, OSError) as problem:
        raise ConnectionClosed(str(problem), delivered="no") from problem


def _parsed(url: str) -> URL:
    try:
        parsed = URL(url, encoded=True)
        complete = parsed.host is not None and parsed.port is not None
    except ValueError as problem:
        raise LocalProtocolError(str(problem)) from problem
    if not complete:
        raise LocalProtocolError("the URL of a CSMS names a host")
    return parsed


def _no_redirects() -> TraceConfig:
    # Credentials go where the user said, and nowhere that an answer says.
    async def refuse(
        session: ClientSession, context: SimpleNamespace, params: TraceRequestRedirectParams
    ) -> NoReturn:
        raise HandshakeRefused("redirects are not followed", status=params.response.status)

    config = TraceConfig()
    config.on_request_redirect.append(refuse)
    return config
