"""Runs the commands `inspect`, `anonymise` and `validate`, which work without extras such as typer and rich."""

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Final

from ocppkit.core import OcppError

from . import _anonymise, _inspect, _validate
from ._tool_output import report_error

__all__ = ["TOOLS", "parser_of", "run_tool"]

TOOLS: Final = {"anonymise": _anonymise, "inspect": _inspect, "validate": _validate}
"""The modules of the commands, by name."""


def parser_of(name: str) -> ArgumentParser:
    """Returns the parser of the options of a command."""
    command = TOOLS[name]
    parser = ArgumentParser(
        prog=f"ocppkit {name}",
        description=command.DESCRIPTION,
        epilog="\n  ".join(("Examples:", *command.EXAMPLES)),
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_options(parser)
    return parser


def run_tool(arguments: Sequence[str]) -> int:
    """Runs one of these commands.

    Args:
        arguments: the name of the command, and what follows it.

    Returns:
        The exit status: 0 if nothing is wrong, 1 if something was found, 2 for input that cannot be
        used.

    Raises:
        SystemExit: an option is wrong, or help was asked for.
    """
    name, *rest = arguments
    options = parser_of(name).parse_args(rest)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        status: int = TOOLS[name].run(options)
        sys.stdout.flush()
    except OcppError as error:
        report_error(error)
        return 2
    except BrokenPipeError:
        # Whoever read our output, such as `head`, has enough. Nothing may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return status
