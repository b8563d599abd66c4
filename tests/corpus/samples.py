"""Writes JSON: plain samples of a place, the least it must hold and all that it may, and any value."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache

from corpus.literals import Json, quote
from corpus.nodes import Node

__all__ = ["array", "maximal", "minimal", "obj", "pairs", "written"]


def obj(members: Mapping[str, str]) -> str:
    """Returns the JSON text of an object whose members are JSON texts."""
    return pairs(members.items())


def pairs(members: Iterable[tuple[str, str]]) -> str:
    """Returns the JSON text of an object whose members may stand twice."""
    return "{" + ",".join(f"{quote(name)}:{text}" for name, text in members) + "}"


def array(items: Iterable[str]) -> str:
    """Returns the JSON text of an array whose items are JSON texts."""
    return "[" + ",".join(items) + "]"


def written(value: Json) -> str:
    """Returns the JSON text of a value as `oracle.parse` gives it: decimals keep all digits."""
    match value:
        case dict():
            return obj({name: written(item) for name, item in value.items()})
        case list():
            return array(written(item) for item in value)
        case str():
            return quote(value)
        case Decimal():
            return str(value)
        case _:
            return json.dumps(value)


def _string(node: Node) -> str:
    if "enum" in node.schema:
        return quote(node.schema["enum"][0])
    if "format" in node.schema:
        return {
            "date-time": '"2024-05-06T07:08:09Z"',
            "uri": '"https://example.com/a"',
        }[node.schema["format"]]
    return quote("a" * max(1, node.schema.get("minLength", 0)))


def _number(node: Node) -> str:
    least, most = node.schema.get("minimum", 3), node.schema.get("maximum", 3)
    return str(int(min(max(3, least), most)))


def _scalar(node: Node) -> str:
    match node.kind:
        case "string":
            return _string(node)
        case "integer" | "number":
            return _number(node)
        case "boolean":
            return "true"
        case "any":
            return '{"any":[1,null]}'
        case _:
            raise ValueError(f"{node.pointer}: no sample of type {node.kind}")


@cache
def minimal(node: Node) -> str:
    """Returns the smallest valid text: required members, as few items as may be."""
    if node.kind == "object":
        return obj({name: minimal(node.members[name]) for name in node.required})
    if node.item is not None:
        return array([minimal(node.item)] * node.schema.get("minItems", 0))
    return _scalar(node)


@cache
def maximal(node: Node) -> str:
    """Returns a valid text with every member at every level; arrays hold one item or the least."""
    if node.kind == "object":
        return obj({name: maximal(member) for name, member in node.members.items()})
    if node.item is not None:
        return array([maximal(node.item)] * max(1, node.schema.get("minItems", 0)))
    return _scalar(node)
