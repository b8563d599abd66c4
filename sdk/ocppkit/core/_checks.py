"""What msgspec cannot check, compiled per class: multiples of a decimal, and URIs.

A class without such places has no check at all, so its messages pay nothing. A check looks at all
values of one place at once (the limits of all fifty periods of a schedule in one sweep) and only
says whether they pass; what is wrong with them is for the repair pass to find.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeAlias

from ._formats import is_multiple, is_uri
from ._shape import ListShape, NumberShape, ObjectShape, Shape, StringShape

__all__ = ["Check", "check_of"]

Check: TypeAlias = Callable[[Iterable[Any]], bool]
"""Says whether all values of one place pass."""

_REMEMBERED: Final = 4096
"""As many multiples are kept in memory, about 250 KB."""


@cache
def check_of(shape: Shape) -> Check | None:
    """Returns the check of decoded values of a shape, or `None` where msgspec has checked all.

    Open objects are left out: they are checked where they are made.
    """
    return _check(shape, ())


def _check(shape: Shape, inside: tuple[object, ...]) -> Check | None:
    match shape:
        case StringShape(uri=True):
            return _are_uris
        case NumberShape(multiple_of=step) if step is not None:
            return _are_multiples_of(step)
        case ListShape(item=item):
            return _items(_check(item, inside))
        case ObjectShape():
            return _members(shape, inside)
        case _:
            return None


def _are_uris(values: Iterable[str]) -> bool:
    return all(map(is_uri, values))


def _are_multiples_of(step: float) -> Check:
    # Limits repeat: a station knows some dozens of them, and a look into a set is faster than
    # exact arithmetic.
    known: set[float] = set()

    def check(values: Iterable[float]) -> bool:
        values = list(values)
        if known.issuperset(values):
            return True
        if not all(is_multiple(value, step) for value in values):
            return False
        if len(known) > _REMEMBERED:
            known.clear()
        known.update(values[:_REMEMBERED])
        return True

    return check


def _items(check_item: Check | None) -> Check | None:
    if check_item is None:
        return None

    def check_lists(values: Iterable[list[Any]]) -> bool:
        # Not all(): a generator costs more than the look at one short list.
        for items in values:  # noqa: SIM110
            if not check_item(items):
                return False
        return True

    return check_lists


def _members(shape: ObjectShape, inside: tuple[object, ...]) -> Check | None:
    if shape in inside:
        # A class within itself: its check is not ready yet, so it is compiled when first needed.
        return lambda values: (check := check_of(shape)) is None or check(values)
    parts = list(_parts(shape, inside, ""))
    if not parts:
        return None

    def check_members(values: Iterable[Any]) -> bool:
        for get, check in parts:  # noqa: SIM110
            if not check(map(get, values)):
                return False
        return True

    return check_members


def _parts(
    shape: ObjectShape, inside: tuple[object, ...], prefix: str
) -> Iterator[tuple[Callable[[Any], Any], Check]]:
    inside = (*inside, shape)
    for member in shape.members.values():
        below = member.shape
        if isinstance(below, ObjectShape) and member.required and below not in inside:
            yield from _parts(below, inside, f"{prefix}{member.name}.")
        elif (check := _check(below, inside)) is not None:
            yield attrgetter(prefix + member.name), check if member.required else _optional(check)


def _optional(check: Check) -> Check:
    def check_present(values: Iterable[Any]) -> bool:
        present = [value for value in values if value is not None]
        return not present or check(present)

    return check_present
