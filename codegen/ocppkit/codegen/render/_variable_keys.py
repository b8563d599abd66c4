"""Writes standard variables in generated code: as keys such as `IntegerKey(...)`, whose class is the type of the value."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..model._ir import Variable
from ..model._naming import member_name
from ..model._standard_names import group_by_component
from ._layout import literal

__all__ = [
    "Argument",
    "Component",
    "by_component",
    "key_arguments",
    "key_class",
    "key_notes",
    "key_text",
]

_CLASSES = {
    "integer": "IntegerKey",
    "decimal": "DecimalKey",
    "boolean": "BooleanKey",
    "dateTime": "DateTimeKey",
    "SequenceList": "ListKey",
    "MemberList": "ListKey",
}
"""The key class of `ocppkit.core` for each data type; all other types use `TextKey`."""

_ANY = "AnyComponent"


@dataclass(frozen=True)
class Argument:
    """An argument of a key in generated code: the text before its items, the items, and the text after them."""

    head: str
    items: Sequence[str]
    tail: str


@dataclass(frozen=True)
class Component:
    """A component with its variables, or the variables without a component."""

    name: str | None
    python: str
    """The name of the generated class with the keys."""

    variables: tuple[Variable, ...]


def by_component(variables: Iterable[Variable]) -> list[Component]:
    """Returns the components sorted by name, after the variables that any component may have."""
    return [
        Component(name, name or _ANY, variables)
        for name, variables in group_by_component(variables).items()
    ]


def key_class(variable: Variable) -> str:
    """Returns the class of the key of a variable, such as `IntegerKey`."""
    return _CLASSES.get(variable.type or "", "TextKey")


def key_arguments(variable: Variable) -> Iterator[Argument]:
    """Yields the arguments of the key of a variable."""
    names = {
        "component": variable.component,
        "name": variable.name,
        "instance": variable.instance,
        "instances": variable.instances,
    }
    for name, text in names.items():
        if text is not None:
            yield Argument(f"{name}={literal(text)}", (), ",")
    if variable.type is not None:
        yield Argument(f"data_type=DataType.{member_name(variable.type)}", (), ",")
    yield from _tuple_argument("units", map(literal, variable.units))
    members = (f"Mutability.{member_name(each)}" for each in variable.mutability or ())
    yield from _tuple_argument("mutability", members)
    if variable.required:
        yield Argument("required=True", (), ",")
    yield from _tuple_argument("values", map(literal, variable.values))
    if variable.group is not None:
        yield Argument(f"group={literal(variable.group)}", (), ",")


def key_text(variable: Variable) -> str:
    """Describes a variable in one sentence: type, units, mutability, notes and source."""
    parts = [variable.type or "no source defines the type"]
    if variable.units:
        parts.append(f"in {' or '.join(variable.units)}")
    if variable.mutability:
        parts.append(" or ".join(variable.mutability))
    if variable.required and not variable.required_when:
        parts.append("required")
    text = ", ".join([*parts, *key_notes(variable, values=False)])
    return f"{text[0].upper()}{text[1:]}. [{variable.source}]"


def key_notes(variable: Variable, *, values: bool = True) -> list[str]:
    """Returns notes about a variable: when it is required, its instances, values and successor."""
    notes: list[str] = []
    if variable.required_when:
        notes.append(f"required when {variable.required_when}")
    if variable.instances:
        notes.append(f"one for each {variable.instances}")
    if values and variable.values:
        notes.append(f"values {', '.join(variable.values)}")
    if variable.values_of:
        notes.append(f"values of {variable.values_of}")
    if variable.successor:
        what = "the greatest value of " if variable.successor_limit else ""
        notes.append(f"in OCPP 2.0.1 {what}{variable.successor}")
    return notes


def _tuple_argument(name: str, items: Iterable[str]) -> Iterator[Argument]:
    found = list(items)
    if len(found) == 1:
        yield Argument(f"{name}=({found[0]},)", (), ",")
    elif found:
        yield Argument(f"{name}=(", found, "),")
