"""Brings a payload into OCPP's form before it is encoded: date-times with `Z` and milliseconds, and
only numbers that JSON has.

msgspec writes date-times with six digits and in the zone that they have, and NaN as `null`. The
normaliser of a class is compiled once and knows where its date-times and untyped values are. It
returns the same payload if nothing needs a change (whole seconds in UTC do not), else a copy along
the path to what changed; the user's object stays as it was.
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

__all__ = ["Normalise", "NotEncodable", "normalise_untyped", "normaliser_of"]

Normalise: TypeAlias = Callable[[Any, Path], Any]
"""Returns a value as it is to be written; raises `NotEncodable`."""


class NotEncodable(Exception):
    """Raised for a value that JSON cannot represent. Carries the issue."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.message)
        self.issue = issue


@cache
def normaliser_of(shape: Shape, *, texts: bool = False) -> Normalise | None:
    """Returns a function that normalises values of a shape, or `None` if msgspec encodes them well.

    What a normaliser does not know it leaves as it is, to the check of the written bytes.

    Args:
        shape: what the values should be.
        texts: whether a text may stand for a date-time; otherwise it raises `TypeError`, since the fast
            check reads more texts as date-times than may be sent.
    """
    return _normaliser(shape, texts, ())


def normalise_untyped(value: Any, path: Path) -> Any:
    """Returns the normalised form of a value at a place where any JSON may stand.

    Raises:
        NotEncodable: a number that JSON lacks, or two members of one name.
    """
    match value:
        case str():
            return value
        case float() if not isfinite(value):
            raise NotEncodable(Issue(render_path(path), Rule.NUMBER, value))
        case _ if is_object(value):
            return _untyped_members(value, path)
        case list() | tuple():
            return _normalise_items(normalise_untyped, value, path)
        case _:
            return _datetime_or_text(value, path)


def _normaliser(shape: Shape, texts: bool, inside: tuple[object, ...]) -> Normalise | None:
    match shape:
        case DateTimeShape():
            return _datetime_or_text if texts else _datetime_only
        case AnyShape() | OpenShape():
            return normalise_untyped
        case ListShape(item=item):
            return _list_normaliser(_normaliser(item, texts, inside))
        case ObjectShape():
            return _object_normaliser(shape, texts, inside)
        case _:
            return None


def _datetime_or_text(value: Any, path: Path) -> Any:
    if not isinstance(value, datetime) or value.tzinfo is None:
        return value
    if value.tzinfo is UTC and not value.microsecond:
        return value
    try:
        return utc_text(value)
    except OverflowError:
        return value


def _datetime_only(value: Any, path: Path) -> Any:
    if isinstance(value, str):
        raise TypeError("the value is a text, but it must be a datetime")
    return _datetime_or_text(value, path)


def _untyped_members(members: dict[Any, Any], path: Path) -> Any:
    changed: dict[str, Any] = {}
    for name, old in members.items():
        if not isinstance(name, str) and str(name) in members:
            # msgspec would write 1 as "1", and the name would stand there twice.
            raise NotEncodable(Issue(render_path(path), Rule.TYPE, name, "a text as a name"))
        new = normalise_untyped(old, (path, str(name)))
        if new is not old:
            changed[name] = new
    return {**members, **changed} if changed else members


def _list_normaliser(normalise: Normalise | None) -> Normalise | None:
    if normalise is None:
        return None
    return lambda value, path: (
        _normalise_items(normalise, value, path) if isinstance(value, list | tuple) else value
    )


def _normalise_items(normalise: Normalise, items: Any, path: Path) -> Any:
    new = [normalise(item, (path, at)) for at, item in enumerate(items)]
    return new if any(a is not b for a, b in zip(new, items, strict=True)) else items


def _object_normaliser(
    shape: ObjectShape, texts: bool, inside: tuple[object, ...]
) -> Normalise | None:
    if shape in inside:
        # A class within itself: its normaliser is not ready yet, so it is compiled when first needed.
        return lambda value, path: (
            value
            if (normalise := normaliser_of(shape, texts=texts)) is None
            else normalise(value, path)
        )
    parts = [
        (member.name, wire, normalise)
        for wire, member in shape.members.items()
        if (normalise := _normaliser(member.shape, texts, (*inside, shape))) is not None
    ]
    return _members_normaliser(shape.cls, parts) if parts else None


def _members_normaliser(cls: type[Struct], parts: list[tuple[str, str, Normalise]]) -> Normalise:
    def normalise_members(value: Any, path: Path) -> Any:
        if not isinstance(value, cls):
            return value
        changed: dict[str, Any] | None = None
        for name, wire, normalise in parts:
            old = getattr(value, name)
            if old is None:
                continue
            new = normalise(old, (path, wire))
            if new is not old:
                changed = changed or {}
                changed[name] = new
        return value if changed is None else replace(value, **changed)

    return normalise_members
