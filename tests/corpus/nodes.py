"""A schema as a tree: every `$ref` is followed, so each place in a message is a node of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from corpus.sources import Schema, Source

__all__ = ["Node", "declared_members", "tree", "walk"]


@dataclass(frozen=True, eq=False)
class Node:
    """One place in a message."""

    pointer: str
    """Where its schema stands: file and JSON pointer, after following references."""

    path: str
    """Where it stands in an instance: `$.meterValue[0].timestamp`."""

    draft: int
    schema: Schema
    members: Mapping[str, "Node"] = field(default_factory=dict[str, "Node"])
    item: "Node | None" = None

    @property
    def kind(self) -> str:
        """The JSON Schema type, `any` where the schema names none."""
        return str(self.schema.get("type", "any"))

    @property
    def required(self) -> tuple[str, ...]:
        """The members that must be there, in the order in which the schema declares them."""
        names = self.schema.get("required", ())
        return tuple(name for name in self.members if name in names)

    @property
    def optional(self) -> tuple[str, ...]:
        """The members that may be left out."""
        return tuple(name for name in self.members if name not in self.required)

    @property
    def open(self) -> bool:
        """Whether members that the schema does not name are let in."""
        return self.schema.get("additionalProperties") is not False


@dataclass(frozen=True)
class _Builder:
    source: Source

    def node(self, schema: Schema, pointer: str, path: str, inside: tuple[str, ...]) -> Node:
        if "$ref" in schema:
            reference = str(schema["$ref"])
            if reference in inside:
                raise ValueError(f"{self.source}: {reference} contains itself")
            target = self._resolve(reference)
            return self.node(target, reference, path, (*inside, reference))
        members = {
            name: self.node(member, f"{pointer}/properties/{name}", f"{path}.{name}", inside)
            for name, member in schema.get("properties", {}).items()
        }
        unknown = set(schema.get("required", ())) - members.keys()
        if unknown:
            raise ValueError(f"{self.source}: {pointer} requires undeclared {sorted(unknown)}")
        item = None
        if "items" in schema:
            item = self.node(schema["items"], f"{pointer}/items", f"{path}[0]", inside)
        place = f"{self.source.name}.json{pointer}"
        return Node(place, path, self.source.draft, schema, members, item)

    def _resolve(self, reference: str) -> Schema:
        found: Any = self.source.document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        resolved: Schema = found
        return resolved


@cache
def tree(source: Source) -> Node:
    """Returns the root node of a message."""
    return _Builder(source).node(source.document, "#", "$", ())


def walk(node: Node) -> Iterator[Node]:
    """Yields a node and all nodes below it."""
    yield node
    for member in node.members.values():
        yield from walk(member)
    if node.item is not None:
        yield from walk(node.item)


def declared_members(source: Source) -> set[tuple[str, str]]:
    """Returns (pointer of the object, name) of every property that a file declares anywhere."""
    found: set[tuple[str, str]] = set()

    def visit(schema: Schema, pointer: str) -> None:
        for name, member in schema.get("properties", {}).items():
            found.add((f"{source.name}.json{pointer}", name))
            visit(member, f"{pointer}/properties/{name}")
        if "items" in schema:
            visit(schema["items"], f"{pointer}/items")

    visit(source.document, "#")
    for name, definition in source.document.get("definitions", {}).items():
        visit(definition, f"#/definitions/{name}")
    return found
