"""`ocppkit diff`: what a new edition changes, and for whom it breaks."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._inputs import ErrataOption, Inputs, SchemasOption, known_versions_of, split_words
from ._terminal import list_examples, write_output

if TYPE_CHECKING:
    from ocppkit.codegen import Diff, Project, SchemaSet

__all__ = ["EXAMPLES", "diff"]


class DiffFormat(StrEnum):
    """How to write a comparison."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class Side(StrEnum):
    """The side that stays on the old edition."""

    STATION = "station"
    CSMS = "csms"


class Severity(StrEnum):
    """How bad a change is at least."""

    SAFE = "safe"
    RISKY = "risky"
    BREAKING = "breaking"


class Effective(StrEnum):
    """The sides that are read as `generate` reads them."""

    OLD = "old"
    NEW = "new"
    BOTH = "both"


class FailOn(StrEnum):
    """From which verdict on the command fails."""

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
    new: Annotated[str, typer.Argument(help="The same, to compare it with.")],
    format_: Annotated[
        DiffFormat, typer.Option("--format", help="How to write it.")
    ] = DiffFormat.TEXT,
    output: Annotated[
        Path | None, typer.Option(help="File to write to.", show_default="stdout")
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit with 1 if a change is that bad.")
    ] = FailOn.NEVER,
    version: Annotated[
        str | None,
        typer.Option(
            help="OCPP version of folders and ZIPs; it tells which way messages travel.",
            show_default="any",
        ),
    ] = None,
    facts: Annotated[
        list[Path] | None,
        typer.Option(help="TOML file of facts of your own; they tell who sends an action."),
    ] = None,
    effective: Annotated[
        Effective | None,
        typer.Option(
            help="The sides that errata, schemas and facts of yours are laid over, as `generate` does.",
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
        Severity, typer.Option(help="Only changes that are that bad at least.")
    ] = Severity.SAFE,
    stays: Annotated[
        Side | None,
        typer.Option(
            help="The side that stays on the old edition; changes are judged for it alone.",
            show_default="either, in turn",
        ),
    ] = None,
    accepted: Annotated[
        list[Path] | None,
        typer.Option(
            help="TOML file of changes that were reviewed; they do not count for --fail-on."
        ),
    ] = None,
    edition: Annotated[
        str | None,
        typer.Option(
            help="What the new edition is called in the files of --accepted.",
            show_default="as its lock.toml says, else its name",
        ),
    ] = None,
) -> None:
    """Compares two sets of schemas and judges each change.

    A change is judged twice: for a peer of the old edition that sends, and for one that receives,
    while its counterpart was updated. The advice says which part of a package's version to raise.
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
    known = known_versions_of(project, facts, version)  # refuses a version that no facts describe
    if effective is None and (errata or schemas):
        effective = Effective.BOTH
    versions = [name if name in known else version for name in (old, new)]
    files = facts or [path for each in versions if each for path in project.version(each).facts]
    inputs = Inputs(errata=errata, schemas=schemas, facts=files)
    # A folder of several versions is compared by the one that the other side names.
    beside = next((name for name in (old, new) if name in VERSIONS), None)
    sets = [
        _side(name, version, beside, inputs, project, effective in (side, Effective.BOTH))
        for name, side in ((old, Effective.OLD), (new, Effective.NEW))
    ]
    result = compare_schemas(sets[0], sets[1], senders_of(*versions, facts_files=files))
    selection = Selection(split_words(action), split_words(kind), ChangeVerdict(severity), stays)
    result = select(result, selection)
    if accepted:
        entries = load_accepted(*accepted)
        result = accept(result, entries, edition or edition_of(new, version))
    write_output(REPORTS[format_](result), output)
    if _fails(result, fail_on):
        raise typer.Exit(1)


def _side(
    name: str,
    version: str | None,
    beside: str | None,
    inputs: Inputs,
    project: "Project",
    effective: bool,
) -> "SchemaSet":
    """Opens a side of the comparison.

    Args:
        name: what the user wrote.
        version: the OCPP version of folders and ZIPs, if the user said it.
        beside: the shipped version that one of the sides is.
        inputs: what lies over a side that is read as `generate` does.
        project: what the project file says.
        effective: whether the side is read so.

    Raises:
        CodegenError: it is refused, or nobody says of which version it is.
    """
    from ocppkit.codegen import (
        VERSIONS,
        CodegenError,
        effective_set,
        facts_files_of,
        known_versions,
        open_set,
    )

    named = name in known_versions(*inputs.facts or ())
    # A version of the user's own has no schemas but those that are laid over others.
    if not effective and not (named and name not in VERSIONS):
        return open_set(name, version, beside)
    its = name if named else version or beside
    if its is None:
        raise CodegenError(
            "errata and schemas of yours belong to an OCPP version, and nobody says which this is",
            file=name,
            cure="name it with --version",
        )
    own = replace(inputs, facts=facts_files_of(its, inputs.facts or ()))
    return effective_set(name, own.job(project, its, name))


def _fails(result: "Diff", fail_on: FailOn) -> bool:
    from ocppkit.codegen import ChangeVerdict

    match fail_on, result.worst:
        case (FailOn.NEVER, _) | (_, None):
            return False
        case FailOn.ANY, _:
            return True
        case _, worst:
            return worst.rank >= ChangeVerdict(fail_on).rank
