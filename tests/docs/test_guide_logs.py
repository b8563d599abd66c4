"""The guide on logs shows what the commands print."""

from pathlib import Path

import pytest

from support.guide_code import DOCS, executed
from support.terminal_sessions import Console, blocks, commands

GUIDE = "guides/logs.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the guide's files, in which its commands were run."""
    console = Console(tmp_path_factory.mktemp("logs"))
    run = 0
    for block in blocks(DOCS / GUIDE):
        if block.file:
            console.put(block)
        elif block.language == "console":
            for command in commands(block.text):
                console.compare(command)
                run += 1
    assert run >= 2
    return console.folder


def test_the_program_finds_what_the_command_shows(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    executed(GUIDE)
    assert "1 MeterValues unknown value 'CurrentMax' ['CP001']" in capsys.readouterr().out
