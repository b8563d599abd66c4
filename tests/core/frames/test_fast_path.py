"""`FastPath` finds a decoder by two characters of a frame; a wrong guess changes no result."""

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
from ocppkit.core.frames._call_readers import FastCall
from ocppkit.core.model._fast_path import SECOND, USUAL_PLACE
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


def test_the_usual_place_is_that_of_the_action_after_a_uuid() -> None:
    text = f'[2,"{UUID(int=7)}","Heartbeat",{{}}]'
    assert text[USUAL_PLACE:] == 'Heartbeat",{}]'
    assert len(text) == USUAL_PLACE + SECOND + 1


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("version", VERSIONS)
def test_two_characters_tell_nearly_all_actions_apart(version: str, role: Role) -> None:
    path: FastPath[str] = FastPath()
    sent = [name for name, action in PROTOCOLS[version].actions.items() if role in action.senders]
    for name in sent:
        assert path.learn(f'[2,"1","{name}",{{"xxxxxxxx":0}}]', name, name) == 8
    found = {name for row in path.by_characters.values() for name in row.values()}
    lost = set(sent) - found
    assert len(lost) <= 8
    if role is Role.STATION:
        # None of those that a station sends every day.
        assert all(name.startswith(("Notify", "GetCertificate")) for name in lost), lost


def test_of_two_actions_with_the_same_characters_the_last_one_is_known() -> None:
    path: FastPath[str] = FastPath()
    for name in ("NotifyMonitoringReport", "NotifyEVChargingNeeds"):
        path.learn(f'[2,"1","{name}",{{}}]', name, name)
    assert path.by_characters == {"N": {"i": "NotifyEVChargingNeeds"}}
    fast_path: FastPath[FastCall] = FastPath()
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


def test_texts_and_bytes_are_learnt_apart() -> None:
    path: FastPath[str] = FastPath()
    for text in ('[2,"1","Heartbeat",{}]', '[2,"123","Heartbeat",{}]'):
        path.learn(text, "Heartbeat", "text")
    path.learn(b'[2,"1","Heartbeat",{}]', "Heartbeat", "bytes")
    assert path.by_characters == {"H": {"]": "text"}, ord("H"): {ord("]"): "bytes"}}


@pytest.mark.parametrize(
    "text",
    ['[2,"1","B\\u0065at",{"long":"enough"}]', '[2,"1","Beat",{}]', '[2,"1","Beat",{"ab":"é"}]'],
)
def test_a_frame_without_both_characters_is_not_learnt(text: str) -> None:
    path: FastPath[str] = FastPath()
    for data in (text, text.encode()):
        assert path.learn(data, "Beat", "any") is None
    assert not path.by_characters


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
def test_the_limits_hold_for_what_precedes_a_wrong_guess(
    value: str, failure: Failure | None
) -> None:
    # With an id of this length the action is where this text has the same word in its payload.
    front = f'[2,"a","Heartbeat",{{"customData":{{"vendorId":"v","n":{value},"m":["'
    text = front + 'Heartbeat",[]]}}]'
    long_id = "x" * (len(front) - len('[2,"","'))
    fast_path: FastPath[FastCall] = FastPath()
    options: dict[str, Any] = {"limits": LIMITS, "inbound": LENIENT, "fast_path": fast_path}
    connect(Role.CSMS, **options).receive_data(f'[2,"{long_id}","Heartbeat",{{}}]', 0.0)
    assert (text[fast_path.place], fast_path.place) == ("H", len(front))
    assert text[fast_path.place + SECOND] in fast_path.by_characters["H"]
    connection = connect(Role.CSMS, **options)
    connection.receive_data(text, 0.0)
    if failure is None:
        only(CallReceived, events_of(connection))
    else:
        assert only(FrameRefused, events_of(connection)).failure is failure


def test_the_position_after_a_longer_id_is_known_to_the_next_connection() -> None:
    fast_path: FastPath[FastCall] = FastPath()
    text = '[2, "1234567", "Heartbeat", {}]'
    for _ in range(2):
        connection = connect(Role.CSMS, fast_path=fast_path)
        connection.receive_data(text, 0.0)
        (call,) = connection.open_calls.values()
        assert isinstance(call, CallReceived)
        assert (call.raw, call.data) == (b"{}", text)
    assert fast_path.place == text.index("Heartbeat")
