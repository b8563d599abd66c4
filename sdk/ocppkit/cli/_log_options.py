"""Options of `inspect` and `anonymise` that name logs and say how to read them."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from typing import Literal

from ocppkit.tools import LoggedFrame, read_logs

from ._option_values import version_number
from ._tool_output import ShownProgress

__all__ = ["add_log_options", "read_named_logs"]


def add_log_options(parser: ArgumentParser, *, logs: Literal["*", "+"]) -> None:
    """Adds the options that `read_named_logs` uses, and that of the OCPP versions.

    Args:
        parser: the parser of the command.
        logs: `+` if a log must be named, `*` if standard input is read otherwise.
    """
    parser.add_argument("log", nargs=logs, help="a file, a folder, or - for standard input")
    parser.add_argument(
        "--version", action="append", metavar="X", type=version_number,
        help="the OCPP version, 1.6, 2.0.1 or 2.1 (default: found out per station)",
    )  # fmt: skip
    parser.add_argument(
        "--field", default="", metavar=".NAME", help="path of the frame in JSON lines"
    )
    parser.add_argument(
        "--line-regex", default="", metavar="REGEX",
        help="lines of another form: a group `frame`; and `station`, `direction`, `time`",
    )  # fmt: skip


def read_named_logs(
    options: Namespace, *, other: Callable[[str], None], progress: ShownProgress
) -> Iterator[LoggedFrame]:
    """Yields the frames of the logs that the options name; `other` is called with each line without one."""
    return read_logs(
        options.log or ["-"],
        field=options.field,
        pattern=options.line_regex,
        other=other,
        progress=progress,
    )
