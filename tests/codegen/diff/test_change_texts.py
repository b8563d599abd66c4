"""How a change is told in one line."""

from typing import Any

import pytest

from ocppkit.codegen.diff._change_texts import advise, describe, direct
from ocppkit.codegen.diff._compare import Change, Diff, Travel
from ocppkit.codegen.diff._judge import Bump, Rule
from support.schema_pairs import text


def change(
    rule: Rule, old: Any = None, new: Any = None, pointer: str = "", path: str = ""
) -> Change:
    return Change(rule, "ResetRequest", pointer, path, old, new, ())


BOUND = "/properties/x/maxLength"
LIST = {"type": "array", "items": {"$ref": "#/definitions/EVSEType"}, "minItems": 1}


LINES = [
    (change(Rule.ACTION_ADDED), "new action"),
    (change(Rule.ACTION_REMOVED), "action removed"),
    (change(Rule.ACTION_BECAME_SEND), "was answered, is a SEND now"),
    (change(Rule.ACTION_BECAME_CALL), "was a SEND, is answered now"),
    (change(Rule.MESSAGE_ADDED), "its other message is new"),
    (change(Rule.MESSAGE_REMOVED), "one of its messages is gone"),
    (
        change(Rule.OPTIONAL_FIELD_ADDED, None, LIST, path="a.x"),
        "a.x: new optional member, list of EVSEType (minItems 1)",
    ),
    (
        change(Rule.OPTIONAL_FIELD_ADDED_OPEN, None, {}, path="x"),
        "x: new optional member, any value",
    ),
    (
        change(Rule.REQUIRED_FIELD_ADDED, None, text(enum=["a", "b"]), path="x"),
        "x: new required member, string (one of 2 words)",
    ),
    (
        change(Rule.REQUIRED_FIELD_ADDED_OPEN, None, {"type": "integer"}, path="x"),
        "x: new required member, integer",
    ),
    (
        change(Rule.OPTIONAL_FIELD_REMOVED, text(maxLength=5, format="uri"), path="x"),
        "x: removed optional member, string (maxLength 5, format uri)",
    ),
    (
        change(Rule.OPTIONAL_FIELD_REMOVED_OPEN, {"type": "number"}, path="x"),
        "x: removed optional member, number",
    ),
    (
        change(Rule.REQUIRED_FIELD_REMOVED, text(), path="x"),
        "x: removed required member, string",
    ),
    (
        change(Rule.REQUIRED_FIELD_REMOVED_OPEN, text(), path="x"),
        "x: removed required member, string",
    ),
    (change(Rule.FIELD_MOVED, "AType.x", "BType.x", path="x"), "x: moved here from AType.x"),
    (change(Rule.FIELD_BECAME_REQUIRED, path="x"), "x: optional -> required"),
    (change(Rule.FIELD_BECAME_OPTIONAL, path="x"), "x: required -> optional"),
    (change(Rule.TYPE_CHANGED, "string", "integer", path="x"), "x: string -> integer"),
    (change(Rule.TYPE_WIDENED, "string", None, path="x"), "x: string -> any value"),
    (change(Rule.TYPE_NARROWED, None, "string", path="x"), "x: any value -> string"),
    (change(Rule.TYPE_REPLACED, "AType", "BType", path="x"), "x: AType -> BType"),
    (change(Rule.WORD_ADDED, None, "Soon"), "new word 'Soon'"),
    (change(Rule.WORD_REMOVED, "Soon"), "word 'Soon' removed"),
    (
        change(Rule.ENUM_OPENED, ["a", "b"], text(maxLength=20), path="x"),
        "x: 2 words -> any string (maxLength 20)",
    ),
    (change(Rule.ENUM_CLOSED, text(), ["a", "b"], path="x"), "x: any string -> 2 words"),
    (change(Rule.BOUND_LOOSENED, 5, 9, BOUND, "x"), "x: maxLength 5 -> 9"),
    (change(Rule.BOUND_TIGHTENED, None, 9, BOUND, "x"), "x: maxLength none -> 9"),
    (change(Rule.BOUND_SHIFTED, 3, 4, "/x/multipleOf", "x"), "x: multipleOf 3 -> 4"),
    (change(Rule.FORMAT_ADDED, None, "uri", "/x/format", "x"), "x: format none -> uri"),
    (change(Rule.FORMAT_REMOVED, "uri", None, "/x/format", "x"), "x: format uri -> none"),
    (
        change(Rule.FORMAT_CHANGED, "uri", "date-time", "/x/format", "x"),
        "x: format uri -> date-time",
    ),
    (change(Rule.OBJECT_OPENED), "takes extra members now"),
    (change(Rule.OBJECT_CLOSED), "takes no extra members any more"),
    (change(Rule.DEFAULT_ADDED, None, False, "/x/default", "x"), "x: default none -> False"),
    (change(Rule.DEFAULT_REMOVED, 1, None, "/x/default", "x"), "x: default 1 -> none"),
    (change(Rule.DEFAULT_CHANGED, 1, 2, "/x/default", "x"), "x: default 1 -> 2"),
    (change(Rule.DEFINITION_ADDED), "new definition"),
    (change(Rule.DEFINITION_REMOVED), "definition removed"),
    (change(Rule.DEFINITION_RENAMED, "AType", "BType"), "was called AType"),
    (change(Rule.ORDER_CHANGED, ["a"], ["a"]), "same members or words in another order"),
    (change(Rule.DRAFT_RAISED, 4, 6), "JSON Schema draft 4 -> 6"),
    (change(Rule.DRAFT_LOWERED, 6, 4), "JSON Schema draft 6 -> 4"),
]


@pytest.mark.parametrize(("told", "line"), LINES)
def test_a_line_per_rule(told: Change, line: str) -> None:
    assert describe(told) == line


def test_every_rule_has_a_line_above() -> None:
    assert {told.rule for told, _ in LINES} == set(Rule)


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
    assert direct(Travel("ResetRequest", "Reset", sender)) == way


@pytest.mark.parametrize(
    ("rule", "bump"),
    [
        (None, Bump.NONE),
        (Rule.ORDER_CHANGED, Bump.PATCH),
        (Rule.WORD_ADDED, Bump.MINOR),
        (Rule.WORD_REMOVED, Bump.MAJOR),
    ],
)
def test_the_advice_names_the_part_of_the_version(rule: Rule | None, bump: Bump) -> None:
    diff = Diff("2.0.1", "2.1", (change(rule),) if rule else ())
    assert diff.bump is bump
    expected = "no new version" if bump is Bump.NONE else f"raise the {bump} version"
    assert expected in advise(diff)
