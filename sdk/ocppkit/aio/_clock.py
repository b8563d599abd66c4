"""The interface `Clock`, from which all code above `core` takes the time: an event loop, or a
test's fake.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

__all__ = ["Clock", "Timer", "sleep", "wait_until"]


class Timer(Protocol):
    """A callback that a clock will run, and that can be cancelled."""

    def cancel(self) -> object:
        """Cancels the callback; has no effect if it has run."""
        ...


class Clock(Protocol):
    """A source of time; an asyncio event loop is one. Every asyncio event loop is one;
    `ocppkit.testing.FakeClock` is another.
    """

    def time(self) -> float:
        """Returns the seconds since an arbitrary moment; the value never decreases."""
        ...

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        """Runs a callback when `time()` has reached `when`."""
        ...


async def wait_until(clock: Clock, when: float, *others: asyncio.Future[Any]) -> None:
    """Waits until the clock reaches a time or one of the futures is done, whichever is first.

    Args:
        clock: the clock.
        when: the time, in seconds of the clock.
        others: futures; they are neither cancelled nor is their result taken.
    """
    reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fire() -> None:
        if not reached.done():
            reached.set_result(None)

    timer = clock.call_at(when, fire)
    try:
        await asyncio.wait({reached, *others}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
        reached.cancel()


async def sleep(clock: Clock, seconds: float) -> None:
    """Waits for a number of seconds on this clock."""
    await wait_until(clock, clock.time() + seconds)
