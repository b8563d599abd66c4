"""The command `ocppkit reference`: writes Markdown pages about all messages, datatypes and enums."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from ._answers import ShippedEngine
from ._inputs import (
    BaseOption,
    ErrataOption,
    FactsOption,
    Inputs,
    ProseOption,
    SchemasOption,
    TemplatesOption,
    known_versions_of,
)
from ._terminal import list_examples, write_output

if TYPE_CHECKING:
    from ocppkit.codegen import Job
    from ocppkit.core import Protocol

__all__ = ["EXAMPLES", "generate_protocol", "reference", "reference_pages"]

EXAMPLES = list_examples(
    "ocppkit reference --output build/reference",
    "ocppkit reference --output build/reference --templates house-style",
    "ocppkit reference --output build/reference --version 2.0.1 --schemas acme --facts acme.toml",
)


def reference_pages(
    template_dirs: Sequence[Path] = (), own: Sequence["Job"] = ()
) -> Mapping[str, str]:
    """Renders the pages of the reference.

    Args:
        template_dirs: folders of templates that replace shipped ones or add files.
        own: jobs for versions with files of the user; all other versions are the shipped ones.

    Returns:
        The text of each page, by path.

    Raises:
        CodegenError: a file of the user is wrong.
    """
    from ocppkit.codegen import VERSIONS, Job, load_api, render_reference

    jobs = {version: Job(version, f"ocppkit.{name}") for version, name in VERSIONS.items()}
    protocols: dict[str, Protocol] = {}
    for job in own:
        jobs[job.version] = job
        protocols[job.version] = generate_protocol(job)
    apis = [load_api(job) for job in jobs.values()]
    return render_reference(apis, ShippedEngine(protocols), template_dirs)


def generate_protocol(job: "Job") -> "Protocol":
    """Generates the package of a job in a temporary folder, imports it, and returns its protocol."""
    from ocppkit.codegen import generate, package_tree, publish

    with TemporaryDirectory(prefix="ocppkit_reference_") as folder:
        # The folder has a new name each time, because Python imports a package of one name only once.
        job = replace(job, package=Path(folder).name, flavours=("msgspec",))
        publish([package_tree(generate(job), Path(folder), job.package)])
        sys.path.insert(0, folder)
        try:
            protocol: Protocol = import_module(job.package).PROTOCOL
        finally:
            sys.path.remove(folder)
    return protocol


def reference(
    output: Annotated[
        Path, typer.Option(help="Folder to write the pages to; it must be new or empty.")
    ],
    templates: TemplatesOption = None,
    version: Annotated[
        str | None,
        typer.Option(help="The OCPP version that --base, --schemas and --facts belong to."),
    ] = None,
    base: BaseOption = None,
    schemas: SchemasOption = None,
    errata: ErrataOption = None,
    facts: FactsOption = None,
    prose: ProseOption = None,
) -> None:
    """Writes Markdown pages about all versions: one page per action, datatype and enum.

    The documentation site has the same pages; `mkdocs build` renders them itself.
    """
    from ocppkit.codegen import CodegenError, find_project

    _require_empty_folder(output)
    project = find_project(Path())
    inputs = Inputs(base, schemas, errata, facts, prose, templates=templates)
    known = known_versions_of(project, facts, version)
    if version is None and (base or schemas or errata or facts or prose):
        raise CodegenError(
            "--base, --schemas, --errata, --facts and --prose can only be used with a single OCPP version",
            cure=f"choose one with --version: {', '.join(known)}",
        )
    own = [version] if version else [each for each in project.versions if each in known]
    jobs = [replace(inputs.job(project, each, known[each]), only=()) for each in own]
    made = reference_pages(tuple(templates or project.templates), jobs)
    for path, text in made.items():
        write_output(text, output / path, new_folders=True)
    typer.echo(f"{len(made)} pages in {output}")


def _require_empty_folder(output: Path) -> None:
    """Raises CodegenError if the output folder is not empty, or is a file."""
    from ocppkit.codegen import CodegenError

    if output.is_dir() and any(output.iterdir()):
        problem = "the folder is not empty"
    elif output.exists() and not output.is_dir():
        problem = "this is not a folder"
    else:
        return
    raise CodegenError(problem, file=str(output), cure="name a new or an empty folder")
