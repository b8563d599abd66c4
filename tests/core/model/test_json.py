"""The doors of JSON: what goes through, and what they raise."""

import pytest

from ocppkit.core.model._json import (
    REFUSALS,
    UNWRITABLE,
    as_bytes,
    is_list,
    is_object,
    read,
    scan,
    write,
)


@pytest.mark.parametrize("data", ["", "{", b'"\xff"', '"\ud800"', "[" * 10_000, "1e400", "nan"])
def test_what_is_no_json_raises_a_refusal(data):
    with pytest.raises(REFUSALS):
        read(data)


@pytest.mark.parametrize("data", ["", "{", b'["\xff"]', '"\ud800"', "[" * 10_000, "[1]]"])
def test_a_scan_refuses_the_same(data):
    with pytest.raises(REFUSALS):
        scan(data)


def test_a_scan_returns_the_text_within_white_space():
    assert scan(b' \n[1, "\xc3\xa9"]\t') == '[1, "é"]'


@pytest.mark.parametrize("value", [object(), "\ud800", {(1,): 2}])
def test_what_cannot_be_written_raises(value):
    with pytest.raises(UNWRITABLE):
        write(value)


def test_kinds_of_values():
    assert [is_object(value) for value in ({}, [], None)] == [True, False, False]
    assert [is_list(value) for value in ({}, [], None)] == [False, True, False]


def test_a_copy_survives_what_it_was_made_of():
    data = bytearray(b"{}")
    copy = as_bytes(data)
    data.clear()
    assert copy == b"{}"
    assert as_bytes("é\ud800") == b"\xc3\xa9\xed\xa0\x80"
