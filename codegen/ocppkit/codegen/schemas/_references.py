"""Resolves references from one schema file to types in another file of the same version.

The schema of a vendor can refer to `BootNotificationRequest.json#/definitions/ChargingStationType` instead of copying the
type. `derive` keeps such a reference. When all files of a version are known, the type is copied into the file, as in the
official schemas, in which each file repeats the types that it uses. This happens after errata are applied.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias, cast
from urllib.parse import unquote

from .._errors import did_you_mean, similar_names
from ._json_text import Json, Place, join, split

__all__ = ["external_reference", "resolve_references", "without_edition"]

_EDITION = re.compile(r"_v\d+p\d+$", re.ASCII)
_EXTERNAL = re.compile(r"(?:[^#]*/)?([A-Za-z0-9_]+)\.json#(/[^#]+)")
_SHOWN = 8
"""How many names an error lists if none is similar to the wrong one."""


Documents: TypeAlias = Mapping[str, Mapping[str, Any]]


def without_edition(stem: str) -> str:
    """Returns the name of a schema file without an edition such as `_v1p0`, which OCPP 2.0 adds."""
    return _EDITION.sub("", stem)


def external_reference(target: Json) -> str | None:
    """Returns a reference to another file in its normal form; `None` if the target is no such reference.

    The normal form is `BootNotificationRequest.json#/definitions/ChargingStationType`, without a folder.
    """
    found = _EXTERNAL.fullmatch(target) if isinstance(target, str) else None
    if found is None:
        return None
    steps = ["definitions" if step == "$defs" else step for step in split(unquote(found[2]))]
    return f"{without_edition(found[1])}.json#{join('', *steps)}"


def resolve_references(
    documents: Documents, places: Mapping[str, Place]
) -> dict[str, Mapping[str, Any]]:
    """Returns derived schemas in which every reference points to a definition of the same file.

    Args:
        documents: the schemas of a version, by message.
        places: the place of each schema, for errors.

    Raises:
        CodegenError: a reference points to nothing, or to something other than an enum or object.
    """
    resolved: dict[str, Mapping[str, Any]] = {}
    for name, document in documents.items():
        resolver = _Resolver(documents, name, places[name])
        body = resolver.with_local_references(
            {key: value for key, value in document.items() if key != "definitions"},
            name,
            places[name],
        )
        if resolver.is_external:
            definitions = resolver.definitions
            body["definitions"] = {each: definitions[each] for each in sorted(definitions)}
            resolved[name] = body
        else:
            resolved[name] = document
    return resolved


class _Resolver:
    """Collects the definitions of one file, including copies from other files."""

    def __init__(self, documents: Documents, name: str, place: Place) -> None:
        self._documents = documents
        self._name = name
        self.definitions: dict[str, Mapping[str, Any]] = {}
        self.is_external = False
        for each, schema in documents[name].get("definitions", {}).items():
            self.definitions[each] = self.with_local_references(
                schema, name, place.at("definitions", each)
            )

    def with_local_references(
        self, schema: Mapping[str, Any], origin: str, place: Place
    ) -> dict[str, Any]:
        """Returns a schema whose references all point to definitions of this file."""
        if "$ref" in schema:
            return self._local_reference(str(schema["$ref"]), origin, place)
        copy = dict(schema)
        if "items" in schema:
            copy["items"] = self.with_local_references(schema["items"], origin, place.at("items"))
        if "properties" in schema:
            copy["properties"] = {
                wire: self.with_local_references(member, origin, place.at("properties", wire))
                for wire, member in schema["properties"].items()
            }
        return copy

    def _local_reference(self, target: str, origin: str, place: Place) -> dict[str, Any]:
        message, _, pointer = target.rpartition(".json#")
        if not message:
            message, pointer = origin, target.removeprefix("#")
        if message == self._name:
            return {"$ref": f"#{pointer}"}
        self.is_external = True
        found = self._find_type(message, pointer, target, place.at("$ref"))
        steps = split(pointer)
        # An inline type gets its name from the facts later, by its place.
        name = steps[1] if steps[0] == "definitions" and len(steps) == 2 else target
        if name not in self.definitions:
            self.definitions[name] = found  # it may refer to itself
            self.definitions[name] = self.with_local_references(found, message, place)
        return {"$ref": f"#{join('/definitions', name)}"}

    def _find_type(
        self, message: str, pointer: str, target: str, place: Place
    ) -> Mapping[str, Any]:
        document = self._documents.get(message)
        if document is None:
            raise place.error(
                f"$ref {target!r} names {message}.json, but there is no such schema",
                did_you_mean(
                    f"{message}.json",
                    (f"{name}.json" for name in self._documents),
                    "name a schema of the version, or a schema in the folder of this file",
                ),
            )
        at: Any = document
        for step in split(pointer):
            found: Mapping[str, Any] = cast("dict[str, Any]", at) if isinstance(at, dict) else {}
            at = found.get(step)
        found = cast("dict[str, Any]", at) if isinstance(at, dict) else {}
        if "enum" in found or found.get("type") == "object":
            return found
        names = list(document.get("definitions", {}))
        close = similar_names(pointer.rpartition("/")[2], names) or names[:_SHOWN]
        cure = "refer to an enum or an object of the file"
        if close:
            paths = (f"{message}.json#{join('/definitions', name)}" for name in close)
            cure = f"write {' or '.join(paths)}"
        raise place.error(f"$ref {target!r} refers to nothing", cure)
