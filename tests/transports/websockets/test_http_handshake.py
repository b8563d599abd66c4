"""The opening handshake as bytes: what is read and refused, and that others understand the answers."""

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from ocppkit.transports._request_head import refusal_response
from ocppkit.transports.websockets._http_handshake import (
    BadRequest,
    accepting_response,
    read_request,
    websocket_key_of,
)

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ASKED = {
    b"Host": b"csms",
    b"Upgrade": b"websocket",
    b"Connection": b"Upgrade",
    b"Sec-WebSocket-Key": KEY,
    b"Sec-WebSocket-Version": b"13",
}


def head(first: bytes = b"GET /CP001 HTTP/1.1", **changes: bytes | None) -> bytes:
    fields = dict(ASKED)
    for name, value in changes.items():
        key = name.replace("_", "-").encode()
        fields.pop(key, None)
        if value is not None:
            fields[key] = value
    return b"\r\n".join([first, *(b": ".join(field) for field in fields.items()), b"", b""])


def test_a_request_as_it_stood_there() -> None:
    request = read_request(
        b"GET /a%2Fb?c=\xe9 HTTP/1.1\r\nHost:csms\r\nA:\r\nb: \t x y \t\r\na: caf\xe9\r\n\r\n"
    )
    assert request.target == b"/a%2Fb?c=\xe9"
    assert request.headers == [(b"Host", b"csms"), (b"A", b""), (b"b", b"x y"), (b"a", b"caf\xe9")]
    assert request.value(b"a") == b", caf\xe9"


@pytest.mark.parametrize(
    "fields",
    [
        b"",
        b"Host:\r\n",
        b"Host: a\r\nhost: a\r\n",
        b"Host: a b\r\n",
        b"Host: a/b\r\n",
        b"Host: a@b\r\n",
        b"Host: a:b\r\n",
        b"Host: a , b\r\n",
        b"Host: [::1\r\n",
        b"Host: a\r\nContent-Length: 0\r\n",
        b"Host: a\r\ncontent-length: 5\r\n",
        b"Host: a\r\nTransfer-Encoding: chunked\r\n",
    ],
)
def test_a_request_without_one_host_or_with_a_body(fields: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        read_request(b"GET / HTTP/1.1\r\n" + fields + b"\r\n")
    assert caught.value.status == 400


@pytest.mark.parametrize("host", [b"a", b"a.b:80", b"192.0.2.7:9000", b"[2001:db8::1]:80", b"a_b:"])
def test_hosts(host: bytes) -> None:
    request = read_request(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
    assert request.value(b"host") == host


_LINES = st.sampled_from(
    [
        b"Host: a", b"Host: b", b"A: b", b"A:b", b"A :b", b" folded", b"A: \x7f", b"A: \t x", b"A",
        b"Content-Length: 0", b"Content-Length: 1, 1", b"Transfer-Encoding: chunked", b": x", b"",
        b"Upgrade: websocket", b"\xe9: x", b"A: \xe9", b"A: \x00", b"A: x\rB: y", b"A: x\nB: y",
    ]
)  # fmt: skip
_FIRST = st.sampled_from(
    [
        b"GET / HTTP/1.1",
        b"GET /a?b HTTP/1.1",
        b"GET  / HTTP/1.1",
        b"get / HTTP/1.1",
        b"GET /a b HTTP/1.1",
    ]
)


@given(_FIRST, st.lists(_LINES, max_size=6), st.booleans())
def test_what_is_read_is_what_h11_reads(first: bytes, lines: list[bytes], host: bool) -> None:
    text = b"\r\n".join([first, *([b"Host: a"] if host else []), *lines, b"", b""])
    # A head ends where the first empty line does.
    text = text.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    try:
        ours = read_request(text)
    except BadRequest:
        return
    peer = h11.Connection(h11.SERVER)
    peer.receive_data(text)
    theirs = peer.next_event()
    assert isinstance(theirs, h11.Request)
    assert theirs.target == ours.target
    assert list(theirs.headers) == [(name.lower(), value) for name, value in ours.headers]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"POST / HTTP/1.1\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET /a\0 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\n\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\n: no name\r\n\r\n",
        b"GET / HTTP/1.1\r\nA : b\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\nB: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\rB: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: \0\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: \x7f\r\n\r\n",
        b"GET / HTTP/1.1\r\n\xe9: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 129 + b"\r\n",
    ],
)
def test_what_is_no_request(text: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        read_request(text)
    assert 400 <= caught.value.status < 500


def test_as_many_headers_as_may_be() -> None:
    text = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 127 + b"\r\n"
    assert len(read_request(text).headers) == 128


@given(st.binary(max_size=200))
def test_nothing_else_is_raised(text: bytes) -> None:
    for data in (text, b"GET / HTTP/1.1\r\n" + text + b"\r\n\r\n", head(Upgrade=text)):
        refused = None
        try:
            websocket_key_of(read_request(data))
        except BadRequest as problem:
            refused = problem.status
        assert refused in {None, 400, 426}


@pytest.mark.parametrize(
    "text",
    [
        head(),
        head(Upgrade=b"WebSocket"),
        head(Connection=b"keep-alive, upgrade"),
        head(Connection=b"keep-alive,Upgrade , x"),
        head(Upgrade=b"h2c, websocket"),
    ],
)
def test_a_websocket_is_asked_for(text: bytes) -> None:
    assert websocket_key_of(read_request(text)) == KEY


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (head(Upgrade=None), 426),
        (head(Upgrade=b"websockets"), 426),
        (head(Connection=None), 426),
        (head(Connection=b"close"), 426),
        (head(Sec_WebSocket_Version=None), 426),
        (head(Sec_WebSocket_Version=b"8"), 426),
        (head(Sec_WebSocket_Key=None), 400),
        (head(Sec_WebSocket_Key=b""), 400),
        (head(Sec_WebSocket_Key=b"c2hvcnQ="), 400),
        (head(Sec_WebSocket_Key=b"no base 64"), 400),
        (head(Sec_WebSocket_Key=KEY + b"\r\nSec-WebSocket-Key: " + KEY), 400),
    ],
)
def test_no_websocket_is_asked_for(text: bytes, status: int) -> None:
    with pytest.raises(BadRequest) as caught:
        websocket_key_of(read_request(text))
    assert caught.value.status == status


def test_the_answer_of_the_rfc() -> None:
    # RFC 6455 section 1.3
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in accepting_response(
        KEY, ()
    )


def test_another_library_understands_the_answer() -> None:
    client = ClientProtocol(parse_uri("ws://csms/CP001"), subprotocols=["ocpp2.0.1"])  # type: ignore[list-item]
    client.send_request(client.connect())
    (sent,) = client.data_to_send()
    key = websocket_key_of(read_request(sent))
    client.receive_data(accepting_response(key, [(b"Sec-WebSocket-Protocol", b"ocpp2.0.1")]))
    assert client.state is OPEN
    assert client.subprotocol == "ocpp2.0.1"


def test_another_library_understands_the_refusal() -> None:
    client = ClientProtocol(parse_uri("ws://csms/CP001"))
    client.send_request(client.connect())
    client.receive_data(refusal_response(401, b"no\n", [(b"WWW-Authenticate", b"Basic")]))
    (response,) = client.events_received()
    assert (response.status_code, response.body) == (401, b"no\n")  # type: ignore[union-attr]
    assert response.headers["WWW-Authenticate"] == "Basic"  # type: ignore[union-attr]
