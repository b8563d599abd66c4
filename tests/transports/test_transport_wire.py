"""A pump feeds its receiver from coroutines, keeps to order, and ends once, whatever happens."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit.core import ConnectionClosed, Limits
from ocppkit.testing import settle
from ocppkit.transports import _transport_wire
from ocppkit.transports._bounds import (
    CLOSE_TIMEOUT,
    FRAME_COST,
    SLICE_COST,
    STALL_TIMEOUT,
    UNSENT_BYTES,
    UNSENT_BYTES_TO_PAUSE,
)
from ocppkit.transports._transport_wire import TransportWire
from support.loop_time import LoopTime


class Library:
    """A transport whose other end is the test."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[str | bytes | Exception] = asyncio.Queue()
        self.sent: list[str] = []
        self.one_sent = asyncio.Event()
        self.closed: list[tuple[int, str]] = []
        self.writable = asyncio.Event()
        self.writable.set()
        self.send_error: Exception | None = None
        self.close_hangs = False

    async def receive(self) -> str | bytes:
        message = await self.inbox.get()
        if isinstance(message, Exception):
            raise message
        return message

    async def send(self, text: str) -> None:
        await self.writable.wait()
        if self.send_error is not None:
            raise self.send_error
        self.sent.append(text)
        self.one_sent.set()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed.append((code, reason))
        if self.close_hangs:
            await asyncio.get_running_loop().create_future()


class RecordingReceiver:
    def __init__(self) -> None:
        self.received: list[str | bytes] = []
        self.ends: list[ConnectionClosed] = []
        self.on_data: Callable[[str | bytes], object] = self.received.append

    def data_received(self, data: str | bytes) -> None:
        self.on_data(data)

    def connection_lost(self, end: ConnectionClosed) -> None:
        self.ends.append(end)

    @property
    def end(self) -> tuple[str, int | None, str]:
        (end,) = self.ends
        return end.by, end.code, end.reason


class Bench:
    def __init__(self, **limits: int) -> None:
        self.library = Library()
        self.receiver = RecordingReceiver()
        self.aborted = 0
        self.pump = TransportWire(self.library, Limits(**limits), abort=self.abort)
        self.running: asyncio.Task[None] = asyncio.create_task(self.pump.run())

    def abort(self) -> None:
        self.aborted += 1

    async def over(self) -> None:
        async with asyncio.timeout(5):
            await self.running


@pytest.mark.asyncio
async def test_messages_both_ways_in_order() -> None:
    bench = Bench()
    bench.library.inbox.put_nowait("before the start")
    await settle()
    assert bench.receiver.received == []
    bench.pump.start(bench.receiver)
    bench.library.inbox.put_nowait(b"bytes")
    for number in range(3):
        bench.pump.write(str(number))
    await settle()
    assert bench.receiver.received == ["before the start", b"bytes"]
    assert bench.library.sent == ["0", "1", "2"]
    bench.pump.close(1001, "going away")
    await bench.over()
    assert bench.library.closed == [(1001, "going away")]
    assert bench.receiver.end == ("us", 1001, "going away")


@pytest.mark.asyncio
async def test_the_peers_end() -> None:
    bench = Bench()
    bench.pump.start(bench.receiver)
    bench.library.inbox.put_nowait("last")
    bench.library.inbox.put_nowait(ConnectionClosed("bye", by="peer", code=1000))
    await bench.over()
    assert bench.receiver.received == ["last"]
    assert bench.receiver.end == ("peer", 1000, "bye")
    bench.pump.write("too late")
    bench.pump.close()
    await settle()
    assert (bench.library.sent, bench.library.closed) == ([], [])


@pytest.mark.asyncio
async def test_an_end_before_the_start_is_told_after_it() -> None:
    bench = Bench()
    bench.library.send_error = ConnectionClosed("broken")
    bench.pump.write("x")
    await bench.over()
    bench.pump.start(bench.receiver)
    assert bench.receiver.ends == []
    await settle()
    assert bench.receiver.end == ("network", None, "broken")


@pytest.mark.asyncio
async def test_nothing_is_read_while_reading_is_paused() -> None:
    bench = Bench()
    bench.pump.start(bench.receiver)
    await settle()
    bench.pump.pause_reading()
    for text in ("already asked for", "held", "back"):
        bench.library.inbox.put_nowait(text)
    await settle()
    assert bench.receiver.received == ["already asked for"]
    bench.pump.resume_reading()
    await settle()
    assert bench.receiver.received == ["already asked for", "held", "back"]
    bench.pump.close()
    await bench.over()


@pytest.mark.asyncio
async def test_nothing_is_read_from_a_peer_that_does_not_read() -> None:
    bench = Bench()
    text = "x" * (UNSENT_BYTES_TO_PAUSE // 4)
    bench.receiver.on_data = lambda data: bench.pump.write(text)
    bench.pump.start(bench.receiver)
    bench.library.writable.clear()
    for _ in range(20):
        bench.library.inbox.put_nowait("call")
    await settle()
    assert bench.library.inbox.qsize() == 15
    bench.library.writable.set()
    await settle()
    assert len(bench.library.sent) == 20
    bench.pump.close()
    await bench.over()


@pytest.mark.asyncio
async def test_a_goodbye_waits_for_what_was_written() -> None:
    bench = Bench()
    bench.pump.start(bench.receiver)
    bench.library.writable.clear()
    bench.pump.write("first")
    bench.pump.write("second")
    bench.pump.close(1000, "x" * 200)
    bench.pump.close(1001, "again")
    bench.pump.write("too late")
    bench.library.inbox.put_nowait("not heard")
    await settle()
    assert bench.library.closed == []
    bench.library.writable.set()
    await bench.over()
    assert bench.library.sent == ["first", "second"]
    assert bench.library.closed == [(1000, "x" * 123)]
    assert bench.receiver.received == []


@pytest.mark.asyncio
async def test_a_goodbye_from_inside_the_receiver() -> None:
    bench = Bench()
    bench.receiver.on_data = lambda data: bench.pump.close(1009, "too big")
    bench.pump.start(bench.receiver)
    for text in ("big", "not heard"):
        bench.library.inbox.put_nowait(text)
    await bench.over()
    assert bench.library.closed == [(1009, "too big")]
    assert bench.receiver.end == ("us", 1009, "too big")
    assert bench.library.inbox.qsize() == 1


@pytest.mark.asyncio
async def test_a_goodbye_before_the_pump_runs() -> None:
    bench = Bench()
    bench.pump.start(bench.receiver)
    bench.pump.close(1008, "replaced")
    bench.library.inbox.put_nowait("not heard")
    await bench.over()
    assert bench.receiver.end == ("us", 1008, "replaced")
    assert bench.receiver.received == []


@pytest.mark.asyncio
async def test_a_goodbye_takes_a_bounded_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_transport_wire, "CLOSE_TIMEOUT", 0.01)
    for hang in ("send", "close"):
        bench = Bench()
        bench.pump.start(bench.receiver)
        bench.library.close_hangs = True
        if hang == "send":
            bench.library.writable.clear()
            bench.pump.write("never read")
        bench.pump.close(1001, "going away")
        await bench.over()
        assert bench.receiver.end == ("us", 1001, "going away")


@pytest.mark.asyncio
async def test_a_connection_that_breaks_while_sending() -> None:
    bench = Bench()
    bench.pump.start(bench.receiver)
    bench.library.send_error = ConnectionClosed("broken pipe")
    bench.pump.write("x")
    await bench.over()
    assert bench.receiver.end == ("network", None, "broken pipe")


@pytest.mark.asyncio
async def test_what_fails_comes_out_and_the_end_is_told() -> None:
    def fail(data: Any) -> None:
        raise ZeroDivisionError

    bench = Bench()
    bench.receiver.on_data = fail
    bench.pump.start(bench.receiver)
    bench.library.inbox.put_nowait("x")
    with pytest.raises(ExceptionGroup) as caught:
        await bench.over()
    assert caught.group_contains(ZeroDivisionError)
    assert bench.receiver.end == ("us", None, "aborted")


@pytest.mark.asyncio
async def test_being_cancelled() -> None:
    bench = Bench()
    bench.pump.start(bench.receiver)
    await settle()
    bench.running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await bench.over()
    assert bench.receiver.end == ("us", None, "aborted")
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
async def test_a_peer_that_never_reads_is_cut_by_bytes() -> None:
    bench = Bench()
    bench.pump.start(bench.receiver)
    bench.library.writable.clear()
    for _ in range(UNSENT_BYTES // 1000 + 1):
        bench.pump.write("x" * 1000)
    assert bench.aborted == 0
    bench.pump.write("x")
    assert bench.aborted == 1
    await bench.over()
    assert bench.receiver.end[2].startswith("the peer does not read")


@pytest.mark.asyncio
async def test_a_peer_that_never_reads_is_cut_by_time() -> None:
    time = LoopTime(asyncio.get_running_loop())
    bench = Bench()
    bench.pump.start(bench.receiver)
    await settle()
    bench.library.writable.clear()
    for _ in range(3):
        bench.pump.write("é" * (UNSENT_BYTES_TO_PAUSE // 4))
    await settle()
    # It reads one frame, which is little but something.
    bench.library.writable.set()
    await bench.library.one_sent.wait()
    bench.library.writable.clear()
    await time.advance(STALL_TIMEOUT + 1)
    assert bench.aborted == 0
    for _ in range(3):
        bench.pump.write("é" * (UNSENT_BYTES_TO_PAUSE // 4))
    await time.advance(STALL_TIMEOUT + 1)
    await time.advance(STALL_TIMEOUT + 1)
    assert bench.aborted == 1
    await bench.over()
    assert bench.receiver.end == ("us", None, "the peer has read nothing for 60 s")


@pytest.mark.asyncio
async def test_a_library_that_has_many_messages_lets_others_have_a_turn() -> None:
    bench = Bench()
    for _ in range(2000):
        bench.library.inbox.put_nowait("x")
    bench.pump.start(bench.receiver)
    while not bench.receiver.received:
        await asyncio.sleep(0)
    assert len(bench.receiver.received) <= SLICE_COST // FRAME_COST
    await settle()
    assert len(bench.receiver.received) == 2000
    bench.pump.close()
    await bench.over()


@pytest.mark.asyncio
async def test_a_peer_over_its_budget_is_read_no_faster() -> None:
    time = LoopTime(asyncio.get_running_loop())
    # So slow that a busy machine does not read another frame meanwhile.
    bench = Bench(bytes_per_second=100, bytes_at_once=2 * FRAME_COST)
    for _ in range(4):
        bench.library.inbox.put_nowait("x")
    bench.pump.start(bench.receiver)
    await settle()
    await time.advance(1)
    assert len(bench.receiver.received) == 3
    await time.advance(60)
    assert len(bench.receiver.received) == 4
    bench.pump.close()
    await bench.over()


@pytest.mark.asyncio
async def test_a_close_that_takes_too_long_ends_the_connection() -> None:
    time = LoopTime(asyncio.get_running_loop())
    bench = Bench()
    bench.library.close_hangs = True
    bench.pump.start(bench.receiver)
    bench.pump.close(1001, "bye")
    await time.advance(CLOSE_TIMEOUT + 1)
    await bench.over()
    assert (bench.aborted, bench.receiver.end) == (1, ("us", 1001, "bye"))
