"""Defines the `ocppkit` command with its subcommands, and prints errors of the generator."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from io import TextIOWrapper
from typing import Annotated

import typer

from . import _diff, _explain, _generate, _init, _reference, _schemas
from ._terminal import Invocation, list_examples, report_error
from ._tools import TOOLS, run_tool

__all__ = ["app", "run"]

app = typer.Typer(
    name="ocppkit",
    help="Typed OCPP 1.6, 2.0.1 and 2.1 for Python: generate packages, compare schemas, look up messages.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("generate", epilog=_generate.EXAMPLES)(_generate.generate)
app.command("init", epilog=_init.EXAMPLES)(_init.init)
app.add_typer(_schemas.app, name="schemas")
app.command("diff", epilog=_diff.EXAMPLES)(_diff.diff)
app.command("explain", epilog=_explain.EXAMPLES)(_explain.explain)
app.command("reference", epilog=_reference.EXAMPLES)(_reference.reference)


def _run_tool(
    context: typer.Context, arguments: Annotated[list[str] | None, typer.Argument()] = None
) -> None:
    """Hands the arguments on to a command that has a parser of its own, because it works without typer."""
    assert context.info_name is not None
    raise typer.Exit(run_tool([context.info_name, *(arguments or ())]))


for _name, _tool in TOOLS.items():
    app.command(
        _name,
        help=_tool.SUMMARY,
        epilog=list_examples(*_tool.EXAMPLES),
        add_help_option=False,
        context_settings={"ignore_unknown_options": True},
    )(_run_tool)


def run(arguments: Sequence[str]) -> None:
    """Runs one command line and raises SystemExit; the status is 2 if the generator raises CodegenError."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Characters that the terminal cannot show become question marks, instead of a traceback.
            stream.reconfigure(errors="replace")
    command = typer.main.get_command(app)
    try:
        command.main(list(arguments), prog_name="ocppkit", obj=Invocation(tuple(arguments)))
    except Exception as error:
        from ocppkit.codegen import CodegenError

        if not isinstance(error, CodegenError):
            raise
        report_error(error)
        sys.exit(2)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ocppkit {version('ocppkit')}")
        raise typer.Exit


@app.callback(
    epilog=list_examples(
        "ocppkit explain BootNotification",
        "ocppkit inspect frames.log",
        "ocppkit diff 2.0.1 2.1",
        "ocppkit generate --version 2.0.1 --output src --package acme.ocpp201",
    )
)
def main(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show ocppkit's version."
        ),
    ] = False,
) -> None:
    """Defines the options before the name of the subcommand."""
