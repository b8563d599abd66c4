"""Waiting on a clock that is not the event loop's."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit.aio.lowlevel import sleep, wait_until
from ocppkit.testing import FakeClock


@pytest.mark.asyncio
async def test_sleeping_takes_the_clock_s_time() -> None:
    clock = FakeClock()
    task = asyncio.create_task(sleep(clock, 3))
    await clock.advance(2.9)
    assert not task.done()
    await clock.advance(0.1)
    assert task.done()


@pytest.mark.asyncio
async def test_waiting_ends_by_a_future_too_and_leaves_it_alone() -> None:
    clock = FakeClock()
    other: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(wait_until(clock, 10, other))
    await clock.advance(1)
    task.cancel()
    await clock.advance(1)
    assert not other.done()
    task = asyncio.create_task(wait_until(clock, 10, other))
    await clock.advance(1)
    other.set_result(None)
    await clock.advance(0)
    assert task.done()


@pytest.mark.asyncio
async def test_the_event_loop_is_a_clock() -> None:
    loop = asyncio.get_running_loop()
    before = loop.time()
    await sleep(loop, 0.001)
    assert loop.time() >= before


class LateClock(FakeClock):
    """Runs each callback although it was cancelled, as a loop does that has begun to call it."""

    def call_at(self, when: float, callback: Callable[[], object], /) -> Any:
        self.callbacks.append(callback)
        return super().call_at(when, callback)

    def __init__(self) -> None:
        super().__init__()
        self.callbacks: list[Callable[[], object]] = []


@pytest.mark.asyncio
async def test_a_timer_that_fires_after_the_wait_has_ended_does_no_harm() -> None:
    clock = LateClock()
    other: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    other.set_result(None)
    await wait_until(clock, 10, other)
    (callback,) = clock.callbacks
    callback()
