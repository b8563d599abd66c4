"""One change to a schema: how it is written, what it does, and when it is refused."""

import json
from typing import Any

import pytest

from ocppkit.codegen.schemas._patch import EditOutcome, SchemaEdit, apply_edit, read_edits
from ocppkit.codegen.schemas._structure import ABSENT
from ocppkit.codegen.schemas._toml import read_toml
from support.schema_files import refused


def entry(**values: Any) -> bytes:
    """Writes one entry; JSON's strings, numbers and arrays are TOML's as well."""
    values = {"reason": "Because.", "citation": "Ticket 1"} | values
    lines = [f"{key} = {_toml(value)}" for key, value in values.items() if value is not None]
    return "\n".join(["[[change]]", *lines, ""]).encode()


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


def change(path: str, **values: Any) -> SchemaEdit:
    """Reads one entry."""
    (read,) = read_edits(read_toml(entry(path=path, **values), "errata.toml"))
    return read


def document() -> dict[str, Any]:
    """A schema to change."""
    return {
        "type": "object",
        "properties": {
            "text": {"type": "string", "maxLength": 20},
            "enum": {"type": "string", "enum": ["A", "B", "C"]},
            "a/b": {"type": "array", "items": {"type": "number", "minimum": 0}},
            "list": {"type": "array", "items": {"type": "string", "enum": ["A"]}},
            "properties": {"type": "string", "enum": ["A"]},
        },
        "required": ["text"],
        "definitions": {"XType": {"type": "object", "properties": {"y": {"type": "integer"}}}},
    }


def apply(path: str, **values: Any) -> tuple[str, Any]:
    """Applies one entry; return the outcome and what stands at its place."""
    changed = document()
    outcome = apply_edit(changed, change(f"ResetRequest.json#{path}", **values))
    at: Any = changed
    for token in path.split("/")[1:]:
        at = at.get(token.replace("~1", "/"), ABSENT)
    return outcome.value, at


def test_reads_an_entry() -> None:
    read = change("ResetRequest.json#/properties/text/maxLength", old=20, new=40)
    assert (read.message, read.pointer) == ("ResetRequest", "/properties/text/maxLength")
    assert (read.old, read.new) == (20, 40)
    assert (read.reason, read.citation) == ("Because.", "Ticket 1")


def test_concerns_its_message_or_every_holder_of_its_definition() -> None:
    one = change("ResetRequest.json#/required", old="text")
    assert one.concerns("ResetRequest", {})
    assert not one.concerns("ResetResponse", document())
    every = change("#/definitions/XType/properties/y/minimum", new=0)
    assert every.concerns("ResetResponse", document())
    assert not every.concerns("ResetResponse", {"definitions": {"YType": {}}})
    assert not every.concerns("ResetResponse", {})


TEXT = "/properties/text/maxLength"
ENUM = "/properties/enum/enum"

CHANGES: list[tuple[str, dict[str, Any], str, Any]] = [
    (TEXT, {"old": 20, "new": 40}, "applied", 40),
    (TEXT, {"old": 10, "new": 20}, "already in the source", 20),
    (TEXT, {"old": 20.0, "new": 40}, "applied", 40),
    (TEXT, {"old": 20}, "applied", ABSENT),
    ("/properties/text/minLength", {"new": 1}, "applied", 1),
    ("/properties/text/minLength", {"old": 1}, "already in the source", ABSENT),
    (TEXT, {"new": 20}, "already in the source", 20),
    ("/properties/a~1b/items/minimum", {"old": 0.0, "new": 1}, "applied", 1),
    ("/properties/more", {"new": {"type": "boolean"}}, "applied", {"type": "boolean"}),
    ("/properties/text", {"old": {"maxLength": 20, "type": "string"}}, "applied", ABSENT),
    ("/properties/text/type", {"old": "string", "new": "integer"}, "applied", "integer"),
    (
        "/definitions/XType/properties/y/type",
        {"old": "integer", "new": "number"},
        "applied",
        "number",
    ),
    (ENUM, {"new": "D"}, "applied", ["A", "B", "C", "D"]),
    (ENUM, {"new": "B"}, "already in the source", ["A", "B", "C"]),
    (ENUM, {"old": "B"}, "applied", ["A", "C"]),
    (ENUM, {"old": "D"}, "already in the source", ["A", "B", "C"]),
    (ENUM, {"old": "B", "new": "D"}, "applied", ["A", "D", "C"]),
    (ENUM, {"old": "D", "new": "B"}, "already in the source", ["A", "B", "C"]),
    (ENUM, {"old": ["A", "B", "C"], "new": ["A"]}, "applied", ["A"]),
    (ENUM, {"old": ["A"], "new": ["A", "B", "C"]}, "already in the source", ["A", "B", "C"]),
    ("/properties/list/items/enum", {"new": "B"}, "applied", ["A", "B"]),
    ("/properties/properties/enum", {"new": "B"}, "applied", ["A", "B"]),
    ("/required", {"new": "enum"}, "applied", ["text", "enum"]),
    ("/required", {"old": "text"}, "applied", []),
    ("/definitions/XType/required", {"new": "y"}, "applied", ["y"]),
    ("/definitions/XType/required", {"old": "y"}, "already in the source", ABSENT),
    ("/properties/required", {"new": {"type": "string"}}, "applied", {"type": "string"}),
    ("/properties/enum", {"old": {"type": "string", "enum": ["A", "B", "C"]}}, "applied", ABSENT),
]


@pytest.mark.parametrize(("path", "values", "outcome", "stands"), CHANGES)
def test_applies_a_change_once(
    path: str, values: dict[str, Any], outcome: str, stands: Any
) -> None:
    assert apply(path, **values) == (outcome, stands)


@pytest.mark.parametrize(("path", "values"), [(path, values) for path, values, *_ in CHANGES])
def test_a_change_that_was_applied_is_there_already(path: str, values: dict[str, Any]) -> None:
    changed, patch = document(), change(f"ResetRequest.json#{path}", **values)
    apply_edit(changed, patch)
    after = json.dumps(changed)
    assert apply_edit(changed, patch) is EditOutcome.ALREADY
    assert json.dumps(changed) == after


@pytest.mark.parametrize(
    ("path", "values", "stands"),
    [
        (
            TEXT,
            {"old": 10, "new": 40},
            "is 20, but the entry expects the old value 10 or the new value 40",
        ),
        (
            TEXT,
            {"new": 40},
            "is 20, but the entry expects the old value nothing or the new value 40",
        ),
        ("/properties/text/minLength", {"old": 1, "new": 2}, "is nothing, but the entry expects"),
        (ENUM, {"old": "A", "new": "B"}, 'has both "A" and "B"'),
        (
            ENUM,
            {"old": "X", "new": "Y"},
            'is ["A", "B", "C"], but the entry expects the old value "X" or',
        ),
        (
            ENUM,
            {"old": ["A"], "new": "A"},
            'is ["A", "B", "C"], but the entry expects the old value ["A"] or',
        ),
    ],
)
def test_refuses_a_change_that_fits_nothing(path: str, values: dict[str, Any], stands: str) -> None:
    with refused(f"ResetRequest.json#{path} {stands}", file="errata.toml", pointer="/change/0"):
        apply(path, **values)


@pytest.mark.parametrize(
    ("path", "missing"),
    [("/properties/no/maxLength", "'no'"), ("/required/0/x", "'0'"), ("/type/x/y", "'x'")],
)
def test_refuses_a_path_that_leads_nowhere(path: str, missing: str) -> None:
    with refused(
        f"refers to nothing: there is no {missing}", file="errata.toml", pointer="/change/0/path"
    ):
        apply(path, new=1)


def test_refuses_a_path_into_something_else() -> None:
    with refused("expected an object, found a string", file="errata.toml", pointer="/change/0"):
        apply("/type/x", new=1)
    with refused("expected an array, found an object", file="errata.toml", pointer="/change/0"):
        apply_edit({"required": {}}, change("ResetRequest.json#/required", new="x"))


def test_what_is_added_is_a_copy_of_its_own() -> None:
    patch = change("#/definitions/XType/properties/z", new={"type": "string"})
    one, other = document(), document()
    apply_edit(one, patch)
    apply_edit(other, patch)
    one["definitions"]["XType"]["properties"]["z"]["maxLength"] = 1
    assert other["definitions"]["XType"]["properties"]["z"] == {"type": "string"}


@pytest.mark.parametrize(
    ("values", "problem", "pointer"),
    [
        ({}, "'path' must be a text", "/path"),
        ({"path": "ResetRequest#/x", "new": 1}, "names neither a file nor a definition", "/path"),
        ({"path": "ResetRequest.json", "new": 1}, "names neither", "/path"),
        ({"path": "ResetRequest.json#", "new": 1}, "names neither", "/path"),
        ({"path": "#/properties/x", "new": 1}, "names neither", "/path"),
        ({"path": "../ResetRequest.json#/x", "new": 1}, "names neither", "/path"),
        ({"path": "A.json#/x"}, "changes nothing", ""),
        ({"path": "A.json#/x", "old": 1, "new": 1.0}, "changes nothing", ""),
        ({"path": "A.json#/x", "new": 1, "reason": " "}, "'reason' must be a text", "/reason"),
        ({"path": "A.json#/x", "new": 1, "citation": None}, "'citation' must be", "/citation"),
        ({"path": "A.json#/x", "nwe": 1}, "unknown key 'nwe'", "/nwe"),
    ],
)
def test_refuses_an_entry(values: dict[str, Any], problem: str, pointer: str) -> None:
    data = entry(path="ResetRequest.json#/required", new="x") + entry(**values)
    with refused(problem, file="errata.toml", pointer=f"/change/1{pointer}"):
        read_edits(read_toml(data, "errata.toml"))
