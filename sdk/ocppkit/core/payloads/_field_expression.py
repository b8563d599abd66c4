"""Checks the values of one field throughout a payload in a single expression, such as the limits of
all periods of a schedule.

Theory of operation: a field expression is written as text from the names of the fields, and compiled
when its class is first used:

    [v1.limit for v0 in payload.schedules for v1 in v0.periods if v1.limit not in known]

Python reads an attribute that is named in its code three times as fast as one that `getattr` or an
`attrgetter` is asked for, and those reads are most of what looking at a long payload costs. A call
per place would cost as much as the rest, so callers that look at several places join their texts.
`for v in [x]` is how a comprehension assigns, and Python compiles it to just that. But a comprehension
is a function: if no list is on the way, the expression does without one, in a third of the time.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from ._shape import ListShape, Member, ObjectShape, Shape

__all__ = ["FieldExpression", "Look", "compile_expression", "field_expressions"]

Look: TypeAlias = Callable[[Any], Any]
"""Evaluates an expression about a payload."""


class FieldExpression(NamedTuple):
    """A field at one place of a class, which may occur many times in a payload."""

    shape: Shape
    """What stands there. An `ObjectShape` is a class within itself: the expression ends there, and what
    it finds has to be looked at in turn."""

    value: str = "payload"
    guards: tuple[str, ...] = ()
    """Conditions for members that may be absent, up to the first list or to the value."""

    clauses: tuple[str, ...] = ()
    """The rest of the way to the value, as in a comprehension."""

    def find(self, condition: str) -> str:
        """Returns Python code for a list of the values that meet a condition; the list is empty if
        none does.

        Args:
            condition: an expression, in which `{0}` stands for the value.
        """
        what = condition.format(self.value)
        if self.clauses:
            what = f"[{self.value} {' '.join(self.clauses)} if {what}]"
            return f"({' and '.join((*self.guards, what))})"
        return f"({' and '.join((*self.guards, f'({what})', f'[{self.value}]'))})"


def compile_expression(expression: str, names: Mapping[str, object]) -> Look:
    """Compiles an expression over `payload` to a function.

    Args:
        expression: the text, made of what `FieldExpression.find` returns.
        names: what other names in it mean.
    """
    # The text holds names of a struct's fields only, so nothing of a peer's is evaluated.
    compiled: Look = eval(f"lambda payload: {expression}", dict(names))
    return compiled


def field_expressions(
    shape: ObjectShape, wanted: Callable[[Shape], bool]
) -> Iterator[FieldExpression]:
    """Yields the fields of a class whose shapes are wanted.

    Args:
        shape: the class.
        wanted: returns whether a place is wanted.
    """
    for place in _fields_below(FieldExpression(shape), ()):
        if isinstance(place.shape, ObjectShape) or wanted(place.shape):
            yield place


def _fields_below(at: FieldExpression, inside: tuple[object, ...]) -> Iterator[FieldExpression]:
    match at.shape:
        case ListShape(item=item):
            name = _name(at)
            clause = f"for {name} in {at.value}"
            yield from _fields_below(
                FieldExpression(item, name, at.guards, (*at.clauses, clause)), inside
            )
        case ObjectShape() if at.shape not in inside:
            for member in at.shape.members.values():
                yield from _fields_below(_member_place(at, member), (*inside, at.shape))
        case _:
            yield at


def _member_place(at: FieldExpression, member: Member) -> FieldExpression:
    """Returns the place of a member below another place."""
    where = f"{at.value}.{member.name}"
    if member.required:
        return FieldExpression(member.shape, where, at.guards, at.clauses)
    name = _name(at)
    if at.clauses:
        clause = f"for {name} in [{where}] if {name} is not None"
        return FieldExpression(member.shape, name, at.guards, (*at.clauses, clause))
    guard = f"({name} := {where}) is not None"
    return FieldExpression(member.shape, name, (*at.guards, guard))


def _name(at: FieldExpression) -> str:
    return f"v{len(at.guards) + len(at.clauses)}"
