"""The parallel walk of two schemas of one message: every place at which they differ, named by rule.

Theory of operation: old and new are walked together, following references on both sides, so what is compared is always what
stands at one place on the wire. A definition that both sides call by one name is compared once per message, and the
findings are its own; that lets the caller fold the equal findings of all messages into one. Where the sides refer to
definitions of different names, two cases differ. If the old name is gone and the new one is fresh, the definition was
renamed or replaced as a whole, and findings belong to the new name. Otherwise this field alone changed its type, and
findings belong to the field.

The walk relies on what `_derive` guarantees: one type per schema, nothing beside `$ref`, enums of strings, and
`additionalProperties` false or absent.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeAlias

from ..schemas._json_text import join, split
from ..schemas._schema_set import SchemaFile
from ._judge import ChangeKind

__all__ = ["ChangePlace", "FoundChange", "Names", "definitions", "walk"]

Schema: TypeAlias = Mapping[str, Any]

_LOWER = ("minLength", "minimum", "minItems")
_UPPER = ("maxLength", "maximum", "maxItems")


@dataclass(frozen=True)
class ChangePlace:
    """Where a schema stands."""

    owner: str
    """The message or definition that it belongs to."""

    pointer: str
    """Its JSON pointer in the file."""

    path: str = ""
    """The members that lead to it from its owner, such as `meterValue[].timestamp`."""

    def keyword(self, *tokens: str) -> "ChangePlace":
        """A keyword of this schema."""
        return replace(self, pointer=join(self.pointer, *tokens))

    def member(self, name: str) -> "ChangePlace":
        """A member of this object."""
        path = f"{self.path}.{name}" if self.path else name
        return replace(self, pointer=join(self.pointer, "properties", name), path=path)

    def item(self) -> "ChangePlace":
        """The items of this list."""
        return replace(self, pointer=join(self.pointer, "items"), path=f"{self.path}[]")


@dataclass(frozen=True)
class FoundChange:
    """One difference between two schemas of one message."""

    rule: ChangeKind
    place: ChangePlace
    old: Any = None
    new: Any = None


@dataclass(frozen=True)
class Names:
    """The definitions that only one of two sets of schemas has."""

    gone: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()


def walk(old: SchemaFile, new: SchemaFile, names: Names) -> Iterator[FoundChange]:
    """Yields how `new` differs from `old`, in the order of the schemas."""
    return _SchemaWalk(old.document, new.document, names).message(ChangePlace(new.name, ""))


def definitions(file: SchemaFile) -> Mapping[str, Schema]:
    """Returns the definitions of a message's schema by name."""
    found: Mapping[str, Schema] = file.document.get("definitions", {})
    return found


class _SchemaWalk:
    """The walk of one pair of files."""

    def __init__(self, old: Schema, new: Schema, names: Names) -> None:
        self._old = old
        self._new = new
        self._names = names
        self._met: set[tuple[str, str]] = set()
        self._replacing: set[tuple[str, str]] = set()

    def message(self, place: ChangePlace) -> Iterator[FoundChange]:
        yield from self._typed(self._old, self._new, place)
        # What no member refers to is not on the wire, but becomes a class all the same.
        common = self._old.get("definitions", {}).keys() & self._new.get("definitions", {}).keys()
        for name in sorted(common):
            yield from self._definition(name, name)

    def _schema(self, old: Schema, new: Schema, place: ChangePlace) -> Iterator[FoundChange]:
        """Compares two schemas that may be references."""
        names = (_target(old), _target(new))
        match names:
            case (str(before), str(after)) if before == after or self._follows(before, after):
                yield from self._definition(before, after)
            case (str(before), str(after)):
                yield from self._replaced(before, after, place)
            case _:
                yield from self._typed(_body(self._old, old), _body(self._new, new), place)

    def _follows(self, before: str, after: str) -> bool:
        """Tells whether one definition took the other's place throughout the set."""
        return before in self._names.gone and after in self._names.fresh

    def _definition(self, before: str, after: str) -> Iterator[FoundChange]:
        if (before, after) in self._met:
            return
        self._met.add((before, after))
        place = ChangePlace(after, join("/definitions", after))
        old, new = self._old["definitions"][before], self._new["definitions"][after]
        if before != after:
            equal = _structure(self._old, old) == _structure(self._new, new)
            rule = ChangeKind.DEFINITION_RENAMED if equal else ChangeKind.TYPE_REPLACED
            yield FoundChange(rule, place, before, after)
        yield from self._typed(old, new, place)

    def _replaced(self, before: str, after: str, place: ChangePlace) -> Iterator[FoundChange]:
        """Compares what a field's old definition holds with what its new one holds."""
        if (before, after) in self._replacing:
            return
        old, new = self._old["definitions"][before], self._new["definitions"][after]
        if _sort(old) == _sort(new):
            yield FoundChange(ChangeKind.TYPE_REPLACED, place, before, after)
        self._replacing.add((before, after))
        yield from self._typed(old, new, place)
        self._replacing.remove((before, after))

    def _typed(self, old: Schema, new: Schema, place: ChangePlace) -> Iterator[FoundChange]:
        """Compares two schemas that are no references."""
        before, after = old.get("type"), new.get("type")
        if before != after:
            yield FoundChange(_retyped(before, after), place.keyword("type"), before, after)
            if {before, after} != {"integer", "number"}:
                return
        if after == "object":
            yield from self._object(old, new, place)
        elif after == "array":
            yield from self._schema(old["items"], new["items"], place.item())
        if "enum" in old or "enum" in new:
            yield from _words(old, new, place)
        if ("enum" in old) == ("enum" in new):
            yield from _bounds(old, new, place)
            yield from _format(old, new, place)
        yield from _default(old, new, place)

    def _object(self, old: Schema, new: Schema, place: ChangePlace) -> Iterator[FoundChange]:
        if _closed(old) != _closed(new):
            rule = ChangeKind.OBJECT_CLOSED if _closed(new) else ChangeKind.OBJECT_OPENED
            yield FoundChange(rule, place.keyword("additionalProperties"))
        before: Mapping[str, Schema] = old.get("properties", {})
        after: Mapping[str, Schema] = new.get("properties", {})
        for name in _union(before, after):
            at = place.member(name)
            if name not in after:
                yield FoundChange(_removed(name in _required(old), _closed(new)), at, before[name])
            elif name not in before:
                yield FoundChange(
                    _added(name in _required(new), _closed(old)), at, None, after[name]
                )
            else:
                yield from _requirement(name in _required(old), name in _required(new), at)
                yield from self._schema(before[name], after[name], at)
        yield from _order(before, after, place.keyword("properties"))


def _target(schema: Schema) -> str | None:
    reference = schema.get("$ref")
    return None if reference is None else split(str(reference))[1]


def _body(document: Schema, schema: Schema) -> Schema:
    name = _target(schema)
    if name is None:
        return schema
    found: Schema = document["definitions"][name]
    return found


def _structure(document: Schema, schema: Schema, above: tuple[str, ...] = ()) -> Any:
    """Expands a schema until no definition's name is left in it; a recursion becomes its depth."""
    name = _target(schema)
    if name in above:
        return {"$ref": above.index(name)}
    if name is not None:
        return _structure(document, document["definitions"][name], (*above, name))
    expanded = dict(schema)
    if "items" in schema:
        expanded["items"] = _structure(document, schema["items"], above)
    if "properties" in schema:
        members: Mapping[str, Schema] = schema["properties"]
        expanded["properties"] = {
            name: _structure(document, member, above) for name, member in members.items()
        }
    return expanded


def _sort(schema: Schema) -> tuple[Any, bool]:
    return schema.get("type"), "enum" in schema


def _closed(schema: Schema) -> bool:
    return schema.get("additionalProperties") is False


def _required(schema: Schema) -> Iterable[str]:
    names: Iterable[str] = schema.get("required", ())
    return names


def _union(first: Iterable[str], second: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*first, *second]))


def _retyped(before: str | None, after: str | None) -> ChangeKind:
    # No type at all takes any value.
    if after is None or (before, after) == ("integer", "number"):
        return ChangeKind.TYPE_WIDENED
    if before is None or (before, after) == ("number", "integer"):
        return ChangeKind.TYPE_NARROWED
    return ChangeKind.TYPE_CHANGED


def _added(required: bool, closed: bool) -> ChangeKind:
    if required:
        return ChangeKind.REQUIRED_FIELD_ADDED if closed else ChangeKind.REQUIRED_FIELD_ADDED_OPEN
    return ChangeKind.OPTIONAL_FIELD_ADDED if closed else ChangeKind.OPTIONAL_FIELD_ADDED_OPEN


def _removed(required: bool, closed: bool) -> ChangeKind:
    if required:
        return (
            ChangeKind.REQUIRED_FIELD_REMOVED if closed else ChangeKind.REQUIRED_FIELD_REMOVED_OPEN
        )
    return ChangeKind.OPTIONAL_FIELD_REMOVED if closed else ChangeKind.OPTIONAL_FIELD_REMOVED_OPEN


def _requirement(before: bool, after: bool, place: ChangePlace) -> Iterator[FoundChange]:
    if before and not after:
        yield FoundChange(ChangeKind.FIELD_BECAME_OPTIONAL, place)
    elif after and not before:
        yield FoundChange(ChangeKind.FIELD_BECAME_REQUIRED, place)


def _words(old: Schema, new: Schema, place: ChangePlace) -> Iterator[FoundChange]:
    at = place.keyword("enum")
    if "enum" not in old:
        yield FoundChange(ChangeKind.ENUM_CLOSED, at, old, new["enum"])
    elif "enum" not in new:
        yield FoundChange(ChangeKind.ENUM_OPENED, at, old["enum"], new)
        # An opened enum may come with a bound that does not hold all of its old values.
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
        yield from _order(old["enum"], new["enum"], at)


def _order(
    before: Iterable[str], after: Iterable[str], place: ChangePlace
) -> Iterator[FoundChange]:
    """Compares the order of what both sides have."""
    kept = [name for name in before if name in after]
    moved = [name for name in after if name in before]
    if kept != moved:
        yield FoundChange(ChangeKind.ORDER_CHANGED, place, kept, moved)


def _bounds(old: Schema, new: Schema, place: ChangePlace) -> Iterator[FoundChange]:
    for keyword in (*_LOWER, *_UPPER, "multipleOf"):
        before, after = _bound(old, keyword), _bound(new, keyword)
        if before != after:
            rule = _rebound(keyword, before, after)
            yield FoundChange(rule, place.keyword(keyword), before, after)


def _bound(schema: Schema, keyword: str) -> float | None:
    value: float | None = schema.get(keyword)
    # A length or count of at least 0 demands nothing.
    return None if keyword in ("minLength", "minItems") and value == 0 else value


def _rebound(keyword: str, before: float | None, after: float | None) -> ChangeKind:
    if before is None:
        return ChangeKind.BOUND_TIGHTENED
    if after is None:
        return ChangeKind.BOUND_LOOSENED
    if keyword == "multipleOf":
        return _restepped(before, after)
    raised = after > before
    return (
        ChangeKind.BOUND_LOOSENED if raised == (keyword in _UPPER) else ChangeKind.BOUND_TIGHTENED
    )


def _restepped(before: float, after: float) -> ChangeKind:
    """Compares two steps: a multiple of the old one allows less, a divisor more."""
    if _is_multiple(after, before):
        return ChangeKind.BOUND_TIGHTENED
    if _is_multiple(before, after):
        return ChangeKind.BOUND_LOOSENED
    return ChangeKind.BOUND_SHIFTED


def _is_multiple(value: float, step: float) -> bool:
    # In binary, 0.3 is no multiple of 0.1.
    return Decimal(str(value)) % Decimal(str(step)) == 0


def _format(old: Schema, new: Schema, place: ChangePlace) -> Iterator[FoundChange]:
    before, after = old.get("format"), new.get("format")
    if before != after:
        rule = (
            ChangeKind.FORMAT_ADDED
            if before is None
            else ChangeKind.FORMAT_REMOVED if after is None else ChangeKind.FORMAT_CHANGED
        )
        yield FoundChange(rule, place.keyword("format"), before, after)


def _default(old: Schema, new: Schema, place: ChangePlace) -> Iterator[FoundChange]:
    at = place.keyword("default")
    if "default" not in old and "default" not in new:
        return
    if "default" not in old:
        yield FoundChange(ChangeKind.DEFAULT_ADDED, at, None, new["default"])
    elif "default" not in new:
        yield FoundChange(ChangeKind.DEFAULT_REMOVED, at, old["default"])
    elif old["default"] != new["default"]:
        yield FoundChange(ChangeKind.DEFAULT_CHANGED, at, old["default"], new["default"])
