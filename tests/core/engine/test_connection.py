"""The engine from outside: what it may be asked, and one call at a time."""

from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import (
    LENIENT,
    OFF,
    STRICT,
    AnswerIgnored,
    CallCancelled,
    CallEnded,
    CallReceived,
    CallTimedOut,
    Failure,
    InvalidOutgoing,
    Limits,
    LocalProtocolError,
    Policies,
    ResultReceived,
    Role,
    Stray,
    WrongVersion,
)
from support.connection_pair import (
    ANSWER,
    NOW,
    PROTOCOLS,
    VERSIONS,
    Duplex,
    calling,
    connect,
    events_of,
    frames_of,
    only,
    stream,
)

# --- A call and its answer --------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_a_call_and_its_answer(version: str) -> None:
    ends = Duplex(version)
    actions = PROTOCOLS[version].actions
    request: Any = actions["Heartbeat"].request
    response: Any = actions["Heartbeat"].response
    message_id = ends.station.send_call(request(), 1.0)
    ends.pump(2.0)
    received = only(CallReceived, events_of(ends.csms))
    assert (received.message_id, received.action.name) == (message_id, "Heartbeat")
    assert (received.request, received.raw, received.received_at) == (request(), b"{}", 2.0)
    ends.csms.send_result(message_id, response(current_time=NOW), 3.0)
    ends.pump(4.0)
    answered = only(ResultReceived, events_of(ends.station))
    assert (answered.message_id, answered.response) == (message_id, response(current_time=NOW))
    assert answered.received_at == 4.0
    assert (ends.station.calls_waiting, len(ends.csms.open_calls)) == (0, 0)


def test_frames_as_they_stand_on_the_wire() -> None:
    ends = Duplex("1.6")
    ends.station.send_call(v16.AuthorizeRequest(id_tag="T"), 0.0)
    (text,) = ends.station.data_to_send()
    assert text == '[2,"s1","Authorize",{"idTag":"T"}]'
    ends.csms.receive_data(text, 0.0)
    tag = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)
    ends.csms.send_result("s1", v16.AuthorizeResponse(id_tag_info=tag), 0.0)
    assert ends.csms.data_to_send() == ['[3,"s1",{"idTagInfo":{"status":"Accepted"}}]']


def test_crossed_calls_do_not_wait_for_each_other() -> None:  # SYN-03
    ends = Duplex()
    ends.station.send_call(v201.HeartbeatRequest(), 0.0)
    ends.csms.send_call(v201.ClearCacheRequest(), 0.0)
    ends.pump()
    accepted = v201.ClearCacheStatusEnumType.ACCEPTED
    ends.station.send_result("c1", v201.ClearCacheResponse(status=accepted), 0.0)
    ends.csms.send_result("s1", ANSWER, 0.0)
    ends.pump()
    for end in (ends.station, ends.csms):
        received, answered = events_of(end)
        assert isinstance(received, CallReceived)
        assert isinstance(answered, ResultReceived)


def test_both_sides_may_use_the_same_id_at_one_time() -> None:
    ends = Duplex(new_id=lambda: "same")
    ends.station.send_call(v201.HeartbeatRequest(), 0.0)
    ends.csms.send_call(v201.ClearCacheRequest(), 0.0)
    ends.pump()
    ends.csms.send_result("same", ANSWER, 0.0)
    ends.pump()
    assert ends.csms.calls_waiting == 1
    assert isinstance(events_of(ends.station)[-1], ResultReceived)


@pytest.mark.parametrize("as_bytes", [False, True])
def test_text_may_come_as_bytes(as_bytes: bool) -> None:
    csms = connect(Role.CSMS)
    text = '[2,"é","Heartbeat",{"customData":{"vendorId":"ü"}}]'
    csms.receive_data(text.encode() if as_bytes else text, 0.0)
    assert only(CallReceived, events_of(csms)).request.custom_data == {"vendorId": "ü"}


def test_an_action_may_be_written_with_escapes() -> None:
    csms = connect(Role.CSMS)
    for message_id, action in enumerate((r"\u0048eartbeat", "Heartbeat", r"Heart\u0062eat")):
        csms.receive_data(f'[2,"{message_id}","{action}",{{}}]', 0.0)
        call = only(CallReceived, events_of(csms))
        assert (call.message_id, call.action.name) == (str(message_id), "Heartbeat")
        csms.send_result(call.message_id, ANSWER, 0.0)


def test_frames_are_handed_out_once() -> None:
    station = connect(Role.STATION)
    station.send_call(v201.HeartbeatRequest(), 0.0)
    assert len(station.data_to_send()) == 1
    assert station.data_to_send() == []


def test_events_are_handed_out_once_and_in_order() -> None:
    csms = connect(Role.CSMS)
    for message_id in "abc":
        csms.receive_data(f'[2,"{message_id}","Heartbeat",{{}}]', 0.0)
    assert list(csms.open_calls) == ["a", "b", "c"]
    events = events_of(csms)
    assert [repr(event) for event in events] == [
        f"<CallReceived Heartbeat '{message_id}'>" for message_id in "abc"
    ]
    assert csms.next_event() is None


# --- What a connection may be asked -----------------------------------------------------------


def test_a_connection_knows_what_it_is() -> None:
    limits = Limits(queue=3)
    station = connect(Role.STATION, "1.6", limits=limits)
    assert (station.role, station.protocol, station.limits) == (
        Role.STATION,
        v16.PROTOCOL,
        limits,
    )


def wrong_uses() -> list[Any]:
    station = connect(Role.STATION)
    return [
        pytest.param(
            lambda: station.send_call(v16.HeartbeatRequest(), 0.0),
            WrongVersion,
            r"Heartbeat: ocppkit\.v16\.\S+\.HeartbeatRequest is not a message of OCPP 2\.0\.1",
            id="another version",
        ),
        pytest.param(
            lambda: station.send_call(v21.AFRRSignalRequest(timestamp=NOW, signal=1), 0.0),
            WrongVersion,
            "AFRRSignal: .* is not a message of OCPP 2.0.1",
            id="an action of another version",
        ),
        pytest.param(
            lambda: station.send_call(v201.ClearCacheRequest(), 0.0),
            LocalProtocolError,
            "ClearCache: a station must not send this message",
            id="wrong direction",
        ),
        pytest.param(
            lambda: station.send_call(ANSWER, 0.0),  # type: ignore[arg-type]
            WrongVersion,
            "HeartbeatResponse is not a message",
            id="a response",
        ),
        pytest.param(
            lambda: station.send(v201.HeartbeatRequest(), 0.0),  # type: ignore[arg-type]
            LocalProtocolError,
            "Heartbeat: this message is a CALL and cannot be sent as a SEND",
            id="a request as SEND",
        ),
    ]


@pytest.mark.parametrize(("use", "error", "message"), wrong_uses())
def test_wrong_uses(
    use: Callable[[], object], error: type[LocalProtocolError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        use()
    assert type(caught.value) is error


def test_a_send_is_no_call() -> None:
    station = connect(Role.STATION, "2.1")
    with pytest.raises(
        LocalProtocolError, match="this message is a SEND and cannot be sent as a CALL"
    ):
        station.send_call(stream(), 0.0)  # type: ignore[arg-type]
    assert station.calls_waiting == 0


def test_an_invalid_request_is_not_sent() -> None:
    station = connect(Role.STATION)
    too_long = v201.DataTransferRequest(vendor_id="v" * 256)
    with pytest.raises(InvalidOutgoing, match=r"DataTransfer: .* at \$\.vendorId"):
        station.send_call(too_long, 0.0)
    assert (station.data_to_send(), station.calls_waiting) == ([], 0)
    # No id was used up.
    assert station.send_call(v201.HeartbeatRequest(), 0.0) == "s1"


def test_whoever_checked_already_can_turn_the_check_off() -> None:
    station = connect(Role.STATION, outbound=OFF)
    station.send_call(v201.DataTransferRequest(vendor_id="v" * 256), 0.0)
    assert len(station.data_to_send()) == 1


def test_ids_of_ours_are_never_used_twice_at_one_time() -> None:
    station = connect(Role.STATION, new_id=lambda: "x")
    station.send_call(v201.HeartbeatRequest(), 0.0)
    with pytest.raises(LocalProtocolError, match="the message id is used by another call"):
        station.send_call(v201.HeartbeatRequest(), 0.0)


def test_an_id_of_ours_cannot_be_the_one_of_what_has_none() -> None:
    station = connect(Role.STATION, new_id=lambda: "-1")
    with pytest.raises(LocalProtocolError, match="is not a message id"):
        station.send_call(v201.HeartbeatRequest(), 0.0)


# --- One call at a time -----------------------------------------------------------------------


def test_calls_go_out_one_at_a_time_in_order() -> None:  # SYN-01
    ends = Duplex()
    sent = [ends.station.send_call(v201.HeartbeatRequest(), 0.0) for _ in range(3)]
    seen = []
    for _ in sent:
        ends.pump()
        seen.append(only(CallReceived, events_of(ends.csms)).message_id)
        ends.csms.send_result(seen[-1], ANSWER, 0.0)
    assert seen == sent


@pytest.mark.parametrize(
    "answer", ['[3,"s1",{}]', '[3,"s1"]', '[4,"s1","GenericError","",{}]', '[4,"s1"]']
)
def test_any_answer_lets_the_next_call_out(answer: str) -> None:
    station = calling()
    station.send_call(v201.HeartbeatRequest(), 0.0)
    station.receive_data(answer, 0.0)
    assert [frame[:2] for frame in frames_of(station)] == [[2, "s2"]]
    assert only(CallEnded, [events_of(station)[0]]).message_id == "s1"


def test_a_timeout_lets_the_next_call_out() -> None:  # SYN-07
    station = calling()
    station.send_call(v201.HeartbeatRequest(), 10.0, timeout=5.0)
    station.handle_timeout(30.0)
    assert [frame[1] for frame in frames_of(station)] == ["s2"]
    # Its time began when it was sent.
    assert station.next_deadline() == 35.0


def test_the_time_of_a_call_can_be_set() -> None:
    station = connect(Role.STATION)
    station.send_call(v201.HeartbeatRequest(), 0.0, timeout=1.5)
    assert station.next_deadline() == 1.5
    station.handle_timeout(1.5)
    error = only(CallEnded, events_of(station)).error
    assert isinstance(error, CallTimedOut)
    assert error.problem == "no answer within 1.5 seconds"


def test_a_call_may_wait_for_ever() -> None:
    station = connect(Role.STATION)
    station.send_call(v201.HeartbeatRequest(), 0.0, timeout=inf)
    assert station.next_deadline() is None
    station.handle_timeout(1e12)
    assert station.calls_waiting == 1


def test_the_next_deadline_is_the_first() -> None:
    station = connect(Role.STATION)
    assert station.next_deadline() is None
    station.send_call(v201.HeartbeatRequest(), 0.0)
    assert station.next_deadline() == 30.0
    station.receive_data('[2,"a","ClearCache",{}]', 1.0)
    station.receive_data('[2,"b","ClearCache",{}]', 2.0)
    assert station.next_deadline() == 26.0
    station.refuse("a", Failure.HANDLER_FAILED, now=3.0)
    assert station.next_deadline() == 27.0
    station.refuse("b", Failure.HANDLER_FAILED, now=3.0)
    assert station.next_deadline() == 30.0


# --- Cancelling -------------------------------------------------------------------------------


def test_a_cancelled_call_is_still_outstanding_for_the_peer() -> None:
    station = calling()
    station.send_call(v201.HeartbeatRequest(), 0.0)
    station.cancel_call("s1")
    assert only(CallCancelled, events_of(station)).sent
    assert station.data_to_send() == []
    station.receive_data('[3,"s1",{}]', 0.0)
    assert only(AnswerIgnored, events_of(station)).stray is Stray.CANCELLED
    assert [frame[1] for frame in frames_of(station)] == ["s2"]


def test_a_call_that_waits_is_cancelled_for_good() -> None:
    station = calling()
    station.send_call(v201.HeartbeatRequest(), 0.0)
    station.cancel_call("s2")
    assert not only(CallCancelled, events_of(station)).sent
    station.receive_data('[3,"s1",{"currentTime":"2025-06-01T10:00:00Z"}]', 0.0)
    assert station.data_to_send() == []
    assert station.calls_waiting == 0


def test_a_call_that_is_over_cannot_be_cancelled() -> None:
    station = calling()
    station.receive_data('[4,"s1","GenericError","",{}]', 0.0)
    only(CallEnded, events_of(station))
    for message_id in ("s1", "never asked"):
        station.cancel_call(message_id)
    assert events_of(station) == []


# --- Policies -------------------------------------------------------------------------------------


def test_policies_change_from_the_next_message_on() -> None:
    csms = connect(Role.CSMS)
    sloppy, long_id = '[2,"a","Heartbeat",{"extra":1}]', f'[2,"{"i" * 40}","Heartbeat",{{}}]'

    def outcomes() -> list[str]:
        for text in (sloppy, long_id):
            csms.receive_data(text, 0.0)
        kinds = [type(event).__name__ for event in events_of(csms)]
        for message_id in list(csms.open_calls):
            csms.send_result(message_id, ANSWER, 0.0)
        csms.data_to_send()
        return kinds

    assert outcomes() == ["FrameRefused"] * 2
    csms.use_policies(Policies(inbound=LENIENT))
    assert outcomes() == ["CallReceived"] * 2
    csms.use_policies(Policies(outbound=OFF))
    assert outcomes() == ["CallReceived"] * 2
    csms.use_policies(Policies(inbound=STRICT))
    assert outcomes() == ["FrameRefused"] * 2


def test_each_direction_has_its_own_policy() -> None:
    csms = connect(Role.CSMS)
    broken = v201.DataTransferRequest(vendor_id="V" * 300)
    with pytest.raises(InvalidOutgoing):
        csms.send_call(broken, 0.0)
    csms.use_policies(Policies(outbound=OFF))
    csms.send_call(broken, 0.0)
    assert frames_of(csms)[0][3] == {"vendorId": "V" * 300}
