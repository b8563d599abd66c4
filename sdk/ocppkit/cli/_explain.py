"""The command `ocppkit explain`: shows a message or a standard variable as a table."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._explain_view import show_explanation, show_standard_names
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
    """Output formats of an explanation."""

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
            show_default="all that have the name",
        ),
    ] = None,
    format_: Annotated[
        ExplainFormat, typer.Option("--format", help="Output format.")
    ] = ExplainFormat.TEXT,
    errata: ErrataOption = None,
    base: BaseOption = None,
    schemas: SchemasOption = None,
    facts: FactsOption = None,
    prose: ProseOption = None,
) -> None:
    """Shows who sends a message, its purpose, and its members with their types and bounds.

    For a variable or configuration key, shows its type, its unit and whether the CSMS may write it.
    """
    from ocppkit.codegen import CodegenError, find_project

    project = find_project(Path())
    inputs = Inputs(base, schemas, errata, facts, prose)
    known = known_versions_of(project, facts, version)
    if version is None and inputs.need_one_version():
        raise CodegenError(
            "--base, --schemas and --facts can only be used with a single OCPP version",
            cure=f"choose one with --version: {', '.join(known)}",
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
            show_explanation(each)
    show_standard_names([each for each in explanations if isinstance(each, StandardName)])


def _explain(wanted: str, jobs: Sequence["Job"]) -> Sequence[Explanation | StandardName]:
    """Explains an action, or else a standard name, in each version that has it.

    Raises:
        CodegenError: no version has the name; the cure suggests similar names.
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
        raise _unknown_name_error(wanted, known, standard, [job.version for job in jobs])
    return found


def _names(api: "Api") -> Mapping[str, str]:
    """Returns the action for each name of an action or message, in lower case."""
    names = {message.name: each.name for each in api.actions for message in each.messages}
    names |= {each.name: each.name for each in api.actions}
    return {name.lower(): action for name, action in names.items()}


def _unknown_name_error(
    wanted: str, actions: Iterable[str], standard: Iterable[str], versions: Sequence[str]
) -> Exception:
    from ocppkit.codegen import CodegenError, did_you_mean

    cure = "write an action or a variable as OCPP does, such as BootNotification"
    cure = did_you_mean(wanted, actions, cure, most=3, cutoff=0.5)
    # There are a thousand standard names. One is likelier than an action only if it is very similar.
    cure = did_you_mean(wanted, standard, cure, most=3, cutoff=0.8)
    return CodegenError(
        f"OCPP {' / '.join(versions)} has no action or variable {wanted!r}",
        cure=_other_versions_hint(wanted, versions) or cure,
    )


def _other_versions_hint(wanted: str, versions: Sequence[str]) -> str:
    """Returns a hint which other version has the action, and what replaces it; empty if no version has it."""
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
    return f"OCPP {', '.join(others)} has this action" + (
        f"; here, {' and '.join(successors)} replaces it" if successors else ""
    )
