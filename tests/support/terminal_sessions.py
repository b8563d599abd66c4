"""Runs the terminal sessions of documentation pages, and compares the output.

In a block of ```` ```console ```` a line after `$ ` is a command, goes on after a backslash, and has
its output below it. Three dots in the output stand for anything, on a line of their own for any lines.
A block with `title="name"`, or one of Python that begins with `# name.py`, is a file that is there from
then on.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

__all__ = ["Console", "PageBlock", "ShellCommand", "blocks", "commands", "do"]

LIMIT = 120.0

_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_TITLE = re.compile(r'title="([^"]+)"')
_NAME = re.compile(r"# ([a-z0-9_]+\.py)\n")
_DOTS = "..."


class PageBlock(NamedTuple):
    """One block of a page."""

    language: str
    file: str
    """The name of the file that it is; empty if it is none."""

    text: str


class ShellCommand(NamedTuple):
    """A command with its expected output."""

    line: str
    output: str


def blocks(page: Path) -> Iterator[PageBlock]:
    """Yields the blocks of a page that name a language."""
    for language, rest, text in _FENCE.findall(page.read_text(encoding="utf-8")):
        named = _TITLE.search(rest) or (_NAME.match(text) if language == "python" else None)
        yield PageBlock(language, named[1] if named else "", text)


def commands(text: str) -> Iterator[ShellCommand]:
    """Yields the commands of a block."""
    for each in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, output = each.replace("\\\n", "").partition("\n")
        yield ShellCommand(line, output)


@dataclass(frozen=True)
class Console:
    """Runs commands in a folder, as if ocppkit were installed there; finds packages in its `src`."""

    folder: Path

    bin: Path = Path(sys.executable).parent
    """The commands of the environment that has ocppkit; by default, that of the tests."""

    def run(self, line: str) -> str:
        """Runs one command and returns what it prints on both streams."""
        tools, own = str(self.bin), str(self.folder / "src")
        # A worktree is put before what is installed in the environment of the tests.
        tree = os.environ.get("PYTHONPATH") if self.bin == Path(sys.executable).parent else None
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env={
                "PATH": os.pathsep.join((tools, os.environ["PATH"])),
                "PYTHONPATH": os.pathsep.join((own, tree) if tree else (own,)),
                "COLUMNS": "80",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        return done.stdout

    def compare(self, command: ShellCommand) -> None:
        """Runs a command, and fails where it prints something else than is shown."""
        printed, shown = _plain(self.run(command.line)), _plain(command.output)
        assert re.fullmatch(_pattern(shown), printed, re.DOTALL), f"$ {command.line}\n{printed}"

    def put(self, block: PageBlock) -> None:
        """Writes a block that is a file."""
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")


def _plain(text: str) -> str:
    """Returns a text without the blanks at the ends of lines, and without blank lines at its end."""
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip("\n")


def _pattern(shown: str) -> str:
    lines = [
        r".*" if line == _DOTS else r"[^\n]*".join(map(re.escape, line.split(_DOTS)))
        for line in shown.split("\n")
    ]
    return r"\n".join(lines)


def do(console: Console, block: PageBlock) -> None:
    """Executes a block of a guide: writes its file, or runs its commands and compares the output."""
    match block:
        case PageBlock(file=name) if name:
            console.put(block)
        case PageBlock(language="console"):
            for command in commands(block.text):
                console.compare(command)
        case PageBlock(language="py"):
            console.put(PageBlock("py", "run.py", block.text))
            told = console.run("python run.py").strip()
            _, shown, comment = block.text.rpartition("# ...")
            assert told.endswith(comment.strip()) if shown else not told
        case PageBlock(language="sh"):
            assert block.text.startswith("pip install")
        case _:
            raise AssertionError(f"nobody runs this: {block}")
