"""`ocppkit diff`: what a new edition changes, and for whom it breaks."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._inputs import describe_version
from ._terminal import list_examples, write_output

if TYPE_CHECKING:
    from ocppkit.codegen import Diff

__all__ = ["EXAMPLES", "diff"]


class Format(StrEnum):
    """How to write a comparison."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class FailOn(StrEnum):
    """From which verdict on the command fails."""

    BREAKING = "breaking"
    RISKY = "risky"
    ANY = "any"
    NEVER = "never"


EXAMPLES = list_examples(
    "ocppkit diff 2.0.1 2.1",
    "ocppkit diff 2.1 OCPP-2.1_edition2.zip --format markdown --output changes.md",
    "ocppkit diff schemas/v201 vendor/schemas --fail-on breaking",
)


def diff(
    old: Annotated[
        str, typer.Argument(help="A shipped version such as 2.0.1, a folder or ZIP of schemas.")
    ],
    new: Annotated[str, typer.Argument(help="The same, to compare it with.")],
    format_: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TEXT,
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
        typer.Option(help="TOML file of facts about a version of your own; it tells the senders."),
    ] = None,
) -> None:
    """Compares two sets of schemas and judges each change.

    A change is judged twice: for a peer of the old edition that sends, and for one that receives,
    while its counterpart was updated. The advice says which part of a package's version to raise.
    """
    from ocppkit.codegen import (
        REPORTS,
        VERSIONS,
        compare_schemas,
        find_project,
        known_versions,
        open_set,
        senders_of,
    )

    project = find_project(Path())
    known = known_versions(*(facts or project.facts))
    files = facts or (project.version(version).facts if version else ())
    if version is not None and version not in known:
        raise describe_version(version, list(known))
    versions = [name if name in VERSIONS else version for name in (old, new)]
    sets = [open_set(name, version) for name in (old, new)]
    result = compare_schemas(sets[0], sets[1], senders_of(*versions, facts_files=files))
    write_output(REPORTS[format_](result), output)
    if _fails(result, fail_on):
        raise typer.Exit(1)


def _fails(result: "Diff", fail_on: FailOn) -> bool:
    from ocppkit.codegen import Verdict

    match fail_on, result.worst:
        case (FailOn.NEVER, _) | (_, None):
            return False
        case FailOn.ANY, _:
            return True
        case _, worst:
            return worst.rank >= Verdict(fail_on).rank
