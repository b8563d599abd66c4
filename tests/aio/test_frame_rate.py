"""A peer may send as much at once as the bucket holds, and then as fast as it fills."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.aio._frame_rate import FrameRate
from ocppkit.core import ConnectionClosed, Limits, utcnow
from ocppkit.testing import settle


def frame_rate(rate: float, burst: int) -> FrameRate:
    return FrameRate(Limits(frames_per_second=rate, frames_at_once=burst))


@pytest.mark.parametrize(("rate", "burst"), [(10, 1), (10, 5), (3, 100), (0.1, 7), (1000, 1000)])
@pytest.mark.parametrize("start", [0.0, 1e6, 1e9])
def test_a_burst_and_one_above(rate: float, burst: int, start: float) -> None:
    counting = frame_rate(rate, burst)
    assert [counting.count(start) for _ in range(burst)] == [start] * burst
    then = counting.count(start)
    assert then > start
    assert then - start == pytest.approx(1 / rate, rel=0.1)


def test_who_keeps_to_the_rate_is_never_slowed() -> None:
    counting = frame_rate(10, 1)
    for number in range(10_000):
        assert counting.count(number / 10) == number / 10


def test_who_waits_as_told_is_read_at_the_rate() -> None:
    counting, now = frame_rate(10, 5), 0.0
    for _ in range(1000):
        now = counting.count(now)
    assert now == pytest.approx((1000 - 5) / 10)


def test_the_bucket_fills_again_and_no_further() -> None:
    counting = frame_rate(10, 5)
    for _ in range(5):
        counting.count(0.0)
    assert counting.count(0.0) > 0.0
    assert [counting.count(1000.0) for _ in range(5)] == [1000.0] * 5
    assert counting.count(1000.0) > 1000.0


def answered(bench: Any) -> None:
    def heartbeat(request: v201.HeartbeatRequest) -> v201.HeartbeatResponse:
        return v201.HeartbeatResponse(current_time=utcnow())

    bench.host.handlers["Heartbeat"] = heartbeat


def calls(count: int) -> list[Any]:
    return [[2, str(number), "Heartbeat", {}] for number in range(count)]


def ids(frames: list[Any]) -> list[str]:
    return [frame[1] for frame in frames]


@pytest.mark.asyncio
async def test_a_flood_is_read_no_faster_than_the_limit(bench: Callable[..., Any]) -> None:
    at = bench(limits=Limits(frames_per_second=10, frames_at_once=5))
    answered(at)
    # The one above is handled, as it was read already; then the reader pauses.
    assert ids(await at.peer.says(*calls(20))) == list("012345")
    await at.clock.advance(0.05)
    assert at.peer.received == []
    await at.clock.advance(0.05)
    assert ids(at.peer.received) == ["6"]
    await at.clock.advance(10)
    assert ids(at.peer.received) == [str(number) for number in range(6, 20)]


@pytest.mark.asyncio
async def test_a_burst_is_not_slowed(bench: Callable[..., Any]) -> None:
    at = bench(limits=Limits(frames_per_second=10, frames_at_once=5))
    answered(at)
    for _ in range(3):
        assert len(await at.peer.says(*calls(5))) == 5
        await at.clock.advance(0.5)


@pytest.mark.asyncio
async def test_what_was_read_already_waits_too(bench: Callable[..., Any]) -> None:
    at = bench(limits=Limits(frames_per_second=10, frames_at_once=1))
    answered(at)
    for number in range(4):
        at.endpoint.data_received(f'[2,"{number}","Heartbeat",{{}}]')
    await settle()
    assert ids(at.peer.received) == ["0", "1"]
    await at.clock.advance(1)
    assert ids(at.peer.received) == list("0123")


@pytest.mark.asyncio
async def test_no_limit_by_default(bench: Callable[..., Any]) -> None:
    at = bench()
    answered(at)
    assert len(await at.peer.says(*calls(1000))) == 1000


@pytest.mark.asyncio
async def test_the_end_ends_the_waiting(bench: Callable[..., Any]) -> None:
    at = bench(limits=Limits(frames_per_second=10, frames_at_once=1))
    answered(at)
    await at.peer.says(*calls(4))
    at.peer.wire.cut()
    await settle()
    await at.clock.advance(10)
    assert ("disconnected", "network", None) in at.host.told
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(at.endpoint.call(v201.ClearCacheRequest()), 1)
