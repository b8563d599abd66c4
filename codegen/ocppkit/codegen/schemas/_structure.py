"""When two derived schemas say the same, and where they do not."""

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
    "Maybe",
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
"""Nothing stands there; JSON's null would be something."""

Maybe: TypeAlias = "Json | Absent"
"""A JSON value, or nothing."""


@dataclass(frozen=True)
class Difference:
    """One place where two schemas of a message differ."""

    pointer: str
    """JSON pointer to it. Values of a list differ one by one, each at the pointer of the list."""

    ours: Maybe
    theirs: Maybe

    def __str__(self) -> str:
        return f"{self.pointer}: {show(self.ours)} here, {show(self.theirs)} there"


def canonical(schema: Json) -> Object:
    """Puts a derived schema into the one order that all equal ones share.

    The order of keys, required members, enum values and definitions does not count; 0.0 equals 0.
    """
    # Walks keyword by keyword, because a property may be called `required` as well.
    result: Object = {}
    for keyword, value in sorted(_object(schema).items()):
        match keyword:
            case "properties" | "definitions":
                members = _object(value)
                result[keyword] = {name: canonical(members[name]) for name in sorted(members)}
            case "items":
                result[keyword] = canonical(value)
            case "required" | "enum":
                result[keyword] = sorted(Place("").list(value), key=str)
            case _:
                result[keyword] = normal_number(value)
    return result


def canonical_hash(document: Object) -> str:
    """Returns the SHA-256 of a derived document: one for all that accept the same messages."""
    text = json.dumps(canonical(document), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def differences(ours: Object, theirs: Object) -> tuple[Difference, ...]:
    """List where two derived documents differ, in the order of their pointers."""
    return tuple(_compare(canonical(ours), canonical(theirs), ""))


def same(one: Maybe, other: Maybe) -> bool:
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


def show(value: Maybe) -> str:
    """Writes a value as JSON, or says that there is none."""
    return str(value) if isinstance(value, Absent) else json.dumps(value, ensure_ascii=False)


def _compare(ours: Maybe, theirs: Maybe, pointer: str) -> Iterator[Difference]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from _compare(ours.get(key, ABSENT), theirs.get(key, ABSENT), join(pointer, key))
    elif isinstance(ours, list) and isinstance(theirs, list):
        yield from (Difference(pointer, word, ABSENT) for word in ours if word not in theirs)
        yield from (Difference(pointer, ABSENT, word) for word in theirs if word not in ours)
    elif not same(ours, theirs):
        yield Difference(pointer, ours, theirs)


def _object(value: Json) -> Object:
    return Place("").object(value)
