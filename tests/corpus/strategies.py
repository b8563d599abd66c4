"""Hypothesis strategies built from the schemas: payloads that are right, and payloads with one thing wrong."""

from decimal import Decimal

from hypothesis import strategies as st

from corpus.literals import Json
from corpus.nodes import Node, tree, walk
from corpus.sources import VERSIONS, Source, sources

__all__ = ["broken_payloads", "payloads", "plain_json", "some_source"]

_MOMENTS = st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
_TEXT = st.characters(exclude_categories=["Cs"])
# Doubles as decimals of their shortest form: what any JSON writer would send.
_DOUBLES = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: Decimal(repr(value)))

plain_json: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | _DOUBLES | st.text(_TEXT, max_size=10),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(_TEXT, max_size=6), inner, max_size=3),
    max_leaves=6,
)
"""Any JSON value of moderate size."""

some_source: st.SearchStrategy[Source] = st.sampled_from(VERSIONS).flatmap(
    lambda version: st.sampled_from(sources(version))
)
"""A message of any version."""


def _numbers(node: Node) -> st.SearchStrategy[Json]:
    least, most = node.schema.get("minimum"), node.schema.get("maximum")
    whole = st.integers(None if least is None else int(least), None if most is None else int(most))
    if node.kind == "integer":
        return whole
    if "multipleOf" in node.schema:
        return st.decimals(-(10**9), 10**9, places=1)
    if least is None and most is None:
        return _DOUBLES
    return whole


def _texts(node: Node) -> st.SearchStrategy[str]:
    schema = node.schema
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("format"):
        case "date-time":
            return _MOMENTS
        case "uri":
            return st.from_regex(r"[a-z]+://[a-z0-9.]+(/[a-z0-9~]*)*", fullmatch=True)
        case _:
            most = min(schema.get("maxLength", 30), 300)
            return st.text(_TEXT, min_size=schema.get("minLength", 0), max_size=most)


@st.composite
def _objects(draw: st.DrawFn, node: Node) -> dict[str, Json]:
    names = list(node.required)
    if node.optional:
        # Two at each level keep a message small and still meet every pair of members.
        names += draw(st.lists(st.sampled_from(node.optional), max_size=2, unique=True))
    members = {name: draw(payloads(node.members[name])) for name in names}
    if node.open:
        extra = draw(st.dictionaries(st.text(_TEXT, max_size=6), plain_json, max_size=2))
        members = {name: item for name, item in extra.items() if name not in node.members} | members
    return members


def payloads(node: Node) -> st.SearchStrategy[Json]:
    """Returns the values that a schema allows at a place."""
    match node.kind:
        case "object":
            return _objects(node)
        case "array" if node.item is not None:
            least = node.schema.get("minItems", 0)
            most = min(node.schema.get("maxItems", 3), least + 2)
            return st.lists(payloads(node.item), min_size=least, max_size=most)
        case "integer" | "number":
            return _numbers(node)
        case "string":
            return _texts(node)
        case "boolean":
            return st.booleans()
        case _:
            return plain_json


@st.composite
def _with_a_change(draw: st.DrawFn, value: Json, names: list[str]) -> Json:
    deeper = draw(st.booleans())
    match value:
        case dict() if value and deeper:
            at = draw(st.sampled_from(sorted(value)))
            if draw(st.booleans()):
                return {name: item for name, item in value.items() if name != at}
            return {**value, at: draw(_with_a_change(value[at], names))}
        case list() if value and deeper:
            index = draw(st.integers(0, len(value) - 1))
            changed = draw(_with_a_change(value[index], names))
            return [*value[:index], changed, *value[index + 1 :]]
        case _:
            return draw(
                plain_json | st.dictionaries(st.sampled_from(names), plain_json, max_size=3)
            )


@st.composite
def broken_payloads(draw: st.DrawFn, source: Source) -> Json:
    """Draws a payload in which one place holds any JSON, or nothing."""
    root = tree(source)
    names = sorted({name for node in walk(root) for name in node.members} or {"unheardOf"})
    return draw(_with_a_change(draw(payloads(root)), names))
