"""A small soak test: pings go on, nothing unexpected is logged, memory does not grow. `make soak` is the large one."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from support.soak import GROWTH, MOST_GAP, Figures, Pause

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


GOOD = Figures(
    seconds=1200.0,
    longest_gap=MOST_GAP,
    unanswered=[],
    left=0,
    unexpected=[],
    middle=1 << 20,
    end=(1 << 20) + GROWTH,
    growth=[],
    counts={"answers": 1000},
    pause=Pause(),
)


@pytest.mark.parametrize(
    "fault",
    [
        {"longest_gap": MOST_GAP + 1},
        {"unanswered": ["CP0000 7"]},
        {"left": 1},
        {"unexpected": ["a command to CP0000 failed: no answer"]},
        {"counts": {"errors": 1}},
        {"end": GOOD.end + 1},
    ],
    ids=lambda fault: next(iter(fault)),
)
def test_each_fault_is_seen(fault: dict[str, Any]) -> None:
    assert GOOD.is_good
    assert not GOOD._replace(**fault).is_good
