"""Output that `inspect`, `anonymise` and `validate` share: width and colours of the terminal, progress, output files."""

import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ocppkit.core import OcppError
from ocppkit.tools import printable

__all__ = [
    "ShownProgress",
    "check_output",
    "has_colour",
    "open_output",
    "report_error",
    "terminal_width",
    "write_text",
]

_PLAIN_WIDTH: Final = 80
_WIDEST: Final = 120


def terminal_width() -> int:
    """Returns the width of the terminal in columns; 80 if stdout is not a terminal."""
    if not sys.stdout.isatty():
        return _PLAIN_WIDTH
    return min(shutil.get_terminal_size((_PLAIN_WIDTH, 24)).columns, _WIDEST)


def has_colour() -> bool:
    """Tells whether stdout shows colours and NO_COLOR is not set (https://no-color.org)."""
    return (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def report_error(error: OcppError) -> None:
    """Prints an error on stderr; its cure, which is in brackets at the end, gets a separate line."""
    problem, _, cure = str(error).partition(" [")
    sys.stderr.write(f"ocppkit: {printable(problem)}\n")
    if cure:
        sys.stderr.write(f"  cure: {printable(cure.removesuffix(']'))}\n")


class ShownProgress:
    """Shows on stderr which part of a long file has been read, if stderr is a terminal.

    Args:
        quiet: show nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._is_shown = sys.stderr.isatty() and not quiet
        self._last = ""

    def __call__(self, name: str, done: int, size: int) -> None:
        """Shows which part of the file has been read."""
        if not self._is_shown:
            return
        how_far = f"{done * 100 // size} %" if size else f"{done:,} lines"
        text = f"{Path(name).name}  {how_far}"
        if text != self._last:
            self._last = text
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Removes the progress from the terminal."""
        if self._last:
            sys.stderr.write("\r\033[K")
            self._last = ""


def check_output(output: str | None, logs: Iterable[str]) -> None:
    """Raises OcppError if the output file is one of the logs to read, or is in a folder to read."""
    if output is None:
        return
    target = Path(output).resolve()
    for log in logs:
        if log != "-" and target.is_relative_to(Path(log).resolve()):
            raise OcppError(f"{output} is read as a log [name another file with --output]")


@contextmanager
def open_output(output: str | None) -> Generator[Callable[[str], object]]:
    """Yields a function that writes text to a file, or to stdout if no file is given.

    Raises:
        OcppError: the file cannot be written.
    """
    if output is None:
        yield sys.stdout.write
        return
    try:
        with Path(output).open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            yield file.write
    except OSError as error:
        raise OcppError(
            f"{output} cannot be written: {error.strerror} [name a file in a folder that you may write]"
        ) from error


def write_text(text: str, output: str | None) -> None:
    """Writes a result to a file, or to stdout if no file is given.

    Raises:
        OcppError: the file cannot be written.
    """
    with open_output(output) as write:
        write(text)
