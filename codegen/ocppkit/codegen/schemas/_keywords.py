"""The keywords of JSON Schema that OCPP's files use: where each may stand, and its values.

`_derive.py` walks a document and asks here about each keyword that has no schemas below it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from .._errors import CodegenError
from ._json_text import Json, Object, Place, kind, normal_number
from ._structure import ABSENT

__all__ = [
    "CHILDREN",
    "DEFINITIONS",
    "DRAFTS",
    "DROPPED",
    "KEYWORDS",
    "LATER_DRAFTS",
    "RULES",
    "TYPES",
    "check_together",
    "is_composition",
    "is_dropped",
    "one_of",
    "read_names",
    "refuse_keyword",
]

DRAFTS = {
    "http://json-schema.org/draft-04/schema": 4,
    "http://json-schema.org/draft-06/schema": 6,
}
"""The drafts that the Open Charge Alliance uses; a file may write a `#` behind them."""

LATER_DRAFTS = frozenset(
    {
        "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
    }
)
"""Drafts in which the keywords of `KEYWORDS` mean what they mean in draft 6, which is written for them."""

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

DEFINITIONS = ("definitions", "$defs")
"""Where a document keeps its definitions; drafts from 2019 on call them `$defs`."""

DROPPED = frozenset(
    {
        *("$anchor", "$comment", "$id", "comment", "deprecated", "description", "examples", "id"),
        *("javaType", "readOnly", "title", "tsEnumNames", "tsType", "writeOnly"),
    }
)
"""Keywords that demand nothing of a message, wherever they stand. So do those that start with `x-`."""

_NOT_HELD = {
    "allOf": ("schemas that hold together (allOf)", "write the one schema that they add up to"),
    "anyOf": ("a choice of schemas (anyOf)", "write one schema, with its members optional"),
    "const": ("a constant (const)", "write an enum with one value"),
    "else": ("a condition (else)", "remove it"),
    "if": ("a condition (if)", "remove it"),
    "not": ("a negation (not)", "remove it"),
    "oneOf": ("a choice of schemas (oneOf)", "write one schema, with its members optional"),
    "pattern": ("a regular expression (pattern)", "remove it"),
    "patternProperties": ("members named by a pattern (patternProperties)", "name the members"),
    "prefixItems": ("a tuple (prefixItems)", "write items with one schema for all items"),
    "then": ("a condition (then)", "remove it"),
    "unevaluatedProperties": ("unevaluatedProperties", "write additionalProperties"),
    "uniqueItems": ("a set (uniqueItems)", "remove it"),
}
"""Keywords of JSON Schema that no generated type can hold: what each is, and what to write instead."""

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
class KeywordRule:
    """One keyword."""

    types: frozenset[str]
    """The types it may stand on."""

    read: Callable[[Json, Place], Json]
    """Checks its value and returns it as derived; None leaves the keyword out."""


def is_dropped(keyword: str) -> bool:
    """Tells whether a keyword demands nothing of a message."""
    return keyword in DROPPED or keyword.startswith("x-")


def is_composition(keyword: str) -> bool:
    """Tells whether a keyword takes the place of a type: a choice, a combination or a constant."""
    return keyword in ("allOf", "anyOf", "const", "if", "not", "oneOf")


def refuse_keyword(keyword: str, value: Json, place: Place) -> CodegenError:
    """Makes the error about a keyword that the generated types cannot hold.

    Args:
        keyword: the keyword.
        value: its value.
        place: where it stands.
    """
    if keyword in _NOT_HELD:
        what, cure = _NOT_HELD[keyword]
        problem = f"{what}, which a generated type cannot hold"
    else:
        problem = f"unknown keyword {keyword!r}"
        cure = "remove it: the generated classes could not hold what it demands"
    return place.error(problem, cure, _removal(value))


def _removal(value: Json) -> tuple[object, object] | None:
    """Returns the change that takes a value away, unless TOML cannot write it."""
    return None if value is None or isinstance(value, list | dict) else (value, ABSENT)


def read_names(value: Json, place: Place) -> list[Json]:
    """Reads a list of different strings: the values of an enum or the names of required members."""
    names = place.list(value)
    for position, name in enumerate(names):
        if not isinstance(name, str):
            raise place.at(position).error(f"{kind(name)} where a string is due", "write a string")
        if name in names[:position]:
            raise place.at(position).error(f"{name!r} stands twice", "keep one of the two")
    return names


def _read_texts(value: Json, place: Place) -> list[Json]:
    """Reads the values of an enum, which are texts."""
    values = place.list(value)
    if values and all(isinstance(each, int | float) for each in values):
        raise place.error(
            "an enum of numbers or booleans; the values of OCPP's enums are texts",
            "write minimum and maximum, or remove the enum",
        )
    return read_names(value, place)


def check_together(schema: Object, place: Place) -> None:
    """Checks that the keywords of a derived schema agree with each other."""
    for low, high in _LIMITS:
        least, most = schema.get(low), schema.get(high)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            raise place.at(low).error(f"{low} {least} is above {high} {most}", "swap them")
    _check_required(schema, place)
    _check_default(schema, place)


def one_of(words: frozenset[str]) -> str:
    """Returns a list of words for the cure of an error."""
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
    values = place.list(schema.get("enum", [value]))
    if type(value) not in _DEFAULTS[str(schema["type"])] or value not in values:
        raise place.at("default").error(
            f"the default {value!r} is no value of this schema",
            "mend the default or remove it",
            (value, _meant(value, str(schema["type"]), values)),
        )


def _meant(value: Json, type_: str, values: list[Json]) -> object:
    """Guesses which value a default of the wrong type or spelling means; `ABSENT` if none."""
    text = value if isinstance(value, str) else str(value)
    if values != [value]:
        alike = [each for each in values if str(each).lower() == text.lower()]
        return alike[0] if alike else ABSENT
    if type_ == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), ABSENT)
    if type_ == "string":
        return text if not isinstance(value, bool) else text.lower()
    return _number(text, whole=type_ == "integer")


def _number(text: str, *, whole: bool) -> object:
    try:
        number = float(text)
    except ValueError:
        return ABSENT
    if not number.is_integer():
        return ABSENT if whole or not isfinite(number) else number
    return int(number)


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
        cure = f"use one of {one_of(FORMATS)}, or remove it"
        raise place.error(f"unsupported format {value!r}", cure, _removal(value))
    return value


def _read_enum_values(value: Json, place: Place) -> Json:
    values = _read_texts(value, place)
    if not values:
        raise place.error("the enum is empty", "list its values")
    return values


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
    "additionalProperties": KeywordRule(frozenset({"object"}), _read_closed),
    "default": KeywordRule(frozenset(_DEFAULTS), _read_default),
    "enum": KeywordRule(frozenset({"string"}), _read_enum_values),
    "format": KeywordRule(frozenset({"string"}), _read_format),
    "maxItems": KeywordRule(frozenset({"array"}), _read_size),
    "maxLength": KeywordRule(frozenset({"string"}), _read_size),
    "maximum": KeywordRule(_NUMBERS, _read_bound),
    "minItems": KeywordRule(frozenset({"array"}), _read_size),
    "minLength": KeywordRule(frozenset({"string"}), _read_size),
    "minimum": KeywordRule(_NUMBERS, _read_bound),
    "multipleOf": KeywordRule(_NUMBERS, _read_step),
    "required": KeywordRule(frozenset({"object"}), _read_required),
}
"""The keywords without schemas below them."""
