"""Frames: read exactly, salvaged where broken, padded where a lenient reader may."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from ocppkit.core import (
    LENIENT,
    OFF,
    STRICT,
    Call,
    CallError,
    CallResult,
    CallResultError,
    ErrorCode,
    Failure,
    InvalidFrame,
    InvalidOutgoing,
    Repair,
    Rule,
    SendFrame,
    decode_frame,
    encode_frame,
)

POLICIES = [STRICT, LENIENT, OFF]


def described(frame):
    """A frame's fields, with its payload as text."""
    return tuple(
        bytes(value).decode() if isinstance(value, Raw) else value
        for value in (getattr(frame, name) for name in frame.__struct_fields__)
    )


FRAMES = [
    ('[2,"1","Reset",{"type":"Soft"}]', Call, ("1", "Reset", '{"type":"Soft"}')),
    ('[3,"1",{}]', CallResult, ("1", "{}")),
    (
        '[4,"1","NotSupported","no",{"a":1}]',
        CallError,
        ("1", "NotSupported", "no", {"a": 1}),
    ),
    ('[5,"1","Odd","",{}]', CallResultError, ("1", "Odd", "", {})),
    ('[6,"1","NotifyPeriodicEventStream",{}]', SendFrame, ("1", "NotifyPeriodicEventStream", "{}")),
]


@pytest.mark.parametrize(("text", "kind", "fields"), FRAMES)
@pytest.mark.parametrize("policy", POLICIES)
def test_every_kind_of_frame_is_read_and_written(policy, text, kind, fields):
    for data in (text, text.encode(), bytearray(text.encode()), memoryview(text.encode())):
        frame = decode_frame(data, policy=policy)
        assert type(frame) is kind
        assert described(frame) == fields
        assert encode_frame(frame) == text.encode()


def test_white_space_and_escapes_are_read():
    frame = decode_frame(' [ 2 , "\\u0031\\/" ,\t"Reset", { "a" : [ ] } ]\n')
    assert described(frame) == ("1/", "Reset", '{ "a" : [ ] }')


@pytest.mark.parametrize("payload", ["null", "[]", "1", '"x"'])
def test_a_payload_is_not_looked_into(payload):
    assert described(decode_frame(f'[3,"1",{payload}]')) == ("1", payload)


BROKEN = [
    # Text, failure, type, id, action.
    ("pong", Failure.NOT_JSON, None, None, None),
    ("", Failure.NOT_JSON, None, None, None),
    ('[2,"7f","Reset",{"type":}]', Failure.NOT_JSON, 2, "7f", "Reset"),
    ('[2,"7f","Reset",{"type":"So', Failure.NOT_JSON, 2, "7f", "Reset"),
    ('[2,"7f","Res', Failure.NOT_JSON, 2, "7f", None),
    ('[2,"7f"', Failure.NOT_JSON, 2, "7f", None),
    ('[2,"7', Failure.NOT_JSON, 2, None, None),
    ('[3,"7f",{"status":', Failure.NOT_JSON, 3, "7f", None),
    ('[2,"7f","Reset",{}', Failure.NOT_JSON, 2, "7f", "Reset"),
    ('[2,"7f","Reset",{}]x', Failure.NOT_JSON, 2, "7f", "Reset"),
    ('[2,"7f","Reset",{}][2,"8","Reset",{}]', Failure.NOT_JSON, 2, "7f", "Reset"),
    ('[2,"7f","Reset",' + "[" * 10_000, Failure.NOT_JSON, 2, "7f", "Reset"),
    ('[2,"7f","Reset",' + "[" * 10_000 + "]" * 10_001, Failure.NOT_JSON, 2, "7f", "Reset"),
    ("{}", Failure.NOT_AN_ARRAY, None, None, None),
    ('"[2]"', Failure.NOT_AN_ARRAY, None, None, None),
    ("null", Failure.NOT_AN_ARRAY, None, None, None),
    ("2", Failure.NOT_AN_ARRAY, None, None, None),
    ("[]", Failure.UNREADABLE_ID, None, None, None),
    ("[2]", Failure.UNREADABLE_ID, 2, None, None),
    ('[2,7,"Reset",{}]', Failure.UNREADABLE_ID, 2, None, None),
    ('[2,"","Reset",{}]', Failure.UNREADABLE_ID, 2, None, "Reset"),
    ('[2,null,"Reset",{}]', Failure.UNREADABLE_ID, 2, None, None),
    ('[2,["7f"],"Reset",{}]', Failure.UNREADABLE_ID, 2, None, None),
    ('[[2],"7f","Reset",{}]', Failure.UNREADABLE_ID, None, None, None),
    (f'[2,"{"x" * 256}","Reset",{{}},1]', Failure.UNREADABLE_ID, 2, None, "Reset"),
    ('[7,"7f",{}]', Failure.UNKNOWN_TYPE, 7, "7f", None),
    ('[-2,"7f",{}]', Failure.UNKNOWN_TYPE, -2, "7f", None),
    ('[0,"7f"]', Failure.UNKNOWN_TYPE, 0, "7f", None),
    ('[2,"7f"]', Failure.MALFORMED, 2, "7f", None),
    ('[2,"7f","Reset"]', Failure.MALFORMED, 2, "7f", "Reset"),
    ('[2,"7f","Reset",{},{}]', Failure.MALFORMED, 2, "7f", "Reset"),
    ('[2,"7f",5,{}]', Failure.MALFORMED, 2, "7f", None),
    ('[2,"7f",{},"Reset"]', Failure.MALFORMED, 2, "7f", None),
    ('[3,"7f"]', Failure.MALFORMED, 3, "7f", None),
    ('[3,"7f","Reset",{}]', Failure.MALFORMED, 3, "7f", None),
    ('[2.0,"7f","Reset",{}]', Failure.MALFORMED, None, "7f", None),
    ('["2","7f","Reset",{}]', Failure.MALFORMED, None, "7f", None),
    ('[null,"7f","Reset",{}]', Failure.MALFORMED, None, "7f", None),
    ('[true,"7f","Reset",{}]', Failure.MALFORMED, None, "7f", None),
    ('[4,"7f","Odd","",{},{}]', Failure.MALFORMED, 4, "7f", None),
    ('[4,"7f","Odd",{},{}]', Failure.MALFORMED, 4, "7f", None),
    ('[4,"7f","Odd","",[1e999]]', Failure.MALFORMED, 4, "7f", None),
]


@pytest.mark.parametrize(("text", "failure", "message_type", "message_id", "action"), BROKEN)
@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_no_frame_is_salvaged(policy, text, failure, message_type, message_id, action):
    with pytest.raises(InvalidFrame) as caught:
        decode_frame(text, policy=policy)
    error = caught.value
    assert (error.failure, error.message_type) == (failure, message_type)
    assert (error.message_id, error.action) == (message_id, action)
    assert len(str(error)) < 300
    unknown = failure is Failure.UNKNOWN_TYPE
    assert error.error_code is (
        ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED if unknown else ErrorCode.RPC_FRAMEWORK_ERROR
    )


@pytest.mark.parametrize(
    ("data", "failure", "message_id"),
    [
        (b'[2,"7f","Re\xffset",{}]', Failure.NOT_JSON, "7f"),
        (b'[2,"7\xff","Reset",{}]', Failure.NOT_JSON, None),
        ('[2,"7\ud800","Reset",{}]', Failure.NOT_JSON, None),
        (b'\xef\xbb\xbf[2,"7f","Reset",{}]', Failure.NOT_JSON, None),
        (b'[2,"7f","Reset",{}]\x00', Failure.NOT_JSON, "7f"),
    ],
)
def test_what_is_no_utf_8_is_no_frame(data, failure, message_id):
    with pytest.raises(InvalidFrame) as caught:
        decode_frame(data)
    assert (caught.value.failure, caught.value.message_id) == (failure, message_id)


def test_an_id_of_any_length_is_handed_on():
    assert decode_frame(f'[3,"{"x" * 300}",{{}}]').message_id == "x" * 300


PADDED = [
    ('[4,"1"]', ("1", ErrorCode.GENERIC_ERROR, "", {}), [("$", Rule.MIN_ITEMS)]),
    ('[4,"1","Odd"]', ("1", "Odd", "", {}), [("$", Rule.MIN_ITEMS)]),
    ('[4,"1","Odd","why"]', ("1", "Odd", "why", {}), [("$", Rule.MIN_ITEMS)]),
    ('[4,"1","Odd",{"a":1}]', ("1", "Odd", "", {"a": 1}), [("$", Rule.MIN_ITEMS)]),
    (
        '[4,"1",{"errorCode":"Odd"}]',
        ("1", ErrorCode.GENERIC_ERROR, "", {"errorCode": "Odd"}),
        [("$", Rule.MIN_ITEMS)],
    ),
    (
        '[4,"1",null]',
        ("1", ErrorCode.GENERIC_ERROR, "", {}),
        [("$", Rule.MIN_ITEMS), ("$[2]", Rule.NULL)],
    ),
    ('[4,"1","Odd",null,{}]', ("1", "Odd", "", {}), [("$[3]", Rule.NULL)]),
    (
        '[4,"1","Odd",null,null]',
        ("1", "Odd", "", {}),
        [("$[3]", Rule.NULL), ("$[4]", Rule.NULL)],
    ),
    ('[4,"1","Odd","why",null]', ("1", "Odd", "why", {}), [("$[4]", Rule.NULL)]),
    ('[4,"1","Odd","why","text"]', ("1", "Odd", "why", {}), [("$[4]", Rule.TYPE)]),
    ('[4,"1","Odd","why",[{}]]', ("1", "Odd", "why", {}), [("$[4]", Rule.TYPE)]),
    (
        '[4,"1",500,true,7]',
        ("1", "500", "true", {}),
        [("$[2]", Rule.TYPE), ("$[3]", Rule.TYPE), ("$[4]", Rule.TYPE)],
    ),
]


@pytest.mark.parametrize(("text", "fields", "issues"), PADDED)
def test_a_short_error_frame_is_padded(text, fields, issues):
    for text_5, kind in ((text, CallError), (text.replace("[4", "[5", 1), CallResultError)):
        found = []
        frame = decode_frame(text_5, policy=LENIENT, issues=found)
        assert type(frame) is kind
        assert described(frame) == fields
        assert [(issue.path, issue.rule) for issue in found] == issues
        assert all(issue.repaired for issue in found)


@pytest.mark.parametrize(("text", "fields", "issues"), PADDED)
def test_padding_is_silent_in_off_and_refused_in_strict(text, fields, issues):
    found = []
    assert described(decode_frame(text, policy=OFF, issues=found)) == fields
    assert found == []
    with pytest.raises(InvalidFrame) as caught:
        decode_frame(text, issues=found)
    assert (caught.value.failure, caught.value.message_id) == (Failure.MALFORMED, "1")


@pytest.mark.parametrize(
    "frame",
    [
        CallError("1", "Odd", "\ud800", {}),
        CallError("1", "Odd", "", {"a": object()}),
        CallResult("\ud800", Raw(b"{}")),
    ],
)
def test_what_json_has_no_word_for_does_not_leave(frame):
    with pytest.raises(InvalidOutgoing, match="cannot be written as JSON"):
        encode_frame(frame)


HOSTILE = {
    "brackets": "[" * 10_000,
    "digits-type": "[" + "9" * 5_000 + ',"1","Reset",{}]',
    "digits-id": "[2," + "9" * 5_000 + ',"Reset",{}]',
    "blanks": " " * 5_000_000,
    "blanks-inside": "[" + " " * 5_000_000 + "2",
    "escapes": '[2,"' + "\\" * 5_000_001,
    "long-id": '[2,"' + "x" * 5_000_000,
    "long-action": '[2,"1","' + "x" * 5_000_000,
    "many-elements": "[" + "1," * 2_500_000 + "1]",
    "many-error-elements": '[4,"1",' + "1," * 1_000_000 + "1]",
    "open-strings": '["' * 1_000_000,
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_input_is_refused_in_few_words(policy, text):
    with pytest.raises(InvalidFrame) as caught:
        decode_frame(text, policy=policy)
    assert len(str(caught.value)) < 300
    assert len(caught.value.message_id or "") < 256


def outcome(data, policy):
    """A frame, or the refusal of it; any other exception is a finding."""
    try:
        return decode_frame(data, policy=policy, issues=[])
    except InvalidFrame as error:
        return error


def frame_or_refusal(data):
    for policy in POLICIES:
        frame = outcome(data, policy)
        assert frame.message_id != ""
        assert isinstance(frame, InvalidFrame) or encode_frame(frame)


@given(st.binary(max_size=100) | st.text(max_size=100))
def test_any_bytes_give_a_frame_or_a_refusal(data):
    frame_or_refusal(data)


ELEMENTS = st.sampled_from([2, 3, 4, 5, 6, 7, "1", "", "Reset", None, {}, [], 1.5, {"a": [None]}])


@given(st.lists(ELEMENTS, max_size=7))
def test_any_array_gives_a_frame_or_a_refusal(elements):
    frame_or_refusal(json.dumps(elements))


@given(
    st.sampled_from([text for text, *_ in FRAMES]),
    st.binary(max_size=4),
    st.integers(0, 50),
    st.integers(0, 4),
)
def test_a_damaged_frame_gives_a_frame_or_a_refusal(text, noise, at, length):
    data = text.encode()
    frame_or_refusal(data[:at] + noise + data[at + length :])


@given(st.text(min_size=1, max_size=255), st.text(max_size=255))
def test_a_cut_off_frame_still_tells_id_and_action(message_id, action):
    text = json.dumps([2, message_id, action, {"a": 1}])
    with pytest.raises(InvalidFrame) as caught:
        decode_frame(text[:-2])
    assert (caught.value.message_id, caught.value.action) == (message_id, action or None)


@pytest.mark.parametrize(
    "text",
    [
        '[2,"a1","Heartbeat",{}]\x00',
        '\ufeff[2,"a1","Heartbeat",{}]',
        ' \ufeff[2,"a1","Heartbeat",{}]\x00\x00\n',
    ],
)
def test_nuls_and_byte_order_marks_around_a_frame_are_cut_off(text):
    whole = decode_frame('[2,"a1","Heartbeat",{}]')
    for data in (text, text.encode(), bytearray(text.encode())):
        found = []
        assert described(decode_frame(data, policy=LENIENT, issues=found)) == described(whole)
        assert [(issue.rule, issue.repair) for issue in found] == [
            (Rule.JSON, Repair.FRAME_TRIMMED)
        ]
        assert described(decode_frame(data, policy=OFF)) == described(whole)
        with pytest.raises(InvalidFrame):
            decode_frame(data)


def test_a_mark_within_a_frame_stays():
    text = '[2,"a1","Heart\ufeffbeat",{}]'
    found = []
    assert described(decode_frame(text, policy=LENIENT, issues=found))[1] == "Heart\ufeffbeat"
    assert found == []
    with pytest.raises(InvalidFrame):
        decode_frame('[2,"a1"\x00,"Heartbeat",{}]', policy=LENIENT)
