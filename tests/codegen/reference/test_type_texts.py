"""Types, bounds, prose and links as the reference writes them."""

import pytest

from ocppkit.codegen.model._ir import Array, Doc, Ref, Type
from ocppkit.codegen.reference._type_texts import Links, bounds_of, markdown, prose, type_in_words
from support.tiny_ir import action, datatype, enum, scalar, version


@pytest.mark.parametrize(
    ("type_", "words", "bounds"),
    [
        (scalar("string", max_length=20), "string", ["at most 20 characters"]),
        (scalar("string", min_length=1), "string", ["at least 1 character"]),
        (scalar("integer", minimum=0, maximum=100), "integer", ["0 to 100"]),
        (scalar("integer", maximum=3), "integer", ["at most 3"]),
        (scalar("number", multiple_of=0.1), "number", ["a multiple of 0.1"]),
        (scalar("date-time"), "date-time", []),
        (Ref("Word"), "Word", []),
        (Array(Ref("Word"), 1, 4), "list of Word", ["1 to 4 items"]),
        (
            Array(scalar("string", max_length=5), 2, 2),
            "list of string",
            ["exactly 2 items", "at most 5 characters"],
        ),
    ],
)
def test_types(type_: Type, words: str, bounds: list[str]) -> None:
    assert type_in_words(type_) == words
    assert list(bounds_of(type_)) == bounds


def test_markdown_is_left_no_handle() -> None:
    assert markdown("a|b *c* limit_L2 <d> `code_x` [e]") == (
        r"a\|b \*c\* limit\_L2 \<d\> `code_x` \[e\]"
    )


def test_prose() -> None:
    assert prose(None) == ""
    assert prose(Doc("Says *why*.", "B11.FR.01")) == r"Says \*why\*. <small>B11.FR.01</small>"


def test_links() -> None:
    api = version(enums=[enum("Word", "A")], datatypes=[datatype("Inner")], actions=[action("Ask")])
    links = Links(api, "../")
    assert links.link("Ask") == "[Ask](../Ask.md)"
    assert links.link("AskResponse") == "[AskResponse](../Ask.md)"
    assert links.link("Word") == "[Word](../enums/Word.md)"
    assert links.type(Array(Ref("Inner"))) == "list of [Inner](../types/Inner.md)"
    assert links.type(scalar("integer")) == "integer"
