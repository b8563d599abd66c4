"""Compares derived schemas: whether they accept the same messages, and where they differ."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Literal, TypeAlias

from ._json_text import Json, Object, Place, join, normal_number

__all__ = [
    "ABSENT",
    "Absent",
    "Difference",
    "JsonOrAbsent",
    "canonical",
    "canonical_hash",
    "differences",
    "same",
    "show",
]


class Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = "nothing"

    def __str__(self) -> str:
        return self.value


ABSENT: Literal[Absent.ABSENT] = Absent.ABSENT
"""Stands for a value that is not there. JSON's null is a value that is there."""

JsonOrAbsent: TypeAlias = "Json | Absent"
"""A JSON value, or `ABSENT`."""


@dataclass(frozen=True)
class Difference:
    """One difference between two schemas of a message."""

    pointer: str
    """The JSON pointer of the place; for a value of a list, that of the list."""

    ours: JsonOrAbsent
    theirs: JsonOrAbsent

    def __str__(self) -> str:
        return f"{self.pointer}: {show(self.ours)} here, {show(self.theirs)} there"


def canonical(schema: Json) -> Object:
    """Returns a derived schema in sorted order, so that equal schemas have the same form.

    The order of keys, required members, enum values and definitions has no meaning, and 0.0 equals 0.
    """
    # Goes through the keywords, because a property may have the name `required`.
    result: Object = {}
    for keyword, value in sorted(_as_object(schema).items()):
        match keyword:
            case "properties" | "definitions":
                members = _as_object(value)
                result[keyword] = {name: canonical(members[name]) for name in sorted(members)}
            case "items":
                result[keyword] = canonical(value)
            case "required" | "enum":
                result[keyword] = sorted(Place("").list(value), key=str)
            case _:
                result[keyword] = normal_number(value)
    return result


def canonical_hash(document: Object) -> str:
    """Returns the SHA-256 of a derived schema; schemas that differ only in order have the same hash."""
    text = json.dumps(canonical(document), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def differences(ours: Object, theirs: Object) -> tuple[Difference, ...]:
    """Returns all differences between two derived schemas, sorted by JSON pointer."""
    return tuple(_find_differences(canonical(ours), canonical(theirs), ""))


def same(one: JsonOrAbsent, other: JsonOrAbsent) -> bool:
    """Tells whether two values are equal as JSON values: 0.0 equals 0, `true` does not equal 1."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case bool() | str() | None | Absent(), _:
            return type(one) is type(other) and one == other
        case _:
            return not isinstance(other, bool) and one == other


def show(value: JsonOrAbsent) -> str:
    """Returns a value as JSON text; `nothing` for an absent value."""
    return str(value) if isinstance(value, Absent) else json.dumps(value, ensure_ascii=False)


def _find_differences(
    ours: JsonOrAbsent, theirs: JsonOrAbsent, pointer: str
) -> Iterator[Difference]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from _find_differences(
                ours.get(key, ABSENT), theirs.get(key, ABSENT), join(pointer, key)
            )
    elif isinstance(ours, list) and isinstance(theirs, list):
        yield from (Difference(pointer, word, ABSENT) for word in ours if word not in theirs)
        yield from (Difference(pointer, ABSENT, word) for word in theirs if word not in ours)
    elif not same(ours, theirs):
        yield Difference(pointer, ours, theirs)


def _as_object(value: Json) -> Object:
    return Place("").object(value)
