"""Finds all differences between the old and the new schema of one message.

Theory of operation: both schemas are walked together. References are followed on both sides, so that the compared parts
describe the same member of the message. A definition with the same name on both sides is compared once per message, and its
differences belong to the definition; so the caller can combine equal differences of several messages. If the names differ,
there are two cases. If the old name no longer exists and the new one did not exist before, the definition was renamed or
replaced, and its differences belong to the new name. Otherwise only this member changed its type, and the differences belong
to the member.

The walk relies on the guarantees of `_derive`: one type per schema, no keyword beside `$ref`, enums of strings only, and
`additionalProperties` either false or absent.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeAlias

from ..schemas._json_text import join, split
from ..schemas._schema_set import SchemaFile
from ._judge import ChangeKind

__all__ = ["ChangePlace", "DefinitionChanges", "FoundChange", "definitions", "walk"]

Schema: TypeAlias = Mapping[str, Any]

_LOWER = ("minLength", "minimum", "minItems")
_UPPER = ("maxLength", "maximum", "maxItems")


@dataclass(frozen=True)
class ChangePlace:
    """The place of a changed schema in its message or definition."""

    owner: str
    """The message or definition that contains the place."""

    pointer: str
    """The JSON pointer of the place in the file."""

    path: str = ""
    """The members from the owner to the place, such as `meterValue[].timestamp`."""

    def keyword(self, *tokens: str) -> "ChangePlace":
        """Returns the place of a keyword of this schema."""
        return replace(self, pointer=join(self.pointer, *tokens))

    def member(self, name: str) -> "ChangePlace":
        """Returns the place of a member of this object."""
        path = f"{self.path}.{name}" if self.path else name
        return replace(self, pointer=join(self.pointer, "properties", name), path=path)

    def item(self) -> "ChangePlace":
        """Returns the place of the items of this list."""
        return replace(self, pointer=join(self.pointer, "items"), path=f"{self.path}[]")


@dataclass(frozen=True)
class FoundChange:
    """One difference between two schemas of one message."""

    kind: ChangeKind
    place: ChangePlace
    old: Any = None
    new: Any = None


@dataclass(frozen=True)
class DefinitionChanges:
    """The names of definitions that only one of two sets of schemas has."""

    removed: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()


def walk(old: SchemaFile, new: SchemaFile, names: DefinitionChanges) -> Iterator[FoundChange]:
    """Yields the differences between two schemas of one message, in their order."""
    return _SchemaWalk(old.document, new.document, names).message(ChangePlace(new.name, ""))


def definitions(file: SchemaFile) -> Mapping[str, Schema]:
    """Returns the definitions of a message's schema by name."""
    found: Mapping[str, Schema] = file.document.get("definitions", {})
    return found


class _SchemaWalk:
    """Compares one pair of schema files."""

    def __init__(self, old: Schema, new: Schema, names: DefinitionChanges) -> None:
        self._old = old
        self._new = new
        self._names = names
        self._met: set[tuple[str, str]] = set()
        self._replacing: set[tuple[str, str]] = set()

    def message(self, place: ChangePlace) -> Iterator[FoundChange]:
        yield from self._compare_types(self._old, self._new, place)
        # A definition that no member refers to is not part of messages, but becomes a class.
        common = self._old.get("definitions", {}).keys() & self._new.get("definitions", {}).keys()
        for name in sorted(common):
            yield from self._compare_definitions(name, name)

    def _compare_schemas(
        self, old: Schema, new: Schema, place: ChangePlace
    ) -> Iterator[FoundChange]:
        """Compares two schemas that may be references."""
        names = (_reference_target(old), _reference_target(new))
        match names:
            case (str(before), str(after)) if before == after or self._is_renamed(before, after):
                yield from self._compare_definitions(before, after)
            case (str(before), str(after)):
                yield from self._compare_replaced(before, after, place)
            case _:
                yield from self._compare_types(
                    _resolved(self._old, old), _resolved(self._new, new), place
                )

    def _is_renamed(self, before: str, after: str) -> bool:
        """Tells whether one definition replaced the other in all schemas."""
        return before in self._names.removed and after in self._names.added

    def _compare_definitions(self, before: str, after: str) -> Iterator[FoundChange]:
        if (before, after) in self._met:
            return
        self._met.add((before, after))
        place = ChangePlace(after, join("/definitions", after))
        old, new = self._old["definitions"][before], self._new["definitions"][after]
        if before != after:
            equal = _expanded(self._old, old) == _expanded(self._new, new)
            kind = ChangeKind.DEFINITION_RENAMED if equal else ChangeKind.TYPE_REPLACED
            yield FoundChange(kind, place, before, after)
        yield from self._compare_types(old, new, place)

    def _compare_replaced(
        self, before: str, after: str, place: ChangePlace
    ) -> Iterator[FoundChange]:
        """Compares the old and the new definition of a member whose definition has another name now."""
        if (before, after) in self._replacing:
            return
        old, new = self._old["definitions"][before], self._new["definitions"][after]
        if _type_and_enum(old) == _type_and_enum(new):
            yield FoundChange(ChangeKind.TYPE_REPLACED, place, before, after)
        self._replacing.add((before, after))
        yield from self._compare_types(old, new, place)
        self._replacing.remove((before, after))

    def _compare_types(self, old: Schema, new: Schema, place: ChangePlace) -> Iterator[FoundChange]:
        """Compares two schemas that are not references."""
        before, after = old.get("type"), new.get("type")
        if before != after:
            yield FoundChange(_type_change(before, after), place.keyword("type"), before, after)
            if {before, after} != {"integer", "number"}:
                return
        if after == "object":
            yield from self._compare_objects(old, new, place)
        elif after == "array":
            yield from self._compare_schemas(old["items"], new["items"], place.item())
        if "enum" in old or "enum" in new:
            yield from _enum_changes(old, new, place)
        if ("enum" in old) == ("enum" in new):
            yield from _bound_changes(old, new, place)
            yield from _format_changes(old, new, place)
        yield from _default_changes(old, new, place)

    def _compare_objects(
        self, old: Schema, new: Schema, place: ChangePlace
    ) -> Iterator[FoundChange]:
        if _is_closed(old) != _is_closed(new):
            kind = ChangeKind.OBJECT_CLOSED if _is_closed(new) else ChangeKind.OBJECT_OPENED
            yield FoundChange(kind, place.keyword("additionalProperties"))
        before: Mapping[str, Schema] = old.get("properties", {})
        after: Mapping[str, Schema] = new.get("properties", {})
        for name in _union(before, after):
            at = place.member(name)
            if name not in after:
                yield FoundChange(
                    _removed_kind(name in _required_names(old), _is_closed(new)), at, before[name]
                )
            elif name not in before:
                yield FoundChange(
                    _added_kind(name in _required_names(new), _is_closed(old)),
                    at,
                    None,
                    after[name],
                )
            else:
                yield from _requirement_changes(
                    name in _required_names(old), name in _required_names(new), at
                )
                yield from self._compare_schemas(before[name], after[name], at)
        yield from _order_changes(before, after, place.keyword("properties"))


def _reference_target(schema: Schema) -> str | None:
    reference = schema.get("$ref")
    return None if reference is None else split(str(reference))[1]


def _resolved(document: Schema, schema: Schema) -> Schema:
    name = _reference_target(schema)
    if name is None:
        return schema
    found: Schema = document["definitions"][name]
    return found


def _expanded(document: Schema, schema: Schema, above: tuple[str, ...] = ()) -> Any:
    """Returns a schema with all references replaced by their definitions; a recursion becomes its depth."""
    name = _reference_target(schema)
    if name in above:
        return {"$ref": above.index(name)}
    if name is not None:
        return _expanded(document, document["definitions"][name], (*above, name))
    expanded = dict(schema)
    if "items" in schema:
        expanded["items"] = _expanded(document, schema["items"], above)
    if "properties" in schema:
        members: Mapping[str, Schema] = schema["properties"]
        expanded["properties"] = {
            name: _expanded(document, member, above) for name, member in members.items()
        }
    return expanded


def _type_and_enum(schema: Schema) -> tuple[Any, bool]:
    return schema.get("type"), "enum" in schema


def _is_closed(schema: Schema) -> bool:
    return schema.get("additionalProperties") is False


def _required_names(schema: Schema) -> Iterable[str]:
    names: Iterable[str] = schema.get("required", ())
    return names


def _union(first: Iterable[str], second: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*first, *second]))


def _type_change(before: str | None, after: str | None) -> ChangeKind:
    # A schema without a type allows any value.
    if after is None or (before, after) == ("integer", "number"):
        return ChangeKind.TYPE_WIDENED
    if before is None or (before, after) == ("number", "integer"):
        return ChangeKind.TYPE_NARROWED
    return ChangeKind.TYPE_CHANGED


def _added_kind(required: bool, closed: bool) -> ChangeKind:
    if required:
        return ChangeKind.REQUIRED_FIELD_ADDED if closed else ChangeKind.REQUIRED_FIELD_ADDED_OPEN
    return ChangeKind.OPTIONAL_FIELD_ADDED if closed else ChangeKind.OPTIONAL_FIELD_ADDED_OPEN


def _removed_kind(required: bool, closed: bool) -> ChangeKind:
    if required:
        return (
            ChangeKind.REQUIRED_FIELD_REMOVED if closed else ChangeKind.REQUIRED_FIELD_REMOVED_OPEN
        )
    return ChangeKind.OPTIONAL_FIELD_REMOVED if closed else ChangeKind.OPTIONAL_FIELD_REMOVED_OPEN


def _requirement_changes(before: bool, after: bool, place: ChangePlace) -> Iterator[FoundChange]:
    if before and not after:
        yield FoundChange(ChangeKind.FIELD_BECAME_OPTIONAL, place)
    elif after and not before:
        yield FoundChange(ChangeKind.FIELD_BECAME_REQUIRED, place)


def _enum_changes(old: Schema, new: Schema, place: ChangePlace) -> Iterator[FoundChange]:
    at = place.keyword("enum")
    if "enum" not in old:
        yield FoundChange(ChangeKind.ENUM_CLOSED, at, old, new["enum"])
    elif "enum" not in new:
        yield FoundChange(ChangeKind.ENUM_OPENED, at, old["enum"], new)
        # An enum that became a text may have a length limit that excludes some of its old values.
        most = new.get("maxLength")
        for word in old["enum"]:
            if most is not None and len(word) > most:
                yield FoundChange(ChangeKind.VALUE_REMOVED, at, word)
    else:
        yield from (
            FoundChange(ChangeKind.VALUE_REMOVED, at, w)
            for w in old["enum"]
            if w not in new["enum"]
        )
        yield from (
            FoundChange(ChangeKind.VALUE_ADDED, at, None, w)
            for w in new["enum"]
            if w not in old["enum"]
        )
        yield from _order_changes(old["enum"], new["enum"], at)


def _order_changes(
    before: Iterable[str], after: Iterable[str], place: ChangePlace
) -> Iterator[FoundChange]:
    """Compares the order of the names that both sides have."""
    kept = [name for name in before if name in after]
    moved = [name for name in after if name in before]
    if kept != moved:
        yield FoundChange(ChangeKind.ORDER_CHANGED, place, kept, moved)


def _bound_changes(old: Schema, new: Schema, place: ChangePlace) -> Iterator[FoundChange]:
    for keyword in (*_LOWER, *_UPPER, "multipleOf"):
        before, after = _effective_bound(old, keyword), _effective_bound(new, keyword)
        if before != after:
            kind = _bound_change(keyword, before, after)
            yield FoundChange(kind, place.keyword(keyword), before, after)


def _effective_bound(schema: Schema, keyword: str) -> float | None:
    value: float | None = schema.get(keyword)
    # A minimum length or count of 0 is no constraint.
    return None if keyword in ("minLength", "minItems") and value == 0 else value


def _bound_change(keyword: str, before: float | None, after: float | None) -> ChangeKind:
    if before is None:
        return ChangeKind.BOUND_TIGHTENED
    if after is None:
        return ChangeKind.BOUND_LOOSENED
    if keyword == "multipleOf":
        return _step_change(before, after)
    raised = after > before
    return (
        ChangeKind.BOUND_LOOSENED if raised == (keyword in _UPPER) else ChangeKind.BOUND_TIGHTENED
    )


def _step_change(before: float, after: float) -> ChangeKind:
    """Compares two values of `multipleOf`: a multiple of the old one allows fewer values, a divisor more."""
    if _is_multiple(after, before):
        return ChangeKind.BOUND_TIGHTENED
    if _is_multiple(before, after):
        return ChangeKind.BOUND_LOOSENED
    return ChangeKind.BOUND_SHIFTED


def _is_multiple(value: float, step: float) -> bool:
    # As binary floats, 0.3 is not a multiple of 0.1.
    return Decimal(str(value)) % Decimal(str(step)) == 0


def _format_changes(old: Schema, new: Schema, place: ChangePlace) -> Iterator[FoundChange]:
    before, after = old.get("format"), new.get("format")
    if before != after:
        kind = (
            ChangeKind.FORMAT_ADDED
            if before is None
            else ChangeKind.FORMAT_REMOVED if after is None else ChangeKind.FORMAT_CHANGED
        )
        yield FoundChange(kind, place.keyword("format"), before, after)


def _default_changes(old: Schema, new: Schema, place: ChangePlace) -> Iterator[FoundChange]:
    at = place.keyword("default")
    if "default" not in old and "default" not in new:
        return
    if "default" not in old:
        yield FoundChange(ChangeKind.DEFAULT_ADDED, at, None, new["default"])
    elif "default" not in new:
        yield FoundChange(ChangeKind.DEFAULT_REMOVED, at, old["default"])
    elif old["default"] != new["default"]:
        yield FoundChange(ChangeKind.DEFAULT_CHANGED, at, old["default"], new["default"])
