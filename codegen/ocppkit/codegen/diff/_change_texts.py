"""Writes the texts of a comparison: a line for each change, a label for each direction, and the advice."""

from collections.abc import Callable, Mapping
from typing import Any

from ._compare import AffectedMessage, Change, Diff
from ._judge import Bump, ChangeKind

__all__ = ["advice_of", "direction_of", "text_of"]

_DIRECTIONS = {
    "station": "station -> CSMS",
    "csms": "CSMS -> station",
    "both": "both ways",
    None: "unknown direction",
}

_ADVICE = {
    Bump.NONE: "nothing changed, no new version is needed",
    Bump.PATCH: "raise the patch version: messages and names stay as they are",
    Bump.MINOR: "raise the minor version: there is something new, and old code keeps working",
    Bump.MAJOR: "raise the major version: code or peers that stay behind can fail",
}


def advice_of(diff: Diff) -> str:
    """Returns the advice which part of a generated package's version to raise."""
    return _ADVICE[diff.bump]


def direction_of(travel: AffectedMessage) -> str:
    """Returns the direction of a message as a text, such as `station -> CSMS`."""
    return _DIRECTIONS[travel.sender]


def text_of(change: Change) -> str:
    """Describes a change in one line, without the name of the message or definition."""
    text = _DESCRIBE.get(change.kind, _values_text)(change)
    return f"{change.path}: {text}" if change.path else text


def _values_text(change: Change) -> str:
    return f"{_value_text(change.old)} -> {_value_text(change.new)}"


def _value_text(value: Any) -> str:
    return "none" if value is None else str(value)


def _keyword_text(change: Change) -> str:
    return f"{change.pointer.rpartition('/')[2]} {_values_text(change)}"


def _member_text(word: str, requirement: str) -> Callable[[Change], str]:
    def text(change: Change) -> str:
        schema = change.new if change.old is None else change.old
        return f"{word} {requirement} member, {_type_text(schema)}"

    return text


def _types_text(change: Change) -> str:
    return f"{change.old or 'any value'} -> {change.new or 'any value'}"


def _type_text(schema: Mapping[str, Any]) -> str:
    """Describes the type of a member, such as `list of EVSEType (minItems 1)`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    kind = schema.get("type", "any value")
    name = f"list of {_type_text(schema['items'])}" if kind == "array" else str(kind)
    bounds = [f"{key} {value}" for key, value in schema.items() if key in _BOUNDS]
    if "enum" in schema:
        bounds.insert(0, f"one of {len(schema['enum'])} values")
    return f"{name} ({', '.join(bounds)})" if bounds else name


_BOUNDS = frozenset(
    {"format", "maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum", "multipleOf"}
)


def _fixed_text(text: str) -> Callable[[Change], str]:
    return lambda change: text


_DESCRIBE: Mapping[ChangeKind, Callable[[Change], str]] = {
    ChangeKind.ACTION_ADDED: _fixed_text("new action"),
    ChangeKind.ACTION_REMOVED: _fixed_text("action removed"),
    ChangeKind.ACTION_BECAME_SEND: _fixed_text("had a response, is a SEND now"),
    ChangeKind.ACTION_BECAME_CALL: _fixed_text("was a SEND, has a response now"),
    ChangeKind.MESSAGE_ADDED: _fixed_text("its request or response is new"),
    ChangeKind.MESSAGE_REMOVED: _fixed_text("its request or response is removed"),
    ChangeKind.OPTIONAL_FIELD_ADDED: _member_text("new", "optional"),
    ChangeKind.OPTIONAL_FIELD_ADDED_OPEN: _member_text("new", "optional"),
    ChangeKind.REQUIRED_FIELD_ADDED: _member_text("new", "required"),
    ChangeKind.REQUIRED_FIELD_ADDED_OPEN: _member_text("new", "required"),
    ChangeKind.OPTIONAL_FIELD_REMOVED: _member_text("removed", "optional"),
    ChangeKind.OPTIONAL_FIELD_REMOVED_OPEN: _member_text("removed", "optional"),
    ChangeKind.REQUIRED_FIELD_REMOVED: _member_text("removed", "required"),
    ChangeKind.REQUIRED_FIELD_REMOVED_OPEN: _member_text("removed", "required"),
    ChangeKind.FIELD_MOVED: lambda change: f"moved here from {change.old}",
    ChangeKind.FIELD_BECAME_REQUIRED: _fixed_text("optional -> required"),
    ChangeKind.FIELD_BECAME_OPTIONAL: _fixed_text("required -> optional"),
    ChangeKind.TYPE_CHANGED: _types_text,
    ChangeKind.TYPE_WIDENED: _types_text,
    ChangeKind.TYPE_NARROWED: _types_text,
    ChangeKind.VALUE_ADDED: lambda change: f"new value {change.new!r}",
    ChangeKind.VALUE_REMOVED: lambda change: f"value {change.old!r} removed",
    ChangeKind.ENUM_OPENED: lambda change: f"{len(change.old)} values -> any {_type_text(change.new)}",
    ChangeKind.ENUM_CLOSED: lambda change: f"any {_type_text(change.old)} -> {len(change.new)} values",
    ChangeKind.BOUND_LOOSENED: _keyword_text,
    ChangeKind.BOUND_TIGHTENED: _keyword_text,
    ChangeKind.BOUND_SHIFTED: _keyword_text,
    ChangeKind.FORMAT_ADDED: _keyword_text,
    ChangeKind.FORMAT_REMOVED: _keyword_text,
    ChangeKind.FORMAT_CHANGED: _keyword_text,
    ChangeKind.OBJECT_OPENED: _fixed_text("allows extra members now"),
    ChangeKind.OBJECT_CLOSED: _fixed_text("allows no extra members any more"),
    ChangeKind.DEFAULT_ADDED: _keyword_text,
    ChangeKind.DEFAULT_REMOVED: _keyword_text,
    ChangeKind.DEFAULT_CHANGED: _keyword_text,
    ChangeKind.DEFINITION_ADDED: _fixed_text("new definition"),
    ChangeKind.DEFINITION_REMOVED: _fixed_text("definition removed"),
    ChangeKind.DEFINITION_RENAMED: lambda change: f"was called {change.old}",
    ChangeKind.ORDER_CHANGED: _fixed_text("same members or values in another order"),
    ChangeKind.DRAFT_RAISED: lambda change: f"JSON Schema draft {_values_text(change)}",
    ChangeKind.DRAFT_LOWERED: lambda change: f"JSON Schema draft {_values_text(change)}",
}
"""How changes of each kind are described; for other kinds the old and the new value are shown."""
