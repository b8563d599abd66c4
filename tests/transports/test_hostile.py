"""What no well-mannered peer would send, at every server: it lives, bystanders are answered, memory comes back."""

import asyncio
import gc
import json
import logging
import time
import zlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.aio.lowlevel import Endpoint
from ocppkit.core import Limits
from ocppkit.csms import PasswordAuthenticator, Verdict
from support.servers import SERVERS, Serving

Make = Callable[..., Any]

HEARTBEAT = '[2,"h","Heartbeat",{}]'
BOOT = (
    '[2,"b","BootNotification",'
    '{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'
)


def close_code(data: bytes) -> int:
    return int.from_bytes(data[:2], "big")


async def answer(client: Any) -> Any:
    opcode, data = await client.next_frame()
    assert opcode == 1
    return json.loads(data)


async def booted(client: Any) -> None:
    client.text(BOOT)
    assert (await answer(client))[0] == 3


async def answered_at_once(bystander: Any) -> None:
    begun = time.monotonic()
    await booted(bystander)
    assert time.monotonic() - begun < 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "head",
    [
        b"GET /ocpp/CP001 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /ocpp/CP001 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /ocpp/CP001 HTTP/1.0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET /ocpp/" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /ocpp/CP001 HTTP/1.1\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
        b"GET /ocpp/CP001 HTTP/1.1\r\nA: " + b"b" * 100_000 + b"\r\n\r\n",
        b"GET /ocpp/CP001 HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /ocpp/CP001 HTTP/1.1\r\nA: " + b"b" * 1_000_000,
    ],
    ids=lambda head: f"{head[:24]!r}-{len(head)}",
)
async def test_what_is_no_handshake(
    serving: Serving, head: bytes, make_csms: Make, raw: Make
) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/bystander") as bystander:
        async with raw(port) as client:
            client.send(head)
            client.writer.write_eof()
            said = await client.rest()
            assert said == b"" or int(said.split()[1]) >= 400
        assert len(csms.stations) == 1
        await answered_at_once(bystander)


@pytest.mark.asyncio
async def test_half_open_handshakes_keep_nobody_out(
    serving: Serving, make_csms: Make, raw: Make
) -> None:
    async with serving(make_csms()) as port, AsyncExitStack() as stack:
        for number in range(100):
            client = await stack.enter_async_context(raw(port))
            client.send(b"GET /ocpp/CP001 HTTP/1.1\r\nHost"[:number])
        await answered_at_once(await stack.enter_async_context(raw(port, "/ocpp/bystander")))


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
@pytest.mark.parametrize(
    "serving",
    # uvicorn drops what it reads before the application has accepted.
    [name for name in SERVERS if name != "starlette"],
    indirect=True,
)
async def test_frames_that_do_not_wait_for_the_handshake(
    serving: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    slow = Slow()
    async with serving(make_csms(authenticator=slow)) as port, raw(port) as client:
        client.send(handshake("/ocpp/CP001"))
        client.text(BOOT)
        await slow.asked.wait()
        client.text('[2,"1","Nonsense",{}]')
        slow.gate.set()
        assert (await client.head()).startswith(b"HTTP/1.1 101")
        answers = [await answer(client) for _ in range(2)]
        assert sorted(each[:2] for each in answers) == [[3, "b"], [4, "1"]]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("opcode", "data", "code"),
    [
        (1, b"\xff\xfe", 1007),
        (1, b'[2,"1","Heartbeat",{"x":"\xc3"}]', 1007),
        (1, b" " * ((1 << 20) + 1), 1009),
        (1, b" " * 5_000_000, 1009),
        (3, b"", 1002),
        (0, b"", 1002),
        (9, b"x" * 126, 1002),
        (8, b"x", 1002),
        (8, b"\x03\xe7", 1002),
    ],
    ids=lambda value: None if isinstance(value, int) else f"{value[:12]!r}-{len(value)}",
)
async def test_what_is_no_websocket_ends_the_connection(
    serving: Serving, opcode: int, data: bytes, code: int, make_csms: Make, raw: Make
) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/bystander") as bystander:
        async with raw(port, "/ocpp/CP001") as client:
            handle = await csms.stations.wait_connected("CP001")
            client.frame(opcode, data)
            answered, why = await client.next_frame()
            assert (answered, close_code(why)) == (8, code)
            await handle.wait_disconnected()
        await answered_at_once(bystander)


@pytest.mark.asyncio
async def test_reserved_bits_are_not_for_peers(
    serving: Serving, make_csms: Make, raw: Make
) -> None:
    async with serving(make_csms()) as port:
        for bit in (0x40, 0x20, 0x10):
            async with raw(port, "/ocpp/CP001") as client:
                client.frame(1, BOOT.encode(), rsv=bit)
                opcode, why = await client.next_frame()
                assert (opcode, close_code(why)) == (8, 1002)


@pytest.mark.asyncio
async def test_a_message_within_a_message(serving: Serving, make_csms: Make, raw: Make) -> None:
    async with serving(make_csms()) as port, raw(port, "/ocpp/CP001") as client:
        client.frame(1, b"[", fin=False)
        client.text(BOOT)
        opcode, why = await client.next_frame()
        assert (opcode, close_code(why)) == (8, 1002)


@pytest.mark.asyncio
async def test_a_text_in_pieces(serving: Serving, make_csms: Make, raw: Make) -> None:
    async with serving(make_csms()) as port, raw(port, "/ocpp/CP001") as client:
        pieces = [BOOT[i : i + 7].encode() for i in range(0, len(BOOT), 7)]
        for number, piece in enumerate(pieces):
            client.frame(1 if number == 0 else 0, piece, fin=False)
            client.frame(9, b"ping")
        client.frame(0, b"", fin=True)
        for _ in pieces:
            assert await client.next_frame() == (10, b"ping")
        assert (await answer(client))[:2] == [3, "b"]


@pytest.mark.asyncio
async def test_a_character_in_two_pieces(serving: Serving, make_csms: Make, raw: Make) -> None:
    async with serving(make_csms()) as port, raw(port, "/ocpp/CP001") as client:
        await booted(client)
        first, last = '[2,"é","Heartbeat",{}]'.encode().split(b"\xa9")
        client.frame(1, first, fin=False)
        client.frame(0, b"\xa9" + last)
        assert (await answer(client))[:2] == [3, "é"]


@pytest.mark.asyncio
async def test_pieces_without_end_are_bounded(serving: Serving, make_csms: Make, raw: Make) -> None:
    async with serving(make_csms()) as port, raw(port, "/ocpp/CP001") as client:
        client.frame(1, b"[", fin=False)
        for _ in range(100):
            client.frame(0, b" " * 20_000, fin=False)
        opcode, why = await client.next_frame()
        assert (opcode, close_code(why)) == (8, 1009)


@pytest.mark.asyncio
@pytest.mark.parametrize("pieces", [1, 50])
async def test_a_bomb_of_compression(
    serving: Serving, pieces: int, make_csms: Make, raw: Make, handshake: Make
) -> None:
    squeeze = zlib.compressobj(wbits=-12)
    bomb = squeeze.compress(b" " * 50_000_000) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    size = len(bomb) // pieces
    async with serving(make_csms()) as port, raw(port) as client:
        client.send(handshake("/ocpp/CP001", "Sec-WebSocket-Extensions: permessage-deflate"))
        assert b"permessage-deflate" in await client.head()
        for number in range(pieces):
            piece = bomb[:-4][number * size : (number + 1) * size]
            first, last = number == 0, number == pieces - 1
            client.frame(1 if first else 0, piece, fin=last, rsv=0x40 if first else 0)
        opcode, why = await client.next_frame()
        assert (opcode, close_code(why)) == (8, 1009)


@pytest.mark.asyncio
async def test_what_cannot_be_decompressed(
    serving: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/bystander") as bystander:
        async with raw(port) as client:
            client.send(handshake("/ocpp/CP001", "Sec-WebSocket-Extensions: permessage-deflate"))
            await client.head()
            handle = await csms.stations.wait_connected("CP001")
            client.frame(1, b"\xff" * 50, rsv=0x40)
            await handle.wait_disconnected()
        await answered_at_once(bystander)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nonsense", [4, "-1", "RpcFrameworkError"]),
        ("[" * 10_000, [4, "-1", "RpcFrameworkError"]),
        ('[2,"1","Heartbeat",{"x":' + "9" * 5000 + "}]", [4, "1", "PropertyConstraintViolation"]),
        ('[2,"1","Heartbeat"]', [4, "1", "RpcFrameworkError"]),
        ('[2,"1","Nonsense",{}]', [4, "1", "NotImplemented"]),
        ('[2,"1","Reset",{"type":"Immediate"}]', [4, "1", "NotSupported"]),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else None,
)
async def test_bad_frames_are_answered_and_the_connection_lives(
    serving: Serving, text: str, expected: Any, make_csms: Make, raw: Make
) -> None:
    async with serving(make_csms()) as port, raw(port, "/ocpp/CP001") as client:
        await booted(client)
        client.text(text)
        assert (await answer(client))[:3] == expected
        client.text(HEARTBEAT)
        assert (await answer(client))[:2] == [3, "h"]


class Transfers:
    """Answers every DataTransfer with 10 kB, and counts them."""

    SIZE = 10_000

    def __init__(self, csms: Any) -> None:
        self.count = 0

        @csms.on(v201.DataTransferRequest)
        def transfer(
            station: object, request: v201.DataTransferRequest
        ) -> v201.DataTransferResponse:
            self.count += 1
            return v201.DataTransferResponse(
                status=v201.DataTransferStatusEnumType.ACCEPTED, data="x" * self.SIZE
            )

    async def have_stopped(self) -> None:
        """Waits until the server does no more of them."""
        before = -1
        while before != self.count or before == 0:
            before = self.count
            await asyncio.sleep(0.1)


def transfer_frame(number: int) -> str:
    return f'[2,"{number}","DataTransfer",{{"vendorId":"V"}}]'


@pytest.mark.asyncio
async def test_a_flood_from_one_that_does_not_listen(
    serving: Serving, make_csms: Make, raw: Make, until: Make
) -> None:
    csms = make_csms(limits=Limits(frame_bytes=1 << 16))
    transfers = Transfers(csms)
    async with serving(csms) as port, raw(port, "/ocpp/bystander") as bystander:
        async with raw(port, "/ocpp/CP001") as client:
            handle = await csms.stations.wait_connected("CP001")
            await booted(client)
            client.reader._limit = 1024
            for number in range(100_000):
                client.text(transfer_frame(number))
            await transfers.have_stopped()
            # The server reads no more from one that does not read: what it has answered fits into
            # the buffers of the sockets and little more. All answers together would be a gigabyte.
            assert 0 < transfers.count * Transfers.SIZE < 24 << 20
            await answered_at_once(bystander)
            client.writer.transport.abort()
        await handle.wait_disconnected()
        assert len(csms.stations) == 1


@pytest.mark.asyncio
async def test_a_slow_reader_gets_everything_in_order(
    serving: Serving, make_csms: Make, raw: Make
) -> None:
    csms = make_csms(limits=Limits(frame_bytes=1 << 16))
    transfers = Transfers(csms)
    async with serving(csms) as port, raw(port, "/ocpp/CP001") as client:
        await booted(client)
        for number in range(3000):
            client.text(transfer_frame(number))
        await transfers.have_stopped()
        assert transfers.count < 3000
        for number in range(3000):
            assert (await answer(client))[1] == str(number)


@pytest.mark.asyncio
async def test_a_flood_of_calls_waits_for_the_handlers(
    serving: Serving, make_csms: Make, raw: Make
) -> None:
    csms = make_csms()
    gate = asyncio.Event()
    most = running = 0

    @csms.on(v201.ClearedChargingLimitRequest)
    async def cleared(station: Any, request: Any) -> v201.ClearedChargingLimitResponse:
        nonlocal most, running
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1
        return v201.ClearedChargingLimitResponse()

    async with serving(csms) as port, raw(port, "/ocpp/CP001") as client:
        await booted(client)
        for number in range(2000):
            client.text(f'[2,"{number}","ClearedChargingLimit",{{"chargingLimitSource":"CSO"}}]')
        client.text(HEARTBEAT)
        await asyncio.sleep(0.05)
        gate.set()
        ids = {(await answer(client))[1] for _ in range(2001)}
        assert ids == {*map(str, range(2000)), "h"}
    assert most == 32


@pytest.mark.asyncio
async def test_a_flood_of_pings(serving: Serving, make_csms: Make, raw: Make) -> None:
    async with (
        serving(make_csms()) as port,
        raw(port, "/ocpp/bystander") as bystander,
        raw(port, "/ocpp/CP001") as client,
    ):
        for _ in range(20_000):
            client.frame(9, b"x" * 125)
        client.text(BOOT)
        await answered_at_once(bystander)
        pongs = 0
        while (frame := await client.next_frame())[0] == 10:
            pongs += 1
        assert json.loads(frame[1])[:2] == [3, "b"]
        assert pongs == 20_000


@pytest.mark.asyncio
async def test_hundreds_of_wrong_passwords(
    serving: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": "secret"}.get))
    async with serving(csms) as port:
        statuses: list[bytes] = []
        for _ in range(200):
            async with raw(port) as client:
                client.send(handshake("/ocpp/CP001", "Authorization: Basic Q1AwMDE6bm8="))
                statuses.append((await client.head()).split()[1])
        assert statuses == [b"401"] * 10 + [b"429"] * 190


@pytest.mark.asyncio
async def test_after_goodbye_nothing_is_handled(
    serving: Serving, make_csms: Make, raw: Make
) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/CP001") as client:
        handle = await csms.stations.wait_connected("CP001")
        handle.close(1000, "é" * 200)
        client.text(BOOT)
        opcode, why = await client.next_frame()
        assert (opcode, close_code(why)) == (8, 1000)
        assert why[2:].decode() == "é" * 61
        client.frame(8, b"\x03\xe8")
        end = await handle.wait_disconnected()
        assert (end.by, end.code) == ("us", 1000)
        assert await client.rest() == b""


@pytest.mark.asyncio
async def test_after_the_peers_goodbye_nothing_is_handled(
    serving: Serving, make_csms: Make, raw: Make
) -> None:
    csms = make_csms()
    seen: list[Any] = []
    csms.on(v201.DataTransferRequest)(lambda station, request: seen.append(request))
    async with serving(csms) as port, raw(port, "/ocpp/CP001") as client:
        handle = await csms.stations.wait_connected("CP001")
        await booted(client)
        client.frame(8, b"\x03\xe8bye")
        client.text(transfer_frame(1))
        end = await handle.wait_disconnected()
        assert (end.by, end.code, end.reason) == ("peer", 1000, "bye")
        assert (await client.next_frame())[0] == 8
        assert await client.rest() == b""
    assert seen == []


@pytest.mark.asyncio
async def test_sub_04_a_version_that_nobody_speaks(
    serving: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    csms = make_csms(unknown_subprotocol="close")
    async with serving(csms) as port, raw(port) as client:
        client.send(handshake("/ocpp/CP001", subprotocol="ocpp0.1"))
        client.text(BOOT)
        head = await client.head()
        assert head.startswith(b"HTTP/1.1 101")
        assert b"sec-websocket-protocol" not in head.lower()
        opcode, why = await client.next_frame()
        assert (opcode, close_code(why)) == (8, 1002)
        assert len(csms.stations) == 0


def endpoints() -> list[Endpoint]:
    """Returns the endpoints that are alive in this process."""
    gc.collect()
    return [each for each in gc.get_objects() if type(each) is Endpoint]


@pytest.mark.asyncio
async def test_memory_comes_back(
    serving: Serving, make_csms: Make, raw: Make, caplog: pytest.LogCaptureFixture
) -> None:
    # What is logged is kept for the report of this test, and all that it speaks of with it.
    caplog.set_level(logging.CRITICAL)
    # A test that failed keeps its own endpoints alive, in the traceback of its report.
    kept = endpoints()
    csms = make_csms()
    async with serving(csms) as port:
        for number in range(20):
            async with raw(port, f"/ocpp/CP{number}") as client:
                await booted(client)
                client.text("[" * 10_000)
                await answer(client)
                client.frame(1, b" " * 100_000, fin=False)
                client.writer.transport.abort()
            handle = csms.stations.get(f"CP{number}")
            if handle is not None:
                await handle.wait_disconnected()
        del handle, client
        await asyncio.sleep(0.01)
        assert [each for each in endpoints() if each not in kept] == []
