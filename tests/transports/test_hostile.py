"""What no well-mannered peer would send: the server lives, bystanders are answered, memory comes back."""

import asyncio
import gc
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.core import Limits
from ocppkit.csms import PasswordAuthenticator, Verdict
from ocppkit.transports import websockets
from ocppkit.transports.websockets._server import _as_on_the_wire as as_on_the_wire

Make = Callable[..., Any]

HEARTBEAT = '[2,"h","Heartbeat",{}]'
BOOT = (
    '[2,"b","BootNotification",'
    '{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'
)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Any:
    """Warnings of sockets that were never closed come when they are collected."""
    yield
    gc.collect()


def close_code(data: bytes) -> int:
    return int.from_bytes(data[:2], "big")


async def answer(client: Any) -> Any:
    opcode, data = await client.next_frame()
    assert opcode == 1
    return json.loads(data)


async def booted(client: Any) -> None:
    client.text(BOOT)
    assert (await answer(client))[0] == 3


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "subprotocol", "status"),
    [
        ("/%zz", "ocpp2.0.1", 400),
        ("/CP%00", "ocpp2.0.1", 404),
        ("/", "ocpp2.0.1", 404),
        ("/" + "x" * 5000, "ocpp2.0.1", 404),
        ("/CP001", "ocpp9.9", 400),
        ("/CP001", None, 400),
    ],
)
async def test_refusals(
    path: str, subprotocol: str | None, status: int, make_csms: Make, raw: Make, handshake: Make
) -> None:
    async with websockets.serve(make_csms(), "127.0.0.1") as server, raw(server.port) as client:
        client.send(handshake(path, subprotocol=subprotocol))
        assert int((await client.head()).split()[1]) == status
        await client.rest()
        assert len(make_csms().stations) == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "head",
    [
        b"GET /CP001 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /CP001 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /CP001 HTTP/1.0\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /CP001 HTTP/1.1\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
        b"GET /CP001 HTTP/1.1\r\nA: " + b"b" * 100_000 + b"\r\n\r\n",
        b"GET /CP001 HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /CP001 HTTP/1.1\r\nA: " + b"b" * 1_000_000,
    ],
)
async def test_what_is_no_handshake(head: bytes, make_csms: Make, raw: Make, until: Make) -> None:
    csms = make_csms()
    async with websockets.serve(csms, "127.0.0.1") as server, raw(server.port) as client:
        client.send(head)
        said = await client.rest()
        assert said == b"" or int(said.split()[1]) >= 400
        assert len(csms.stations) == 0
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
async def test_frames_that_do_not_wait_for_the_handshake(
    make_csms: Make, raw: Make, handshake: Make
) -> None:
    slow = Slow()
    async with (
        websockets.serve(make_csms(authenticator=slow), "127.0.0.1") as server,
        raw(server.port) as client,
    ):
        client.send(handshake())
        client.text(BOOT)
        await slow.asked.wait()
        client.text('[2,"1","Nonsense",{}]')
        slow.gate.set()
        assert (await client.head()).startswith(b"HTTP/1.1 101")
        answers = [await answer(client) for _ in range(2)]
        assert sorted(each[:2] for each in answers) == [[3, "b"], [4, "1"]]


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
async def test_an_authenticator_that_fails(
    make_csms: Make, raw: Make, handshake: Make, caplog: pytest.LogCaptureFixture
) -> None:
    def look_up(identity: str) -> str:
        raise RuntimeError("the database is down")

    csms = make_csms(authenticator=PasswordAuthenticator(look_up))
    async with websockets.serve(csms, "127.0.0.1") as server, raw(server.port) as client:
        client.send(handshake())
        said = await client.rest()
        assert said.startswith(b"HTTP/1.1 500")
        assert b"database" not in said
        assert "the database is down" in caplog.text


@pytest.mark.asyncio
async def test_too_many_connections(make_csms: Make, raw: Make, handshake: Make) -> None:
    async with (
        websockets.serve(make_csms(), "127.0.0.1", max_connections=1) as server,
        raw(server.port, "/CP001"),
        raw(server.port) as second,
    ):
        second.send(handshake("/CP002"))
        assert (await second.head()).startswith(b"HTTP/1.1 503")


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
    ("opcode", "data", "code"),
    [
        (1, b"\xff\xfe", 1007),
        (1, b'[2,"1","Heartbeat",{"x":"\xc3"}]', 1007),
        (1, b" " * ((1 << 20) + 1), 1009),
        (3, b"", 1002),
        (0, b"", 1002),
        (9, b"x" * 126, 1002),
    ],
)
async def test_what_is_no_websocket_ends_the_connection(
    opcode: int, data: bytes, code: int, make_csms: Make, raw: Make
) -> None:
    csms = make_csms()
    async with (
        websockets.serve(csms, "127.0.0.1") as server,
        raw(server.port, "/bystander") as bystander,
    ):
        async with raw(server.port, "/CP001") as client:
            handle = await csms.stations.wait_connected("CP001")
            client.frame(opcode, data)
            answered, why = await client.next_frame()
            assert (answered, close_code(why)) == (8, code)
            end = await handle.wait_disconnected()
            assert (end.by, end.code) == ("us", code)
        await booted(bystander)


@pytest.mark.asyncio
async def test_a_text_in_pieces(make_csms: Make, raw: Make) -> None:
    async with (
        websockets.serve(make_csms(), "127.0.0.1") as server,
        raw(server.port, "/CP001") as client,
    ):
        pieces = [BOOT[i : i + 7].encode() for i in range(0, len(BOOT), 7)]
        for number, piece in enumerate(pieces):
            client.frame(1 if number == 0 else 0, piece, fin=False)
            client.frame(9, b"ping")
        client.frame(0, b"", fin=True)
        for _ in pieces:
            assert await client.next_frame() == (10, b"ping")
        assert (await answer(client))[:2] == [3, "b"]


@pytest.mark.asyncio
async def test_pieces_without_end_are_bounded(make_csms: Make, raw: Make) -> None:
    async with (
        websockets.serve(make_csms(), "127.0.0.1") as server,
        raw(server.port, "/CP001") as client,
    ):
        client.frame(1, b"[", fin=False)
        for _ in range(100):
            client.frame(0, b" " * 20_000, fin=False)
        opcode, why = await client.next_frame()
        assert (opcode, close_code(why)) == (8, 1009)


@pytest.mark.asyncio
async def test_a_bomb_of_compression(make_csms: Make, raw: Make, handshake: Make) -> None:
    squeeze = zlib.compressobj(wbits=-12)
    bomb = squeeze.compress(b" " * 50_000_000) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    async with (
        websockets.serve(make_csms(), "127.0.0.1") as server,
        raw(server.port) as client,
    ):
        client.send(handshake("/CP001", "Sec-WebSocket-Extensions: permessage-deflate"))
        await client.head()
        client.frame(1, bomb[:-4], rsv=0x40)
        opcode, why = await client.next_frame()
        assert (opcode, close_code(why)) == (8, 1009)


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
)
async def test_bad_frames_are_answered_and_the_connection_lives(
    text: str, expected: Any, make_csms: Make, raw: Make
) -> None:
    async with (
        websockets.serve(make_csms(), "127.0.0.1") as server,
        raw(server.port, "/CP001") as client,
    ):
        await booted(client)
        client.text(text)
        assert (await answer(client))[:3] == expected
        client.text(HEARTBEAT)
        assert (await answer(client))[:2] == [3, "h"]


def big_answers(csms: Any) -> None:
    @csms.on(v201.DataTransferRequest)
    def transfer(station: object, request: v201.DataTransferRequest) -> v201.DataTransferResponse:
        return v201.DataTransferResponse(
            status=v201.DataTransferStatusEnumType.ACCEPTED, data="x" * 10_000
        )


def transfer_frame(number: int) -> str:
    return f'[2,"{number}","DataTransfer",{{"vendorId":"V"}}]'


@pytest.mark.asyncio
async def test_a_flood_from_one_that_does_not_listen(
    make_csms: Make, raw: Make, until: Make
) -> None:
    csms = make_csms(limits=Limits(frame_bytes=1 << 16))
    big_answers(csms)
    async with (
        websockets.serve(csms, "127.0.0.1") as server,
        raw(server.port, "/bystander") as bystander,
        raw(server.port, "/CP001") as client,
    ):
        await booted(client)
        for number in range(100_000):
            client.text(transfer_frame(number))
        # The server reads no more from one that does not read, and has not kept much either.
        await until(lambda: any(wire._stalled for wire in server._wires))
        (wire,) = [wire for wire in server._wires if wire._stalled]
        assert wire._transport.get_write_buffer_size() < 1 << 23
        await booted(bystander)
        client.writer.transport.abort()
        await until(lambda: server.connections == 1)


@pytest.mark.asyncio
async def test_a_slow_reader_gets_everything_in_order(
    make_csms: Make, raw: Make, until: Make
) -> None:
    csms = make_csms(limits=Limits(frame_bytes=1 << 16))
    big_answers(csms)
    async with (
        websockets.serve(csms, "127.0.0.1") as server,
        raw(server.port, "/CP001") as client,
    ):
        await booted(client)
        for number in range(3000):
            client.text(transfer_frame(number))
        await until(lambda: any(wire._stalled for wire in server._wires))
        for number in range(3000):
            assert (await answer(client))[1] == str(number)


@pytest.mark.asyncio
async def test_a_flood_of_calls_waits_for_the_handlers(make_csms: Make, raw: Make) -> None:
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

    async with (
        websockets.serve(csms, "127.0.0.1") as server,
        raw(server.port, "/CP001") as client,
    ):
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
async def test_hundreds_of_wrong_passwords(
    make_csms: Make, make_station: Make, raw: Make, handshake: Make
) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": "secret"}.get))
    async with websockets.serve(csms, "127.0.0.1") as server:
        statuses: list[bytes] = []
        for _ in range(200):
            async with raw(server.port) as client:
                client.send(handshake("/CP001", "Authorization: Basic Q1AwMDE6bm8="))
                statuses.append((await client.head()).split()[1])
        assert statuses == [b"401"] * 10 + [b"429"] * 190


@pytest.mark.asyncio
async def test_after_goodbye_nothing_is_handled(make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    async with (
        websockets.serve(csms, "127.0.0.1") as server,
        raw(server.port, "/CP001") as client,
    ):
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
async def test_a_close_without_a_code(make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    async with (
        websockets.serve(csms, "127.0.0.1") as server,
        raw(server.port, "/CP001") as client,
    ):
        handle = await csms.stations.wait_connected("CP001")
        client.frame(8, b"")
        end = await handle.wait_disconnected()
        assert (end.by, end.code) == ("peer", 1005)


@pytest.mark.asyncio
async def test_a_broken_cable(make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    async with websockets.serve(csms, "127.0.0.1") as server, raw(server.port, "/CP001") as client:
        handle = await csms.stations.wait_connected("CP001")
        client.writer.transport.abort()
        assert (await handle.wait_disconnected()).by == "network"


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
async def test_wsx_04_a_binary_message_is_no_ocpp(make_csms: Make, raw: Make) -> None:
    async with (
        websockets.serve(make_csms(), "127.0.0.1") as server,
        raw(server.port, "/CP001") as client,
    ):
        client.frame(2, BOOT.encode())
        assert (await answer(client))[:3] == [4, "-1", "RpcFrameworkError"]
        await booted(client)


@pytest.mark.asyncio
async def test_sub_04_a_version_that_nobody_speaks(
    make_csms: Make, raw: Make, handshake: Make, until: Make
) -> None:
    csms = make_csms(unknown_subprotocol="close")
    async with websockets.serve(csms, "127.0.0.1") as server:
        async with raw(server.port) as client:
            client.send(handshake(subprotocol="ocpp0.1"))
            client.text(BOOT)
            head = await client.head()
            assert head.startswith(b"HTTP/1.1 101")
            assert b"Sec-WebSocket-Protocol" not in head
            opcode, why = await client.next_frame()
            assert (opcode, close_code(why)) == (8, 1002)
            assert len(csms.stations) == 0
        await until(lambda: server.connections == 0)


@pytest.mark.asyncio
async def test_what_asks_for_no_websocket(make_csms: Make, raw: Make) -> None:
    async with websockets.serve(make_csms(), "127.0.0.1") as server, raw(server.port) as client:
        client.send(b"GET /CP001 HTTP/1.1\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n\r\n")
        assert (await client.rest()).startswith(b"HTTP/1.1 426")


@pytest.mark.parametrize("value", ["Basic abc", "b\xe9", "b\udce9"])
def test_headers_are_bytes_again(value: str) -> None:
    # Releases of the package differ in how they decode what is no ASCII.
    assert as_on_the_wire(value) in {b"Basic abc", b"b\xe9"}
