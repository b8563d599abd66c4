"""The fast path and the ordinary decoding give the same result for every frame."""

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
from ocppkit.core.frames._call_readers import FastCall
from ocppkit.core.model._fast_path import SECOND
from support.connection_pair import HEARTBEAT, VERSIONS, connect, events_of, only

FRAMES = 4000

ACTION = re.compile(r'"(\w+)"\s*,\s*{')

LIMITS = Limits(frame_bytes=6000, nesting=8, digits=12, id_read=60)
"""Small enough for random frames to exceed them."""


def outcome(connection: Connection, text: str | bytes) -> Any:
    connection.receive_data(text, 1.0, binary=isinstance(text, bytes))
    events = [(type(event).__name__, repr(event)) for event in events_of(connection)]
    calls = [
        (call.raw, call.request, call.issues)
        for call in connection.open_calls.values()
        if isinstance(call, CallReceived)
    ]
    return events, calls, connection.data_to_send(), dict(connection.refused)


@pytest.mark.parametrize("policy", [STRICT, LENIENT, OFF], ids=["strict", "lenient", "off"])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("role", Role)
def test_the_fast_path_gives_the_same_events_and_replies(
    role: Role, version: str, policy: Policy
) -> None:
    fast_path: FastPath[FastCall] = FastPath()
    maker = FrameMaker(Random(7))
    decoded_fast = 0
    for _ in range(FRAMES):
        text = maker.make(version, role, "x")
        options: dict[str, Any] = {"inbound": policy, "limits": LIMITS, "new_id": lambda: "m"}
        # As if the last frame had its action at the same position.
        action = ACTION.search(text) if isinstance(text, str) else None
        if action is not None:
            fast_path.place = action.start(1)
        at = fast_path.place
        by_second = fast_path.by_characters.get(text[at : at + 1], {})
        known = text[at + SECOND : at + SECOND + 1] in by_second
        quick = outcome(connect(role, version, fast_path=fast_path, **options), text)
        assert quick == outcome(connect(role, version, **options), text), text
        decoded_fast += known and bool(quick[1])
    assert decoded_fast > FRAMES / 50


def test_handled_is_asked_once_per_action() -> None:
    asked: list[str] = []

    def handled(action: Action) -> bool:
        asked.append(action.name)
        return True

    fast_path: FastPath[FastCall] = FastPath()
    for _ in range(2):
        csms = connect(Role.CSMS, handled=handled, fast_path=fast_path)
        csms.receive_data(HEARTBEAT, 0.0)
        only(CallReceived, events_of(csms))
    assert asked == ["Heartbeat"]
    # An invalid call is decoded slowly, and `handled` asked: NotSupported has precedence.
    csms.receive_data('[2,"b","Heartbeat",{"broken":1}]', 0.0)
    assert asked == ["Heartbeat"] * 2


def test_connections_share_a_fast_path_only_if_it_is_passed_to_them() -> None:
    refusing = connect(Role.CSMS, handled=lambda action: False)
    connect(Role.CSMS).receive_data(HEARTBEAT, 0.0)
    refusing.receive_data(HEARTBEAT, 0.0)
    assert only(FrameRefused, events_of(refusing)).failure is Failure.NOT_HANDLED


def test_a_repeated_call_of_a_known_action_is_recognised() -> None:
    csms = connect(Role.CSMS, answers=AnswerCache())
    for message_id in ("a", "a"):
        csms.receive_data(f'[2,"{message_id}","Heartbeat",{{}}]', 0.0)
    assert len(csms.open_calls) == 1


def test_a_known_call_with_an_id_in_use_is_refused() -> None:
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
def test_a_known_call_that_is_too_big_is_refused(letter: str) -> None:
    room = LIMITS.frame_bytes - len('[2,"a","DataTransfer",{"vendorId":"v","data":""}]')
    fast_path: FastPath[FastCall] = FastPath()
    for letters, fits in ((1, True), (room // len(letter.encode()), True), (room, letter == "x")):
        csms = connect(Role.CSMS, "1.6", limits=LIMITS, fast_path=fast_path)
        data = letter * letters
        csms.receive_data(f'[2,"a","DataTransfer",{{"vendorId":"v","data":"{data}"}}]', 0.0)
        only(CallReceived if fits else FrameRefused, events_of(csms))
    csms = connect(Role.CSMS, "1.6", limits=LIMITS, fast_path=fast_path)
    data = "x" * (room + 1)
    csms.receive_data(f'[2,"a","DataTransfer",{{"vendorId":"v","data":"{data}"}}]', 0.0)
    assert only(FrameRefused, events_of(csms)).failure is Failure.FRAME_TOO_BIG
