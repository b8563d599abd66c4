"""Converts a payload to the Python expression that creates the same message, formatted as black does."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..model._ir import Api, ApiMessage, Array, Datatype, Kind, Ref, Scalar, Type

__all__ = ["Expressions"]

_WIDTH = 76
"""The number of columns that a page shows without scrolling."""


@dataclass(frozen=True)
class _Bracketed:
    """A call or a list: items between brackets."""

    head: str
    items: "Sequence[_Node]"
    tail: str


@dataclass(frozen=True)
class _KeywordArgument:
    """A keyword argument of a call."""

    name: str
    value: "_Node"


_Node = str | _Bracketed | _KeywordArgument


class Expressions:
    """Converts payloads of one version to Python expressions."""

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
        """Returns the expression that creates a message.

        Args:
            message: the message.
            payload: its payload.
            lead: the text before the expression on its first line, including indentation.
            clock: whether `current_time` is written as `utcnow()`, instead of the time in the payload.
        """
        indent = len(lead) - len(lead.lstrip())
        made = self._object_expression(message, payload)
        if clock:
            made = _Bracketed(made.head, [_with_clock(each) for each in made.items], made.tail)
        return lead + _lay_out(made, indent, len(lead))

    def arguments(self, message: ApiMessage, payload: Mapping[str, Any], lead: str) -> str:
        """Returns Python source text that calls a role's method, with the members as keyword arguments.

        Args:
            message: the request.
            payload: its payload.
            lead: the text before the opening bracket, including indentation.
        """
        indent = len(lead) - len(lead.lstrip())
        call = _Bracketed("(", self._object_expression(message, payload).items, ")")
        return lead + _lay_out(call, indent, len(lead))

    def _object_expression(
        self, owner: ApiMessage | Datatype, payload: Mapping[str, Any]
    ) -> _Bracketed:
        items: list[_Node] = [
            _KeywordArgument(field.name, self._value_expression(field.type, payload[field.wire]))
            for field in owner.fields
            if field.wire in payload
        ]
        return _Bracketed(f"{self._package}.{owner.name}(", items, ")")

    def _value_expression(self, type_: Type, value: Any) -> _Node:
        match type_:
            case Array(item):
                return _Bracketed("[", [self._value_expression(item, each) for each in value], "]")
            case Ref(name) if name in self._enums:
                (member,) = (each for each in self._enums[name].members if each.value == value)
                return f"{self._package}.{name}.{member.name}"
            case Ref(name):
                return self._object_expression(self._datatypes[name], value)
            case Scalar(kind=Kind.DATE_TIME):
                return _datetime_call(datetime.fromisoformat(value))
            case Scalar():
                return (
                    json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
                )


def _with_clock(node: _Node) -> _Node:
    match node:
        case _KeywordArgument("current_time"):
            return _KeywordArgument("current_time", "utcnow()")
        case _:
            return node


def _datetime_call(moment: datetime) -> str:
    parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    return f"datetime({', '.join(map(str, parts))}, tzinfo=UTC)"


def _lay_out(node: _Node, indent: int, column: int) -> str:
    """Returns the text of an expression: on one line if it fits, else one item per line.

    Args:
        node: the expression.
        indent: the indentation of the line on which it starts.
        column: the column at which it starts.
    """
    line = _on_one_line(node)
    # A comma or a bracket may follow.
    if column + len(line) < _WIDTH:
        return line
    match node:
        case str():
            return node
        case _KeywordArgument(name, value):
            return f"{name}={_lay_out(value, indent, column + len(name) + 1)}"
        case _Bracketed(head, items, tail):
            inner = indent + 4
            lines = [f"{' ' * inner}{_lay_out(each, inner, inner)},\n" for each in items]
            return f"{head}\n{''.join(lines)}{' ' * indent}{tail}"


def _on_one_line(node: _Node) -> str:
    return "".join(_line_parts(node))


def _line_parts(node: _Node) -> Iterator[str]:
    match node:
        case str():
            yield node
        case _KeywordArgument(name, value):
            yield f"{name}="
            yield from _line_parts(value)
        case _Bracketed(head, items, tail):
            yield head
            for number, each in enumerate(items):
                yield ", " if number else ""
                yield from _line_parts(each)
            yield tail
