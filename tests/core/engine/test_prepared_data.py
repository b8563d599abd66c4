"""Long messages that are read in steps become what they become at once, and the connection lives on meanwhile."""

import json
from typing import Any

import pytest

from ocppkit import v16
from ocppkit.core import (
    LENIENT,
    OFF,
    STRICT,
    AnswerIgnored,
    CallEnded,
    CallReceived,
    Connection,
    Event,
    Failure,
    FrameRefused,
    InvalidMessage,
    Limits,
    Policy,
    PreparedData,
    ResultReceived,
    Role,
)
from support.call_counts import calls_of
from support.connection_pair import connect, events_of, frames_of


def meter_values(samples: int, value: object = 1) -> str:
    sampled = [{"value": value, "unit": "Wh"}] * samples
    entry = {"timestamp": "2026-01-02T03:04:05Z", "sampledValue": sampled}
    return json.dumps([2, "a", "MeterValues", {"connectorId": 1, "meterValue": [entry]}])


def prepared_by(connection: Connection, data: str | bytes, **kind: bool) -> tuple[int, Any]:
    """Returns the number of pauses, and what was prepared."""
    steps, pauses = connection.prepare_data(data, **kind), 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return pauses, end.value
        pauses += 1


def told(events: list[Event]) -> list[str]:
    return [repr(event) for event in events]


FRAMES = {
    "repaired": meter_values(2000),
    "valid": meter_values(2000, "1"),
    "valid at last": meter_values(1, "1"),
    "left out": meter_values(2000, []),
    "unknown members": json.dumps([2, "a", "Heartbeat", dict.fromkeys("abcdef" * 900, 1)]),
    "cannot be built": json.dumps([2, "a", "StopTransaction", {"transactionData": [{}] * 3000}]),
    "no such action": json.dumps([2, "a", "Nothing", {"x": [1] * 3000}]),
    "wrong direction": json.dumps([2, "a", "Reset", {"type": 7}]),
    "no json": meter_values(10)[:-3],
    "no call": json.dumps([7, "a", {}]),
    "an answer to nothing": json.dumps([3, "a", {"status": 7}]),
    "an error": json.dumps([4, "a", "InternalError", "", {}]),
    "a long number": json.dumps([2, "a", "Heartbeat", {"x": 10**50}]),
    "a mark in front": "\ufeff" + meter_values(2000),
}


@pytest.mark.parametrize("policy", [STRICT, LENIENT, OFF], ids=lambda policy: policy.mode)
@pytest.mark.parametrize("name", FRAMES)
def test_a_prepared_message_is_received_like_any_other(name: str, policy: Policy) -> None:
    data = FRAMES[name]
    plain, other = (connect(Role.CSMS, "1.6", inbound=policy) for _ in "ab")
    plain.receive_data(data, 5.0)
    _, prepared = prepared_by(other, data)
    assert events_of(other) == []
    other.receive_data(data, 5.0, prepared=prepared)
    assert told(events_of(other)) == told(events_of(plain))
    assert frames_of(other) == frames_of(plain)


def test_only_what_is_wanted_is_read_beforehand() -> None:
    csms = connect(Role.CSMS, "1.6", inbound=LENIENT)
    found = {name for name, data in FRAMES.items() if prepared_by(csms, data)[1] is not None}
    assert found == {
        "repaired",
        "valid",
        "valid at last",
        "left out",
        "unknown members",
        "cannot be built",
        "a mark in front",
    }
    strict = connect(Role.CSMS, "1.6", limits=Limits(elements=100))
    assert prepared_by(strict, meter_values(2000))[1] is None
    assert prepared_by(strict, meter_values(2).encode(), binary=True)[1] is None
    assert isinstance(prepared_by(strict, meter_values(2))[1], PreparedData)


def test_pauses_follow_the_amount_of_work() -> None:
    csms = connect(Role.CSMS, "1.6", inbound=LENIENT)
    assert prepared_by(csms, meter_values(20_000, "1"))[0] == 0
    assert prepared_by(csms, meter_values(10))[0] == 0
    some, many = (prepared_by(csms, meter_values(count))[0] for count in (2000, 20_000))
    assert 9 * some <= many <= 11 * some
    assert (
        prepared_by(csms, json.dumps([2, "a", "Heartbeat", {str(at): 1 for at in range(20_000)}]))[
            0
        ]
        >= 39
    )


@pytest.mark.parametrize("value", [1, [], {}, None])
def test_no_step_is_long(value: object) -> None:
    csms = connect(Role.CSMS, "1.6", inbound=LENIENT)
    steps = csms.prepare_data(meter_values(5000, value))
    costs = []
    while True:
        calls = calls_of(lambda: next(steps, None)).total()
        if calls < 10:
            break
        costs.append(calls)
    assert len(costs) > 20
    # A call takes about a microsecond.
    assert max(costs) < 20_000


def test_an_answer_of_the_peer_can_be_prepared_while_its_call_waits() -> None:
    csms = connect(Role.CSMS, "1.6", inbound=LENIENT)
    message_id = csms.send_call(v16.GetConfigurationRequest(), 0.0, timeout=30.0)
    csms.data_to_send()
    keys = [{"key": "A", "readonly": 0, "value": 1}] * 3000
    data = json.dumps([3, message_id, {"configurationKey": keys}])
    pauses, prepared = prepared_by(csms, data)
    assert pauses > 10
    csms.receive_data(data, 1.0, prepared=prepared)
    (received,) = events_of(csms)
    assert isinstance(received, ResultReceived)
    assert len(received.issues) == 1000
    assert received.issues.omitted == 5000


def test_an_answer_that_is_prepared_too_late_is_late() -> None:
    csms = connect(Role.CSMS, "1.6", inbound=LENIENT)
    message_id = csms.send_call(v16.GetConfigurationRequest(), 0.0, timeout=30.0)
    csms.data_to_send()
    data = json.dumps([3, message_id, {"configurationKey": 7}])
    _, prepared = prepared_by(csms, data)
    csms.handle_timeout(30.0)
    csms.receive_data(data, 31.0, prepared=prepared)
    ended, ignored = events_of(csms)
    assert isinstance(ended, CallEnded)
    assert isinstance(ignored, AnswerIgnored)


def test_what_was_prepared_is_used_once() -> None:
    csms = connect(Role.CSMS, "1.6")
    _, prepared = prepared_by(csms, meter_values(3))
    csms.receive_data(meter_values(3), 0.0, prepared=prepared)
    csms.receive_data('[2,"b","Heartbeat",{}]', 0.0)
    refused, call = events_of(csms)
    assert isinstance(refused, FrameRefused)
    assert isinstance(refused.error, InvalidMessage)
    assert refused.failure not in list(Failure)
    assert isinstance(call, CallReceived)
