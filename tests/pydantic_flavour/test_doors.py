"""What a model takes and gives: through validation as on the wire, through its constructor as in Python."""

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec import UNSET
from pydantic import BaseModel, ValidationError

from ocppkit import v16, v201
from ocppkit.v16 import pydantic as p16
from ocppkit.v21 import pydantic as p21
from ocppkit.v201 import pydantic as p201

NOON = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)


def wrong(model: type[BaseModel], value: dict[str, Any]) -> list[tuple[tuple[int | str, ...], str]]:
    """Returns place and kind of every error, after both ways of validating said the same."""
    with pytest.raises(ValidationError) as in_python:
        model.model_validate(value)
    with pytest.raises(ValidationError) as in_json:
        model.model_validate_json(json.dumps(value))
    found = [(error["loc"], error["type"]) for error in in_json.value.errors()]
    assert [(error["loc"], error["type"]) for error in in_python.value.errors()] == found
    return found


def test_the_wire_knows_the_names_of_the_wire_alone() -> None:
    assert p201.ResetRequest.model_validate({"type": "OnIdle", "evseId": 1}).evse_id == 1
    assert wrong(p201.ResetRequest, {"type": "OnIdle", "evse_id": 1}) == [
        (("evse_id",), "extra_forbidden")
    ]


def test_inner_objects_know_the_names_of_the_wire_alone() -> None:
    station = {"model": "Wall-11", "vendor_name": "ACME"}
    assert wrong(
        p201.BootNotificationRequest, {"chargingStation": station, "reason": "PowerUp"}
    ) == [
        (("chargingStation", "vendorName"), "missing"),
        (("chargingStation", "vendor_name"), "extra_forbidden"),
    ]


def test_the_constructor_knows_both_names() -> None:
    by_name = p201.ResetRequest(type=v201.ResetEnumType.ON_IDLE, evse_id=1)
    by_wire_name: dict[str, Any] = {"type": "OnIdle", "evseId": 1}
    assert p201.ResetRequest(**by_wire_name) == by_name


def test_null_is_refused_where_a_member_may_be_absent() -> None:
    assert wrong(p201.ResetRequest, {"type": "OnIdle", "evseId": None}) == [
        (("evseId",), "int_type")
    ]


def test_none_means_absent_in_the_constructor() -> None:
    request = p201.ResetRequest(type=v201.ResetEnumType.ON_IDLE, evse_id=None, custom_data=None)
    assert request == p201.ResetRequest(type=v201.ResetEnumType.ON_IDLE)
    assert request.evse_id is None


def test_none_is_no_value_of_a_required_member() -> None:
    nothing: Any = None
    with pytest.raises(ValidationError, match="type"):
        p201.ResetRequest(type=nothing)


def test_absent_members_are_in_no_dump() -> None:
    request = p201.ResetRequest(type=v201.ResetEnumType.ON_IDLE)
    assert request.model_dump() == {"type": "OnIdle"}
    assert request.model_dump_json() == '{"type":"OnIdle"}'
    assert request.model_dump(by_alias=False, mode="json") == {"type": "OnIdle"}


def test_dumps_have_the_names_of_the_wire() -> None:
    request = p201.ResetRequest(type=v201.ResetEnumType.ON_IDLE, evse_id=1)
    assert request.model_dump_json() == '{"type":"OnIdle","evseId":1}'
    assert request.model_dump(by_alias=False) == {"type": "OnIdle", "evse_id": 1}


@pytest.mark.parametrize("data", [None, 1, "a", [1, None], {"a": {"b": None}}])
def test_untyped_places_keep_null_and_absent_apart(data: Any) -> None:
    text = json.dumps({"data": data, "vendorId": "a"}, separators=(",", ":"))
    request = p201.DataTransferRequest.model_validate_json(text)
    assert request.data == data
    assert request.model_dump_json() == text
    assert p201.DataTransferRequest(vendor_id="a", data=data) == request


def test_absent_untyped_places_are_unset() -> None:
    request = p201.DataTransferRequest.model_validate({"vendorId": "a"})
    assert request.data is UNSET
    assert request.model_dump_json() == '{"vendorId":"a"}'
    assert p201.DataTransferRequest(vendor_id="a", data=UNSET) == request
    copy: p201.DataTransferRequest = pickle.loads(pickle.dumps(request))
    assert copy.data is UNSET


def test_untyped_places_hold_only_what_json_can() -> None:
    for data in (float("nan"), [float("inf")], {"a": "\ud800"}, {"\ud800": 1}, NOON):
        with pytest.raises(ValidationError) as refusal:
            p201.DataTransferRequest(vendor_id="a", data=data)
        assert [error["type"] for error in refusal.value.errors()] == ["json"]


def test_open_objects_keep_every_member() -> None:
    members = {"vendorId": "a", "x": None, "vendor_id": 3, "model_dump": [1], "__class__": {"a": 1}}
    custom_data = p201.CustomDataType.model_validate(members)
    assert custom_data.vendor_id == "a"
    assert custom_data.model_extra == {
        name: members[name] for name in members if name != "vendorId"
    }
    assert json.loads(custom_data.model_dump_json()) == members


def test_open_objects_are_made_with_members_of_ones_own() -> None:
    custom_data = p201.CustomDataType(vendor_id="a", colour="red", nothing=None)
    assert custom_data.model_dump() == {"vendorId": "a", "colour": "red", "nothing": None}


def test_open_objects_check_what_the_schema_names() -> None:
    assert wrong(p201.CustomDataType, {"vendorId": "a" * 256, "x": 1}) == [
        (("vendorId",), "string_too_long")
    ]
    assert wrong(p201.CustomDataType, {"x": 1}) == [(("vendorId",), "missing")]


def test_open_objects_hold_only_what_json_can() -> None:
    with pytest.raises(ValidationError, match="representable in JSON"):
        p201.CustomDataType(vendor_id="a", x=float("inf"))


def test_models_are_frozen() -> None:
    request = p201.ResetRequest(type=v201.ResetEnumType.ON_IDLE)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(request, "evse_id", 1)  # noqa: B010  # a type checker refuses the plain form


def test_enums_are_the_version_s_own() -> None:
    request = p201.ResetRequest.model_validate({"type": "OnIdle"})
    assert request.type is v201.ResetEnumType.ON_IDLE
    assert wrong(p201.ResetRequest, {"type": "Soon"}) == [(("type",), "enum")]


@pytest.mark.parametrize("value", ["1", True, 1.5, None, [1], float("inf")])
def test_integers_are_strict(value: Any) -> None:
    assert wrong(p201.ResetRequest, {"type": "OnIdle", "evseId": value})[0][0] == ("evseId",)


@pytest.mark.parametrize("value", ["1", True, None, [1]])
def test_numbers_are_strict(value: Any) -> None:
    request = {"totalCost": value, "transactionId": "a"}
    assert wrong(p201.CostUpdatedRequest, request) == [(("totalCost",), "float_type")]


@pytest.mark.parametrize("value", [1, 1.5, True, None, b"a"])
def test_texts_are_strict(value: Any) -> None:
    with pytest.raises(ValidationError, match="vendorId"):
        p201.DataTransferRequest.model_validate({"vendorId": value})


@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_booleans_are_strict(value: Any) -> None:
    request: dict[str, Any] = {"generatedAt": "2024-05-06T12:00:00Z", "seqNo": 0, "tbc": value}
    assert wrong(p201.NotifyReportRequest, request | {"requestId": 1}) == [(("tbc",), "bool_type")]


def test_integers_pass_for_numbers() -> None:
    request = p201.CostUpdatedRequest.model_validate({"totalCost": 1, "transactionId": "a"})
    assert request.total_cost == 1.0


def test_a_number_without_fraction_is_an_integer_in_draft_6_alone() -> None:
    assert p201.ResetRequest.model_validate_json('{"type":"OnIdle","evseId":1.0}').evse_id == 1
    unlock = p16.UnlockConnectorRequest
    assert wrong(unlock, {"connectorId": 1.0}) == [(("connectorId",), "int_type")]
    trigger = {"requestedMessage": "Heartbeat", "connectorId": 1.0}
    assert p16.ExtendedTriggerMessageRequest.model_validate(trigger).connector_id == 1


def test_whole_numbers_become_integers() -> None:
    evse_id = p201.ResetRequest.model_validate({"type": "OnIdle", "evseId": 3.0}).evse_id
    assert type(evse_id) is int


def test_bounds_of_integers_count_after_the_reading() -> None:
    request: dict[str, Any] = {
        "id": -1.0,
        "pending": 0,
        "basetime": "2024-05-06T12:00:00Z",
        "data": [],
    }
    assert wrong(p21.NotifyPeriodicEventStream, request) == [
        (("data",), "too_short"),
        (("id",), "greater_than_equal"),
    ]


def test_the_number_of_items_is_bounded() -> None:
    assert wrong(p201.GetVariablesRequest, {"getVariableData": []}) == [
        (("getVariableData",), "too_short")
    ]


@pytest.mark.parametrize("limit", [0, 1, 0.1, 0.3, 1.7, 8.1, 22000.0, 99999.9, -1.1])
def test_tenths_pass(limit: float) -> None:
    period = p16.ChargingSchedulePeriod.model_validate({"startPeriod": 0, "limit": limit})
    assert period.limit == limit


@pytest.mark.parametrize("limit", [0.15, 1.7000000000000002, 0.30000000000000004, 1e-9])
def test_what_is_no_tenth_is_refused(limit: float) -> None:
    assert wrong(p16.ChargingSchedulePeriod, {"startPeriod": 0, "limit": limit}) == [
        (("limit",), "multiple_of")
    ]


@pytest.mark.parametrize("text", ["ftp://a/b", "urn:a", "http://[::1]:80/x?y#z", "http://[v1.a]"])
def test_uris_pass(text: str) -> None:
    assert p16.GetDiagnosticsRequest.model_validate({"location": text}).location == text


@pytest.mark.parametrize(
    "text", ["", "a", "//a", "a:b c", "http://[::g]", "http://[::1%eth0]", "a://b:c"]
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    assert wrong(p16.GetDiagnosticsRequest, {"location": text}) == [(("location",), "uri")]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-05-06T12:00:00Z", NOON),
        ("2024-05-06t12:00:00z", NOON),
        ("2024-05-06T14:00:00+02:00", NOON),
        ("2024-05-06T12:00:00.123456Z", NOON + timedelta(microseconds=123456)),
    ],
)
def test_date_times_are_read(text: str, moment: datetime) -> None:
    assert p201.HeartbeatResponse.model_validate({"currentTime": text}).current_time == moment
    assert p201.HeartbeatResponse.model_validate_json(f'{{"currentTime":"{text}"}}') is not None


@pytest.mark.parametrize(
    "value",
    [
        1714996800,
        "1714996800",
        "2024-05-06",
        "2024-05-06T12:00:00",
        "2024-05-06T12:00Z",
        "2024-05-06T24:00:00Z",
    ],
)
def test_what_is_no_aware_date_time_is_refused(value: Any) -> None:
    assert [place for place, _ in wrong(p201.HeartbeatResponse, {"currentTime": value})] == [
        ("currentTime",)
    ]


def test_naive_date_times_are_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        p201.HeartbeatResponse(current_time=datetime(2024, 5, 6))


def test_date_times_leave_in_utc_with_milliseconds() -> None:
    moment = datetime(2024, 5, 6, 14, 0, 0, 123999, tzinfo=timezone(timedelta(hours=2)))
    response = p201.HeartbeatResponse(current_time=moment)
    assert response.model_dump_json() == '{"currentTime":"2024-05-06T12:00:00.123Z"}'
    assert response.model_dump(mode="json") == {"currentTime": "2024-05-06T12:00:00.123Z"}
    assert response.model_dump() == {"currentTime": moment}
    whole = p201.HeartbeatResponse(current_time=NOON)
    assert whole.model_dump_json() == '{"currentTime":"2024-05-06T12:00:00Z"}'


def test_the_edges_of_the_calendar_can_be_written() -> None:
    moment = datetime(9999, 12, 31, 23, 0, tzinfo=timezone(timedelta(hours=-2)))
    response = p201.HeartbeatResponse(current_time=moment)
    assert response.model_dump_json() == '{"currentTime":"9999-12-31T23:00:00-02:00"}'


def test_texts_without_bounds_are_unicode() -> None:
    with pytest.raises(ValidationError, match="representable in JSON"):
        p16.SampledValue(value="\ud800")


def test_one_model_of_custom_data_serves_a_version() -> None:
    custom_data = p201.CustomDataType(vendor_id="a")
    status_info = p201.StatusInfoType(reason_code="a", custom_data=custom_data)
    response = p201.HeartbeatResponse(current_time=NOON, custom_data=custom_data)
    assert type(status_info.custom_data) is type(response.custom_data) is p201.CustomDataType


def test_versions_do_not_mix() -> None:
    other: Any = v16.ResetRequest(type=v16.ResetType.HARD)
    with pytest.raises(ValidationError):
        p201.ResetRequest.from_msgspec(other)
