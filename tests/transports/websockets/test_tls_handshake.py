"""Connections that speak TLS count from their first moment, and end with the server whatever state they are in."""

import asyncio
import gc
import logging
import ssl
import sys
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

from ocppkit.core import Limits
from ocppkit.transports import websockets
from ocppkit.transports._shared_reading import SharedReading
from ocppkit.transports._tls_handshake import TlsHandshake
from support.event_loops import LOOPS

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def nothing_is_left() -> Generator[None]:
    """Warnings of sockets that were never closed come when they are collected."""
    yield
    gc.collect()


PATIENT = Limits(handshake_timeout=3600)


@LOOPS
def test_silent_clients_fill_the_room_and_no_more(
    run: Make, make_csms: Make, make_station: Make, raw: Make, until: Make, tls: Make
) -> None:
    async def main() -> None:
        csms, context = make_csms(limits=PATIENT), tls("server", own="server")
        async with (
            websockets.serve(csms, "127.0.0.1", ssl=context, max_connections=5) as server,
            AsyncExitStack() as stack,
        ):
            clients = [await stack.enter_async_context(raw(server.port)) for _ in range(50)]
            for client in clients[5:]:
                assert await client.rest() == b""
            assert server.connections == 5
            for client in clients[:5]:
                client.writer.close()
            await until(lambda: server.connections == 0)
            station = make_station(password="x", ssl=tls("station"))
            async with websockets.connect(station, f"wss://localhost:{server.port}"):
                await station.wait_accepted()
                assert server.connections == 1

    run(main())


@LOOPS
@pytest.mark.parametrize("hello", [b"", b"\x16\x03\x01\x02\x00\x01"])
def test_shutting_down_does_not_wait_for_tls(
    hello: bytes, run: Make, make_csms: Make, raw: Make, until: Make, tls: Make
) -> None:
    async def main() -> None:
        csms, context = make_csms(limits=PATIENT), tls("server", own="server")
        stopping = websockets.serve(csms, "127.0.0.1", ssl=context, grace=0.0)
        server = await stopping.__aenter__()
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(raw(server.port)) for _ in range(20)]
            for client in clients:
                client.send(hello)
            await until(lambda: server.connections == 20)
            async with asyncio.timeout(10):
                await stopping.__aexit__(None, None, None)
            assert server.connections == 0
            assert [await client.rest() for client in clients] == [b""] * 20

    run(main())


@pytest.mark.asyncio
async def test_connections_that_come_while_the_server_stops(
    make_csms: Make, raw: Make, tls: Make
) -> None:
    csms, context = make_csms(limits=PATIENT), tls("server", own="server")
    stopping = websockets.serve(csms, "127.0.0.1", ssl=context)
    server = await stopping.__aenter__()
    # The system has taken this connection, the server has not.
    async with raw(server.port) as client:
        async with asyncio.timeout(10):
            await stopping.__aexit__(None, None, None)
        assert await client.rest() == b""


@pytest.mark.asyncio
async def test_tls_that_fails_is_reported(
    make_csms: Make,
    raw: Make,
    until: Make,
    tls: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    csms, context = make_csms(), tls("server", own="server")
    async with websockets.serve(csms, "127.0.0.1", ssl=context) as server:
        async with raw(server.port) as client:
            client.send(b"GET /CP001 HTTP/1.1\r\n\r\n")
            await client.rest()
        async with raw(server.port) as monitor:
            monitor.writer.close()
        await until(lambda: server.connections == 0)
    (record,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert "192.0.2" not in record.getMessage()
    assert "127.0.0.1): refused: the TLS handshake failed: " in record.getMessage()


@pytest.mark.asyncio
async def test_tls_that_does_not_come_is_ended(
    make_csms: Make, raw: Make, until: Make, tls: Make, caplog: pytest.LogCaptureFixture
) -> None:
    csms, context = make_csms(limits=Limits(handshake_timeout=0.05)), tls("server", own="server")
    async with websockets.serve(csms, "127.0.0.1", ssl=context) as server:
        async with raw(server.port) as client:
            assert await client.rest() == b""
        await until(lambda: server.connections == 0)
    assert "refused: no TLS handshake within 0.05 s" in caplog.text


class ByHand:
    """The client's side of TLS, whose bytes are sent by hand."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    async def shake_hands(self, client: Any) -> bytes:
        """Returns the last bytes of the handshake, which are to be sent yet."""
        while True:
            try:
                self.tls.do_handshake()
                return self.outgoing.read()
            except ssl.SSLWantReadError:
                client.send(self.outgoing.read())
                self.incoming.write(await client.reader.read(1 << 16))

    async def read(self, client: Any) -> bytes:
        """Returns what the server says next."""
        while True:
            try:
                return self.tls.read()
            except ssl.SSLWantReadError:
                self.incoming.write(await client.reader.read(1 << 16))


@LOOPS
def test_a_handshake_that_comes_with_the_last_bytes_of_tls(
    run: Make, make_csms: Make, raw: Make, handshake: Make, tls: Make
) -> None:
    async def main() -> None:
        csms, context = make_csms(), tls("server", own="server")
        async with (
            websockets.serve(csms, "127.0.0.1", ssl=context) as server,
            raw(server.port) as client,
            asyncio.timeout(10),
        ):
            by_hand = ByHand(tls("station"))
            last = await by_hand.shake_hands(client)
            by_hand.tls.write(handshake("/CP001") + b"\x89\x82\0\0\0\0hi")
            client.send(last + by_hand.outgoing.read())
            said = b""
            while not said.endswith(b"\x8a\x02hi"):
                said += await by_hand.read(client)
            assert said.startswith(b"HTTP/1.1 101")

    run(main())


@pytest.mark.asyncio
async def test_beyond_the_excess_nobody_is_answered(
    make_csms: Make, raw: Make, handshake: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = sys.modules[websockets.Server.__module__]
    monkeypatch.setattr(module, "_MOST_EXCESS", 2)
    csms = make_csms(limits=PATIENT)
    async with (
        websockets.serve(csms, "127.0.0.1", max_connections=1) as server,
        AsyncExitStack() as stack,
    ):
        clients = [await stack.enter_async_context(raw(server.port)) for _ in range(4)]
        assert await clients[3].rest() == b""
        for client in clients[1:3]:
            client.send(handshake("/CP001"))
            assert (await client.head()).startswith(b"HTTP/1.1 503")
        assert server.connections == 1


class Failing(SharedReading):
    """What takes over after TLS, and cannot read a byte."""

    def data_received(self, data: bytes) -> None:
        raise ArithmeticError("a fault of ours")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.data_received(b"")


@pytest.mark.asyncio
async def test_a_failure_right_after_tls_ends_the_connection(
    tls: Make, caplog: pytest.LogCaptureFixture
) -> None:
    def new_connection() -> TlsHandshake:
        return TlsHandshake(
            tls("server", own="server"), 5.0, Failing(), lambda reason, **_: pytest.fail(reason)
        )

    listener = await asyncio.get_running_loop().create_server(new_connection, "127.0.0.1", 0)
    async with listener, asyncio.timeout(5):
        port = listener.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=tls("station"), server_hostname="localhost"
        )
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
    assert "127.0.0.1: starting the connection failed right after the TLS handshake" in caplog.text
    assert "a fault of ours" in caplog.text
