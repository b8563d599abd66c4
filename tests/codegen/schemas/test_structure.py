"""When two derived schemas say the same, and where they do not."""

import json
from copy import deepcopy
from typing import Any

import pytest

from ocppkit.codegen.schemas._structure import (
    ABSENT,
    Difference,
    canonical,
    canonical_hash,
    differences,
    same,
    show,
)

SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-06/schema#",
    "type": "object",
    "properties": {
        "status": {"$ref": "#/definitions/StatusEnumType"},
        "required": {"type": "array", "items": {"type": "number", "minimum": 0}},
    },
    "required": ["status", "required"],
    "definitions": {"StatusEnumType": {"type": "string", "enum": ["B", "A"]}},
}


def edited(**keywords: Any) -> dict[str, Any]:
    """Returns a copy of the schema with other keywords."""
    return deepcopy(SCHEMA) | keywords


REORDERED: dict[str, Any] = {
    "definitions": {"StatusEnumType": {"enum": ["A", "B"], "type": "string"}},
    "required": ["required", "status"],
    "properties": {
        "required": {"items": {"minimum": 0.0, "type": "number"}, "type": "array"},
        "status": {"$ref": "#/definitions/StatusEnumType"},
    },
    "type": "object",
    "$schema": "http://json-schema.org/draft-06/schema#",
}


def test_order_and_spelling_of_numbers_do_not_count() -> None:
    assert canonical_hash(REORDERED) == canonical_hash(SCHEMA)
    assert json.dumps(canonical(REORDERED)) == json.dumps(canonical(SCHEMA))
    assert differences(SCHEMA, REORDERED) == ()


def test_the_hash_is_a_promise() -> None:
    # It stands in lock files: another algorithm would call every one of them wrong.
    assert canonical_hash({"type": "object", "required": ["b", "a"]}) == (
        "f2465c753ed94f43f490dd9d3ad3b5cf23b9eb5b0cc6bfbf9258f542c17afacf"
    )


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        (edited(type="array"), [Difference("/type", "object", "array")]),
        (edited(required=["status"]), [Difference("/required", "required", ABSENT)]),
        (
            edited(definitions={"StatusEnumType": {"type": "string", "enum": ["A", "C"]}}),
            [
                Difference("/definitions/StatusEnumType/enum", "B", ABSENT),
                Difference("/definitions/StatusEnumType/enum", ABSENT, "C"),
            ],
        ),
        (
            edited(properties=SCHEMA["properties"] | {"a/b": {}}),
            [Difference("/properties/a~1b", ABSENT, {})],
        ),
        (
            {key: value for key, value in SCHEMA.items() if key != "definitions"},
            [Difference("/definitions", canonical(SCHEMA)["definitions"], ABSENT)],
        ),
        (
            {key: value for key, value in SCHEMA.items() if key != "required"},
            [Difference("/required", ["required", "status"], ABSENT)],
        ),
    ],
)
def test_differences_name_the_place_and_both_sides(
    theirs: dict[str, Any], expected: list[Difference]
) -> None:
    assert list(differences(SCHEMA, theirs)) == expected
    assert canonical_hash(theirs) != canonical_hash(SCHEMA)


def test_a_difference_reads_as_a_line() -> None:
    assert str(Difference("/x/maxLength", 7500, 5600)) == "/x/maxLength: 7500 here, 5600 there"
    assert str(Difference("/x/enum", ABSENT, "A")) == '/x/enum: nothing here, "A" there'


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (0, 0.0, True),
        (1, True, False),
        (True, 1, False),
        (0, False, False),
        ("1", 1, False),
        (None, ABSENT, False),
        (ABSENT, ABSENT, True),
        ([1, 2], [1.0, 2], True),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ({"a": 1, "b": []}, {"b": [], "a": 1.0}, True),
        ({"a": 1}, {"b": 1}, False),
        ({}, [], False),
        ([], "", False),
        (0.5, 0.5, True),
    ],
)
def test_equality_is_that_of_json_values(one: Any, other: Any, expected: bool) -> None:
    assert same(one, other) is expected


def test_shows_values_as_json() -> None:
    assert show({"a": ["é", None]}) == '{"a": ["é", null]}'
    assert show(ABSENT) == "nothing"
