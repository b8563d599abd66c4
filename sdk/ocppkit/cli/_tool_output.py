"""What the commands over `ocppkit.tools` share: width and colour of a terminal, progress, output files."""

import os
import shutil
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ocppkit.core import LocalProtocolError, OcppError
from ocppkit.tools import load_protocol, printable

__all__ = [
    "ShownProgress",
    "check_output",
    "has_colour",
    "open_output",
    "report_error",
    "terminal_width",
    "version_name",
    "words_of",
    "write_text",
]

_PLAIN_WIDTH: Final = 80
_WIDEST: Final = 120


def terminal_width() -> int:
    """Returns the columns that output may fill: those of the terminal, 80 elsewhere."""
    if not sys.stdout.isatty():
        return _PLAIN_WIDTH
    return min(shutil.get_terminal_size((_PLAIN_WIDTH, 24)).columns, _WIDEST)


def has_colour() -> bool:
    """Tells whether stdout shows colours, and nobody has asked for none (https://no-color.org)."""
    return (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def words_of(values: Iterable[str] | None) -> list[str]:
    """Returns the words of an option that may be given several times, or with commas between words."""
    return [word.strip() for value in values or () for word in value.split(",") if word.strip()]


def version_name(text: str) -> str:
    """Returns the name of an OCPP version that an option has; for the parser of options."""
    try:
        return load_protocol(text).version
    except LocalProtocolError as error:
        raise ArgumentTypeError(str(error)) from error


def report_error(error: OcppError) -> None:
    """Writes an error to stderr, with its cure, which stands in brackets at the end, on a line of its own."""
    problem, _, cure = str(error).partition(" [")
    sys.stderr.write(f"ocppkit: {printable(problem)}\n")
    if cure:
        sys.stderr.write(f"  cure: {printable(cure.removesuffix(']'))}\n")


class ShownProgress:
    """Shows on stderr how much of a long file was read, if stderr is a terminal.

    Args:
        quiet: show nothing.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._is_shown = sys.stderr.isatty() and not quiet
        self._last = ""

    def __call__(self, name: str, done: int, size: int) -> None:
        """Shows how far a file was read."""
        if not self._is_shown:
            return
        how_far = f"{done * 100 // size} %" if size else f"{done:,} lines"
        text = f"{Path(name).name}  {how_far}"
        if text != self._last:
            self._last = text
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Takes the progress off the screen."""
        if self._last:
            sys.stderr.write("\r\033[K")
            self._last = ""


def check_output(output: str | None, logs: Iterable[str]) -> None:
    """Raises OcppError if writing a file would destroy a log that is read, or lies in a folder that is read."""
    if output is None:
        return
    target = Path(output).resolve()
    for log in logs:
        if log != "-" and target.is_relative_to(Path(log).resolve()):
            raise OcppError(f"{output} is read as a log [name another file with --output]")


@contextmanager
def open_output(output: str | None) -> Generator[Callable[[str], object]]:
    """Yields what writes text to a file, or to stdout if there is none.

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
    """Writes a result to a file, or to stdout if there is none.

    Raises:
        OcppError: the file cannot be written.
    """
    with open_output(output) as write:
        write(text)
