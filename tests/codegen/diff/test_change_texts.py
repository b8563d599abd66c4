"""How a change is told in one line."""

from typing import Any

import pytest

from ocppkit.codegen.diff._change_texts import advice_of, direction_of, text_of
from ocppkit.codegen.diff._compare import AffectedMessage, Change, Diff
from ocppkit.codegen.diff._judge import Bump, ChangeKind
from support.schema_pairs import text


def change(
    kind: ChangeKind, old: Any = None, new: Any = None, pointer: str = "", path: str = ""
) -> Change:
    return Change(kind, "ResetRequest", pointer, path, old, new, ())


BOUND = "/properties/x/maxLength"
LIST = {"type": "array", "items": {"$ref": "#/definitions/EVSEType"}, "minItems": 1}


LINES = [
    (change(ChangeKind.ACTION_ADDED), "new action"),
    (change(ChangeKind.ACTION_REMOVED), "action removed"),
    (change(ChangeKind.ACTION_BECAME_SEND), "had a response, is a SEND now"),
    (change(ChangeKind.ACTION_BECAME_CALL), "was a SEND, has a response now"),
    (change(ChangeKind.MESSAGE_ADDED), "its request or response is new"),
    (change(ChangeKind.MESSAGE_REMOVED), "its request or response is removed"),
    (
        change(ChangeKind.OPTIONAL_FIELD_ADDED, None, LIST, path="a.x"),
        "a.x: new optional member, list of EVSEType (minItems 1)",
    ),
    (
        change(ChangeKind.OPTIONAL_FIELD_ADDED_OPEN, None, {}, path="x"),
        "x: new optional member, any value",
    ),
    (
        change(ChangeKind.REQUIRED_FIELD_ADDED, None, text(enum=["a", "b"]), path="x"),
        "x: new required member, string (one of 2 values)",
    ),
    (
        change(ChangeKind.REQUIRED_FIELD_ADDED_OPEN, None, {"type": "integer"}, path="x"),
        "x: new required member, integer",
    ),
    (
        change(ChangeKind.OPTIONAL_FIELD_REMOVED, text(maxLength=5, format="uri"), path="x"),
        "x: removed optional member, string (maxLength 5, format uri)",
    ),
    (
        change(ChangeKind.OPTIONAL_FIELD_REMOVED_OPEN, {"type": "number"}, path="x"),
        "x: removed optional member, number",
    ),
    (
        change(ChangeKind.REQUIRED_FIELD_REMOVED, text(), path="x"),
        "x: removed required member, string",
    ),
    (
        change(ChangeKind.REQUIRED_FIELD_REMOVED_OPEN, text(), path="x"),
        "x: removed required member, string",
    ),
    (change(ChangeKind.FIELD_MOVED, "AType.x", "BType.x", path="x"), "x: moved here from AType.x"),
    (change(ChangeKind.FIELD_BECAME_REQUIRED, path="x"), "x: optional -> required"),
    (change(ChangeKind.FIELD_BECAME_OPTIONAL, path="x"), "x: required -> optional"),
    (change(ChangeKind.TYPE_CHANGED, "string", "integer", path="x"), "x: string -> integer"),
    (change(ChangeKind.TYPE_WIDENED, "string", None, path="x"), "x: string -> any value"),
    (change(ChangeKind.TYPE_NARROWED, None, "string", path="x"), "x: any value -> string"),
    (change(ChangeKind.TYPE_REPLACED, "AType", "BType", path="x"), "x: AType -> BType"),
    (change(ChangeKind.VALUE_ADDED, None, "Soon"), "new value 'Soon'"),
    (change(ChangeKind.VALUE_REMOVED, "Soon"), "value 'Soon' removed"),
    (
        change(ChangeKind.ENUM_OPENED, ["a", "b"], text(maxLength=20), path="x"),
        "x: 2 values -> any string (maxLength 20)",
    ),
    (change(ChangeKind.ENUM_CLOSED, text(), ["a", "b"], path="x"), "x: any string -> 2 values"),
    (change(ChangeKind.BOUND_LOOSENED, 5, 9, BOUND, "x"), "x: maxLength 5 -> 9"),
    (change(ChangeKind.BOUND_TIGHTENED, None, 9, BOUND, "x"), "x: maxLength none -> 9"),
    (change(ChangeKind.BOUND_SHIFTED, 3, 4, "/x/multipleOf", "x"), "x: multipleOf 3 -> 4"),
    (change(ChangeKind.FORMAT_ADDED, None, "uri", "/x/format", "x"), "x: format none -> uri"),
    (change(ChangeKind.FORMAT_REMOVED, "uri", None, "/x/format", "x"), "x: format uri -> none"),
    (
        change(ChangeKind.FORMAT_CHANGED, "uri", "date-time", "/x/format", "x"),
        "x: format uri -> date-time",
    ),
    (change(ChangeKind.OBJECT_OPENED), "allows extra members now"),
    (change(ChangeKind.OBJECT_CLOSED), "allows no extra members any more"),
    (change(ChangeKind.DEFAULT_ADDED, None, False, "/x/default", "x"), "x: default none -> False"),
    (change(ChangeKind.DEFAULT_REMOVED, 1, None, "/x/default", "x"), "x: default 1 -> none"),
    (change(ChangeKind.DEFAULT_CHANGED, 1, 2, "/x/default", "x"), "x: default 1 -> 2"),
    (change(ChangeKind.DEFINITION_ADDED), "new definition"),
    (change(ChangeKind.DEFINITION_REMOVED), "definition removed"),
    (change(ChangeKind.DEFINITION_RENAMED, "AType", "BType"), "was called AType"),
    (change(ChangeKind.ORDER_CHANGED, ["a"], ["a"]), "same members or values in another order"),
    (change(ChangeKind.DRAFT_RAISED, 4, 6), "JSON Schema draft 4 -> 6"),
    (change(ChangeKind.DRAFT_LOWERED, 6, 4), "JSON Schema draft 6 -> 4"),
]


@pytest.mark.parametrize(("told", "line"), LINES)
def test_a_line_per_rule(told: Change, line: str) -> None:
    assert text_of(told) == line


def test_every_rule_has_a_line_above() -> None:
    assert {told.kind for told, _ in LINES} == set(ChangeKind)


@pytest.mark.parametrize(
    ("sender", "way"),
    [
        ("station", "station -> CSMS"),
        ("csms", "CSMS -> station"),
        ("both", "both ways"),
        (None, "unknown direction"),
    ],
)
def test_directions(sender: str | None, way: str) -> None:
    assert direction_of(AffectedMessage("ResetRequest", "Reset", sender)) == way


@pytest.mark.parametrize(
    ("kind", "bump"),
    [
        (None, Bump.NONE),
        (ChangeKind.ORDER_CHANGED, Bump.PATCH),
        (ChangeKind.VALUE_ADDED, Bump.MINOR),
        (ChangeKind.VALUE_REMOVED, Bump.MAJOR),
    ],
)
def test_the_advice_names_the_part_of_the_version(kind: ChangeKind | None, bump: Bump) -> None:
    diff = Diff("2.0.1", "2.1", (change(kind),) if kind else ())
    assert diff.bump is bump
    expected = "no new version" if bump is Bump.NONE else f"raise the {bump} version"
    assert expected in advice_of(diff)
