"""What becomes of the peer's answers, errors and SENDs, good and bad."""

import json

import pytest

from ocppkit import v21, v201
from ocppkit.core import (
    LENIENT,
    OFF,
    AnswerCache,
    AnswerIgnored,
    CallEnded,
    CallFailed,
    CallReceived,
    CallRepeated,
    ErrorCode,
    Failure,
    FrameRefused,
    InvalidFrame,
    InvalidMessage,
    LocalProtocolError,
    MessageKind,
    Policy,
    ResultReceived,
    ResultRefused,
    Role,
    Rule,
    SendReceived,
    Stray,
)
from support.connection_pair import (
    ANSWER,
    NOW,
    VERSIONS,
    Duplex,
    calling,
    connect,
    events_of,
    frames_of,
    only,
    stream,
)

# --- Answers that belong to no call -----------------------------------------------------------


@pytest.mark.parametrize("kind", [MessageKind.CALL_RESULT, MessageKind.CALL_ERROR])
def test_a_late_answer_does_not_end_the_next_call(kind: MessageKind) -> None:  # MID-05
    station = calling()
    station.send_call(v201.HeartbeatRequest(), 0.0)
    station.handle_timeout(30.0)
    events_of(station)
    late = '[3,"s1",{}]' if kind is MessageKind.CALL_RESULT else '[4,"s1","GenericError","no",{}]'
    station.receive_data(late, 31.0)
    ignored = only(AnswerIgnored, events_of(station))
    assert (ignored.message_id, ignored.kind, ignored.stray) == ("s1", kind, Stray.LATE)
    assert station.calls_waiting == 1
    if kind is MessageKind.CALL_ERROR:
        assert ignored.error is not None
        assert ignored.error.description == "no"


@pytest.mark.parametrize(
    ("frame", "stray"),
    [
        ('[3,"s1",{}]', Stray.DOUBLED),
        ('[4,"s1","GenericError","",{}]', Stray.DOUBLED),
        ('[3,"never asked",{}]', Stray.OTHER_ID),
        ('[3,"S2",{}]', Stray.OTHER_ID),
        ('[4,"-1","RpcFrameworkError","",{}]', Stray.UNKNOWN_ID),
        (f'[3,"{"x" * 300}",{{}}]', Stray.OTHER_ID),
    ],
)
def test_strays(frame: str, stray: Stray) -> None:
    station = calling()
    station.receive_data('[3,"s1",{"currentTime":"2025-06-01T10:00:00Z"}]', 0.0)
    station.send_call(v201.HeartbeatRequest(), 0.0)
    only(ResultReceived, events_of(station))
    station.receive_data(frame, 0.0)
    assert only(AnswerIgnored, events_of(station)).stray is stray
    assert station.calls_waiting == 1


@pytest.mark.parametrize("frame", ['[3,"x"]', '[3,"x",{', '[4,"x"]', '[4,"x",1,2,3]', '[3,""]'])
def test_a_malformed_stray_does_nothing(frame: str) -> None:
    for policy in ({}, {"inbound": LENIENT}):
        station = calling(**policy)
        station.receive_data(frame, 0.0)
        (event,) = events_of(station)
        assert isinstance(event, FrameRefused | AnswerIgnored)
        assert station.calls_waiting == 1
        assert station.data_to_send() == []


def test_a_foreign_answer_while_nothing_is_outstanding() -> None:
    station = connect(Role.STATION)
    station.receive_data('[3,"s1",{}]', 0.0)
    assert only(AnswerIgnored, events_of(station)).stray is Stray.OTHER_ID


# --- Answers that cannot be used --------------------------------------------------------------


def test_a_result_that_breaks_its_schema_ends_its_call() -> None:  # ERR-07
    station = calling()
    station.receive_data('[3,"s1",{"currentTime":17}]', 0.0)
    ended, refused = events_of(station)
    assert isinstance(ended, CallEnded)
    assert isinstance(ended.error, InvalidMessage)
    assert str(ended.error) == "Heartbeat s1: 17 in place of a date-time at $.currentTime"
    assert isinstance(refused, FrameRefused)
    assert (refused.failure, refused.kind) == (Rule.TYPE, MessageKind.CALL_RESULT)
    assert station.data_to_send() == []


def test_a_result_that_breaks_its_schema_is_reported_in_2_1() -> None:  # ERR-06
    station = calling("2.1")
    station.receive_data('[3,"s1",{"currentTime":17}]', 0.0)
    ((number, message_id, code, _, details),) = frames_of(station)
    assert (number, message_id, code, details) == (5, "s1", "TypeConstraintViolation", {})


@pytest.mark.parametrize("frame", ['[3,"s1"]', '[3,"s1",{', '[3,"s1",{},1]', '[4,"s1","A"]'])
def test_a_malformed_answer_ends_its_call(frame: str) -> None:
    station = calling()
    station.receive_data(frame, 0.0)
    ended, refused = events_of(station)
    assert isinstance(ended, CallEnded)
    assert isinstance(ended.error, InvalidFrame)
    assert isinstance(refused, FrameRefused)
    assert station.calls_waiting == 0
    assert station.data_to_send() == []


def test_a_result_is_repaired_where_the_policy_says_so() -> None:
    station = calling(inbound=LENIENT)
    station.receive_data('[3,"s1",{"currentTime":"2025-06-01T10:00:00","x":1}]', 0.0)
    received = only(ResultReceived, events_of(station))
    assert received.response == ANSWER
    assert {issue.rule for issue in received.issues} == {Rule.FORMAT, Rule.UNKNOWN_MEMBER}


# --- Errors of the peer -----------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("FormationViolation", ErrorCode.FORMAT_VIOLATION),
        ("FormatViolation", ErrorCode.FORMAT_VIOLATION),
        ("OccurenceConstraintViolation", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION),
        ("OccurrenceConstraintViolation", ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION),
        ("NotSupported", ErrorCode.NOT_SUPPORTED),
        ("OutOfCoffee", "OutOfCoffee"),
    ],
)
def test_every_spelling_of_a_code_is_read(version: str, word: str, code: str) -> None:  # ERR-17
    station = calling(version)
    station.receive_data(json.dumps([4, "s1", word, "why", {"a": 1}]), 0.0)
    error = only(CallEnded, events_of(station)).error
    assert isinstance(error, CallFailed)
    assert (error.code, error.description, error.details) == (code, "why", {"a": 1})
    assert (error.action, error.message_id) == ("Heartbeat", "s1")


def test_a_short_error_is_padded_where_the_policy_says_so() -> None:
    station = calling(inbound=LENIENT)
    station.receive_data('[4,"s1","NotSupported"]', 0.0)
    ended = only(CallEnded, events_of(station))
    assert isinstance(ended.error, CallFailed)
    assert ended.error.code is ErrorCode.NOT_SUPPORTED
    assert [issue.rule for issue in ended.issues] == [Rule.MIN_ITEMS]


# --- SEND and CALLRESULTERROR (2.1) -----------------------------------------------------------


def test_a_send_goes_out_while_a_call_is_outstanding() -> None:  # SYN-05
    ends = Duplex("2.1")
    ends.station.send_call(v21.HeartbeatRequest(), 0.0)
    message_id = ends.station.send(stream(), 0.0)
    ends.pump(7.0)
    _, received = events_of(ends.csms)
    assert isinstance(received, SendReceived)
    assert (received.message_id, received.message) == (message_id, stream())
    assert received.received_at == 7.0
    assert list(ends.csms.open_calls) == ["s1"]


@pytest.mark.parametrize(
    "frame",
    [
        '[6,"a","NotifyPeriodicEventStream",{"id":3}]',
        '[6,"a","FlyToTheMoon",{}]',
        '[6,"a","Heartbeat",{}]',
        '[6,"a"]',
        '[6,17,"NotifyPeriodicEventStream",{}]',
        '[6,"a","NotifyPeriodicEventStream",{',
        f'[6,"{"x" * 37}","NotifyPeriodicEventStream",{{}}]',
        f'[6,"{"x" * 256}","NotifyPeriodicEventStream",{{}}]',
    ],
)
def test_a_bad_send_is_not_answered(frame: str) -> None:  # SYN-08
    csms = connect(Role.CSMS, "2.1")
    csms.receive_data(frame, 0.0)
    assert only(FrameRefused, events_of(csms)).kind is MessageKind.SEND
    assert csms.data_to_send() == []


def test_a_send_has_its_direction() -> None:
    csms = connect(Role.CSMS, "2.1")
    with pytest.raises(LocalProtocolError, match="a csms must not send this message"):
        csms.send(stream(), 0.0)  # type: ignore[arg-type, unused-ignore]


def test_a_refused_result_is_reported_once_it_was_a_result() -> None:
    csms = connect(Role.CSMS, "2.1")
    for message_id in ("good", "bad"):
        csms.receive_data(f'[2,"{message_id}","Heartbeat",{{}}]', 0.0)
    csms.send_result("good", v21.HeartbeatResponse(current_time=NOW), 0.0)
    csms.refuse("bad", Failure.HANDLER_FAILED, now=0.0)
    events_of(csms)
    csms.data_to_send()
    for message_id in ("good", "bad", "never asked"):
        csms.receive_data(f'[5,"{message_id}","TypeConstraintViolation","no",{{}}]', 0.0)
    refused, *ignored = events_of(csms)
    assert isinstance(refused, ResultRefused)
    assert (refused.message_id, refused.error.code) == ("good", ErrorCode.TYPE_CONSTRAINT_VIOLATION)
    for event in ignored:
        assert isinstance(event, AnswerIgnored)
        assert event.stray is Stray.OTHER_ID
    assert csms.data_to_send() == []


@pytest.mark.parametrize("policy", [LENIENT, OFF], ids=lambda policy: policy.mode)
@pytest.mark.parametrize("text", ['\ufeff[2,"a1","Heartbeat",{}]', '[2,"a1","Heartbeat",{}]\x00'])
def test_a_call_with_a_mark_around_it_has_its_payload_and_its_answer(
    policy: Policy, text: str
) -> None:
    csms = connect(Role.CSMS, "2.0.1", inbound=policy, answers=AnswerCache())
    csms.receive_data(text, 0.0)
    assert only(CallReceived, events_of(csms)).raw == b"{}"
    # The cache keeps the answer under the payload of the call.
    csms.send_result("a1", v201.HeartbeatResponse(current_time=NOW), 0.0)
    assert [frame[:2] for frame in frames_of(csms)] == [[3, "a1"]]
    csms.receive_data(text, 1.0)
    assert only(CallRepeated, events_of(csms)).answered
