"""Lists the supported keywords of JSON Schema, the types each applies to, and its allowed values.

`_derive.py` walks through a schema and uses these rules for each keyword.
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
    "check_consistency",
    "comma_list",
    "is_composition",
    "is_dropped",
    "read_distinct_strings",
    "unsupported_keyword_error",
]

DRAFTS = {
    "http://json-schema.org/draft-04/schema": 4,
    "http://json-schema.org/draft-06/schema": 6,
}
"""The JSON Schema drafts that the Open Charge Alliance uses, without the `#` that may follow."""

LATER_DRAFTS = frozenset(
    {
        "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
    }
)
"""Later drafts. The keywords of `KEYWORDS` mean the same in them as in draft 6, so they are treated as draft 6."""

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
"""The keywords that a derived schema may have, in their order."""

DEFINITIONS = ("definitions", "$defs")
"""The keywords for definitions; drafts from 2019 on call them `$defs`."""

DROPPED = frozenset(
    {
        *("$anchor", "$comment", "$id", "comment", "deprecated", "description", "examples", "id"),
        *("javaType", "readOnly", "title", "tsEnumNames", "tsType", "writeOnly"),
    }
)
"""Keywords that never constrain a message and are dropped. So are those that start with `x-`."""

_UNSUPPORTED = {
    "allOf": ("a combination of schemas (allOf)", "write the combined schema instead"),
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
"""Keywords that generated types do not support: what each means, and what to write instead."""

TYPES = frozenset({"array", "boolean", "integer", "number", "object", "string"})
"""The JSON types that OCPP uses. There is no null: an absent member is left out."""

FORMATS = frozenset({"date-time", "uri"})
"""The formats that the generated classes check."""

CHILDREN = {"items": frozenset({"array"}), "properties": frozenset({"object"})}
"""The keywords that contain schemas, and the types that they apply to."""

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
    """The rule for one keyword."""

    types: frozenset[str]
    """The types that the keyword applies to."""

    read: Callable[[Json, Place], Json]
    """Checks the value of the keyword and returns it in its derived form; `None` drops the keyword."""


def is_dropped(keyword: str) -> bool:
    """Tells whether a keyword never constrains a message and is dropped."""
    return keyword in DROPPED or keyword.startswith("x-")


def is_composition(keyword: str) -> bool:
    """Tells whether a keyword can replace the type: a choice, a combination or a constant."""
    return keyword in ("allOf", "anyOf", "const", "if", "not", "oneOf")


def unsupported_keyword_error(keyword: str, value: Json, place: Place) -> CodegenError:
    """Returns the error about a keyword that generated types do not support.

    Args:
        keyword: the keyword.
        value: its value.
        place: its place.
    """
    if keyword in _UNSUPPORTED:
        what, cure = _UNSUPPORTED[keyword]
        problem = f"generated types do not support {what}"
    else:
        problem = f"unknown keyword {keyword!r}"
        cure = "remove it; generated classes check no unknown constraints"
    return place.error(problem, cure, _removing_change(value))


def _removing_change(value: Json) -> tuple[object, object] | None:
    """Returns the change that removes a value; `None` if TOML cannot express the value."""
    return None if value is None or isinstance(value, list | dict) else (value, ABSENT)


def read_distinct_strings(value: Json, place: Place) -> list[Json]:
    """Returns a list of strings after checking that no string occurs twice."""
    names = place.list(value)
    for position, name in enumerate(names):
        if not isinstance(name, str):
            raise place.at(position).error(
                f"expected a string, found {kind(name)}", "write a string"
            )
        if name in names[:position]:
            raise place.at(position).error(f"{name!r} occurs twice", "remove one of the two")
    return names


def _read_texts(value: Json, place: Place) -> list[Json]:
    """Returns the values of an enum after checking that they are distinct texts."""
    values = place.list(value)
    if values and all(isinstance(each, int | float) for each in values):
        raise place.error(
            "the values of this enum are numbers or booleans, but enum values must be texts",
            "use minimum and maximum, or remove the enum",
        )
    return read_distinct_strings(value, place)


def check_consistency(schema: Object, place: Place) -> None:
    """Checks that the keywords of a derived schema do not contradict each other."""
    for low, high in _LIMITS:
        least, most = schema.get(low), schema.get(high)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            raise place.at(low).error(
                f"{low} {least} is greater than {high} {most}", "swap the two numbers"
            )
    _check_required(schema, place)
    _check_default(schema, place)


def comma_list(words: frozenset[str]) -> str:
    """Returns words sorted and separated by commas, for the cure of an error."""
    return ", ".join(sorted(words))


def _check_required(schema: Object, place: Place) -> None:
    declared = place.object(schema.get("properties", {}))
    for position, name in enumerate(place.list(schema.get("required", []))):
        if name not in declared:
            raise place.at("required", position).error(
                f"{name!r} is required, but there is no such property",
                "add the property, or remove the name from required",
            )


def _check_default(schema: Object, place: Place) -> None:
    if "default" not in schema:
        return
    value = schema["default"]
    values = place.list(schema.get("enum", [value]))
    if type(value) not in _DEFAULTS[str(schema["type"])] or value not in values:
        raise place.at("default").error(
            f"the schema does not allow its own default {value!r}",
            "correct or remove the default",
            (value, _likely_default(value, str(schema["type"]), values)),
        )


def _likely_default(value: Json, type_: str, values: list[Json]) -> object:
    """Returns the allowed value that a wrong default probably means; `ABSENT` if there is none."""
    text = value if isinstance(value, str) else str(value)
    if values != [value]:
        alike = [each for each in values if str(each).lower() == text.lower()]
        return alike[0] if alike else ABSENT
    if type_ == "boolean":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), ABSENT)
    if type_ == "string":
        return text if not isinstance(value, bool) else text.lower()
    return _parsed_number(text, whole=type_ == "integer")


def _parsed_number(text: str, *, whole: bool) -> object:
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
        raise place.error(
            f"expected a length or count, found {value!r}", "write a whole number of 0 or more"
        )
    return number


def _read_bound(value: Json, place: Place) -> Json:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise place.error(f"expected a number, found {kind(value)}", "write a number")
    return normal_number(value)


def _read_step(value: Json, place: Place) -> Json:
    number = _read_bound(value, place)
    if isinstance(number, int | float) and number <= 0:
        raise place.error(f"multipleOf must be above 0, found {value!r}", "write a number above 0")
    return number


def _read_format(value: Json, place: Place) -> Json:
    if not isinstance(value, str) or value not in FORMATS:
        cure = f"use one of {comma_list(FORMATS)}, or remove it"
        raise place.error(f"unsupported format {value!r}", cure, _removing_change(value))
    return value


def _read_enum_values(value: Json, place: Place) -> Json:
    values = _read_texts(value, place)
    if not values:
        raise place.error("the enum has no values", "list its values")
    return values


def _read_required(value: Json, place: Place) -> Json:
    return read_distinct_strings(value, place) or None


def _read_closed(value: Json, place: Place) -> Json:
    if not isinstance(value, bool):
        raise place.error(f"expected true or false, found {kind(value)}", "write true or false")
    # Without the keyword, `true` applies.
    return None if value else False


def _read_default(value: Json, place: Place) -> Json:
    if isinstance(value, list | dict) or value is None:
        raise place.error(
            f"expected a string, number or boolean as default, found {kind(value)}",
            "write a string, number or boolean",
        )
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
"""The rules for the keywords that contain no schemas."""
