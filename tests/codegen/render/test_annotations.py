"""How the msgspec flavour writes types, and what a module must import for them."""

from typing import Annotated, Any

import msgspec
import pytest

from golden import tiny_facts
from ocppkit.codegen import Api, Array, EnumType, Field, Kind, Ref, Scalar, Type
from ocppkit.codegen.model._facts import ActionFacts
from ocppkit.codegen.model._ir import ApiAction, ApiMessage, Datatype, EnumMember
from ocppkit.codegen.render._annotations import (
    absent,
    annotation,
    class_imports,
    constraints_of,
    optional,
    type_imports,
)

STR20 = Scalar(Kind.STRING, max_length=20)
ANY = Scalar(Kind.ANY)


def field(type_: Type, *, required: bool = True, wire: str = "a", name: str = "a") -> Field:
    return Field(wire, name, type_, required)


@pytest.mark.parametrize(
    ("type_", "written", "unbounded"),
    [
        (Scalar(Kind.STRING), "str", "str"),
        (Scalar(Kind.INTEGER), "int", "int"),
        (Scalar(Kind.NUMBER), "float", "float"),
        (Scalar(Kind.BOOLEAN), "bool", "bool"),
        (ANY, "Any", "Any"),
        (STR20, "Str20", "Str20"),
        (Scalar(Kind.DATE_TIME), "DateTime", "DateTime"),
        (Scalar(Kind.URI), "Uri", "Uri"),
        (Ref("EVSEType"), "EVSEType", "EVSEType"),
        (Array(STR20), "list[Str20]", "list[Str20]"),
        (Array(Ref("A"), min_items=1), "Annotated[list[A], Meta(min_length=1)]", "list[A]"),
        (Array(Ref("A"), max_items=0), "Annotated[list[A], Meta(max_length=0)]", "list[A]"),
        (
            Array(Array(STR20, max_items=3), min_items=1, max_items=2),
            "Annotated[list[Annotated[list[Str20], Meta(max_length=3)]], Meta(min_length=1, max_length=2)]",
            "list[list[Str20]]",
        ),
    ],
)
def test_types(type_: Type, written: str, unbounded: str) -> None:
    assert annotation(type_) == written
    assert annotation(type_, bounds=False) == unbounded
    assert optional(field(type_)) == written
    assert optional(field(type_), bounds=False) == unbounded


def test_optional_members_are_opt_and_untyped_ones_may_be_unset() -> None:
    few = Array(STR20, max_items=2)
    assert optional(field(few, required=False)) == "Opt[Annotated[list[Str20], Meta(max_length=2)]]"
    assert optional(field(few, required=False), bounds=False) == "Opt[list[Str20]]"
    assert absent(field(few, required=False)) == "None"
    assert optional(field(ANY, required=False)) == "Any | UnsetType"
    assert absent(field(ANY, required=False)) == "UNSET"
    # A list knows absence without it: nobody takes a list for null.
    assert optional(field(Array(ANY), required=False)) == "Opt[list[Any]]"
    assert absent(field(Array(ANY), required=False)) == "None"


def api_of(*fields: Field, response: tuple[Field, ...] = (), part: tuple[Field, ...] = ()) -> Api:
    facts = ActionFacts("Ping", "station", "T", "Tries.", "A trial", "facts.toml")
    request = ApiMessage("PingRequest", fields, 6, "PingRequest.json")
    answer = ApiMessage("PingResponse", response, 6, "PingResponse.json")
    return Api(
        protocol=tiny_facts().protocol,
        enums=(EnumType("Word", (EnumMember("A", "A"),)),),
        datatypes=(Datatype("Part", part, closed=True),),
        actions=(ApiAction("Ping", "ping", facts, request, answer),),
    )


def test_constraints_are_gathered_from_everywhere_once_and_sorted() -> None:
    api = api_of(
        field(Scalar(Kind.STRING, max_length=255)),
        field(Array(Array(STR20))),
        field(Ref("Word")),
        response=(field(STR20, required=False), field(Scalar(Kind.URI))),
        part=(field(Scalar(Kind.NUMBER, minimum=0.5, maximum=9, multiple_of=0.1)), field(ANY)),
    )
    assert [each.name for each in constraints_of(api)] == [
        "Float0_5To9Step0_1",
        "Str20",
        "Str255",
        "Uri",
    ]


@pytest.mark.parametrize(
    ("scalar", "base", "good", "bad"),
    [
        (STR20, str, '"a"', f'"{"a" * 21}"'),
        (Scalar(Kind.STRING, min_length=1), str, '"a"', '""'),
        (Scalar(Kind.INTEGER, minimum=0, maximum=9), int, "9", "10"),
        (Scalar(Kind.INTEGER, minimum=-1), int, "-1", "-2"),
        (Scalar(Kind.NUMBER, maximum=0.5), float, "0.5", "0.51"),
        (Scalar(Kind.DATE_TIME), None, '"2026-01-01T00:00:00Z"', '"2026-01-01T00:00:00"'),
    ],
)
def test_constraints_are_what_msgspec_checks(
    scalar: Scalar, base: Any, good: str, bad: str
) -> None:
    (constraint,) = constraints_of(api_of(field(scalar)))
    namespace = {"Annotated": Annotated, "Meta": msgspec.Meta}
    exec("from datetime import datetime", namespace)
    written = eval(f"Annotated[{constraint.base}, Meta({constraint.meta})]", namespace)
    assert base is None or constraint.base == base.__name__
    decoder = msgspec.json.Decoder(written)
    assert decoder.decode(good) is not None
    with pytest.raises(msgspec.ValidationError):
        decoder.decode(bad)


def test_what_msgspec_cannot_check_stands_beside_it() -> None:
    step = Scalar(Kind.NUMBER, minimum=0, multiple_of=0.1)
    tenth, uri = constraints_of(api_of(field(step), field(Scalar(Kind.URI))))
    assert tenth.meta == 'ge=0, extra={"multiple_of": 0.1}'
    assert uri.meta == 'extra={"format": "uri"}'


class TestImports:
    def test_a_module_of_plain_members_needs_nothing(self) -> None:
        api = api_of(field(Scalar(Kind.STRING)), field(Array(Scalar(Kind.INTEGER))))
        assert class_imports(api, api.actions[0].messages, "..") == {}

    def test_each_type_brings_its_own(self) -> None:
        api = api_of(
            field(Ref("Word")),
            field(Ref("Part"), required=False),
            field(Array(STR20, max_items=2)),
            field(Array(Array(Scalar(Kind.DATE_TIME)))),
            field(ANY),
            field(ANY, required=False),
            field(Scalar(Kind.STRING), wire="maxSoC", name="max_soc"),
        )
        wanted = class_imports(api, api.actions[0].messages, "..")
        assert {module: sorted(names) for module, names in wanted.items()} == {
            "..constraints": ["DateTime", "Str20"],
            "..datatypes": ["Part"],
            "..enums": ["Word"],
            "msgspec": ["Meta", "UNSET", "UnsetType", "field"],
            "ocppkit.core": ["Opt"],
            "typing": ["Annotated", "Any"],
        }

    def test_signatures_need_no_bounds_and_no_field(self) -> None:
        api = api_of(field(Array(STR20, max_items=2), wire="aB", name="a_b", required=False))
        wanted = type_imports(api, [api.actions[0].request], ".", bounds=False)
        assert {module: sorted(names) for module, names in wanted.items()} == {
            ".constraints": ["Str20"],
            "ocppkit.core": ["Opt"],
        }

    def test_what_the_module_defines_itself_is_not_imported(self) -> None:
        api = api_of(field(Ref("Part")), part=(field(Ref("Word")),))
        part = api.datatypes[0]
        whole = class_imports(api, [part, api.actions[0].request], ".")
        assert {module: sorted(names) for module, names in whole.items()} == {
            ".datatypes": [],
            ".enums": ["Word"],
        }
