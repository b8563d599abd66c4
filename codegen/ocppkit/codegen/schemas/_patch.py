"""One change to the schemas: where, from what, to what, why, and who says so.

An entry of an errata or corrections file:

    [[change]]
    path = "Get15118EVCertificateResponse.json#/properties/exiResponse/maxLength"
    old = 5600
    new = 7500
    reason = "..."
    citation = "..."

`path` is the file of a message in `schemas/` and a JSON pointer in it. Without a file it begins at
a definition and holds in every file that repeats the definition:
`#/definitions/ChargingProfileType/properties/stackLevel/minimum`. A `*` stands for all messages or
all definitions: `*.json#/additionalProperties`, `#/definitions/*/additionalProperties`.

Without `old` the change adds what is not there; without `new` it takes away. Where the path ends at
`enum` or `required`, `old` and `new` may be one value of the list instead of the whole list.

The two values make a change safe to keep: it is applied where the old value stands, does nothing
where the new one stands already, and stops the run where something else does, because then the
schemas have moved on and somebody must look.
"""

import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from .._errors import CodegenError
from ._json_text import Json, Object, Place, split
from ._keywords import DEFINITIONS
from ._structure import ABSENT, Maybe, same, show
from ._toml import Table, write_value

__all__ = ["Applied", "EditOutcome", "SchemaEdit", "apply_change", "read_changes", "write_change"]

_PATH = re.compile(r"(?:(?P<message>[A-Z][A-Za-z0-9]*|\*)\.json)?#(?P<pointer>/.+)")
_ALL = "*"
_MAPS = ("properties", *DEFINITIONS)
_LISTS = ("enum", "required")
_CURE = "look what the schema says now, then correct the entry or remove it"


class EditOutcome(StrEnum):
    """What became of a change."""

    APPLIED = "applied"
    ALREADY = "already in the source"
    OTHER_VERSION = "not for this version"


@dataclass(frozen=True)
class SchemaEdit:
    """One entry."""

    path: str
    """The path as it is written in the entry."""

    message: str | None
    """The message that is changed, `*` for all; None for every message that holds the definition."""

    pointer: str
    """JSON pointer in the message's schema."""

    old: Maybe
    new: Maybe
    reason: str
    citation: str

    place: Place = field(repr=False)
    """Where the entry stands, for errors."""

    def concerns(self, message: str, document: Object) -> bool:
        """Tells whether the change is one to this message."""
        if self.message is not None:
            return self.message in (message, _ALL)
        return bool(_definitions(split(self.pointer), document))

    def reaches(self, pointer: str) -> bool:
        """Whether the change touches this place, something inside it, or something that contains it."""
        steps = zip(split(self.pointer), split(pointer), strict=False)
        return all(own in (_ALL, other) for own, other in steps)


@dataclass(frozen=True)
class Applied:
    """What became of one change."""

    change: SchemaEdit
    outcome: EditOutcome
    messages: tuple[str, ...]
    """The messages it was applied to, or that it was found in already."""

    version: str = ""
    """The version that it is for, where that is another one."""


def read_changes(table: Table) -> tuple[SchemaEdit, ...]:
    """Reads the `[[change]]` entries of a file.

    Raises:
        CodegenError: if an entry lacks something, has a key that means nothing, or changes nothing.
    """
    return tuple(map(_change, table.array("change")))


def write_change(path: str, error: CodegenError) -> str:
    """Writes the entry that mends what an error is about, which must know the right value.

    Args:
        path: the schema's file, as entries name it: `ResetRequest.json`.
        error: the error; its reason and its place become the entry's.
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


def apply_change(document: Object, change: SchemaEdit) -> EditOutcome:
    """Applies one change to a document, in place.

    Raises:
        CodegenError: if neither the old nor the new value stands at the path.
    """
    ways = _targets(split(change.pointer), document)
    outcomes = [_apply_at(way, document, change) for way in ways]
    return EditOutcome.APPLIED if EditOutcome.APPLIED in outcomes else EditOutcome.ALREADY


def _apply_at(steps: list[str], document: Object, change: SchemaEdit) -> EditOutcome:
    """Applies a change at one of the places that its path means."""
    *way, last = steps
    parent = _descend(document, way, change)
    if _is_list_of_values(way, last) and not _is_whole_list(change):
        return _change_value(parent, last, change)
    stands = parent.get(last, ABSENT)
    if same(stands, change.new):
        return EditOutcome.ALREADY
    if not same(stands, change.old):
        raise _misfit(stands, change)
    if change.new is ABSENT:
        del parent[last]
    else:
        # A copy: one entry may change many documents, and a later entry one of them.
        parent[last] = deepcopy(change.new)
    return EditOutcome.APPLIED


def _change(entry: Table) -> SchemaEdit:
    entry.only("path", "old", "new", "reason", "citation")
    path = entry.text("path")
    match = _PATH.fullmatch(path)
    if match is None or not (match["message"] or match["pointer"].startswith("/definitions/")):
        raise entry.place.at("path").error(
            f"{path!r} names neither a file nor a definition",
            "write ResetRequest.json#/properties/..., or #/definitions/NAME/... for all files",
        )
    old, new = entry.value("old"), entry.value("new")
    if same(old, new):
        raise entry.place.error("the change changes nothing", "write old, new or both")
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


def _members(document: Object, keyword: str) -> Object:
    members = document.get(keyword)
    return members if isinstance(members, dict) else {}


def _targets(way: list[str], document: Object) -> list[list[str]]:
    """Returns the paths that a change's path means in a document.

    They start with the word that the document has for its definitions. A path that leads to no
    definition of the document is itself, unless it is one for all of them.
    """
    if way[0] not in DEFINITIONS or len(way) == 1:
        return [way]
    return _definitions(way, document) or ([] if way[1] == _ALL else [way])


def _definitions(way: list[str], document: Object) -> list[list[str]]:
    """Returns the paths in the definitions of a document that a path means."""
    return [
        [keyword, name, *way[2:]]
        for keyword in DEFINITIONS
        for name in _members(document, keyword)
        if way[1] in (name, _ALL)
    ]


def _descend(document: Object, way: list[str], change: SchemaEdit) -> Object:
    """Follows the path up to its last step."""
    at: Json = document
    for token in way:
        if not isinstance(at, dict) or token not in at:
            raise change.place.at("path").error(
                f"{change.path} leads nowhere: there is no {token!r}", _CURE
            )
        at = at[token]
    return change.place.object(at)


def _is_list_of_values(way: list[str], last: str) -> bool:
    """Tells whether a path ends at the keyword `enum` or `required`, not at such a property."""
    inside_map = False
    for token in way:
        inside_map = token in _MAPS and not inside_map
    return last in _LISTS and not inside_map


def _is_whole_list(change: SchemaEdit) -> bool:
    return isinstance(change.old, list) or isinstance(change.new, list)


def _change_value(parent: Object, keyword: str, change: SchemaEdit) -> EditOutcome:
    """Add, take away or replace one value of a list."""
    values = change.place.list(parent.get(keyword, []))
    old, new = change.old, change.new
    if new is ABSENT:
        _check_spelling(old, values, change)
        result = [value for value in values if value != old]
    elif old is ABSENT:
        result = values if new in values else [*values, new]
    elif old in values and new in values:
        raise change.place.error(
            f"{change.path} holds both {show(old)} and {show(new)}",
            "write old alone to take the old value away",
        )
    elif old not in values and new not in values:
        raise _misfit(values, change)
    else:
        result = [new if value == old else value for value in values]
    if result == values:
        return EditOutcome.ALREADY
    parent[keyword] = result
    return EditOutcome.APPLIED


def _check_spelling(old: Maybe, values: Sequence[Json], change: SchemaEdit) -> None:
    """Refuses to take away a value that is not there while one is spelt almost the same.

    What is not there may have gone with an edition, so it is no error by itself.
    """
    if isinstance(old, str) and old not in values:
        close = get_close_matches(old, [value for value in values if isinstance(value, str)], n=1)
        if close:
            raise change.place.at("old").error(
                f"{change.path} has no value {show(old)}", f"did you mean {close[0]!r}?"
            )


def _misfit(stands: Maybe, change: SchemaEdit) -> CodegenError:
    return change.place.error(
        f"{change.path} is {show(stands)}, neither the old value {show(change.old)} "
        f"nor the new one {show(change.new)}",
        _CURE,
    )
