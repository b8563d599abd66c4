"""Runs long work in steps, so that the event loop can do other work between them."""

import asyncio
from collections.abc import Callable, Generator
from typing import TypeVar

__all__ = ["run_in_steps"]

T = TypeVar("T")


def run_in_steps(
    steps: Generator[None, None, T], then: Callable[[T], None], failed: Callable[[], None]
) -> bool:
    """Runs the first step of a generator at once, and each further step in an iteration of the
    event loop of its own.

    Args:
        steps: the work.
        then: called with its result, at once if there is only one step.
        failed: called while an exception of a later step, or of `then` after it, is handled.

    Returns:
        Whether all is done already; if not, nothing has failed so far.
    """
    try:
        next(steps)
    except StopIteration as end:
        result: T = end.value
    else:
        asyncio.get_running_loop().call_soon(_run_next_step, steps, then, failed)
        return False
    # Not within `except`: what it raises would be logged with the result in it.
    then(result)
    return True


def _run_next_step(
    steps: Generator[None, None, T], then: Callable[[T], None], failed: Callable[[], None]
) -> None:
    try:
        run_in_steps(steps, then, failed)
    except Exception:  # noqa: BLE001 - nobody above waits for a later step
        failed()
