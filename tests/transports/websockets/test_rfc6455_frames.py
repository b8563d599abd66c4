"""Frames are read alike by the fast path and by websockets, however the stream is divided."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, Protocol, Side

from ocppkit.transports.websockets._rfc6455_frames import (
    PING,
    PONG,
    control_frame,
    frame_payload,
    is_ordinary,
    masked_text_frame,
    measure_frame,
    text_frame,
)
from support.wire_ends import LIMIT, Talk, frame

INCOMPLETE = b"\x88\x1f\x03\xeaincomplete fragmented message"
"""The close frame of the codec for a message whose end never comes."""


async def by_wire(side: Side, pieces: list[bytes]) -> tuple[list[str | bytes], int | None, bytes]:
    """Returns what a wire makes of a stream: messages, the code it closed with, what it said."""
    talk = Talk(side)
    talk.bring(*pieces)
    end = await talk.end()
    return talk.ear.heard, end.code, talk.line.written


def by_codec(side: Side, stream: bytes) -> tuple[list[str | bytes], int | None, bytes]:
    """Returns what the codec alone makes of it."""
    codec = Protocol(side, max_size=LIMIT)
    codec.receive_data(stream)
    heard: list[str | bytes] = []
    message, is_text = b"", True
    for event in codec.events_received():
        assert isinstance(event, Frame)
        if event.opcode in (Opcode.TEXT, Opcode.BINARY):
            is_text = event.opcode is Opcode.TEXT
        elif event.opcode is not Opcode.CONT:
            continue
        message += bytes(event.data)
        if event.fin:
            heard.append(message.decode() if is_text else message)
            message = b""
    close = codec.close_rcvd if codec.close_rcvd_then_sent else codec.close_sent
    said = b"".join(codec.data_to_send())
    if INCOMPLETE in said and codec.close_rcvd is not None:
        # Unlike the codec, a wire answers a close frame between two fragments as any other, which
        # Autobahn's case 7.1.5 wants.
        peers = codec.close_rcvd
        answer = b"" if peers.code == CloseCode.NO_STATUS_RCVD else peers.serialize()
        said = said.replace(INCOMPLETE, b"\x88" + bytes([len(answer)]) + answer)
    return heard, None if close is None else close.code, said


OPCODES = st.sampled_from([1, 1, 1, 1, 0, 2, 8, 9, 10, 3, 11])
DATA = st.one_of(
    st.text(max_size=40).map(str.encode),
    st.integers(120, LIMIT + 2).map(lambda size: b"x" * size),
)
GOODBYES = st.sampled_from([b"", b"\x03\xe8bye", b"x", b"\x03\xee"])


KEY = b"\0\0\0\0"
TEXT_THEN_FRAGMENT = frame(0x81, b"", KEY) + frame(0x01, b"", KEY)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """One frame, right more often than not."""
    fin = draw(st.sampled_from([True, True, True, False]))
    opcode = draw(OPCODES)
    data = draw(GOODBYES if opcode == 8 else DATA)
    masked = draw(st.sampled_from([True] * 9 + [False]))
    rsv = draw(st.sampled_from([0] * 9 + [0x40]))
    form = draw(st.sampled_from([0, 0, 0, 126, 127]))
    key = draw(st.binary(min_size=4, max_size=4)) if masked else None
    return frame((0x80 if fin else 0) | rsv | opcode, data, key, form=form)


@settings(max_examples=400, deadline=None)
@example(TEXT_THEN_FRAGMENT + frame(0x88, b"", KEY), [], Side.SERVER)
@example(TEXT_THEN_FRAGMENT + frame(0x88, b"\x03\xe8bye", KEY), [], Side.SERVER)
@given(
    stream=st.lists(frames(), max_size=6).map(b"".join),
    cuts=st.lists(st.integers(0, 2500), max_size=8),
    side=st.sampled_from([Side.SERVER, Side.SERVER, Side.CLIENT]),
)
def test_as_the_core_has_it(stream: bytes, cuts: list[int], side: Side) -> None:
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(places) if a < b]
    heard, code, said = asyncio.run(by_wire(side, pieces))
    expected, expected_code, expected_said = by_codec(side, stream)
    assert (heard, code) == (expected, expected_code)
    if side is Side.SERVER:
        assert said == expected_said


SIZES = pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])


@SIZES
def test_a_text_as_the_core_writes_it(size: int) -> None:
    data = b"x" * size
    codec = Protocol(Side.SERVER)
    codec.send_text(data)
    text = text_frame(data)
    assert [text] == codec.data_to_send()
    assert codec.state is OPEN
    measure = measure_frame(text, 0, len(text))
    assert measure is not None
    assert measure == (len(text) - size, len(text))
    assert is_ordinary(text, 0, measure, False)
    assert not is_ordinary(text, 0, measure, True)
    assert frame_payload(text, measure, False) == data


@SIZES
def test_a_masked_text_as_a_core_reads_it(size: int) -> None:
    data = b"x" * size
    text = masked_text_frame(data)
    measure = measure_frame(text, 0, len(text))
    assert measure is not None
    assert measure == (len(text) - size, len(text))
    assert is_ordinary(text, 0, measure, True)
    assert frame_payload(text, measure, True) == data
    codec = Protocol(Side.SERVER)
    codec.receive_data(text)
    assert codec.events_received() == [Frame(Opcode.TEXT, data)]
    assert codec.state is OPEN


@pytest.mark.parametrize(("kind", "opcode"), [(PING, Opcode.PING), (PONG, Opcode.PONG)])
@pytest.mark.parametrize("size", [0, 125])
def test_pings_and_pongs_as_a_core_reads_them(kind: int, opcode: Opcode, size: int) -> None:
    data = b"x" * size
    for side, masked in ((Side.SERVER, True), (Side.CLIENT, False)):
        codec = Protocol(side)
        codec.receive_data(control_frame(kind, data, masked))
        assert codec.events_received() == [Frame(opcode, data)]
        assert codec.state is OPEN


def test_no_mask_comes_twice() -> None:
    texts = [masked_text_frame(b"x" * 200) for _ in range(100)]
    assert len({text[4:8] for text in texts}) == 100


def test_what_cannot_be_measured_yet() -> None:
    text = text_frame(b"x" * 70_000)
    assert [measure_frame(text[:count], 0, count) for count in range(10)] == [None] * 10
    assert measure_frame(text[:10], 0, 10) == (10, 70_010)
    # What stands behind the bytes that were read is old.
    assert [measure_frame(text, 0, count) for count in range(10)] == [None] * 10
