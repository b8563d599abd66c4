"""The guide on functional blocks does what it says: its programs charge and bill, in each version."""

import asyncio
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.guide_code import LIMIT, executed, files, free_port, program, wait_for

PAGE = "guides/blocks.md"
MOST_LINES = {"whole_station.py": 45, "billing_csms.py": 50}


def test_the_programs_play_a_session() -> None:
    port = free_port()
    with ExitStack() as running:
        server = running.enter_context(program(PAGE, "billing_csms.py", port))
        wait_for(port, server)
        client = running.enter_context(program(PAGE, "whole_station.py", port))
        said, problems = client.communicate(timeout=LIMIT)
        assert (said, problems, client.returncode) == ("EVSE 1 may take 32 A\n", "", 0)
        server.send_signal(signal.SIGINT)
        said, _ = server.communicate(timeout=LIMIT)
    assert said.splitlines() == [
        "CP002: EVSE 1 is charging",
        "CP002: bill 500 Wh to the fleet of the town hall",
    ]


@pytest.mark.parametrize(("name", "most"), MOST_LINES.items())
def test_the_programs_are_as_short_as_they_say(name: str, most: int) -> None:
    first, *_ = files(PAGE)[name]
    lines = [line for line in first.splitlines() if line.strip()]
    # The first line is the name of the file.
    assert len(lines) - 1 <= most


@pytest.mark.asyncio
async def test_the_tests_on_the_page_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = executed(PAGE, "billing_csms.py")
    for name in ("test_an_hour_takes_no_time", "test_a_power_cut_ends_the_transaction"):
        await asyncio.wait_for(names[name](), LIMIT)
