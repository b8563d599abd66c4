"""Derives the structure of a JSON schema: what a message may contain, without titles and descriptions.

Theory of operation: a schema is walked once. `_keywords.py` lists the keywords that constrain messages, and those that
are only texts. Any other keyword is an error, because the generated classes would not check an unknown
constraint. The result has its keywords in a fixed order; its properties, required members and enum values in the order
of the source; and its definitions sorted by name.

Deriving a derived schema changes nothing. The schemas of the repository are derived each time they are loaded,
so a manual edit of one is checked like a new source.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote

from .._errors import CodegenError, similar_names
from ._json_text import Json, Object, Place, join, kind, read_json, split
from ._keywords import (
    CHILDREN,
    DEFINITIONS,
    DRAFTS,
    KEYWORDS,
    LATER_DRAFTS,
    RULES,
    TYPES,
    check_consistency,
    comma_list,
    is_composition,
    is_dropped,
    unsupported_keyword_error,
)
from ._references import external_reference
from ._structure import ABSENT

__all__ = ["ASSUMED_DRAFT", "Derived", "derive", "derive_document", "draft_warning"]

ASSUMED_DRAFT = 6
"""The draft of a file without `$schema`, unless the user names another."""

_SHORT_TEXT = 40
"""A number of characters that no usual form of a date and time in RFC 3339 reaches."""


@dataclass(frozen=True)
class Derived:
    """The structure that was derived from one schema file."""

    document: Object
    """The structure: a JSON schema without texts."""

    draft: int
    """The JSON Schema draft: 4 or 6. Later drafts count as 6, because the kept keywords mean the same in them."""

    edition: str
    """The edition that the file names in its comment and id; empty if it names none."""

    warnings: tuple[str, ...] = ()
    """Warnings about assumptions, such as a missing `$schema`."""


def derive(data: bytes, file: str, *, draft: int | None = None) -> Derived:
    """Derives the structure of a schema file.

    Args:
        data: the bytes of the file.
        file: the path of the file, for errors.
        draft: the JSON Schema draft of a file without `$schema`; by default 6, with a warning.

    Raises:
        CodegenError: the file is not valid JSON, or has constraints that generated classes do not support.
    """
    return derive_document(read_json(data, file), file, draft=draft)


def derive_document(source: Json, file: str, *, draft: int | None = None) -> Derived:
    """Derives the structure of a parsed schema file; see `derive`."""
    root = Place(file).object(source)
    url, number = _read_draft(root, Place(file, "/$schema"), draft)
    document: Object = {"$schema": url}
    document |= _DocumentWalk(root, Place(file)).document()
    return Derived(document, number, _edition_of(root), tuple(_draft_warnings(root, file, draft)))


def _read_draft(root: Object, place: Place, assumed: int | None) -> tuple[str, int]:
    claimed = root.get("$schema")
    if "$schema" not in root:
        number = assumed or ASSUMED_DRAFT
        return next(f"{url}#" for url in DRAFTS if DRAFTS[url] == number), number
    url = claimed.removesuffix("#") if isinstance(claimed, str) else ""
    plain = f"http://{url.removeprefix('https://').removeprefix('http://')}"
    if plain in DRAFTS:
        return f"{plain}#", DRAFTS[plain]
    if {plain, plain.replace("http:", "https:")} & LATER_DRAFTS:
        return _read_draft({}, place, ASSUMED_DRAFT)
    known = sorted(f"{each}#" for each in DRAFTS) + sorted(LATER_DRAFTS)
    raise place.error(
        f"unknown JSON Schema draft in $schema: {claimed!r}", f"write one of {', '.join(known)}"
    )


def _draft_warnings(root: Object, file: str, draft: int | None) -> Iterator[str]:
    if "$schema" not in root and draft is None:
        yield draft_warning(file)


def draft_warning(file: str, draft: int = ASSUMED_DRAFT) -> str:
    """Returns the warning about a file without `$schema`."""
    return f"{file}: $schema is missing; read as draft {draft}"


def _edition_of(root: Object) -> str:
    """Returns the edition that a file names: its comment without the licence, and its id without the message."""
    comment = root.get("comment", root.get("$comment"))
    identifier = root.get("$id", root.get("id"))
    claims = (
        comment.partition("(c)")[0].strip() if isinstance(comment, str) else "",
        identifier.rpartition(":")[0] if isinstance(identifier, str) else "",
    )
    return ", ".join(claim for claim in claims if claim)


class _DocumentWalk:
    """Walks through one schema file and derives its structure."""

    def __init__(self, root: Object, place: Place) -> None:
        self._root = root
        self._place = place
        self._definitions_of = _definitions_of(root, place)
        self._referred: set[str] = set()

    def document(self) -> Object:
        """Returns the structure without `$schema`."""
        message = {
            keyword: value
            for keyword, value in self._root.items()
            if keyword not in ("$schema", *DEFINITIONS)
        }
        structure = self._derive_typed(message, self._place)
        if structure["type"] != "object":
            raise self._place.at("type").error(
                "the schema of a message must have the type object", 'write "type": "object"'
            )
        definitions = self._derive_definitions()
        if definitions:
            structure["definitions"] = {name: definitions[name] for name in sorted(definitions)}
        return structure

    def _derive_definitions(self) -> Object:
        """Derives all definitions. A definition that is wrong is left out if nothing refers to it."""
        derived = self._with_referred({})
        for name in sorted(self._definitions_of.keys() - derived.keys()):
            before = set(self._referred)
            self._referred.add(name)
            try:
                derived = self._with_referred(derived)
            except CodegenError:
                self._referred = before
        return derived

    def _with_referred(self, known: Object) -> Object:
        """Returns the known definitions and all others that are referred to, directly or through others."""
        derived = dict(known)
        while wanted := sorted(self._referred - derived.keys()):
            derived |= {name: self._derive_definition(name) for name in wanted}
        return derived

    def _derive_definition(self, name: str) -> Json:
        place, definition = self._definitions_of[name]
        return self._derive_typed(place.object(definition), place)

    def _derive_schema(self, value: Json, place: Place) -> Object:
        source = place.object(value)
        return (
            self._derive_reference(source, place)
            if "$ref" in source
            else self._derive_typed(source, place)
        )

    def _derive_property(self, value: Json, place: Place) -> Object:
        """Derives the schema of a property. An empty schema is allowed and means any value."""
        if all(map(is_dropped, place.object(value))):
            return {}
        return self._derive_schema(value, place)

    def _derive_reference(self, source: Object, place: Place) -> Object:
        for keyword, value in source.items():
            if keyword != "$ref" and not is_dropped(keyword):
                raise place.at(keyword).error(
                    f"the keyword {keyword!r} beside $ref is not supported",
                    "move the keyword into the definition",
                    None if isinstance(value, list | dict) or value is None else (value, ABSENT),
                )
        target = source["$ref"]
        external = external_reference(target)
        if external is not None:
            return {"$ref": external}
        name = _name_of(target)
        if name is None or name not in self._definitions_of:
            self._refuse_reference(target, place.at("$ref"))
        self._referred.add(name)
        return {"$ref": f"#{join('/definitions', name)}"}

    def _refuse_reference(self, target: Json, place: Place) -> NoReturn:
        last = str(target).rpartition("/")[2].removeprefix("#")
        meant = similar_names(last, self._definitions_of)
        path = f"#{self._definitions_of[meant[0]][0].pointer}" if meant else None
        raise place.error(
            f"$ref {target!r} refers to nothing",
            (
                f"write {path}"
                if path
                else "refer to a definition of the file, #/definitions/NAME, or of another "
                "message, MESSAGE.json#/definitions/NAME"
            ),
            (target, path) if path and isinstance(target, str) else None,
        )

    def _derive_typed(self, source: Object, place: Place) -> Object:
        type_ = _read_type(source, place)
        structure: Object = {"type": type_}
        for keyword, value in source.items():
            if is_dropped(keyword) or keyword == "type" or _has_no_effect(keyword, type_, source):
                continue
            read = self._derive_keyword(keyword, value, type_, place.at(keyword))
            if read is not None:
                structure[keyword] = read
        if type_ == "array" and "items" not in structure:
            raise place.error("the array has no items", 'add the keyword "items"')
        check_consistency(structure, place)
        return {keyword: structure[keyword] for keyword in KEYWORDS if keyword in structure}

    def _derive_keyword(self, keyword: str, value: Json, type_: str, place: Place) -> Json:
        if keyword not in RULES and keyword not in CHILDREN:
            raise unsupported_keyword_error(keyword, value, place)
        types = CHILDREN.get(keyword) or RULES[keyword].types
        if type_ not in types:
            problem = f"the keyword {keyword!r} has no meaning for the type {type_!r}"
            if keyword == "enum":
                problem = f"the enum has the type {type_!r}, but enum values must be texts"
            scalar = value is not None and not isinstance(value, list | dict)
            raise place.error(
                problem,
                f"remove the keyword, or change the type to {comma_list(types)}",
                (value, ABSENT) if scalar else None,
            )
        if keyword == "items":
            return self._derive_schema(value, place)
        if keyword == "properties":
            return self._derive_properties(value, place)
        return RULES[keyword].read(value, place)

    def _derive_properties(self, value: Json, place: Place) -> Json:
        members = place.object(value)
        return {
            name: self._derive_property(members[name], place.at(name)) for name in members
        } or None


def _definitions_of(root: Object, place: Place) -> dict[str, tuple[Place, Json]]:
    """Returns the definitions of a schema file by name, each with its place."""
    found: dict[str, tuple[Place, Json]] = {}
    for keyword in DEFINITIONS:
        for name, schema in place.at(keyword).object(root.get(keyword, {})).items():
            at = place.at(keyword, name)
            if name in found:
                raise at.error(
                    f"{name} is defined twice, in definitions and in $defs", "remove one of the two"
                )
            found[name] = (at, schema)
    return found


def _name_of(target: Json) -> str | None:
    """Returns the name of the definition that a reference points to; `None` if it points elsewhere."""
    if not isinstance(target, str) or not target.startswith("#/"):
        return None
    steps = split(unquote(target))
    return steps[1] if len(steps) == 2 and steps[0] in DEFINITIONS else None


def _read_type(source: Object, place: Place) -> str:
    type_ = source.get("type")
    if isinstance(type_, list) and len(type_) == 1:
        type_ = type_[0]
    if isinstance(type_, str) and type_ in TYPES:
        return type_
    if "type" not in source:
        for keyword, value in source.items():
            if is_composition(keyword):
                raise unsupported_keyword_error(keyword, value, place.at(keyword))
        raise place.error("the schema has no type", f'add "type": one of {comma_list(TYPES)}')
    if isinstance(type_, list):
        problem = "a list of types is not supported"
    elif isinstance(type_, str):
        problem = f"unknown type {type_!r}"
    else:
        problem = f"the type must be a string, found {kind(type_)}"
    raise place.at("type").error(problem, f"use one of {comma_list(TYPES)}")


def _has_no_effect(keyword: str, type_: str, source: Object) -> bool:
    """Tells whether a keyword constrains nothing at its place, so that it can be dropped.

    The Open Charge Alliance's tools write `additionalProperties: false` on strings, and `additionalItems` beside an
    object `items`, where JSON Schema gives it no meaning. Other tools limit the length of a `date-time` in a way that
    every value satisfies.
    """
    if keyword == "additionalProperties":
        return type_ != "object"
    if keyword in ("minLength", "maxLength") and source.get("format") == "date-time":
        return _always_satisfied(keyword, source[keyword])
    return (
        keyword == "additionalItems" and type_ == "array" and isinstance(source.get("items"), dict)
    )


def _always_satisfied(keyword: str, bound: Json) -> bool:
    """Tells whether every `date-time` satisfies a bound of its length."""
    if isinstance(bound, bool) or not isinstance(bound, int):
        return False
    shortest = len("2020-01-01T00:00:00Z")
    return 0 <= bound <= shortest if keyword == "minLength" else bound >= _SHORT_TEXT
