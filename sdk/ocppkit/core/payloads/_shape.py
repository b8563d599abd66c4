"""The shape of a payload class: a tree with the schema's rules for each place, read from msgspec.

msgspec knows the constraints that it checks; `Meta(extra=...)` carries those that it cannot. This module
reads both once per class, and the repair pass, the extra checks and the normalisers are built on the
tree. Nothing here looks at data.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeAlias

from msgspec import Struct, field, inspect

from ..model._enums import WireEnum
from ..model._objects import OpenObject

__all__ = [
    "AnyShape",
    "BooleanShape",
    "DateTimeShape",
    "EnumShape",
    "IntegerShape",
    "ListShape",
    "Member",
    "NumberShape",
    "ObjectShape",
    "OpenShape",
    "Shape",
    "StringShape",
    "allows_unknown_members",
    "listed_values",
    "open_members",
    "places",
    "shape_of",
]


class AnyShape(Struct, frozen=True):
    """Any JSON value."""


class BooleanShape(Struct, frozen=True):
    """`true` or `false`."""


class IntegerShape(Struct, frozen=True):
    """An integer within limits, both inclusive."""

    minimum: int | None = None
    maximum: int | None = None


class NumberShape(Struct, frozen=True):
    """A number within limits, both inclusive."""

    minimum: float | None = None
    maximum: float | None = None
    multiple_of: float | None = None


class StringShape(Struct, frozen=True):
    """A string, whose length is counted in characters."""

    min_length: int | None = None
    max_length: int | None = None
    uri: bool = False


class DateTimeShape(Struct, frozen=True):
    """A string that is an RFC 3339 date-time."""


class EnumShape(Struct, frozen=True):
    """A string that is one of a list of values."""

    cls: type[WireEnum]
    words: dict[str, WireEnum]
    """Its members by their values on the wire."""


class ListShape(Struct, frozen=True):
    """A list whose items have the same shape."""

    item: "Shape"
    min_items: int | None = None
    max_items: int | None = None


class Member(Struct, frozen=True):
    """One named member of an object."""

    name: str
    """The field's name in Python."""

    shape: "Shape"
    required: bool


class ObjectShape(Struct, frozen=True, eq=False):
    """An object that becomes a struct."""

    cls: type[Struct]
    closed: bool
    """Whether members beyond the named ones are refused."""

    members: dict[str, Member] = field(default_factory=dict[str, Member])
    """By name on the wire, in the schema's order."""


class OpenShape(Struct, frozen=True, eq=False):
    """An object that keeps every member, and checks the named ones."""

    cls: type[OpenObject]
    known: ObjectShape


Shape: TypeAlias = (
    AnyShape
    | BooleanShape
    | DateTimeShape
    | EnumShape
    | IntegerShape
    | ListShape
    | NumberShape
    | ObjectShape
    | OpenShape
    | StringShape
)


@cache
def shape_of(cls: type[Struct]) -> ObjectShape:
    """Returns the shape of a payload class."""
    info = inspect.type_info(cls)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{cls!r} is not a payload class [derive it from Payload]")
    return _object(info, {})


def places(shape: Shape, path: str = "$") -> Iterator[tuple[str, Shape]]:
    """Yields all places below a shape, each with its path pattern and shape, such as
    `$.meterValue[*].timestamp`.

    A class that contains itself is not entered a second time.
    """
    yield from _places(shape, path, ())


@cache
def open_members(shape: ObjectShape, *, below: bool = False) -> tuple[bytes, ...]:
    """Returns the JSON names of the members that allow any value.

    Args:
        shape: the class.
        below: leaves out the members of the class itself.
    """
    paths = [path for path, place in places(shape) if allows_unknown_members(place)]
    if below:
        own = {f"$.{wire}" for wire in shape.members}
        paths = [path for path in paths if path not in own]
    names = {path.replace("[*]", "").rpartition(".")[2] for path in paths}
    return tuple(f'"{name}"'.encode() for name in sorted(names))


_SHOWN_VALUES = 120


def listed_values(shape: EnumShape) -> str:
    """Returns the values of an enum as one text, shortened if it is too long for a message."""
    text = ", ".join(shape.words)
    return text if len(text) <= _SHOWN_VALUES else f"{text[:_SHOWN_VALUES].rpartition(',')[0]}, ..."


def allows_unknown_members(shape: Shape) -> bool:
    """Returns whether a shape accepts members that it does not name."""
    return isinstance(shape, AnyShape | OpenShape)


def _places(shape: Shape, path: str, inside: tuple[object, ...]) -> Iterator[tuple[str, Shape]]:
    yield path, shape
    match shape:
        case ListShape(item=item):
            yield from _places(item, f"{path}[*]", inside)
        case OpenShape(known=known):
            yield from _members(known, path, inside)
        case ObjectShape() if shape not in inside:
            yield from _members(shape, path, (*inside, shape))
        case _:
            pass


def _members(
    shape: ObjectShape, path: str, inside: tuple[object, ...]
) -> Iterator[tuple[str, Shape]]:
    for wire, member in shape.members.items():
        yield from _places(member.shape, f"{path}.{wire}", inside)


_Seen: TypeAlias = dict[type, ObjectShape]


def _object(info: inspect.StructType, seen: _Seen) -> ObjectShape:
    if info.cls in seen:
        return seen[info.cls]
    shape = ObjectShape(info.cls, closed=info.forbid_unknown_fields)
    # Noted before its members are read: a class may contain itself.
    seen[info.cls] = shape
    for item in info.fields:
        member = Member(item.name, _shape(item.type, {}, seen), item.required)
        shape.members[item.encode_name] = member
    return shape


def _shape(info: inspect.Type, extra: dict[str, Any], seen: _Seen) -> Shape:
    match info:
        case inspect.Metadata():
            # msgspec's stubs leave the dictionary's types open.
            more: Any = info.extra  # pyright: ignore
            return _shape(info.type, {**extra, **(more or {})}, seen)
        case inspect.AnyType():
            return AnyShape()
        case inspect.BoolType():
            return BooleanShape()
        case inspect.IntType():
            return IntegerShape(info.ge, info.le)
        case inspect.FloatType():
            return NumberShape(info.ge, info.le, extra.get("multiple_of"))
        case inspect.StrType():
            return StringShape(info.min_length, info.max_length, extra.get("format") == "uri")
        case inspect.DateTimeType():
            return DateTimeShape()
        case inspect.EnumType() if issubclass(info.cls, WireEnum):
            return EnumShape(info.cls, {member.value: member for member in info.cls})
        case inspect.ListType():
            return ListShape(_shape(info.item_type, {}, seen), info.min_length, info.max_length)
        case inspect.StructType():
            return _object(info, seen)
        case inspect.CustomType() if issubclass(info.cls, OpenObject):
            return OpenShape(info.cls, shape_of(info.cls.__ocpp_known__))
        case _:
            raise TypeError(f"a payload cannot have a field of the type {info}")
