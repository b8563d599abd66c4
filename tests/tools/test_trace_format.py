"""Open OCPP Trace 1.1, read and written. The specification's own fixtures are not in this repository."""

import json
from typing import Any

import msgspec
import pytest

from ocppkit.core import Role
from ocppkit.tools import (
    Direction,
    LineReader,
    LoggedFrame,
    consumer_view,
    decode_trace,
    encode_trace,
    inspect,
)


def record(kind: str, direction: str = "cp-to-csms", **members: Any) -> dict[str, Any]:
    return {
        "schemaVersion": "1.1",
        "timestamp": "2026-01-05T08:00:00.250Z",
        "transport": "json",
        "direction": direction,
        "messageType": kind,
        "messageId": "m1",
        **members,
    }


def call(**members: Any) -> dict[str, Any]:
    return record("CALL", **{"action": "Heartbeat", "payload": {}, **members})


def result(**members: Any) -> dict[str, Any]:
    return record("CALLRESULT", "csms-to-cp", **{"payload": {}, **members})


def read(members: dict[str, Any]) -> LoggedFrame | None:
    return LineReader("t.jsonl", station="t").read(json.dumps(members))


def test_a_record_becomes_a_frame_of_its_station() -> None:
    frame = read(call(chargePointId="CP1", ocppVersion="1.6", unknown={"a": 1}))
    assert frame is not None
    assert frame.text == '[2,"m1","Heartbeat",{}]'
    assert (frame.station, frame.version, frame.time) == ("CP1", "1.6", 1767600000.25)
    assert frame.direction is Direction.FROM_STATION
    answer = read(result())
    assert answer is not None
    assert (answer.text, answer.station) == ('[3,"m1",{}]', "t")
    assert answer.direction is Direction.FROM_CSMS


def test_the_frame_on_the_wire_comes_before_its_members() -> None:
    frame = read(call(raw='[2, "m1", "Heartbeat", {} ]'))
    assert frame is not None
    assert (frame.text, frame.problem) == ('[2, "m1", "Heartbeat", {} ]', None)


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        (call(raw='[2,"m2","Heartbeat",{}]'), "messageId"),
        (call(raw='[2,"m1","Reset",{}]'), "action"),
        (call(raw='[2,"m1","Heartbeat",{"a":1}]'), "payload"),
        (call(raw='[3,"m1",{}]'), "messageType"),
        (result(raw='[3,"m1",{"a":1}]'), "payload"),
    ],
)
def test_a_member_that_contradicts_the_wire_is_found(members: dict[str, Any], problem: str) -> None:
    frame = read(members)
    assert frame is not None
    assert frame.problem == f"{problem} is not that of raw"
    assert [finding.text for finding in inspect([frame]).findings if finding.kind == "record"] == [
        frame.problem
    ]


def test_errors_and_missing_members_are_put_together() -> None:
    error = record("CALLERROR", error={"code": "GenericError"})
    assert decode_trace(json.dumps(error)).text == '[4,"m1","GenericError","",{}]'
    bare = record("CALLERROR", error={})
    del bare["messageId"]
    assert decode_trace(json.dumps(bare)).text == '[4,null,"","",{}]'
    assert decode_trace(json.dumps(call(payload={"a": [1]}))).text.endswith('{"a": [1]}]')


def test_soap_is_passed_over_and_a_broken_record_is_no_record() -> None:
    assert read(call(transport="soap")) is None
    assert read(call(direction="up")) is None
    with pytest.raises(msgspec.MsgspecError, match="direction"):
        decode_trace(json.dumps(call(direction="up")))


def written(text: str, **options: Any) -> dict[str, Any]:
    logged = LoggedFrame(text=text, source="x", line=1, station="CP1", time=1767600000.25)
    line = encode_trace(logged, sender=Role.STATION, **options)
    assert line is not None
    members: dict[str, Any] = json.loads(line)
    return members


def test_what_is_written_is_what_was_on_the_wire() -> None:
    text = '[2,"m1","MeterValues",{"connectorId":2,"meterValue":[]}]'
    assert written(text, version="1.6") == {
        "schemaVersion": "1.1",
        "timestamp": "2026-01-05T08:00:00.250Z",
        "ocppVersion": "1.6",
        "transport": "json",
        "chargePointId": "CP1",
        "connectorId": 2,
        "direction": "cp-to-csms",
        "messageType": "CALL",
        "messageId": "m1",
        "action": "MeterValues",
        "payload": {"connectorId": 2, "meterValue": []},
        "raw": text,
    }
    assert written('[3,"m1",{}]', action="Reset")["action"] == "Reset"
    assert written('[4,"m1","GenericError","no",{"a":1}]')["error"] == {
        "code": "GenericError",
        "description": "no",
        "details": {"a": 1},
    }
    assert "connectorId" not in written('[2,"1","A",{"connectorId":-1}]')
    assert "connectorId" not in written('[2,"1","A",{"connectorId":"x"}]')


@pytest.mark.parametrize("text", ["PING", '[6,"1","NotifyPeriodicEventStream",{}]', '[2,"1"]'])
def test_what_the_format_does_not_have_is_not_written(text: str) -> None:
    logged = LoggedFrame(text=text, source="x", line=1, station="CP1", time=0.0)
    assert encode_trace(logged, sender=Role.CSMS) is None
    timeless = LoggedFrame(text='[3,"1",{}]', source="x", line=1, station="CP1")
    assert encode_trace(timeless, sender=Role.CSMS) is None


def view(*records: dict[str, Any]) -> dict[str, Any]:
    return consumer_view(decode_trace(json.dumps(each)) for each in records)


def test_an_answer_belongs_to_the_latest_open_call_of_the_other_direction() -> None:
    seen = view(call(), call(action="Reset"), result(), result(), result(action="Odd"))
    assert [each.get("correlatesWith") for each in seen["records"]] == [None, None, 1, 0, None]
    assert [each["action"] for each in seen["records"]] == [
        "Heartbeat", "Reset", "Reset", "Heartbeat", "Odd",
    ]  # fmt: skip
    assert seen["orphanResponses"] == [4]
    assert seen["counts"] == {"records": 5, "calls": 2, "callResults": 3, "callErrors": 0}
    same_way = view(call(), record("CALLRESULT", payload={}))
    assert (same_way["unansweredCalls"], same_way["orphanResponses"]) == ([0], [1])
    assert view()["schemaVersion"] == "unknown"
