"""Random payloads: valid ones, broken ones and texts with a byte out of place, each from a seed.

The fixed corpus breaks one thing at a time. Here members come in any combination and order, several
things break at once, and scalars are drawn afresh, so that what nobody thought of has a chance.
"""

import json
from functools import cache
from random import Random

from corpus.literals import quote
from corpus.nodes import Node, tree
from corpus.rules import literals_of
from corpus.samples import array, pairs
from corpus.sources import Source

__all__ = ["random_payload"]

_ALPHABET = 'aZ09 _-.:/%\u00e9\u20ac\U0001f50c\u0301\u0000\u007f\\"'
_BYTES = b' "{}[],:0123456789eE+-.\\tnulfarsTZz\x00\n\x7f\xc3\xa9\xf0\xff'
_LONGEST = 400
"""Texts of the rule tables beyond this length are left to the fixed corpus."""

_MOMENT_PARTS = (
    ("2024-05-06", "2024-02-29", "2023-02-29", "1999-12-31", "0001-01-01", "9999-12-31"),
    ("T", "T", "T", "t", " ", ""),
    ("00:00:00", "23:59:59", "23:59:60", "24:00:00", "07:08", "7:08:09"),
    ("", "", ".5", ".123", ".1234567", ".", ",5"),
    ("Z", "Z", "z", "+00:00", "-05:30", "+14:00", "+24:00", "+01", "+0100", " Z", ""),
)


@cache
def _pool(node: Node) -> tuple[str, ...]:
    """Returns the short texts of all rules at a place, valid and not."""
    return tuple(each.text for each in literals_of(node) if len(each.text) <= _LONGEST)


class _Maker:
    """Writes one payload."""

    def __init__(self, random: Random) -> None:
        self._random = random
        # Most places must be right, or no message would be.
        self._wildness = random.choice((0.0, 0.0, 0.0, 0.01, 0.05, 0.3))
        self._fullness = random.choice((0.0, 0.1, 0.3, 0.6))

    def _sometimes(self, chance: float) -> bool:
        return self._random.random() < chance

    def text(self, node: Node) -> str:
        """Returns a text for a place."""
        if self._sometimes(self._wildness):
            return self._random.choice(_pool(node))
        if node.kind == "object":
            return self._object(node)
        if node.item is not None:
            return self._array(node, node.item)
        return self._scalar(node)

    def _object(self, node: Node) -> str:
        names = [*node.required, *(n for n in node.optional if self._sometimes(self._fullness))]
        self._random.shuffle(names)
        members = [(name, self.text(node.members[name])) for name in names]
        if members and self._sometimes(self._wildness):
            self._random.choice((members.pop, lambda: members.append(members[0])))()
        if self._sometimes(self._wildness) or (node.open and self._sometimes(0.3)):
            members.append((self._characters(8), self._any()))
        return pairs(members)

    def _array(self, node: Node, item: Node) -> str:
        least, most = node.schema.get("minItems", 0), node.schema.get("maxItems", 4)
        count = self._random.randint(least, min(most, least + 2))
        if self._sometimes(self._wildness):
            count = self._random.choice((0, min(most + 1, 30)))
        return array(self.text(item) for _ in range(count))

    def _scalar(self, node: Node) -> str:
        schema = node.schema
        match node.kind:
            case "string" if "enum" in schema:
                return quote(self._random.choice(schema["enum"]))
            case "string" if schema.get("format") == "date-time":
                return self._moment()
            case "string" if "format" in schema:
                return self._random.choice(_pool(node))
            case "string":
                return self._string(schema.get("maxLength", 20))
            case "integer" | "number":
                return self._number(node)
            case "boolean":
                return self._random.choice(("true", "false"))
            case _:
                return self._any()

    def _string(self, most: int) -> str:
        close = self._random.choice((most, most + 1)) if self._sometimes(0.02) else min(most, 12)
        return json.dumps(self._characters(close), ensure_ascii=self._sometimes(0.5))

    def _characters(self, most: int) -> str:
        count = most if self._sometimes(0.3) else self._random.randint(0, most)
        return "".join(self._random.choices(_ALPHABET, k=count))

    def _number(self, node: Node) -> str:
        schema, random = node.schema, self._random
        least = int(schema.get("minimum", -1000))
        whole = random.randint(least, int(schema.get("maximum", least + 10**6)))
        if self._sometimes(0.05):
            return random.choice(_pool(node))
        if node.kind == "integer":
            return f"{whole}.0" if node.draft >= 6 and self._sometimes(0.1) else str(whole)
        places = 1 if "multipleOf" in schema else random.choice((0, 1, 3, 17))
        digits = f"{random.randrange(10**places):0{places}d}"
        text = f"{whole}.{digits}" if places and whole != schema.get("maximum") else str(whole)
        return f"{text}e0" if self._sometimes(0.1) else text

    def _moment(self) -> str:
        if self._sometimes(0.9):
            return '"2024-05-06T07:08:09Z"'
        return quote("".join(self._random.choice(part) for part in _MOMENT_PARTS))

    def _any(self, depth: int = 3) -> str:
        random = self._random
        match random.randrange(5 if depth else 3):
            case 0:
                return random.choice(("null", "true", "false", "[]", "{}"))
            case 1:
                return random.choice((f"{random.random()!r}", f"{random.randrange(10**20)}", "1e3"))
            case 2:
                return self._string(10)
            case 3:
                return array(self._any(depth - 1) for _ in range(random.randrange(3)))
            case _:
                return pairs((self._characters(4), self._any(depth - 1)) for _ in range(2))


def _edited(data: bytes, random: Random) -> bytes:
    """Returns a text with one slice replaced, left out, repeated or put in."""
    start = random.randrange(len(data))
    end = min(len(data), start + random.choice((0, 1, 1, 1, 2, 8)))
    new = random.choice((b"", data[start:end] * 2, bytes([random.choice(_BYTES)])))
    return data[:start] + new + data[end:]


def random_payload(source: Source, random: Random) -> bytes:
    """Returns one payload of a message, decided by the generator's state alone."""
    data = _Maker(random).text(tree(source)).encode()
    if random.random() < 0.15:
        data = _edited(data, random)
    return data
