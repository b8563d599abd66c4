"""Connections in memory behave like those of a network."""

import pytest

from ocppkit.core import ConnectionClosed
from ocppkit.testing import MemoryWire, settle, wire_pair


class Ear:
    """A receiver that writes down what it hears."""

    def __init__(self, wire: MemoryWire) -> None:
        self.heard: list[str | bytes] = []
        self.end: ConnectionClosed | None = None
        wire.start(self)

    def data_received(self, data: str | bytes) -> None:
        assert self.end is None
        self.heard.append(data)

    def connection_lost(self, end: ConnectionClosed) -> None:
        assert self.end is None
        self.end = end


@pytest.mark.asyncio
async def test_what_goes_in_comes_out_in_order() -> None:
    one, other = wire_pair()
    one.write("early")
    ear = Ear(other)
    one.write("text")
    one.write_binary(b"bytes")
    assert ear.heard == []
    await settle()
    assert ear.heard == ["early", "text", b"bytes"]
    assert list(one.frames) == [("out", "early"), ("out", "text"), ("out", b"bytes")]
    assert list(other.frames) == [("in", "early"), ("in", "text"), ("in", b"bytes")]


@pytest.mark.asyncio
async def test_a_goodbye_comes_after_what_was_written() -> None:
    one, other = wire_pair()
    ears = Ear(one), Ear(other)
    one.write("last words")
    one.close(1001, "bye")
    one.write("too late")
    other.write("too late as well")
    await settle()
    assert ears[1].heard == ["last words"]
    assert ears[0].heard == []
    ends = [(ear.end.by, ear.end.code, ear.end.reason) for ear in ears if ear.end is not None]
    assert ends == [("us", 1001, "bye"), ("peer", 1001, "bye")]


@pytest.mark.asyncio
async def test_a_cut_loses_what_is_on_its_way() -> None:
    one, other = wire_pair()
    ears = Ear(one), Ear(other)
    one.write("lost")
    other.cut()
    await settle()
    assert [ear.heard for ear in ears] == [[], []]
    assert [ear.end.by for ear in ears if ear.end is not None] == ["network", "network"]


@pytest.mark.asyncio
async def test_pausing_holds_messages_back_but_not_the_end() -> None:
    one, other = wire_pair()
    ear = Ear(other)
    other.pause_reading()
    one.write("held")
    await settle()
    assert ear.heard == []
    other.resume_reading()
    await settle()
    assert ear.heard == ["held"]
    other.pause_reading()
    one.write("never heard")
    one.close()
    await settle()
    assert ear.heard == ["held"]
    assert ear.end is not None


class Echo(Ear):
    """A receiver that answers."""

    def __init__(self, wire: MemoryWire) -> None:
        super().__init__(wire)
        self._wire = wire

    def data_received(self, data: str | bytes) -> None:
        super().data_received(data)
        self._wire.write(f"not {data!r}")


@pytest.mark.asyncio
async def test_each_end_remembers_what_went_over_it() -> None:
    one, other = wire_pair()
    Ear(one)
    Echo(other)
    one.write("so")
    await settle()
    assert list(one.frames) == [("out", "so"), ("in", "not 'so'")]
    assert [(frame.direction, frame.data) for frame in other.frames] == [
        ("in", "so"),
        ("out", "not 'so'"),
    ]


@pytest.mark.asyncio
async def test_what_never_arrived_was_written_but_not_heard() -> None:
    one, other = wire_pair()
    Ear(other)
    one.write("lost")
    one.cut()
    one.write("too late")
    await settle()
    assert list(one.frames) == [("out", "lost")]
    assert list(other.frames) == []


@pytest.mark.asyncio
async def test_the_memory_of_frames_is_bounded() -> None:
    one, other = wire_pair()
    Ear(other)
    for number in range(MemoryWire.KEPT + 1):
        one.write(str(number))
    await settle()
    for wire in (one, other):
        assert len(wire.frames) == MemoryWire.KEPT
        assert wire.frames[0].data == "1"
