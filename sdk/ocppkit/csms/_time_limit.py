"""Bounds the time that a coroutine of the program may take."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import start_task, wait_until

__all__ = ["within"]

T = TypeVar("T")


async def within(work: Coroutine[Any, Any, T], clock: Clock, seconds: float) -> T:
    """Returns what a coroutine returns; cancels it and raises `TimeoutError` if it takes longer than `seconds`."""
    task = start_task(work)
    try:
        if not task.done():
            await wait_until(clock, clock.time() + seconds, task)
        if not task.done():
            # What it raises after that is of no use to anybody.
            task.add_done_callback(lambda late: late.cancelled() or late.exception())
            raise TimeoutError(f"no answer within {seconds:g} s")
        return task.result()
    finally:
        task.cancel()
