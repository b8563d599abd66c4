"""What the transport on picows takes upon itself: what picows is shown, and what it must not do."""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picows import WSHandshakeError
from websockets.frames import Frame, Opcode

from ocppkit.core import ConnectionClosed, Limits
from ocppkit.transports._http import answer_of
from ocppkit.transports.picows._protocol import FrameProtocol
from ocppkit.transports.picows._server import opener
from ocppkit.transports.picows._wire import PicowsWire
from ocppkit.transports.websockets._doorway import Opening

HANDSHAKE = b"HTTP/1.1 101 "
READ_BYTES = 1 << 14


def frame(text: str) -> bytes:
    """Returns a text as a station sends it."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=True)


class Line(asyncio.Transport):
    """A transport without a network, at whose end nothing is in the way."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.reading = False
        self.closed = False
        self.aborted = False
        self.protocol: asyncio.BaseProtocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        # With TLS, as it seems, picows sends by way of the transport.
        return {"socket": self, "ssl_object": self}.get(name, default)

    def fileno(self) -> int:
        return -1

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: Any) -> None:
        if data:
            self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass


class Listener:
    """Takes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[str | bytes] = []
        self.wire: PicowsWire | None = None

    def data_received(self, data: str | bytes) -> None:
        self.heard.append(data)
        if self.wire is not None:
            self.wire.pause_reading()

    def connection_lost(self, end: ConnectionClosed) -> None:
        pass


def opened(line: Line, rest: bytes = b"", frame_bytes: int = 1 << 20) -> PicowsWire:
    """Opens a connection of which nothing but the handshake was read, and this."""
    opening = Opening(
        transport=line,
        key=b"dGhlIHNhbXBsZSBub25jZQ==",
        headers=[(b"Sec-WebSocket-Protocol", b"ocpp2.0.1")],
        extensions=[],
        rest=rest,
        lost=lambda: None,
    )
    return cast(PicowsWire, opener(Limits(frame_bytes=frame_bytes))(opening))


def sent_to(line: Line, data: bytes) -> None:
    """Lets a connection read."""
    while data:
        protocol = cast(asyncio.BufferedProtocol, line.protocol)
        buffer = memoryview(protocol.get_buffer(-1))
        count = min(len(buffer), len(data))
        buffer[:count] = data[:count]
        data = data[count:]
        protocol.buffer_updated(count)


@pytest.mark.asyncio
async def test_the_answer_is_ours_and_comes_once() -> None:
    first, second = Line(), Line()
    for line in (first, second):
        opened(line)
        (answer,) = line.written
        assert answer.startswith(HANDSHAKE)
        assert answer.endswith(b"\r\n\r\n")
        # RFC 6455 section 1.3 has this example.
        assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer
        assert b"Sec-WebSocket-Protocol: ocpp2.0.1\r\n" in answer
    assert first.written == second.written


@pytest.mark.asyncio
async def test_who_begins_is_fed_at_once() -> None:
    line, listener = Line(), Listener()
    wire = opened(line)
    wire.start(listener)
    assert line.reading
    sent_to(line, frame("a") + frame("b"))
    assert listener.heard == ["a", "b"]
    wire.write("c")
    assert line.written[1:] == [b"\x81\x01c"]


@pytest.mark.asyncio
async def test_what_comes_before_anybody_begins_is_kept_and_stops_reading() -> None:
    line, listener = Line(), Listener()
    wire = opened(line, frame("a"))
    line.reading = True
    sent_to(line, frame("b"))
    assert not line.reading
    wire.start(listener)
    sent_to(line, frame("c"))
    assert not listener.heard
    await asyncio.sleep(0)
    assert listener.heard == ["a", "b", "c"]
    assert line.reading


@pytest.mark.asyncio
async def test_who_has_enough_at_the_beginning_gets_no_more() -> None:
    line, listener = Line(), Listener()
    wire = listener.wire = opened(line, frame("a"))
    wire.start(listener)
    await asyncio.sleep(0)
    assert listener.heard == ["a"]
    assert not line.reading
    wire.resume_reading()
    assert line.reading


@pytest.mark.asyncio
async def test_nothing_is_read_while_nothing_can_be_written() -> None:
    line, listener = Line(), Listener()
    wire = opened(line)
    wire.start(listener)
    protocol = cast(asyncio.BufferedProtocol, line.protocol)
    protocol.pause_writing()
    assert not line.reading
    wire.resume_reading()
    assert not line.reading
    protocol.resume_writing()
    assert line.reading


STREAM = (
    frame("a"),
    frame("b" * 126),
    Frame(Opcode.TEXT, b"c", fin=False).serialize(mask=True),
    Frame(Opcode.PING, b"1").serialize(mask=True),
    Frame(Opcode.CONT, b"", fin=False).serialize(mask=True),
    Frame(Opcode.CONT, b"d").serialize(mask=True),
    frame(""),
    Frame(Opcode.TEXT, b"", fin=False).serialize(mask=True),
    Frame(Opcode.CONT, b"e").serialize(mask=True),
    Frame(Opcode.BINARY, b"f").serialize(mask=True),
    Frame(Opcode.PING, b"2").serialize(mask=True),
    frame("é" * 40_000),
    Frame(Opcode.PONG, b"3").serialize(mask=True),
    frame("g"),
)
MESSAGES = ["a", "b" * 126, "cd", "", "e", b"f", "é" * 40_000, "g"]
EDGES = tuple(accumulate(len(piece) for piece in STREAM))


@settings(max_examples=300, deadline=None)
@given(
    st.sets(st.sampled_from(EDGES)),
    st.sets(st.integers(1, EDGES[10]) | st.integers(EDGES[10], EDGES[-1])),
)
def test_however_it_is_cut_into_reads(edges: set[int], cuts: set[int]) -> None:
    async def main() -> None:
        line, listener = Line(), Listener()
        opened(line).start(listener)
        data = b"".join(STREAM)
        for begin, end in pairwise(sorted({0, *edges, *cuts, len(data)})):
            sent_to(line, data[begin:end])
        assert listener.heard == MESSAGES
        assert line.written[1:] == [b"\x8a\x011", b"\x8a\x012"]

    asyncio.run(main())


# A whole text as it seems, of one character: with a mask of zeros it stands in a frame as it is.
SEEMING = b"\x81\x81\0\0\0\0x"
AROUND_IT = b"\x82\x8b\0\0\0\0" + b"1234"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "before",
    [
        pytest.param([AROUND_IT], id="alone"),
        pytest.param([frame("a"), AROUND_IT], id="after a text"),
        pytest.param([frame("a") + AROUND_IT], id="with a text"),
        pytest.param([frame("a"), frame("b") + AROUND_IT[:1], AROUND_IT[1:]], id="in pieces"),
    ],
)
async def test_what_looks_like_a_text_within_a_frame(before: list[bytes]) -> None:
    line, listener = Line(), Listener()
    opened(line).start(listener)
    for read in (*before, SEEMING, SEEMING):
        sent_to(line, read)
    assert listener.heard[-2:] == [b"1234" + SEEMING, "x"]


@pytest.mark.asyncio
async def test_a_message_within_a_message() -> None:
    line, listener = Line(), Listener()
    opened(line).start(listener)
    for read in (frame("a"), Frame(Opcode.TEXT, b"", fin=False).serialize(mask=True), frame("b")):
        sent_to(line, read)
    assert listener.heard == ["a"]
    assert line.written[-1][2:4] == (1002).to_bytes(2, "big")


@pytest.mark.asyncio
async def test_a_text_that_is_longer_than_allowed() -> None:
    line, listener = Line(), Listener()
    opened(line, frame_bytes=1000).start(listener)
    for size in (1, 1000, 1001):
        sent_to(line, frame("x" * size))
    assert [len(text) for text in listener.heard] == [1, 1000]
    assert line.written[-1][2:4] == (1009).to_bytes(2, "big")


@pytest.mark.asyncio
async def test_who_sends_texts_is_alive() -> None:
    line, listener = Line(), Listener()
    wire = opened(line)
    wire.start(listener)
    for _ in range(5):
        sent_to(line, frame("a"))
        wire.beat()
        wire.beat()
    assert not line.aborted
    wire.beat()
    assert line.aborted


@pytest.mark.asyncio
async def test_after_a_goodbye_nothing_is_handed_over() -> None:
    line, listener = Line(), Listener()
    wire = opened(line)
    wire.start(listener)
    sent_to(line, frame("a"))
    wire.close()
    sent_to(line, frame("b"))
    assert listener.heard == ["a"]
    sent_to(line, Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))
    assert line.closed


def at_a_csms(line: Line) -> PicowsWire:
    return opened(line)


def asked(line: Line) -> PicowsWire:
    """Sends the handshake of a station."""
    wire = PicowsWire(Limits(), lambda: None)
    protocol = FrameProtocol(wire, lambda *_: wire, 1 << 20, host="localhost", target="/")
    line.set_protocol(protocol)
    protocol.connection_made(line)
    return wire


def at_a_station(line: Line) -> PicowsWire:
    wire = asked(line)
    (request,) = line.written
    key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    sent_to(line, answer_of(key, ()))
    return wire


@pytest.mark.asyncio
@pytest.mark.parametrize("side", [at_a_csms, at_a_station])
async def test_what_comes_in_one_read_takes_no_memory(side: Callable[[Line], PicowsWire]) -> None:
    line, listener = Line(), Listener()
    side(line).start(listener)
    protocol = cast(FrameProtocol, line.protocol)
    room = len(super(FrameProtocol, protocol).get_buffer(-1))
    for size in (10, 10_000):
        text = b"x" * size
        sent_to(line, Frame(Opcode.TEXT, text).serialize(mask=side is at_a_csms))
        assert listener.heard.pop() == text.decode()
    assert len(super(FrameProtocol, protocol).get_buffer(-1)) == room


@pytest.mark.asyncio
@pytest.mark.parametrize("reads", [1, 5])
async def test_a_long_refusal(reads: int) -> None:
    line = Line()
    asked(line)
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9000\r\n\r\n" + b"x" * 9000
    size = len(refusal) // reads + 1
    for at in range(0, len(refusal), size):
        sent_to(line, refusal[at : at + size])
    with pytest.raises(WSHandshakeError, match="403"):
        await cast(FrameProtocol, line.protocol).wait_until_handshake_complete()


@pytest.mark.asyncio
async def test_long_messages_make_no_longer_reads() -> None:
    line, listener = Line(), Listener()
    opened(line).start(listener)
    protocol = cast(asyncio.BufferedProtocol, line.protocol)
    for text in ("é" * 500_000, "x" * 1_000_000, "y"):
        sent_to(line, frame(text))
        assert listener.heard == [text]
        listener.heard.clear()
        assert memoryview(protocol.get_buffer(-1)).nbytes <= READ_BYTES


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [0, 1, 125, 126, 8192, 8193, 65535, 65536, 1 << 20])
async def test_texts_of_all_sizes(size: int) -> None:
    line, listener = Line(), Listener()
    wire = opened(line)
    wire.start(listener)
    sent_to(line, frame("x" * size))
    assert listener.heard == ["x" * size]
    wire.write("y" * size)
    assert b"".join(line.written[1:]) == Frame(Opcode.TEXT, b"y" * size).serialize(mask=False)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"\x83\x80\0\0\0\0", 1002, id="no such kind of frame"),
        pytest.param(b"\x81\xff" + (1 << 21).to_bytes(8, "big") + bytes(4), 1009, id="too long"),
        pytest.param(b"\x81\x81\0\0\0\0\xff", 1007, id="no UTF-8"),
    ],
)
async def test_mistakes_of_a_peer_are_no_errors_of_ours(
    data: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    line, listener = Line(), Listener()
    opened(line).start(listener)
    picows = cast(FrameProtocol, line.protocol).transport
    sent_to(line, data)
    # It means to do so a moment later; the peer must have the time to read why.
    picows.disconnect()
    assert not line.closed
    assert line.written[-1][2:4] == code.to_bytes(2, "big")
    assert not isinstance(line.protocol, FrameProtocol)
    assert not listener.heard
    of_ours = [record for record in caplog.records if record.name.startswith("ocppkit")]
    assert all(record.levelno <= logging.DEBUG for record in of_ours)


async def _delays() -> list[int]:
    """Returns whether each end of a connection sends without delay."""
    loop = asyncio.get_running_loop()
    made: list[asyncio.BaseTransport] = []

    class End(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.append(transport)

    server = await loop.create_server(End, "127.0.0.1", 0)
    await loop.create_connection(End, *server.sockets[0].getsockname())
    while len(made) < 2:
        await asyncio.sleep(0)
    options = [
        end.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        for end in made
    ]
    for end in made:
        cast(asyncio.Transport, end).abort()
    server.close()
    await server.wait_closed()
    return options


@pytest.mark.parametrize(
    "kind",
    [
        "asyncio",
        pytest.param(
            "uvloop",
            marks=pytest.mark.skipif(
                sys.platform == "win32", reason="there is no uvloop for Windows"
            ),
        ),
    ],
)
def test_event_loops_send_without_delay(kind: str) -> None:
    """Which is why picows need not see to it."""
    factory: Any = None
    if kind == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        assert all(runner.run(_delays()))
