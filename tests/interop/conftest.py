"""Certificates for a run, and a look at what a test leaves behind."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from interop.security import Files, make_files


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_files(tmp_path_factory.mktemp("certificates"))


@pytest_asyncio.fixture(autouse=True)
async def nothing_left() -> AsyncGenerator[None, None]:
    """Fails a test after which anything still runs. What is not closed is a warning, and fails too."""
    before = asyncio.all_tasks()
    yield
    assert asyncio.all_tasks() - before <= {asyncio.current_task()}
