"""Examples are valid, deterministic, and of values that a reader would expect."""

import pytest

from ocppkit.codegen.model._ir import Array, Ref
from ocppkit.codegen.reference._examples import Examples, without_family_ending
from support.tiny_ir import datatype, enum, field, message, scalar, version


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("ResetEnumType", "Reset"),
        ("ResetType", "Reset"),
        ("Reset", "Reset"),
        ("Type", "Type"),
        ("EnumType", "Enum"),
    ],
)
def test_kin(name: str, stem: str) -> None:
    assert without_family_ending(name) == stem


def test_the_smallest_has_what_is_required() -> None:
    asked = message("Ask", field("idTag"), field("extra", required=False))
    assert Examples(version()).smallest(asked) == {"idTag": "04E91C5A"}


def test_the_full_has_every_member_and_custom_data_once() -> None:
    custom = datatype("CustomDataType", field("vendorId"))
    inner = datatype(
        "Inner", field("x", "integer"), field("customData", Ref("CustomDataType"), required=False)
    )
    asked = message(
        "Ask",
        field("inner", Ref("Inner"), required=False),
        field("customData", Ref("CustomDataType"), required=False),
    )
    examples = Examples(version(datatypes=[custom, inner]))
    assert examples.smallest(asked) == {}
    assert examples.full(asked) == {"inner": {"x": 1}, "customData": {"vendorId": "com.example"}}


def test_a_list_has_as_many_items_as_it_must() -> None:
    asked = message(
        "Ask", field("one", Array(scalar("integer"))), field("three", Array(scalar("integer"), 3))
    )
    assert Examples(version()).smallest(asked) == {"one": [1], "three": [1, 1, 1]}


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        (("Rejected", "Accepted"), "Accepted"),
        (("Second", "First"), "Second"),
        (("Immediate", "OnIdle"), "OnIdle"),
    ],
)
def test_the_word_of_an_enum(words: tuple[str, ...], chosen: str) -> None:
    asked = message("Ask", field("word", Ref("ResetEnumType")))
    examples = Examples(version(enums=[enum("ResetEnumType", *words)]))
    assert examples.smallest(asked) == {"word": chosen}


def test_the_owner_decides_before_the_name() -> None:
    owner = message("NotifyEventRequest", field("generatedAt", "date-time"))
    assert Examples(version()).smallest(owner) == {"generatedAt": "2026-03-14T09:26:53Z"}


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (scalar("string", max_length=2), "a"),
        (scalar("string"), "text"),
        (scalar("integer", minimum=7), 7),
        (scalar("integer", maximum=-3), -3),
        (scalar("number"), 1.5),
        (scalar("number", maximum=-2.5), -2.5),
        (scalar("number", multiple_of=0.1), 1.5),
        (scalar("boolean"), True),
        (scalar("date-time"), "2026-03-14T09:26:53Z"),
        (scalar("uri"), "https://example.com/"),
        (scalar("any"), "text"),
    ],
)
def test_an_unknown_name_gets_what_its_type_admits(type_: object, value: object) -> None:
    asked = message("Ask", field("asked", type_))  # type: ignore[arg-type]
    assert Examples(version()).smallest(asked) == {"asked": value}


def test_a_candidate_of_another_type_is_passed_over() -> None:
    asked = message(
        "Ask", field("tbc", "integer"), field("seqNo", "string"), field("idTag", "date-time")
    )
    assert Examples(version()).smallest(asked) == {
        "tbc": 1,
        "seqNo": "text",
        "idTag": "2026-03-14T09:26:53Z",
    }


def test_what_has_no_example_is_an_error() -> None:
    asked = message("Ask", field("asked", scalar("string", min_length=50)))
    with pytest.raises(ValueError, match=r"no example for .*add one to values\.toml"):
        Examples(version()).smallest(asked)
