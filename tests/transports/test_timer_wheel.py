"""One timer pings all connections of an event loop; none of them can stop it."""

import asyncio
import itertools
import logging

import pytest

from ocppkit.testing import VirtualLoop
from ocppkit.transports._timer_wheel import Slot, TimerWheel
from support.loop_time import LoopTime


class Counting:
    def __init__(self, problem: Exception | None = None) -> None:
        self.calls = 0
        self.problem = problem

    def on_interval(self) -> None:
        self.calls += 1
        if self.problem is not None:
            raise self.problem


async def turn(time: LoopTime) -> None:
    """Moves a wheel of 64 s by one interval, step by step."""
    for _ in range(64):
        await time.advance(1.0)


@pytest.mark.asyncio
async def test_a_member_that_raises_is_removed_and_the_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    time = LoopTime(asyncio.get_running_loop())
    wheel = TimerWheel(64.0)
    before, bad, behind = Counting(), Counting(OSError("not connected")), Counting()
    slots = [wheel.join(member) for member in (before, bad, behind)]
    await time.advance(10)
    later = Counting()
    slots.append(wheel.join(later))
    for _ in range(3):
        await turn(time)
    assert bad.calls == 1
    assert min(before.calls, behind.calls, later.calls) >= 2
    problems = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(problems) == 1
    assert "not connected" in (problems[0].exc_text or "")
    for slot, member in zip(slots, (before, bad, behind, later), strict=True):
        slot.discard(member)


@pytest.mark.asyncio
async def test_an_empty_wheel_stops_and_starts_again() -> None:
    time = LoopTime(asyncio.get_running_loop())
    wheel = TimerWheel(64.0)
    first = Counting()
    wheel.join(first).discard(first)
    await turn(time)
    assert first.calls == 0
    second = Counting()
    slot = wheel.join(second)
    await turn(time)
    await time.advance(1.0)
    assert second.calls == 1
    slot.discard(second)


def test_a_busy_event_loop_makes_no_member_wait_longer() -> None:
    """Each step late by half a second, as on a machine without a free core, adds up to nothing."""
    wheel = TimerWheel(64.0)
    member = Timed()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        slot = wheel.join(member)
        while loop.time() < member.begin + 64 * 20:
            await asyncio.sleep(0.3)
            # A callback that takes this long.
            loop.clock.move_to(loop.time() + 2.5)
        slot.discard(member)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
    assert 18 <= len(member.times) <= 20
    gaps = [after - before for before, after in itertools.pairwise(member.times)]
    assert min(gaps) >= 32


def test_after_a_long_pause_no_member_is_called_twice_at_once() -> None:
    wheel = TimerWheel(64.0)
    members = [Timed() for _ in range(64)]

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        slots: list[Slot] = []
        for member in members:
            slots.append(wheel.join(member))
            await asyncio.sleep(1.0)
        for pause in (10.0, 40.0, 70.0, 1000.0):
            loop.clock.move_to(loop.time() + pause)
            await asyncio.sleep(200.0)
        for slot, member in zip(slots, members, strict=True):
            slot.discard(member)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
    for member in members:
        gaps = [after - before for before, after in itertools.pairwise(member.times)]
        assert min(gaps) >= 31, gaps


class Timed:
    """Writes down when it is called."""

    begin = 0.0

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_interval(self) -> None:
        self.times.append(asyncio.get_running_loop().time())
