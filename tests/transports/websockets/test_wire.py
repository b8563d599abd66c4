"""A wire without a network: what it takes by itself, what it needs a codec for, and when it reads."""

import asyncio
import functools
from collections.abc import Callable

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from ocppkit.core import Limits
from ocppkit.testing import settle
from ocppkit.transports._bounds import FRAME_COST, SLICE_COST, STALL_TIMEOUT, UNSENT_BYTES
from ocppkit.transports.websockets import _wire
from ocppkit.transports.websockets._rfc6455_frames import PING, PONG, control_frame, text_frame
from ocppkit.transports.websockets._wire import WebSocketWire
from ocppkit.transports.websockets._wire_state import TRANSITIONS, WireInput, WireState
from support.loop_time import LoopTime
from support.wire_ends import LIMIT, Ear, Line, Talk, brought, frame

TEXT = 0x81
CUT_TEXT = 0x01
CONTINUED = 0x80


@pytest.fixture
def no_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sees to it that everything takes the short way."""

    def refused(*_: object) -> None:
        raise AssertionError("this is ordinary")

    monkeypatch.setattr(_wire, "FrameCodec", refused)


ORDINARY = (
    frame(TEXT, "é".encode())
    + frame(PING, b"a ping")
    + frame(TEXT, b"x" * 300)
    + frame(PONG, b"")
    + frame(TEXT, b"")
)


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_codec")
async def test_ordinary_frames_byte_by_byte() -> None:
    talk = Talk()
    talk.bring(*(ORDINARY[at : at + 1] for at in range(len(ORDINARY))))
    assert talk.ear.heard == ["é", "x" * 300, ""]
    assert talk.line.written == b"\x8a\x06a ping"


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_codec")
async def test_ordinary_frames_in_two_reads() -> None:
    for cut in range(len(ORDINARY) + 1):
        talk = Talk()
        talk.bring(ORDINARY[:cut], ORDINARY[cut:])
        assert talk.ear.heard == ["é", "x" * 300, ""]
        assert talk.line.written == b"\x8a\x06a ping"


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_codec")
async def test_a_text_in_many_reads() -> None:
    talk = Talk(Side.CLIENT, frame_bytes=1 << 20)
    text = text_frame(b"x" * 1_000_000) + text_frame(b"y")
    talk.bring(*(text[at : at + 1460] for at in range(0, len(text), 1460)))
    # After so long a text other connections have a turn.
    assert talk.ear.heard == ["x" * 1_000_000]
    await settle()
    assert talk.ear.heard == ["x" * 1_000_000, "y"]


@pytest.mark.asyncio
async def test_a_core_that_begins_late() -> None:
    talk = Talk()
    talk.bring(*[frame(TEXT, b"a")] * 50, frame(PING, b"p"))
    talk.bring(frame(CUT_TEXT, b"b"), frame(PING, b"q"), frame(CONTINUED, b"c"))
    talk.bring(frame(TEXT, b"d"), frame(0x82, b"e"), frame(TEXT, b"f"))
    assert talk.ear.heard == ["a"] * 50 + ["bc", "d", b"e", "f"]
    assert talk.line.written == b"\x8a\x01p\x8a\x01q"
    talk.bring(frame(0x88, b"\x03\xe8bye"))
    assert talk.line.written.endswith(b"\x88\x05\x03\xe8bye")
    assert talk.line.over
    end = await talk.end()
    assert (end.by, end.code, end.reason) == ("peer", 1000, "bye")


@pytest.mark.asyncio
async def test_a_goodbye_while_half_a_text_is_there() -> None:
    talk = Talk()
    text = frame(TEXT, b"a" * 200)
    talk.bring(text[:100])
    talk.wire.close(1001, "bye")
    assert talk.line.written == b"\x88\x05\x03\xe9bye"
    await asyncio.sleep(0)
    talk.bring(text[100:], frame(0x88, b"\x03\xe9bye"))
    assert (talk.ear.heard, talk.line.over) == ([], True)
    end = await talk.end()
    assert (end.by, end.code, end.reason) == ("us", 1001, "bye")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (frame(PING, b"x" * 126), 1002),
        (frame(PING, b"x", form=126), None),
        (frame(PONG, b"x" * 126), 1002),
        (frame(0x09, b"x"), 1002),
        (frame(PING | 0x40, b"x"), 1002),
        (frame(PONG | 0x10, b"x"), 1002),
        (frame(PING, b"x", None), 1002),
        (frame(TEXT, b"x", None), 1002),
        (frame(TEXT, b"x" * (LIMIT + 1)), 1009),
        (frame(TEXT, b"\xff"), 1007),
    ],
)
@pytest.mark.parametrize("before", [b"", frame(TEXT, b"a")])
async def test_mistakes(wrong: bytes, code: int | None, before: bytes) -> None:
    talk = Talk()
    talk.bring(before + wrong)
    heard: list[str] = ["a"] if before else []
    assert talk.ear.heard == heard
    if code is None:
        # A length that is written longer than it need be is no mistake to the codec.
        assert talk.line.written == b"\x8a\x01x"
    else:
        assert talk.line.written[2:4] == code.to_bytes(2, "big")
        assert (await talk.end()).code == code
        talk.bring(frame(TEXT, b"late"))
        assert talk.ear.heard == heard


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_codec")
async def test_pongs_are_life_and_silence_is_not() -> None:
    for sign in (frame(PONG, b""), frame(PING, b""), frame(TEXT, b"a"), b""):
        talk = Talk()
        for _ in range(2):
            talk.wire.on_interval()
        talk.bring(*filter(None, [sign]))
        talk.line.written = b""
        talk.wire.on_interval()
        assert talk.line.written == (b"\x89\0" if sign else b"")
        assert talk.line.over is not bool(sign)


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_codec")
async def test_our_pings_as_a_station() -> None:
    talk = Talk(Side.CLIENT)
    talk.bring(control_frame(PING, b"abc", False))
    talk.wire.on_interval()
    codec = Protocol(Side.SERVER)
    codec.receive_data(talk.line.written)
    assert codec.events_received() == [Frame(Opcode.PONG, b"abc"), Frame(Opcode.PING, b"")]


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_codec")
async def test_a_flood_of_pings_stops_where_pongs_are_not_read() -> None:
    talk = Talk()
    flood = frame(PING, b"x" * 100) * 100
    talk.bring(flood)
    assert talk.line.written == control_frame(PONG, b"x" * 100, False) * 100
    talk.line.written = b""
    talk.wire.pause_writing()
    talk.bring(flood)
    assert (talk.line.written, talk.line.reading) == (b"", False)
    talk.wire.resume_writing()
    assert talk.line.reading
    await asyncio.sleep(0)
    assert talk.line.written == control_frame(PONG, b"x" * 100, False) * 100


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_codec")
async def test_a_pause_reads_on_until_something_comes() -> None:
    talk = Talk()
    talk.wire.pause_reading()
    assert talk.line.reading
    talk.bring(frame(TEXT, b"a"))
    assert (talk.ear.heard, talk.line.reading) == ([], False)
    talk.wire.resume_reading()
    assert talk.line.reading
    talk.bring(frame(TEXT, b"b"))
    assert talk.ear.heard == ["a", "b"]
    await asyncio.sleep(0)
    assert talk.ear.heard == ["a", "b"]


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_codec")
async def test_the_end_without_a_goodbye() -> None:
    talk = Talk()
    talk.wire.eof_received()
    talk.wire.write("too late")
    assert talk.line.written == b""
    talk.wire.connection_lost(ConnectionResetError("gone"))
    assert talk.ear.end is not None
    assert (talk.ear.end.by, talk.ear.end.reason) == ("network", "gone")


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_codec")
async def test_an_end_before_anybody_listens() -> None:
    told: list[str] = []
    line, ear = Line(), Ear()
    limits = Limits(ping_interval=0)
    wire = WebSocketWire(line, Side.SERVER, [], limits, b"", lambda: told.append("lost"))
    wire.connection_lost(None)
    wire.on_interval()
    assert (told, line.written) == (["lost"], b"")
    wire.start(ear)
    # Never from inside a call of the receiver's.
    assert ear.end is None
    await asyncio.sleep(0)
    assert ear.end is not None
    assert ear.end.reason == "connection lost"


@pytest.mark.asyncio
@pytest.mark.usefixtures("no_codec")
async def test_what_comes_before_anybody_listens() -> None:
    line, first, second = Line(), Ear(), Ear()
    limits = Limits(ping_interval=0)
    early = frame(TEXT, b"a") + frame(TEXT, b"b")
    wire = WebSocketWire(line, Side.SERVER, [], limits, early[:4], lambda: None)
    brought(wire, early[4:])
    assert not line.reading
    wire.start(first)
    assert (first.heard, line.reading) == ([], True)
    await asyncio.sleep(0)
    assert first.heard == ["a", "b"]
    wire.start(second)
    brought(wire, frame(TEXT, b"c"))
    assert (first.heard, second.heard) == (["a", "b"], ["c"])


@pytest.mark.asyncio
async def test_a_connection_that_is_closed_already_is_not_paused() -> None:
    talk = Talk()
    talk.line.over = True
    talk.wire.pause_reading()
    talk.bring(frame(TEXT, b"a"))
    assert (talk.ear.heard, talk.line.reading) == ([], True)


@pytest.mark.asyncio
async def test_a_read_with_many_frames_lets_others_have_a_turn() -> None:
    talk = Talk()
    talk.bring(frame(TEXT, b"a") * 1000)
    assert 0 < len(talk.ear.heard) <= SLICE_COST // FRAME_COST + 1
    await settle()
    assert len(talk.ear.heard) == 1000


@pytest.mark.asyncio
async def test_a_peer_over_its_budget_is_read_no_faster() -> None:
    time = LoopTime(asyncio.get_running_loop())
    # So slow that a busy machine does not read another frame meanwhile.
    talk = Talk(bytes_per_second=100, bytes_at_once=2 * FRAME_COST)
    for _ in range(5):
        talk.bring(frame(TEXT, b"a"))
    assert (len(talk.ear.heard), talk.line.reading) == (2, False)
    await time.advance(60)
    await time.advance(60)
    assert (len(talk.ear.heard), talk.line.reading) == (5, True)


@pytest.mark.asyncio
async def test_a_peer_that_never_reads_is_cut_by_bytes() -> None:
    talk = Talk()
    talk.wire.pause_writing()
    talk.line.waiting = UNSENT_BYTES
    talk.wire.write("a last frame")
    assert not talk.line.over
    talk.line.waiting = UNSENT_BYTES + 1
    talk.line.written = b""
    talk.wire.write("one too many")
    assert (talk.line.written, talk.line.over) == (b"", True)
    end = await talk.end()
    assert (end.by, end.reason.startswith("the peer does not read")) == ("network", True)


@pytest.mark.asyncio
async def test_a_peer_that_never_reads_is_cut_by_time() -> None:
    time = LoopTime(asyncio.get_running_loop())
    talk = Talk()
    talk.line.waiting = 1000
    talk.wire.pause_writing()
    # It has read something, and then nothing.
    talk.line.waiting = 900
    await time.advance(STALL_TIMEOUT + 1)
    assert not talk.line.over
    await time.advance(STALL_TIMEOUT + 1)
    assert talk.line.over
    assert "has read nothing for 60 s" in (await talk.end()).reason


@pytest.mark.asyncio
async def test_a_slow_reader_is_not_cut() -> None:
    time = LoopTime(asyncio.get_running_loop())
    talk = Talk()
    talk.line.waiting = 1000
    talk.wire.pause_writing()
    talk.wire.resume_writing()
    await time.advance(2 * STALL_TIMEOUT)
    assert not talk.line.over


class Gone(Line):
    """A transport whose peer has reset the connection, as asyncio and uvloop report it."""

    def __init__(self, problem: Exception) -> None:
        super().__init__()
        self.problem = problem
        self.aborted = False

    def can_write_eof(self) -> bool:
        return True

    def write(self, data: object) -> None:
        raise self.problem

    def write_eof(self) -> None:
        raise self.problem

    def abort(self) -> None:
        self.aborted = True


GONE = [
    OSError(107, "Transport endpoint is not connected"),
    RuntimeError("Cannot call write() after write_eof()"),
    RuntimeError(
        "unable to perform operation on <TCPTransport closed=True>; the handler is closed"
    ),
]

PROVOKING = [frame(PING, b"x"), frame(0x88, b"\x03\xe8"), frame(0x83, b"")]
"""Frames that are answered: a ping, a close frame, and one that is not allowed."""


def write_something(wire: WebSocketWire) -> None:
    wire.write("x")


@pytest.mark.asyncio
@pytest.mark.parametrize("problem", GONE, ids=str)
@pytest.mark.parametrize(
    "act",
    [
        write_something,
        WebSocketWire.on_interval,
        WebSocketWire.close,
        WebSocketWire.eof_received,
        *(functools.partial(brought, piece=piece) for piece in PROVOKING),
    ],
    ids=["write", "ping", "close", "eof", "pong", "answer-to-close", "failure"],
)
@pytest.mark.parametrize("compressed", [False, True])
async def test_a_write_that_fails_ends_the_connection_and_raises_nothing(
    act: Callable[[WebSocketWire], None], problem: Exception, compressed: bool
) -> None:
    line, ear = Gone(problem), Ear()
    extensions = [PerMessageDeflate(False, False, 15, 15)] if compressed else []
    wire = WebSocketWire(line, Side.SERVER, extensions, Limits(ping_interval=0), b"", lambda: None)
    wire.start(ear)
    act(wire)
    # The state changed before the write: whatever is still to come writes nothing.
    act(wire)
    assert line.aborted or act is not WebSocketWire.on_interval
    wire.on_interval()
    wire.connection_lost(None)
    await settle()
    assert ear.end is not None


@pytest.mark.asyncio
@pytest.mark.parametrize("problem", GONE, ids=str)
async def test_a_peer_that_closes_and_is_gone_has_closed(problem: Exception) -> None:
    line, ear = Gone(problem), Ear()
    wire = WebSocketWire(line, Side.SERVER, [], Limits(ping_interval=0), b"", lambda: None)
    wire.start(ear)
    brought(wire, frame(0x88, b"\x03\xe9bye"))
    wire.connection_lost(None)
    assert ear.end is not None
    assert (ear.end.by, ear.end.code, ear.end.reason) == ("peer", 1001, "bye")


@pytest.mark.parametrize("state", WireState)
def test_no_input_leads_back(state: WireState) -> None:
    order = [
        WireState.OPEN,
        WireState.CLOSING,
        WireState.FAILED,
        WireState.CLOSED,
        WireState.LOST,
    ]
    ranks = {each: rank for rank, each in enumerate(order)}
    following = TRANSITIONS[state]
    assert following.keys() == set(WireInput)
    assert all(ranks[after] >= ranks[state] for after in following.values())
    assert following[WireInput.CONNECTION_LOST] is WireState.LOST


@pytest.mark.asyncio
@pytest.mark.parametrize("whole", [True, False])
async def test_nothing_is_written_to_a_connection_that_was_reset(whole: bool) -> None:
    """Asyncio would log a warning for each pong and each reply."""
    talk = Talk()
    if not whole:
        # From then on a codec answers the pings.
        talk.bring(frame(CUT_TEXT, b"b"))
    talk.bring(frame(PING, b"before"))
    talk.line.over = True
    written = talk.line.written
    talk.bring(*[frame(PING, b"p")] * 50)
    talk.wire.write("a reply")
    talk.wire.on_interval()
    assert written.endswith(b"before")
    assert talk.line.written == written
