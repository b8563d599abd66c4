"""A server that stops: answers of running handlers leave first, and commands under way get theirs."""

import asyncio
import inspect
import json
import signal
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, get_type_hints

import pytest
from aiohttp import web
from starlette.applications import Starlette
from starlette.routing import Mount

from ocppkit import v201
from ocppkit.aio import stop_requested
from ocppkit.csms import Csms
from ocppkit.transports import aiohttp, starlette, websockets
from ocppkit.v201.roles import ConnectedStation
from support.guide_code import free_port, wait_for
from support.servers import running

Make = Callable[..., Any]
Started: TypeAlias = tuple[int, Callable[[], Coroutine[Any, Any, None]]]
"""The port, and what stops the server in order."""

BOOT = (
    '[2,"b","BootNotification",'
    '{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'
)
ACCEPTED = '{"status":"Accepted"}'


@asynccontextmanager
async def by_websockets(csms: Csms) -> AsyncGenerator[Started]:
    port = free_port()

    async def serve() -> None:
        async with websockets.serve(csms, "127.0.0.1", port):
            await stopped.wait()

    async def stop() -> None:
        stopped.set()
        await serving

    stopped = asyncio.Event()
    serving = asyncio.create_task(serve())
    await asyncio.to_thread(wait_for, port)
    yield port, stop
    await stop()


@asynccontextmanager
async def by_starlette(csms: Csms) -> AsyncGenerator[Started]:
    stations = starlette.endpoint(csms)
    app = Starlette(routes=[Mount("/ocpp", stations)])
    async with running(app, lifespan="off") as port:
        yield port, stations.drain


@asynccontextmanager
async def by_aiohttp(csms: Csms) -> AsyncGenerator[Started]:
    handler = aiohttp.CsmsHandler(csms)
    app = web.Application()
    app.router.add_get("/{identity}", handler.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1], handler.drain
    finally:
        await runner.cleanup()


SERVERS = {
    "websockets": (by_websockets, ""),
    "starlette": (by_starlette, "/ocpp"),
    "aiohttp": (by_aiohttp, ""),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", SERVERS)
async def test_answers_and_commands_finish_before_the_close(
    name: str, make_csms: Make, raw: Make
) -> None:
    csms = make_csms()
    begun, go_on = asyncio.Event(), asyncio.Event()

    @csms.on(v201.DataTransferRequest)
    async def transfer(station: object, request: object) -> v201.DataTransferResponse:
        begun.set()
        await go_on.wait()
        return v201.DataTransferResponse(status=v201.DataTransferStatusEnumType.ACCEPTED)

    serve, path = SERVERS[name]
    async with serve(csms) as (port, stop), raw(port, f"{path}/CP001") as client:
        client.text(BOOT)
        await client.next_frame()
        client.text('[2,"1","DataTransfer",{"vendorId":"V"}]')
        await begun.wait()
        handle = csms.stations.get("CP001", ConnectedStation)
        assert handle is not None
        command = asyncio.create_task(handle.clear_cache())
        _, call = await client.next_frame()

        stopping = asyncio.create_task(stop())
        # It is answered only when the server is stopping.
        await asyncio.wait([stopping], timeout=0)
        client.text(f'[3,"{json.loads(call)[1]}",{ACCEPTED}]')
        assert (await command).status == "Accepted"
        go_on.set()
        assert json.loads((await client.next_frame())[1]) == [3, "1", json.loads(ACCEPTED)]
        opcode, close = await client.next_frame()
        assert (opcode, close[:2]) == (8, (1001).to_bytes(2, "big"))
        client.frame(8, close)
        await stopping


@pytest.mark.asyncio
@pytest.mark.parametrize("name", SERVERS)
async def test_nobody_is_let_in_any_more(name: str, make_csms: Make, raw: Make) -> None:
    serve, path = SERVERS[name]
    async with serve(make_csms()) as (port, stop):
        await stop()
        if name == "websockets":
            with pytest.raises(ConnectionRefusedError):
                async with raw(port, f"{path}/CP001"):
                    pass
        else:
            async with raw(port) as client:
                client.send(handshake_to(f"{path}/CP001"))
                assert (await client.head()).startswith((b"HTTP/1.1 503", b"HTTP/1.1 403"))


def handshake_to(path: str) -> bytes:
    lines = (
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: ocpp2.0.1",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.mark.asyncio
async def test_handlers_in_applications_within_an_application_are_drained(make_csms: Make) -> None:
    inner, outer = web.Application(), web.Application()
    aiohttp.mount(inner, "/ocpp", make_csms())
    outer.add_subapp("/inner", inner)
    port = free_port()
    serving = asyncio.create_task(aiohttp.run_server(outer, "127.0.0.1", port))
    await asyncio.to_thread(wait_for, port)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(handshake_to("/inner/ocpp/CP001"))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    signal.raise_signal(signal.SIGTERM)
    assert (await reader.read(2))[:1] == b"\x88"
    writer.write(b"\x88\x82\0\0\0\0\x03\xe9")
    await serving
    writer.close()


def test_run_server_takes_the_options_of_serve() -> None:
    options = set(inspect.signature(websockets.serve).parameters) - {"csms", "host", "port"}
    assert set(get_type_hints(websockets.ServeOptions)) == options


@pytest.mark.asyncio
async def test_run_server_ends_on_the_signal(make_csms: Make, raw: Make) -> None:
    port = free_port()
    serving = asyncio.create_task(websockets.run_server(make_csms(), "127.0.0.1", port))
    await asyncio.to_thread(wait_for, port)
    async with raw(port, "/CP001") as client:
        signal.raise_signal(signal.SIGINT)
        opcode, close = await client.next_frame()
        assert opcode == 8
        client.frame(8, close)
        await serving


def test_on_uvloop(make_csms: Make) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def main() -> signal.Signals:
        waiting = asyncio.create_task(stop_requested())
        await asyncio.sleep(0)
        signal.raise_signal(signal.SIGTERM)
        return await waiting

    assert uvloop.run(main()) is signal.SIGTERM
