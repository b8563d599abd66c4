"""Which rules apply to which place."""

import itertools
from collections.abc import Iterable, Iterator

from corpus import numerals, texts
from corpus.literals import Literal
from corpus.moments import date_times
from corpus.nodes import Node
from corpus.shapes import anything, arrays, kinds, objects, open_objects
from corpus.uris import uris

__all__ = ["literals_of", "outside_the_grammar"]


def literals_of(node: Node) -> Iterator[Literal]:
    """Returns everything that is tried at a place: JSON of wrong types, then of the right one."""
    return itertools.chain(kinds(node), _of_its_type(node))


def _of_its_type(node: Node) -> Iterable[Literal]:
    match node.kind:
        case "object":
            return itertools.chain(objects(node), open_objects(node) if node.open else ())
        case "array":
            return arrays(node)
        case "integer" | "number":
            return numerals.numbers(node)
        case "string" if "enum" in node.schema:
            return texts.enum_words(node)
        case "string" if node.schema.get("format") == "date-time":
            return date_times()
        case "string" if node.schema.get("format") == "uri":
            return uris()
        case "string":
            return texts.strings(node)
        case "any":
            return anything()
        case "boolean":
            return ()
        case _:
            raise ValueError(f"{node.pointer}: no rules for type {node.kind}")


def outside_the_grammar(node: Node, probed: set[str]) -> Iterable[Literal]:
    """Returns tokens that are no JSON, at the first number and the first string of a message."""
    group = "number" if node.kind == "integer" else node.kind
    if group in probed:
        return ()
    probed.add(group)
    if group == "number":
        return numerals.tokens_outside_the_grammar()
    return texts.tokens_outside_the_grammar() if group == "string" else ()
