"""Runs a coroutine beside a block: each ends when the other fails, and nothing is left running."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

__all__ = ["running_beside"]


@asynccontextmanager
async def running_beside(coroutine: Coroutine[Any, Any, object]) -> AsyncGenerator[None, None]:
    """Runs a coroutine until the block is left; if it fails, the block is ended by its error."""
    failed: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(coroutine)
            try:
                yield
            finally:
                task.cancel()
    except BaseExceptionGroup as errors:
        # The block's own error comes last; what failed on being ended must not hide it, nor be hidden.
        *others, failed = errors.exceptions
        for other in others:
            failed.add_note(f"What ran beside it failed too: {other!r}")
    if failed is not None:
        raise failed
