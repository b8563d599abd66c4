"""One timer pings all connections of an event loop; none of them can stop it."""

import asyncio
import logging

import pytest

from ocppkit.transports.websockets._timer_wheel import TimerWheel
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
