"""Merges the schema files of a version into one document in which each enum and object type has a name.

The files of OCPP 2.x repeat their definitions: equal definitions are merged, and unequal ones of one name are an
error. The files of OCPP 1.6 define all types inline: the table `names` of the facts gives each a name.
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
from ._missing_facts import missing_facts_error, name_some
from ._naming import class_name

__all__ = ["MergedSchemas", "find_missing_facts", "merge_schemas", "split_message_name"]

Schema = dict[str, Any]

_ALONE = {"enum": ("format", "minLength", "maxLength"), "format": ("minLength", "maxLength")}
"""Keywords of texts that a generated type cannot combine: each with the keywords that may not stand beside it."""

_INT64 = 2**63 - 1
_UNWRITABLE = re.compile(r'["\\\x00-\x1f]')


@dataclass(frozen=True)
class MergedSchemas:
    """All schemas of one version in one document; every reference has the form `#/definitions/<name>`."""

    types: Mapping[str, Schema]
    """The schemas of enums and datatypes, sorted by name."""

    messages: Mapping[str, Schema]
    """The schemas of messages, sorted by name."""

    places: Mapping[str, Place]
    """The place of each type and message, for error messages; of a type its first definition."""

    def as_json_schema(self) -> str:
        """Returns the document as the text of a JSON schema.

        Defaults of enums are left out: a parser that follows a reference would set them as values of absent members.
        """
        types = {
            name: {key: value for key, value in schema.items() if key != "default"}
            for name, schema in self.types.items()
        }
        return json.dumps({"definitions": {**types, **self.messages}})


def split_message_name(message: str) -> tuple[str, str]:
    """Returns the action of a message, and its part: `request` or `response`. A SEND is a request."""
    for suffix, part in (("Request", "request"), ("Response", "response")):
        if message.endswith(suffix) and message != suffix:
            return message.removesuffix(suffix), part
    return message, "request"


def merge_schemas(schemas: SchemaSet, facts: VersionFacts) -> MergedSchemas:
    """Merges all schemas of a version into one document.

    Args:
        schemas: the schema files, with errata applied.
        facts: the facts of the version. Their `names` give names to inline types, by places such as
            `Authorize.response.idTagInfo`.

    Raises:
        CodegenError: an action has no facts, an inline type has no name, two unequal types have the same name, the facts
            name a place without a type, or a schema has a constraint that generated types do not support.
    """
    types = _TypeCollector(facts.names)
    messages = {name: types.hoist_message(file) for name, file in schemas.files.items()}
    _check_nothing_missing(schemas, facts, types)
    types.refuse_unused_names(facts)
    types.refuse_names_of(messages)
    places = {name: Place(file.path) for name, file in schemas.files.items()}
    return MergedSchemas(
        types={name: types.found[name].schema for name in sorted(types.found)},
        messages=dict(sorted(messages.items())),
        places=places | {name: found.place for name, found in types.found.items()},
    )


def find_missing_facts(schemas: SchemaSet, facts: VersionFacts) -> tuple[list[str], dict[str, str]]:
    """Finds the facts that the schemas need and the facts files lack.

    Returns:
        The actions without facts; and the places of types that need a name, each with a suggested name.
    """
    actions = sorted({split_message_name(name)[0] for name in schemas.files} - facts.actions.keys())
    names: dict[str, str] = {}
    while True:
        types = _TypeCollector({**facts.names, **names})
        for file in schemas.files.values():
            types.hoist_message(file)
        # A new name for a type can make another type, which refers to it, differ from others of its name.
        found = {path: each.name for path, each in (types.unnamed | types.clashes).items()}
        if found.keys() <= names.keys():
            return actions, names
        names |= found


def _check_nothing_missing(
    schemas: SchemaSet, facts: VersionFacts, types: "_TypeCollector"
) -> None:
    """Raises an error if an action has no facts, or a type has no name or the name of another type."""
    actions = {
        split_message_name(name)[0]: Place(schemas.files[name].path)
        for name in sorted(schemas.files, reverse=True)  # the request overrules the response
    }
    without = [name for name in sorted(actions) if name not in facts.actions]
    problems: list[str] = []
    places: list[Place] = []
    if without:
        verb = "say who sends it" if len(without) == 1 else "say who sends them"
        noun = "an action" if len(without) == 1 else "actions"
        problems.append(
            f"the schemas of OCPP {facts.protocol.version} have {noun} {name_some(without)}, but no facts {verb}"
        )
        places.append(actions[without[0]])
    if types.clashes:
        clash = next(iter(types.clashes.values()))
        problems.append(
            f"{clash.problem}; choose one definition with an erratum (--errata), or give the types two names"
        )
        places.append(clash.place)
    if types.unnamed:
        problems.append(f"inline types have no name: {name_some(list(types.unnamed))}")
        places.append(next(iter(types.unnamed.values())).place)
    if problems:
        raise missing_facts_error(facts, places[0], problems, *find_missing_facts(schemas, facts))


@dataclass(frozen=True)
class _UnnamedType:
    """A type that needs a name in the facts."""

    name: str
    """A suggested name."""

    problem: str
    place: Place


@dataclass(frozen=True)
class _FoundType:
    """A type that has been collected, and the place of its first definition."""

    schema: Schema
    place: Place


@dataclass(frozen=True)
class _WalkPosition:
    """The current position of the walk through a schema."""

    file: SchemaFile
    place: Place
    path: str
    """The same position as facts write it, such as `Authorize.response.idTagInfo`."""

    def at(self, *tokens: str, path: str) -> "_WalkPosition":
        return _WalkPosition(self.file, self.place.at(*tokens), self.path + path)


@dataclass
class _TypeCollector:
    """Collects all types of the schemas by name, and replaces inline types by references to them."""

    names: Mapping[str, str]
    found: dict[str, _FoundType] = field(default_factory=dict[str, _FoundType])
    unnamed: dict[str, _UnnamedType] = field(default_factory=dict[str, _UnnamedType])
    """The inline types without a name, by path. Until they get one, the path is used as their name."""

    clashes: dict[str, _UnnamedType] = field(default_factory=dict[str, _UnnamedType])
    """The types that differ from an earlier type of the same name, by path."""

    _used: set[str] = field(default_factory=set[str])
    _done: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def hoist_message(self, file: SchemaFile) -> Schema:
        action, part = split_message_name(file.name)
        return self._hoist_members(
            dict(file.document), _WalkPosition(file, Place(file.path), f"{action}.{part}")
        )

    def refuse_unused_names(self, facts: VersionFacts) -> None:
        for path in sorted(self.names.keys() - self._used):
            raise CodegenError(
                f"the facts of OCPP {facts.protocol.version} name the type at {path}, but there is no enum or object",
                file=facts.name_files[path],
                pointer=pointer_of("names", path),
                cure="remove the entry, or correct its path",
            )

    def refuse_names_of(self, messages: Mapping[str, Schema]) -> None:
        for name in sorted(messages.keys() & self.found.keys()):
            raise self.found[name].place.error(
                f"{name} is both a message and a type", "rename the definition"
            )

    def _hoist_members(self, schema: Schema, spot: _WalkPosition) -> Schema:
        """Returns an object schema in which all enums and objects are replaced by references."""
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

    def _hoist(self, schema: Schema, spot: _WalkPosition) -> Schema:
        """Returns the schema of a value, with a reference instead of an inline enum or object."""
        if "$ref" in schema:
            return self._hoist_reference(schema["$ref"], spot)
        if _becomes_type(schema):
            return self._collect_type(self._name_of_inline_type(spot, schema), schema, spot)
        if schema.get("type") == "array":
            return {**schema, "items": self._hoist(schema["items"], spot.at("items", path="[]"))}
        _refuse_unsupported(schema, spot.place)
        return schema

    def _hoist_reference(self, reference: str, spot: _WalkPosition) -> Schema:
        local = split(reference)[1]
        message, _, pointer = local.partition(".json#")
        if pointer:
            return self._hoist_inline(message, pointer, local, spot)
        name = self._name_in_facts(spot.path) or self._name_in_facts(local) or class_name(local)
        # If the facts name nothing below this place, the definition yields the same types at each reference.
        plain = not any(path.startswith(spot.path) for path in self.names)
        key = (spot.file.name, local)
        if not plain or key not in self._done:
            if plain:
                self._done.add(key)
            target = Place(spot.file.path).at("definitions", local)
            definition = spot.file.document["definitions"][local]
            return self._collect_type(name, definition, _WalkPosition(spot.file, target, spot.path))
        return _reference_to(name)

    def _hoist_inline(self, message: str, pointer: str, local: str, spot: _WalkPosition) -> Schema:
        """Returns a reference to an inline type of another message; its name is the one at its place there."""
        action, part = split_message_name(message)
        steps = iter(split(pointer))
        path = "".join("[]" if step == "items" else f".{next(steps)}" for step in steps)
        place = Place(spot.file.path).at("definitions", local)
        there = _WalkPosition(spot.file, place, f"{action}.{part}{path}")
        return self._hoist(spot.file.document["definitions"][local], there)

    def _collect_type(self, name: str, schema: Schema, spot: _WalkPosition) -> Schema:
        if not _becomes_type(schema):
            raise spot.place.error(
                f"{name} is neither an enum nor an object, and only these become types",
                "replace the reference by the schema itself",
            )
        _refuse_unsupported(schema, spot.place)
        body = schema if "enum" in schema else self._hoist_members(schema, spot)
        known = self.found.setdefault(name, _FoundType(body, spot.place))
        for difference in differences(body, known.schema):
            problem = f"{name} differs from {name} at {known.place.file}#{known.place.pointer}: {difference}"
            self.clashes[spot.path] = _UnnamedType(
                f"{_action_part(spot.path)}{name}", problem, spot.place
            )
            # A type that refers to this one will differ too, once this one has another name.
            return _reference_to(spot.path)
        return _reference_to(name)

    def _name_of_inline_type(self, spot: _WalkPosition, schema: Schema) -> str:
        name = self._name_in_facts(spot.path)
        if name is None:
            would_do = _suggested_name(spot.path, schema)
            self.unnamed[spot.path] = _UnnamedType(would_do, "it is inline", spot.place)
        return name or spot.path

    def _name_in_facts(self, path: str) -> str | None:
        if path in self.names:
            self._used.add(path)
        return self.names.get(path)


def _action_part(path: str) -> str:
    """Returns a prefix for the names of a message's types, such as `GetLogResponse`."""
    action, part = path.split(".")[:2]
    return f"{action}Response" if part == "response" else action


def _suggested_name(path: str, schema: Schema) -> str:
    """Suggests a name in the style of OCPP 2.x, such as `AcmeBlinkStatusEnumType`."""
    action, part, *members = path.replace("[]", "").split(".")
    words = [action, *(["Response"] if part == "response" and not members else []), *members]
    return class_name(" ".join(words)) + ("EnumType" if "enum" in schema else "Type")


def _becomes_type(schema: Schema) -> bool:
    """Tells whether a schema becomes a named type: enums and objects do."""
    return "enum" in schema or schema.get("type") == "object"


def _refuse_unwritable(schema: Schema, place: Place) -> None:
    for wire in schema.get("properties", {}):
        if _UNWRITABLE.search(wire):
            raise place.at("properties", wire).error(
                "msgspec supports no member names with quotation marks, backslashes or control characters",
                "rename the member in the schema",
            )


def _refuse_unsupported(schema: Schema, place: Place) -> None:
    """Raises an error for constraints of JSON Schema that generated types do not support."""
    for keyword, others in _ALONE.items():
        for other in others:
            if keyword in schema and other in schema:
                raise place.at(other).error(
                    f"the schema has both {other!r} and {keyword!r}; a generated type supports only one of them",
                    "remove one of the two, with an erratum (--errata) or in the schema",
                )
    for keyword in ("minimum", "maximum"):
        if schema.get("type") == "integer" and abs(schema.get(keyword, 0)) > _INT64:
            raise place.at(keyword).error(
                f"{keyword} {schema[keyword]} does not fit into 64 bits",
                "remove it, with an erratum (--errata) or in the schema",
            )


def _reference_to(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}
