"""Entry point of the `ocppkit` command; tells how to install packages that are missing.

This file imports only the standard library, so that it works in an installation without extras. The commands import
everything else when they run. A missing package then becomes an error message with the pip command that installs it.
"""

import sys
from importlib.metadata import version

__all__ = ["main"]

_TOOLS = frozenset({"anonymise", "inspect", "validate"})
"""The commands that work in an installation without extras."""

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
    """Runs the command line and exits: with 0 for success, 1 if a check found something, 2 for wrong input."""
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
            f"ocppkit: this command needs the package {package!r}, which cannot be imported:\n"
            f"  {error}\n"
            "  cure: pip install 'ocppkit[codegen]'\n"
            f"  commands that work without it: {', '.join(sorted(_TOOLS))}\n"
        )
        sys.exit(2)
