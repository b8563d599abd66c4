"""A look at what a test leaves behind."""

import asyncio
from collections.abc import AsyncGenerator

import pytest_asyncio


@pytest_asyncio.fixture(autouse=True)
async def nothing_left() -> AsyncGenerator[None, None]:
    """Fails a test after which anything still runs."""
    before = asyncio.all_tasks()
    yield
    assert asyncio.all_tasks() - before <= {asyncio.current_task()}
