"""Members and scalars of the pydantic flavour are written as pydantic must read them."""

from dataclasses import replace

import pytest

from ocppkit.codegen._pipeline import Job, load_api
from ocppkit.codegen.model._ir import Api, Array, Field, Kind, Ref, Scalar, Type
from ocppkit.codegen.render._layout import Imports
from ocppkit.codegen.render._pydantic_annotations import (
    class_imports,
    constraint_imports,
    constraints_of,
    drafts_of,
    member,
    optional,
)

STR20 = Scalar(Kind.STRING, max_length=20)
ANY = Scalar(Kind.ANY)


@pytest.fixture(scope="module")
def heartbeat() -> Api:
    """A real version of one action, to be filled with members."""
    return load_api(Job("2.0.1", "acme.ocpp201", only=("Heartbeat",)))


def field(type_: Type, *, wire: str = "place", name: str = "place", required: bool = True) -> Field:
    return Field(wire, name, type_, required)


def with_members(api: Api, *members: Field, draft: int = 6) -> Api:
    """Returns a version whose one request has these members, and nothing else has any."""
    (action,) = api.actions
    assert action.response is not None
    request = replace(action.request, fields=members, draft=draft)
    response = replace(action.response, fields=())
    return replace(
        api, datatypes=(), actions=(replace(action, request=request, response=response),)
    )


def parts(api: Api, *members: Field, draft: int = 6) -> dict[str, tuple[str, ...]]:
    return {
        each.name: each.parts for each in constraints_of(with_members(api, *members, draft=draft))
    }


def names(imports: Imports) -> dict[str, list[str]]:
    return {module: sorted(found) for module, found in imports.items() if found}


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (field(STR20), "    place: Str20"),
        (field(STR20, required=False), "    place: Opt[Str20] = None"),
        (field(STR20, wire="Place"), '    place: Annotated[Str20, Field(alias="Place")]'),
        (
            field(STR20, wire="Place", required=False),
            '    place: Annotated[Opt[Str20], Field(alias="Place")] = None',
        ),
        (field(Scalar(Kind.STRING)), "    place: Str"),
        (field(Scalar(Kind.BOOLEAN)), "    place: StrictBool"),
        (field(Scalar(Kind.NUMBER)), "    place: StrictFloat"),
        (field(Scalar(Kind.DATE_TIME)), "    place: DateTime"),
        (field(Scalar(Kind.URI)), "    place: Uri"),
        (field(Ref("EVSEType")), "    place: EVSEType"),
        (field(ANY), "    place: AnyJson"),
        (field(ANY, required=False), "    place: Untyped = Field(default_factory=unset)"),
        (field(Array(STR20)), "    place: list[Str20]"),
        (
            field(Array(STR20, 1, 4)),
            "    place: Annotated[list[Str20], Field(min_length=1, max_length=4)]",
        ),
        (
            field(Array(STR20, 1), wire="Place", required=False),
            '    place: Annotated[Opt[list[Str20]], Field(alias="Place", min_length=1)] = None',
        ),
        (
            field(Array(Array(Ref("EVSEType"), None, 2), 1)),
            "    place: Annotated[list[Annotated[list[EVSEType], Field(max_length=2)]], Field(min_length=1)]",
        ),
    ],
)
def test_members(of: Field, text: str) -> None:
    assert member(of, 6) == text


def test_long_members_take_a_line_for_each_argument() -> None:
    wire = "aNameOnTheWireThatIsSoLongThatNothingElseFitsBesideItOnOneLine"
    assert member(field(Array(STR20, 1), wire=wire, required=False), 6) == (
        "    place: Annotated[\n"
        "        Opt[list[Str20]],\n"
        f'        Field(alias="{wire}", min_length=1),\n'
        "    ] = None"
    )


def test_parameters_have_no_bounds_of_items() -> None:
    assert optional(field(Array(STR20, 1)), 6) == "list[Str20]"
    assert optional(field(Array(STR20, 1), required=False), 6) == "Opt[list[Str20]]"


@pytest.mark.parametrize(
    ("draft", "bounds", "text"),
    [(6, None, "Int"), (4, None, "StrictInt"), (6, 0, "IntMin0"), (4, 0, "StrictIntMin0")],
)
def test_integers_are_of_their_draft(draft: int, bounds: int | None, text: str) -> None:
    assert member(field(Scalar(Kind.INTEGER, minimum=bounds)), draft) == f"    place: {text}"


def test_what_a_draft_4_message_uses_is_of_draft_4() -> None:
    api = load_api(Job("1.6", "ocppkit.v16"))
    drafts = drafts_of(api)
    assert drafts["ChargingProfile"] == drafts["SetChargingProfileRequest"] == 4
    assert drafts["LogParametersType"] == drafts["GetLogRequest"] == 6


def test_scalars_are_strict_and_bounded(heartbeat: Api) -> None:
    found = parts(
        heartbeat,
        field(Scalar(Kind.STRING, min_length=1, max_length=2)),
        field(Array(Scalar(Kind.NUMBER, minimum=0, maximum=1.5))),
        field(Scalar(Kind.STRING)),
    )
    assert found == {
        "Float0To1_5": ("StrictFloat", "Field(ge=0, le=1.5)"),
        "Str": ("StrictStr", "AfterValidator(check_json)"),
        "Str1To2": ("StrictStr", "Field(min_length=1, max_length=2)"),
    }


def test_whole_numbers_are_made_integers_before_their_bounds_are_looked_at(heartbeat: Api) -> None:
    bounded = field(Scalar(Kind.INTEGER, minimum=0))
    assert parts(heartbeat, bounded) == {
        "IntMin0": ("StrictInt", "Field(ge=0)", "BeforeValidator(_whole)")
    }
    assert parts(heartbeat, bounded, draft=4) == {"StrictIntMin0": ("StrictInt", "Field(ge=0)")}


def test_multiples_are_compared_after_their_bounds(heartbeat: Api) -> None:
    assert parts(heartbeat, field(Scalar(Kind.NUMBER, minimum=0, multiple_of=0.1))) == {
        "FloatMin0Step0_1": (
            "StrictFloat",
            'Field(ge=0, json_schema_extra={"multipleOf": 0.1})',
            'AfterValidator(_multiple_of("0.1"))',
        )
    }


def test_scalars_import_what_they_are_made_of(heartbeat: Api) -> None:
    api = with_members(heartbeat, field(STR20), field(Scalar(Kind.INTEGER)))
    assert names(constraint_imports(constraints_of(api))) == {
        "pydantic": ["BeforeValidator", "Field", "StrictInt", "StrictStr"],
        "typing": ["Annotated"],
    }
    assert names(constraint_imports(())) == {}


def test_models_import_what_their_members_name(heartbeat: Api) -> None:
    members = [
        field(Array(STR20, 1)),
        field(Scalar(Kind.BOOLEAN), required=False),
        field(ANY, required=False),
        field(ANY),
        field(Ref("GenericStatusEnumType")),
        field(Ref("StatusInfoType")),
    ]
    full = load_api(Job("2.0.1", "ocppkit.v201"))
    api = replace(with_members(heartbeat, *members), enums=full.enums)
    (request,) = (message for message in api.actions[0].messages if message.fields)
    assert names(class_imports(api, [request], "..")) == {
        "...enums": ["GenericStatusEnumType"],
        "..bases": ["AnyJson", "Opt", "Untyped", "unset"],
        "..constraints": ["Str20"],
        "..datatypes": ["StatusInfoType"],
        "pydantic": ["Field", "StrictBool"],
        "typing": ["Annotated"],
    }


def test_models_do_not_import_their_neighbours() -> None:
    api = load_api(Job("2.0.1", "ocppkit.v201"))
    wanted = class_imports(api, api.datatypes, ".")
    assert ".datatypes" not in names(wanted)
    assert "CustomDataType" in {each.name for each in api.datatypes}
