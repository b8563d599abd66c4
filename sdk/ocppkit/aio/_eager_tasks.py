"""Starts tasks at once instead of in the next iteration of the event loop (Python 3.12 and newer)."""

import asyncio
import sys
from collections.abc import Coroutine
from contextvars import Context
from typing import Any, TypeVar

__all__ = ["start_task"]

T = TypeVar("T")


def start_task(
    coroutine: Coroutine[Any, Any, T], *, name: str | None = None, context: Context | None = None
) -> asyncio.Task[T]:
    """Starts a coroutine as a task; from Python 3.12 on it runs at once until its first wait.

    An eager task runs at once until it first has to wait. Many handlers never wait, so the task may
    be done when this returns.
    """
    loop = asyncio.get_running_loop()
    if sys.version_info >= (3, 12):
        return asyncio.Task(coroutine, loop=loop, name=name, context=context, eager_start=True)
    return loop.create_task(coroutine, name=name, context=context)
