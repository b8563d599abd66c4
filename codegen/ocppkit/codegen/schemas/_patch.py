"""Reads the entries of errata and corrections, and applies each to the schemas.

An entry names the place, the old value, the new value, a reason and a citation:

    [[change]]
    path = "Get15118EVCertificateResponse.json#/properties/exiResponse/maxLength"
    old = 5600
    new = 7500
    reason = "..."
    citation = "..."

`path` is the file of a message in `schemas/` and a JSON pointer in that file. A path without a file starts at
a definition, and applies to every file that repeats the definition:
`#/definitions/ChargingProfileType/properties/stackLevel/minimum`. A `*` stands for all messages or
all definitions: `*.json#/additionalProperties`, `#/definitions/*/additionalProperties`.

An entry without `old` adds a value; an entry without `new` removes one. If the path ends at
`enum` or `required`, `old` and `new` may be one value of the list instead of the whole list.

An entry replaces the old value. If the new value is already there, it does nothing. Any other value is an error,
because then the schemas have changed and somebody must review the entry.
"""

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from enum import StrEnum

from .._errors import CodegenError, did_you_mean
from ._json_text import Json, Object, Place, split
from ._keywords import DEFINITIONS
from ._structure import ABSENT, JsonOrAbsent, same, show
from ._toml import Table, write_value

__all__ = ["EditOutcome", "EditReport", "SchemaEdit", "apply_edit", "read_edits", "write_edit"]

_PATH = re.compile(r"(?:(?P<message>[A-Z][A-Za-z0-9]*|\*)\.json)?#(?P<pointer>/.+)")
_ALL = "*"
_MAPS = ("properties", *DEFINITIONS)
_LISTS = ("enum", "required")
_CURE = "read the schema, then correct or remove the entry"


class EditOutcome(StrEnum):
    """The effect that an entry of errata or corrections had."""

    APPLIED = "applied"
    ALREADY = "already in the source"
    OTHER_VERSION = "not for this version"


@dataclass(frozen=True)
class SchemaEdit:
    """One entry of a file of errata or corrections: a change to one place of the schemas."""

    path: str
    """The path as written in the entry."""

    message: str | None
    """The message to change; `*` for all messages; `None` for every message with the definition."""

    pointer: str
    """The JSON pointer of the place in the schema of the message."""

    old: JsonOrAbsent
    new: JsonOrAbsent
    reason: str
    citation: str

    place: Place = field(repr=False)
    """The place of the entry, for errors."""

    def concerns(self, message: str, document: Object) -> bool:
        """Tells whether the entry changes the schema of a message."""
        if self.message is not None:
            return self.message in (message, _ALL)
        return bool(_matching_definitions(split(self.pointer), document))

    def touches(self, pointer: str) -> bool:
        """Tells whether the entry changes a place, something inside it, or something that contains it."""
        steps = zip(split(self.pointer), split(pointer), strict=False)
        return all(own in (_ALL, other) for own, other in steps)


@dataclass(frozen=True)
class EditReport:
    """The effect of one entry of errata or corrections."""

    change: SchemaEdit
    outcome: EditOutcome
    messages: tuple[str, ...]
    """The messages that the entry changed, or that already had the new value."""

    version: str = ""
    """The OCPP version of the entry, if it is for another version."""


def read_edits(table: Table) -> tuple[SchemaEdit, ...]:
    """Reads the `[[change]]` entries of a file.

    Raises:
        CodegenError: an entry lacks a key, has an unknown key, or changes nothing.
    """
    return tuple(map(_read_edit, table.array("change")))


def write_edit(path: str, error: CodegenError) -> str:
    """Returns the text of an entry that corrects the value an error is about.

    Args:
        path: the file of the schema, such as `ResetRequest.json`.
        error: the error. Its problem becomes the reason of the entry, and its `change` the two values.
    """
    old, new = error.change or (ABSENT, ABSENT)
    entries = {
        "path": f"{path}#{error.pointer}",
        "old": old,
        "new": new,
        "reason": f"{error.problem[:1].upper()}{error.problem[1:]}.",
        "citation": f"{error.file}#{error.pointer}",
    }
    lines = [f"{key} = {write_value(each)}" for key, each in entries.items() if each is not ABSENT]
    return "\n".join(["[[change]]", *lines]) + "\n"


def apply_edit(document: Object, change: SchemaEdit) -> EditOutcome:
    """Applies one entry to a document, in place.

    Raises:
        CodegenError: the path has neither the old nor the new value.
    """
    ways = _matching_paths(split(change.pointer), document)
    outcomes = [_apply_at(way, document, change) for way in ways]
    return EditOutcome.APPLIED if EditOutcome.APPLIED in outcomes else EditOutcome.ALREADY


def _apply_at(steps: list[str], document: Object, change: SchemaEdit) -> EditOutcome:
    """Applies an entry at one of the places that match its path."""
    *way, last = steps
    parent = _parent_of(document, way, change)
    if _is_list_of_values(way, last) and not _is_whole_list(change):
        return _edit_list_value(parent, last, change)
    stands = parent.get(last, ABSENT)
    if same(stands, change.new):
        return EditOutcome.ALREADY
    if not same(stands, change.old):
        raise _mismatch_error(stands, change)
    if change.new is ABSENT:
        del parent[last]
    else:
        # A copy, because one entry may change several documents, and a later entry only one of them.
        parent[last] = deepcopy(change.new)
    return EditOutcome.APPLIED


def _read_edit(entry: Table) -> SchemaEdit:
    entry.only("path", "old", "new", "reason", "citation")
    path = entry.text("path")
    match = _PATH.fullmatch(path)
    if match is None or not (match["message"] or match["pointer"].startswith("/definitions/")):
        raise entry.place.at("path").error(
            f"the path {path!r} names neither a file nor a definition",
            "write ResetRequest.json#/properties/..., or #/definitions/NAME/... for all files",
        )
    old, new = entry.value("old"), entry.value("new")
    if same(old, new):
        raise entry.place.error(
            "the entry changes nothing, because old and new are equal or absent",
            "add old, new or both",
        )
    return SchemaEdit(
        path=path,
        message=match["message"],
        pointer=match["pointer"],
        old=old,
        new=new,
        reason=entry.text("reason"),
        citation=entry.text("citation"),
        place=entry.place,
    )


def _members_under(document: Object, keyword: str) -> Object:
    members = document.get(keyword)
    return members if isinstance(members, dict) else {}


def _matching_paths(way: list[str], document: Object) -> list[list[str]]:
    """Returns the paths in a document that match the path of an entry.

    A path to definitions matches under `definitions` and under `$defs`. Another path matches only itself.
    """
    if way[0] not in DEFINITIONS or len(way) == 1:
        return [way]
    return _matching_definitions(way, document) or ([] if way[1] == _ALL else [way])


def _matching_definitions(way: list[str], document: Object) -> list[list[str]]:
    """Returns the paths in the definitions of a document that match a path."""
    return [
        [keyword, name, *way[2:]]
        for keyword in DEFINITIONS
        for name in _members_under(document, keyword)
        if way[1] in (name, _ALL)
    ]


def _parent_of(document: Object, way: list[str], change: SchemaEdit) -> Object:
    """Returns the object that contains the last step of a path."""
    at: Json = document
    for token in way:
        if not isinstance(at, dict) or token not in at:
            raise change.place.at("path").error(
                f"{change.path} refers to nothing: there is no {token!r}", _CURE
            )
        at = at[token]
    return change.place.object(at)


def _is_list_of_values(way: list[str], last: str) -> bool:
    """Tells whether a path ends at the keyword `enum` or `required`, and not at a property of that name."""
    inside_map = False
    for token in way:
        inside_map = token in _MAPS and not inside_map
    return last in _LISTS and not inside_map


def _is_whole_list(change: SchemaEdit) -> bool:
    return isinstance(change.old, list) or isinstance(change.new, list)


def _edit_list_value(parent: Object, keyword: str, change: SchemaEdit) -> EditOutcome:
    """Adds, removes or replaces one value of a list."""
    values = change.place.list(parent.get(keyword, []))
    old, new = change.old, change.new
    if new is ABSENT:
        _check_spelling(old, values, change)
        result = [value for value in values if value != old]
    elif old is ABSENT:
        result = values if new in values else [*values, new]
    elif old in values and new in values:
        raise change.place.error(
            f"{change.path} has both {show(old)} and {show(new)}",
            "write only old, to remove the old value",
        )
    elif old not in values and new not in values:
        raise _mismatch_error(values, change)
    else:
        result = [new if value == old else value for value in values]
    if result == values:
        return EditOutcome.ALREADY
    parent[keyword] = result
    return EditOutcome.APPLIED


def _check_spelling(old: JsonOrAbsent, values: Sequence[Json], change: SchemaEdit) -> None:
    """Raises an error if the value to remove is absent, but a similar one is there.

    A value that is merely absent is no error: a new edition may have removed it.
    """
    if isinstance(old, str) and old not in values:
        cure = did_you_mean(old, (value for value in values if isinstance(value, str)), "")
        if cure:
            raise change.place.at("old").error(f"{change.path} has no value {show(old)}", cure)


def _mismatch_error(stands: JsonOrAbsent, change: SchemaEdit) -> CodegenError:
    return change.place.error(
        f"{change.path} is {show(stands)}, but the entry expects the old value {show(change.old)} "
        f"or the new value {show(change.new)}",
        _CURE,
    )
