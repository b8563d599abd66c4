"""Checks rules that msgspec cannot check: multiples of a decimal, and URIs.

A class without such places has no check, so its messages cost nothing more. A check looks at all
values of one place at once and returns only whether they pass; the repair pass finds out what is
wrong with them.
"""

from collections.abc import Callable, Collection
from functools import cache
from typing import Any, Final, TypeAlias

from ._field_expression import compile_expression, field_expressions
from ._formats import is_multiple, is_uri
from ._shape import NumberShape, ObjectShape, Shape, StringShape

__all__ = ["Check", "check_of"]

Check: TypeAlias = Callable[[Any], bool]
"""Says whether a payload passes."""

_Test: TypeAlias = Callable[[list[Any]], bool]
"""Says whether values of one place pass."""

_REMEMBERED: Final = 4096
"""The number of multiples that are kept in memory, about 250 KB."""


@cache
def check_of(shape: ObjectShape) -> Check | None:
    """Returns a function that checks decoded payloads of a class, or `None` if msgspec checks
    everything.

    Open objects are not looked at: they are checked when they are built.
    """
    names: dict[str, object] = {}
    terms: list[str] = []
    for at, place in enumerate(field_expressions(shape, _needs_check)):
        names[f"known{at}"], names[f"passes{at}"] = _test_of(place.shape)
        new = place.find(f"{{0}} not in known{at}")
        terms.append(f"(not (new := {new}) or passes{at}(new))")
    return compile_expression(" and ".join(terms), names) if terms else None


def _needs_check(shape: Shape) -> bool:
    match shape:
        case StringShape():
            return shape.uri
        case NumberShape():
            return shape.multiple_of is not None
        case _:
            return False


def _test_of(shape: Shape) -> tuple[Collection[Any], _Test]:
    """Returns values that are known to pass, and a function that tests all others."""
    match shape:
        case NumberShape(multiple_of=step) if step is not None:
            return _multiple_of_check(step)
        case ObjectShape():
            return (), _remember_passing(shape)
        case _:
            return (), _are_uris


def _remember_passing(shape: ObjectShape) -> _Test:
    # A class within itself: its check is not ready yet, so it is compiled when first needed.
    return lambda payloads: (check := check_of(shape)) is None or all(map(check, payloads))


def _are_uris(values: list[str]) -> bool:
    return all(map(is_uri, values))


def _multiple_of_check(step: float) -> tuple[set[float], _Test]:
    """Returns the known multiples of a step, and a test that adds to them."""
    # Limits repeat: a station knows some dozens of them, and a look into a set is faster than
    # exact arithmetic.
    known: set[float] = set()

    def are_multiples(values: list[float]) -> bool:
        if not all(is_multiple(value, step) for value in values):
            return False
        if len(known) > _REMEMBERED:
            known.clear()
        known.update(values[:_REMEMBERED])
        return True

    return known, are_multiples
