"""Makes invalid payloads, one for each way to violate the schema, to show how the engine answers them."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ..model._ir import Api, ApiMessage, Array, Datatype, EnumType, Kind, Ref, Scalar, Type
from ._examples import Examples

__all__ = ["Fault", "faults_of", "unknown_value_fault"]

Step = str | int

_MOST_ITEMS = 1000
"""A list that may have more items is not made too long: the example would fill the page."""


@dataclass(frozen=True)
class Fault:
    """An invalid payload, and what is wrong in it."""

    place: str
    """The wrong member; empty for the payload as a whole."""

    what: str
    """What is wrong, such as `has more than 20 characters`."""

    payload: Any
    """The invalid payload."""


@dataclass(frozen=True)
class _Place:
    """A member or list item of a payload, with its type."""

    path: tuple[Step, ...]
    type: Type
    required: bool

    @property
    def text(self) -> str:
        steps = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in self.path)
        return steps.removeprefix(".")


def faults_of(api: Api, message: ApiMessage, examples: Examples) -> Iterator[Fault]:
    """Yields invalid payloads of a message: one for each rule that it can violate, at the first suitable member.

    Args:
        api: the version.
        message: the message.
        examples: builds the valid payloads that are then made invalid.
    """
    walk = _PayloadWalk(api)
    payloads = [examples.smallest(message), examples.full(message)]
    candidates = [(payload, list(walk.places(message, payload))) for payload in payloads]
    for make in _FAULT_MAKERS:
        yield from _first_fault(make, candidates, walk)
    yield Fault("colour", "is not a member of the schema", {**payloads[0], "colour": "red"})
    yield Fault("", "is a list", [])


def unknown_value_fault(api: Api, enum: EnumType, message: ApiMessage, examples: Examples) -> Fault:
    """Returns a payload with an unknown value at the first member that has the enum's type."""
    payload = examples.full(message)
    place = next(
        each for each in _PayloadWalk(api).places(message, payload) if each.type == Ref(enum.name)
    )
    return Fault(place.text, "is an unknown value", _with_value(payload, place.path, "Unknown"))


FaultMaker = Callable[["_PayloadWalk", _Place], tuple[str, Any] | None]


def _first_fault(
    make: FaultMaker, candidates: list[tuple[dict[str, Any], list[_Place]]], walk: "_PayloadWalk"
) -> Iterator[Fault]:
    for payload, places in candidates:
        for place in places:
            broken = make(walk, place)
            if broken is not None:
                what, value = broken
                yield Fault(place.text, what, _with_value(payload, place.path, value))
                return


class _Removed:
    """Marks a member that is to be removed from the payload."""


@dataclass(frozen=True)
class _RepeatedItem:
    """Marks a list that is to be replaced by copies of its first item."""

    times: int


def _with_value(payload: Mapping[str, Any], path: tuple[Step, ...], value: Any) -> Any:
    copy: Any = deepcopy(payload)
    target = copy
    for step in path[:-1]:
        target = target[step]
    match value:
        case _Removed():
            del target[path[-1]]
        case _RepeatedItem(times):
            target[path[-1]] = target[path[-1]][:1] * times
        case _:
            target[path[-1]] = value
    return copy


class _PayloadWalk:
    """Walks through the members of a payload, together with their types."""

    def __init__(self, api: Api) -> None:
        self._datatypes = {datatype.name: datatype for datatype in api.datatypes}
        self.enums = api.enum_names()

    def places(self, owner: ApiMessage | Datatype, payload: Mapping[str, Any]) -> Iterator[_Place]:
        """Yields all members and list items: those of the payload first, then those below them."""
        row = [
            (_Place((field.wire,), field.type, field.required), payload[field.wire])
            for field in owner.fields
            if field.wire in payload
        ]
        # The list grows while it is walked: that is what makes the order breadth first.
        for place, value in row:
            yield place
            row.extend(self._places_below(place, value))

    def _places_below(self, place: _Place, value: Any) -> Iterator[tuple[_Place, Any]]:
        match place.type:
            case Array(item):
                yield _Place((*place.path, 0), item, False), value[0]
            case Ref(name) if name in self._datatypes:
                for field in self._datatypes[name].fields:
                    if field.wire in value:
                        path = (*place.path, field.wire)
                        yield _Place(path, field.type, field.required), value[field.wire]
            case _:
                return


def _left_out(walk: _PayloadWalk, place: _Place) -> tuple[str, Any] | None:
    return ("is left out", _Removed()) if place.required else None


def _too_few(walk: _PayloadWalk, place: _Place) -> tuple[str, Any] | None:
    match place.type:
        case Array(min_items=int(low)) if low > 0:
            return "is an empty list", []
        case _:
            return None


def _null_value(walk: _PayloadWalk, place: _Place) -> tuple[str, Any] | None:
    nullable = place.type == Scalar(Kind.ANY) or isinstance(place.path[-1], int)
    return None if nullable else ("is `null`", None)


def _wrong_type(walk: _PayloadWalk, place: _Place) -> tuple[str, Any] | None:
    match place.type:
        case Scalar(kind=Kind.ANY):
            return None
        case Scalar(kind=Kind.INTEGER | Kind.NUMBER):
            return "is a text", "12"
        case Scalar(kind=Kind.BOOLEAN):
            return "is a text", "true"
        case Scalar():
            return "is a number", 42
        case Ref(name) if name in walk.enums:
            return "is a number", 42
        case _:
            return None


def _unknown_enum_value(walk: _PayloadWalk, place: _Place) -> tuple[str, Any] | None:
    match place.type:
        case Ref(name) if name in walk.enums:
            return "is an unknown value", "Unknown"
        case _:
            return None


def _too_long(walk: _PayloadWalk, place: _Place) -> tuple[str, Any] | None:
    match place.type:
        case Scalar(max_length=int(most)):
            return f"has more than {most} characters", "x" * (most + 1)
        case _:
            return None


def _too_small(walk: _PayloadWalk, place: _Place) -> tuple[str, Any] | None:
    match place.type:
        case Scalar(minimum=int() | float() as low):
            return f"is below {low}", low - 1
        case _:
            return None


def _too_big(walk: _PayloadWalk, place: _Place) -> tuple[str, Any] | None:
    match place.type:
        case Scalar(maximum=int() | float() as high):
            return f"is above {high}", high + 1
        case _:
            return None


def _not_multiple(walk: _PayloadWalk, place: _Place) -> tuple[str, Any] | None:
    match place.type:
        case Scalar(multiple_of=int() | float() as step):
            return f"is not a multiple of {step}", step * 1.5
        case _:
            return None


def _no_date_time(walk: _PayloadWalk, place: _Place) -> tuple[str, Any] | None:
    match place.type:
        case Scalar(kind=Kind.DATE_TIME):
            return "is not a date-time", "tomorrow"
        case Scalar(kind=Kind.URI):
            return "is not a URI", "%"
        case _:
            return None


def _too_many(walk: _PayloadWalk, place: _Place) -> tuple[str, Any] | None:
    match place.type:
        case Array(max_items=int(most)) if most < _MOST_ITEMS:
            return f"has more than {most} item{'s' if most != 1 else ''}", _RepeatedItem(most + 1)
        case _:
            return None


_FAULT_MAKERS: tuple[FaultMaker, ...] = (
    _left_out,
    _too_few,
    _too_many,
    _wrong_type,
    _null_value,
    _unknown_enum_value,
    _too_long,
    _too_small,
    _too_big,
    _not_multiple,
    _no_date_time,
)
