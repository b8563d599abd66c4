"""Collects what `ocppkit explain` shows about datatypes, enums, their values, members and error codes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._explanation import ExplainedEnum, ObjectType, explain_type

if TYPE_CHECKING:
    from ocppkit.codegen import Api, Datatype, EnumType, Field

__all__ = ["ExplainedType", "ExplainedWord", "explained_types", "explained_words", "known_words"]


@dataclass(frozen=True)
class ExplainedType:
    """A datatype or an enum in one version."""

    version: str
    type: ObjectType | ExplainedEnum
    used_by: tuple[str, ...]
    """Messages that contain it."""


@dataclass(frozen=True)
class ExplainedWord:
    """A member, a value of an enum or an error code in one version."""

    version: str
    name: str
    """The name in JSON."""

    kind: str
    """`member`, `value` or `error code`."""

    type: str
    """The type and bounds of a member; the enum of a value; empty for an error code."""

    python: str
    owners: tuple[str, ...]
    """The types that have the member, the messages that contain the enum, or what the error code answers."""

    meaning: str | None
    elsewhere: tuple[str, ...] = ()
    """What takes its place in other versions."""


def explained_types(api: "Api", wanted: str) -> Iterator[ExplainedType]:
    """Yields the datatypes and enums with a name; upper and lower case, and endings as `EnumType`, may differ."""
    from ocppkit.codegen import without_family_ending

    word = wanted.lower()
    types: tuple[Datatype | EnumType, ...] = (*api.datatypes, *api.enums)
    for each in types:
        if word in (each.name.lower(), without_family_ending(each.name).lower()):
            yield ExplainedType(api.protocol.version, explain_type(each), each.used_by)


def explained_words(api: "Api", wanted: str) -> list[ExplainedWord]:
    """Returns the members, values of enums and error codes with a name, in exactly this spelling if there are such."""
    found = [*_members(api, wanted), *_enum_values(api, wanted), *_error_codes(api, wanted)]
    exact = [each for each in found if each.name == wanted]
    return exact or found


def known_words(api: "Api") -> Iterator[str]:
    """Yields all names that `explained_types` and `explained_words` can find, in the spelling of OCPP."""
    yield from api.protocol.error_codes.values()
    for enum in api.enums:
        yield enum.name
        yield from (member.value for member in enum.members)
    for owner, fields in api.fields_of().items():
        yield owner
        yield from (field.wire for field in fields)


def _members(api: "Api", wanted: str) -> Iterator[ExplainedWord]:
    """Yields the members with a name, one for each type that they have."""
    groups: dict[tuple[str, str], list[tuple[str, Field]]] = {}
    for owner, fields in api.fields_of().items():
        for field in fields:
            if field.wire.lower() == wanted.lower():
                groups.setdefault((field.wire, _type_text(field)), []).append((owner, field))
    limits = {member: limit for limit, member in api.protocol.compared_limits.items()}
    for (name, type_), uses in groups.items():
        docs = [str(field.doc) for _, field in uses if field.doc is not None]
        owners = tuple(owner for owner, _ in uses)
        yield ExplainedWord(
            version=api.protocol.version,
            name=name,
            kind="member",
            type=type_,
            python=uses[0][1].name,
            owners=owners,
            meaning=docs[0] if docs else None,
            elsewhere=tuple(_elsewhere(api, limits, (f"{owner}.{name}" for owner in owners))),
        )


def _type_text(field: "Field") -> str:
    from ocppkit.codegen import bounds_of, type_in_words

    return ", ".join((type_in_words(field.type), *bounds_of(field.type)))


def _elsewhere(api: "Api", limits: dict[str, str], members: Iterable[str]) -> Iterator[str]:
    """Yields the members of other versions that hold the same as one of these."""
    from ocppkit.codegen import VERSIONS, load_facts

    compared = {limits[member] for member in members if member in limits}
    for version in VERSIONS if compared else ():
        others = load_facts(version).protocol.compared_limits
        for limit in sorted(compared & others.keys()):
            if version != api.protocol.version:
                yield f"OCPP {version}: {others[limit]}"


def _enum_values(api: "Api", wanted: str) -> Iterator[ExplainedWord]:
    for enum in api.enums:
        for member in enum.members:
            if member.value.lower() == wanted.lower():
                yield ExplainedWord(
                    version=api.protocol.version,
                    name=member.value,
                    kind="value",
                    type=enum.name,
                    python=f"{enum.name}.{member.name}",
                    owners=enum.used_by,
                    meaning=None if member.doc is None else str(member.doc),
                )


def _error_codes(api: "Api", wanted: str) -> Iterator[ExplainedWord]:
    """Yields the error code with a name: that of the version, or the one that OCPP 2.x has for it."""
    from ocppkit.codegen import VERSIONS
    from ocppkit.core import ErrorCode

    from ._answers import ShippedEngine

    version = api.protocol.version
    for code, spelling in api.protocol.error_codes.items():
        if wanted.lower() not in (code.lower(), spelling.lower()):
            continue
        reactions = ShippedEngine().reactions(version) if version in VERSIONS else ()
        yield ExplainedWord(
            version=version,
            name=spelling,
            kind="error code",
            type="",
            python=f"core.ErrorCode.{ErrorCode(code).name}",
            owners=tuple(
                each.failure.replace("_", " ") for each in reactions if each.call == spelling
            ),
            meaning=None,
        )
