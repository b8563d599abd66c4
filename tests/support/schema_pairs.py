"""Small sets of schemas, with one example change for each kind of change."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ocppkit.codegen.diff._judge import ChangeKind
from ocppkit.codegen.schemas._derive import derive
from ocppkit.codegen.schemas._schema_set import SchemaFile, SchemaSet

__all__ = ["PLANTED", "Planted", "document", "message", "schema_set", "text"]

Schema = Mapping[str, Any]

DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_6 = "http://json-schema.org/draft-06/schema#"


def text(**keywords: Any) -> dict[str, Any]:
    """Returns the schema of a text."""
    return {"type": "string", **keywords}


def document(
    properties: Schema | None = None,
    *,
    required: tuple[str, ...] = (),
    closed: bool = True,
    definitions: Schema | None = None,
    draft: str = DRAFT_6,
) -> dict[str, Any]:
    """Returns the schema of a message."""
    schema: dict[str, Any] = {"$schema": draft, "type": "object", "properties": properties or {}}
    if required:
        schema["required"] = list(required)
    if closed:
        schema["additionalProperties"] = False
    if definitions:
        schema["definitions"] = definitions
    return schema


def message(name: str, schema: Schema) -> SchemaFile:
    """Returns a message as the generator loads it."""
    derived = derive(json.dumps(schema).encode(), f"{name}.json")
    return SchemaFile(name, f"{name}.json", derived.draft, derived.document)


def schema_set(version: str, **messages: Schema) -> SchemaSet:
    """Returns a set of messages."""
    return SchemaSet(version, {name: message(name, messages[name]) for name in sorted(messages)})


@dataclass(frozen=True)
class Planted:
    """An example change of one message, with payloads that show its effect."""

    kind: ChangeKind
    old: Schema
    new: Schema
    pointer: str
    path: str
    before: Any
    after: Any
    old_message: Any
    """What a sender of the old edition may send, chosen to meet the change."""

    new_message: Any
    """What a sender of the new edition may send, chosen to meet the change."""


def _field(
    kind: ChangeKind, old: Schema, new: Schema, keyword: str, old_message: Any, new_message: Any
) -> Planted:
    """Plants a change of one keyword of the member `x`."""
    return Planted(
        kind,
        document({"x": old}),
        document({"x": new}),
        f"/properties/x/{keyword}",
        "x",
        old.get(keyword),
        new.get(keyword),
        {"x": old_message},
        {"x": new_message},
    )


def _member(
    kind: ChangeKind,
    old: Schema | None,
    new: Schema | None,
    old_message: Any,
    new_message: Any,
    **shape: Any,
) -> Planted:
    """Plants a change of the whole member `x`; `shape` says which side requires it."""
    required_before, required_after = shape.pop("required", (False, False))
    return Planted(
        kind,
        document({"x": old} if old else {}, required=("x",) if required_before else (), **shape),
        document({"x": new} if new else {}, required=("x",) if required_after else (), **shape),
        "/properties/x",
        "x",
        None if old and new else old,
        None if old and new else new,
        old_message,
        new_message,
    )


_WORD = text(maxLength=20)
_WITH = {"x": "word"}

PLANTED = (
    _member(ChangeKind.OPTIONAL_FIELD_ADDED, None, _WORD, {}, _WITH),
    _member(ChangeKind.OPTIONAL_FIELD_ADDED_OPEN, None, _WORD, {}, _WITH, closed=False),
    _member(ChangeKind.REQUIRED_FIELD_ADDED, None, _WORD, {}, _WITH, required=(False, True)),
    _member(
        ChangeKind.REQUIRED_FIELD_ADDED_OPEN,
        None,
        _WORD,
        {},
        _WITH,
        required=(False, True),
        closed=False,
    ),
    _member(ChangeKind.OPTIONAL_FIELD_REMOVED, _WORD, None, _WITH, {}),
    _member(ChangeKind.OPTIONAL_FIELD_REMOVED_OPEN, _WORD, None, _WITH, {}, closed=False),
    _member(ChangeKind.REQUIRED_FIELD_REMOVED, _WORD, None, _WITH, {}, required=(True, False)),
    _member(
        ChangeKind.REQUIRED_FIELD_REMOVED_OPEN,
        _WORD,
        None,
        _WITH,
        {},
        required=(True, False),
        closed=False,
    ),
    _member(ChangeKind.FIELD_BECAME_REQUIRED, _WORD, _WORD, {}, _WITH, required=(False, True)),
    _member(ChangeKind.FIELD_BECAME_OPTIONAL, _WORD, _WORD, _WITH, {}, required=(True, False)),
    _field(ChangeKind.TYPE_CHANGED, text(), {"type": "integer"}, "type", "a", 1),
    _field(ChangeKind.TYPE_WIDENED, {"type": "integer"}, {"type": "number"}, "type", 1, 1.5),
    _field(ChangeKind.TYPE_NARROWED, {"type": "number"}, {"type": "integer"}, "type", 1.5, 1),
    _field(ChangeKind.TYPE_WIDENED, text(), {}, "type", "a", 1),
    _field(ChangeKind.TYPE_NARROWED, {}, text(), "type", 1, "a"),
    _field(
        ChangeKind.BOUND_LOOSENED,
        text(maxLength=5),
        text(maxLength=6),
        "maxLength",
        "a" * 5,
        "a" * 6,
    ),
    _field(
        ChangeKind.BOUND_TIGHTENED,
        text(maxLength=6),
        text(maxLength=5),
        "maxLength",
        "a" * 6,
        "a" * 5,
    ),
    _field(ChangeKind.BOUND_LOOSENED, text(maxLength=5), text(), "maxLength", "a" * 5, "a" * 6),
    _field(ChangeKind.BOUND_TIGHTENED, text(), text(maxLength=5), "maxLength", "a" * 6, "a" * 5),
    _field(ChangeKind.BOUND_LOOSENED, text(minLength=2), text(minLength=1), "minLength", "aa", "a"),
    _field(
        ChangeKind.BOUND_TIGHTENED, text(minLength=1), text(minLength=2), "minLength", "a", "aa"
    ),
    *(
        _field(
            kind,
            {"type": "integer", keyword: old},
            {"type": "integer", keyword: new},
            keyword,
            old,
            new,
        )
        for kind, keyword, old, new in (
            (ChangeKind.BOUND_LOOSENED, "maximum", 5, 6),
            (ChangeKind.BOUND_TIGHTENED, "maximum", 6, 5),
            (ChangeKind.BOUND_LOOSENED, "minimum", 1, 0),
            (ChangeKind.BOUND_TIGHTENED, "minimum", 0, 1),
            (ChangeKind.BOUND_LOOSENED, "multipleOf", 6, 3),
            (ChangeKind.BOUND_TIGHTENED, "multipleOf", 3, 6),
            (ChangeKind.BOUND_SHIFTED, "multipleOf", 3, 4),
        )
    ),
    *(
        _field(
            kind,
            {"type": "array", "items": text(), keyword: old},
            {"type": "array", "items": text(), keyword: new},
            keyword,
            ["a"] * old,
            ["a"] * new,
        )
        for kind, keyword, old, new in (
            (ChangeKind.BOUND_LOOSENED, "maxItems", 2, 3),
            (ChangeKind.BOUND_TIGHTENED, "maxItems", 3, 2),
            (ChangeKind.BOUND_LOOSENED, "minItems", 2, 1),
            (ChangeKind.BOUND_TIGHTENED, "minItems", 1, 2),
        )
    ),
    _field(
        ChangeKind.FORMAT_ADDED,
        text(),
        text(format="date-time"),
        "format",
        "now",
        "2026-01-01T00:00:00Z",
    ),
    _field(
        ChangeKind.FORMAT_REMOVED,
        text(format="date-time"),
        text(),
        "format",
        "2026-01-01T00:00:00Z",
        "now",
    ),
    _field(
        ChangeKind.FORMAT_CHANGED,
        text(format="date-time"),
        text(format="uri"),
        "format",
        "2026-01-01T00:00:00Z",
        "https://example.org",
    ),
    Planted(
        ChangeKind.VALUE_ADDED,
        document({"x": text(enum=["a"])}),
        document({"x": text(enum=["a", "b"])}),
        "/properties/x/enum",
        "x",
        None,
        "b",
        {"x": "a"},
        {"x": "b"},
    ),
    Planted(
        ChangeKind.VALUE_REMOVED,
        document({"x": text(enum=["a", "b"])}),
        document({"x": text(enum=["a"])}),
        "/properties/x/enum",
        "x",
        "b",
        None,
        {"x": "b"},
        {"x": "a"},
    ),
    Planted(
        ChangeKind.ENUM_OPENED,
        document({"x": text(enum=["a"])}),
        document({"x": _WORD}),
        "/properties/x/enum",
        "x",
        ["a"],
        _WORD,
        {"x": "a"},
        {"x": "b"},
    ),
    Planted(
        ChangeKind.ENUM_CLOSED,
        document({"x": _WORD}),
        document({"x": text(enum=["a"])}),
        "/properties/x/enum",
        "x",
        _WORD,
        ["a"],
        {"x": "b"},
        {"x": "a"},
    ),
    Planted(
        ChangeKind.OBJECT_OPENED,
        document({"x": _WORD}),
        document({"x": _WORD}, closed=False),
        "/additionalProperties",
        "",
        None,
        None,
        {},
        {"y": 1},
    ),
    Planted(
        ChangeKind.OBJECT_CLOSED,
        document({"x": _WORD}, closed=False),
        document({"x": _WORD}),
        "/additionalProperties",
        "",
        None,
        None,
        {"y": 1},
        {},
    ),
    Planted(
        ChangeKind.ORDER_CHANGED,
        document({"x": _WORD, "y": _WORD}),
        document({"y": _WORD, "x": _WORD}),
        "/properties",
        "",
        ["x", "y"],
        ["y", "x"],
        {"x": "a", "y": "b"},
        {"x": "a", "y": "b"},
    ),
    Planted(
        ChangeKind.ORDER_CHANGED,
        document({"x": text(enum=["a", "b"])}),
        document({"x": text(enum=["b", "a"])}),
        "/properties/x/enum",
        "x",
        ["a", "b"],
        ["b", "a"],
        {"x": "a"},
        {"x": "b"},
    ),
)
"""Changes inside one message, with instances for an oracle."""
