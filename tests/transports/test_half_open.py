"""Connections that never ask for anything end, at every server that a CSMS can stand in."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from starlette.applications import Starlette
from starlette.routing import Mount
from uvicorn.protocols.http.h11_impl import H11Protocol

from ocppkit.core import Limits
from ocppkit.csms import Csms
from ocppkit.transports import aiohttp, starlette
from ocppkit.transports.aiohttp import _site
from support.servers import by_websockets, running

Make = Callable[..., Any]
Impatient = Callable[..., AbstractAsyncContextManager[int]]


@asynccontextmanager
async def by_aiohttp(
    csms: Csms, seconds: float, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[int]:
    app = web.Application()
    aiohttp.mount(app, "/ocpp", csms)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = aiohttp.BoundedSite(
            runner, "127.0.0.1", handshake_timeout=seconds, ssl_context=tls, csms=csms
        )
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def by_uvicorn(protocol: type[asyncio.Protocol]) -> Impatient:
    @asynccontextmanager
    async def serve(csms: Csms, seconds: float) -> AsyncGenerator[int]:
        app = Starlette(routes=[Mount("/ocpp", starlette.endpoint(csms))])
        async with running(
            app, http=starlette.first_request_within(seconds, protocol, csms)
        ) as port:
            yield port

    return serve


@asynccontextmanager
async def by_own_server(csms: Csms, seconds: float) -> AsyncGenerator[int]:
    async with by_websockets(csms) as port:
        yield port


SERVERS: dict[str, Impatient] = {
    "websockets": by_own_server,
    "aiohttp": by_aiohttp,
    "uvicorn": by_uvicorn(H11Protocol),
}
REQUEST = b"GET /ocpp/CP001 HTTP/1.1\r\nHost"


@pytest.mark.asyncio
@pytest.mark.parametrize("name", SERVERS)
async def test_who_asks_for_nothing_is_ended(
    name: str, make_csms: Make, raw: Make, caplog: pytest.LogCaptureFixture
) -> None:
    csms = make_csms(limits=Limits(handshake_timeout=0.1))
    async with SERVERS[name](csms, 0.1) as port:
        for head in (b"", b"G", REQUEST):
            async with raw(port) as client:
                client.send(head)
                assert await client.rest() == b""
        assert len(csms.stations) == 0
    # Others of this minute are counted.
    (record,) = caplog.records
    assert record.getMessage() == (
        "unknown station (127.0.0.1): refused: no handshake within 0.1 s"
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("name", SERVERS)
async def test_who_asks_in_pieces_is_served(
    name: str, make_csms: Make, raw: Make, handshake: Make
) -> None:
    csms = make_csms()
    async with SERVERS[name](csms, 60.0) as port, raw(port) as client:
        head = handshake("/ocpp/CP001")
        for piece in (head[:10], head[10:-3], head[-3:]):
            client.send(piece)
            await asyncio.sleep(0.01)
        assert (await client.head()).startswith(b"HTTP/1.1 101")
        handle = await csms.stations.wait_connected("CP001")
        client.frame(9, b"hi")
        assert await client.next_frame() == (10, b"hi")
        client.frame(8, b"\x03\xe8")
        assert (await handle.wait_disconnected()).by == "peer"


@pytest.mark.asyncio
@pytest.mark.parametrize("name", SERVERS)
async def test_a_head_without_end_is_refused_or_ended(
    name: str, make_csms: Make, raw: Make
) -> None:
    csms = make_csms()
    async with SERVERS[name](csms, 60.0) as port, raw(port) as client:
        client.send(REQUEST + b": x\r\nA: " + b"b" * 200_000)
        said = await client.rest()
        assert said == b"" or int(said.split()[1]) >= 400


@pytest.mark.asyncio
async def test_tls_that_does_not_come_is_ended_on_aiohttp(
    make_csms: Make, raw: Make, tls: Make, caplog: pytest.LogCaptureFixture
) -> None:
    context = tls("server", own="server")
    async with by_aiohttp(make_csms(), 0.1, context) as port, raw(port) as client:
        assert await client.rest() == b""
    assert "(127.0.0.1): refused: no TLS handshake within 0.1 s" in caplog.text


def test_an_aiohttp_that_has_changed_is_named() -> None:
    with pytest.raises(ImportError, match=r"aiohttp 9\.0 has no BaseSite\._server"):
        _site._check(object(), "9.0")  # type: ignore[arg-type]
