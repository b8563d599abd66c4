"""The `ocppkit` command. This file needs the standard library alone, so that a bare install can say what it lacks.

Everything else is imported when a command is under way. A missing package then arrives here as an ImportError and becomes
the pip command that brings it.
"""

import sys
from importlib.metadata import version

__all__ = ["main"]

_TOOLS = frozenset({"anonymise", "inspect", "validate"})
"""The commands that the base install is enough for."""

_BROUGHT_BY_CODEGEN = frozenset(
    {
        "black",
        "click",
        "datamodel_code_generator",
        "jinja2",
        "pydantic",
        "rich",
        "typer",
    }
)


def main() -> None:
    """Runs the command line and exits: 0 for success, 1 for what was asked about and found, 2 for bad input."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"ocppkit {version('ocppkit')}\n")
        return
    if sys.argv[1:2] and sys.argv[1] in _TOOLS:
        from ._tools import run_tool

        sys.exit(run_tool(sys.argv[1:]))
    try:
        from ._app import run

        run(sys.argv[1:])
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _BROUGHT_BY_CODEGEN:
            raise
        sys.stderr.write(
            f"ocppkit: this command needs the package {package!r}, which cannot be imported here:\n"
            f"  {error}\n"
            "  cure: pip install 'ocppkit[codegen]'\n"
            f"  without it there are: {', '.join(sorted(_TOOLS))}\n"
        )
        sys.exit(2)
