"""The instance generator: for every place of every message, what the schema allows and what it refuses.

It reads the originals alone and shares no code with the generator. A message is walked as a tree.
Each place has a frame around it: the smallest valid message that contains the place. Every literal
of every rule that applies to the place is put into the frame, so that each instance differs from a
valid message in one thing, and a wrong verdict names its cause.

A shared datatype stands at hundreds of places. Its members get every literal at the first place
where a version uses them, and at all others the brief list, which still has each keyword both kept
and broken. What differs in any way, and what a message declares itself, is no repetition.
"""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from corpus.grammar import whole_texts
from corpus.nodes import Node, tree, walk
from corpus.rules import literals_of, outside_the_grammar
from corpus.samples import minimal, obj
from corpus.sources import Source, sources

__all__ = ["Case", "cases"]

# What follows a blank in a rule's name says which word or member it is about.
_BRIEF = frozenset(
    (
        *("type/null", "type/integer", "type/string-integer", "type/object", "type/wrapped"),
        *("boolean/true", "number/one", "number/one-point-zero", "number/one-and-a-half"),
        *("number/uint64-above", "minimum/at", "minimum/beyond", "maximum/at", "maximum/beyond"),
        *("string/empty", "maxLength/at-astral", "maxLength/above-ascii", "minLength/at-astral"),
        *("minLength/below-ascii", "enum/escaped", "enum/unknown", "enum/lower-case"),
        *("date-time/offset-plus", "date-time/fraction-7", "date-time/naive", "date-time/date"),
        *("minItems/at", "minItems/below", "maxItems/at", "maxItems/above", "items/second-null"),
        *("members/required-only", "members/all", "required/missing", "unknown/text"),
        *("open/object-filled", "open/null", "name/snake-case"),
    )
)


@dataclass(frozen=True, slots=True)
class Case:
    """One instance."""

    source: Source

    path: str
    """The place that is probed, in the instance."""

    pointer: str
    """The place that is probed, in the schema."""

    rule: str

    data: bytes

    valid: bool | None
    """What the generator means it to be; None where oracles may differ."""

    @property
    def id(self) -> str:
        """Version, message, path and rule: unique in the corpus."""
        return f"{self.source} {self.path} {self.rule}"


@dataclass(frozen=True, slots=True)
class _Frame:
    """The text around a place."""

    before: str
    after: str

    def inner(self, before: str, after: str) -> "_Frame":
        return _Frame(self.before + before, after + self.after)


@cache
def _repeated(version: str) -> frozenset[tuple[str, str]]:
    """Returns (file, path) of the places whose datatype stood elsewhere in the version before."""
    seen: set[tuple[str, str]] = set()
    repeated: set[tuple[str, str]] = set()
    for source in sources(version):
        for node in walk(tree(source)):
            pointer = node.pointer.partition("#")[2]
            if not pointer.startswith("/definitions/"):
                continue
            mark = (pointer, json.dumps(node.schema, sort_keys=True, default=str))
            if mark in seen:
                repeated.add((source.name, node.path))
            seen.add(mark)
    return frozenset(repeated)


def _frames(node: Node, frame: _Frame) -> Iterator[tuple[Node, _Frame]]:
    """Yields every place at and below a node with its frame."""
    yield node, frame
    for name, member in node.members.items():
        others = {key: minimal(node.members[key]) for key in node.required if key != name}
        before = obj({**others, name: ""}).removesuffix("}")
        yield from _frames(member, frame.inner(before, "}"))
    if node.item is not None:
        first = f"{minimal(node.item)}," * (node.schema.get("minItems", 1) - 1)
        yield from _frames(node.item, frame.inner(f"[{first}", "]"))


def cases(source: Source) -> Iterator[Case]:
    """Yields all instances of one message, in a stable order."""
    root = tree(source)
    repeated = _repeated(source.version)
    probed: set[str] = set()
    for rule, data, valid in whole_texts(root):
        yield Case(source, root.path, root.pointer, rule, data, valid)
    for node, frame in _frames(root, _Frame("", "")):
        literals = literals_of(node)
        if (source.name, node.path) in repeated:
            literals = (each for each in literals if each.rule.partition(" ")[0] in _BRIEF)
        for rule, text, valid in itertools.chain(literals, outside_the_grammar(node, probed)):
            data = f"{frame.before}{text}{frame.after}".encode()
            yield Case(source, node.path, node.pointer, rule, data, valid)
