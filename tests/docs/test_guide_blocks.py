"""The guide on functional blocks does what it says: its programs charge and bill, in each version."""

import asyncio
import re
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from ocppkit.codegen import Job, LoadedJob
from ocppkit.codegen.render._flavours import render_flavour
from support.guide_code import DOCS, LIMIT, executed, files, free_port, program, wait_for

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


def _actions_of_blocks() -> list[tuple[str, str, tuple[str, ...]]]:
    """Returns the table of the page: version, module of the block, actions."""
    rows = re.findall(
        r"^\| `(\w+)Block` \| ([A-Z][^|]+) \| ([^|]+) \|$",
        (DOCS / PAGE).read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    names = [(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(), *row) for name, *row in rows]
    return [
        (version, name, tuple(actions.split(", ")))
        for name, old, new in names
        for version, actions in (("1.6", old), ("2.0.1", new), ("2.1", new))
    ]


def test_the_table_of_actions_has_all_blocks() -> None:
    assert len(_actions_of_blocks()) == 3 * 6


@pytest.mark.parametrize(("version", "block", "actions"), _actions_of_blocks())
def test_a_package_with_the_actions_of_a_block_has_it(
    version: str, block: str, actions: tuple[str, ...]
) -> None:
    def has_it(only: tuple[str, ...]) -> bool:
        api = LoadedJob(Job(version, "acme", only=only, flavours=("msgspec",))).api
        files = render_flavour(api, "acme", "msgspec", (), lambda done, total: None)
        return bool(files.get(f"acme/blocks/{block}.py"))

    assert has_it(actions)
    assert not has_it(actions[:-1])
