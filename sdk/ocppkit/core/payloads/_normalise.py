"""Dresses a payload for the wire: date-times with `Z` and milliseconds, and no number that JSON lacks.

msgspec writes date-times with six digits and in the zone they came in, and NaN as `null`. The dress
of a class is compiled once and knows where its date-times and untyped values sit. It returns the
very same payload where nothing needs a change (whole seconds in UTC do not), else a copy along the
path to what changed; the user's object stays as it was.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from math import isfinite
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ..model._issues import Issue, Path, Rule, render_path
from ..model._json import is_object
from ._formats import utc_text
from ._shape import AnyShape, DateTimeShape, ListShape, ObjectShape, OpenShape, Shape

__all__ = ["Normalise", "NotEncodable", "normaliser_of"]

Normalise: TypeAlias = Callable[[Any, Path], Any]


class NotEncodable(Exception):
    """A value that JSON has no word for; carries the issue."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.message)
        self.issue = issue


@cache
def normaliser_of(shape: Shape) -> Normalise | None:
    """Returns what dresses values of a shape, or `None` where msgspec writes them well.

    A dress touches what it knows and leaves the rest to the check of the outgoing bytes.
    """
    return _dress(shape, ())


def _dress(shape: Shape, inside: tuple[object, ...]) -> Normalise | None:
    match shape:
        case DateTimeShape():
            return _moment
        case AnyShape() | OpenShape():
            return _untyped
        case ListShape(item=item):
            return _list(_dress(item, inside))
        case ObjectShape():
            return _object(shape, inside)
        case _:
            return None


def _moment(value: Any, path: Path) -> Any:
    if not isinstance(value, datetime) or value.tzinfo is None:
        return value
    if value.tzinfo is UTC and not value.microsecond:
        return value
    try:
        return utc_text(value)
    except OverflowError:
        return value


def _untyped(value: Any, path: Path) -> Any:
    match value:
        case str():
            return value
        case float() if not isfinite(value):
            raise NotEncodable(Issue(render_path(path), Rule.NUMBER, value))
        case _ if is_object(value):
            return _untyped_members(value, path)
        case list() | tuple():
            return _items(_untyped, value, path)
        case _:
            return _moment(value, path)


def _untyped_members(members: dict[str, Any], path: Path) -> Any:
    changed = {
        name: new
        for name, old in members.items()
        if (new := _untyped(old, (path, name))) is not old
    }
    return {**members, **changed} if changed else members


def _list(dress: Normalise | None) -> Normalise | None:
    if dress is None:
        return None
    return lambda value, path: (
        _items(dress, value, path) if isinstance(value, list | tuple) else value
    )


def _items(dress: Normalise, items: Any, path: Path) -> Any:
    new = [dress(item, (path, at)) for at, item in enumerate(items)]
    return new if any(a is not b for a, b in zip(new, items, strict=True)) else items


def _object(shape: ObjectShape, inside: tuple[object, ...]) -> Normalise | None:
    if shape in inside:
        # A class within itself: its dress is not ready yet, so it is compiled when first needed.
        return lambda value, path: (
            value if (dress := normaliser_of(shape)) is None else dress(value, path)
        )
    parts = [
        (member.name, wire, dress)
        for wire, member in shape.members.items()
        if (dress := _dress(member.shape, (*inside, shape))) is not None
    ]
    return _members(shape.cls, parts) if parts else None


def _members(cls: type[Struct], parts: list[tuple[str, str, Normalise]]) -> Normalise:
    def normalise_members(value: Any, path: Path) -> Any:
        if not isinstance(value, cls):
            return value
        changed: dict[str, Any] | None = None
        for name, wire, dress in parts:
            old = getattr(value, name)
            if old is None:
                continue
            new = dress(old, (path, wire))
            if new is not old:
                changed = changed or {}
                changed[name] = new
        return value if changed is None else replace(value, **changed)

    return normalise_members
