"""The JSON Schema of a model, which becomes OpenAPI, says what the official schema says, no more and no less."""

import importlib
import inspect
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from corpus.sources import VERSIONS, Source, sources
from ocppkit.codegen import Job, load_api

_WORDS = {"title", "description", "comment", "javaType", "default", "additionalItems"}
"""What is said to people, or to programs that are not ours."""

all_sources = [each for version in VERSIONS for each in sources(version)]


def model_of(source: Source) -> type[BaseModel]:
    package = importlib.import_module(f"ocppkit.{source.version}.pydantic")
    found: type[BaseModel] = getattr(package, source.class_name)
    return found


def plain(schema: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a schema without references, words and the freedoms of spelling."""
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return plain(target, root)
    found = {name: value for name, value in schema.items() if name not in _WORDS and name[0] != "$"}
    found.pop("definitions", None)
    if "const" in found:
        found["enum"] = [found.pop("const")]
    if "items" in found:
        found["items"] = plain(found["items"], root)
    if found.get("type") == "object":
        members: Mapping[str, Any] = found.get("properties", {})
        found["properties"] = {name: plain(member, root) for name, member in members.items()}
        found["required"] = sorted(found.get("required", ()))
        found.setdefault("additionalProperties", True)
    else:
        found.pop("additionalProperties", None)  # the sources say it of enums too
    return {name: float(v) if isinstance(v, Decimal) else v for name, v in found.items()}


@pytest.mark.parametrize("mode", ["validation", "serialization"])
@pytest.mark.parametrize("source", all_sources, ids=str)
def test_json_schema_says_what_the_official_schema_says(
    source: Source, mode: JsonSchemaMode
) -> None:
    schema = model_of(source).model_json_schema(mode=mode)
    assert plain(schema, schema) == plain(source.document, source.document)


@pytest.mark.parametrize("source", all_sources, ids=str)
def test_members_are_titled_with_their_names_on_the_wire(source: Source) -> None:
    schema = model_of(source).model_json_schema()
    titles = {name: member.get("title", name) for name, member in schema["properties"].items()}
    assert titles == {name: name for name in schema["properties"]}


def test_docstrings_become_descriptions() -> None:
    source = next(each for each in all_sources if str(each) == "v201/ResetRequest")
    schema = model_of(source).model_json_schema()
    assert schema["description"] == inspect.getdoc(model_of(source))
    assert schema["$defs"]["ResetEnumType"]["description"].endswith("Used by ResetRequest.")


def test_texts_of_members_become_descriptions() -> None:
    api = load_api(Job("2.0.1", "acme", only=("Reset",)))
    source = next(each for each in all_sources if str(each) == "v201/ResetRequest")
    schema = model_of(source).model_json_schema()
    texts = {field.wire: str(field.doc) for field in api.actions[0].request.fields if field.doc}
    described = {
        name: each["description"]
        for name, each in schema["properties"].items()
        if "description" in each
    }
    assert described == texts
    # What customData is for stands once, at its type.
    assert set(schema["properties"]) - set(texts) == {"customData"}
    assert schema["$defs"]["CustomDataType"]["description"].startswith("Place for data outside")
