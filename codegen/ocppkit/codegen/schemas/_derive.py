"""From a source's JSON schema to its structure: what may stand in a message, without prose.

Theory of operation: a source document is walked once. `_keywords.py` says which keywords count and
which are prose or decoration; any other keyword is an error, because a constraint that we do not
know is a constraint that the generated classes would not hold. The result has its keywords in one
fixed order, its properties, required members and enum values in the source's order, and its
definitions sorted by name.

Deriving is idempotent: the schemas of the repository take the same walk each time they are loaded,
so an edit by hand is checked like a source.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn
from urllib.parse import unquote

from .._errors import CodegenError
from ._json_text import Json, Object, Place, join, kind, read_json, split
from ._keywords import (
    CHILDREN,
    DEFINITIONS,
    DRAFTS,
    KEYWORDS,
    LATER_DRAFTS,
    RULES,
    TYPES,
    check_together,
    is_composition,
    is_dropped,
    one_of,
    refuse_keyword,
)
from ._references import external_reference
from ._structure import ABSENT

__all__ = ["ASSUMED_DRAFT", "Derived", "derive", "derive_document", "draft_warning"]

ASSUMED_DRAFT = 6
"""The draft of a file that does not name one, unless somebody says another."""

_SHORT_TEXT = 40
"""Characters that a date and time in any of RFC 3339's usual forms does not reach."""


@dataclass(frozen=True)
class Derived:
    """What one source file says."""

    document: Object
    """The structure."""

    draft: int
    """JSON Schema draft: 4 or 6. Later drafts count as 6: what is derived means the same in them."""

    edition: str
    """What the file claims about its own edition, in its own words; empty if it claims nothing."""

    warnings: tuple[str, ...] = ()
    """What was assumed because the file does not say it."""


def derive(data: bytes, file: str, *, draft: int | None = None) -> Derived:
    """Derives the structure of a source file.

    Args:
        data: the bytes of the file.
        file: the file as the user knows it, for errors.
        draft: the draft of a file without `$schema`; without it 6 is assumed, with a warning.

    Raises:
        CodegenError: the file is no JSON, or says what the generated classes would not hold.
    """
    return derive_document(read_json(data, file), file, draft=draft)


def derive_document(source: Json, file: str, *, draft: int | None = None) -> Derived:
    """Derives the structure of a document that was read already."""
    root = Place(file).object(source)
    url, number = _draft(root, Place(file, "/$schema"), draft)
    document: Object = {"$schema": url}
    document |= _DocumentWalk(root, Place(file)).document()
    return Derived(document, number, _edition(root), tuple(_warnings(root, file, draft)))


def _draft(root: Object, place: Place, assumed: int | None) -> tuple[str, int]:
    claimed = root.get("$schema")
    if "$schema" not in root:
        number = assumed or ASSUMED_DRAFT
        return next(f"{url}#" for url in DRAFTS if DRAFTS[url] == number), number
    url = claimed.removesuffix("#") if isinstance(claimed, str) else ""
    plain = f"http://{url.removeprefix('https://').removeprefix('http://')}"
    if plain in DRAFTS:
        return f"{plain}#", DRAFTS[plain]
    if {plain, plain.replace("http:", "https:")} & LATER_DRAFTS:
        return _draft({}, place, ASSUMED_DRAFT)
    known = sorted(f"{each}#" for each in DRAFTS) + sorted(LATER_DRAFTS)
    raise place.error(
        f"unknown JSON Schema draft: $schema is {claimed!r}", f"write one of {', '.join(known)}"
    )


def _warnings(root: Object, file: str, draft: int | None) -> Iterator[str]:
    if "$schema" not in root and draft is None:
        yield draft_warning(file)


def draft_warning(file: str, draft: int = ASSUMED_DRAFT) -> str:
    """Returns what to say of a file that does not name its draft."""
    return f"{file}: $schema is missing; read as draft {draft}"


def _edition(root: Object) -> str:
    """Joins its comment, without the licence, and its id, without the message."""
    comment = root.get("comment", root.get("$comment"))
    identifier = root.get("$id", root.get("id"))
    claims = (
        comment.partition("(c)")[0].strip() if isinstance(comment, str) else "",
        identifier.rpartition(":")[0] if isinstance(identifier, str) else "",
    )
    return ", ".join(claim for claim in claims if claim)


class _DocumentWalk:
    """One pass over one source document."""

    def __init__(self, root: Object, place: Place) -> None:
        self._root = root
        self._place = place
        self._definitions = _definitions(root, place)
        self._referred: set[str] = set()

    def document(self) -> Object:
        """Derives everything but `$schema`."""
        message = {
            keyword: value
            for keyword, value in self._root.items()
            if keyword not in ("$schema", *DEFINITIONS)
        }
        structure = self._typed(message, self._place)
        if structure["type"] != "object":
            raise self._place.at("type").error("a message must be an object", "write object")
        definitions = self._derive_definitions()
        if definitions:
            structure["definitions"] = {name: definitions[name] for name in sorted(definitions)}
        return structure

    def _derive_definitions(self) -> Object:
        """Derives all definitions but those that nothing refers to and no class could hold."""
        derived = self._with_referred({})
        for name in sorted(self._definitions.keys() - derived.keys()):
            before = set(self._referred)
            self._referred.add(name)
            try:
                derived = self._with_referred(derived)
            except CodegenError:
                self._referred = before
        return derived

    def _with_referred(self, known: Object) -> Object:
        """Adds the definitions that something refers to, and those that these refer to."""
        derived = dict(known)
        while wanted := sorted(self._referred - derived.keys()):
            derived |= {name: self._definition(name) for name in wanted}
        return derived

    def _definition(self, name: str) -> Json:
        place, definition = self._definitions[name]
        return self._typed(place.object(definition), place)

    def _schema(self, value: Json, place: Place) -> Object:
        source = place.object(value)
        return self._reference(source, place) if "$ref" in source else self._typed(source, place)

    def _property(self, value: Json, place: Place) -> Object:
        """Derives a property's schema, which may say nothing: then the property takes any value."""
        if all(map(is_dropped, place.object(value))):
            return {}
        return self._schema(value, place)

    def _reference(self, source: Object, place: Place) -> Object:
        for keyword, value in source.items():
            if keyword != "$ref" and not is_dropped(keyword):
                raise place.at(keyword).error(
                    f"{keyword!r} beside $ref, where a generated type cannot hold it",
                    "move it into the definition",
                    None if isinstance(value, list | dict) or value is None else (value, ABSENT),
                )
        target = source["$ref"]
        external = external_reference(target)
        if external is not None:
            return {"$ref": external}
        name = _name_of(target)
        if name is None or name not in self._definitions:
            self._refuse_reference(target, place.at("$ref"))
        self._referred.add(name)
        return {"$ref": f"#{join('/definitions', name)}"}

    def _refuse_reference(self, target: Json, place: Place) -> NoReturn:
        last = str(target).rpartition("/")[2].removeprefix("#")
        meant = get_close_matches(last, self._definitions, n=1)
        path = f"#{self._definitions[meant[0]][0].pointer}" if meant else None
        raise place.error(
            f"$ref leads nowhere: {target!r}",
            (
                f"write {path}"
                if path
                else "refer to a definition of the file, #/definitions/NAME, or of another "
                "message, MESSAGE.json#/definitions/NAME"
            ),
            (target, path) if path and isinstance(target, str) else None,
        )

    def _typed(self, source: Object, place: Place) -> Object:
        type_ = _type(source, place)
        structure: Object = {"type": type_}
        for keyword, value in source.items():
            if is_dropped(keyword) or keyword == "type" or _is_decoration(keyword, type_, source):
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
            raise refuse_keyword(keyword, value, place)
        types = CHILDREN.get(keyword) or RULES[keyword].types
        if type_ not in types:
            problem = f"{keyword!r} has no effect on type {type_!r}"
            if keyword == "enum":
                problem = f"an enum of type {type_!r}; the values of OCPP's enums are texts"
            scalar = value is not None and not isinstance(value, list | dict)
            raise place.error(
                problem,
                f"remove it or mend the type; it goes with {one_of(types)}",
                (value, ABSENT) if scalar else None,
            )
        if keyword == "items":
            return self._schema(value, place)
        if keyword == "properties":
            return self._properties(value, place)
        return RULES[keyword].read(value, place)

    def _properties(self, value: Json, place: Place) -> Json:
        members = place.object(value)
        return {name: self._property(members[name], place.at(name)) for name in members} or None


def _definitions(root: Object, place: Place) -> dict[str, tuple[Place, Json]]:
    """Returns the definitions of a document by name, each with its place."""
    found: dict[str, tuple[Place, Json]] = {}
    for keyword in DEFINITIONS:
        for name, schema in place.at(keyword).object(root.get(keyword, {})).items():
            at = place.at(keyword, name)
            if name in found:
                raise at.error(f"{name} stands in definitions as well", "keep one of the two")
            found[name] = (at, schema)
    return found


def _name_of(target: Json) -> str | None:
    """Returns the name of the definition that a reference points to, if it points to one."""
    if not isinstance(target, str) or not target.startswith("#/"):
        return None
    steps = split(unquote(target))
    return steps[1] if len(steps) == 2 and steps[0] in DEFINITIONS else None


def _type(source: Object, place: Place) -> str:
    type_ = source.get("type")
    if isinstance(type_, list) and len(type_) == 1:
        type_ = type_[0]
    if isinstance(type_, str) and type_ in TYPES:
        return type_
    if "type" not in source:
        for keyword, value in source.items():
            if is_composition(keyword):
                raise refuse_keyword(keyword, value, place.at(keyword))
        raise place.error("the schema lacks a type", f'add "type": one of {one_of(TYPES)}')
    if isinstance(type_, list):
        problem = "a union of types"
    elif isinstance(type_, str):
        problem = f"unknown type {type_!r}"
    else:
        problem = f"the type is {kind(type_)}"
    raise place.at("type").error(problem, f"use one of {one_of(TYPES)}")


def _is_decoration(keyword: str, type_: str, source: Object) -> bool:
    """Tells whether a keyword demands nothing where it stands, as some tools write it.

    The Alliance's write `additionalProperties: false` on strings, and `additionalItems` beside an
    object `items`, where JSON Schema gives it no meaning. Others bound the length of a `date-time`
    by what every one keeps.
    """
    if keyword == "additionalProperties":
        return type_ != "object"
    if keyword in ("minLength", "maxLength") and source.get("format") == "date-time":
        return _holds_anyway(keyword, source[keyword])
    return (
        keyword == "additionalItems" and type_ == "array" and isinstance(source.get("items"), dict)
    )


def _holds_anyway(keyword: str, bound: Json) -> bool:
    """Tells whether every `date-time` keeps to a bound of its length."""
    if isinstance(bound, bool) or not isinstance(bound, int):
        return False
    shortest = len("2020-01-01T00:00:00Z")
    return 0 <= bound <= shortest if keyword == "minLength" else bound >= _SHORT_TEXT
