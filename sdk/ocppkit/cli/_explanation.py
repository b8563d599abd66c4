"""Collects what `ocppkit explain` shows about an action: its facts, its members and their types."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocppkit.codegen import Api, ApiAction, ApiMessage, Datatype, Doc, EnumType, Field

__all__ = [
    "ExplainedEnum",
    "ExplainedMember",
    "ExplainedValue",
    "Explanation",
    "ObjectType",
    "explain_action",
    "explain_type",
]


@dataclass(frozen=True)
class ExplainedMember:
    """A member of an object, with its JSON name and its Python name."""

    wire: str
    python: str
    type: str
    required: bool
    bounds: tuple[str, ...]
    default: str | int | float | bool | None
    meaning: str | None


@dataclass(frozen=True)
class ObjectType:
    """A message, or a datatype inside it."""

    name: str
    about: str | None
    members: tuple[ExplainedMember, ...]
    closed: bool


@dataclass(frozen=True)
class ExplainedValue:
    """A value of an enum, with its JSON text and its Python name."""

    wire: str
    python: str
    meaning: str | None


@dataclass(frozen=True)
class ExplainedEnum:
    """An enum with its values."""

    name: str
    about: str | None
    values: tuple[ExplainedValue, ...]
    default: str | None


@dataclass(frozen=True)
class Explanation:
    """The explanation of an action in one version."""

    action: str
    version: str
    purpose: str
    sender: str
    receiver: str
    both_ways: bool
    answered: bool
    block: str
    use_cases: tuple[str, ...]
    citation: str
    transaction_related: bool
    offline: str
    followed_by: tuple[str, ...]
    triggers: tuple[str, ...]
    v16_equivalent: tuple[str, ...]
    request: ObjectType
    response: ObjectType | None
    types: tuple[ObjectType | ExplainedEnum, ...]
    """The types inside the messages: first those of members of the messages, then those below."""


def explain_action(api: "Api", action: "ApiAction") -> Explanation:
    """Returns the explanation of an action."""
    facts, roles = action.facts, api.protocol.roles
    from_csms = facts.direction == "csms"
    messages = [each for each in (action.request, action.response) if each is not None]
    return Explanation(
        action=action.name,
        version=api.protocol.version,
        purpose=facts.purpose,
        sender=roles.csms if from_csms else roles.station,
        receiver=roles.station if from_csms else roles.csms,
        both_ways=facts.direction == "both",
        answered=action.response is not None,
        block=_block_name(facts.block, api.protocol.blocks[facts.block]),
        use_cases=facts.use_cases,
        citation=facts.citation,
        transaction_related=facts.transaction_related,
        offline=facts.offline,
        followed_by=facts.followed_by,
        triggers=facts.triggers or facts.extended_triggers,
        v16_equivalent=facts.v16_equivalent,
        request=_explained_object(action.request),
        response=None if action.response is None else _explained_object(action.response),
        types=tuple(map(explain_type, api.types_inside(*messages))),
    )


def explain_type(type_: "Datatype | EnumType") -> ObjectType | ExplainedEnum:
    """Returns the explanation of a datatype or an enum."""
    from ocppkit.codegen import EnumType

    if isinstance(type_, EnumType):
        return _explained_enum(type_)
    return _explained_object(type_, type_.closed)


def _block_name(short: str, long: str) -> str:
    return long if short == long else f"{short} {long}"


def _explained_object(type_: "ApiMessage | Datatype", closed: bool = True) -> ObjectType:
    return ObjectType(type_.name, _doc_text(type_.doc), _explained_members(type_.fields), closed)


def _explained_enum(enum: "EnumType") -> ExplainedEnum:
    values = tuple(
        ExplainedValue(each.value, each.name, _doc_text(each.doc)) for each in enum.members
    )
    return ExplainedEnum(enum.name, _doc_text(enum.doc), values, enum.default)


def _explained_members(fields: Sequence["Field"]) -> tuple[ExplainedMember, ...]:
    from ocppkit.codegen import bounds_of, type_in_words

    return tuple(
        ExplainedMember(
            wire=field.wire,
            python=field.name,
            type=type_in_words(field.type),
            required=field.required,
            bounds=tuple(bounds_of(field.type)),
            default=field.default,
            meaning=_doc_text(field.doc),
        )
        for field in fields
    )


def _doc_text(doc: "Doc | None") -> str | None:
    return None if doc is None else str(doc)
