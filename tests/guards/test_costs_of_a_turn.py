"""What a turn of the engine costs, in calls and in memory: limits that a slow change breaks."""

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v16, v201
from ocppkit.core import (
    Call,
    CallReceived,
    Connection,
    Response,
    ResultReceived,
    Role,
    decode_message,
    encode_message,
    encode_payload,
)
from ocppkit.core.frames import _limits
from ocppkit.core.payloads import _checks, _codec, _writing
from support.call_counts import calls_of, python_calls
from support.connection_pair import NOW, PROTOCOLS, connect

Turn = Callable[[], object]

PERIODS = [v16.ChargingSchedulePeriod(start_period=start, limit=start / 10) for start in range(50)]
PROFILE = v16.ChargingProfile(
    charging_profile_id=1,
    stack_level=0,
    charging_profile_purpose=v16.ChargingProfilePurposeType.TX_PROFILE,
    charging_profile_kind=v16.ChargingProfileKindType.ABSOLUTE,
    charging_schedule=v16.ChargingSchedule(
        charging_rate_unit=v16.ChargingRateUnitType.A, charging_schedule_period=PERIODS
    ),
)
SET_PROFILE = v16.SetChargingProfileRequest(connector_id=1, cs_charging_profiles=PROFILE)
METER_VALUES = v201.MeterValuesRequest(
    evse_id=1,
    meter_value=[
        v201.MeterValueType(
            timestamp=NOW, sampled_value=[v201.SampledValueType(value=at / 10) for at in range(30)]
        )
    ],
)
EVENT = v201.DataTransferRequest(
    vendor_id="v", custom_data=v201.CustomDataType(vendor_id="v", more=[1, {"a": None}])
)


def frame(message: Any) -> str:
    payload = json.loads(encode_payload(message))
    return json.dumps([2, "a", message.__ocpp_action__, payload])


def turn_of(role: Role, version: str, text: str, response: Response) -> Turn:
    """Returns a turn that has run once: a call comes, is read and answered."""
    connection = connect(role, version)

    def turn() -> object:
        connection.receive_data(text, 0.0)
        event = connection.next_event()
        assert isinstance(event, CallReceived)
        connection.send_result(event.message_id, response, 0.0)
        return event, connection.data_to_send()

    turn()
    return turn


HEARTBEAT = turn_of(
    Role.CSMS, "2.0.1", '[2,"a","Heartbeat",{}]', v201.HeartbeatResponse(current_time=NOW)
)
TURNS = {
    "Heartbeat": HEARTBEAT,
    "MeterValues": turn_of(Role.CSMS, "2.0.1", frame(METER_VALUES), v201.MeterValuesResponse()),
    "SetChargingProfile": turn_of(
        Role.STATION,
        "1.6",
        frame(SET_PROFILE),
        v16.SetChargingProfileResponse(status=v16.ChargingProfileStatus.ACCEPTED),
    ),
    "DataTransfer": turn_of(
        Role.CSMS,
        "2.0.1",
        frame(EVENT),
        v201.DataTransferResponse(status=v201.DataTransferStatusEnumType.ACCEPTED),
    ),
}
EACH = pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS.keys())


def test_a_heartbeat_takes_few_calls() -> None:
    # 10 functions of ours and 16 of C when this was written; a tenth more is no accident.
    calls = calls_of(HEARTBEAT)
    assert python_calls(calls) <= 11, calls
    assert calls.total() <= 29, calls


def test_the_calls_of_a_long_message_do_not_grow_with_it() -> None:
    # One comprehension sweeps a place, however many values it has; a function per value is slow.
    for name in ("MeterValues", "SetChargingProfile"):
        assert python_calls(calls_of(TURNS[name])) <= 30, name


def test_a_message_without_an_engine_takes_few_calls() -> None:
    text = '[2,"a","Heartbeat",{}]'
    request = v201.HeartbeatRequest()
    assert decode_message(v201.PROTOCOL, text) == Call("a", "Heartbeat", request)
    encode_message("a", request)
    # Frame and payload at once; and what writes, the look at what it writes, no more.
    calls = calls_of(lambda: decode_message(v201.PROTOCOL, text))
    assert (python_calls(calls), calls["C Decoder.decode"], calls.total()) == (2, 1, 3), calls
    calls = calls_of(lambda: encode_message("a", request))
    assert (python_calls(calls), calls["C Encoder.encode"], calls.total()) == (3, 2, 7), calls


def test_all_looks_at_what_is_written_are_one_function() -> None:
    request = v16.StatusNotificationRequest(
        connector_id=1,
        error_code=v16.ChargePointErrorCode.NO_ERROR,
        status=v16.ChargePointStatus.AVAILABLE,
        timestamp=NOW,
    )
    encode_message("a", request)
    calls = calls_of(lambda: encode_message("a", request))
    assert python_calls(calls) == 3, calls


@EACH
def test_no_pattern_and_no_log(turn: Turn) -> None:
    names = " ".join(calls_of(turn))
    assert "Pattern" not in names
    assert "logging" not in names


@EACH
def test_nothing_is_compiled_twice(turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (_codec, "shape_of"),
        (_codec, "check_of"),
        (_codec, "write_of"),
        (_checks, "field_expressions"),
        (_writing, "field_expressions"),
        (_limits, "open_members"),
    ):
        monkeypatch.setattr(module, name, None)
    turn()


def test_what_a_heartbeat_hands_out_is_small() -> None:
    # The event, its request, raw bytes, message id and empty issues; the frame and its list: with
    # the tuple that holds them and a float or two that is a dozen.
    results: list[object] = [None]
    gc.collect()
    before = sys.getallocatedblocks()
    results[0] = HEARTBEAT()
    assert sys.getallocatedblocks() - before <= 16


@EACH
def test_a_turn_leaves_nothing_behind(turn: Turn) -> None:
    before = 0
    for at in range(300):
        if at == 100:
            # The interpreter's own free lists are full by now.
            gc.collect()
            before = sys.getallocatedblocks()
        turn()
    # Less than half a block a turn: whatever is kept is kept by chance.
    assert sys.getallocatedblocks() - before < 100


@pytest.mark.parametrize("version", PROTOCOLS)
def test_an_idle_connection_is_small(version: str) -> None:
    used = [connect(Role.CSMS, version)]
    response: Any = PROTOCOLS[version].actions["Heartbeat"].response
    gc.collect()
    tracemalloc.start()
    try:
        used += [_used(version, response(current_time=NOW)) for _ in range(100)]
        gc.collect()
        size = tracemalloc.get_traced_memory()[0] // 100
    finally:
        tracemalloc.stop()
    # 1.1 KB after a call was answered; 1.6 KB in 2.1, which remembers the answer.
    assert size < 2048


def _used(version: str, response: Response) -> Connection:
    connection = connect(Role.CSMS, version)
    connection.receive_data('[2,"a","Heartbeat",{}]', 0.0)
    assert isinstance(connection.next_event(), CallReceived)
    connection.send_result("a", response, 0.0)
    connection.data_to_send()
    return connection


def test_a_call_of_ours_takes_few_calls() -> None:
    station = connect(Role.STATION, new_id=lambda: "a")
    request = v201.HeartbeatRequest()

    def turn() -> None:
        station.send_call(request, 0.0)
        station.data_to_send()
        station.receive_data('[3,"a",{"currentTime":"2025-06-01T10:00:00Z"}]', 0.0)
        assert isinstance(station.next_event(), ResultReceived)

    turn()
    calls = calls_of(turn)
    assert python_calls(calls) <= 34, calls
