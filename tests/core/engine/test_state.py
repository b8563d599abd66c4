"""Exactly one reply to each call of the peer, and an end to every call of ours."""

from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import (
    CallEnded,
    CallOverdue,
    CallReceived,
    Connection,
    ConnectionClosed,
    ErrorCode,
    Failure,
    InvalidOutgoing,
    Limits,
    LocalProtocolError,
    Role,
)
from support.connection_pair import (
    ANSWER,
    HEARTBEAT,
    NOW,
    called,
    calling,
    connect,
    events_of,
    frames_of,
    only,
    stream,
)

# --- Exactly one reply ------------------------------------------------------------------------


def answer_again(csms: Connection) -> list[Callable[[], None]]:
    return [
        lambda: csms.send_result("a", ANSWER, 0.0),
        lambda: csms.send_error("a", ErrorCode.GENERIC_ERROR, now=0.0),
        lambda: csms.refuse("a", Failure.HANDLER_FAILED, now=0.0),
    ]


@pytest.mark.parametrize("first", range(3))
@pytest.mark.parametrize("second", range(3))
def test_a_call_is_answered_once(first: int, second: int) -> None:
    csms = called()
    answer_again(csms)[first]()
    with pytest.raises(
        LocalProtocolError, match="a: no call of the peer with this message id waits for a reply"
    ):
        answer_again(csms)[second]()
    assert len(csms.data_to_send()) == 1


@pytest.mark.parametrize("which", range(3))
def test_what_was_never_asked_is_not_answered(which: int) -> None:
    csms = connect(Role.CSMS)
    with pytest.raises(LocalProtocolError, match="no call of the peer"):
        answer_again(csms)[which]()
    assert csms.data_to_send() == []


@pytest.mark.parametrize("which", range(3))
def test_after_its_time_a_call_is_answered(which: int) -> None:
    csms = called()
    csms.handle_timeout(25.0)
    assert only(CallOverdue, events_of(csms)).message_id == "a"
    with pytest.raises(LocalProtocolError):
        answer_again(csms)[which]()
    assert [frame[:3] for frame in frames_of(csms)] == [[4, "a", "InternalError"]]


def test_several_handlers_run_out_of_time_in_order() -> None:
    csms = connect(Role.CSMS)
    for seconds, message_id in enumerate("abc"):
        csms.receive_data(f'[2,"{message_id}","Heartbeat",{{}}]', float(seconds))
    events_of(csms)
    csms.handle_timeout(26.0)
    assert [frame[1] for frame in frames_of(csms)] == ["a", "b"]
    assert list(csms.open_calls) == ["c"]


@pytest.mark.parametrize(
    "response",
    [
        v201.ClearCacheResponse(status=v201.ClearCacheStatusEnumType.ACCEPTED),
        v16.HeartbeatResponse(current_time=NOW),
        v201.HeartbeatResponse(current_time=NOW.replace(tzinfo=None)),
        v201.HeartbeatResponse(current_time=None),  # type: ignore[arg-type]
        {"currentTime": "2025-06-01T10:00:00Z"},
        None,
    ],
)
def test_a_wrong_response_leaves_the_call_open(response: Any) -> None:
    csms = called()
    with pytest.raises(InvalidOutgoing, match="Heartbeat a: ") as caught:
        csms.send_result("a", response, 0.0)
    assert caught.value.message_id == "a"
    assert csms.data_to_send() == []
    csms.refuse("a", Failure.HANDLER_FAILED, now=0.0)
    assert [frame[2] for frame in frames_of(csms)] == ["InternalError"]


def test_an_error_of_the_users_choice() -> None:
    csms = called("1.6")
    csms.send_error("a", ErrorCode.FORMAT_VIOLATION, "no", {"because": [1]}, now=0.0)
    assert frames_of(csms) == [[4, "a", "FormationViolation", "no", {"because": [1]}]]


def test_a_code_that_the_version_lacks() -> None:  # ERR-18
    csms = called("1.6")
    csms.send_error("a", ErrorCode.RPC_FRAMEWORK_ERROR, now=0.0)
    assert frames_of(csms) == [[4, "a", "GenericError", "", {}]]


@pytest.mark.parametrize(
    ("description", "details"), [("\ud800", {}), ("", {"a": object()}), ("", {"a": "\ud800"})]
)
def test_an_error_that_cannot_be_written_leaves_the_call_open(
    description: str, details: dict[str, Any]
) -> None:
    csms = called()
    with pytest.raises(InvalidOutgoing):
        csms.send_error("a", ErrorCode.GENERIC_ERROR, description, details, now=0.0)
    assert csms.data_to_send() == []
    csms.send_result("a", ANSWER, 0.0)
    assert len(csms.data_to_send()) == 1


def test_replies_leave_in_the_order_of_the_answers() -> None:
    csms = connect(Role.CSMS)
    for message_id in "abc":
        csms.receive_data(f'[2,"{message_id}","Heartbeat",{{}}]', 0.0)
    for message_id in "bca":
        csms.send_result(message_id, ANSWER, 0.0)
    assert [frame[1] for frame in frames_of(csms)] == ["b", "c", "a"]


def test_an_id_may_be_used_again_after_its_call_is_over() -> None:  # MID-03
    csms = called()
    csms.send_result("a", ANSWER, 0.0)
    csms.receive_data(HEARTBEAT, 0.0)
    assert only(CallReceived, events_of(csms)).message_id == "a"


# --- The end ----------------------------------------------------------------------------------


def test_every_call_ends_with_the_connection() -> None:
    station = calling()
    station.send_call(v201.HeartbeatRequest(), 0.0)
    station.receive_data('[2,"a","ClearCache",{}]', 0.0)
    events_of(station)
    station.connection_lost(5.0, reason="bye", by="peer", code=1001)
    sent, waiting = events_of(station)
    for event, delivered in ((sent, "unknown"), (waiting, "no")):
        assert isinstance(event, CallEnded)
        assert isinstance(event.error, ConnectionClosed)
        assert event.error.delivered == delivered
        assert (event.error.by, event.error.code, event.error.reason) == ("peer", 1001, "bye")
    assert (station.calls_waiting, len(station.open_calls)) == (0, 0)
    assert (station.next_deadline(), station.data_to_send()) == (None, [])


def test_a_call_whose_frame_was_never_taken_was_not_delivered() -> None:
    station = connect(Role.STATION)
    station.send_call(v201.HeartbeatRequest(), 0.0)
    station.connection_lost(0.0)
    error = only(CallEnded, events_of(station)).error
    assert isinstance(error, ConnectionClosed)
    assert error.delivered == "no"


def test_nothing_is_sent_after_the_end() -> None:
    csms = called("2.1")
    csms.connection_lost(0.0)
    uses: list[Callable[[], object]] = [
        lambda: csms.send_call(v21.ClearCacheRequest(), 0.0),
        lambda: csms.send_result("a", v21.HeartbeatResponse(current_time=NOW), 0.0),
        lambda: csms.send_error("a", ErrorCode.GENERIC_ERROR, now=0.0),
        lambda: csms.refuse("a", Failure.HANDLER_FAILED, now=0.0),
        lambda: csms.send(stream(), 0.0),  # type: ignore[arg-type, unused-ignore]
    ]
    for use in uses:
        with pytest.raises(ConnectionClosed) as caught:
            use()
        assert caught.value.delivered == "no"
    csms.cancel_call("c1")
    csms.handle_timeout(1e9)
    assert (events_of(csms), csms.data_to_send()) == ([], [])


def test_a_connection_ends_once_and_hears_nothing_afterwards() -> None:
    csms = connect(Role.CSMS)
    csms.connection_lost(0.0)
    with pytest.raises(LocalProtocolError, match="the call slot is lost"):
        csms.connection_lost(0.0)
    with pytest.raises(
        LocalProtocolError, match=r"receive_data\(\) was called after connection_lost"
    ):
        csms.receive_data(HEARTBEAT, 0.0)


# --- What stays ------------------------------------------------------------------------------


def test_a_flood_leaves_nothing_behind() -> None:
    limits = Limits()
    csms = connect(Role.CSMS, "2.1", limits=limits)
    for number in range(2000):
        csms.receive_data(f'[2,"call {number}","Heartbeat",{{}}]', 0.0)
        csms.send_result(f"call {number}", v21.HeartbeatResponse(current_time=NOW), 0.0)
        csms.receive_data(f'[3,"foreign {number}",{{}}]', 0.0)
        csms.receive_data(f'[2,"bad {number}","Action {number}",{{}}]', 0.0)
        csms.receive_data(f"no frame {number}", 0.0)
        message_id = csms.send_call(v21.ClearCacheRequest(), 0.0)
        csms.receive_data(f'[4,"{message_id}","GenericError","",{{}}]', 0.0)
        events_of(csms)
        csms.data_to_send()
    session = csms._session
    kept = [session.open, session.events, session.out, session.answered, session.calls._past]
    assert [len(each) for each in kept] == [0, 0, 0, limits.remembered, limits.remembered]
    assert csms.refused == {Failure.UNKNOWN_ACTION: 2000, Failure.NOT_JSON: 2000}
