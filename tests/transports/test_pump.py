"""A pump feeds its receiver from coroutines, keeps to order, and ends once, whatever happens."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit.core import ConnectionClosed, Limits
from ocppkit.testing import settle
from ocppkit.transports import _pump
from ocppkit.transports._pump import Pump


class Library:
    """A transport whose other end is the test."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[str | bytes | Exception] = asyncio.Queue()
        self.sent: list[str] = []
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

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed.append((code, reason))
        if self.close_hangs:
            await asyncio.get_running_loop().create_future()


class Receiver:
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
        self.receiver = Receiver()
        self.pump = Pump(self.library, Limits(**limits))
        self.running: asyncio.Task[None] = asyncio.create_task(self.pump.run())

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
    bench = Bench(frame_bytes=10)
    bench.receiver.on_data = lambda data: bench.pump.write("x" * 10)
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
    monkeypatch.setattr(_pump, "CLOSE_TIMEOUT", 0.01)
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
    assert bench.receiver.end == ("us", None, "given up")


@pytest.mark.asyncio
async def test_being_cancelled() -> None:
    bench = Bench()
    bench.pump.start(bench.receiver)
    await settle()
    bench.running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await bench.over()
    assert bench.receiver.end == ("us", None, "given up")
    assert len(asyncio.all_tasks()) == 1
