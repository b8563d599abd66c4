"""Reading JSON strictly and writing it stably."""

import json

import pytest

from ocppkit.codegen.schemas._json_text import (
    Json,
    Place,
    join,
    kind,
    normal_number,
    read_json,
    split,
    write_json,
)
from support.schema_files import BOM, refused


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1}',
        BOM + b'{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-16-le"),
        '{"a": 1}'.encode("utf-32"),
    ],
    ids=["utf-8", "utf-8 with BOM", "utf-16 with BOM", "utf-16 without", "utf-32 with BOM"],
)
def test_reads_every_encoding_of_json(data: bytes) -> None:
    assert read_json(data, "Reset.json") == {"a": 1}


@pytest.mark.parametrize(
    ("data", "problem", "line"),
    [
        (b"", "not JSON", 1),
        (b'{\n"a": 1\nb}', "not JSON", 3),
        (b'{"a": 1} x', "not JSON", 1),
        (b'{"a":\n"\xff"}', "not text in utf-8", 2),
        (b'{"a": NaN}', "NaN is not a number", None),
        (b'{"a": -Infinity}', "-Infinity is not a number", None),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON", None),
        (b"[" * 100_000, "nested levels", None),
        (b"[" * 102 + b"]" * 102, "nested levels", None),
    ],
)
def test_refuses_what_is_no_json(data: bytes, problem: str, line: int | None) -> None:
    with refused(problem, file="Reset.json", line=line):
        read_json(data, "Reset.json")


@pytest.mark.parametrize(
    ("text", "problem", "pointer"),
    [
        ('{"a": {"type": 1, "type": 2}}', "'type' occurs twice", "/a/type"),
        ('[0, {"x": 1, "y": 2, "x": 1}]', "'x' occurs twice", "/1/x"),
        ('{"a": [1e999]}', "too large", "/a/0"),
        ('{"a": "\\ud800"}', "surrogate", "/a"),
        ('{"\\udc00": 1}', "surrogate", ""),
    ],
)
def test_refuses_what_the_parser_forgives(text: str, problem: str, pointer: str) -> None:
    with refused(problem, file="Reset.json", pointer=pointer):
        read_json(text.encode(), "Reset.json")


def test_reads_what_is_nested_as_deeply_as_a_schema_may_be() -> None:
    assert read_json(b"[" * 101 + b"]" * 101, "Reset.json")


def test_hands_on_plain_dictionaries() -> None:
    value = read_json(b'{"a": [{"b": null}]}', "Reset.json")
    assert value == {"a": [{"b": None}]}
    assert type(value) is dict


def test_writes_utf_8_with_two_spaces_and_a_final_newline() -> None:
    assert (
        write_json({"b": ["\u00e9"], "a": {}})
        == '{\n  "b": [\n    "é"\n  ],\n  "a": {}\n}\n'.encode()
    )


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "a boolean"),
        (1, "a number"),
        (1.5, "a number"),
        ("x", "a string"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_names_the_kind_of_a_value(value: Json, name: str) -> None:
    assert kind(value) == name


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, "0"), (3, "3"), (100.0, "100"), (0.5, "0.5"), (True, "true")]
)
def test_writes_whole_numbers_as_integers(value: Json, expected: str) -> None:
    assert json.dumps(normal_number(value)) == expected


@pytest.mark.parametrize("tokens", [(), ("a", "b"), ("a/b", "~"), ("~1", "/", "")])
def test_pointers_come_apart_as_they_were_joined(tokens: tuple[str, ...]) -> None:
    assert split(join("", *tokens)) == list(tokens)


def test_a_place_goes_down_and_makes_errors() -> None:
    place = Place("Reset.json").at("properties", "a/b", 0)
    assert place.pointer == "/properties/a~1b/0"
    error = place.error("is wrong", "mend it")
    assert str(error) == "Reset.json#/properties/a~1b/0: is wrong\n  cure: mend it"


def test_a_place_tells_objects_from_arrays() -> None:
    place = Place("Reset.json", "/a")
    assert place.object({"x": 1}) == {"x": 1}
    assert place.list([1]) == [1]
    with refused("expected an object, found an array", pointer="/a"):
        place.object([])
    with refused("expected an array, found null", pointer="/a"):
        place.list(None)
