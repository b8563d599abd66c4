"""Every server that a CSMS can stand in gives the same answers to the same handshakes and frames."""

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v16
from ocppkit.core import Limits
from ocppkit.csms import AttemptLimiter, Csms, PasswordAuthenticator, Verdict
from ocppkit.transports import websockets
from support.servers import Serving

Make = Callable[..., Any]

KEY = bytes.fromhex("000102030405063AFFFFFFFFFFFFFFFFFFFFFFFF")
LIMIT = Limits().frame_bytes
BOOT = (
    '[2,"b","BootNotification",'
    '{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'
)
HEARTBEAT = '[2,"h","Heartbeat",{}]'

IDENTITIES = {
    "/ocpp/CP001": "CP001",
    "/ocpp/deep/er/CP001": "CP001",
    "/ocpp/CP%20001": "CP 001",
    "/ocpp/CP%2F001": "CP/001",
    "/ocpp/CP%2f001": "CP/001",
    "/ocpp/%C3%A9%E6%BC%A2": "é漢",
    "/ocpp/%25zz": "%zz",
    "/ocpp/CP001?token=a/b&c=%zz": "CP001",
    "/ocpp/CP001?": "CP001",
    "/ocpp/CP001/": "CP001",
    "/ocpp/a+b;c=d:e@f": "a+b;c=d:e@f",
    "/ocpp/" + "x" * 255: "x" * 255,
}
NO_IDENTITIES = {
    "/ocpp/%zz": 400,
    "/ocpp/%": 400,
    "/ocpp/%4": 400,
    "/ocpp/CP%00": 404,
    "/ocpp/CP%1b": 404,
    "/ocpp/%E2%80%AE": 404,
    "/ocpp/%ff%fe": 400,
    "/ocpp/..": 404,
    "/ocpp/%2e%2E": 404,
    "/ocpp/" + "x" * 256: 404,
    "/ocpp/" + "x" * 5000: 404,
}


@pytest.fixture
def knock(raw: Make, handshake: Make) -> Make:
    """Returns what knocks once and returns status, headers by name in lower case, and body."""

    async def once(port: int, *args: str, **options: Any) -> tuple[int, dict[str, str], bytes]:
        async with raw(port) as client:
            client.send(handshake(*args, **options))
            first, *lines = (await client.head()).decode("latin-1").strip().split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
            }
            body = await client.reader.readexactly(int(headers.get("content-length", 0)))
            return int(first.split()[1]), headers, body

    return once


def basic(user: str, password: bytes) -> str:
    return "Authorization: Basic " + base64.b64encode(user.encode() + b":" + password).decode()


async def frames(client: Any) -> Any:
    """Returns the next message; pings in between are not looked at."""
    while (frame := await client.next_frame())[0] == 9:
        pass
    return frame


async def answer(client: Any) -> Any:
    opcode, data = await frames(client)
    assert opcode == 1
    return json.loads(data)


async def goodbye(client: Any) -> int:
    opcode, data = await frames(client)
    assert opcode == 8
    return int.from_bytes(data[:2], "big")


@pytest.mark.asyncio
async def test_the_servers_order_decides(serving: Serving, make_csms: Make, knock: Make) -> None:
    async with serving(make_csms()) as port:
        for offered, chosen in (
            ("ocpp2.0.1", "ocpp2.0.1"),
            ("ocpp1.6", "ocpp1.6"),
            ("ocpp2.1,ocpp1.6,ocpp2.0.1", "ocpp2.0.1"),
            ("ocpp9.9 ,  ocpp2.1, ocpp1.6", "ocpp1.6"),
        ):
            status, headers, _ = await knock(port, "/ocpp/CP001", subprotocol=offered)
            assert (status, headers["sec-websocket-protocol"]) == (101, chosen)
        twice = "Sec-WebSocket-Protocol: ocpp9.9"
        status, headers, _ = await knock(port, "/ocpp/CP001", twice, subprotocol="ocpp1.6")
        assert (status, headers["sec-websocket-protocol"]) == (101, "ocpp1.6")


@pytest.mark.asyncio
async def test_no_common_subprotocol(serving: Serving, make_csms: Make, knock: Make) -> None:
    async with serving(make_csms()) as port:
        for offered in ("ocpp9.9", "OCPP1.6", "ocpp1.6J"):
            status, headers, body = await knock(port, "/ocpp/CP001", subprotocol=offered)
            assert (status, headers["content-type"]) == (400, "text/plain; charset=utf-8")
            assert body.endswith(b"\n")
            assert offered.encode() not in body


@pytest.mark.asyncio
async def test_a_missing_subprotocol(serving: Serving, make_csms: Make, knock: Make) -> None:
    for without, status in (("refuse", 400), ("sniff", 101), (v16.PROTOCOL, 101)):
        async with serving(make_csms(without_subprotocol=without)) as port:
            answered, headers, _ = await knock(port, "/ocpp/CP001", subprotocol=None)
            assert answered == status
            assert "sec-websocket-protocol" not in headers


@pytest.mark.asyncio
async def test_a_station_without_subprotocol_is_understood(
    serving: Serving, make_csms: Make, raw: Make
) -> None:
    csms = make_csms(without_subprotocol="sniff")
    async with serving(csms) as port, raw(port, "/ocpp/CP001", subprotocol=None) as client:
        client.text(BOOT)
        assert (await answer(client))[:2] == [3, "b"]
        assert (await csms.stations.wait("CP001")).protocol.version == "2.0.1"


@pytest.mark.asyncio
async def test_identities(serving: Serving, make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    async with serving(csms) as port:
        for path, identity in IDENTITIES.items():
            async with raw(port, path):
                handle = await csms.stations.wait_connected(identity)
                assert handle.remote_address == "127.0.0.1"
            await handle.wait_disconnected()
        assert len(csms.stations) == 0


@pytest.mark.asyncio
async def test_no_identities(serving: Serving, make_csms: Make, knock: Make) -> None:
    csms = make_csms()
    async with serving(csms) as port:
        answers = {path: (await knock(port, path))[0] for path in NO_IDENTITIES}
        assert answers == NO_IDENTITIES
        assert len(csms.stations) == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "target", [b"/ocpp/" + b"x" * 10_000, b"/ocpp/CP\0", b"/ocpp/\xff", b"/ocpp/a b", b""]
)
async def test_what_is_no_path(
    target: bytes, serving: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/bystander") as bystander:
        async with raw(port) as client:
            client.send(handshake("TARGET").replace(b"TARGET", target, 1))
            client.writer.write_eof()
            said = await client.rest()
            assert said == b"" or int(said.split()[1]) >= 400
        assert [station.identity for station in csms.stations] == ["bystander"]
        bystander.text(BOOT)
        assert (await answer(bystander))[:2] == [3, "b"]


@pytest.mark.asyncio
async def test_basic_authentication(serving: Serving, make_csms: Make, knock: Make) -> None:
    passwords = {"CP001": "pass:wörd:", "CP:002": "x", "CP003": KEY}
    csms = make_csms(
        authenticator=PasswordAuthenticator(passwords.get),
        attempts=AttemptLimiter(per_station=100),
    )
    right = [
        ("/ocpp/CP001", basic("CP001", "pass:wörd:".encode())),
        ("/ocpp/CP%3A002", basic("CP:002", b"x")),
        ("/ocpp/CP003", basic("CP003", KEY)),
        ("/ocpp/CP003", basic("CP003", KEY).replace("Basic", "bASIC")),
    ]
    wrong: list[tuple[str, ...]] = [
        ("/ocpp/CP001",),
        ("/ocpp/CP001", basic("CP001", b"pass")),
        ("/ocpp/CP001", basic("CP001", b"")),
        ("/ocpp/CP001", basic("CP003", KEY)),
        ("/ocpp/CP003", basic("CP003", KEY[:-1])),
        ("/ocpp/CP003", basic("CP003", KEY.hex().encode())),
        ("/ocpp/CP001", "Authorization: Basic %%%"),
        ("/ocpp/CP001", "Authorization: Basic"),
        ("/ocpp/CP001", "Authorization: Bearer abc"),
    ]
    async with serving(csms) as port:
        for good in right:
            assert (await knock(port, *good))[0] == 101, good
        for bad in wrong:
            status, headers, _ = await knock(port, *bad)
            assert status == 401, bad
            assert headers["www-authenticate"] == 'Basic realm="ocpp", charset="UTF-8"'
        status, headers, body = await knock(port, "/ocpp/CP009", basic("CP009", b"x"))
        assert (status, body) == (404, b"no such station\n")
        assert "www-authenticate" not in headers


@pytest.mark.asyncio
async def test_header_bytes_arrive_as_sent(
    serving: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": "x"}.get))
    async with serving(csms) as port, raw(port) as client:
        sent = handshake("/ocpp/CP001", basic("CP001", b"x"), "X-Name: é")
        client.send(sent.replace("é".encode(), b"\xe9"))
        assert (await client.head()).startswith(b"HTTP/1.1 101")


@pytest.mark.asyncio
async def test_too_many_wrong_attempts(serving: Serving, make_csms: Make, knock: Make) -> None:
    csms = make_csms(
        authenticator=PasswordAuthenticator({"CP001": "x"}.get),
        attempts=AttemptLimiter(per_station=1),
    )
    async with serving(csms) as port:
        assert (await knock(port, "/ocpp/CP001"))[0] == 401
        status, headers, _ = await knock(port, "/ocpp/CP001", basic("CP001", b"x"))
        assert status == 429
        assert 0 < int(headers["retry-after"]) <= 60


@pytest.mark.asyncio
async def test_an_authenticator_that_fails(
    serving: Serving, make_csms: Make, knock: Make, caplog: pytest.LogCaptureFixture
) -> None:
    def look_up(identity: str) -> str:
        raise RuntimeError("the database is down")

    async with serving(make_csms(authenticator=PasswordAuthenticator(look_up))) as port:
        status, _, body = await knock(port, "/ocpp/CP001")
        assert status == 500
        assert b"database" not in body
    assert "the database is down" in caplog.text


@pytest.mark.asyncio
async def test_what_asks_for_no_websocket(serving: Serving, make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    async with serving(csms) as port:
        for method in (b"GET", b"POST", b"DELETE"):
            async with raw(port) as client:
                client.send(
                    method + b" /ocpp/CP001 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                )
                said = await client.rest()
                assert said == b"" or 400 <= int(said.split()[1]) < 500
        assert len(csms.stations) == 0


@pytest.mark.asyncio
async def test_calls_both_ways(serving: Serving, make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/CP001") as client:
        client.text(BOOT)
        assert (await answer(client))[:2] == [3, "b"]
        handle: Any = await csms.stations.wait("CP001")
        calling = asyncio.create_task(handle.clear_cache())
        message_id = (await answer(client))[1]
        client.text(json.dumps([3, message_id, {"status": "Accepted"}]))
        assert (await calling).status == "Accepted"
        for number in range(20):
            client.text(f'[2,"{number}","Heartbeat",{{}}]')
        assert [(await answer(client))[1] for _ in range(20)] == [str(n) for n in range(20)]


@pytest.mark.asyncio
async def test_texts_in_pieces_and_big_ones(serving: Serving, make_csms: Make, raw: Make) -> None:
    async with serving(make_csms()) as port, raw(port, "/ocpp/CP001") as client:
        client.text(BOOT)
        await answer(client)
        client.frame(1, HEARTBEAT[:5].encode(), fin=False)
        client.frame(9, b"ping")
        client.frame(0, HEARTBEAT[5:].encode())
        assert await client.next_frame() == (10, b"ping")
        assert (await answer(client))[:2] == [3, "h"]
        client.text(HEARTBEAT + " " * (LIMIT - len(HEARTBEAT)))
        assert (await answer(client))[:2] == [3, "h"]


@pytest.mark.asyncio
async def test_binary_messages_are_no_ocpp(serving: Serving, make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/CP001") as client:
        client.text(BOOT)
        await answer(client)
        client.frame(2, HEARTBEAT.replace('"h"', '"binary"').encode())
        client.frame(2, b"\0\xff")
        client.frame(2, b"")
        client.text(HEARTBEAT)
        # OCPP-J is text: what the CSMS answers to bytes, if anything, is no result.
        while (said := await answer(client))[:2] != [3, "h"]:
            assert said[0] == 4
        assert csms.stations.get("CP001") is not None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("opcode", "data", "code"),
    [(1, b" " * (LIMIT + 1), 1009), (1, b"\xff\xfe", 1007), (3, b"", 1002)],
)
async def test_what_ends_the_connection(
    opcode: int, data: bytes, code: int, serving: Serving, make_csms: Make, raw: Make
) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/bystander") as bystander:
        async with raw(port, "/ocpp/CP001") as client:
            handle = await csms.stations.wait_connected("CP001")
            client.frame(opcode, data)
            assert await goodbye(client) == code
            await handle.wait_disconnected()
        bystander.text(BOOT)
        assert (await answer(bystander))[:2] == [3, "b"]


@pytest.mark.asyncio
async def test_the_station_says_goodbye(serving: Serving, make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/CP001") as client:
        handle = await csms.stations.wait_connected("CP001")
        client.frame(8, (1001).to_bytes(2, "big") + b"off to bed")
        end = await handle.wait_disconnected()
        assert (end.by, end.code, end.reason) == ("peer", 1001, "off to bed")
        assert (await frames(client))[0] == 8
        assert await client.rest() == b""
        assert len(csms.stations) == 0


@pytest.mark.asyncio
async def test_the_csms_says_goodbye(serving: Serving, make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/CP001") as client:
        handle = await csms.stations.wait_connected("CP001")
        handle.close(4001, "é" * 100)
        opcode, data = await frames(client)
        assert (opcode, data) == (8, (4001).to_bytes(2, "big") + "é".encode() * 61)
        # What comes in now is not read any more.
        client.text(BOOT)
        client.frame(8, data)
        assert await client.rest() == b""
        end = await handle.wait_disconnected()
        assert (end.by, end.code) == ("us", 4001)


@pytest.mark.asyncio
async def test_a_connection_that_breaks(serving: Serving, make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/CP001") as client:
        handle: Any = await csms.stations.wait_connected("CP001")
        client.text(BOOT)
        await answer(client)
        client.writer.transport.abort()
        assert (await handle.wait_disconnected()).by == "network"
        assert len(csms.stations) == 0


@pytest.mark.asyncio
async def test_the_newest_connection_wins(serving: Serving, make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/CP001") as old:
        first = await csms.stations.wait_connected("CP001")
        async with raw(port, "/ocpp/CP001") as new:
            assert await goodbye(old) == 1008
            old.frame(8, (1008).to_bytes(2, "big"))
            await first.wait_disconnected()
            new.text(BOOT)
            assert (await answer(new))[:2] == [3, "b"]
            second = csms.stations.get("CP001")
            assert second is not None
            assert second is not first
            assert second.connected


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
async def test_who_asks_for_no_websocket_is_told_without_a_decision(
    serving: Serving, make_csms: Make, raw: Make
) -> None:
    slow = Slow()
    async with serving(make_csms(authenticator=slow)) as port, raw(port) as client:
        client.send(b"GET /ocpp/CP001 HTTP/1.1\r\nHost: csms\r\nConnection: close\r\n\r\n")
        head, _, body = (await client.rest()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 426 ")
        assert b"upgrade: websocket" in head.lower().split(b"\r\n")
        assert body == b"stations connect here by WebSocket\n"
        assert not slow.asked.is_set()


@pytest.mark.asyncio
async def test_a_decision_that_does_not_come(
    serving: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    csms = make_csms(authenticator=Slow(), limits=Limits(handshake_timeout=0.05))
    async with serving(csms) as port, raw(port) as client:
        client.send(handshake("/ocpp/CP001"))
        said = await client.rest()
        assert said == b"" or said.startswith(b"HTTP/1.1 503")


@pytest.mark.asyncio
async def test_a_station_that_leaves_before_the_decision(
    serving: Serving, make_csms: Make, raw: Make, handshake: Make, until: Make
) -> None:
    slow = Slow()
    csms: Csms = make_csms(authenticator=slow)
    came = csms.stations.events()
    async with serving(csms) as port:
        async with raw(port) as client:
            client.send(handshake("/ocpp/gone"))
            await slow.asked.wait()
            client.writer.transport.abort()
        slow.gate.set()
        async with raw(port, "/ocpp/CP001"):
            await csms.stations.wait_connected("CP001")
            await until(lambda: len(csms.stations) == 1)
        await anext(came)


@pytest.mark.asyncio
async def test_a_station_of_ours(serving: Serving, make_csms: Make, make_station: Make) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP/001": KEY}.get))
    station = make_station(identity="CP/001", password=KEY)
    async with serving(csms) as port:
        async with websockets.connect(station, f"ws://127.0.0.1:{port}/ocpp"):
            await station.wait_accepted()
            handle = await csms.stations.wait("CP/001")
            await asyncio.gather(*(station.heartbeat() for _ in range(50)))
        end = await handle.wait_disconnected()
        assert (end.by, end.code) == ("peer", 1001)


@pytest.mark.asyncio
async def test_the_server_stops(serving: Serving, make_csms: Make, raw: Make) -> None:
    csms = make_csms()
    stopping = serving(csms)
    port = await stopping.__aenter__()
    async with raw(port, "/ocpp/CP001") as client:
        handle = await csms.stations.wait_connected("CP001")
        ending = asyncio.create_task(stopping.__aexit__(None, None, None))
        code = await goodbye(client)
        assert code in {1001, 1012}
        client.frame(8, code.to_bytes(2, "big"))
        await handle.wait_disconnected()
        await ending
    assert len(csms.stations) == 0
    assert len(asyncio.all_tasks()) == 1
