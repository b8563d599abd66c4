"""A CSMS of ocppkit, on any transport and event loop."""

import argparse
import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from typing import Any, Final

from ocppkit import v201
from ocppkit.csms import Csms
from speed.ours import csms_of
from speed.peers.ending import end_of_input, tell

Tls = ssl.SSLContext | None


def _by_package(name: str) -> Callable[[Csms, Tls], AbstractAsyncContextManager[int]]:
    @asynccontextmanager
    async def serve(csms: Csms, tls: Tls) -> AsyncGenerator[int]:
        transport: Any = import_module(f"ocppkit.transports.{name}")
        async with transport.serve(csms, "127.0.0.1", ssl=tls, grace=0.1) as server:
            yield server.port

    return serve


@asynccontextmanager
async def _aiohttp(csms: Csms, tls: Tls) -> AsyncGenerator[int]:
    from aiohttp import web

    from ocppkit.transports.aiohttp import mount

    app = web.Application()
    mount(app, "/ocpp", csms, grace=0.1)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@asynccontextmanager
async def _starlette(csms: Csms, tls: Tls) -> AsyncGenerator[int]:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Mount

    from ocppkit.transports.starlette import endpoint

    app = Starlette(routes=[Mount("/ocpp", endpoint(csms))])
    config = uvicorn.Config(
        app, "127.0.0.1", 0, ws="websockets-sansio", lifespan="off", log_level="warning"
    )
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


_TRANSPORTS: Final = {
    "websockets": _by_package("websockets"),
    "aiohttp": _aiohttp,
    "starlette": _starlette,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transport", choices=_TRANSPORTS, default="websockets")
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="asyncio")
    parser.add_argument("--coroutines", action="store_true", help="make handlers coroutines")
    parser.add_argument("--interval", type=int, default=300, help="of heartbeats, in seconds")
    parser.add_argument("--certificate", help="serve wss with this certificate and key")
    return parser.parse_args()


async def _main(arguments: argparse.Namespace) -> None:
    tls: Tls = None
    if arguments.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(arguments.certificate)
    csms = csms_of(v201.PROTOCOL, coroutines=arguments.coroutines, interval=arguments.interval)
    async with _TRANSPORTS[arguments.transport](csms, tls) as port:
        tell(port=port)
        await end_of_input()


if __name__ == "__main__":
    _parsed = _arguments()
    _loop: Any = import_module("uvloop").new_event_loop if _parsed.loop == "uvloop" else None
    with asyncio.Runner(loop_factory=_loop) as _runner:
        _runner.run(_main(_parsed))
