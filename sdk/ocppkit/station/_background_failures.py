"""Tells a failure of a seam (transport, journal, callback) from the end of the task that waits for it."""

import asyncio

__all__ = ["is_failure"]


def is_failure(problem: BaseException) -> bool:
    """Whether an exception is the failure of what was waited for; false if this task is to end.

    A seam may pass on that something of its own was cancelled; that cancels nobody else.
    """
    if isinstance(problem, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is None or task.cancelling() == 0
    return isinstance(problem, Exception)
