"""The short way for whole texts says the same as the core of `websockets`, however a stream is cut."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side

from ocppkit.core import ConnectionClosed, Limits
from ocppkit.transports.websockets._frames import (
    masked_text_frame,
    measured,
    text_frame,
    text_in,
)
from ocppkit.transports.websockets._wire import WebSocketWire

LIMIT = 400


class Line(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.over = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...
    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...

    def is_closing(self) -> bool:
        return self.over

    def can_write_eof(self) -> bool:
        return False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.over = True

    def abort(self) -> None:
        self.over = True


class Ear:
    """A receiver that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[str | bytes] = []
        self.end: ConnectionClosed | None = None

    def data_received(self, data: str | bytes) -> None:
        self.heard.append(data)

    def connection_lost(self, end: ConnectionClosed) -> None:
        self.end = end


async def by_wire(side: Side, pieces: list[bytes]) -> tuple[list[str | bytes], int | None, bytes]:
    """Returns what a wire makes of a stream: messages, the code it closed with, what it said."""
    line, ear = Line(), Ear()
    limits = Limits(frame_bytes=LIMIT, ping_interval=0)
    wire = WebSocketWire(line, side, [], limits, b"", lambda: None)
    wire.start(ear)
    await asyncio.sleep(0)
    for piece in pieces:
        wire.data_received(piece)
    await asyncio.sleep(0)
    if ear.end is None:
        wire.connection_lost(None)
    assert ear.end is not None
    return ear.heard, ear.end.code, line.written


def by_core(side: Side, stream: bytes) -> tuple[list[str | bytes], int | None, bytes]:
    """Returns what the core alone makes of it."""
    core = Protocol(side, max_size=LIMIT)
    core.receive_data(stream)
    heard: list[str | bytes] = []
    message, is_text = b"", True
    for event in core.events_received():
        assert isinstance(event, Frame)
        if event.opcode in (Opcode.TEXT, Opcode.BINARY):
            is_text = event.opcode is Opcode.TEXT
        elif event.opcode is not Opcode.CONT:
            continue
        message += bytes(event.data)
        if event.fin:
            heard.append(message.decode() if is_text else message)
            message = b""
    close = core.close_rcvd if core.close_rcvd_then_sent else core.close_sent
    return heard, None if close is None else close.code, b"".join(core.data_to_send())


OPCODES = st.sampled_from([1, 1, 1, 1, 0, 2, 8, 9, 10, 3, 11])
DATA = st.one_of(
    st.text(max_size=40).map(str.encode),
    st.integers(120, LIMIT + 2).map(lambda size: b"x" * size),
)
GOODBYES = st.sampled_from([b"", b"\x03\xe8bye", b"x", b"\x03\xee"])


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """One frame, right more often than not."""
    fin = draw(st.sampled_from([True, True, True, False]))
    opcode = draw(OPCODES)
    data = draw(GOODBYES if opcode == 8 else DATA)
    masked = draw(st.sampled_from([True] * 9 + [False]))
    rsv = draw(st.sampled_from([0] * 9 + [0x40]))
    size = len(data)
    form = draw(st.sampled_from([0, 0, 0, 126, 127]))
    if form == 127 and size >= 126:
        length = bytes([127]) + size.to_bytes(8, "big")
    elif form == 126 or size >= 126:
        length = bytes([126]) + size.to_bytes(2, "big")
    else:
        length = bytes([size])
    key = draw(st.binary(min_size=4, max_size=4)) if masked else b""
    first = bytes([(0x80 if fin else 0) | rsv | opcode])
    second = bytes([length[0] | (0x80 if masked else 0)])
    hidden = bytes(byte ^ key[at % 4] for at, byte in enumerate(data)) if masked else data
    return first + second + length[1:] + key + hidden


@settings(max_examples=400, deadline=None)
@given(
    stream=st.lists(frames(), max_size=6).map(b"".join),
    cuts=st.lists(st.integers(0, 2500), max_size=8),
    side=st.sampled_from([Side.SERVER, Side.SERVER, Side.CLIENT]),
)
def test_as_the_core_has_it(stream: bytes, cuts: list[int], side: Side) -> None:
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(places) if a < b]
    heard, code, said = asyncio.run(by_wire(side, pieces))
    expected, expected_code, expected_said = by_core(side, stream)
    assert (heard, code) == (expected, expected_code)
    if side is Side.SERVER:
        assert said == expected_said


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_text_as_the_core_writes_it(size: int) -> None:
    data = b"x" * size
    core = Protocol(Side.SERVER)
    core.send_text(data)
    frame = text_frame(data)
    assert [frame] == core.data_to_send()
    assert core.state is OPEN
    measure = measured(frame, 0)
    assert measure is not None
    assert measure[1] == len(frame)
    assert text_in(frame, 0, measure, False) == (data if size < 65_536 else None)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_a_masked_text_as_a_core_reads_it(size: int) -> None:
    data = b"x" * size
    frame = masked_text_frame(data)
    measure = measured(frame, 0)
    assert measure is not None
    assert measure[1] == len(frame)
    core = Protocol(Side.SERVER)
    core.receive_data(frame)
    assert core.events_received() == [Frame(Opcode.TEXT, data)]
    assert core.state is OPEN


def test_no_mask_comes_twice() -> None:
    frames = [masked_text_frame(b"x" * 200) for _ in range(100)]
    assert len({frame[4:8] for frame in frames}) == 100


def test_what_cannot_be_measured_yet() -> None:
    frame = text_frame(b"x" * 70_000)
    assert [measured(frame[:count], 0) for count in range(10)] == [None] * 10
    assert measured(frame[:10], 0) == (10, 70_010)
