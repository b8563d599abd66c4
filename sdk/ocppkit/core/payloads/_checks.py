"""What msgspec cannot check, compiled per class: multiples of a decimal, and URIs.

A class without such places has no check at all, so its messages pay nothing. A check looks at all
values of one place at once and only says whether they pass; what is wrong with them is for the
repair pass to find.
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
"""As many multiples are kept in memory, about 250 KB."""


@cache
def check_of(shape: ObjectShape) -> Check | None:
    """Returns the check of decoded payloads of a class, or `None` where msgspec has checked all.

    Open objects are left out: they are checked where they are made.
    """
    names: dict[str, object] = {}
    terms: list[str] = []
    for at, sweep in enumerate(field_expressions(shape, _is_checked)):
        names[f"known{at}"], names[f"passes{at}"] = _test_of(sweep.shape)
        new = sweep.find(f"{{0}} not in known{at}")
        terms.append(f"(not (new := {new}) or passes{at}(new))")
    return compile_expression(" and ".join(terms), names) if terms else None


def _is_checked(shape: Shape) -> bool:
    match shape:
        case StringShape():
            return shape.uri
        case NumberShape():
            return shape.multiple_of is not None
        case _:
            return False


def _test_of(shape: Shape) -> tuple[Collection[Any], _Test]:
    """Returns what is known to pass, and the test of what is not."""
    match shape:
        case NumberShape(multiple_of=step) if step is not None:
            return _multiples_of(step)
        case ObjectShape():
            return (), _pass_later(shape)
        case _:
            return (), _are_uris


def _pass_later(shape: ObjectShape) -> _Test:
    # A class within itself: its check is not ready yet, so it is compiled when first needed.
    return lambda payloads: (check := check_of(shape)) is None or all(map(check, payloads))


def _are_uris(values: list[str]) -> bool:
    return all(map(is_uri, values))


def _multiples_of(step: float) -> tuple[set[float], _Test]:
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
