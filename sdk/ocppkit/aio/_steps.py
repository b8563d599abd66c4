"""Does long work in steps, with the event loop's other work between them."""

import asyncio
from collections.abc import Callable, Generator
from typing import TypeVar

__all__ = ["do_in_steps"]

T = TypeVar("T")


def do_in_steps(steps: Generator[None, None, T], then: Callable[[T], None]) -> bool:
    """Does the first step now and each other one in a turn of the event loop of its own.

    Args:
        steps: the work.
        then: called with its result, at once if there is only one step.

    Returns:
        Whether all is done already.
    """
    try:
        next(steps)
    except StopIteration as end:
        result: T = end.value
    else:
        asyncio.get_running_loop().call_soon(do_in_steps, steps, then)
        return False
    # Not within `except`: what it raises would be logged with the result in it.
    then(result)
    return True
