"""Looks at all values of one place of a payload at once: the limits of all fifty periods of a schedule.

Theory of operation: a look is an expression, written as text from the names of the fields and
compiled when its class is first used:

    [v1.limit for v0 in payload.schedules for v1 in v0.periods if v1.limit not in known]

Python reads an attribute that stands in its code three times as fast as one that `getattr` or an
`attrgetter` is asked for, and those reads are most of what looking at a long payload costs. A call
per place would cost as much as the rest, so whoever looks at several places joins their texts.
`for v in [x]` is how a comprehension assigns, and Python compiles it to just that.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from ._shape import ListShape, ObjectShape, Shape

__all__ = ["Look", "Sweep", "look", "sweeps"]

Look: TypeAlias = Callable[[Any], Any]
"""Evaluates an expression about a payload."""


class Sweep(NamedTuple):
    """One place of a class."""

    shape: Shape
    """What stands there. An `ObjectShape` is a class within itself: there the sweep ends, and what
    it finds is to be swept in turn."""

    value: str
    clauses: str

    def find(self, condition: str) -> str:
        """Returns the text of a list of the values that meet a condition, in order; absent members have none.

        Args:
            condition: an expression, in which `{0}` stands for the value.
        """
        what = condition.format(self.value)
        if self.clauses:
            return f"[{self.value} {self.clauses} if {what}]"
        return f"([{self.value}] if {what} else [])"


def look(expression: str, names: Mapping[str, object]) -> Look:
    """Compiles an expression about `payload`.

    Args:
        expression: the text, made of what sweeps find.
        names: what other names in it mean.
    """
    # The names come from a struct, so they are names.
    compiled: Look = eval(f"lambda payload: {expression}", dict(names))
    return compiled


def sweeps(shape: ObjectShape, wanted: Callable[[Shape], bool]) -> Iterator[Sweep]:
    """Yields the sweeps of a class.

    Args:
        shape: the class.
        wanted: says which places are worth it.
    """
    for place, value, clauses in _places(shape, "payload", (), ()):
        if isinstance(place, ObjectShape) or wanted(place):
            yield Sweep(place, value, " ".join(clauses))


_Place: TypeAlias = tuple[Shape, str, tuple[str, ...]]


def _places(
    shape: Shape, value: str, clauses: tuple[str, ...], inside: tuple[object, ...]
) -> Iterator[_Place]:
    item = f"v{len(clauses)}"
    match shape:
        case ListShape():
            yield from _places(shape.item, item, (*clauses, f"for {item} in {value}"), inside)
        case ObjectShape() if shape not in inside:
            for member in shape.members.values():
                where = f"{value}.{member.name}"
                if member.required:
                    yield from _places(member.shape, where, clauses, (*inside, shape))
                else:
                    present = f"for {item} in [{where}] if {item} is not None"
                    more = (*clauses, present)
                    yield from _places(member.shape, item, more, (*inside, shape))
        case _:
            yield shape, value, clauses
