"""Good payloads broken in every way that their schema knows."""

from typing import Any

import pytest

from ocppkit.codegen.model._ir import Array, Field, Ref
from ocppkit.codegen.reference._examples import Examples
from ocppkit.codegen.reference._faulty_examples import faults_of, unknown_value_fault
from support.tiny_ir import datatype, enum, field, message, scalar, version

API = version(enums=[enum("Word", "A")], datatypes=[datatype("Inner", field("word", Ref("Word")))])


def broken(*fields: Field) -> dict[tuple[str, str], Any]:
    found = faults_of(API, message("AskRequest", *fields), Examples(API))
    return {(each.place, each.what): each.payload for each in found}


def test_any_payload() -> None:
    assert broken() == {
        ("colour", "is not a member of the schema"): {"colour": "red"},
        ("", "is a list"): [],
    }


@pytest.mark.parametrize(
    ("type_", "what", "value"),
    [
        (scalar("string", max_length=2), "has more than 2 characters", "xxx"),
        (scalar("string"), "is a number", 42),
        (scalar("boolean"), "is a text", "true"),
        (scalar("integer"), "is a text", "12"),
        (scalar("integer", minimum=0), "is below 0", -1),
        (scalar("integer", maximum=100), "is above 100", 101),
        (scalar("number", multiple_of=0.5), "is not a multiple of 0.5", 0.75),
        (scalar("date-time"), "is not a date-time", "tomorrow"),
        (scalar("uri"), "is not a URI", "%"),
        (Ref("Word"), "is an unknown value", "Unknown"),
        (Ref("Word"), "is a number", 42),
        (Array(scalar("integer"), 1), "is an empty list", []),
        (Array(scalar("integer"), max_items=1), "has more than 1 item", [1, 1]),
        (Array(scalar("integer"), max_items=2), "has more than 2 items", [1, 1, 1]),
        (Ref("Inner"), "is `null`", None),
    ],
)
def test_each_rule(type_: Any, what: str, value: Any) -> None:
    assert broken(field("x", type_))["x", what] == {"x": value}


def test_a_required_member_is_left_out() -> None:
    assert broken(field("x"))["x", "is left out"] == {}
    assert ("x", "is left out") not in broken(field("x", required=False))


def test_an_optional_member_is_broken_where_no_required_one_can_be() -> None:
    found = broken(field("a", "boolean"), field("b", Array(Ref("Inner")), required=False))
    assert found["b[0].word", "is an unknown value"] == {"a": True, "b": [{"word": "Unknown"}]}


def test_an_untyped_place_takes_anything() -> None:
    found = broken(field("data", "any"))
    assert [place for place, _ in found] == ["data", "colour", ""]


def test_a_very_long_list_is_not_overfilled() -> None:
    found = broken(field("x", Array(scalar("integer"), max_items=1000)))
    assert not any("more than" in what for _, what in found)


def test_an_unknown_word() -> None:
    asked = message("AskRequest", field("a", Ref("Inner"), required=False))
    fault = unknown_value_fault(API, API.enums[0], asked, Examples(API))
    assert (fault.place, fault.payload) == ("a.word", {"a": {"word": "Unknown"}})
