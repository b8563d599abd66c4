"""Payloads as Python: the same message, laid out as black does."""

import pytest
from black import format_str
from black.mode import Mode

from ocppkit.codegen.model._ir import Array, Ref
from ocppkit.codegen.reference._python_api import Expressions
from support.tiny_ir import datatype, enum, field, message, scalar, version

API = version(
    enums=[enum("Word", "On.Off")],
    datatypes=[datatype("Inner", field("from"), field("maxSoC", "number"))],
)
ASK = message(
    "AskRequest",
    field("word", Ref("Word")),
    field("inner", Array(Ref("Inner")), required=False),
    field("when", "date-time", required=False),
    field("sure", "boolean", required=False),
    field("currentTime", "date-time", required=False),
    field("data", scalar("any"), required=False),
)


def made(**payload: object) -> str:
    return Expressions(API).message(ASK, payload, "request = ")


def test_a_short_one_stands_on_a_line() -> None:
    assert made(word="On.Off") == "request = v21.AskRequest(word=v21.Word.ON_OFF)"


def test_names_are_pythons() -> None:
    inner = [{"from": "a", "maxSoC": 1.5}]
    assert (
        made(inner=inner) == 'request = v21.AskRequest(inner=[v21.Inner(from_="a", max_soc=1.5)])'
    )


def test_values() -> None:
    text = made(when="2026-03-14T09:26:53Z", sure=True, data="ü")
    assert "when=datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)" in text
    assert "sure=True" in text
    assert 'data="ü"' in text


@pytest.mark.parametrize("times", [1, 2, 3, 8])
def test_a_long_one_is_as_black_writes_it(times: int) -> None:
    payload = {
        "word": "On.Off",
        "inner": [{"from": "x" * 30, "maxSoC": 1.5}] * times,
        "sure": False,
    }
    text = Expressions(API).message(ASK, payload, "request = ")
    assert format_str(text, mode=Mode(line_length=76)) == f"{text}\n"


def test_a_call_of_a_method() -> None:
    text = Expressions(API).arguments(ASK, {"word": "On.Off"}, "    await station.ask")
    assert text == "    await station.ask(word=v21.Word.ON_OFF)"


def test_lines_are_indented_as_the_first() -> None:
    text = Expressions(API).message(
        ASK, {"inner": [{"from": "x" * 50, "maxSoC": 1.0}]}, "    return "
    )
    assert text.splitlines()[1].startswith(" " * 8)
    assert text.splitlines()[-1] == "    )"


def test_a_program_asks_for_the_time() -> None:
    payload = {"word": "On.Off", "currentTime": "2026-03-14T09:26:53Z"}
    text = Expressions(API).message(ASK, payload, clock=True)
    assert text == "v21.AskRequest(word=v21.Word.ON_OFF, current_time=utcnow())"
