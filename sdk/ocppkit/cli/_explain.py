"""The command `ocppkit explain`: shows what a name of OCPP stands for."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from ._explain_view import show_explanation, show_standard_names, show_type, show_words
from ._explained_examples import Example, compact, examples_of
from ._explained_names import StandardName, known_names, standard_names
from ._explained_words import (
    ExplainedType,
    ExplainedWord,
    explained_types,
    explained_words,
    known_words,
)
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

Explained: TypeAlias = Explanation | ExplainedType | StandardName | ExplainedWord


class ExplainFormat(StrEnum):
    """Output formats of an explanation."""

    TEXT = "text"
    JSON = "json"


EXAMPLES = list_examples(
    "ocppkit explain BootNotification",
    "ocppkit explain SetChargingProfile --version 2.1",
    "ocppkit explain Reset --version 1.6 --format json",
    "ocppkit explain HeartbeatInterval",
    "ocppkit explain idTag",
    "ocppkit explain Reset --version 2.0.1 --example",
)


def explain(
    action: Annotated[
        str,
        typer.Argument(
            help="An action or message, such as Reset or ResetRequest; or a variable, component, "
            "configuration key, security event, reason code, unit, datatype, enum, value, member "
            "or error code."
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
    example: Annotated[
        bool, typer.Option("--example", help="Show frames to copy, or an object for a datatype.")
    ] = False,
    errata: ErrataOption = None,
    base: BaseOption = None,
    schemas: SchemasOption = None,
    facts: FactsOption = None,
    prose: ProseOption = None,
) -> None:
    """Shows who sends a message, its purpose, and its members with their types and bounds.

    For a variable or configuration key, shows its type, its unit and whether the CSMS may write it. For a datatype,
    an enum, a value, a member or an error code, shows what it is and where OCPP uses it.
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
    if example:
        _show_examples(examples_of(action, jobs), format_)
        return
    found = _explain(action, jobs)
    if format_ is ExplainFormat.JSON:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2))
        return
    for each in found:
        if isinstance(each, Explanation):
            show_explanation(each)
        elif isinstance(each, ExplainedType):
            show_type(each)
    show_standard_names([each for each in found if isinstance(each, StandardName)])
    show_words([each for each in found if isinstance(each, ExplainedWord)])


def _show_examples(examples: Sequence[Example], format_: ExplainFormat) -> None:
    if format_ is ExplainFormat.JSON:
        typer.echo(json.dumps([asdict(each) for each in examples], indent=2))
        return
    for each in examples:
        typer.echo(f"{each.title} (OCPP {each.version})\n{compact(each.content)}\n")


def _explain(wanted: str, jobs: Sequence["Job"]) -> Sequence[Explained]:
    """Explains an action, or else everything else with this name, in each version that has it.

    Raises:
        CodegenError: no version has the name; the cure suggests similar names.
    """
    from ocppkit.codegen import load_api

    apis = [load_api(job) for job in jobs]
    found: list[Explained] = []
    for api in apis:
        name = _names(api).get(wanted.lower())
        found += [explain_action(api, each) for each in api.actions if each.name == name]
    if found:
        return found
    for api in apis:
        found += explained_types(api, wanted)
    standard = [each for api in apis for each in standard_names(api, wanted)]
    words = [each for api in apis for each in explained_words(api, wanted)]
    if found or standard:
        # Only what is spelled in this very way is as likely to be meant.
        words = [each for each in words if each.name == wanted]
    found += standard
    found += words
    if not found:
        raise _unknown_name_error(wanted, apis)
    return found


def _names(api: "Api") -> Mapping[str, str]:
    """Returns the action for each name of an action or message, in lower case."""
    names = {message.name: each.name for each in api.actions for message in each.messages}
    names |= {each.name: each.name for each in api.actions}
    return {name.lower(): action for name, action in names.items()}


def _unknown_name_error(wanted: str, apis: Sequence["Api"]) -> Exception:
    from ocppkit.codegen import VERSIONS, CodegenError, did_you_mean

    versions = [api.protocol.version for api in apis]
    actions = {action.name for api in apis for action in api.actions}
    others = {name for api in apis for name in (*known_names(api), *known_words(api))}
    cure = "write a name as OCPP does, such as BootNotification or idTag"
    cure = did_you_mean(wanted, others, cure, most=3, cutoff=0.6)
    # `CurrentMax` is more like `Current.Import` than like `currentTime`.
    first = re.match(r"[A-Z]?[a-z]+|", wanted)
    alike = [name for name in others if first and first[0] and name.startswith(first[0])]
    cure = did_you_mean(wanted, alike, cure, most=3, cutoff=0.6)
    cure = did_you_mean(wanted, actions, cure, most=3, cutoff=0.6)
    # There are thousands of other names. One is likelier than an action only if it is very similar.
    cure = did_you_mean(wanted, others | actions, cure, most=3, cutoff=0.8)
    if set(versions) >= set(VERSIONS):
        return CodegenError(
            f"{wanted!r} is not in any version of OCPP",
            cure=f"{cure}\n  As the value of an enum, it would be kept by lenient mode.",
        )
    return CodegenError(
        f"OCPP {' / '.join(versions)} has nothing called {wanted!r}",
        cure=_other_versions_hint(wanted, versions) or cure,
    )


def _other_versions_hint(wanted: str, versions: Sequence[str]) -> str:
    """Returns a hint which other version has the name, and what replaces an action; empty if no version has it."""
    from ocppkit.codegen import VERSIONS, Job, load_api, load_facts

    others: list[str] = []
    for version in VERSIONS:
        if version not in versions:
            api = load_api(Job(version=version, package=VERSIONS[version]))
            if wanted in {*known_words(api), *known_names(api), *_names(api).values()}:
                others.append(version)
    if not others:
        return ""
    successors = [
        name
        for version in versions
        if version in VERSIONS
        for name, action in load_facts(version).actions.items()
        if wanted in action.v16_equivalent
    ]
    return f"OCPP {', '.join(others)} has it" + (
        f"; here, {' and '.join(successors)} replaces it" if successors else ""
    )
