"""`ocppkit generate`: writes the typed messages, or checks that those on disk are what it would write."""

import keyword
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from ._rendering import render_all
from ._terminal import Invocation, list_examples, show_progress, show_warnings, write_output

if TYPE_CHECKING:
    from ocppkit.codegen import OpenJob, PackageTree, Project

__all__ = ["EXAMPLES", "generate"]


EXAMPLES = list_examples(
    "ocppkit generate --check",
    "ocppkit generate --version 2.0.1 --output src --package acme.ocpp201",
    "ocppkit generate --version 2.1 --output src --package acme.ocpp21 --errata limits.toml",
)


class StaleErrata(StrEnum):
    """What to do about errata that are already in the source."""

    REPORT = "report"
    FAIL = "fail"


def generate(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a file would change.")
    ] = False,
    version: Annotated[
        list[str] | None,
        typer.Option(
            help="OCPP version: 1.6, 2.0.1, 2.1 or one that --facts describes; may be repeated.",
            show_default="those of the project file, else all",
        ),
    ] = None,
    flavour: Annotated[
        list[str] | None,
        typer.Option(
            help="msgspec, or pydantic, which msgspec comes along with; may be repeated.",
            show_default="all",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder for the package.", show_default="generated/ of a checkout"),
    ] = None,
    package: Annotated[
        str | None,
        typer.Option(
            help="Dotted name of the package, such as acme.ocpp201.",
            show_default="ocppkit.vX in a checkout",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Actions to keep, separated by commas.", show_default="all"),
    ] = None,
    templates: TemplatesOption = None,
    errata: ErrataOption = None,
    stale_errata: Annotated[
        StaleErrata,
        typer.Option(help="What to do if an erratum is already in the source: report or fail."),
    ] = StaleErrata.REPORT,
    base: BaseOption = None,
    schemas: SchemasOption = None,
    facts: FactsOption = None,
    prose: ProseOption = None,
    skeleton: Annotated[
        Path | None,
        typer.Option(help="New file for the facts that the schemas want; nothing else is written."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Generates typed messages from the OCPP schemas.

    What an option does not say is taken from the project file: [tool.ocppkit] of pyproject.toml, or
    ocppkit.toml, here or in a folder above (`ocppkit init` writes one). In a checkout of ocppkit the
    command fills generated/. The folder of a package is replaced as a whole: keep nothing of your
    own in it.
    """
    from ocppkit.codegen import FLAVOURS, OpenJob, find_project, package_tree, publish

    project = find_project(Path())
    inputs = Inputs(base, schemas, errata, facts, prose, only, templates)
    wanted = version or list(project.versions)
    known = known_versions_of(project, inputs.facts, *wanted)
    versions = [each for each in known if not wanted or each in wanted]
    # The pydantic flavour shares the enums of the msgspec flavour, which therefore always comes along.
    named = flavour or project.flavours
    flavours = _choose("flavour", ["msgspec", *named] if named else None, FLAVOURS)
    place = _place(output or project.output)
    named_place = (output or project.output) is not None
    names = {each: known[each] for each in versions}
    packages = _packages(package, names, inputs, project, in_place=not named_place)
    jobs = [OpenJob(inputs.job(project, each, packages[each], flavours)) for each in versions]
    if skeleton is not None:
        _write_skeleton(jobs, skeleton)
        return
    _report_inputs(jobs, stale_errata)
    with show_progress(quiet) as progress:
        rendered = render_all(jobs, progress)
    trees = [
        package_tree(files, place, each.job.package)
        for each, files in zip(jobs, rendered, strict=True)
    ]
    if check:
        _check(jobs, trees, context)
        return
    summaries = [_summarise(each, tree) for each, tree in zip(jobs, trees, strict=True)]
    publish(trees)
    for summary in summaries:
        typer.echo(summary)


def _write_skeleton(jobs: Sequence["OpenJob"], output: Path) -> None:
    """Writes the facts that the schemas of one version want.

    Raises:
        CodegenError: there are several versions, or the file is there already.
    """
    from ocppkit.codegen import CodegenError

    if len(jobs) > 1:
        raise CodegenError(
            "--skeleton is for one OCPP version",
            cure=f"name one with --version: {', '.join(each.job.version for each in jobs)}",
        )
    text = jobs[0].facts_skeleton
    if not text:
        typer.echo(f"OCPP {jobs[0].job.version}: no facts are missing")
    else:
        write_output(text, output, option="--skeleton")
        typer.echo(f"fill in {output}, then generate with --facts {output}")


def _report_inputs(jobs: Sequence["OpenJob"], stale_errata: StaleErrata) -> None:
    """Says which actions the facts remove, and what becomes of each erratum of the user's.

    Raises:
        CodegenError: an erratum fits nothing, or is stale and these shall fail.
    """
    from ocppkit.codegen import CodegenError, EditOutcome

    for each in jobs:
        version = each.job.version
        show_warnings(each.warnings)
        if each.roles_left_out:
            typer.echo(
                f"OCPP {version}: without BootNotification there are no roles: "
                f"{' and '.join(each.roles_left_out)} are left out"
            )
        if each.removed_actions:
            typer.echo(f"OCPP {version}: removed by the facts: {', '.join(each.removed_actions)}")
    rows = list(_errata_rows(jobs))
    for _, line in rows:
        typer.echo(f"erratum {line}")
    stale = [line for outcome, line in rows if outcome == EditOutcome.ALREADY]
    if stale and stale_errata is StaleErrata.FAIL:
        raise CodegenError(
            "\n  ".join(["these errata change nothing any more:", *stale]),
            cure="remove their entries, or run without --stale-errata fail",
        )


def _errata_rows(jobs: Sequence["OpenJob"]) -> Iterator[tuple[str, str]]:
    """Yields the outcome of each erratum, and a line that says it.

    An erratum that no version of this run is for is told once.
    """
    versions = {each.job.version for each in jobs}
    told: set[str] = set()
    for each in jobs:
        for row in each.applied_errata if each.job.errata_files else ():
            place = row.change.place
            line = f"{row.outcome}: {row.change.path} ({place.file}:{place.line or place.pointer})"
            if row.version not in versions and line not in told:
                told.add(line)
                yield row.outcome, line


def _choose(what: str, wanted: Sequence[str] | None, known: Iterable[str]) -> tuple[str, ...]:
    """Returns the wanted values in the order of the known ones, all of them if none is named."""
    names = tuple(known)
    for name in wanted or ():
        if name not in names:
            raise typer.BadParameter(
                f"{name!r} is not one of {', '.join(names)}", param_hint=f"--{what}"
            )
    return tuple(name for name in names if not wanted or name in wanted)


def _place(output: Path | None) -> Path:
    """Returns the folder that packages go to."""
    from ocppkit.codegen import CodegenError

    if output is None and _in_checkout():
        return Path("generated")
    if output is None:
        raise CodegenError(
            "this folder is no checkout of ocppkit, so there is no generated/ to write to",
            cure="say where the package goes: --output src --package acme.ocpp201",
        )
    return output


def _in_checkout() -> bool:
    return Path("generated/ocppkit").is_dir() and Path("templates").is_dir()


def _packages(
    package: str | None,
    names: Mapping[str, str],
    inputs: Inputs,
    project: "Project",
    *,
    in_place: bool,
) -> Mapping[str, str]:
    """Returns the package of each version.

    Args:
        package: the name that the user gives.
        names: the versions, and how the packages of each are called.
        inputs: what the options name.
        project: what the project file says.
        in_place: whether a checkout's own packages are meant where nobody names another.
    """
    from ocppkit.codegen import CodegenError

    versions = list(names)
    if len(versions) > 1 and (package or inputs.belong_to_one_version()):
        raise CodegenError(
            "--package, --base, --schemas and --facts can only be used with a single OCPP version",
            cure=f"name one with --version: {', '.join(versions)}",
        )
    packages: dict[str, str] = {}
    for version, name in names.items():
        chosen = package if package is not None else project.version(version).package
        if chosen is None and in_place:
            chosen = f"ocppkit.{name}"
        packages[version] = _checked(chosen, version, name, project)
    taken: dict[str, str] = {}
    for version, chosen in packages.items():
        other = taken.setdefault(chosen, version)
        if other != version:
            raise CodegenError(
                f"OCPP {other} and {version} would share the package {chosen!r}",
                file=project.file,
                cure="give each version a package of its own",
            )
    return packages


def _checked(package: str | None, version: str, name: str, project: "Project") -> str:
    """Returns the package of a version, if it can be one."""
    from ocppkit.codegen import CodegenError

    if package is None:
        cure = f"name it: --package acme.{name.replace('v', 'ocpp')}"
        if project.file:
            cure += f", or `package` under [tool.ocppkit.versions.{version!r}] in {project.file}"
        raise CodegenError(
            "the package needs a name of its own, or it would hide ocppkit's", cure=cure
        )
    for part in package.split("."):
        if not part.isidentifier() or keyword.iskeyword(part):
            raise CodegenError(
                f"{package!r} is no name of a Python package",
                cure="write identifiers with dots between them, such as acme.ocpp201",
            )
    if package.partition(".")[0] == "ocppkit" and not _in_checkout():
        raise CodegenError(
            f"the package {package!r} would hide ocppkit's own",
            cure="give it a name of your own, such as acme.ocpp201",
        )
    return package


def _check(
    jobs: Sequence["OpenJob"], trees: Sequence["PackageTree"], context: typer.Context
) -> None:
    """Shows how the trees on disk differ from these, and exits with 1 if they do."""
    from ocppkit.codegen import compare, notes_on, show_drift

    drifts = [compare(tree) for tree in trees]
    for each, tree, drift in zip(jobs, trees, drifts, strict=True):
        if drift:
            typer.echo(show_drift(tree, drift))
        else:
            typer.echo(
                f"OCPP {each.job.version}: {len(tree.files)} files in {tree.folder} are as generated"
            )
            for note in notes_on(tree, drift):
                typer.echo(f"  {note}")
    if any(drifts):
        arguments = [
            each for each in context.ensure_object(Invocation).arguments if each != "--check"
        ]
        typer.echo(f"\nTo mend it, run:\n  {shlex.join(['ocppkit', *arguments])}")
        if any(drift.foreign for drift in drifts):
            typer.echo("and move the foreign files elsewhere first.")
        raise typer.Exit(1)


def _summarise(job: "OpenJob", tree: "PackageTree") -> str:
    """Says what publishing a tree will change."""
    from ocppkit.codegen import compare

    drift = compare(tree)
    counts = {"changed": drift.changed, "new": drift.missing, "removed": drift.orphaned}
    changes = ", ".join(f"{len(paths)} {word}" for word, paths in counts.items() if paths)
    files = f"OCPP {job.job.version}: {len(tree.files)} files in {tree.folder}"
    return f"{files} ({changes or 'nothing changed'})"
