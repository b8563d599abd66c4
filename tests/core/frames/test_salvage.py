"""The head of a broken frame: what is returned is exact, what is doubtful is left out."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocppkit.core.frames._salvage import Head, read_head


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ('[2,"a","B"', Head(2, "a", "B")),
        ('  [ 2 ,\n"a" , "B" ,', Head(2, "a", "B")),
        ('[6,"a","B"', Head(6, "a", "B")),
        ('[3,"a","B"', Head(3, "a", None)),
        ('[2,"\\u00e9\\"\\\\","B"', Head(2, 'é"\\', "B")),
        ('["2","a"', Head(None, "a", None)),
        ("[2", Head()),
        ('[2,"a', Head(2)),
        ('[2,"a\n","B"', Head(2)),
        ("[3,17,{}]", Head(3)),
        ("[3,", Head(3)),
        ("[3]", Head(3)),
        ('[2,"\\ud800","B"', Head(2, None, "B")),
        ('[2,"\\x","B"', Head(2, None, "B")),
        ('[12345678901,"a"', Head(None, "a", None)),
        ('[1 2,"a"', Head()),
        ('{"a":[2,"b","C"', Head()),
        ("", Head()),
    ],
)
def test_heads(text, head):
    assert read_head(text) == head
    assert read_head(text.encode()) == head
    assert read_head(memoryview(text.encode())) == head


def test_lengths_are_bounded():
    assert read_head(f'[2,"{"x" * 255}","{"y" * 255}"') == Head(2, "x" * 255, "y" * 255)
    assert read_head(f'[2,"{"x" * 256}","B"') == Head(2, None, "B")
    assert read_head(f'[2,"a","{"y" * 256}"') == Head(2, "a", None)
    assert read_head(" " * 4096 + '[2,"a"') == Head()


@given(st.text(min_size=1, max_size=255, alphabet=st.characters(exclude_categories=["Cs"])))
def test_an_id_is_returned_letter_for_letter(message_id):
    for escaped in (True, False):
        text = json.dumps([2, message_id, "B"], ensure_ascii=escaped)
        assert read_head(text) == Head(2, message_id, "B")
