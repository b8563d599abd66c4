"""The command `ocppkit init`: writes the project file, from its options or from answers to questions."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from ._option_values import split_words
from ._terminal import list_examples, write_output

__all__ = ["EXAMPLES", "init"]

EXAMPLES = list_examples(
    "ocppkit init",
    "ocppkit init --version 2.0.1 --package acme.ocpp201 --output src",
    "ocppkit init --version 2.0.1 --package acme.ocpp201 --output src --errata limits.toml",
)


def init(
    version: Annotated[
        list[str] | None,
        typer.Option(help="OCPP version; may be repeated.", show_default="asked for"),
    ] = None,
    package: Annotated[
        list[str] | None,
        typer.Option(
            help="Dotted name of the package, one for each version.", show_default="asked for"
        ),
    ] = None,
    output: Annotated[
        str | None, typer.Option(help="Folder for the packages.", show_default="asked for")
    ] = None,
    flavour: Annotated[
        list[str] | None,
        typer.Option(help="msgspec or pydantic; may be repeated.", show_default="both"),
    ] = None,
    base: Annotated[
        str | None, typer.Option(help="Folder of an imported edition, for one version.")
    ] = None,
    schemas: Annotated[
        list[str] | None, typer.Option(help="Folder of schemas, for one version.")
    ] = None,
    errata: Annotated[
        list[str] | None, typer.Option(help="File of errata, for one version.")
    ] = None,
    facts: Annotated[list[str] | None, typer.Option(help="File of facts, for one version.")] = None,
) -> None:
    """Writes the project file: [tool.ocppkit] into pyproject.toml if there is one, else ocppkit.toml.

    `ocppkit generate`, `explain`, `diff` and `reference` then need no options.
    """
    from ocppkit.codegen import CodegenError, find_project

    found = find_project(Path()).file
    if found and Path(found).parent == Path():
        raise CodegenError("this project file exists already", file=found, cure="edit the file")
    versions = split_words(version or [_ask("OCPP versions, separated by commas", "2.0.1")])
    packages = package or [
        _ask(f"Package of OCPP {each}", f"acme.ocpp{each.replace('.', '')}") for each in versions
    ]
    one_version = base or schemas or errata or facts
    if len(packages) != len(versions) or (one_version and len(versions) > 1):
        raise CodegenError(
            "each version needs one --package; --base, --schemas, --errata and --facts can only be used with one version",
            cure="run the command for one version, then add the other versions to the file",
        )
    described = [_NewVersion(*each) for each in zip(versions, packages, strict=True)]
    if one_version:
        described[0].inputs = [
            ("base", base),
            ("schemas", schemas),
            ("errata", errata),
            ("facts", facts),
        ]
    _write_project(output or _ask("Folder for the packages", "src"), flavour, described)


@dataclass
class _NewVersion:
    """The settings of one version in the new project file."""

    version: str
    package: str
    inputs: Sequence[tuple[str, str | list[str] | None]] = ()


def _ask(what: str, default: str) -> str:
    """Asks the user a question at the terminal; raises an error if there is no terminal."""
    from ocppkit.codegen import CodegenError

    if not sys.stdin.isatty():
        raise CodegenError(
            "options are missing, and questions cannot be asked, because the input is not a terminal",
            cure="add --version 2.0.1 --package acme.ocpp201 --output src",
        )
    answer: str = typer.prompt(what, default=default)
    return answer


def _toml_value(value: object) -> str:
    """Returns a text or a list of texts as TOML, which is the same as JSON for these."""
    return json.dumps(value, ensure_ascii=False)


def _project_lines(
    output: str, flavours: Sequence[str] | None, versions: Sequence[_NewVersion], header: str
) -> Iterator[str]:
    """Yields the lines of a project file.

    Args:
        output: the folder of the packages.
        flavours: the flavours; all if empty.
        versions: the versions.
        header: the dotted name of the table; empty if the table is the whole file.
    """
    if header:
        yield f"[{header}]"
    yield f"output = {_toml_value(output)}"
    if flavours:
        yield f"flavours = {_toml_value(list(flavours))}"
    for each in versions:
        path = f"{header}.versions" if header else "versions"
        yield f"\n[{path}.{_toml_value(each.version)}]"
        yield f"package = {_toml_value(each.package)}"
        for key, value in each.inputs:
            if value:
                yield f"{key} = {_toml_value(value)}"
    yield ""


def _write_project(
    output: str, flavours: Sequence[str] | None, versions: Sequence[_NewVersion]
) -> None:
    """Writes the table of the project to the end of pyproject.toml if it exists, else to ocppkit.toml.

    Raises:
        CodegenError: the settings are not valid, or the file cannot be written.
    """
    from ocppkit.codegen import PROJECT_FILES, read_project

    own, shared = map(Path, PROJECT_FILES)
    path, before, header = own, b"", ""
    if shared.exists():
        path, before, header = shared, shared.read_bytes().rstrip() + b"\n\n", "tool.ocppkit"
    data = before + "\n".join(_project_lines(output, flavours, versions, header)).encode()
    # The text is checked before it is written, so that no invalid file is left.
    project = read_project(data, str(path))
    write_output(data, path)
    typer.echo(f"{path} describes {', '.join(f'OCPP {each}' for each in project.versions)}")
    typer.echo("generate the packages with `ocppkit generate`; in CI, run it with --check")
    for each in project.versions.values():
        folder = (project.output or Path()) / (each.package or "").replace(".", "/")
        typer.echo(f"add to .gitattributes: {folder.as_posix()}/** text eol=lf linguist-generated")
