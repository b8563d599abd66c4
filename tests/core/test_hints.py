"""Hints tell what a call is about before it is read; one that misleads must cost nothing but time."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from msgspec import Raw

from duplex import PROTOCOLS, VERSIONS, connect, events_of, only
from ocppkit import v201
from ocppkit.core import (
    LENIENT,
    Call,
    CallReceived,
    Doors,
    Failure,
    FrameRefused,
    InvalidMessage,
    Limits,
    Role,
    decode_message,
)
from ocppkit.core._hints import USUAL_PLACE, learn

IDS = ("1", "7f3a", str(UUID(int=7)), 'a"Reset"')
LAYOUTS: dict[str, Callable[[str, str], str]] = {
    "compact": '[2,"{}","Reset",{}]'.format,
    "blanks": '[2, "{}", "Reset", {}]'.format,
    "lines": '\n[2,\n"{}",\n"Reset",\n{}\n]\n'.format,
    "escapes": '[2,"{}","Re\\u0073et",{}]'.format,
}
KINDS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "bytes": str.encode,
    "bytearray": lambda text: bytearray(text.encode()),
    "memoryview": lambda text: memoryview(bytearray(text.encode())),
    "raw": lambda text: Raw(text.encode()),
}


def test_the_usual_place_is_where_a_uuid_leaves_the_action() -> None:
    assert f'[2,"{UUID(int=7)}","Heartbeat",{{}}]'[USUAL_PLACE] == 'Heartbeat",{}]'


@pytest.mark.parametrize("version", VERSIONS)
def test_a_hint_tells_all_actions_apart(version: str) -> None:
    known: dict[Any, str] = {}
    actions = PROTOCOLS[version].actions
    for name in actions:
        place = learn(known, f'[2,"1","{name}",{{}}]', name, str)
        assert place == slice(8, 25)
    assert len(known) == len(actions)


def test_what_is_known_is_not_made_again() -> None:
    known: dict[Any, str] = {}
    made = iter(("first", "second"))
    for text in ('[2,"1","Reset",{}]', '[2,"123","Reset",{}]'):
        learn(known, text, "Reset", lambda: next(made))
    learn(known, b'[2,"1","Reset",{}]', "Reset", lambda: next(made))
    assert known == {'Reset",{}]': "first", b'Reset",{}]': "second"}


def test_what_cannot_be_found_is_not_learnt() -> None:
    known: dict[Any, str] = {}
    assert learn(known, '[2,"1","Re\\u0073et",{}]', "Reset", str) is None
    assert not known


def test_there_is_an_end_to_what_is_kept() -> None:
    known: dict[Any, str] = {}
    most = 0
    for number in range(5000):
        learn(known, f'[2,"1","Reset",{{"{number}":0}}]', "Reset", str)
        most = max(most, len(known))
    assert most == 1024
    assert 'Reset",{"4999":0}' in known


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("message_id", IDS)
def test_a_call_is_the_same_however_it_is_written(message_id: str, layout: str, kind: str) -> None:
    request = v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE)
    spelt = message_id.replace('"', '\\"')
    good = KINDS[kind](LAYOUTS[layout](spelt, '{"type":"Immediate"}'))
    bad = KINDS[kind](LAYOUTS[layout](spelt, '{"type":"Soon"}'))
    for _ in range(2):
        assert decode_message(v201.PROTOCOL, good) == Call(message_id, "Reset", request)
        with pytest.raises(InvalidMessage, match="unknown value 'Soon'"):
            decode_message(v201.PROTOCOL, bad)


LIMITS = Limits(digits=50, nesting=30)


@pytest.mark.parametrize(
    ("value", "failure"),
    [
        ("1" * 50, None),
        ("1" * 51, Failure.NUMBER_TOO_LONG),
        ("[" * 27 + "]" * 27, None),
        ("[" * 28 + "]" * 28, Failure.TOO_DEEP),
    ],
)
def test_what_stands_in_front_of_a_hint_keeps_to_the_limits_too(
    value: str, failure: Failure | None
) -> None:
    hint = 'Heartbeat",{"customData":'
    front = f'[2,"a","Heartbeat",{{"customData":{{"vendorId":"v","n":{value},"m":["'
    text = front + hint + "1}]}}]"
    # An id that is so long leaves the action where the text has the hint.
    long_id = "x" * (len(front) - len('[2,"","'))
    options: dict[str, Any] = {"limits": LIMITS, "inbound": LENIENT, "doors": Doors()}
    connect(Role.CSMS, **options).receive_data(f'[2,"{long_id}","{hint}{{"vendorId":"v"}}}}]', 0.0)
    assert text[options["doors"].place] in options["doors"]
    connection = connect(Role.CSMS, **options)
    connection.receive_data(text, 0.0)
    if failure is None:
        only(CallReceived, events_of(connection))
    else:
        assert only(FrameRefused, events_of(connection)).failure is failure


def test_a_hint_of_a_longer_id_is_not_lost_on_the_next_connection() -> None:
    doors = Doors()
    text = '[2, "1234567", "Heartbeat", {}]'
    for _ in range(2):
        connection = connect(Role.CSMS, doors=doors)
        connection.receive_data(text, 0.0)
        (call,) = connection.open_calls.values()
        assert (call.raw, call.data) == (b"{}", text)
    assert text[doors.place] in doors
