"""Whole messages without an engine: a frame and its typed payload in one step."""

from datetime import UTC, datetime

import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import (
    LENIENT,
    OFF,
    Call,
    CallError,
    CallResult,
    ErrorCode,
    FrameFault,
    InvalidFrame,
    InvalidMessage,
    InvalidOutgoing,
    SendFrame,
    decode_message,
    encode_message,
)

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
RESET = v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE)


def test_a_call_is_written_and_read():
    data = encode_message("7f3a", RESET)
    assert data == b'[2,"7f3a","Reset",{"type":"Immediate"}]'
    frame, message = decode_message(v201.PROTOCOL, data)
    assert isinstance(frame, Call)
    assert (frame.message_id, message) == ("7f3a", RESET)


def test_a_result_is_read_by_what_it_answers():
    response = v201.HeartbeatResponse(current_time=NOW)
    data = encode_message("7f3a", response)
    assert data == b'[3,"7f3a",{"currentTime":"2024-05-06T07:08:09Z"}]'
    frame, message = decode_message(v201.PROTOCOL, data, answers={"7f3a": v201.HeartbeatRequest})
    assert isinstance(frame, CallResult)
    assert message == response


def test_an_error_frame_says_it_all():
    frame, message = decode_message(v16.PROTOCOL, '[4,"1","NotSupported","",{}]')
    assert isinstance(frame, CallError)
    assert message is None


def test_a_send_is_written_and_read():
    stream = v21.NotifyPeriodicEventStream(
        data=[v21.StreamDataElementType(t=0.5, v="1")], id=1, pending=0, basetime=NOW
    )
    data = encode_message("1", stream)
    assert data.startswith(b'[6,"1","NotifyPeriodicEventStream",{')
    frame, message = decode_message(v21.PROTOCOL, data)
    assert isinstance(frame, SendFrame)
    assert message == stream


@pytest.mark.parametrize(
    ("text", "fault", "code"),
    [
        ("pong", FrameFault.NOT_JSON, ErrorCode.RPC_FRAMEWORK_ERROR),
        ('[2,"1","Rest",{}]', FrameFault.UNKNOWN_ACTION, ErrorCode.NOT_IMPLEMENTED),
        ('[2,"1","reset",{}]', FrameFault.UNKNOWN_ACTION, ErrorCode.NOT_IMPLEMENTED),
        ('[6,"1","Reset",{}]', FrameFault.UNKNOWN_ACTION, ErrorCode.NOT_IMPLEMENTED),
        (
            '[2,"1","NotifyPeriodicEventStream",{}]',
            FrameFault.UNKNOWN_ACTION,
            ErrorCode.NOT_IMPLEMENTED,
        ),
        ('[3,"1",{}]', FrameFault.UNASKED, ErrorCode.RPC_FRAMEWORK_ERROR),
    ],
)
def test_what_cannot_be_placed_is_refused(text, fault, code):
    with pytest.raises(InvalidFrame) as caught:
        decode_message(v21.PROTOCOL, text, answers={"2": v21.ResetRequest})
    assert (caught.value.fault, caught.value.error_code) == (fault, code)


def test_a_bad_payload_names_action_and_message_id():
    with pytest.raises(InvalidMessage) as caught:
        decode_message(v201.PROTOCOL, '[2,"7f3a","Reset",{"type":"Soon"}]')
    assert str(caught.value) == "Reset 7f3a: unknown value 'Soon' at $.type"
    assert caught.value.message_id == "7f3a"


def test_the_policy_holds_for_frame_and_payload():
    issues = []
    frame, message = decode_message(
        v16.PROTOCOL, '[2,"1","Reset",{"type":"Soon"}]', policy=LENIENT, issues=issues
    )
    assert isinstance(frame, Call)
    assert message == v16.ResetRequest(type=v16.ResetType.unknown("Soon"))
    decode_message(v16.PROTOCOL, '[4,"1","Odd"]', policy=LENIENT, issues=issues)
    assert [issue.path for issue in issues] == ["$.type", "$"]


def test_a_null_payload_is_read_as_an_empty_object():
    with pytest.raises(InvalidMessage):
        decode_message(v16.PROTOCOL, '[2,"1","Heartbeat",null]')
    _, message = decode_message(v16.PROTOCOL, '[2,"1","Heartbeat",null]', policy=LENIENT)
    assert message == v16.HeartbeatRequest()


def test_a_bad_message_does_not_leave():
    bad = v201.ResetRequest(type=v201.ResetEnumType.unknown("Soon"))
    with pytest.raises(InvalidOutgoing, match=r"Reset: unknown value 'Soon' at \$.type"):
        encode_message("1", bad)
    assert encode_message("1", bad, policy=OFF) == b'[2,"1","Reset",{"type":"Soon"}]'
