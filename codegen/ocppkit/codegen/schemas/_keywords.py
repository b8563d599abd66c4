"""The words of JSON Schema that OCPP's files use: where each may stand, and its values.

`_derive.py` walks a document and asks here about each keyword that has no schemas below it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ._json_text import Json, Object, Place, kind, normal_number

__all__ = [
    "CHILDREN",
    "DRAFTS",
    "DROPPED",
    "KEYWORDS",
    "RULES",
    "TYPES",
    "check_together",
    "one_of",
    "read_names",
]

DRAFTS = {
    "http://json-schema.org/draft-04/schema": 4,
    "http://json-schema.org/draft-06/schema": 6,
}
"""The drafts that the Open Charge Alliance uses; a file may write a `#` behind them."""

KEYWORDS = (
    "$schema",
    "$ref",
    "type",
    "format",
    "enum",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "items",
    "default",
    "properties",
    "required",
    "additionalProperties",
    "definitions",
)
"""The keywords that a derived document may hold, in the order in which it holds them."""

DROPPED = frozenset(
    {"$comment", "$id", "comment", "description", "examples", "id", "javaType", "title"}
)
"""Keywords that demand nothing of a message, wherever they stand."""

TYPES = frozenset({"array", "boolean", "integer", "number", "object", "string"})
"""The types of OCPP's values. There is no null: what is absent is left out."""

FORMATS = frozenset({"date-time", "uri"})
"""The formats that the generated classes check."""

CHILDREN = {"items": frozenset({"array"}), "properties": frozenset({"object"})}
"""The keywords with schemas below them, and the types they may stand on."""

_NUMBERS = frozenset({"integer", "number"})
_LIMITS = (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems"))
_DEFAULTS = {
    "boolean": frozenset({bool}),
    "integer": frozenset({int}),
    "number": frozenset({int, float}),
    "string": frozenset({str}),
}


@dataclass(frozen=True)
class Rule:
    """One keyword."""

    types: frozenset[str]
    """The types it may stand on."""

    read: Callable[[Json, Place], Json]
    """Checks its value and returns it as derived; None leaves the keyword out."""


def read_names(value: Json, place: Place) -> list[Json]:
    """Read a list of different strings: the words of an enum or the names of required members."""
    names = place.list(value)
    for position, name in enumerate(names):
        if not isinstance(name, str):
            raise place.at(position).error(f"{kind(name)} where a string is due", "write a string")
        if name in names[:position]:
            raise place.at(position).error(f"{name!r} stands twice", "keep one of the two")
    return names


def check_together(schema: Object, place: Place) -> None:
    """Check what takes more than one keyword of a derived schema to see."""
    for low, high in _LIMITS:
        least, most = schema.get(low), schema.get(high)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            raise place.at(low).error(f"{low} {least} is above {high} {most}", "swap them")
    _check_required(schema, place)
    _check_default(schema, place)


def one_of(words: frozenset[str]) -> str:
    """List words for the cure of an error."""
    return ", ".join(sorted(words))


def _check_required(schema: Object, place: Place) -> None:
    declared = place.object(schema.get("properties", {}))
    for position, name in enumerate(place.list(schema.get("required", []))):
        if name not in declared:
            raise place.at("required", position).error(
                f"required names {name!r}, which is no property here",
                "declare the property or take the name away",
            )


def _check_default(schema: Object, place: Place) -> None:
    if "default" not in schema:
        return
    value = schema["default"]
    words = place.list(schema.get("enum", [value]))
    if type(value) not in _DEFAULTS[str(schema["type"])] or value not in words:
        raise place.at("default").error(
            f"the default {value!r} is no value of this schema", "mend the default or remove it"
        )


def _read_size(value: Json, place: Place) -> Json:
    number = normal_number(value)
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise place.error(f"{value!r} is no length", "write a whole number from 0 up")
    return number


def _read_bound(value: Json, place: Place) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise place.error(f"{kind(value)} where a number is due", "write a number")
    return normal_number(value)


def _read_step(value: Json, place: Place) -> Json:
    number = _read_bound(value, place)
    if isinstance(number, int | float) and number <= 0:
        raise place.error(f"multipleOf is {value!r}", "write a number above 0")
    return number


def _read_format(value: Json, place: Place) -> Json:
    if not isinstance(value, str) or value not in FORMATS:
        raise place.error(f"unsupported format {value!r}", f"use one of {one_of(FORMATS)}")
    return value


def _read_words(value: Json, place: Place) -> Json:
    words = read_names(value, place)
    if not words:
        raise place.error("the enum is empty", "list its words")
    return words


def _read_required(value: Json, place: Place) -> Json:
    return read_names(value, place) or None


def _read_closed(value: Json, place: Place) -> Json:
    if not isinstance(value, bool):
        raise place.error(f"additionalProperties is {kind(value)}", "write true or false")
    # `true` is what holds without the keyword.
    return None if value else False


def _read_default(value: Json, place: Place) -> Json:
    if isinstance(value, list | dict) or value is None:
        raise place.error(f"{kind(value)} as a default", "write a string, number or boolean")
    return normal_number(value)


RULES = {
    "additionalProperties": Rule(frozenset({"object"}), _read_closed),
    "default": Rule(frozenset(_DEFAULTS), _read_default),
    "enum": Rule(frozenset({"string"}), _read_words),
    "format": Rule(frozenset({"string"}), _read_format),
    "maxItems": Rule(frozenset({"array"}), _read_size),
    "maxLength": Rule(frozenset({"string"}), _read_size),
    "maximum": Rule(_NUMBERS, _read_bound),
    "minItems": Rule(frozenset({"array"}), _read_size),
    "minLength": Rule(frozenset({"string"}), _read_size),
    "minimum": Rule(_NUMBERS, _read_bound),
    "multipleOf": Rule(_NUMBERS, _read_step),
    "required": Rule(frozenset({"object"}), _read_required),
}
"""The keywords without schemas below them."""
