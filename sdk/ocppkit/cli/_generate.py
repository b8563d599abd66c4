"""The command `ocppkit generate`: writes packages of typed messages, or checks the ones on the disk."""

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
from ._terminal import (
    Invocation,
    in_checkout,
    list_examples,
    show_progress,
    show_warnings,
    write_output,
)

if TYPE_CHECKING:
    from ocppkit.codegen import LoadedJob, PackageTree, Project

__all__ = ["EXAMPLES", "generate"]


EXAMPLES = list_examples(
    "ocppkit generate --check",
    "ocppkit generate --version 2.0.1 --output src --package acme.ocpp201",
    "ocppkit generate --version 2.1 --output src --package acme.ocpp21 --errata limits.toml",
)


class StaleErrata(StrEnum):
    """What to do about errata whose change the schemas already have."""

    REPORT = "report"
    FAIL = "fail"


def generate(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing, and exit with 1 if a file would change.")
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
            help="msgspec, or pydantic, which includes msgspec; may be repeated.",
            show_default="all",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write the package to.", show_default="generated/ of a checkout"
        ),
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
        typer.Option(help="Actions to generate, separated by commas.", show_default="all"),
    ] = None,
    templates: TemplatesOption = None,
    errata: ErrataOption = None,
    stale_errata: Annotated[
        StaleErrata,
        typer.Option(help="What to do if the schemas already have the change of an erratum."),
    ] = StaleErrata.REPORT,
    base: BaseOption = None,
    schemas: SchemasOption = None,
    facts: FactsOption = None,
    prose: ProseOption = None,
    skeleton: Annotated[
        Path | None,
        typer.Option(help="Write only a new file with placeholders for missing facts."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Generates packages of typed messages from the OCPP schemas.

    Settings without an option are taken from the project file: [tool.ocppkit] in pyproject.toml, or
    ocppkit.toml, in this folder or one above (`ocppkit init` writes it). In a checkout of ocppkit
    the command writes to generated/. The folder of a package is replaced as a whole: do not keep
    files of your own in it.
    """
    from ocppkit.codegen import FLAVOURS, LoadedJob, find_project, package_tree, publish

    project = find_project(Path())
    inputs = Inputs(base, schemas, errata, facts, prose, only, templates)
    wanted = version or list(project.versions)
    known = known_versions_of(project, inputs.facts, *wanted)
    versions = [each for each in known if not wanted or each in wanted]
    # The pydantic flavour uses the enums of the msgspec flavour, which is therefore always generated.
    named = flavour or project.flavours
    flavours = _choose_known("flavour", ["msgspec", *named] if named else None, FLAVOURS)
    place = _output_folder(output or project.output)
    named_place = (output or project.output) is not None
    names = {each: known[each] for each in versions}
    packages = _package_names(package, names, inputs, project, in_place=not named_place)
    jobs = [LoadedJob(inputs.job(project, each, packages[each], flavours)) for each in versions]
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
        _report_drift(jobs, trees, context)
        return
    summaries = [_summarise(each, tree) for each, tree in zip(jobs, trees, strict=True)]
    publish(trees)
    for summary in summaries:
        typer.echo(summary)


def _write_skeleton(jobs: Sequence["LoadedJob"], output: Path) -> None:
    """Writes a facts file with placeholders for the missing facts of one version.

    Raises:
        CodegenError: there are several versions, or the file exists already.
    """
    from ocppkit.codegen import CodegenError

    if len(jobs) > 1:
        raise CodegenError(
            "--skeleton can only be used with a single OCPP version",
            cure=f"choose one with --version: {', '.join(each.job.version for each in jobs)}",
        )
    text = jobs[0].facts_skeleton
    if not text:
        typer.echo(f"OCPP {jobs[0].job.version}: no facts are missing")
    else:
        write_output(text, output, option="--skeleton")
        typer.echo(f"fill in the placeholders in {output}, then generate with --facts {output}")


def _report_inputs(jobs: Sequence["LoadedJob"], stale_errata: StaleErrata) -> None:
    """Prints warnings, the actions that the facts remove, and the effect of each erratum of the user.

    Raises:
        CodegenError: an erratum does not fit, or has no effect any more and `stale_errata` is FAIL.
    """
    from ocppkit.codegen import CodegenError, EditOutcome

    for each in jobs:
        version = each.job.version
        show_warnings(each.warnings)
        if each.roles_left_out:
            typer.echo(
                f"OCPP {version}: {' and '.join(each.roles_left_out)} are not generated, "
                "because they need BootNotification"
            )
        if each.removed_actions:
            typer.echo(f"OCPP {version}: the facts remove {', '.join(each.removed_actions)}")
    rows = list(_errata_rows(jobs))
    for _, line in rows:
        typer.echo(f"erratum {line}")
    stale = [line for outcome, line in rows if outcome == EditOutcome.ALREADY]
    if stale and stale_errata is StaleErrata.FAIL:
        raise CodegenError(
            "\n  ".join(["the schemas already have the changes of these errata:", *stale]),
            cure="remove these errata, or run without --stale-errata fail",
        )


def _errata_rows(jobs: Sequence["LoadedJob"]) -> Iterator[tuple[str, str]]:
    """Yields the outcome of each erratum, with a line about it; an erratum for other versions only once."""
    versions = {each.job.version for each in jobs}
    told: set[str] = set()
    for each in jobs:
        for row in each.errata_reports if each.job.errata_files else ():
            place = row.change.place
            line = f"{row.outcome}: {row.change.path} ({place.file}:{place.line or place.pointer})"
            if row.version not in versions and line not in told:
                told.add(line)
                yield row.outcome, line


def _choose_known(what: str, wanted: Sequence[str] | None, known: Iterable[str]) -> tuple[str, ...]:
    """Returns the wanted names in the order of the known ones; all known names if none is wanted."""
    names = tuple(known)
    for name in wanted or ():
        if name not in names:
            raise typer.BadParameter(
                f"{name!r} is not one of {', '.join(names)}", param_hint=f"--{what}"
            )
    return tuple(name for name in names if not wanted or name in wanted)


def _output_folder(output: Path | None) -> Path:
    """Returns the folder to write packages to."""
    from ocppkit.codegen import CodegenError

    if output is None and in_checkout():
        return Path("generated")
    if output is None:
        raise CodegenError(
            "there is no output folder: none is named, and this is not a checkout of ocppkit",
            cure="name the folder and the package: --output src --package acme.ocpp201",
        )
    return output


def _package_names(
    package: str | None,
    names: Mapping[str, str],
    inputs: Inputs,
    project: "Project",
    *,
    in_place: bool,
) -> Mapping[str, str]:
    """Returns the dotted name of the package for each version.

    Args:
        package: the value of `--package`.
        names: the versions, each with the short name of its package, such as `v201`.
        inputs: the options of the command.
        project: the project file.
        in_place: whether the packages of a checkout of ocppkit are used if no name is given.
    """
    from ocppkit.codegen import CodegenError

    versions = list(names)
    if len(versions) > 1 and (package or inputs.need_one_version()):
        raise CodegenError(
            "--package, --base, --schemas and --facts can only be used with a single OCPP version",
            cure=f"choose one with --version: {', '.join(versions)}",
        )
    packages: dict[str, str] = {}
    for version, name in names.items():
        chosen = package if package is not None else project.version(version).package
        if chosen is None and in_place:
            chosen = f"ocppkit.{name}"
        packages[version] = _checked_package(chosen, version, name, project)
    taken: dict[str, str] = {}
    for version, chosen in packages.items():
        other = taken.setdefault(chosen, version)
        if other != version:
            raise CodegenError(
                f"OCPP {other} and {version} would share the package {chosen!r}",
                file=project.file,
                cure="give each version a different package",
            )
    return packages


def _checked_package(package: str | None, version: str, name: str, project: "Project") -> str:
    """Returns the name of a package after checking it; raises an error if it is missing or not allowed."""
    from ocppkit.codegen import CodegenError

    if package is None:
        cure = f"add --package acme.{name.replace('v', 'ocpp')}"
        if project.file:
            cure += f", or `package` under [tool.ocppkit.versions.{version!r}] in {project.file}"
        raise CodegenError(f"the package for OCPP {version} has no name", cure=cure)
    for part in package.split("."):
        if not part.isidentifier() or keyword.iskeyword(part):
            raise CodegenError(
                f"{package!r} is not a valid name of a Python package",
                cure="write identifiers separated by dots, such as acme.ocpp201",
            )
    if package.partition(".")[0] == "ocppkit" and not in_checkout():
        raise CodegenError(
            f"the package {package!r} would hide the installed ocppkit",
            cure="choose a name outside ocppkit, such as acme.ocpp201",
        )
    return package


def _report_drift(
    jobs: Sequence["LoadedJob"], trees: Sequence["PackageTree"], context: typer.Context
) -> None:
    """Prints the differences between the packages on the disk and these; exits with 1 if there are any."""
    from ocppkit.codegen import compare, drift_notes, render_drift

    drifts = [compare(tree) for tree in trees]
    for each, tree, drift in zip(jobs, trees, drifts, strict=True):
        if drift:
            typer.echo(render_drift(tree, drift))
        else:
            typer.echo(
                f"OCPP {each.job.version}: {len(tree.files)} files in {tree.folder} are up to date"
            )
            for note in drift_notes(tree, drift):
                typer.echo(f"  {note}")
    if any(drifts):
        arguments = [
            each for each in context.ensure_object(Invocation).arguments if each != "--check"
        ]
        typer.echo(f"\nTo update the files, run:\n  {shlex.join(['ocppkit', *arguments])}")
        if any(drift.foreign for drift in drifts):
            typer.echo("But first move the files that are marked as foreign to another folder.")
        raise typer.Exit(1)


def _summarise(job: "LoadedJob", tree: "PackageTree") -> str:
    """Returns a line about the files that writing a package will change."""
    from ocppkit.codegen import compare

    drift = compare(tree)
    counts = {"changed": drift.changed, "new": drift.missing, "removed": drift.orphaned}
    changes = ", ".join(f"{len(paths)} {word}" for word, paths in counts.items() if paths)
    files = f"OCPP {job.job.version}: {len(tree.files)} files in {tree.folder}"
    return f"{files} ({changes or 'nothing changed'})"
