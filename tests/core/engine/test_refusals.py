"""Refusals: counted, answered, or left to the user's hook."""

import json
from typing import Any

import pytest

from ocppkit import v16, v21
from ocppkit.core import (
    DEFERRED,
    LENIENT,
    CallReceived,
    Failure,
    FrameRefused,
    InvalidCallReceived,
    InvalidMessage,
    InvalidOutgoing,
    Limits,
    LocalProtocolError,
    Response,
    ResultRefused,
    Role,
    Rule,
)
from support.connection_pair import (
    ANSWER,
    HEARTBEAT,
    VERSIONS,
    called,
    connect,
    events_of,
    frames_of,
    only,
)

# --- Refusals ---------------------------------------------------------------------------------


def test_refusals_are_counted() -> None:
    csms = connect(Role.CSMS, "1.6")
    for text in ("x", "{}", "x", '[2,"a","Heartbeat",{"x":1}]'):
        csms.receive_data(text, 0.0)
    assert csms.refused == {
        Failure.NOT_JSON: 2,
        Failure.NOT_AN_ARRAY: 1,
        Rule.UNKNOWN_MEMBER: 1,
    }


def test_an_id_longer_than_can_be_read() -> None:
    csms = connect(Role.CSMS, limits=Limits(id_read=5))
    for text in ('[2,"123456","Heartbeat"]', '[2,"123456","Heartbeat",{', '[7,"123456"]'):
        csms.receive_data(text, 0.0)
    assert [frame[1] for frame in frames_of(csms)] == ["-1"] * 3
    assert csms.refused == {Failure.UNREADABLE_ID: 2, Failure.NOT_JSON: 1}


def test_a_number_too_long_in_a_call_without_an_id() -> None:
    csms = connect(Role.CSMS)
    csms.receive_data(f'[2,17,"Heartbeat",{{"a":{"7" * 41}}}]', 0.0)
    assert [frame[1:3] for frame in frames_of(csms)] == [["-1", "RpcFrameworkError"]]


@pytest.mark.parametrize("text", [f'[7,"x",{"7" * 41}]', '["2","x","Heartbeat",{}]'])
@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_wrong_with_an_unknown_type_does_not_matter(version: str, text: str) -> None:
    csms = connect(Role.CSMS, version)
    csms.receive_data(text, 0.0)
    assert only(FrameRefused, events_of(csms)).failure is Failure.UNKNOWN_TYPE


def test_a_binary_message_is_read_where_the_policy_says_so() -> None:
    csms = connect(Role.CSMS, inbound=LENIENT)
    csms.receive_data(HEARTBEAT.encode(), 0.0, binary=True)
    only(CallReceived, events_of(csms))


def test_repairs_are_reported() -> None:
    csms = connect(Role.CSMS, "1.6", inbound=LENIENT)
    csms.receive_data('[2,"a","Authorize",{"idTag":17}]', 0.0)
    received = only(CallReceived, events_of(csms))
    assert received.request.id_tag == "17"
    assert [issue.rule for issue in received.issues] == [Rule.TYPE]


def test_an_action_that_nobody_handles_is_not_decoded() -> None:
    csms = connect(Role.CSMS, handled=lambda action: action.name != "Authorize")
    csms.receive_data('[2,"a","Authorize",{"broken":1}]', 0.0)
    assert only(FrameRefused, events_of(csms)).failure is Failure.NOT_HANDLED


def test_a_second_call_with_the_id_of_one_in_work() -> None:  # MID-07
    csms = called()
    csms.receive_data('[2,"a","Heartbeat",{}]', 0.0)
    assert only(FrameRefused, events_of(csms)).failure is Failure.DUPLICATE_ID
    assert list(csms.open_calls) == ["a"]
    csms.send_result("a", ANSWER, 0.0)
    assert [frame[0] for frame in frames_of(csms)] == [4, 3]


# --- The hook for calls that cannot be used ---------------------------------------------------

BROKEN_START = '{"connectorId":1,"idTag":"T","meterStart":"7","timestamp":"2025-06-01T10:00:00Z"}'


def accept_it(error: InvalidMessage) -> Response | None:
    if error.action != "StartTransaction":
        return None
    tag = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)
    return v16.StartTransactionResponse(id_tag_info=tag, transaction_id=1)


def test_the_hook_answers_what_breaks_its_schema() -> None:
    seen: list[InvalidMessage] = []
    csms = connect(
        Role.CSMS, "1.6", on_invalid=lambda error: (seen.append(error), accept_it(error))[1]
    )
    csms.receive_data(f'[2,"a","StartTransaction",{BROKEN_START}]', 0.0)
    ((number, message_id, payload),) = frames_of(csms)
    assert (number, message_id, payload["transactionId"]) == (3, "a", 1)
    refused = only(FrameRefused, events_of(csms))
    assert refused.error is seen[0]
    assert isinstance(refused.answer, v16.StartTransactionResponse)
    assert not csms.open_calls
    assert (seen[0].action, seen[0].message_id) == ("StartTransaction", "a")
    assert json.loads(seen[0].raw) == seen[0].value == json.loads(BROKEN_START)
    assert [issue.path for issue in seen[0].issues] == ["$.meterStart"]


@pytest.mark.parametrize(
    "text",
    [
        '[2,"a","StartTransaction",{"connectorId":1,"idTag":,"meterStart":7}]',
        '[2,"a","StartTransaction",{"connectorId":1}',
        '[2,"a","StartTransaction"]',
        f'[2,"a","StartTransaction",{{"meterStart":{"7" * 41}}}]',
        f'[2,"a","StartTransaction",{{"meterStart":{"[" * 64}{"]" * 64}}}]',
    ],
)
@pytest.mark.parametrize("policy", [{}, {"inbound": LENIENT}])
def test_the_hook_answers_what_can_hardly_be_read(text: str, policy: dict[str, Any]) -> None:
    csms = connect(Role.CSMS, "1.6", on_invalid=accept_it, **policy)
    csms.receive_data(text, 0.0)
    assert [frame[:2] for frame in frames_of(csms)] == [[3, "a"]]
    assert only(FrameRefused, events_of(csms)).answer is not None


def test_what_the_hook_leaves_alone_is_answered_by_the_table() -> None:
    csms = connect(Role.CSMS, "1.6", on_invalid=accept_it)
    csms.receive_data('[2,"a","Authorize",{"idTag":7}]', 0.0)
    assert [frame[2] for frame in frames_of(csms)] == ["TypeConstraintViolation"]
    assert only(FrameRefused, events_of(csms)).answer is None


@pytest.mark.parametrize(
    "text",
    [
        '[2,"a","FlyToTheMoon",{}]',
        '[2,"a","Reset",{"type":"Soft"}]',
        '[2,"a","FlyToTheMoon",{',
        '[2,"a","Reset",{',
        '[2,17,"StartTransaction",{}]',
        '[3,"a",{}]',
        '[7,"a","StartTransaction",{',
        "x",
    ],
)
def test_the_hook_is_asked_about_calls_that_would_have_been_handled(text: str) -> None:
    csms = connect(Role.CSMS, "1.6", on_invalid=lambda error: pytest.fail(str(error)))
    csms.receive_data(text, 0.0)
    (event,) = events_of(csms)
    assert getattr(event, "problem", None) is None


def test_the_hook_is_not_asked_about_a_call_with_an_id_in_use() -> None:
    csms = connect(Role.CSMS, "1.6", on_invalid=accept_it)
    csms.receive_data('[2,"a","Heartbeat",{}]', 0.0)
    csms.receive_data('[2,"a","StartTransaction",{}]', 0.0)
    csms.receive_data('[2,"a","StartTransaction",{', 0.0)
    assert [frame[0] for frame in frames_of(csms)] == [4]
    assert list(csms.open_calls) == ["a"]


def failing_hooks() -> list[Any]:
    def raises(error: InvalidMessage) -> Response | None:
        raise ZeroDivisionError("oops")

    return [
        pytest.param(raises, ZeroDivisionError, id="raises"),
        pytest.param(lambda error: ANSWER, InvalidOutgoing, id="another version"),
        pytest.param(lambda error: {}, InvalidOutgoing, id="no response"),
        pytest.param(
            lambda error: v16.AuthorizeResponse(id_tag_info=None),  # type: ignore[arg-type]
            InvalidOutgoing,
            id="invalid",
        ),
    ]


@pytest.mark.parametrize(("hook", "problem"), failing_hooks())
def test_a_hook_that_fails_does_no_harm(hook: Any, problem: type[Exception]) -> None:
    csms = connect(Role.CSMS, "1.6", on_invalid=hook)
    csms.receive_data('[2,"a","Authorize",{"idTag":7}]', 0.0)
    assert [frame[2] for frame in frames_of(csms)] == ["TypeConstraintViolation"]
    refused = only(FrameRefused, events_of(csms))
    assert isinstance(refused.problem, problem)
    assert refused.answer is None


BROKEN = f'[2,"a","StartTransaction",{BROKEN_START}]'


def test_a_deferred_answer_is_one_reply_later() -> None:
    csms = connect(Role.CSMS, "1.6", on_invalid=lambda error: DEFERRED)
    csms.receive_data(BROKEN, 3.0)
    assert frames_of(csms) == []
    call = only(InvalidCallReceived, events_of(csms))
    assert (call.message_id, call.action.name) == ("a", "StartTransaction")
    assert (call.failure, call.received_at) == (Rule.TYPE, 3.0)
    assert json.loads(call.raw) == call.error.value == json.loads(BROKEN_START)
    assert call.issues == call.error.issues
    assert dict(csms.open_calls) == {"a": call}
    response = accept_it(call.error)
    assert response is not None
    csms.send_result("a", response, 4.0)
    assert [frame[:2] for frame in frames_of(csms)] == [[3, "a"]]
    with pytest.raises(LocalProtocolError, match="no call of the peer"):
        csms.refuse_invalid("a")


def test_a_deferred_answer_may_be_that_of_the_table_after_all() -> None:
    csms = connect(Role.CSMS, "1.6", on_invalid=lambda error: DEFERRED)
    csms.receive_data(BROKEN, 0.0)
    events_of(csms)
    csms.refuse_invalid("a")
    assert [frame[:3] for frame in frames_of(csms)] == [[4, "a", "TypeConstraintViolation"]]
    assert only(FrameRefused, events_of(csms)).error.message_id == "a"
    assert not csms.open_calls
    # It counts once.
    assert csms.refused == {Rule.TYPE: 1}


def test_only_deferred_calls_are_refused_as_invalid() -> None:
    csms = connect(Role.CSMS, "1.6", on_invalid=lambda error: DEFERRED)
    csms.receive_data('[2,"a","Heartbeat",{}]', 0.0)
    with pytest.raises(LocalProtocolError, match="is valid"):
        csms.refuse_invalid("a")
    assert list(csms.open_calls) == ["a"]


def test_a_deferred_answer_has_the_time_of_a_handler() -> None:
    csms = connect(Role.CSMS, "1.6", on_invalid=lambda error: DEFERRED)
    csms.receive_data(BROKEN, 0.0)
    deadline = csms.next_deadline()
    assert deadline is not None
    csms.handle_timeout(deadline)
    assert [frame[:3] for frame in frames_of(csms)] == [[4, "a", "InternalError"]]


def test_a_result_of_the_hook_can_be_refused_by_the_peer() -> None:
    accepted = v21.AuthorizeResponse(
        id_token_info=v21.IdTokenInfoType(status=v21.AuthorizationStatusEnumType.ACCEPTED)
    )
    csms = connect(Role.CSMS, "2.1", on_invalid=lambda error: accepted)
    csms.receive_data('[2,"a","Authorize",{}]', 0.0)
    csms.receive_data('[5,"a","GenericError","",{}]', 0.0)
    _, refused = events_of(csms)
    assert isinstance(refused, ResultRefused)
