"""`ocppkit explain`: a message, or a standard name, as a table for whoever would otherwise search a PDF."""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._explain_view import show, show_names
from ._explained_names import StandardName, known_names, standard_names
from ._explanation import Explanation, explain_action
from ._inputs import (
    BaseOption,
    ErrataOption,
    FactsOption,
    Inputs,
    ProseOption,
    SchemasOption,
    known_versions_of,
)
from ._terminal import list_examples

if TYPE_CHECKING:
    from ocppkit.codegen import Api, Job

__all__ = ["EXAMPLES", "explain"]


class ExplainFormat(StrEnum):
    """How to write an explanation."""

    TEXT = "text"
    JSON = "json"


EXAMPLES = list_examples(
    "ocppkit explain BootNotification",
    "ocppkit explain SetChargingProfile --version 2.1",
    "ocppkit explain Reset --version 1.6 --format json",
    "ocppkit explain HeartbeatInterval",
)


def explain(
    action: Annotated[
        str,
        typer.Argument(
            help="An action or message, such as Reset or ResetRequest; or a variable, component, "
            "configuration key, security event, reason code or unit."
        ),
    ],
    version: Annotated[
        str | None,
        typer.Option(
            help="OCPP version: 1.6, 2.0.1, 2.1 or one that --facts describes.",
            show_default="all that have it",
        ),
    ] = None,
    format_: Annotated[
        ExplainFormat, typer.Option("--format", help="How to write it.")
    ] = ExplainFormat.TEXT,
    errata: ErrataOption = None,
    base: BaseOption = None,
    schemas: SchemasOption = None,
    facts: FactsOption = None,
    prose: ProseOption = None,
) -> None:
    """Shows a message: who sends it, what it is for, its members with their types and bounds.

    Of a variable or configuration key it shows type, unit and who may write it.
    """
    from ocppkit.codegen import CodegenError, find_project

    project = find_project(Path())
    inputs = Inputs(base, schemas, errata, facts, prose)
    known = known_versions_of(project, facts, version)
    if version is None and inputs.belong_to_one_version():
        raise CodegenError(
            "--base, --schemas and --facts can only be used with a single OCPP version",
            cure=f"name one with --version: {', '.join(known)}",
        )
    jobs = [
        inputs.job(project, each, f"ocppkit.{known[each]}")
        for each in ([version] if version else known)
    ]
    explanations = _explain(action, jobs)
    if format_ is ExplainFormat.JSON:
        typer.echo(json.dumps([asdict(each) for each in explanations], indent=2))
        return
    for each in explanations:
        if isinstance(each, Explanation):
            show(each)
    show_names([each for each in explanations if isinstance(each, StandardName)])


def _explain(wanted: str, jobs: Sequence["Job"]) -> Sequence[Explanation | StandardName]:
    """Explains the action, or else the standard name, in each version that has it.

    Raises:
        CodegenError: none has it; the cure names those that are spelled alike.
    """
    from ocppkit.codegen import load_api

    found: list[Explanation] = []
    others: list[StandardName] = []
    known: set[str] = set()
    standard: set[str] = set()
    for job in jobs:
        api = load_api(job)
        names = _names(api)
        known |= {action.name for action in api.actions}
        standard.update(known_names(api))
        others += standard_names(api, wanted)
        if wanted.lower() in names:
            name = names[wanted.lower()]
            found += [explain_action(api, each) for each in api.actions if each.name == name]
    if not found and others:
        return others
    if not found:
        raise _unknown(wanted, known, standard, [job.version for job in jobs])
    return found


def _names(api: "Api") -> Mapping[str, str]:
    """Returns the actions by what a reader may call them, in lower case: action or message."""
    names = {message.name: each.name for each in api.actions for message in each.messages}
    names |= {each.name: each.name for each in api.actions}
    return {name.lower(): action for name, action in names.items()}


def _unknown(
    wanted: str, actions: Iterable[str], standard: Iterable[str], versions: Sequence[str]
) -> Exception:
    from ocppkit.codegen import CodegenError

    # There are a thousand standard names: only a small slip makes one likelier than an action.
    alike = _alike(wanted, standard, 0.8) or _alike(wanted, actions, 0.5)
    cure = _elsewhere(wanted, versions)
    if not cure and alike:
        cure = f"did you mean {' or '.join(alike)}?"
    return CodegenError(
        f"OCPP {' / '.join(versions)} has no action {wanted!r}",
        cure=cure
        or "name an action or a variable as it stands on the wire, such as BootNotification",
    )


def _alike(wanted: str, known: Iterable[str], cutoff: float) -> list[str]:
    names = {name.lower(): name for name in sorted(known)}
    found = difflib.get_close_matches(wanted.lower(), names, n=3, cutoff=cutoff)
    return [names[name] for name in found]


def _elsewhere(wanted: str, versions: Sequence[str]) -> str:
    """Says which other version has the action, and what does its work in these; empty if none has it."""
    from ocppkit.codegen import VERSIONS, load_facts

    others = [each for each in VERSIONS if wanted in load_facts(each).actions]
    if not others:
        return ""
    successors = [
        name
        for version in versions
        for name, action in load_facts(version).actions.items()
        if wanted in action.v16_equivalent
    ]
    return f"OCPP {', '.join(others)} has it" + (
        f"; {' and '.join(successors)} does its work here" if successors else ""
    )
