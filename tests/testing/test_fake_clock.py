"""The clock that a test moves."""

import asyncio

import pytest

from ocppkit.testing import FakeClock


@pytest.mark.asyncio
async def test_timers_ring_in_order_of_time_and_then_of_asking() -> None:
    clock = FakeClock(100)
    seen: list[tuple[str, float]] = []

    def note(name: str) -> None:
        seen.append((name, clock.time()))

    clock.call_at(103, lambda: note("b"))
    clock.call_at(101, lambda: note("a"))
    clock.call_at(103, lambda: note("c"))
    clock.call_at(50, lambda: note("past"))
    cancelled = clock.call_at(102, lambda: note("cancelled"))
    cancelled.cancel()
    clock.call_at(104, lambda: note("later"))
    await clock.advance(3.5)
    assert seen == [("past", 100), ("a", 101), ("b", 103), ("c", 103)]
    assert clock.time() == 103.5


@pytest.mark.asyncio
async def test_what_a_timer_starts_runs_before_the_next() -> None:
    clock = FakeClock()
    seen: list[str] = []

    async def chain() -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        seen.append("chain")
        clock.call_at(clock.time() + 1, lambda: seen.append("asked later"))

    tasks: list[asyncio.Task[None]] = []
    clock.call_at(1, lambda: tasks.append(asyncio.create_task(chain())))
    clock.call_at(3, lambda: seen.append("next"))
    await clock.advance(5)
    assert seen == ["chain", "asked later", "next"]
