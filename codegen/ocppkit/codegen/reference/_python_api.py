"""Writes a payload as the Python expression that makes the same message, laid out as black does."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..model._ir import Api, ApiMessage, Array, Datatype, Kind, Ref, Scalar, Type

__all__ = ["Expressions"]

_WIDTH = 76
"""What a page shows without scrolling."""


@dataclass(frozen=True)
class _Call:
    """Something with items between brackets."""

    head: str
    items: "Sequence[_Node]"
    tail: str


@dataclass(frozen=True)
class _Named:
    """An argument."""

    name: str
    value: "_Node"


_Node = str | _Call | _Named


class Expressions:
    """Payloads of one version as Python."""

    def __init__(self, api: Api) -> None:
        self._package = api.protocol.package
        self._enums = {enum.name: enum for enum in api.enums}
        self._datatypes = {datatype.name: datatype for datatype in api.datatypes}

    def message(
        self,
        message: ApiMessage,
        payload: Mapping[str, Any],
        lead: str = "",
        *,
        clock: bool = False,
    ) -> str:
        """Returns the expression that makes a message.

        Args:
            message: its class.
            payload: what is in it.
            lead: what stands before the expression on its first line, indentation included.
            clock: whether the current time is asked for, as a program must, and not the example's.
        """
        indent = len(lead) - len(lead.lstrip())
        made = self._object(message, payload)
        if clock:
            made = _Call(made.head, [_timed(each) for each in made.items], made.tail)
        return lead + _lay_out(made, indent, len(lead))

    def arguments(self, message: ApiMessage, payload: Mapping[str, Any], lead: str) -> str:
        """Returns a call of a role's method, which takes the members by keyword.

        Args:
            message: the request.
            payload: what is in it.
            lead: what stands before the opening bracket, indentation included.
        """
        indent = len(lead) - len(lead.lstrip())
        call = _Call("(", self._object(message, payload).items, ")")
        return lead + _lay_out(call, indent, len(lead))

    def _object(self, owner: ApiMessage | Datatype, payload: Mapping[str, Any]) -> _Call:
        items: list[_Node] = [
            _Named(field.name, self._value(field.type, payload[field.wire]))
            for field in owner.fields
            if field.wire in payload
        ]
        return _Call(f"{self._package}.{owner.name}(", items, ")")

    def _value(self, type_: Type, value: Any) -> _Node:
        match type_:
            case Array(item):
                return _Call("[", [self._value(item, each) for each in value], "]")
            case Ref(name) if name in self._enums:
                (member,) = (each for each in self._enums[name].members if each.value == value)
                return f"{self._package}.{name}.{member.name}"
            case Ref(name):
                return self._object(self._datatypes[name], value)
            case Scalar(kind=Kind.DATE_TIME):
                return _moment(datetime.fromisoformat(value))
            case Scalar():
                return (
                    json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
                )


def _timed(node: _Node) -> _Node:
    match node:
        case _Named("current_time"):
            return _Named("current_time", "utcnow()")
        case _:
            return node


def _moment(moment: datetime) -> str:
    parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    return f"datetime({', '.join(map(str, parts))}, tzinfo=UTC)"


def _lay_out(node: _Node, indent: int, column: int) -> str:
    """Returns the text of a node that starts at a column of a line with an indentation."""
    line = _line(node)
    # A comma or a bracket may follow.
    if column + len(line) < _WIDTH:
        return line
    match node:
        case str():
            return node
        case _Named(name, value):
            return f"{name}={_lay_out(value, indent, column + len(name) + 1)}"
        case _Call(head, items, tail):
            inner = indent + 4
            lines = [f"{' ' * inner}{_lay_out(each, inner, inner)},\n" for each in items]
            return f"{head}\n{''.join(lines)}{' ' * indent}{tail}"


def _line(node: _Node) -> str:
    return "".join(_parts(node))


def _parts(node: _Node) -> Iterator[str]:
    match node:
        case str():
            yield node
        case _Named(name, value):
            yield f"{name}="
            yield from _parts(value)
        case _Call(head, items, tail):
            yield head
            for number, each in enumerate(items):
                yield ", " if number else ""
                yield from _parts(each)
            yield tail
