"""Hints tell what a call is about before it is read; one that misleads must cost nothing but time."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from msgspec import Raw

from ocppkit import v201
from ocppkit.core import (
    LENIENT,
    Call,
    CallReceived,
    Failure,
    FastPath,
    FrameRefused,
    InvalidMessage,
    Limits,
    Role,
    decode_message,
)
from ocppkit.core.frames._fast_path import FURTHER, USUAL_PLACE, Hints, learn
from support.connection_pair import PROTOCOLS, VERSIONS, connect, events_of, only

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
    text = f'[2,"{UUID(int=7)}","Heartbeat",{{}}]'
    assert text[USUAL_PLACE:] == 'Heartbeat",{}]'
    assert len(text) == USUAL_PLACE + FURTHER + 1


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_hint_tells_nearly_all_actions_apart(version: str, role: Role) -> None:
    hints: Hints[str] = {}
    sent = [name for name, action in PROTOCOLS[version].actions.items() if role in action.senders]
    for name in sent:
        assert learn(hints, f'[2,"1","{name}",{{"xxxxxxxx":0}}]', name, name) == 8
    found = {name for row in hints.values() for name in row.values()}
    lost = set(sent) - found
    assert len(lost) <= 8
    if role is Role.STATION:
        # What a station may send every day is not among them.
        assert all(name.startswith(("Notify", "GetCertificate")) for name in lost), lost


def test_of_two_actions_with_one_hint_the_last_one_is_known() -> None:
    hints: Hints[str] = {}
    for name in ("NotifyMonitoringReport", "NotifyEVChargingNeeds"):
        learn(hints, f'[2,"1","{name}",{{}}]', name, name)
    assert hints == {"N": {"i": "NotifyEVChargingNeeds"}}
    fast_path = FastPath()
    monitored = '"generatedAt":"2024-05-06T07:08:09Z","requestId":1,"seqNo":0'
    needs = '"evseId":1,"chargingNeeds":{"requestedEnergyTransfer":"DC"}'
    for _ in range(2):
        for name, members in (
            ("NotifyMonitoringReport", monitored),
            ("NotifyEVChargingNeeds", needs),
        ):
            connection = connect(Role.CSMS, fast_path=fast_path)
            connection.receive_data(f'[2,"1","{name}",{{{members}}}]', 0.0)
            assert only(CallReceived, events_of(connection)).action.name == name


def test_bytes_have_hints_of_their_own() -> None:
    hints: Hints[str] = {}
    for text in ('[2,"1","Heartbeat",{}]', '[2,"123","Heartbeat",{}]'):
        learn(hints, text, "Heartbeat", "text")
    learn(hints, b'[2,"1","Heartbeat",{}]', "Heartbeat", "bytes")
    assert hints == {"H": {"]": "text"}, ord("H"): {ord("]"): "bytes"}}


@pytest.mark.parametrize(
    "text",
    ['[2,"1","B\\u0065at",{"long":"enough"}]', '[2,"1","Beat",{}]', '[2,"1","Beat",{"ab":"é"}]'],
)
def test_what_has_no_hint_is_not_learnt(text: str) -> None:
    hints: Hints[str] = {}
    for data in (text, text.encode()):
        assert learn(hints, data, "Beat", "any") is None
    assert not hints


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
    # An id of this length leaves the action where the text has, within its payload, the same word.
    front = f'[2,"a","Heartbeat",{{"customData":{{"vendorId":"v","n":{value},"m":["'
    text = front + 'Heartbeat",[]]}}]'
    long_id = "x" * (len(front) - len('[2,"","'))
    fast_path = FastPath()
    options: dict[str, Any] = {"limits": LIMITS, "inbound": LENIENT, "fast_path": fast_path}
    connect(Role.CSMS, **options).receive_data(f'[2,"{long_id}","Heartbeat",{{}}]', 0.0)
    assert (text[fast_path.place], fast_path.place) == ("H", len(front))
    assert text[fast_path.place + FURTHER] in fast_path["H"]
    connection = connect(Role.CSMS, **options)
    connection.receive_data(text, 0.0)
    if failure is None:
        only(CallReceived, events_of(connection))
    else:
        assert only(FrameRefused, events_of(connection)).failure is failure


def test_a_hint_of_a_longer_id_is_not_lost_on_the_next_connection() -> None:
    fast_path = FastPath()
    text = '[2, "1234567", "Heartbeat", {}]'
    for _ in range(2):
        connection = connect(Role.CSMS, fast_path=fast_path)
        connection.receive_data(text, 0.0)
        (call,) = connection.open_calls.values()
        assert (call.raw, call.data) == (b"{}", text)
    assert fast_path.place == text.index("Heartbeat")
