"""Builds the example payloads of the reference: valid, always the same, and with realistic values."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from ..model._ir import Api, ApiMessage, Array, Datatype, EnumType, Field, Kind, Ref, Scalar, Type

__all__ = ["Examples", "without_family_ending"]

_FILE = Path(__file__).parents[1] / "examples" / "values.toml"

_FALLBACKS: Mapping[Kind, Sequence[Any]] = {
    Kind.STRING: ("text", "a"),
    Kind.INTEGER: (1, 0),
    Kind.NUMBER: (1.5, 1.0, 0.0, -1.0),
    Kind.BOOLEAN: (True,),
    Kind.DATE_TIME: ("2026-03-14T09:26:53Z",),
    Kind.URI: ("https://example.com/",),
    Kind.ANY: ("text",),
}
"""The values to try if the file of example values has none that fits."""


def without_family_ending(name: str) -> str:
    """Returns a type name without the ending `EnumType` or `Type`, because only some versions use
    these endings.
    """
    for ending in ("EnumType", "Type"):
        if name.endswith(ending) and name != ending:
            return name.removesuffix(ending)
    return name


@cache
def _read_values_file() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


class Examples:
    """Builds example payloads for the messages of one version."""

    def __init__(self, api: Api) -> None:
        self._enums = {enum.name: enum for enum in api.enums}
        self._datatypes = {datatype.name: datatype for datatype in api.datatypes}

    def smallest(self, owner: ApiMessage | Datatype) -> dict[str, Any]:
        """Returns a payload, or an object inside one, with only the required members."""
        return self._object_example(owner, full=False)

    def full(self, owner: ApiMessage | Datatype) -> dict[str, Any]:
        """Returns one with every member; `customData` only in a message itself."""
        return self._object_example(owner, full=True)

    def _object_example(self, owner: ApiMessage | Datatype, *, full: bool) -> dict[str, Any]:
        return {
            field.wire: self._value_example(owner.name, field.wire, field.type, full=full)
            for field in owner.fields
            if field.required or (full and self._is_shown(owner, field))
        }

    def _is_shown(self, owner: ApiMessage | Datatype, field: Field) -> bool:
        return isinstance(owner, ApiMessage) or field.wire != "customData"

    def _value_example(self, owner: str, wire: str, type_: Type, *, full: bool) -> Any:
        candidates = [*self._values.get(f"{owner}.{wire}", ()), *self._values.get(wire, ())]
        match type_:
            case Array(item, low):
                one = self._value_example(owner, wire, item, full=full)
                return [one] * max(low or 0, 1)
            case Ref(name) if name in self._enums:
                return self._enum_value(self._enums[name], candidates)
            case Ref(name):
                return self._object_example(self._datatypes[name], full=full)
            case Scalar():
                return _first_allowed(type_, candidates)

    def _enum_value(self, enum: EnumType, candidates: Sequence[Any]) -> str:
        values = [member.value for member in enum.members]
        by_enum = _read_values_file()["enums"]
        preferred = by_enum.get(without_family_ending(enum.name)), by_enum.get(enum.name)
        wanted = (*candidates, *preferred, "Accepted", values[0])
        return next(str(value) for value in wanted if value in values)

    @cached_property
    def _values(self) -> Mapping[str, Sequence[Any]]:
        return _read_values_file()["values"]


def _first_allowed(scalar: Scalar, candidates: Sequence[Any]) -> Any:
    """Returns the first candidate that the type allows."""
    for value in _candidates(scalar, candidates):
        if _allows(scalar, value):
            return value
    raise ValueError(f"no example for {scalar}; add one to {_FILE.name}")


def _candidates(scalar: Scalar, candidates: Sequence[Any]) -> Iterator[Any]:
    yield from candidates
    yield from _FALLBACKS[scalar.kind]
    yield from (each for each in (scalar.minimum, scalar.maximum) if each is not None)


def _allows(scalar: Scalar, value: Any) -> bool:
    match scalar.kind, value:
        case Kind.ANY, _:
            return True
        case Kind.BOOLEAN, bool():
            return True
        case (Kind.INTEGER | Kind.NUMBER), bool():
            return False
        case (Kind.INTEGER, int()) | (Kind.NUMBER, float()):
            low, high = scalar.minimum, scalar.maximum
            return (low is None or value >= low) and (high is None or value <= high)
        case Kind.STRING, str():
            length, low, high = len(value), scalar.min_length, scalar.max_length
            return (low is None or length >= low) and (high is None or length <= high)
        case (Kind.DATE_TIME | Kind.URI), str():
            return ("T" in value[10:11]) if scalar.kind is Kind.DATE_TIME else "://" in value
        case _:
            return False
