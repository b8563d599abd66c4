"""Deriving the structure of a source: what is kept, what is dropped, and what is refused."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocppkit.codegen._errors import CodegenError
from ocppkit.codegen.schemas._derive import derive, derive_document
from ocppkit.codegen.schemas._json_text import write_json
from ocppkit.codegen.schemas._keywords import DROPPED, KEYWORDS
from ocppkit.codegen.schemas._structure import ABSENT
from support.schema_files import DRAFT_4, DRAFT_6, encode, message, refused


def derived(**keywords: Any) -> Any:
    """Derives a message with these keywords."""
    return derive(encode(message(**keywords)), "ResetRequest.json").document


def of_property(**keywords: Any) -> Any:
    """Derives a message with one property, and return the property."""
    return derived(properties={"x": keywords})["properties"]["x"]


def test_keeps_the_structure_and_drops_the_prose() -> None:
    source = {
        "title": "ResetRequest",
        "$schema": "http://json-schema.org/draft-04/schema",
        "$id": "urn:OCPP:Cp:2:2025:1:ResetRequest",
        "comment": "OCPP 2.1",
        "description": "Prose.",
        "required": ["type"],
        "additionalProperties": False,
        "definitions": {
            "ZType": {"javaType": "Z", "type": "object", "properties": {"b": {"type": "integer"}}},
            "AEnumType": {"type": "string", "additionalProperties": False, "enum": ["B", "A"]},
        },
        "properties": {
            "type": {"$ref": "#/definitions/AEnumType", "description": "Prose."},
            "list": {
                "type": "array",
                "additionalItems": False,
                "items": {"$ref": "#/definitions/ZType"},
                "maxItems": 4.0,
                "minItems": 1,
            },
            "data": {"description": "Anything."},
        },
        "type": "object",
        "examples": [{}],
    }
    assert json.dumps(derive(encode(source), "ResetRequest.json").document) == json.dumps(
        {
            "$schema": DRAFT_4,
            "type": "object",
            "properties": {
                "type": {"$ref": "#/definitions/AEnumType"},
                "list": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 4,
                    "items": {"$ref": "#/definitions/ZType"},
                },
                "data": {},
            },
            "required": ["type"],
            "additionalProperties": False,
            "definitions": {
                "AEnumType": {"type": "string", "enum": ["B", "A"]},
                "ZType": {"type": "object", "properties": {"b": {"type": "integer"}}},
            },
        }
    )


@pytest.mark.parametrize(("draft", "url"), [(4, DRAFT_4), (6, DRAFT_6), (6, DRAFT_6.rstrip("#"))])
def test_knows_the_drafts_of_the_alliance(draft: int, url: str) -> None:
    result = derive_document(message(**{"$schema": url}), "ResetRequest.json")
    assert result.draft == draft
    assert result.document["$schema"] == url.rstrip("#") + "#"


@pytest.mark.parametrize(
    ("claims", "edition"),
    [
        ({}, ""),
        ({"title": "ResetRequest"}, ""),
        ({"comment": "OCPP 2.0.1 FINAL"}, "OCPP 2.0.1 FINAL"),
        ({"id": "urn:OCPP:1.6:2019:12:ResetRequest"}, "urn:OCPP:1.6:2019:12"),
        (
            {
                "$id": "urn:OCPP:Cp:2:2025:1:ResetRequest",
                "$comment": "OCPP 2.1 Edition 1 (c) OCA, a licence",
            },
            "OCPP 2.1 Edition 1, urn:OCPP:Cp:2:2025:1",
        ),
        ({"$id": 1, "comment": None}, ""),
    ],
)
def test_reports_the_edition_that_a_file_claims(claims: dict[str, Any], edition: str) -> None:
    assert derive_document(message(**claims), "ResetRequest.json").edition == edition


def test_leaves_out_what_holds_anyway() -> None:
    assert derived(properties={}, required=[], additionalProperties=True) == {
        "$schema": DRAFT_6,
        "type": "object",
    }


def test_a_property_may_have_a_keywords_name() -> None:
    words = {"required": {"type": "string"}, "enum": {"type": "string"}, "type": {"type": "string"}}
    assert derived(properties=words, required=["required"])["properties"] == words


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 0, "maxLength": 20},
        {"type": "string", "minLength": 3, "maxLength": 3},
        {"type": "string", "format": "date-time"},
        {"type": "string", "format": "uri"},
        {"type": "string", "enum": ["A", "B"], "default": "B"},
        {"type": "integer", "minimum": -1, "maximum": 3, "default": 0},
        {"type": "number", "multipleOf": 0.1, "default": 2},
        {"type": "boolean", "default": False},
        {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        {
            "type": "object",
            "properties": {"y": {}},
            "required": ["y"],
            "additionalProperties": False,
        },
    ],
)
def test_keeps_every_constraint(schema: dict[str, Any]) -> None:
    assert of_property(**schema) == schema


def test_writes_whole_bounds_as_integers() -> None:
    schema = of_property(type="number", minimum=0.0, maximum=100.0, default=1.0)
    assert json.dumps(schema) == '{"type": "number", "minimum": 0, "maximum": 100, "default": 1}'


REFERRING = {"a": {"$ref": "#/definitions/A"}}

ROOT: list[tuple[Any, str, str]] = [
    ([], "expected an object, found an array", ""),
    (None, "expected an object, found null", ""),
    ({"type": "object", "allOf": []}, "a combination of schemas (allOf)", "/allOf"),
    (message(**{"$schema": "http://json-schema.org/draft-03/schema#"}), "unknown JSON", "/$schema"),
    (message(**{"$schema": 6}), "unknown JSON Schema draft in $schema: 6", "/$schema"),
    ({"$schema": DRAFT_6}, "has no type", ""),
    (
        {"$schema": DRAFT_6, "type": "string"},
        "the schema of a message must have the type object",
        "/type",
    ),
    (message(definitions=[]), "expected an object, found an array", "/definitions"),
    (message(definitions={"A": {}}, properties=REFERRING), "has no type", "/definitions/A"),
    (
        message(definitions={"A": 1}, properties=REFERRING),
        "expected an object, found a number",
        "/definitions/A",
    ),
    (
        message(**{"definitions": {"A": {}}, "$defs": {"A": {}}}),
        "A is defined twice",
        "/$defs/A",
    ),
    (message(properties=[]), "expected an object, found an array", "/properties"),
    (message(required="x"), "expected an array, found a string", "/required"),
    (message(required=["x"]), "'x' is required", "/required/0"),
    (message(properties={"x": {}}, required=["x", "x"]), "occurs twice", "/required/1"),
    (
        message(properties={"x": {}}, required=[1]),
        "expected a string, found a number",
        "/required/0",
    ),
    (
        message(additionalProperties={}),
        "expected true or false, found an object",
        "/additionalProperties",
    ),
    (
        message(maxLength=1),
        "the keyword 'maxLength' has no meaning for the type 'object'",
        "/maxLength",
    ),
]


@pytest.mark.parametrize(("document", "problem", "pointer"), ROOT)
def test_refuses_a_document(document: Any, problem: str, pointer: str) -> None:
    with refused(problem, file="schemas/ResetRequest.json", pointer=pointer):
        derive(encode(document), "schemas/ResetRequest.json")


PROPERTY: list[tuple[Any, str, str]] = [
    (True, "expected an object, found a boolean", ""),
    ({"maxLength": 1}, "has no type", ""),
    ({"enum": ["A"]}, "has no type", ""),
    ({"type": ["string", "null"]}, "a list of types", "/type"),
    ({"type": "null"}, "unknown type 'null'", "/type"),
    ({"type": 1}, "the type must be a string, found a number", "/type"),
    ({"$ref": "#/definitions/B"}, "refers to nothing", "/$ref"),
    ({"$ref": "A"}, "refers to nothing", "/$ref"),
    ({"$ref": "#/definitions/"}, "refers to nothing", "/$ref"),
    ({"$ref": 1}, "refers to nothing", "/$ref"),
    ({"$ref": "#/definitions/A", "maxLength": 1}, "'maxLength' beside $ref", "/maxLength"),
    ({"type": "string", "pattern": "a"}, "a regular expression (pattern)", "/pattern"),
    ({"oneOf": [{"type": "string"}]}, "a choice of schemas (oneOf)", "/oneOf"),
    ({"anyOf": [{"type": "string"}]}, "a choice of schemas (anyOf)", "/anyOf"),
    ({"allOf": [{"$ref": "#/definitions/A"}]}, "a combination of schemas (allOf)", "/allOf"),
    ({"const": "A"}, "a constant (const)", "/const"),
    ({"type": "string", "const": "A"}, "a constant (const)", "/const"),
    ({"type": "string", "enum": [1, 2]}, "the values of this enum are numbers", "/enum"),
    ({"type": "string", "odd": 1}, "unknown keyword 'odd'", "/odd"),
    ({"type": "string", "definitions": {}}, "unknown keyword 'definitions'", "/definitions"),
    ({"type": "string", "additionalItems": False}, "unknown keyword", "/additionalItems"),
    ({"type": "string", "format": "email"}, "unsupported format 'email'", "/format"),
    ({"type": "string", "format": ["uri"]}, "unsupported format", "/format"),
    ({"type": "integer", "format": "uri"}, "has no meaning for the type 'integer'", "/format"),
    ({"type": "string", "enum": []}, "the enum has no values", "/enum"),
    ({"type": "string", "enum": "A"}, "expected an array, found a string", "/enum"),
    ({"type": "string", "enum": ["A", "B", "A"]}, "'A' occurs twice", "/enum/2"),
    ({"type": "string", "enum": ["A", None]}, "expected a string, found null", "/enum/1"),
    ({"type": "integer", "enum": [1]}, "the enum has the type 'integer'", "/enum"),
    ({"type": "string", "maxLength": -1}, "found -1", "/maxLength"),
    ({"type": "string", "maxLength": 1.5}, "found 1.5", "/maxLength"),
    ({"type": "string", "minLength": True}, "found True", "/minLength"),
    ({"type": "string", "maxLength": "20"}, "found '20'", "/maxLength"),
    (
        {"type": "string", "minLength": 3, "maxLength": 2},
        "minLength 3 is greater than",
        "/minLength",
    ),
    ({"type": "integer", "minimum": "0"}, "expected a number, found a string", "/minimum"),
    ({"type": "integer", "maximum": False}, "expected a number, found a boolean", "/maximum"),
    ({"type": "integer", "exclusiveMinimum": 0}, "unknown keyword", "/exclusiveMinimum"),
    ({"type": "number", "minimum": 1, "maximum": 0}, "minimum 1 is greater than", "/minimum"),
    ({"type": "number", "multipleOf": 0}, "multipleOf must be above 0", "/multipleOf"),
    ({"type": "array"}, "the array has no items", ""),
    ({"type": "array", "items": {}}, "has no type", "/items"),
    (
        {"type": "array", "items": [{"type": "string"}]},
        "expected an object, found an array",
        "/items",
    ),
    ({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 1}, "", "/minItems"),
    ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, "", "/uniqueItems"),
    (
        {"type": "string", "items": {"type": "string"}},
        "has no meaning for the type 'string'",
        "/items",
    ),
    ({"type": "string", "default": 1}, "not allow its own default 1", "/default"),
    (
        {"type": "string", "enum": ["A"], "default": "B"},
        "not allow its own default 'B'",
        "/default",
    ),
    ({"type": "integer", "default": 1.5}, "not allow its own default 1.5", "/default"),
    ({"type": "integer", "default": True}, "not allow its own default True", "/default"),
    ({"type": "boolean", "default": 0}, "not allow its own default 0", "/default"),
    ({"type": "string", "default": None}, "as default, found null", "/default"),
    ({"type": "array", "items": {"type": "string"}, "default": []}, "has no meaning", "/default"),
    (
        {"type": "object", "properties": {"y": {"type": 1}}},
        "the type must be a string",
        "/properties/y/type",
    ),
]


@pytest.mark.parametrize(("schema", "problem", "pointer"), PROPERTY)
def test_refuses_a_property(schema: Any, problem: str, pointer: str) -> None:
    document = message(definitions={"A": {"type": "string"}}, properties={"a/b": schema})
    with refused(problem, file="ResetRequest.json", pointer=f"/properties/a~1b{pointer}"):
        derive(encode(document), "ResetRequest.json")


@pytest.mark.parametrize(
    ("schema", "cure"),
    [
        ({"type": "string", "format": "email"}, "use one of date-time, uri, or remove it"),
        ({"const": "A"}, "write an enum with one value"),
        ({"type": "null"}, "use one of array, boolean, integer, number, object, string"),
        ({"type": "string", "minimum": 0}, "change the type to integer, number"),
    ],
)
def test_the_cure_names_what_may_stand_there(schema: dict[str, Any], cure: str) -> None:
    with pytest.raises(CodegenError) as caught:
        of_property(**schema)
    assert cure in str(caught.value.cure)


LATER = [
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
]


@pytest.mark.parametrize("url", LATER)
def test_later_drafts_are_read_as_draft_6(url: str) -> None:
    document = message(
        **{
            "$schema": url,
            "$id": "urn:x:ResetRequest",
            "properties": {"a": {"$ref": "#/$defs/A", "description": "Prose."}},
            "$defs": {"A": {"type": ["string"], "enum": ["B"], "deprecated": True, "x-note": 1}},
        }
    )
    result = derive_document(document, "ResetRequest.json")
    assert (result.draft, result.warnings) == (6, ())
    assert result.document == {
        "$schema": DRAFT_6,
        "type": "object",
        "properties": REFERRING,
        "additionalProperties": False,
        "definitions": {"A": {"type": "string", "enum": ["B"]}},
    }


@pytest.mark.parametrize(("draft", "read_as"), [(None, 6), (4, 4), (6, 6)])
def test_a_missing_draft_is_a_warning_and_a_choice(draft: int | None, read_as: int) -> None:
    result = derive_document({"type": "object"}, "ResetRequest.json", draft=draft)
    assert result.draft == read_as
    assert result.document["$schema"] == (DRAFT_4 if read_as == 4 else DRAFT_6)
    assumed = ("ResetRequest.json: $schema is missing; read as draft 6",)
    assert result.warnings == (() if draft else assumed)


def test_definitions_may_have_any_name() -> None:
    names = ["15Type", "a-b", "a/b", "a~b", "a b", "ä"]
    references = {
        "15Type": "#/definitions/15Type",
        "a-b": "#/definitions/a-b",
        "a/b": "#/definitions/a~1b",
        "a~b": "#/definitions/a~0b",
        "a b": "#/definitions/a%20b",
        "ä": "#/definitions/%C3%A4",
    }
    properties = {f"p{n}": {"$ref": references[name]} for n, name in enumerate(names)}
    definitions = {name: {"type": "string", "enum": ["A"]} for name in names}
    first = derived(properties=properties, definitions=definitions)
    assert list(first["definitions"]) == sorted(names)
    assert derive_document(first, "ResetRequest.json").document == first


def test_a_definition_that_nothing_refers_to_may_be_beyond_us() -> None:
    definitions = {
        "Good": {"type": "string", "enum": ["A"]},
        "Bad": {"oneOf": []},
        "Leads": {"type": "object", "properties": {"bad": {"$ref": "#/definitions/Bad"}}},
    }
    assert list(derived(definitions=definitions)["definitions"]) == ["Good"]


@pytest.mark.parametrize(
    ("keyword", "bound", "left"),
    [("maxLength", 255, False), ("maxLength", 20, True), ("minLength", 1, False)],
)
def test_a_length_that_every_date_time_keeps_demands_nothing(
    keyword: str, bound: int, left: bool
) -> None:
    schema = of_property(type="string", format="date-time", **{keyword: bound})
    assert (keyword in schema) == left


@pytest.mark.parametrize(
    ("schema", "change"),
    [
        ({"type": "boolean", "default": "false"}, ("false", False)),
        ({"type": "integer", "default": "3"}, ("3", 3)),
        ({"type": "integer", "default": "three"}, ("three", ABSENT)),
        ({"type": "integer", "default": 1.5}, (1.5, ABSENT)),
        ({"type": "number", "default": "0.5"}, ("0.5", 0.5)),
        ({"type": "number", "default": "inf"}, ("inf", ABSENT)),
        ({"type": "string", "default": 5}, (5, "5")),
        ({"type": "string", "default": True}, (True, "true")),
        ({"type": "string", "enum": ["Cold"], "default": "cold"}, ("cold", "Cold")),
        ({"type": "string", "enum": ["Cold"], "default": "Hot"}, ("Hot", ABSENT)),
        ({"$ref": "#definitions/A"}, ("#definitions/A", "#/definitions/A")),
        ({"$ref": "A"}, ("A", "#/definitions/A")),
        ({"$ref": "#/definitions/A", "default": "x"}, ("x", ABSENT)),
        ({"type": "string", "pattern": "a"}, ("a", ABSENT)),
        ({"type": "string", "enum": ["A"], "pattern": None}, None),
        ({"type": "string", "minimum": 0}, (0, ABSENT)),
        ({"type": "string", "format": "email"}, ("email", ABSENT)),
        ({"type": "string", "maxLength": -1}, None),
    ],
)
def test_the_error_knows_the_change_that_mends_it(schema: Any, change: object) -> None:
    document = message(definitions={"A": {"type": "string"}}, properties={"a": schema})
    with pytest.raises(CodegenError) as caught:
        derive_document(document, "ResetRequest.json")
    assert caught.value.change == change


KEYS = st.sampled_from(sorted({*KEYWORDS, *DROPPED, "pattern", "x"}))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["object", "string", "array", "x", "#/definitions/x", "date-time", DRAFT_6]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=5),
    max_leaves=20,
)


@given(VALUES)
@example({"$schema": DRAFT_6, "type": "object", "properties": {"x": {"type": "string"}}})
def test_any_document_is_derived_for_good_or_refused_with_its_place(value: Any) -> None:
    source = {"$schema": DRAFT_6, "type": "object"} | value if isinstance(value, dict) else value
    try:
        first = derive(encode(source), "ResetRequest.json")
    except CodegenError as error:
        complete = (
            error.file == "ResetRequest.json" and error.pointer is not None and bool(error.cure)
        )
    else:
        again = derive(write_json(first.document), "ResetRequest.json")
        complete = write_json(again.document) == write_json(first.document)
    assert complete
