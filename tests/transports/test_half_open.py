"""Connections that never ask for anything end, at every server that a CSMS can stand in."""

import asyncio
import gc
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from ocppkit.core import Limits
from ocppkit.transports import websockets
from ocppkit.transports.aiohttp import _site
from support.servers import BOUNDED, Serving

Make = Callable[..., Any]
REQUEST = b"GET /ocpp/CP001 HTTP/1.1\r\nHost"
QUICK = Limits(handshake_timeout=0.1)
PATIENT = Limits(handshake_timeout=3600)


@pytest.fixture(params=BOUNDED)
def bounded(request: pytest.FixtureRequest) -> Generator[Serving]:
    """Each server that a CSMS can stand in, with bounds on connections without a handshake."""
    yield BOUNDED[request.param]
    # Warnings of sockets that were never closed come when they are collected.
    gc.collect()


@pytest.mark.asyncio
async def test_who_asks_for_nothing_is_ended(
    bounded: Serving, make_csms: Make, raw: Make, caplog: pytest.LogCaptureFixture
) -> None:
    csms = make_csms(limits=QUICK)
    async with bounded(csms) as port:
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
async def test_who_asks_in_pieces_is_served(
    bounded: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    csms = make_csms(limits=PATIENT)
    async with bounded(csms) as port, raw(port) as client:
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
async def test_a_head_without_end_is_refused_or_ended(
    bounded: Serving, make_csms: Make, raw: Make
) -> None:
    csms = make_csms(limits=PATIENT)
    async with bounded(csms) as port, raw(port) as client:
        client.send(REQUEST + b": x\r\nA: " + b"b" * 200_000)
        said = await client.rest()
        assert said == b"" or int(said.split()[1]) >= 400


@pytest.mark.asyncio
async def test_tls_that_does_not_come_is_ended(
    bounded: Serving, make_csms: Make, raw: Make, tls: Make, caplog: pytest.LogCaptureFixture
) -> None:
    context = tls("server", own="server")
    async with bounded(make_csms(limits=QUICK), context) as port, raw(port) as client:
        assert await client.rest() == b""
    assert "(127.0.0.1): refused: no TLS handshake within 0.1 s" in caplog.text


@pytest.mark.asyncio
@pytest.mark.parametrize("secure", [False, True])
async def test_silent_clients_fill_the_room_and_no_more(
    secure: bool,
    bounded: Serving,
    make_csms: Make,
    make_station: Make,
    raw: Make,
    until: Make,
    tls: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    csms, context = make_csms(limits=PATIENT), tls("server", own="server") if secure else None
    async with bounded(csms, context, max_connections=5) as port, AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(raw(port)) for _ in range(5)]
        excess = [await stack.enter_async_context(raw(port)) for _ in range(20)]
        for client in excess:
            if bounded is BOUNDED["websockets"] and not secure:
                # It has room for an answer.
                client.send(REQUEST + b": x\r\n\r\n")
            said = await client.rest()
            assert said == b"" or said.startswith(b"HTTP/1.1 4"), said
        station = make_station(password="x", ssl=tls("station") if secure else None)
        scheme = "wss" if secure else "ws"
        async with websockets.connect(station, f"{scheme}://localhost:{port}/ocpp"):
            await until(lambda: "too many connections" in caplog.text)
            assert len(csms.stations) == 0
            for client in silent:
                client.writer.close()
            await station.wait_accepted()
            assert [each.identity for each in csms.stations] == ["CP001"]


@pytest.mark.asyncio
async def test_connections_that_have_ended_make_room(
    bounded: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    async with bounded(make_csms(), max_connections=1) as port:
        for number in range(10):
            async with raw(port) as client:
                client.send(handshake(f"/ocpp/CP{number}"))
                assert (await client.head()).startswith(b"HTTP/1.1 101")
                client.frame(8, b"\x03\xe8")
                assert await client.next_frame() == (8, b"\x03\xe8")
                assert await client.rest() == b""


def test_an_aiohttp_that_has_changed_is_named() -> None:
    with pytest.raises(ImportError, match=r"aiohttp 9\.0 has no BaseSite\._server"):
        _site._check(object(), "9.0")  # type: ignore[arg-type]


@pytest.mark.asyncio
@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("head", [b"", b"\x16\x03\x01\x02\x00\x01"])
async def test_stopping_does_not_wait_for_them(
    head: bytes, secure: bool, bounded: Serving, make_csms: Make, raw: Make, tls: Make
) -> None:
    csms, context = make_csms(limits=PATIENT), tls("server", own="server") if secure else None
    server = bounded(csms, context)
    port = await server.__aenter__()
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(raw(port)) for _ in range(5)]
        for client in clients:
            client.send(head)
        await asyncio.sleep(0.05)
        async with asyncio.timeout(10):
            await server.__aexit__(None, None, None)
        assert [await client.rest() for client in clients] == [b""] * 5
