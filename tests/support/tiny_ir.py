"""Builds models (IR) of versions with a few types, without schemas."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ocppkit.codegen.model._facts import ActionFacts
from ocppkit.codegen.model._facts_files import load_facts
from ocppkit.codegen.model._ir import (
    Api,
    ApiAction,
    ApiMessage,
    Datatype,
    EnumMember,
    EnumType,
    Field,
    Kind,
    Scalar,
    Type,
)
from ocppkit.codegen.model._naming import field_name, member_name, module_name
from ocppkit.codegen.model._passes import with_users

__all__ = ["action", "datatype", "enum", "field", "message", "scalar", "version"]


def scalar(kind: str, **bounds: Any) -> Scalar:
    return Scalar(Kind(kind), **bounds)


def field(wire: str, type_: Type | str = "string", *, required: bool = True) -> Field:
    made = scalar(type_) if isinstance(type_, str) else type_
    return Field(wire, field_name(wire), made, required)


def message(name: str, *fields: Field) -> ApiMessage:
    return ApiMessage(name, fields, 6, f"{name}.json")


def enum(name: str, *words: str) -> EnumType:
    return EnumType(name, tuple(EnumMember(member_name(word), word) for word in words))


def datatype(name: str, *fields: Field) -> Datatype:
    return Datatype(name, fields, closed=True)


def action(
    name: str, request: Sequence[Field] = (), response: Sequence[Field] | None = (), **facts: Any
) -> ApiAction:
    about = ActionFacts(
        name=name,
        direction=facts.pop("direction", "csms"),
        block="B",
        purpose="Does it.",
        citation="nowhere",
        file="facts.toml",
        **facts,
    )
    answer = None if response is None else message(f"{name}Response", *response)
    return ApiAction(name, module_name(name), about, message(f"{name}Request", *request), answer)


def version(
    number: str = "2.1",
    *,
    enums: Sequence[EnumType] = (),
    datatypes: Sequence[Datatype] = (),
    actions: Sequence[ApiAction] = (),
) -> Api:
    package = f"v{number.replace('.', '')}"
    protocol = replace(load_facts("2.1").protocol, version=number, package=package)
    return with_users(Api(protocol, tuple(enums), tuple(datatypes), tuple(actions)))
