"""Limits the time that a coroutine of the program may take."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import start_task, wait_until

__all__ = ["with_time_limit"]

T = TypeVar("T")


async def with_time_limit(work: Coroutine[Any, Any, T], clock: Clock, seconds: float) -> T:
    """Awaits a coroutine and returns its result; cancels it and raises `TimeoutError` after
    `seconds`.
    """
    task = start_task(work)
    try:
        if not task.done():
            await wait_until(clock, clock.time() + seconds, task)
        if not task.done():
            # What it raises after that is of no use to anybody.
            task.add_done_callback(lambda late: late.cancelled() or late.exception())
            raise TimeoutError(f"no result within {seconds:g} seconds")
        return task.result()
    finally:
        task.cancel()
