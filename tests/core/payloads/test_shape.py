"""Shapes: what is read from a class, and how its places are named."""

from datetime import datetime
from typing import Annotated, Any

import pytest
from msgspec import UNSET, Meta, UnsetType, field

from ocppkit import v16, v201
from ocppkit.core import OpenObject, Opt, Payload, WireEnum
from ocppkit.core.payloads._shape import (
    AnyShape,
    BooleanShape,
    DateTimeShape,
    EnumShape,
    IntegerShape,
    ListShape,
    NumberShape,
    ObjectShape,
    OpenShape,
    StringShape,
    open_members,
    places,
    shape_of,
)


class Colour(WireEnum):
    """An enum."""

    RED = "Red"


class Node(Payload, kw_only=True, frozen=True):
    """A class that contains itself."""

    text: Annotated[str, Meta(min_length=1, max_length=5, extra={"format": "uri"})]
    children: Opt[list["Node"]] = None


class Sample(Payload, kw_only=True, frozen=True):
    """One place of every kind."""

    flag: bool
    count: Annotated[int, Meta(ge=0, le=9)]
    limit: Annotated[float, Meta(ge=0, extra={"multiple_of": 0.1})]
    moment: Annotated[datetime, Meta(tz=True)] = field(name="theMoment")
    colours: Opt[Annotated[list[Colour], Meta(min_length=1, max_length=2)]] = None
    node: Opt[Node] = None
    custom: Opt[OpenObject] = None
    data: Any | UnsetType = UNSET


def test_every_kind_of_place_is_read():
    shape = shape_of(Sample)
    assert shape.closed
    members = {wire: member.shape for wire, member in shape.members.items()}
    assert members["flag"] == BooleanShape()
    assert members["count"] == IntegerShape(0, 9)
    assert members["limit"] == NumberShape(0, None, 0.1)
    assert members["theMoment"] == DateTimeShape()
    assert members["colours"] == ListShape(EnumShape(Colour, {"Red": Colour.RED}), 1, 2)
    assert members["data"] == AnyShape()
    assert isinstance(members["custom"], OpenShape)
    assert not members["custom"].known.closed
    assert shape.members["theMoment"].name == "moment"
    assert [wire for wire, member in shape.members.items() if not member.required] == [
        *("colours", "node", "custom", "data")
    ]


def test_a_class_may_contain_itself():
    shape = shape_of(Node)
    assert shape.members["text"].shape == StringShape(1, 5, uri=True)
    children = shape.members["children"].shape
    assert isinstance(children, ListShape)
    assert children.item is shape


def test_places_are_named_by_pattern_and_end_with_a_class_within_itself():
    assert list(dict(places(shape_of(Node)))) == [*("$", "$.text", "$.children", "$.children[*]")]


def test_places_reach_into_lists_and_open_objects():
    names = dict(places(shape_of(v201.MeterValuesRequest)))
    assert isinstance(names["$.meterValue[*].timestamp"], DateTimeShape)
    assert isinstance(names["$.customData.vendorId"], StringShape)


class Untyped(Payload, kw_only=True, frozen=True):
    """Untyped places: its own, in a list, and one further down."""

    own: Any
    several: list[Any]
    below: v201.IdTokenType


def test_open_members_are_named_as_they_stand_on_the_wire():
    shape = shape_of(Untyped)
    assert open_members(shape) == (b'"customData"', b'"own"', b'"several"')
    assert open_members(shape, below=True) == (b'"customData"', b'"several"')
    assert open_members(shape_of(v16.HeartbeatRequest)) == ()


def test_shapes_are_read_once():
    assert shape_of(v16.HeartbeatRequest) is shape_of(v16.HeartbeatRequest)
    assert isinstance(shape_of(v16.HeartbeatRequest), ObjectShape)


def test_a_type_that_no_schema_has_is_refused():
    class Odd(Payload, kw_only=True, frozen=True):
        pair: tuple[int, int]

    with pytest.raises(TypeError, match="cannot have a field of the type"):
        shape_of(Odd)


def test_what_is_no_struct_is_refused():
    with pytest.raises(TypeError, match="is not a payload class"):
        shape_of(dict)  # type: ignore[arg-type]
