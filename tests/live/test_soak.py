"""A small soak test: pings go on, nothing unexpected is logged, memory does not grow. `make soak` is the large one."""

import asyncio
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


@pytest.mark.asyncio
@pytest.mark.timeout(120)
async def test_a_soak_of_some_seconds() -> None:
    # In a process of its own, as pytest keeps what is logged.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "support.soak", "--seconds", "16", "--stations", "18"),
        cwd=TESTS,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    # It was no idle time.
    for part in (b"'connections': ", b"'acts of vandals': ", b"'commands': ", b"'answers': "):
        assert part in output, output.decode()
