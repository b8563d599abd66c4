"""Models and msgspec classes: every message and datatype goes both ways and comes back the same."""

import importlib
from collections.abc import Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, cast

import pytest
from msgspec import Struct
from msgspec.structs import fields
from pydantic import BaseModel, ValidationError

from corpus.nodes import tree
from corpus.samples import maximal, minimal
from corpus.sources import VERSIONS, Source, sources
from ocppkit import v16, v201
from ocppkit.core import LENIENT, OpenObject, Payload, decode_payload, encode_payload
from ocppkit.v16 import pydantic as p16
from ocppkit.v201 import pydantic as p201

all_sources = [each for version in VERSIONS for each in sources(version)]
every_message = pytest.mark.parametrize("source", all_sources, ids=str)
every_version = pytest.mark.parametrize("version", VERSIONS)


def packages(version: str) -> tuple[ModuleType, ModuleType]:
    """Returns the msgspec flavour and the pydantic flavour of a version."""
    return (
        importlib.import_module(f"ocppkit.{version}"),
        importlib.import_module(f"ocppkit.{version}.pydantic"),
    )


def inner_models(value: object) -> Iterator[BaseModel]:
    """Yields a model and all models in it."""
    match value:
        case BaseModel():
            yield value
            for _, member in value:
                yield from inner_models(member)
        case list():
            for item in cast(list[object], value):
                yield from inner_models(item)
        case _:
            pass


@every_message
@pytest.mark.parametrize("sample", [minimal, maximal])
def test_messages_come_back_the_same(source: Source, sample: Any) -> None:
    flavours = packages(source.version)
    data = sample(tree(source)).encode()
    twin: type[Payload] = getattr(flavours[0], source.class_name)
    model = getattr(flavours[1], source.class_name)
    message = decode_payload(twin, data)

    converted = model.from_msgspec(message)
    returned = converted.to_msgspec()

    assert type(returned) is twin
    assert returned == message
    assert encode_payload(returned) == encode_payload(message)
    assert converted == model.model_validate_json(data)


@every_message
def test_inner_objects_come_back_the_same(source: Source) -> None:
    model: Any = getattr(packages(source.version)[1], source.class_name)
    for inner in inner_models(model.model_validate_json(maximal(tree(source)))):
        inner_model: Any = type(inner)
        returned = inner_model.to_msgspec(inner)
        assert type(returned) is inner_model.__msgspec__
        assert inner_model.from_msgspec(returned) == inner


def models(package: ModuleType) -> list[str]:
    """Returns the names of the models that schemas describe."""
    # Vendors derive their own data from the other one.
    return [name for name in package.__all__ if name != "VendorData"]


@every_version
def test_both_flavours_have_the_same_classes(version: str) -> None:
    msgspec_flavour, pydantic_flavour = packages(version)
    objects = {
        name
        for name, each in vars(msgspec_flavour).items()
        if isinstance(each, type) and issubclass(each, Struct | OpenObject)
    }
    assert objects == set(models(pydantic_flavour))
    for name in objects:
        assert getattr(pydantic_flavour, name).__msgspec__ is getattr(msgspec_flavour, name)


@every_version
def test_both_flavours_have_the_same_members(version: str) -> None:
    msgspec_flavour, pydantic_flavour = packages(version)
    for name in models(pydantic_flavour):
        twin = getattr(msgspec_flavour, name)
        known: type[Struct] = twin.__ocpp_known__ if issubclass(twin, OpenObject) else twin
        model: type[BaseModel] = getattr(pydantic_flavour, name)
        assert [(member.name, member.encode_name) for member in fields(known)] == [
            (name, field.alias or name) for name, field in model.model_fields.items()
        ]


def test_microseconds_survive_both_ways() -> None:
    moment = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    message = v201.HeartbeatResponse(current_time=moment)
    assert p201.HeartbeatResponse.from_msgspec(message).to_msgspec() == message


def test_custom_data_survives_both_ways() -> None:
    custom_data = v201.CustomDataType(vendor_id="a", nothing=None, deep={"x": [1, 2.5, None]})
    message = v201.HeartbeatRequest(custom_data=custom_data)
    returned = p201.HeartbeatRequest.from_msgspec(message).to_msgspec()
    assert returned == message
    assert type(returned.custom_data) is v201.CustomDataType


def test_what_lenient_decoding_let_in_is_refused() -> None:
    message = decode_payload(v16.AuthorizeRequest, b'{"idTag":"%s"}' % (b"a" * 21), policy=LENIENT)
    with pytest.raises(ValidationError, match="idTag"):
        p16.AuthorizeRequest.from_msgspec(message)


def test_unknown_words_of_enums_are_refused() -> None:
    message = v201.ResetRequest(type=v201.ResetEnumType.unknown("Soon"))
    with pytest.raises(ValidationError, match="type"):
        p201.ResetRequest.from_msgspec(message)


def test_subclasses_lead_to_the_same_class() -> None:
    class Documented(p201.ResetRequest, frozen=True):
        """Adds nothing but words."""

    request = Documented(type=v201.ResetEnumType.ON_IDLE)
    assert request.to_msgspec() == v201.ResetRequest(type=v201.ResetEnumType.ON_IDLE)
