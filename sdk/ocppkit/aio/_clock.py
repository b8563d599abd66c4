"""Time as the layers above the core see it: an event loop by default, a number that a test moves otherwise."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["Clock", "Timer", "sleep", "wait_until"]


class Timer(Protocol):
    """A callback that is due later."""

    def cancel(self) -> object:
        """Calls it off; harmless when it has run."""
        ...


class Clock(Protocol):
    """Where time comes from. Every asyncio event loop is one, `ocppkit.testing.FakeClock` another."""

    def time(self) -> float:
        """Returns the seconds since some moment in the past; it never goes back."""
        ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Runs a callback when `time()` has reached `when`."""
        ...


async def wait_until(clock: Clock, when: float, *others: asyncio.Future[Any]) -> None:
    """Waits until this clock shows a time, or one of the futures is done; it leaves those alone."""
    alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def ring() -> None:
        if not alarm.done():
            alarm.set_result(None)

    timer = clock.call_at(when, ring)
    try:
        await asyncio.wait({alarm, *others}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
        alarm.cancel()


async def sleep(clock: Clock, seconds: float) -> None:
    """Waits on this clock."""
    await wait_until(clock, clock.time() + seconds)
