"""Whole messages without an engine: a frame and its typed payload in one step."""

import copy
from datetime import UTC, datetime

import msgspec
import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import (
    LENIENT,
    OFF,
    Call,
    CallError,
    CallResult,
    CallResultError,
    ErrorCode,
    Failure,
    InvalidFrame,
    InvalidMessage,
    InvalidOutgoing,
    Override,
    Policy,
    SendFrame,
    decode_message,
    encode_message,
)

NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
RESET = v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE)


def read(version, text):
    frame = decode_message(version.PROTOCOL, text)
    assert isinstance(frame, Call)
    return frame.payload


def test_a_call_is_written_and_read():
    data = encode_message("7f3a", RESET)
    assert data == b'[2,"7f3a","Reset",{"type":"Immediate"}]'
    assert decode_message(v201.PROTOCOL, data) == Call("7f3a", "Reset", RESET)


def test_a_result_is_read_by_what_it_answers():
    response = v201.HeartbeatResponse(current_time=NOW)
    data = encode_message("7f3a", response)
    assert data == b'[3,"7f3a",{"currentTime":"2024-05-06T07:08:09Z"}]'
    frame = decode_message(v201.PROTOCOL, data, answers={"7f3a": v201.HeartbeatRequest})
    assert frame == CallResult("7f3a", response)


def test_an_error_frame_says_it_all():
    frame = decode_message(v16.PROTOCOL, '[4,"1","NotSupported","",{}]')
    assert frame == CallError("1", "NotSupported", "", {})


def test_a_send_is_written_and_read():
    stream = v21.NotifyPeriodicEventStream(
        data=[v21.StreamDataElementType(t=0.5, v="1")], id=1, pending=0, basetime=NOW
    )
    data = encode_message("1", stream)
    assert data.startswith(b'[6,"1","NotifyPeriodicEventStream",{')
    frame = decode_message(v21.PROTOCOL, data)
    assert frame == SendFrame("1", "NotifyPeriodicEventStream", stream)


@pytest.mark.parametrize(
    ("text", "failure", "code"),
    [
        ("pong", Failure.NOT_JSON, ErrorCode.RPC_FRAMEWORK_ERROR),
        ('[2,"1","Rest",{}]', Failure.UNKNOWN_ACTION, ErrorCode.NOT_IMPLEMENTED),
        ('[2,"1","reset",{}]', Failure.UNKNOWN_ACTION, ErrorCode.NOT_IMPLEMENTED),
        ('[6,"1","Reset",{}]', Failure.UNKNOWN_ACTION, ErrorCode.NOT_IMPLEMENTED),
        (
            '[2,"1","NotifyPeriodicEventStream",{}]',
            Failure.UNKNOWN_ACTION,
            ErrorCode.NOT_IMPLEMENTED,
        ),
        ('[3,"1",{}]', Failure.STRAY, ErrorCode.RPC_FRAMEWORK_ERROR),
    ],
)
def test_what_cannot_be_placed_is_refused(text, failure, code):
    with pytest.raises(InvalidFrame) as caught:
        decode_message(v21.PROTOCOL, text, answers={"2": v21.ResetRequest})
    assert (caught.value.failure, caught.value.error_code) == (failure, code)


STREAM = '{"data":[{"t":0.5,"v":"1"}],"id":1,"pending":0,"basetime":"2024-05-06T07:08:09Z"}'


@pytest.mark.parametrize("answers", [None, {}, {"2": v21.ResetRequest}])
@pytest.mark.parametrize(
    ("text", "frame_type", "message_type"),
    [
        ('[2,"1","Heartbeat",{}]', Call, v21.HeartbeatRequest),
        ('[4,"1","NotSupported","",{}]', CallError, None),
        ('[5,"1","Odd","",{}]', CallResultError, None),
        (f'[6,"1","NotifyPeriodicEventStream",{STREAM}]', SendFrame, v21.NotifyPeriodicEventStream),
    ],
)
def test_a_frame_is_read_alike_whether_answers_are_expected_or_not(
    text, frame_type, message_type, answers
):
    for _ in range(2):
        frame = decode_message(v21.PROTOCOL, text, answers)
        assert type(frame) is frame_type
        assert message_type is None or type(getattr(frame, "payload", None)) is message_type


@pytest.mark.parametrize("answers", [None, {}])
def test_a_bad_call_is_refused_alike_whether_answers_are_expected_or_not(answers):
    for _ in range(2):
        decode_message(v21.PROTOCOL, '[2,"1","Reset",{"type":"Immediate"}]', answers)
        with pytest.raises(InvalidMessage, match=r"Reset 1: unknown value 'Soon' at \$.type"):
            decode_message(v21.PROTOCOL, '[2,"1","Reset",{"type":"Soon"}]', answers)


def test_a_bad_payload_names_action_and_message_id():
    with pytest.raises(InvalidMessage) as caught:
        decode_message(v201.PROTOCOL, '[2,"7f3a","Reset",{"type":"Soon"}]')
    assert str(caught.value) == "Reset 7f3a: unknown value 'Soon' at $.type"
    assert caught.value.message_id == "7f3a"


def test_the_policy_holds_for_frame_and_payload():
    issues = []
    frame = decode_message(
        v16.PROTOCOL, '[2,"1","Reset",{"type":"Soon"}]', policy=LENIENT, issues=issues
    )
    assert frame == Call("1", "Reset", v16.ResetRequest(type=v16.ResetType.unknown("Soon")))
    decode_message(v16.PROTOCOL, '[4,"1","Odd"]', policy=LENIENT, issues=issues)
    assert [issue.path for issue in issues] == ["$.type", "$"]


def test_a_null_payload_is_read_as_an_empty_object():
    with pytest.raises(InvalidMessage):
        decode_message(v16.PROTOCOL, '[2,"1","Heartbeat",null]')
    frame = decode_message(v16.PROTOCOL, '[2,"1","Heartbeat",null]', policy=LENIENT)
    assert frame == Call("1", "Heartbeat", v16.HeartbeatRequest())


def test_a_bad_message_does_not_leave():
    bad = v201.ResetRequest(type=v201.ResetEnumType.unknown("Soon"))
    with pytest.raises(InvalidOutgoing, match=r"Reset: unknown value 'Soon' at \$.type"):
        encode_message("1", bad)
    assert encode_message("1", bad, policy=OFF) == b'[2,"1","Reset",{"type":"Soon"}]'


# --- Long calls --------------------------------------------------------------------------------

VENDOR = "v" * 255
LONG_DATA = "x" * 1024


def spelt(payload, tail=""):
    return f'[2,"7f3a","DataTransfer",{payload}]{tail}'


def test_a_long_call_is_read_like_a_short_one():
    text = spelt(f'{{"vendorId":"{VENDOR}","data":"{LONG_DATA}"}}')
    message = v201.DataTransferRequest(vendor_id=VENDOR, data=LONG_DATA)
    assert decode_message(v201.PROTOCOL, text) == Call("7f3a", "DataTransfer", message)


@pytest.mark.parametrize(
    ("payload", "failure"),
    [
        (f'{{"vendorId":"v","data":"{LONG_DATA}"}},{{}}', Failure.MALFORMED),
        (f'{{"vendorId":"v","data":"{LONG_DATA}"', Failure.NOT_JSON),
        (f'{{"vendorId":"v","data":"{LONG_DATA}"}}}}', Failure.NOT_JSON),
        (f'{{"vendorId":"v","data":"{LONG_DATA}\ud800"}}', Failure.NOT_JSON),
    ],
)
def test_a_long_text_that_is_no_frame_is_refused_like_a_short_one(payload, failure):
    for text in (spelt(payload), spelt(payload.replace(LONG_DATA, ""))):
        with pytest.raises(InvalidFrame) as caught:
            decode_message(v201.PROTOCOL, text)
        assert caught.value.failure is failure


def test_a_long_call_that_breaks_its_schema_is_refused_like_a_short_one():
    text = spelt(f'{{"vendorId":"{LONG_DATA}"}}')
    with pytest.raises(InvalidMessage) as caught:
        decode_message(v201.PROTOCOL, text)
    assert caught.value.message_id == "7f3a"
    assert [issue.path for issue in caught.value.issues] == ["$.vendorId"]


def test_a_long_call_of_what_is_sent_is_refused():
    text = f'[2,"1","NotifyPeriodicEventStream",{{"x":"{LONG_DATA}"}}]'
    with pytest.raises(InvalidFrame) as caught:
        decode_message(v21.PROTOCOL, text)
    assert caught.value.failure is Failure.UNKNOWN_ACTION


# --- What is kept of each version ---------------------------------------------------------------


def test_a_send_of_what_is_called_is_refused_after_a_call_too():
    for _ in range(2):
        decode_message(v21.PROTOCOL, '[2,"1","Reset",{"type":"Immediate"}]')
    with pytest.raises(InvalidFrame) as caught:
        decode_message(v21.PROTOCOL, '[6,"1","Reset",{"type":"Immediate"}]')
    assert caught.value.failure is Failure.UNKNOWN_ACTION


def test_each_version_has_a_fast_path_of_its_own_that_is_no_part_of_its_value():
    text = encode_message("1", RESET)
    for _ in range(2):
        assert decode_message(v201.PROTOCOL, text) == Call("1", "Reset", RESET)
    assert decode_message(copy.copy(v201.PROTOCOL), text) == Call("1", "Reset", RESET)
    assert msgspec.structs.replace(v201.PROTOCOL) == v201.PROTOCOL
    assert v201.PROTOCOL.fast_path.by_characters
    bare = msgspec.structs.replace(v201.PROTOCOL, actions={})
    assert not bare.fast_path.by_characters
    with pytest.raises(InvalidFrame) as caught:
        decode_message(bare, text)
    assert caught.value.failure is Failure.UNKNOWN_ACTION


def test_a_call_that_another_version_knows_is_refused_by_this_one():
    text = '[2,"1","NotifyReport",{"requestId":1,"generatedAt":"2024-05-06T07:08:09Z","seqNo":0}]'
    for _ in range(2):
        assert isinstance(read(v201, text), v201.NotifyReportRequest)
        decode_message(v16.PROTOCOL, '[2,"1","Heartbeat",{}]')
        with pytest.raises(InvalidFrame) as caught:
            decode_message(v16.PROTOCOL, text)
        assert caught.value.failure is Failure.UNKNOWN_ACTION


def test_an_action_that_two_versions_share_is_read_by_each():
    text = '[2,"1","Heartbeat",{}]'
    for _ in range(2):
        assert isinstance(read(v16, text), v16.HeartbeatRequest)
        assert isinstance(read(v201, text), v201.HeartbeatRequest)


# --- What strict would not let out --------------------------------------------------------------


def test_the_overrides_count_in_the_check():
    wide = Override(message=v201.DataTransferRequest, path="$.vendorId", max_length=300)
    message = v201.DataTransferRequest(vendor_id=LONG_DATA[:300])
    with pytest.raises(InvalidOutgoing, match="vendorId"):
        encode_message("1", message)
    data = encode_message("1", message, policy=Policy(overrides=(wide,)))
    assert data == f'[2,"1","DataTransfer",{{"vendorId":"{message.vendor_id}"}}]'.encode()


def test_a_message_id_that_json_has_no_word_for_is_named():
    with pytest.raises(InvalidOutgoing, match="cannot be written as JSON") as caught:
        encode_message("\ud800", RESET)
    assert caught.value.message_id == "\ud800"


def test_a_message_id_is_escaped():
    data = encode_message('a"\\é', RESET)
    assert decode_message(v201.PROTOCOL, data).message_id == 'a"\\é'
