"""What all commands share at the terminal: how errors look, how progress shows, where output goes."""

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

__all__ = [
    "Invocation",
    "list_examples",
    "report",
    "show_progress",
    "show_warnings",
    "write_output",
]

_WARNINGS = 3
_LINES = 30
_COLUMNS = 400


@dataclass(frozen=True)
class Invocation:
    """The command line as the user typed it."""

    arguments: tuple[str, ...] = ()


def list_examples(*commands: str) -> str:
    """Returns the text below a command's help. Only paragraphs keep their line breaks there."""
    return "\n\n".join(["Examples:", *commands])


def report(error: Exception) -> None:
    """Writes an error to stderr: one screen at most, and no control characters out of the user's files."""
    lines = f"ocppkit: {error}".splitlines()
    shown = [_printable(line[:_COLUMNS]) for line in lines[:_LINES]]
    if len(lines) > _LINES:
        shown[-1] = f"    ... and {len(lines) - _LINES + 1} more lines"
    sys.stderr.write("\n".join(shown) + "\n")


def _printable(line: str) -> str:
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in line)


Progress = Callable[[str, int, int], None]


@contextmanager
def show_progress(quiet: bool) -> Generator[Progress]:
    """Yields a function to call with what is done, how far it is, and how far it goes.

    It draws on stderr, and only on a terminal.
    """
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda what, done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def advance(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield advance


def show_warnings(warnings: Sequence[str], cure: str = "") -> None:
    """Says on stderr what was assumed about files: the first few by name, and what to do about it."""
    for warning in warnings[:_WARNINGS]:
        typer.echo(f"warning: {warning}", err=True)
    if len(warnings) > _WARNINGS:
        typer.echo(f"warning: and so {len(warnings) - _WARNINGS} more files", err=True)
    if warnings and cure:
        typer.echo(cure, err=True)


def write_output(
    result: str | bytes, output: Path | None, *, option: str = "", new_folders: bool = False
) -> None:
    """Writes a command's result to a file.

    Args:
        result: what to write.
        output: the file; stdout, which takes a text, if there is none.
        option: the option that named the file, if it must be a new one.
        new_folders: whether folders that the file needs are made.

    Raises:
        CodegenError: the file cannot be written, or must be new and is there.
    """
    from ocppkit.codegen import CodegenError

    if output is None:
        typer.echo(result, nl=False)
        return
    if option and output.exists():
        raise CodegenError(
            "the file is there already", file=str(output), cure=f"name a new file with {option}"
        )
    try:
        if new_folders:
            output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(result.encode() if isinstance(result, str) else result)
    except OSError as error:
        raise CodegenError(
            f"the output file cannot be written: {error.strerror}",
            file=str(output),
            cure="name a file in a folder that you may write",
        ) from error
