"""Runs a coroutine while a block runs; if one of them fails, the other is cancelled."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

__all__ = ["running_beside"]


@asynccontextmanager
async def running_beside(coroutine: Coroutine[Any, Any, object]) -> AsyncGenerator[None, None]:
    """Runs a coroutine until the `async with` block is left. If the coroutine fails, the block is
    cancelled and the error raised.
    """
    failed: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(coroutine)
            try:
                yield
            finally:
                task.cancel()
    except BaseExceptionGroup as errors:
        # The block's own error comes last and is raised; the others, raised during the cancellation,
        # become notes.
        *others, failed = errors.exceptions
        for other in others:
            failed.add_note(f"The task that ran beside it failed, too: {other!r}")
    if failed is not None:
        raise failed
