"""The parallel walk: each planted change is found, alone, at its place, with both values."""

from collections.abc import Sequence
from typing import Any

import pytest

from ocppkit.codegen.diff._judge import ChangeKind
from ocppkit.codegen.diff._walk import DefinitionChanges, FoundChange, walk
from support.schema_pairs import PLANTED, Planted, document, message, text

EVSE = {"type": "object", "properties": {"id": {"type": "integer"}}, "additionalProperties": False}
REF = {"$ref": "#/definitions/EVSEType"}


def findings(old: Any, new: Any, names: DefinitionChanges | None = None) -> Sequence[FoundChange]:
    pair = message("ResetRequest", old), message("ResetRequest", new)
    return list(walk(*pair, names or DefinitionChanges()))


def kinds(
    old: Any, new: Any, names: DefinitionChanges | None = None
) -> list[tuple[ChangeKind, str, str]]:
    found = findings(old, new, names)
    return [(each.kind, each.place.owner, each.place.path) for each in found]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.kind)
def test_a_planted_change_is_the_only_finding(planted: Planted) -> None:
    (finding,) = findings(planted.old, planted.new)
    assert finding.kind == planted.kind
    assert finding.place.owner == "ResetRequest"
    assert finding.place.pointer == planted.pointer
    assert finding.place.path == planted.path
    assert (finding.old, finding.new) == (planted.before, planted.after)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.kind)
def test_a_message_does_not_differ_from_itself(planted: Planted) -> None:
    assert findings(planted.old, planted.old) == []
    assert findings(planted.new, planted.new) == []


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        (ChangeKind.DEFAULT_ADDED, text(), text(default="a")),
        (ChangeKind.DEFAULT_REMOVED, text(default="a"), text()),
        (ChangeKind.DEFAULT_CHANGED, text(default="a"), text(default="b")),
    ],
)
def test_defaults(kind: ChangeKind, old: Any, new: Any) -> None:
    (finding,) = findings(document({"x": old}), document({"x": new}))
    assert finding.kind == kind
    assert (finding.old, finding.new) == (old.get("default"), new.get("default"))


def test_a_default_of_false_is_a_default() -> None:
    old, new = {"type": "boolean"}, {"type": "boolean", "default": False}
    (finding,) = findings(document({"x": old}), document({"x": new}))
    assert (finding.kind, finding.new) == (ChangeKind.DEFAULT_ADDED, False)


def test_a_length_of_at_least_0_demands_nothing() -> None:
    assert findings(document({"x": text()}), document({"x": text(minLength=0)})) == []


def test_a_minimum_of_0_demands_something() -> None:
    old, new = {"type": "integer"}, {"type": "integer", "minimum": 0}
    assert kinds(document({"x": old}), document({"x": new})) == [
        (ChangeKind.BOUND_TIGHTENED, "ResetRequest", "x")
    ]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (0.1, 0.3, ChangeKind.BOUND_TIGHTENED),
        (0.3, 0.1, ChangeKind.BOUND_LOOSENED),
        (0.2, 0.3, ChangeKind.BOUND_SHIFTED),
    ],
)
def test_steps_are_compared_as_decimals(old: float, new: float, kind: ChangeKind) -> None:
    before = document({"x": {"type": "number", "multipleOf": old}})
    after = document({"x": {"type": "number", "multipleOf": new}})
    assert kinds(before, after) == [(kind, "ResetRequest", "x")]


def test_bounds_are_compared_when_an_integer_becomes_a_number() -> None:
    old, new = {"type": "integer", "minimum": 0}, {"type": "number", "minimum": 1}
    assert kinds(document({"x": old}), document({"x": new})) == [
        (ChangeKind.TYPE_WIDENED, "ResetRequest", "x"),
        (ChangeKind.BOUND_TIGHTENED, "ResetRequest", "x"),
    ]


def test_an_opened_enum_loses_the_words_that_its_bound_does_not_hold() -> None:
    old = document({"x": text(enum=["Good", "MuchTooLong"])})
    found = findings(old, document({"x": text(maxLength=5)}))
    assert [(each.kind, each.old) for each in found] == [
        (ChangeKind.ENUM_OPENED, ["Good", "MuchTooLong"]),
        (ChangeKind.VALUE_REMOVED, "MuchTooLong"),
    ]


def test_a_change_in_a_list_of_inline_objects_has_a_readable_path() -> None:
    def nested(leaf: Any) -> Any:
        item = {"type": "object", "properties": {"leaf": leaf}, "additionalProperties": False}
        return document({"x": {"type": "array", "items": item}})

    (finding,) = findings(nested(text(maxLength=1)), nested(text(maxLength=2)))
    assert finding.place.path == "x[].leaf"
    assert finding.place.pointer == "/properties/x/items/properties/leaf/maxLength"


def test_a_change_in_a_definition_belongs_to_it_and_is_found_once() -> None:
    changed = {**EVSE, "required": ["id"]}
    members = {"a": REF, "b": {"type": "array", "items": REF}}
    (finding,) = findings(
        document(members, definitions={"EVSEType": EVSE}),
        document(members, definitions={"EVSEType": changed}),
    )
    assert (finding.kind, finding.place.owner) == (ChangeKind.FIELD_BECAME_REQUIRED, "EVSEType")
    assert finding.place.pointer == "/definitions/EVSEType/properties/id"


def test_a_change_in_a_definition_that_nothing_refers_to_is_found() -> None:
    old = document(definitions={"EVSEType": EVSE})
    new = document(definitions={"EVSEType": {**EVSE, "additionalProperties": True}})
    assert kinds(old, new) == [(ChangeKind.OBJECT_OPENED, "EVSEType", "")]


def test_an_inline_schema_that_becomes_a_definition_is_no_change_on_the_wire() -> None:
    old = document({"x": EVSE})
    new = document({"x": REF}, definitions={"EVSEType": EVSE})
    assert findings(old, new) == []
    assert findings(new, old) == []


def test_a_definition_that_became_an_inline_schema_is_compared_in_place() -> None:
    old = document({"x": REF}, definitions={"EVSEType": text(enum=["a"])})
    assert kinds(old, document({"x": text()})) == [(ChangeKind.ENUM_OPENED, "ResetRequest", "x")]


NAMES = DefinitionChanges(removed=frozenset({"EVSEType"}), added=frozenset({"OutletType"}))
OUTLET = {"$ref": "#/definitions/OutletType"}


def test_a_renamed_definition_is_found_once() -> None:
    old = document({"a": REF, "b": REF}, definitions={"EVSEType": EVSE})
    new = document({"a": OUTLET, "b": OUTLET}, definitions={"OutletType": EVSE})
    (finding,) = findings(old, new, NAMES)
    assert (finding.kind, finding.place.owner) == (ChangeKind.DEFINITION_RENAMED, "OutletType")
    assert (finding.old, finding.new) == ("EVSEType", "OutletType")


def test_a_definition_that_is_renamed_and_changed_was_replaced() -> None:
    old = document({"a": REF, "b": REF}, definitions={"EVSEType": EVSE})
    changed = {**EVSE, "required": ["id"]}
    new = document({"a": OUTLET, "b": OUTLET}, definitions={"OutletType": changed})
    assert kinds(old, new, NAMES) == [
        (ChangeKind.TYPE_REPLACED, "OutletType", ""),
        (ChangeKind.FIELD_BECAME_REQUIRED, "OutletType", "id"),
    ]


def test_a_field_that_refers_to_another_definition_is_compared_in_place() -> None:
    both = {"EVSEType": EVSE, "OutletType": {**EVSE, "required": ["id"]}}
    old, new = document({"x": REF}, definitions=both), document({"x": OUTLET}, definitions=both)
    assert kinds(old, new) == [
        (ChangeKind.TYPE_REPLACED, "ResetRequest", "x"),
        (ChangeKind.FIELD_BECAME_REQUIRED, "ResetRequest", "x.id"),
    ]


def test_names_inside_a_renamed_definition_do_not_count() -> None:
    def group(member: str) -> Any:
        items = {"type": "array", "items": {"$ref": f"#/definitions/{member}"}}
        return {"type": "object", "properties": {"all": items}, "additionalProperties": False}

    def schema(whole: str, part: str) -> Any:
        reference = {"$ref": f"#/definitions/{whole}"}
        return document({"x": reference}, definitions={whole: group(part), part: EVSE})

    names = DefinitionChanges(
        removed=frozenset({"OldAll", "Old"}), added=frozenset({"NewAll", "New"})
    )
    assert kinds(schema("OldAll", "Old"), schema("NewAll", "New"), names) == [
        (ChangeKind.DEFINITION_RENAMED, "NewAll", ""),
        (ChangeKind.DEFINITION_RENAMED, "New", ""),
    ]


def test_a_field_that_refers_to_something_else_altogether_changed_its_type() -> None:
    both = {"EVSEType": EVSE, "OutletType": text(enum=["a"])}
    old, new = document({"x": REF}, definitions=both), document({"x": OUTLET}, definitions=both)
    assert kinds(old, new) == [(ChangeKind.TYPE_CHANGED, "ResetRequest", "x")]


def _tree(name: str) -> Any:
    reference = {"$ref": f"#/definitions/{name}"}
    schema = {"type": "object", "properties": {"next": reference}, "additionalProperties": False}
    return document({"x": reference}, definitions={name: schema})


def test_recursive_definitions_end() -> None:
    assert findings(_tree("EVSEType"), _tree("EVSEType")) == []
    assert kinds(_tree("EVSEType"), _tree("OutletType"), NAMES) == [
        (ChangeKind.DEFINITION_RENAMED, "OutletType", "")
    ]
    assert kinds(_tree("EVSEType"), _tree("OutletType")) == [
        (ChangeKind.TYPE_REPLACED, "ResetRequest", "x")
    ]
