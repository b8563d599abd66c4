"""Terminal output that all commands share: errors, warnings, progress bars and output files."""

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
    "in_checkout",
    "list_examples",
    "report_error",
    "show_progress",
    "show_warnings",
    "write_output",
]

_WARNINGS = 3
_LINES = 30
_COLUMNS = 400


@dataclass(frozen=True)
class Invocation:
    """The arguments of the command line, as the user typed them."""

    arguments: tuple[str, ...] = ()


def in_checkout() -> bool:
    """Tells whether the current folder is the top of a checkout of ocppkit."""
    return all(Path(folder).is_dir() for folder in ("generated/ocppkit", "schemas", "templates"))


def list_examples(*commands: str) -> str:
    """Returns examples as the text below the help of a command."""
    # Only separate paragraphs keep their line breaks there.
    return "\n\n".join(["Examples:", *commands])


def report_error(error: Exception) -> None:
    """Prints an error on stderr: at most 30 lines, with control characters escaped."""
    lines = f"ocppkit: {error}".splitlines()
    shown = [_escaped(line[:_COLUMNS]) for line in lines[:_LINES]]
    if len(lines) > _LINES:
        shown[-1] = f"    ... and {len(lines) - _LINES + 1} more lines"
    sys.stderr.write("\n".join(shown) + "\n")


def _escaped(line: str) -> str:
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in line)


Progress = Callable[[str, int, int], None]


@contextmanager
def show_progress(quiet: bool) -> Generator[Progress]:
    """Yields a function that shows progress bars on stderr, if that is a terminal.

    The function is called with the name of a task, the number of its steps that are done, and the number of all its steps.
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
    """Prints the first three warnings on stderr, the number of the others, and what to do about them."""
    for warning in warnings[:_WARNINGS]:
        typer.echo(f"warning: {warning}", err=True)
    if len(warnings) > _WARNINGS:
        typer.echo(f"warning: the same for {len(warnings) - _WARNINGS} more files", err=True)
    if warnings and cure:
        typer.echo(cure, err=True)


def write_output(
    result: str | bytes, output: Path | None, *, option: str = "", new_folders: bool = False
) -> None:
    """Writes the result of a command to a file or to stdout.

    Args:
        result: the text or bytes to write.
        output: the file; stdout if `None`.
        option: the option that names the file, if the file must not exist yet.
        new_folders: whether to create missing folders.

    Raises:
        CodegenError: the file cannot be written, or exists although it must be new.
    """
    from ocppkit.codegen import CodegenError

    if output is None:
        typer.echo(result, nl=False)
        return
    if option and output.exists():
        raise CodegenError(
            "the file exists already", file=str(output), cure=f"name a new file with {option}"
        )
    try:
        if new_folders:
            output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(result.encode() if isinstance(result, str) else result)
    except OSError as error:
        raise CodegenError(
            f"the output file cannot be written: {error.strerror}",
            file=str(output),
            cure="choose a file in a folder that you may write to",
        ) from error
