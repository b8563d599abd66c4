"""Every client transport reads the same answers and URLs in the same way, and raises the same errors."""

import asyncio
import gc
from collections.abc import Callable, Generator
from typing import Any

import pytest

from ocppkit.aio.lowlevel import Connector, ConnectRequest
from ocppkit.core import ConnectionClosed, HandshakeRefused, Limits, LocalProtocolError
from ocppkit.transports import _handshake_answer
from ocppkit.transports._csms_url import read_url
from ocppkit.transports.aiohttp._client import connector as aiohttp_connector
from ocppkit.transports.websockets import _client as websockets_client
from support.answering_server import Pieces, answering, opening
from support.wire_ends import Line

Make = Callable[..., Any]
Answer = Callable[[str], Pieces]

CLIENTS: dict[str, Callable[[Limits, bool], Connector]] = {
    "websockets": websockets_client.connector,
    "aiohttp": aiohttp_connector,
}
TEXT = b"\x81\x05hello"
LIMITS = Limits(handshake_timeout=5, ping_interval=0)


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Generator[Callable[[Limits, bool], Connector]]:
    """Each client transport, as what makes its connector."""
    yield CLIENTS[request.param]
    # Warnings of sockets that were never closed come when they are collected.
    gc.collect()


class Inbox:
    """A receiver that keeps what it gets."""

    def __init__(self) -> None:
        self.texts: asyncio.Queue[str | bytes] = asyncio.Queue()
        self.end: asyncio.Future[ConnectionClosed] = asyncio.get_running_loop().create_future()

    def data_received(self, data: str | bytes) -> None:
        self.texts.put_nowait(data)

    def connection_lost(self, end: ConnectionClosed) -> None:
        self.end.set_result(end)


def asking(url: str) -> ConnectRequest:
    return ConnectRequest(url=url, subprotocols=("ocpp2.0.1", "ocpp1.6"))


def with_headers(*headers: bytes, **options: Any) -> Answer:
    return lambda key: [opening(key, *headers, **options), TEXT, None]


def replaced(old: bytes, new: bytes) -> Answer:
    return lambda key: [opening(key).replace(old, new), TEXT, None]


DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate"

OPENED: dict[str, tuple[Answer, str | None]] = {
    "plain": (with_headers(), "ocpp2.0.1"),
    "second-offer": (with_headers(subprotocol=b"ocpp1.6"), "ocpp1.6"),
    "no-subprotocol": (with_headers(subprotocol=None), None),
    "keep-alive": (replaced(b": Upgrade", b": keep-alive, Upgrade"), "ocpp2.0.1"),
    "upgrade-first": (replaced(b": Upgrade", b": upgrade, keep-alive"), "ocpp2.0.1"),
    "two-connection-headers": (
        replaced(b"Connection: Upgrade", b"Connection: keep-alive\r\nConnection: Upgrade"),
        "ocpp2.0.1",
    ),
    "upper-case": (
        replaced(
            b"Upgrade: websocket\r\nConnection: Upgrade",
            b"UPGRADE: WebSocket\r\nCONNECTION: UPGRADE",
        ),
        "ocpp2.0.1",
    ),
    "lower-case": (
        replaced(
            b"Upgrade: websocket\r\nConnection: Upgrade",
            b"upgrade: websocket\r\nconnection: upgrade",
        ),
        "ocpp2.0.1",
    ),
    "header-names": (replaced(b"Sec-WebSocket-", b"sec-webSOCKET-"), "ocpp2.0.1"),
    "no-blanks": (replaced(b": ", b":"), "ocpp2.0.1"),
    "many-blanks": (replaced(b": ", b": \t "), "ocpp2.0.1"),
    "no-phrase": (replaced(b"101 Switching Protocols", b"101 "), "ocpp2.0.1"),
    "other-phrase": (replaced(b"101 Switching Protocols", b"101 Caf\xe9"), "ocpp2.0.1"),
    "cookies": (with_headers(b"Set-Cookie: a=1; Path=/", b"Set-Cookie: b=2"), "ocpp2.0.1"),
    "odd-cookies": (with_headers(b"Set-Cookie: ;;=\xff", b"set-cookie:"), "ocpp2.0.1"),
    "latin-1": (with_headers(b"Server: Caf\xe9"), "ocpp2.0.1"),
    "no-body": (with_headers(b"Content-Length: 0"), "ocpp2.0.1"),
    "deflate": (with_headers(DEFLATE), "ocpp2.0.1"),
    "deflate-parameters": (
        with_headers(DEFLATE + b" ;server_no_context_takeover; client_max_window_bits = 12"),
        "ocpp2.0.1",
    ),
    "deflate-quoted": (with_headers(DEFLATE + b'; server_max_window_bits="10"'), "ocpp2.0.1"),
    "early-hints": (
        lambda key: [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", opening(key), TEXT, None],
        "ocpp2.0.1",
    ),
    "one-read": (lambda key: [opening(key) + TEXT, None], "ocpp2.0.1"),
    "byte-by-byte": (lambda key: [*map(bytes, zip(opening(key))), TEXT, None], "ocpp2.0.1"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", OPENED)
async def test_answers_that_open(client: Make, name: str) -> None:
    answer, subprotocol = OPENED[name]
    async with answering(answer) as server:
        opened = await client(LIMITS, True)(asking(f"ws://127.0.0.1:{server.port}/CP001"))
        inbox = Inbox()
        opened.wire.start(inbox)
        assert opened.subprotocol == subprotocol
        assert await asyncio.wait_for(inbox.texts.get(), 10) == "hello"
        opened.wire.write("[]")
        frame = await asyncio.wait_for(server.frames.get(), 10)
        compressed = name.startswith("deflate")
        assert frame[0] == (0xC1 if compressed else 0x81)
    assert (await asyncio.wait_for(inbox.end, 10)).by == "network"


def says(status: bytes, *headers: bytes, body: bytes = b"") -> Answer:
    head = b"\r\n".join([b"HTTP/1.1 " + status, *headers, b"", b""])
    return lambda key: [head, body]


def sized(status: bytes, *headers: bytes, body: bytes) -> Answer:
    return says(status, b"Content-Length: %d" % len(body), *headers, body=body)


UNUSABLE = {
    "wrong-accept": (lambda key: [opening("x" + key), None], "key"),
    "no-accept": (replaced(b"Sec-WebSocket-Accept", b"X-Accept"), "key"),
    "two-accepts": (with_headers(b"Sec-WebSocket-Accept: x"), "key"),
    "no-upgrade": (replaced(b"Upgrade: websocket\r\n", b""), "Upgrade header"),
    "other-upgrade": (replaced(b": websocket", b": h2c"), "Upgrade header"),
    "two-upgrades": (replaced(b": websocket", b": h2c, websocket"), "Upgrade header"),
    "no-connection": (replaced(b"Connection: Upgrade\r\n", b""), "Connection header"),
    "other-connection": (replaced(b": Upgrade", b": keep-alive"), "Connection header"),
    "not-offered": (with_headers(subprotocol=b"ocpp9.9"), "subprotocol"),
    "other-case": (with_headers(subprotocol=b"OCPP2.0.1"), "subprotocol"),
    "two-subprotocols": (with_headers(subprotocol=b"ocpp2.0.1, ocpp1.6"), "subprotocol"),
    "two-headers": (with_headers(b"Sec-WebSocket-Protocol: ocpp2.0.1"), "subprotocol"),
    "empty-subprotocol": (with_headers(subprotocol=b""), "subprotocol"),
    "unknown-extension": (with_headers(b"Sec-WebSocket-Extensions: x-unknown"), "extension"),
    "two-extensions": (with_headers(DEFLATE, DEFLATE), "extension"),
    "unknown-parameter": (with_headers(DEFLATE + b"; level=9"), "parameters"),
    "parameter-twice": (with_headers(DEFLATE + b"; client_max_window_bits=9" * 2), "parameters"),
    "too-small-window": (with_headers(DEFLATE + b"; client_max_window_bits=8"), "parameters"),
    "too-large-window": (with_headers(DEFLATE + b"; server_max_window_bits=16"), "parameters"),
    "window-without-value": (with_headers(DEFLATE + b"; client_max_window_bits"), "parameters"),
    "value-too-many": (with_headers(DEFLATE + b"; server_no_context_takeover=1"), "parameters"),
    "http-1.0": (replaced(b"HTTP/1.1", b"HTTP/1.0"), "HTTP/1.1"),
    "with-a-body": (with_headers(b"Content-Length: 5"), "body"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", UNUSABLE)
async def test_answers_that_are_no_opening(client: Make, name: str) -> None:
    answer, why = UNUSABLE[name]
    async with answering(answer) as server:
        with pytest.raises(HandshakeRefused) as caught:
            await client(LIMITS, True)(asking(f"ws://127.0.0.1:{server.port}/CP001"))
    assert why in caught.value.reason
    assert (caught.value.status, caught.value.by, caught.value.delivered) == (101, "peer", "no")
    assert len(server.heads) == 1


@pytest.mark.asyncio
async def test_compression_that_was_not_offered(client: Make) -> None:
    async with answering(with_headers(DEFLATE)) as server:
        with pytest.raises(HandshakeRefused, match="extension"):
            await client(LIMITS, False)(asking(f"ws://127.0.0.1:{server.port}/CP001"))


REFUSED: dict[str, tuple[Answer, int, str]] = {
    "body": (
        says(b"404 Not Found", b"Content-Length: 16", body=b"no such station\n"),
        404,
        "no such station",
    ),
    "no-body": (says(b"401 Unauthorized", b"Content-Length: 0"), 401, "Unauthorized"),
    # It would only end with the connection.
    "no-length": (says(b"400 Bad Request", body=b"no ocpp2.1 here"), 400, "Bad Request"),
    "chunks": (
        says(
            b"502 X",
            b"Transfer-Encoding: chunked",
            body=b"3\r\nbad\r\n8;a=b\r\n gateway\r\n0\r\n\r\n",
        ),
        502,
        "bad gateway",
    ),
    "lines": (
        sized(b"500 X", body=b"<html>\r\n\t<b>no</b>\n</html>\n"),
        500,
        "<html> <b>no</b> </html>",
    ),
    "no-text": (sized(b"500 X", body=b"\xff\xfe"), 500, "\ufffd\ufffd"),
    "long": (sized(b"500 X", body=b"x" * 100_000), 500, "x" * 200),
    "cut-off": (
        says(b"500 X", b"Content-Length: 100", body=b"database down"),
        500,
        "database down",
    ),
    "unknown-status": (says(b"599 X", b"Content-Length: 0"), 599, "refused"),
    "ok": (says(b"200 OK", b"Content-Length: 2", body=b"hi"), 200, "hi"),
    "no-content": (lambda key: [b"HTTP/1.1 204 No Content\r\n\r\n", None], 204, "No Content"),
    "http-1.0": (
        lambda key: [b"HTTP/1.0 503 Busy\r\nContent-Length: 5\r\n\r\nlater"],
        503,
        "later",
    ),
    "cookies": (sized(b"403 X", b"Set-Cookie: a=1", b"Set-Cookie: b=2", body=b"no"), 403, "no"),
    "compressed": (sized(b"500 X", b"Content-Encoding: gzip", body=b"oops"), 500, "oops"),
    "pieces": (
        lambda key: [b"HTTP/1.1 503 Bu", b"sy\r\nContent-Length: 6\r\n\r\n", b"to", b"o ", b"busy"],
        503,
        "too bu",
    ),
    "redirect": (
        says(b"307 Go", b"Location: wss://user:x@else.where/ocpp?token=y"),
        307,
        "redirects are not followed [use its target as URL: wss://else.where/ocpp]",
    ),
    "redirect-nowhere": (sized(b"301 Go", body=b"away"), 301, "away"),
    "use-proxy": (
        says(b"407 Proxy Authentication Required", b"Content-Length: 0"),
        407,
        "Proxy Authentication Required",
    ),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", REFUSED)
async def test_refusals(client: Make, name: str) -> None:
    answer, status, reason = REFUSED[name]
    async with answering(answer) as server:
        with pytest.raises(HandshakeRefused) as caught:
            await client(LIMITS, True)(asking(f"ws://127.0.0.1:{server.port}/CP001"))
    assert (caught.value.status, caught.value.reason) == (status, reason)
    assert (caught.value.by, caught.value.delivered) == ("peer", "no")
    assert len(server.heads) == 1


@pytest.mark.asyncio
async def test_nothing_is_offered(client: Make) -> None:
    async with answering(with_headers(subprotocol=None)) as server:
        request = ConnectRequest(url=f"ws://127.0.0.1:{server.port}/CP001", subprotocols=())
        opened = await client(LIMITS, False)(request)
        opened.wire.start(Inbox())
        opened.wire.close()
    assert opened.subprotocol is None
    assert b"sec-websocket-protocol" not in server.heads[0].lower()
    assert b"sec-websocket-extensions" not in server.heads[0].lower()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("length", "body"),
    [
        (b"Content-Length: 99", b"come back"),
        (b"Transfer-Encoding: chunked", b"4\r\ncome\r\n99\r\n back"),
    ],
)
async def test_a_body_that_does_not_end(
    client: Make, length: bytes, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("websockets", "aiohttp"):
        monkeypatch.setattr(f"ocppkit.transports.{module}._client.BODY_TIMEOUT", 0.05)
    head = b"HTTP/1.1 503 Busy\r\n" + length + b"\r\n\r\n"
    async with answering(lambda key: [head, body, None]) as server:
        with pytest.raises(HandshakeRefused, match="come back") as caught:
            await client(LIMITS, True)(asking(f"ws://127.0.0.1:{server.port}/CP001"))
    assert caught.value.status == 503


NO_HTTP: dict[str, Pieces] = {
    "nonsense": [b"nonsense\r\n\r\n"],
    "tls": [b"\x15\x03\x01\x00\x02\x02\x46"],
    "other-protocol": [b"SSH-2.0-OpenSSH_9.6\r\n"],
    "http-2": [b"HTTP/2 200\r\n\r\n"],
    "no-status": [b"HTTP/1.1\r\n\r\n"],
    "status-of-letters": [b"HTTP/1.1 abc\r\n\r\n"],
    "no-colon": [b"HTTP/1.1 101 Yes\r\nno colon\r\n\r\n"],
    "control-character": [b"HTTP/1.1 101 Yes\r\nA: \0\r\n\r\n"],
    "name-with-a-blank": [b"HTTP/1.1 101 Yes\r\nUp grade: x\r\n\r\n"],
    "endless-line": [b"HTTP/1.1 101 Yes\r\n", b"A: " + b"b" * 200_000, None],
    "endless-lines": [b"HTTP/1.1 101 Yes\r\n", *[b"A: " + b"b" * 9000 + b"\r\n"] * 9, None],
    "too-many-lines": [b"HTTP/1.1 101 Yes\r\n" + b"A: b\r\n" * 200 + b"\r\n", None],
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", NO_HTTP)
async def test_answers_that_are_no_http(client: Make, name: str) -> None:
    async with answering(lambda key: NO_HTTP[name]) as server:
        with pytest.raises(HandshakeRefused, match="the answer is not valid HTTP") as caught:
            await client(LIMITS, True)(asking(f"ws://127.0.0.1:{server.port}/CP001"))
    assert (caught.value.status, caught.value.by, caught.value.delivered) == (None, "peer", "no")


@pytest.mark.asyncio
@pytest.mark.parametrize("piece", [b"", b"HT", b"HTTP/1.1 101 Yes\r\nUpgrade: webs"])
async def test_a_connection_that_ends_before_its_answer(client: Make, piece: bytes) -> None:
    async with answering(lambda key: [piece]) as server:
        with pytest.raises(ConnectionClosed, match="before an answer") as caught:
            await client(LIMITS, True)(asking(f"ws://127.0.0.1:{server.port}/CP001"))
    assert type(caught.value) is ConnectionClosed
    assert (caught.value.by, caught.value.delivered) == ("network", "no")


@pytest.mark.asyncio
@pytest.mark.parametrize("piece", [b"", b"HTTP/1.1 101 Yes\r\n"])
async def test_an_answer_that_does_not_come(client: Make, piece: bytes) -> None:
    limits = Limits(handshake_timeout=0.1)
    async with answering(lambda key: [piece, None]) as server:
        with pytest.raises(ConnectionClosed, match="no answer to the handshake") as caught:
            await client(limits, True)(asking(f"ws://127.0.0.1:{server.port}/CP001"))
    assert type(caught.value) is ConnectionClosed
    assert (caught.value.by, caught.value.delivered) == ("network", "no")


PATHS = {
    "/CP001": b"/CP001",
    "": b"/",
    "/": b"/",
    "/ocpp/CP%20001": b"/ocpp/CP%20001",
    "/ocpp/CP 001": b"/ocpp/CP%20001",
    "/straße/CP001": b"/stra%C3%9Fe/CP001",
    "/stra%C3%9Fe/ü": b"/stra%C3%9Fe/%C3%BC",
    "/漢字": b"/%E6%BC%A2%E5%AD%97",
    "/CP%2F001": b"/CP%2F001",
    "/CP%2f001": b"/CP%2f001",
    "/100%/CP001": b"/100%25/CP001",
    "/%zz%41": b"/%25zz%41",
    "/a//b/../c/./CP001": b"/a//b/../c/./CP001",
    "/%2e%2e/CP001": b"/%2e%2e/CP001",
    "/a+b;c=d:e@f,g!h$i&j'k(l)m*n~o": b"/a+b;c=d:e@f,g!h$i&j'k(l)m*n~o",
    '/"<>\\^`{|}': b"/%22%3C%3E%5C%5E%60%7B%7C%7D",
    "/CP001?token=a/b&c=%41": b"/CP001?token=a/b&c=%41",
    "/CP001?tök en=%": b"/CP001?t%C3%B6k%20en=%25",
    "/CP%23001": b"/CP%23001",
    "/%00": b"/%00",
}


@pytest.mark.asyncio
@pytest.mark.parametrize("path", PATHS)
async def test_paths_on_the_request_line(client: Make, path: str) -> None:
    async with answering(with_headers()) as server:
        opened = await client(LIMITS, True)(asking(f"ws://127.0.0.1:{server.port}{path}"))
        opened.wire.start(Inbox())
        opened.wire.close()
        assert server.request_line == b"GET " + PATHS[path] + b" HTTP/1.1"
        assert server.header("Host") == b"127.0.0.1:%d" % server.port
        assert server.header("Sec-WebSocket-Version") == b"13"


IDENTITIES = {
    "CP 001": b"CP%20001",
    " CP001 ": b"%20CP001%20",
    "CP/001": b"CP%2F001",
    "CP%20": b"CP%2520",
    "é漢": b"%C3%A9%E6%BC%A2",
    "a?b#c": b"a%3Fb%23c",
    "a+b&c=d;e": b"a%2Bb%26c%3Dd%3Be",
    "\\\"'<>": b"%5C%22%27%3C%3E",
}


@pytest.mark.asyncio
@pytest.mark.parametrize("identity", IDENTITIES)
async def test_identities_on_the_request_line(
    client: Make, identity: str, make_station: Make
) -> None:
    station = make_station(identity=identity)
    async with answering(with_headers()) as server:
        url = f"ws://127.0.0.1:{server.port}/dépôt%20A"
        opened = await client(LIMITS, True)(station.open(url))
        opened.wire.start(Inbox())
        opened.wire.close()
    assert server.request_line == b"GET /d%C3%A9p%C3%B4t%20A/" + IDENTITIES[identity] + b" HTTP/1.1"


HOSTS = {
    "bücher.example": ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    "xn--bcher-kva.example": ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    "CSMS.Example": ("csms.example", "csms.example"),
    "csms.example.": ("csms.example.", "csms.example."),
    "例え.テスト": ("xn--r8jz45g.xn--zckzah", "xn--r8jz45g.xn--zckzah"),
    "csms。example": ("csms.example", "csms.example"),
    "under_score.example": ("under_score.example", "under_score.example"),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("host", HOSTS)
async def test_hosts(client: Make, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up, named = HOSTS[host]
    asked: list[str] = []
    loop = asyncio.get_running_loop()
    look_up = loop.getaddrinfo

    async def local(name: str, port: int, **options: Any) -> Any:
        asked.append(name)
        return await look_up("127.0.0.1", port, **options)

    monkeypatch.setattr(loop, "getaddrinfo", local)
    async with answering(with_headers()) as server:
        opened = await client(LIMITS, True)(asking(f"ws://{host}:{server.port}/CP001"))
        opened.wire.start(Inbox())
        opened.wire.close()
        assert asked == [looked_up]
        assert server.header("Host") == f"{named}:{server.port}".encode()


@pytest.mark.asyncio
async def test_an_ipv6_address(client: Make) -> None:
    async with answering(with_headers(), host="::1") as server:
        opened = await client(LIMITS, True)(asking(f"ws://[::1]:{server.port}/CP001"))
        opened.wire.start(Inbox())
        opened.wire.close()
        assert server.header("Host") == b"[::1]:%d" % server.port


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "url",
    [
        "ws://",
        "ws:csms",
        "ws:///CP001",
        "http://csms/CP001",
        "csms/CP001",
        "ws://csms:port/CP001",
        "ws://csms:65536/CP001",
        "ws://csms:0/CP001",
        "ws://[::1/CP001",
        "ws://[zz::1]/CP001",
        "ws://user@csms/CP001",
        "ws://user:password@csms/CP001",
        "ws://csms/CP001#fragment",
        "ws://cs ms/CP001",
        "ws://cs%20ms/CP001",
        "ws://" + "x" * 64 + ".example/CP001",
        "ws://" + "ü" * 64 + ".example/CP001",
        "ws://csms/\ud800",
    ],
)
async def test_urls_that_are_none(client: Make, url: str) -> None:
    with pytest.raises(LocalProtocolError):
        await client(LIMITS, True)(asking(url))


@pytest.mark.asyncio
async def test_cookies_of_an_answer_go_nowhere(client: Make) -> None:
    async with answering(says(b"401 X", b"Set-Cookie: session=1; Path=/", body=b"no")) as server:
        connect = client(LIMITS, True)
        for _ in range(2):
            with pytest.raises(HandshakeRefused):
                await connect(asking(f"ws://127.0.0.1:{server.port}/CP001"))
    assert len(server.heads) == 2
    assert all(b"cookie" not in head.lower() for head in server.heads)


@pytest.mark.asyncio
async def test_a_connection_that_is_lost_before_its_wire() -> None:
    opening_handshake = websockets_client._ClientHandshake(b"")
    opening_handshake.connection_made(Line())
    opening_handshake.connection_lost(None)
    with pytest.raises(ConnectionClosed, match="before an answer"):
        opening_handshake.wire(_handshake_answer.Agreement(None, None), LIMITS)


@pytest.mark.parametrize("headers", [[(b"A", b"b")] * 129, [(b"A", b"\0")], [(b"A", b"\x7f")]])
def test_headers_that_an_old_library_takes(headers: list[tuple[bytes, bytes]]) -> None:
    answer = _handshake_answer.HandshakeAnswer((1, 1), 101, headers)
    with pytest.raises(HandshakeRefused, match="the answer is not valid HTTP"):
        _handshake_answer.check_head(answer)


def test_default_ports_are_not_named() -> None:
    assert read_url("wss://csms/CP001").authority == "csms"
    assert read_url("ws://csms:80/CP001").authority == "csms"
    assert read_url("wss://csms:80/CP001").authority == "csms:80"
    assert read_url("ws://csms:/CP001").port == 80


def test_the_name_in_the_certificate() -> None:
    assert read_url("wss://csms.example./CP001").server_name == "csms.example"
    url = read_url("wss://[fe80::1%25eth0]/CP001")
    assert (url.host, url.server_name, url.authority) == ("fe80::1%eth0", "fe80::1", "[fe80::1]")


def test_the_accept_value_of_the_standard() -> None:
    # RFC 6455, section 1.3
    key = b"dGhlIHNhbXBsZSBub25jZQ=="
    assert _handshake_answer.accept_value(key) == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
