"""The servers that listen by themselves: room, time and TLS are theirs to keep, and the words of a goodbye."""

import asyncio
import gc
import logging
from collections.abc import Callable, Generator
from typing import Any

import pytest

from ocppkit.aio.lowlevel import Endpoint
from ocppkit.core import Limits
from ocppkit.csms import PasswordAuthenticator, Verdict
from ocppkit.transports import websockets

Make = Callable[..., Any]

BOOT = (
    '[2,"b","BootNotification",'
    '{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'
)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Generator[None]:
    """Warnings of sockets that were never closed come when they are collected."""
    yield
    gc.collect()


def close_code(data: bytes) -> int:
    return int.from_bytes(data[:2], "big")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "head",
    [
        b"nonsense\r\n\r\n",
        b"GET /CP001 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /CP001 HTTP/1.1\r\nA: " + b"b" * 1_000_000,
    ],
    ids=["nonsense", "no-upgrade", "endless"],
)
async def test_who_is_refused_is_forgotten(
    head: bytes, make_csms: Make, raw: Make, until: Make
) -> None:
    async with websockets.serve(make_csms(), "127.0.0.1") as server, raw(server.port) as client:
        client.send(head)
        said = await client.rest()
        assert said == b"" or int(said.split()[1]) >= 400
        client.writer.close()
        await until(lambda: server.connections == 0)


@pytest.mark.asyncio
async def test_a_half_open_handshake_is_ended(make_csms: Make, raw: Make, until: Make) -> None:
    csms = make_csms(limits=Limits(handshake_timeout=0.05))
    async with websockets.serve(csms, "127.0.0.1") as server:
        async with raw(server.port) as silent, raw(server.port) as slow:
            slow.send(b"GET /CP001 HTTP/1.1\r\nHost")
            assert await silent.rest() == b""
            assert await slow.rest() == b""
        await until(lambda: server.connections == 0)


@pytest.mark.asyncio
async def test_one_that_was_refused_and_stays_is_ended(
    make_csms: Make, raw: Make, handshake: Make, until: Make
) -> None:
    csms = make_csms(limits=Limits(handshake_timeout=0.05))
    async with websockets.serve(csms, "127.0.0.1") as server, raw(server.port) as client:
        client.send(handshake("/"))
        assert (await client.head()).startswith(b"HTTP/1.1 404")
        client.send(b"x" * 1000)
        await until(lambda: server.connections == 0)


class Slow:
    """An authenticator that takes its time."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()

    async def authenticate(self, credentials: object) -> Verdict:
        self.asked.set()
        await self.gate.wait()
        return Verdict.ACCEPTED


@pytest.mark.asyncio
async def test_a_client_that_does_not_wait_for_the_decision(
    make_csms: Make, raw: Make, handshake: Make, until: Make
) -> None:
    slow = Slow()
    csms = make_csms(authenticator=slow, limits=Limits(handshake_timeout=0.2))
    async with websockets.serve(csms, "127.0.0.1") as server:
        async with raw(server.port) as client:
            client.send(handshake())
            await slow.asked.wait()
        await until(lambda: server.connections == 0)
        assert len(csms.stations) == 0


@pytest.mark.asyncio
async def test_shutting_down_in_the_middle_of_a_handshake(
    make_csms: Make, raw: Make, handshake: Make
) -> None:
    slow = Slow()
    async with websockets.serve(make_csms(authenticator=slow), "127.0.0.1") as server:
        client_manager = raw(server.port)
        client = await client_manager.__aenter__()
        client.send(handshake())
        await slow.asked.wait()
    assert await client.rest() == b""
    await client_manager.__aexit__(None, None, None)


@pytest.mark.asyncio
async def test_too_many_connections(
    make_csms: Make, raw: Make, handshake: Make, until: Make
) -> None:
    async with websockets.serve(make_csms(), "127.0.0.1", max_connections=2) as server:
        async with raw(server.port, "/CP001"), raw(server.port), raw(server.port) as third:
            third.send(handshake("/CP002"))
            assert (await third.head()).startswith(b"HTTP/1.1 503")
        await until(lambda: server.connections == 0)
        async with raw(server.port, "/CP002"):
            assert server.connections == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("compression", [True, False])
async def test_wsx_01_compression_is_agreed_on(
    compression: bool, make_csms: Make, raw: Make, handshake: Make
) -> None:
    async with (
        websockets.serve(make_csms(), "127.0.0.1", compression=compression) as server,
        raw(server.port) as client,
    ):
        client.send(handshake("/CP001", "Sec-WebSocket-Extensions: permessage-deflate"))
        head = await client.head()
        assert (b"permessage-deflate" in head) is compression
        assert b"Sec-WebSocket-Protocol: ocpp2.0.1" in head


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("offers", "agreed"),
    [
        ("x-unknown, permessage-deflate", b"permessage-deflate"),
        ("permessage-deflate; server_max_window_bits=99, permessage-deflate", b"deflate"),
        ("permessage-deflate; client_no_context_takeover", b"client_no_context_takeover"),
        ("permessage-deflate; unknown=1", None),
        ("x-unknown", None),
    ],
)
async def test_wsx_01_of_several_offers_one_is_taken(
    offers: str, agreed: bytes | None, make_csms: Make, raw: Make, handshake: Make
) -> None:
    async with websockets.serve(make_csms(), "127.0.0.1") as server, raw(server.port) as client:
        client.send(handshake("/CP001", f"Sec-WebSocket-Extensions: {offers}"))
        head = await client.head()
        assert head.startswith(b"HTTP/1.1 101")
        assert (b"Sec-WebSocket-Extensions" in head) is (agreed is not None)
        assert (agreed or b"") in head


@pytest.mark.asyncio
async def test_offers_that_are_none(make_csms: Make, raw: Make, handshake: Make) -> None:
    csms = make_csms()
    async with websockets.serve(csms, "127.0.0.1") as server, raw(server.port) as client:
        client.send(handshake("/CP001", "Sec-WebSocket-Extensions: ;;"))
        assert (await client.head()).startswith(b"HTTP/1.1 400")
        assert len(csms.stations) == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("opcode", "data", "rsv", "code"),
    [
        (8, b"\x03\xee", 0, 1002),
        (8, b"\x03\xed", 0, 1002),
        (8, b"\0\0", 0, 1002),
        (1, b"\xff" * 50, 0x40, 1002),
        (2, b"\xff" * 50, 0x40, 1002),
        # Compressed, and then no UTF-8.
        (1, b"\xfa\xff\x07\x00", 0x40, 1007),
    ],
)
async def test_mistakes_that_others_overlook(
    opcode: int,
    data: bytes,
    rsv: int,
    code: int,
    make_csms: Make,
    raw: Make,
    handshake: Make,
) -> None:
    csms = make_csms()
    async with websockets.serve(csms, "127.0.0.1") as server, raw(server.port) as client:
        client.send(handshake("/CP001", "Sec-WebSocket-Extensions: permessage-deflate"))
        await client.head()
        handle = await csms.stations.wait_connected("CP001")
        client.frame(opcode, data, rsv=rsv)
        answered, why = await client.next_frame()
        assert (answered, close_code(why)) == (8, code)
        end = await handle.wait_disconnected()
        assert (end.by, end.code) == ("us", code)


@pytest.mark.asyncio
async def test_one_that_breaks_off_in_a_flood_learns_why(make_csms: Make, raw: Make) -> None:
    async with (
        websockets.serve(make_csms(), "127.0.0.1") as server,
        raw(server.port, "/CP001") as client,
    ):
        client.frame(3, b"")
        for _ in range(100):
            client.frame(1, b" " * 100_000)
            await asyncio.sleep(0)
        opcode, why = await client.next_frame()
        assert (opcode, close_code(why)) == (8, 1002)
        await client.rest()


@pytest.mark.asyncio
async def test_a_close_without_a_code(make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    async with (
        websockets.serve(csms, "127.0.0.1") as server,
        raw(server.port, "/CP001") as client,
    ):
        handle = await csms.stations.wait_connected("CP001")
        client.frame(8, b"")
        assert await client.next_frame() == (8, b"")
        end = await handle.wait_disconnected()
        assert (end.by, end.code) == ("peer", 1005)


@pytest.mark.asyncio
async def test_a_goodbye_that_is_not_answered(
    make_csms: Make, raw: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocppkit.transports.websockets._wire.CLOSE_TIMEOUT", 0.05)
    csms = make_csms()
    async with websockets.serve(csms, "127.0.0.1") as server, raw(server.port, "/CP001"):
        handle = await csms.stations.wait_connected("CP001")
        handle.close()
        end = await handle.wait_disconnected()
        assert (end.by, end.reason) == ("us", "no close frame")


@pytest.mark.asyncio
async def test_connections_that_fail_in_tls_leave_nothing(
    make_csms: Make, make_station: Make, raw: Make, tls: Make
) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": "x"}.get))
    async with websockets.serve(
        csms, "127.0.0.1", ssl=tls("server", own="server"), max_connections=1
    ) as server:
        for _ in range(3):
            async with raw(server.port) as client:
                client.send(b"GET /CP001 HTTP/1.1\r\n\r\n")
                await client.rest()
        assert server.connections == 0
        station = make_station(password="x", ssl=tls("station"))
        async with websockets.connect(station, f"wss://localhost:{server.port}"):
            await station.wait_accepted()


@pytest.mark.asyncio
async def test_a_bug_of_ours_is_seen(
    make_csms: Make, raw: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(endpoint: Endpoint, data: str | bytes) -> None:
        raise RuntimeError("a bug")

    csms = make_csms()
    async with websockets.serve(csms, "127.0.0.1") as server, raw(server.port, "/CP001") as client:
        handle = await csms.stations.wait_connected("CP001")
        monkeypatch.setattr(Endpoint, "data_received", fail)
        client.text(BOOT)
        await handle.wait_disconnected()
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert any("a bug" in (record.exc_text or "") for record in errors)
