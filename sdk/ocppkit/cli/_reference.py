"""`ocppkit reference`: every message, datatype and enum of all versions as Markdown, for a site."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ._answers import ShippedEngine
from ._terminal import list_examples

__all__ = ["EXAMPLES", "pages", "reference"]

EXAMPLES = list_examples(
    "ocppkit reference --output build/reference",
    "ocppkit reference --output build/reference --templates house-style",
)


def pages(template_dirs: Sequence[Path] = ()) -> Mapping[str, str]:
    """Returns the pages of the reference, by path."""
    from ocppkit.codegen import VERSIONS, Job, emit_reference, load_api

    apis = [load_api(Job(version, f"ocppkit.{name}")) for version, name in VERSIONS.items()]
    return emit_reference(apis, ShippedEngine(), template_dirs)


def reference(
    output: Annotated[Path, typer.Option(help="Folder for the pages; it must be new or empty.")],
    templates: Annotated[
        list[Path] | None, typer.Option(help="Folder of templates that replace or extend ours.")
    ] = None,
) -> None:
    """Writes the reference of all versions as Markdown, a page per action, datatype and enum.

    The documentation site shows the same pages; `mkdocs build` makes them anew without this command.
    """
    from ocppkit.codegen import CodegenError

    if output.exists() and any(output.iterdir()):
        raise CodegenError(
            "the folder is not empty", file=str(output), cure="name a new folder, or empty it"
        )
    made = pages(tuple(templates or ()))
    for path, text in made.items():
        file = output / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    typer.echo(f"{len(made)} pages in {output}")
