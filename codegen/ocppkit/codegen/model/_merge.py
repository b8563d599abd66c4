"""Turns a set of schema files into one document: every enum and object named, each name once.

The 2.x files repeat their definitions, file by file; equal ones are merged and unequal ones refused.
The 1.6 core files have everything inline; `names` in the facts says what each place is called.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._errors import CodegenError
from ..schemas._json_text import Place, split
from ..schemas._schema_set import SchemaFile, SchemaSet
from ..schemas._structure import differences
from ._facts import VersionFacts
from ._facts_rules import pointer_of
from ._facts_wanted import missing_facts, some_of
from ._naming import class_name

__all__ = ["Document", "action_of", "normalise", "wanted_facts"]

Schema = dict[str, Any]

_ALONE = {"enum": ("format", "minLength", "maxLength"), "format": ("minLength", "maxLength")}
"""Keywords that make a text a type of its own, and those that would ask more of it."""

_INT64 = 2**63 - 1
_UNWRITABLE = re.compile(r'["\\\x00-\x1f]')


@dataclass(frozen=True)
class Document:
    """One version as one document; every reference is `#/definitions/<name>`."""

    types: Mapping[str, Schema]
    """Enums and datatypes, sorted by name."""

    messages: Mapping[str, Schema]
    """Message bodies, sorted by name."""

    places: Mapping[str, Place]
    """Where each type and message stands, for error messages; a type where it was first met."""

    def as_json_schema(self) -> str:
        """Returns the document as the text of a JSON schema.

        The default of an enum stays behind: it says what a reader may assume where the member is
        absent, and a parser that follows the reference would make it the member's value.
        """
        types = {
            name: {key: value for key, value in schema.items() if key != "default"}
            for name, schema in self.types.items()
        }
        return json.dumps({"definitions": {**types, **self.messages}})


def action_of(message: str) -> tuple[str, str]:
    """Returns a message's action, and whether it is its `request` or `response`; a SEND is a request."""
    for suffix, part in (("Request", "request"), ("Response", "response")):
        if message.endswith(suffix) and message != suffix:
            return message.removesuffix(suffix), part
    return message, "request"


def normalise(schemas: SchemaSet, facts: VersionFacts) -> Document:
    """Returns the whole set as one document.

    Args:
        schemas: the files, errata applied.
        facts: their `names` say what the types at places such as `Authorize.response.idTagInfo` are called.

    Raises:
        CodegenError: an action has no facts, an inline type has no name, a name stands for unequal types, a name of the
            facts fits no place, or a schema says what no generated type could hold.
    """
    types = _Types(facts.names)
    messages = {name: types.hoist_message(file) for name, file in schemas.files.items()}
    _check_wanted(schemas, facts, types)
    types.refuse_unused_names(facts)
    types.refuse_names_of(messages)
    places = {name: Place(file.path) for name, file in schemas.files.items()}
    return Document(
        types={name: types.found[name].schema for name in sorted(types.found)},
        messages=dict(sorted(messages.items())),
        places=places | {name: found.place for name, found in types.found.items()},
    )


def wanted_facts(schemas: SchemaSet, facts: VersionFacts) -> tuple[list[str], dict[str, str]]:
    """Returns what facts the schemas want.

    Returns:
        The actions without facts, and the places of types that need a name, each with one that
        would do.
    """
    actions = sorted({action_of(name)[0] for name in schemas.files} - facts.actions.keys())
    names: dict[str, str] = {}
    while True:
        types = _Types({**facts.names, **names})
        for file in schemas.files.values():
            types.hoist_message(file)
        # A name of its own makes a type differ from its like, and so what refers to it.
        found = {path: each.name for path, each in (types.unnamed | types.clashes).items()}
        if found.keys() <= names.keys():
            return actions, names
        names |= found


def _check_wanted(schemas: SchemaSet, facts: VersionFacts, types: "_Types") -> None:
    """Refuses schemas whose actions have no facts, or whose types have no name of their own."""
    actions = {
        action_of(name)[0]: Place(schemas.files[name].path)
        for name in sorted(schemas.files, reverse=True)  # the request overrules the response
    }
    without = [name for name in sorted(actions) if name not in facts.actions]
    problems: list[str] = []
    places: list[Place] = []
    if without:
        verb = "say who sends it" if len(without) == 1 else "say who sends them"
        noun = "an action" if len(without) == 1 else "actions"
        problems.append(
            f"the schemas of OCPP {facts.protocol.version} have {noun} {some_of(without)}, but no facts {verb}"
        )
        places.append(actions[without[0]])
    if types.clashes:
        clash = next(iter(types.clashes.values()))
        problems.append(
            f"{clash.problem}; decide for one of the two with an erratum (--errata) or name them apart"
        )
        places.append(clash.place)
    if types.unnamed:
        problems.append(f"inline types have no name: {some_of(list(types.unnamed))}")
        places.append(next(iter(types.unnamed.values())).place)
    if problems:
        raise missing_facts(facts, places[0], problems, *wanted_facts(schemas, facts))


@dataclass(frozen=True)
class _Wanted:
    """A type that needs a name of its own."""

    name: str
    """A name that would do."""

    problem: str
    place: Place


@dataclass(frozen=True)
class _Found:
    schema: Schema
    place: Place


@dataclass(frozen=True)
class _Spot:
    """Where the walk is: in a file, and on the path that the facts use."""

    file: SchemaFile
    place: Place
    path: str

    def at(self, *tokens: str, path: str) -> "_Spot":
        return _Spot(self.file, self.place.at(*tokens), self.path + path)


@dataclass
class _Types:
    """The types met so far, by name."""

    names: Mapping[str, str]
    found: dict[str, _Found] = field(default_factory=dict[str, _Found])
    unnamed: dict[str, _Wanted] = field(default_factory=dict[str, _Wanted])
    """The inline types without a name; the path stands for it until all of them are known."""

    clashes: dict[str, _Wanted] = field(default_factory=dict[str, _Wanted])
    """The types that are unequal to others of their name."""

    _used: set[str] = field(default_factory=set[str])
    _done: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def hoist_message(self, file: SchemaFile) -> Schema:
        action, part = action_of(file.name)
        return self._hoist_members(
            dict(file.document), _Spot(file, Place(file.path), f"{action}.{part}")
        )

    def refuse_unused_names(self, facts: VersionFacts) -> None:
        for path in sorted(self.names.keys() - self._used):
            raise CodegenError(
                f"the facts of OCPP {facts.protocol.version} name a type at {path}, where no enum or object stands",
                file=facts.name_files[path],
                pointer=pointer_of("names", path),
                cure="remove the entry, or mend its path",
            )

    def refuse_names_of(self, messages: Mapping[str, Schema]) -> None:
        for name in sorted(messages.keys() & self.found.keys()):
            raise self.found[name].place.error(
                f"{name} is both a message and a type", "rename the definition"
            )

    def _hoist_members(self, schema: Schema, spot: _Spot) -> Schema:
        """Returns the object with each of its members hoisted; its definitions become ours."""
        _refuse_unwritable(schema, spot.place)
        members = {
            wire: self._hoist(member, spot.at("properties", wire, path=f".{wire}"))
            for wire, member in schema.get("properties", {}).items()
        }
        rest: Schema = {
            key: schema[key] for key in ("type", "additionalProperties") if key in schema
        }
        required = [wire for wire in members if wire in schema.get("required", ())]
        return {**rest, "properties": members, **({"required": required} if required else {})}

    def _hoist(self, schema: Schema, spot: _Spot) -> Schema:
        """Returns the schema of a value, with a reference in place of an inline enum or object."""
        if "$ref" in schema:
            return self._hoist_reference(schema["$ref"], spot)
        if _is_named(schema):
            return self._name(self._named(spot, schema), schema, spot)
        if schema.get("type") == "array":
            return {**schema, "items": self._hoist(schema["items"], spot.at("items", path="[]"))}
        _refuse_unholdable(schema, spot.place)
        return schema

    def _hoist_reference(self, reference: str, spot: _Spot) -> Schema:
        local = split(reference)[1]
        message, _, pointer = local.partition(".json#")
        if pointer:
            return self._hoist_inline(message, pointer, local, spot)
        name = self._lookup(spot.path) or self._lookup(local) or class_name(local)
        # Without names of ours below this place, a definition looks the same from everywhere.
        plain = not any(path.startswith(spot.path) for path in self.names)
        key = (spot.file.name, local)
        if not plain or key not in self._done:
            if plain:
                self._done.add(key)
            target = Place(spot.file.path).at("definitions", local)
            definition = spot.file.document["definitions"][local]
            return self._name(name, definition, _Spot(spot.file, target, spot.path))
        return _reference(name)

    def _hoist_inline(self, message: str, pointer: str, local: str, spot: _Spot) -> Schema:
        """Returns the reference to an inline type of another message, which the facts name by its place there."""
        action, part = action_of(message)
        steps = iter(split(pointer))
        path = "".join("[]" if step == "items" else f".{next(steps)}" for step in steps)
        place = Place(spot.file.path).at("definitions", local)
        there = _Spot(spot.file, place, f"{action}.{part}{path}")
        return self._hoist(spot.file.document["definitions"][local], there)

    def _name(self, name: str, schema: Schema, spot: _Spot) -> Schema:
        if not _is_named(schema):
            raise spot.place.error(
                f"{name} is neither an enum nor an object, and only these become types",
                "write its schema where it is referred to",
            )
        _refuse_unholdable(schema, spot.place)
        body = schema if "enum" in schema else self._hoist_members(schema, spot)
        known = self.found.setdefault(name, _Found(body, spot.place))
        for difference in differences(body, known.schema):
            problem = f"{name} is not what it is at {known.place.file}#{known.place.pointer}: {difference}"
            self.clashes[spot.path] = _Wanted(
                f"{_action_part(spot.path)}{name}", problem, spot.place
            )
            # What refers to it differs as well, once it has a name of its own.
            return _reference(spot.path)
        return _reference(name)

    def _named(self, spot: _Spot, schema: Schema) -> str:
        name = self._lookup(spot.path)
        if name is None:
            would_do = _name_that_would_do(spot.path, schema)
            self.unnamed[spot.path] = _Wanted(would_do, "it is inline", spot.place)
        return name or spot.path

    def _lookup(self, path: str) -> str | None:
        if path in self.names:
            self._used.add(path)
        return self.names.get(path)


def _action_part(path: str) -> str:
    """Returns what tells a message's types from those of others: `GetLogResponse`."""
    action, part = path.split(".")[:2]
    return f"{action}Response" if part == "response" else action


def _name_that_would_do(path: str, schema: Schema) -> str:
    """Returns a name in the style of the schemas' own: `AcmeBlinkStatusEnumType`."""
    action, part, *members = path.replace("[]", "").split(".")
    words = [action, *(["Response"] if part == "response" and not members else []), *members]
    return class_name(" ".join(words)) + ("EnumType" if "enum" in schema else "Type")


def _is_named(schema: Schema) -> bool:
    """Tells whether a schema becomes a type of its own."""
    return "enum" in schema or schema.get("type") == "object"


def _refuse_unwritable(schema: Schema, place: Place) -> None:
    for wire in schema.get("properties", {}):
        if _UNWRITABLE.search(wire):
            raise place.at("properties", wire).error(
                "msgspec holds no name with a quotation mark, a backslash or a control character",
                "rename the member in the schema",
            )


def _refuse_unholdable(schema: Schema, place: Place) -> None:
    """Refuses what JSON Schema allows and no generated type could hold."""
    for keyword, others in _ALONE.items():
        for other in others:
            if keyword in schema and other in schema:
                raise place.at(other).error(
                    f"a schema has both {other!r} and {keyword!r}; a generated type supports only one of them",
                    "remove one of the two, with an erratum (--errata) or in the schema",
                )
    for keyword in ("minimum", "maximum"):
        if schema.get("type") == "integer" and abs(schema.get(keyword, 0)) > _INT64:
            raise place.at(keyword).error(
                f"{keyword} {schema[keyword]} does not fit into 64 bits",
                "remove it, with an erratum (--errata) or in the schema",
            )


def _reference(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}
