"""Objects, arrays and JSON types: members and items that are missing, too many, doubled or of a wrong kind."""

import re
from collections.abc import Iterator, Mapping

from corpus.literals import Literal, quote
from corpus.nodes import Node
from corpus.samples import array, maximal, minimal, obj, pairs

__all__ = ["anything", "arrays", "kinds", "objects", "open_objects"]

_KINDS = {
    "null": ("null", "null"),
    "true": ("boolean", "true"),
    "false": ("boolean", "false"),
    "zero": ("integer", "0"),
    "integer": ("integer", "7"),
    "number": ("number", "7.5"),
    "string": ("string", '"x"'),
    "string-empty": ("string", '""'),
    "string-integer": ("string", '"7"'),
    "string-number": ("string", '"7.5"'),
    "string-true": ("string", '"true"'),
    "object": ("object", "{}"),
    "object-filled": ("object", '{"a":1}'),
    "array": ("array", "[]"),
    "array-of-null": ("array", "[null]"),
}

_ANYTHING = {
    "array-mixed": '[1,"a",null,true,{"b":[]},[]]',
    "array-of-arrays": "[[[[]]]]",
    "nested-16": '{"a":' * 16 + "null" + "}" * 16,
    "nested-arrays-60": "[" * 60 + "]" * 60,
    "empty-name": '{"":1}',
    "odd-names": '{"a b":1,"\\u0000":2,"\U0001f50c":3,"__class__":4,"$ref":"#"}',
    "long-string": quote("\U0001f50c" * 2000),
    "date-time-like": '"2024-05-06 07:08:09+0200"',
    "number-minus-zero": "-0",
    "number-point-zero": "1.0",
    "number-exponent": "1e3",
    "number-int64-largest": "9223372036854775807",
    "number-uint64-largest": "18446744073709551615",
    "number-uint64-above": "18446744073709551616",
    "number-int64-below": "-9223372036854775809",
    "number-digits-31": "1" + "0" * 29 + "1",
    "number-digits-20-fraction": "0.12345678901234567890",
    "number-tenth": "0.1",
}

_BEYOND_DOUBLES = {
    "number-above-doubles": "1e400",
    "number-below-doubles": "1e-400",
    "number-exponent-of-20-digits": "1e" + "9" * 20,
    "number-exponent-of-minus-20-digits": "1e-" + "9" * 20,
}


def kinds(node: Node) -> Iterator[Literal]:
    """Yields one value of each JSON type that the place does not have, and what is coerced to it."""
    fitting = {"number": ("number", "integer"), "any": tuple(k for k, _ in _KINDS.values())}
    for name, (kind, text) in _KINDS.items():
        if kind not in fitting.get(node.kind, (node.kind,)):
            yield Literal(f"type/{name}", text, False)
    if node.kind != "any":
        yield Literal("type/wrapped", array([minimal(node)]), False)
    if node.item is not None:
        yield Literal("type/unwrapped", minimal(node.item), False)
    if node.kind == "boolean":
        yield Literal("boolean/true", "true", True)
        yield Literal("boolean/false", "false", True)
        yield Literal("type/one", "1", False)
        yield Literal("type/string-yes", '"yes"', False)


def anything() -> Iterator[Literal]:
    """Yields values for a place without a type: all are allowed, and all must come back."""
    for name, (_, text) in _KINDS.items():
        yield Literal(f"any/{name}", text, True)
    for name, text in (_ANYTHING | _BEYOND_DOUBLES).items():
        yield Literal(f"any/{name}", text, True)


def _counts(least: int, most: int | None) -> dict[str, int]:
    counts = {"minItems/at": least, "minItems/above": least + 1, "items/three": 3}
    if least:
        counts |= {"minItems/none": 0, "minItems/below": least - 1}
    if most is None:
        counts |= {"items/many": 40}
    else:
        counts |= {"maxItems/at": most, "maxItems/above": most + 1, "maxItems/below": most - 1}
    return counts


def arrays(node: Node) -> Iterator[Literal]:
    """Yields the literals of a place with the type `array`."""
    assert node.item is not None
    least, most = node.schema.get("minItems", 0), node.schema.get("maxItems")
    item = minimal(node.item)
    for rule, count in _counts(least, most).items():
        valid = least <= count and (most is None or count <= most)
        yield Literal(rule, array([item] * count), valid)
    two = least <= 2 and (most is None or most >= 2)
    good = maximal(node.item)
    yield Literal("items/two-different", array([item, good]), two)
    yield Literal("items/second-null", array([item, "null"]), False)
    yield Literal("items/second-array", array([item, array([item])]), False)
    yield Literal("items/second-number-or-text", array([item, _other_kind(node.item)]), False)


def _other_kind(node: Node) -> str:
    return '"x"' if node.kind in ("integer", "number", "boolean", "object", "array") else "7"


def _wrong_names(name: str) -> Iterator[tuple[str, str]]:
    """Yields names that a careless converter of cases would take for a member's."""
    yield "capital", name[0].swapcase() + name[1:]
    yield "snake-case", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    yield "space", f"{name} "


def _renamed(node: Node) -> Iterator[Literal]:
    least = {name: minimal(node.members[name]) for name in node.required}
    for name, member in node.members.items():
        for rule, wrong in _wrong_names(name):
            if wrong in node.members:
                continue
            members = {key: text for key, text in least.items() if key != name}
            members[wrong] = minimal(member)
            valid = node.open and name not in node.required
            yield Literal(f"name/{rule} {name}", obj(members), valid)


def _escaped(name: str) -> str:
    return '"' + "".join(f"\\u{ord(letter):04x}" for letter in name) + '"'


def _members_in_other_order(node: Node) -> Iterator[Literal]:
    everything = {name: minimal(member) for name, member in node.members.items()}
    yield Literal("members/all", obj(everything), True)
    yield Literal("members/reversed", obj(dict(reversed(everything.items()))), True)
    escaped = ",".join(f"{_escaped(name)}:{text}" for name, text in everything.items())
    yield Literal("members/escaped-names", "{" + escaped + "}", True)
    spaced = " ,\r\n\t".join(f"{quote(name)} :\t{text} " for name, text in everything.items())
    yield Literal("members/white-space", "{ " + spaced + "\n}", True)
    for name in node.optional:
        rest = {key: text for key, text in everything.items() if key != name}
        yield Literal(f"members/all-but {name}", obj(rest), True)
    for name in list(node.members)[:1]:
        yield from _twice(node.members[name], name, everything)


def _twice(member: Node, name: str, everything: Mapping[str, str]) -> Iterator[Literal]:
    """Yields an object with a member that occurs twice: the last counts."""
    good, bad = everything[name], "7" if member.kind == "string" else '"x"'
    rest = [(key, text) for key, text in everything.items() if key != name]
    for rule, first, last, valid in (
        ("twice", good, good, True),
        ("twice-first-wrong", bad, good, True),
        ("twice-last-wrong", good, bad, member.kind == "any"),
    ):
        yield Literal(f"members/{rule}", pairs([(name, first), *rest, (name, last)]), valid)


def objects(node: Node) -> Iterator[Literal]:
    """Yields the literals of a place with the type `object`."""
    least = {name: minimal(node.members[name]) for name in node.required}
    yield Literal("members/required-only", obj(least), True)
    yield from _members_in_other_order(node)
    for name in node.required:
        rest = {key: text for key, text in least.items() if key != name}
        yield Literal(f"required/missing {name}", obj(rest), False)
    for name in node.optional:
        alone = {**least, name: minimal(node.members[name])}
        yield Literal(f"members/with {name}", obj(alone), True)
    for rule, extra in (
        ("text", {"unheardOf": '"x"'}),
        ("null", {"unheardOf": "null"}),
        ("object", {"unheardOf": "{}"}),
        ("empty-name", {"": "1"}),
        ("dunder", {"__ocpp_action__": '"x"'}),
        ("type-tag", {"type_": '"x"'}),
    ):
        yield Literal(f"unknown/{rule}", obj(least | extra), node.open)
    yield Literal("unknown/first", obj({"unheardOf": "1"} | least), node.open)
    yield from _renamed(node)


def open_objects(node: Node) -> Iterator[Literal]:
    """Yields what only open objects let in: members of every kind, which must come back."""
    least = {name: minimal(node.members[name]) for name in node.required}
    for literal in anything():
        text = obj({**least, "extra": literal.text})
        yield Literal(f"open/{literal.rule.removeprefix('any/')}", text, True)
    many = {f"extra{index}": str(index) for index in range(50)}
    yield Literal("open/many", obj(least | many), True)
    yield Literal("open/before", obj({"extra": "1"} | least), True)
    yield Literal("open/like-methods", obj(least | {"items": "1", "from_members": "2"}), True)
