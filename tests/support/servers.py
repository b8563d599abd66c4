"""Serves one CSMS with each supported server, on 127.0.0.1 under `/ocpp`."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from ssl import SSLContext
from typing import Any, Protocol

import uvicorn
from aiohttp import web
from starlette.applications import Starlette
from starlette.routing import Mount
from uvicorn.protocols.http.h11_impl import H11Protocol

from ocppkit.csms import Csms
from ocppkit.transports import aiohttp, starlette, websockets

__all__ = [
    "BOUNDED",
    "SERVERS",
    "Serving",
    "by_aiohttp",
    "by_starlette",
    "by_websockets",
    "running",
]


class Serving(Protocol):
    """Serves until the block is left, and tells the port."""

    def __call__(
        self, csms: Csms, tls: SSLContext | None = None, **options: Any
    ) -> AbstractAsyncContextManager[int]: ...


@asynccontextmanager
async def by_websockets(
    csms: Csms, tls: SSLContext | None = None, **options: Any
) -> AsyncGenerator[int]:
    async with websockets.serve(csms, "127.0.0.1", ssl=tls, **options) as server:
        yield server.port


@asynccontextmanager
async def by_starlette(
    csms: Csms, tls: SSLContext | None = None, *, proxy_headers: bool = False, **options: Any
) -> AsyncGenerator[int]:
    app = Starlette(routes=[Mount("/ocpp", starlette.endpoint(csms, **options))])
    most = csms.limits.frame_bytes
    async with running(app, tls, ws_max_size=most, proxy_headers=proxy_headers) as port:
        yield port


@asynccontextmanager
async def by_aiohttp(
    csms: Csms, tls: SSLContext | None = None, **options: Any
) -> AsyncGenerator[int]:
    app = web.Application()
    aiohttp.mount(app, "/ocpp", csms, grace=0.1, **options)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


SERVERS: dict[str, Serving] = {
    "websockets": by_websockets,
    "starlette": by_starlette,
    "aiohttp": by_aiohttp,
}


@asynccontextmanager
async def _by_bounded_aiohttp(
    csms: Csms, tls: SSLContext | None = None, **options: Any
) -> AsyncGenerator[int]:
    app = web.Application()
    aiohttp.mount(app, "/ocpp", csms, grace=0.1)
    runner = web.AppRunner(app)
    await runner.setup()
    seconds = csms.limits.handshake_timeout
    site = aiohttp.BoundedSite(
        runner, "127.0.0.1", handshake_timeout=seconds, ssl_context=tls, csms=csms, **options
    )
    try:
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _by_bounded_uvicorn(
    csms: Csms, tls: SSLContext | None = None, **options: Any
) -> AsyncGenerator[int]:
    app = Starlette(routes=[Mount("/ocpp", starlette.endpoint(csms, grace=0.1))])
    first = starlette.first_request_within(
        csms.limits.handshake_timeout, H11Protocol, csms, ssl=tls, **options
    )
    async with running(app, http=first) as port:
        yield port


BOUNDED: dict[str, Serving] = {
    "websockets": by_websockets,
    "aiohttp": _by_bounded_aiohttp,
    "uvicorn": _by_bounded_uvicorn,
}
"""The same servers with bounds on connections that never become a WebSocket."""


@asynccontextmanager
async def running(app: Any, tls: SSLContext | None = None, **options: Any) -> AsyncGenerator[int]:
    """Runs an ASGI application in uvicorn until the block is left, and tells the port."""
    options = {"ws": "websockets-sansio", "log_config": None, **options}
    config = uvicorn.Config(app, **options)
    config.load()
    config.ssl = tls or config.ssl
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            # Connections wait in the listener's queue until the server is ready.
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving
