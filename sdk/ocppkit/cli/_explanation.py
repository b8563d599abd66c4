"""An action as a reader wants it: its facts, its members with both names and their bounds, and the types below them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocppkit.codegen import Action, Api, Enum, Field, Scalar, Type

__all__ = ["Explanation", "Member", "ObjectType", "Word", "WordList", "explain_action"]


@dataclass(frozen=True)
class Member:
    """A member of an object."""

    wire: str
    python: str
    type: str
    required: bool
    bounds: tuple[str, ...]
    default: str | int | float | bool | None


@dataclass(frozen=True)
class ObjectType:
    """A payload, or an object inside one."""

    name: str
    members: tuple[Member, ...]
    closed: bool


@dataclass(frozen=True)
class Word:
    """A word of an enum."""

    wire: str
    python: str


@dataclass(frozen=True)
class WordList:
    """An enum."""

    name: str
    words: tuple[Word, ...]
    default: str | None


@dataclass(frozen=True)
class Explanation:
    """One action in one version."""

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
    request: ObjectType
    response: ObjectType | None
    types: tuple[ObjectType | WordList, ...]
    """What the payloads refer to, in the order in which a reader meets it."""


def explain_action(api: "Api", action: "Action") -> Explanation:
    """Collects what there is to say about an action."""
    facts, roles = action.facts, api.protocol.roles
    request = ObjectType(action.request.name, _members(action.request.fields), closed=True)
    response = None
    if action.response is not None:
        response = ObjectType(action.response.name, _members(action.response.fields), closed=True)
    from_csms = facts.direction == "csms"
    return Explanation(
        action=action.name,
        version=api.protocol.version,
        purpose=facts.purpose,
        sender=roles.csms if from_csms else roles.station,
        receiver=roles.station if from_csms else roles.csms,
        both_ways=facts.direction == "both",
        answered=response is not None,
        block=_block(facts.block, api.protocol.blocks[facts.block]),
        use_cases=facts.use_cases,
        citation=facts.citation,
        transaction_related=facts.transaction_related,
        request=request,
        response=response,
        types=tuple(_types(api, action)),
    )


def _block(short: str, long: str) -> str:
    return long if short == long else f"{short} {long}"


def _types(api: "Api", action: "Action") -> Iterator[ObjectType | WordList]:
    """Yields each type that the action reaches, breadth first."""
    from ocppkit.codegen import refs

    enums = {enum.name: enum for enum in api.enums}
    datatypes = {datatype.name: datatype for datatype in api.datatypes}
    messages = [action.request, action.response] if action.response else [action.request]
    fields = [field for message in messages for field in message.fields]
    seen: set[str] = set()
    # The list grows while it is walked: that is what makes the order breadth first.
    for field in fields:
        for name in refs(field.type):
            if name in seen:
                continue
            seen.add(name)
            if name in enums:
                yield _word_list(enums[name])
            else:
                datatype = datatypes[name]
                yield ObjectType(name, _members(datatype.fields), datatype.closed)
                fields.extend(datatype.fields)


def _word_list(enum: "Enum") -> WordList:
    words = tuple(Word(member.word, member.name) for member in enum.members)
    return WordList(enum.name, words, enum.default)


def _members(fields: Sequence["Field"]) -> tuple[Member, ...]:
    return tuple(
        Member(
            wire=field.wire,
            python=field.name,
            type=_type(field.type),
            required=field.required,
            bounds=tuple(_bounds(field.type)),
            default=field.default,
        )
        for field in fields
    )


def _type(type_: "Type") -> str:
    from ocppkit.codegen import Array, Ref

    match type_:
        case Array():
            return f"list of {_type(type_.item)}"
        case Ref():
            return type_.name
        case _:
            return str(type_.kind)


def _bounds(type_: "Type") -> Iterator[str]:
    """Yields the bounds of a list and of what is in it, in words."""
    from ocppkit.codegen import Array, Ref

    match type_:
        case Array():
            yield from _range(type_.min_items, type_.max_items, "items")
            yield from _bounds(type_.item)
        case Ref():
            pass
        case _:
            yield from _scalar_bounds(type_)


def _scalar_bounds(scalar: "Scalar") -> Iterator[str]:
    yield from _range(scalar.min_length, scalar.max_length, "characters")
    yield from _range(scalar.minimum, scalar.maximum, "")
    if scalar.multiple_of is not None:
        yield f"a multiple of {scalar.multiple_of}"


def _range(low: float | None, high: float | None, unit: str) -> Iterator[str]:
    unit = unit.removesuffix("s") if 1 in (low, high) and None in (low, high) else unit
    match low, high:
        case None, None:
            return
        case None, most:
            text = f"at most {most}"
        case least, None:
            text = f"at least {least}"
        case least, most:
            text = f"{least} to {most}" if least != most else f"exactly {most}"
    yield f"{text} {unit}".rstrip()
