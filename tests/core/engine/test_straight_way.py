"""Calls whose action is known go the straight way, and it must lead where the long way leads."""

import re
from random import Random
from typing import Any

import pytest

from fuzz.frames import FrameMaker
from ocppkit.core import (
    LENIENT,
    OFF,
    STRICT,
    Action,
    AnswerCache,
    CallReceived,
    Connection,
    Failure,
    FastPath,
    FrameRefused,
    Limits,
    Policy,
    Role,
)
from ocppkit.core.frames._fast_path import FURTHER
from support.connection_pair import HEARTBEAT, VERSIONS, connect, events_of, only

FRAMES = 4000

ACTION = re.compile(r'"(\w+)"\s*,\s*{')

LIMITS = Limits(frame_bytes=6000, nesting=8, digits=12, id_read=60)
"""Narrow, so that random frames meet them."""


def outcome(connection: Connection, text: str | bytes) -> Any:
    connection.receive_data(text, 1.0, binary=isinstance(text, bytes))
    events = [(type(event).__name__, repr(event)) for event in events_of(connection)]
    calls = [(call.raw, call.request, call.issues) for call in connection.open_calls.values()]
    return events, calls, connection.data_to_send(), dict(connection.refused)


@pytest.mark.parametrize("policy", [STRICT, LENIENT, OFF], ids=["strict", "lenient", "off"])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("role", Role)
def test_both_ways_lead_to_the_same(role: Role, version: str, policy: Policy) -> None:
    fast_path = FastPath()
    maker = FrameMaker(Random(7))
    straight = 0
    for _ in range(FRAMES):
        text = maker.make(version, role, "x")
        options: dict[str, Any] = {"inbound": policy, "limits": LIMITS, "new_id": lambda: "m"}
        # However the peer wrote before: a hint is looked for where there is one.
        action = ACTION.search(text) if isinstance(text, str) else None
        if action is not None:
            fast_path.place = action.start(1)
        at = fast_path.place
        known = text[at + FURTHER : at + FURTHER + 1] in fast_path.get(text[at : at + 1], {})
        quick = outcome(connect(role, version, fast_path=fast_path, **options), text)
        assert quick == outcome(connect(role, version, **options), text), text
        straight += known and bool(quick[1])
    assert straight > FRAMES / 50


def test_what_was_handled_once_is_not_asked_for_again() -> None:
    asked: list[str] = []

    def handled(action: Action) -> bool:
        asked.append(action.name)
        return True

    fast_path = FastPath()
    for _ in range(2):
        csms = connect(Role.CSMS, handled=handled, fast_path=fast_path)
        csms.receive_data(HEARTBEAT, 0.0)
        only(CallReceived, events_of(csms))
    assert asked == ["Heartbeat"]
    # Whose content cannot be used is asked for: it could be refused for a better reason.
    csms.receive_data('[2,"b","Heartbeat",{"broken":1}]', 0.0)
    assert asked == ["Heartbeat"] * 2


def test_without_shared_doors_each_connection_asks_for_itself() -> None:
    refusing = connect(Role.CSMS, handled=lambda action: False)
    connect(Role.CSMS).receive_data(HEARTBEAT, 0.0)
    refusing.receive_data(HEARTBEAT, 0.0)
    assert only(FrameRefused, events_of(refusing)).failure is Failure.NOT_HANDLED


def test_a_repeated_call_is_answered_again_though_its_action_is_known() -> None:
    csms = connect(Role.CSMS, answers=AnswerCache())
    for message_id in ("a", "a"):
        csms.receive_data(f'[2,"{message_id}","Heartbeat",{{}}]', 0.0)
    assert len(csms.open_calls) == 1


def test_a_known_call_with_an_id_in_work_is_refused() -> None:
    csms = connect(Role.CSMS)
    for _ in range(2):
        csms.receive_data(HEARTBEAT, 0.0)
    assert only(FrameRefused, events_of(csms)[1:]).failure is Failure.DUPLICATE_ID


def test_a_known_call_in_a_binary_message_is_refused() -> None:
    csms = connect(Role.CSMS)
    for message_id, binary in (("a", False), ("b", True)):
        csms.receive_data(f'[2,"{message_id}","Heartbeat",{{}}]', 0.0, binary=binary)
    assert only(FrameRefused, events_of(csms)[1:]).failure is Failure.BINARY


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f50c"])
def test_a_known_call_may_still_be_too_big(letter: str) -> None:
    room = LIMITS.frame_bytes - len('[2,"a","DataTransfer",{"vendorId":"v","data":""}]')
    fast_path = FastPath()
    for letters, fits in ((1, True), (room // len(letter.encode()), True), (room, letter == "x")):
        csms = connect(Role.CSMS, "1.6", limits=LIMITS, fast_path=fast_path)
        data = letter * letters
        csms.receive_data(f'[2,"a","DataTransfer",{{"vendorId":"v","data":"{data}"}}]', 0.0)
        only(CallReceived if fits else FrameRefused, events_of(csms))
    csms = connect(Role.CSMS, "1.6", limits=LIMITS, fast_path=fast_path)
    data = "x" * (room + 1)
    csms.receive_data(f'[2,"a","DataTransfer",{{"vendorId":"v","data":"{data}"}}]', 0.0)
    assert only(FrameRefused, events_of(csms)).failure is Failure.FRAME_TOO_BIG
