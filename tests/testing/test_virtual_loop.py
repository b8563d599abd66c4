"""An event loop in virtual time: timers run in order and at once, threads and deadlocks do not hang."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from ocppkit.testing import FakeClock, NothingLeftToHappen, VirtualLoop


def run(main: Coroutine[Any, Any, Any], clock: FakeClock | None = None) -> Any:
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(clock)) as runner:
        return runner.run(main)


def test_sleeping_takes_no_time_and_keeps_its_order() -> None:
    seen: list[tuple[float, str]] = []

    async def wait(seconds: float, name: str) -> None:
        await asyncio.sleep(seconds)
        seen.append((asyncio.get_running_loop().time(), name))

    async def main() -> None:
        await asyncio.gather(wait(86400, "day"), wait(0.5, "half"), wait(3600, "hour"))

    run(main())
    assert seen == [(0.5, "half"), (3600, "hour"), (86400, "day")]


def test_timeouts_and_late_times_are_kept() -> None:
    async def main() -> float:
        await asyncio.sleep(1e9)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await asyncio.sleep(0.2)
        return asyncio.get_running_loop().time()

    assert run(main()) == pytest.approx(1e9 + 0.1, abs=1e-5)


def test_a_timer_is_never_early_at_any_time() -> None:
    early: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0.1)
        for step in range(1, 2000):
            due = loop.time() + 86400 / 7 / step
            done = loop.create_future()
            loop.call_at(due, done.set_result, None)
            await done
            if loop.time() < due:
                early.append(due)

    run(main())
    assert early == []


def test_a_clock_and_the_loop_have_one_time() -> None:
    clock, seen = FakeClock(), []

    async def main() -> None:
        clock.call_at(2, lambda: seen.append("clock"))
        clock.call_at(2.5, lambda: seen.append("never")).cancel()
        loop = asyncio.get_running_loop()
        loop.call_at(1, seen.append, "loop")
        loop.call_at(3, seen.append, "loop again")
        await clock.advance(5)
        assert loop.time() == clock.time() == 5

    run(main(), clock)
    assert seen == ["loop", "clock", "loop again"]


def test_a_function_for_a_thread_runs_at_once() -> None:
    async def main() -> int:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)
        return await asyncio.to_thread(lambda: 5)

    assert run(main()) == 5


def test_waiting_for_ever_is_an_error() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(NothingLeftToHappen, match="no timer that could wake one"):
        run(main())
