"""From a source's JSON schema to its structure: what may stand in a message, without prose.

Theory of operation: a source document is walked once. `_keywords.py` says which keywords count and
which are prose or decoration; any other keyword is an error, because a constraint that we do not
know is a constraint that the generated classes would not hold. The result has its keywords in one
fixed order, its properties, required members and enum words in the source's order, and its
definitions sorted by name.

Deriving is idempotent: the schemas of the repository take the same walk each time they are loaded,
so an edit by hand is checked like a source.
"""

import re
from dataclasses import dataclass

from ._json_text import Json, Object, Place, kind, read_json
from ._keywords import CHILDREN, DRAFTS, DROPPED, KEYWORDS, RULES, TYPES, check_together, one_of

__all__ = ["Derived", "derive", "derive_document"]

_CLASS_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PREFIX = "#/definitions/"


@dataclass(frozen=True)
class Derived:
    """What one source file says."""

    document: Object
    """The structure."""

    draft: int
    """JSON Schema draft: 4 or 6."""

    edition: str
    """What the file claims about its own edition, in its own words; empty if it claims nothing."""


def derive(data: bytes, file: str) -> Derived:
    """Derive the structure of a source file.

    Args:
        data: the bytes of the file.
        file: the file as the user knows it, for errors.

    Raises:
        CodegenError: if the file is no JSON, or says what the generated classes would not hold.
    """
    return derive_document(read_json(data, file), file)


def derive_document(source: Json, file: str) -> Derived:
    """Derive the structure of a document that was read already."""
    root = Place(file).object(source)
    url, draft = _draft(root, Place(file, "/$schema"))
    document: Object = {"$schema": url}
    document |= _Walk(root, Place(file)).document()
    return Derived(document, draft, _edition(root))


def _draft(root: Object, place: Place) -> tuple[str, int]:
    claimed = root.get("$schema")
    url = claimed.removesuffix("#") if isinstance(claimed, str) else ""
    if url in DRAFTS:
        return f"{url}#", DRAFTS[url]
    stands = f"$schema is {claimed!r}" if "$schema" in root else "$schema is missing"
    raise place.error(
        f"unknown JSON Schema draft: {stands}",
        f"write a schema of draft 4 or 6, with $schema {' or '.join(f'{url}#' for url in DRAFTS)}",
    )


def _edition(root: Object) -> str:
    """Join its comment, without the licence, and its id, without the message."""
    comment = root.get("comment", root.get("$comment"))
    identifier = root.get("$id", root.get("id"))
    claims = (
        comment.partition("(c)")[0].strip() if isinstance(comment, str) else "",
        identifier.rpartition(":")[0] if isinstance(identifier, str) else "",
    )
    return ", ".join(claim for claim in claims if claim)


class _Walk:
    """One pass over one source document."""

    def __init__(self, root: Object, place: Place) -> None:
        self._root = root
        self._place = place
        self._definitions = place.at("definitions").object(root.get("definitions", {}))

    def document(self) -> Object:
        """Derive everything but `$schema`."""
        message = {
            keyword: value
            for keyword, value in self._root.items()
            if keyword not in ("$schema", "definitions")
        }
        structure = self._typed(message, self._place)
        if structure["type"] != "object":
            raise self._place.at("type").error("a message must be an object", "write object")
        if self._definitions:
            structure["definitions"] = {
                name: self._definition(name) for name in sorted(self._definitions)
            }
        return structure

    def _definition(self, name: str) -> Json:
        place = self._place.at("definitions", name)
        if not _CLASS_NAME.fullmatch(name):
            raise place.error(
                f"a definition becomes a class, and {name!r} is no name for one",
                "use letters, digits and underscores, with a letter first",
            )
        return self._typed(place.object(self._definitions[name]), place)

    def _schema(self, value: Json, place: Place) -> Object:
        source = place.object(value)
        return self._reference(source, place) if "$ref" in source else self._typed(source, place)

    def _property(self, value: Json, place: Place) -> Object:
        """Derive a property's schema, which may say nothing: then the property takes any value."""
        return {} if place.object(value).keys() <= DROPPED else self._schema(value, place)

    def _reference(self, source: Object, place: Place) -> Object:
        for keyword in source:
            if keyword != "$ref" and keyword not in DROPPED:
                raise place.at(keyword).error(
                    f"{keyword!r} has no effect beside $ref", "move it into the definition"
                )
        target = source["$ref"]
        name = target.removeprefix(_PREFIX) if isinstance(target, str) else ""
        if target != _PREFIX + name or name not in self._definitions:
            raise place.at("$ref").error(
                f"$ref leads nowhere: {target!r}",
                f"refer to a definition of the same file, as {_PREFIX}NAME",
            )
        return {"$ref": target}

    def _typed(self, source: Object, place: Place) -> Object:
        type_ = _type(source, place)
        structure: Object = {"type": type_}
        for keyword, value in source.items():
            if keyword in DROPPED or keyword == "type" or _is_decoration(keyword, type_, source):
                continue
            read = self._keyword(keyword, value, type_, place.at(keyword))
            if read is not None:
                structure[keyword] = read
        if type_ == "array" and "items" not in structure:
            raise place.error("the array lacks items", 'add "items"')
        check_together(structure, place)
        return {keyword: structure[keyword] for keyword in KEYWORDS if keyword in structure}

    def _keyword(self, keyword: str, value: Json, type_: str, place: Place) -> Json:
        if keyword not in RULES and keyword not in CHILDREN:
            raise place.error(
                f"unknown keyword {keyword!r}",
                "remove it: the generated classes could not hold what it demands",
            )
        types = CHILDREN.get(keyword) or RULES[keyword].types
        if type_ not in types:
            raise place.error(
                f"{keyword!r} has no effect on type {type_!r}",
                f"remove it or mend the type; it goes with {one_of(types)}",
            )
        if keyword == "items":
            return self._schema(value, place)
        if keyword == "properties":
            return self._properties(value, place)
        return RULES[keyword].read(value, place)

    def _properties(self, value: Json, place: Place) -> Json:
        members = place.object(value)
        return {name: self._property(members[name], place.at(name)) for name in members} or None


def _type(source: Object, place: Place) -> str:
    type_ = source.get("type")
    if isinstance(type_, str) and type_ in TYPES:
        return type_
    if "type" not in source:
        raise place.error("the schema lacks a type", f'add "type": one of {one_of(TYPES)}')
    if isinstance(type_, list):
        problem = "a union of types"
    elif isinstance(type_, str):
        problem = f"unknown type {type_!r}"
    else:
        problem = f"the type is {kind(type_)}"
    raise place.at("type").error(problem, f"use one of {one_of(TYPES)}")


def _is_decoration(keyword: str, type_: str, source: Object) -> bool:
    """Tell whether a keyword is one of two habits of the Alliance's tools that demand nothing.

    Its files write `additionalProperties: false` on strings, and `additionalItems` beside an object
    `items`, where JSON Schema gives it no meaning.
    """
    if keyword == "additionalProperties":
        return type_ != "object"
    return (
        keyword == "additionalItems" and type_ == "array" and isinstance(source.get("items"), dict)
    )
