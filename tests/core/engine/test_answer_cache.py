"""Repeated calls: answered again where the user wants it, never handled twice, never mixed up."""

import json
from datetime import UTC, datetime
from typing import Any

from ocppkit import v201
from ocppkit.core import AnswerCache, CallReceived, CallRepeated, Connection, Failure, Role
from support.connection_pair import connect, events_of, frames_of, only

TRANSFER = '[2,"a","DataTransfer",{"vendorId":"v","data":1}]'
SAME_ID = '[2,"a","DataTransfer",{"vendorId":"v","data":2}]'
ACCEPTED = v201.DataTransferResponse(status=v201.DataTransferStatusEnumType.ACCEPTED)


def csms_with(cache: AnswerCache | None) -> Connection:
    return connect(Role.CSMS, answers=cache)


def handle(csms: Connection, text: str, now: float = 0.0) -> list[Any]:
    """Receives a call, has it handled, and returns the frames that left."""
    csms.receive_data(text, now)
    received = only(CallReceived, events_of(csms))
    csms.send_result(received.message_id, ACCEPTED, now)
    return frames_of(csms)


def test_a_repeated_call_is_answered_again_and_not_handled_again() -> None:
    csms = csms_with(AnswerCache())
    first = handle(csms, TRANSFER)
    csms.receive_data(TRANSFER, 1.0)
    repeated = only(CallRepeated, events_of(csms))
    assert (repeated.message_id, repeated.action.name, repeated.answered) == (
        "a",
        "DataTransfer",
        True,
    )
    assert frames_of(csms) == first
    assert not csms.open_calls


def test_a_call_is_repeated_over_a_new_connection() -> None:
    cache = AnswerCache()
    first = handle(csms_with(cache), TRANSFER)
    csms = csms_with(cache)
    csms.receive_data(TRANSFER, 1.0)
    assert frames_of(csms) == first


def test_an_error_is_answered_again_too() -> None:
    csms = csms_with(AnswerCache())
    csms.receive_data(TRANSFER, 0.0)
    csms.refuse("a", Failure.HANDLER_FAILED, now=0.0)
    csms.receive_data(TRANSFER, 1.0)
    first, second = frames_of(csms)
    assert first == second


def test_without_a_cache_a_call_is_handled_again() -> None:
    csms = csms_with(None)
    handle(csms, TRANSFER)
    assert len(handle(csms, TRANSFER)) == 1


def test_the_same_id_with_other_content_is_another_call() -> None:
    csms = csms_with(AnswerCache())
    handle(csms, TRANSFER)
    assert len(handle(csms, SAME_ID)) == 1
    csms.receive_data('[2,"a","Heartbeat",{}]', 0.0)
    assert only(CallReceived, events_of(csms)).action.name == "Heartbeat"


def test_a_call_that_is_still_in_work_is_answered_once() -> None:
    csms = csms_with(AnswerCache())
    csms.receive_data(TRANSFER, 0.0)
    csms.receive_data(TRANSFER, 1.0)
    received, repeated = events_of(csms)
    assert isinstance(received, CallReceived)
    assert isinstance(repeated, CallRepeated)
    assert not repeated.answered
    assert csms.data_to_send() == []
    csms.send_result("a", ACCEPTED, 2.0)
    assert [frame[:2] for frame in frames_of(csms)] == [[3, "a"]]


def test_another_call_with_an_id_in_work_is_refused() -> None:
    csms = csms_with(AnswerCache())
    csms.receive_data(TRANSFER, 0.0)
    csms.receive_data(SAME_ID, 0.0)
    assert csms.refused == {Failure.DUPLICATE_ID: 1}


def test_answers_are_forgotten_after_a_while() -> None:
    csms = csms_with(AnswerCache(seconds=60.0))
    handle(csms, TRANSFER, 0.0)
    csms.receive_data(TRANSFER, 59.9)
    only(CallRepeated, events_of(csms))
    csms.receive_data(TRANSFER, 60.0)
    only(CallReceived, events_of(csms))


def test_the_cache_is_bounded() -> None:
    cache = AnswerCache(size=3)
    csms = csms_with(cache)
    for number in range(5):
        handle(csms, json.dumps([2, str(number), "DataTransfer", {"vendorId": "v"}]))
    assert len(cache) == 3
    for number, known in ((1, False), (2, True), (4, True)):
        csms.receive_data(json.dumps([2, str(number), "DataTransfer", {"vendorId": "v"}]), 0.0)
        assert isinstance(events_of(csms)[0], CallRepeated) is known


def test_a_new_answer_replaces_the_old_one() -> None:
    cache = AnswerCache(size=2)
    csms = csms_with(cache)
    for text in (TRANSFER, '[2,"b","DataTransfer",{"vendorId":"v"}]', SAME_ID):
        handle(csms, text)
    handle(csms, '[2,"c","DataTransfer",{"vendorId":"v"}]')
    # `b` was the oldest.
    csms.receive_data(SAME_ID, 0.0)
    only(CallRepeated, events_of(csms))
    assert len(cache) == 2


def test_a_heartbeat_of_long_ago_gets_the_time_of_now() -> None:
    csms = csms_with(AnswerCache())
    for now, hour in ((0.0, 1), (3600.0, 2)):
        csms.receive_data('[2,"1","Heartbeat",{}]', now)
        only(CallReceived, events_of(csms))
        time = datetime(2025, 1, 1, hour, tzinfo=UTC)
        csms.send_result("1", v201.HeartbeatResponse(current_time=time), now)
        assert frames_of(csms)[0][2]["currentTime"] == f"2025-01-01T0{hour}:00:00Z"
