"""Tells a failure of a transport, journal or callback from a cancellation of the waiting task."""

import asyncio

__all__ = ["is_failure"]


def is_failure(problem: BaseException) -> bool:
    """Returns whether an exception is a failure of the awaited operation; false if the awaiting
    task itself is cancelled.

    A transport, journal or callback may raise `CancelledError` because a task of its own was
    cancelled. That is a failure too: this task goes on.
    """
    if isinstance(problem, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is None or task.cancelling() == 0
    return isinstance(problem, Exception)
