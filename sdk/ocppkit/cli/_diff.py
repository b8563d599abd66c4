"""The command `ocppkit diff`: compares two sets of schemas, and judges which changes break old software."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._inputs import ErrataOption, Inputs, SchemasOption, known_versions_of
from ._option_values import split_words
from ._terminal import list_examples, write_output

if TYPE_CHECKING:
    from ocppkit.codegen import Diff, Project, SchemaSet

__all__ = ["EXAMPLES", "diff"]


class DiffFormat(StrEnum):
    """Output formats of a comparison."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class Side(StrEnum):
    """The side that keeps the old edition."""

    STATION = "station"
    CSMS = "csms"


class Severity(StrEnum):
    """The least verdict of the changes to show."""

    SAFE = "safe"
    RISKY = "risky"
    BREAKING = "breaking"


class EffectiveSides(StrEnum):
    """The sides of the comparison to which errata and the user's schemas are applied."""

    OLD = "old"
    NEW = "new"
    BOTH = "both"


class FailOn(StrEnum):
    """The least verdict with which the command exits with 1."""

    BREAKING = "breaking"
    RISKY = "risky"
    ANY = "any"
    NEVER = "never"


EXAMPLES = list_examples(
    "ocppkit diff 2.0.1 2.1",
    "ocppkit diff 2.1 OCPP-2.1_edition2.zip --format markdown --output changes.md",
    "ocppkit diff schemas/v201 vendor/schemas --fail-on breaking --accepted reviewed.toml",
    "ocppkit diff 2.0.1 2.1 --stays station --severity breaking",
    "ocppkit diff 2.0.1 2.0.1 --errata limits.toml --effective new",
)


def diff(
    old: Annotated[
        str, typer.Argument(help="A shipped version such as 2.0.1, a folder or ZIP of schemas.")
    ],
    new: Annotated[
        str, typer.Argument(help="The schemas to compare with: a version, folder or ZIP.")
    ],
    format_: Annotated[
        DiffFormat, typer.Option("--format", help="Output format.")
    ] = DiffFormat.TEXT,
    output: Annotated[
        Path | None, typer.Option(help="File to write to.", show_default="stdout")
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit with 1 if a change has this verdict or a worse one.")
    ] = FailOn.NEVER,
    version: Annotated[
        str | None,
        typer.Option(
            help="OCPP version of folders and ZIPs, to know who sends each message.",
            show_default="any",
        ),
    ] = None,
    facts: Annotated[
        list[Path] | None,
        typer.Option(help="TOML file of your own facts, which say who sends each action."),
    ] = None,
    effective: Annotated[
        EffectiveSides | None,
        typer.Option(
            help="The sides to which your errata, schemas and facts are applied, as `generate` does.",
            show_default="both if --errata or --schemas is given, else none",
        ),
    ] = None,
    errata: ErrataOption = None,
    schemas: SchemasOption = None,
    action: Annotated[
        list[str] | None,
        typer.Option(
            help="Only changes of these actions, separated by commas.", show_default="all"
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="Only changes of these kinds, such as bound-tightened, separated by commas.",
            show_default="all",
        ),
    ] = None,
    severity: Annotated[
        Severity, typer.Option(help="Only changes with this verdict or a worse one.")
    ] = Severity.SAFE,
    stays: Annotated[
        Side | None,
        typer.Option(
            help="The side that keeps the old edition; changes are judged only for this side.",
            show_default="either side",
        ),
    ] = None,
    accepted: Annotated[
        list[Path] | None,
        typer.Option(help="TOML file of accepted changes; they do not count for --fail-on."),
    ] = None,
    edition: Annotated[
        str | None,
        typer.Option(
            help="Name of the new edition in the files of --accepted.",
            show_default="the one in its lock.toml, else its name",
        ),
    ] = None,
) -> None:
    """Compares two sets of schemas, and judges for each change whether it breaks old software.

    Each change gets two verdicts: one for a sender that still uses the old schemas, one for such a
    receiver. The advice says which part of a generated package's version to raise.
    """
    from ocppkit.codegen import (
        REPORTS,
        VERSIONS,
        ChangeVerdict,
        Selection,
        accept,
        compare_schemas,
        edition_of,
        find_project,
        load_accepted,
        select,
        senders_of,
    )

    project = find_project(Path())
    known = known_versions_of(project, facts, version)  # raises an error for an unknown version
    if effective is None and (errata or schemas):
        effective = EffectiveSides.BOTH
    versions = [name if name in known else version for name in (old, new)]
    files = facts or [path for each in versions if each for path in project.version(each).facts]
    inputs = Inputs(errata=errata, schemas=schemas, facts=files)
    # Of a folder with several versions, the version of the other side is compared.
    beside = next((name for name in (old, new) if name in VERSIONS), None)
    sets = [
        _load_side(name, version, beside, inputs, project, effective in (side, EffectiveSides.BOTH))
        for name, side in ((old, EffectiveSides.OLD), (new, EffectiveSides.NEW))
    ]
    result = compare_schemas(sets[0], sets[1], senders_of(*versions, facts_files=files))
    selection = Selection(split_words(action), split_words(kind), ChangeVerdict(severity), stays)
    result = select(result, selection)
    if accepted:
        entries = load_accepted(*accepted)
        result = accept(result, entries, edition or edition_of(new, version))
    write_output(REPORTS[format_](result), output)
    if _exceeds_limit(result, fail_on):
        raise typer.Exit(1)


def _load_side(
    name: str,
    version: str | None,
    beside: str | None,
    inputs: Inputs,
    project: "Project",
    effective: bool,
) -> "SchemaSet":
    """Loads the schemas of one side of the comparison.

    Args:
        name: the version, folder or ZIP that the user named.
        version: the OCPP version of folders and ZIPs, if the user named it.
        beside: the shipped version on the other side, if there is one.
        inputs: the user's errata, schemas and facts.
        project: the project file.
        effective: whether errata, schemas and facts of the user are applied to this side.

    Raises:
        CodegenError: the schemas are invalid, or their OCPP version is unknown but needed.
    """
    from ocppkit.codegen import (
        VERSIONS,
        CodegenError,
        facts_files_of,
        known_versions,
        load_effective_set,
        open_set,
    )

    named = name in known_versions(*inputs.facts or ())
    # A version that the user's facts describe consists of the user's schemas and those that it extends.
    if not effective and not (named and name not in VERSIONS):
        return open_set(name, version, beside)
    its = name if named else version or beside
    if its is None:
        raise CodegenError(
            "--errata and --schemas need to know the OCPP version of this folder",
            file=name,
            cure="name the version with --version",
        )
    own = replace(inputs, facts=facts_files_of(its, inputs.facts or ()))
    return load_effective_set(name, own.job(project, its, name))


def _exceeds_limit(result: "Diff", fail_on: FailOn) -> bool:
    from ocppkit.codegen import ChangeVerdict

    match fail_on, result.worst:
        case (FailOn.NEVER, _) | (_, None):
            return False
        case FailOn.ANY, _:
            return True
        case _, worst:
            return worst.rank >= ChangeVerdict(fail_on).rank
