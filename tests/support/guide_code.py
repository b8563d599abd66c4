"""Finds the code blocks of the guides, and executes them in order or runs them as programs.

A block whose first line is `# name.py` begins a file; blocks without such a line go on with the file
above them, or with the page's own if there is none above. A whole program guards its last line with
`if __name__ == "__main__":` where blocks follow it.
"""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

__all__ = [
    "DOCS",
    "LIMIT",
    "Program",
    "executed",
    "files",
    "free_port",
    "pages",
    "program",
    "wait_for",
]

DOCS = Path(__file__).parents[2] / "docs"
LIMIT = 120.0
"""Seconds after which a program hangs; on a busy machine it may be slow to start."""

Program: TypeAlias = subprocess.Popen[str]

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_NAME = re.compile(r"# ([a-z0-9_]+\.py)\n")


def pages() -> list[str]:
    """Returns the paths of all pages with code that is run, relative to `docs`."""
    guides = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.glob("guides/*.md"))
    return ["../README.md", "index.md", "migrating-from-ocpp.md", *guides]


def files(page: str) -> dict[str, list[str]]:
    """Returns the blocks of Python on a page, by the file that they belong to; `""` is the page's."""
    found: dict[str, list[str]] = {}
    name = ""
    for language, code in _FENCE.findall((DOCS / page).read_text(encoding="utf-8")):
        if language == "python":
            named = _NAME.match(code)
            name = named[1] if named else name
            found.setdefault(name, []).append(code)
    return found


def executed(page: str, file: str = "", *, port: int = 9000) -> dict[str, Any]:
    """Runs the blocks of one file, one after the other, in one namespace, and returns it.

    Args:
        page: its path below `docs`.
        file: the name of the file; by default the blocks above the first that has one.
        port: takes the place of 9000.
    """
    namespace: dict[str, Any] = {"__name__": page}
    for number, block in enumerate(files(page)[file], start=1):
        code = block.replace("9000", str(port))
        exec(compile(code, f"{page} {file} block {number}", "exec"), namespace)
    return namespace


def free_port() -> int:
    """Returns a free port on the loopback interface."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(port: int, server: Program | None = None) -> None:
    """Waits until a server listens: a station that comes too early waits ten seconds and more."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        if server is not None and server.poll() is not None:
            raise ChildProcessError(f"the server has ended: {server.communicate()}")
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on port {port}")


@contextmanager
def program(page: str, file: str, port: int) -> Generator[Program]:
    """Runs the first block of a file as it stands there; only port 9000 becomes another.

    The page's other files lie beside it.
    """
    with TemporaryDirectory() as folder:
        for name, (code, *_) in files(page).items():
            if name:
                Path(folder, name).write_text(code.replace("9000", str(port)), encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-u", "-W", "error", file],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()
