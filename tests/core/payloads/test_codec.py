"""Payloads in and out: strict first, self-checked, and never another exception."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Raw

from ocppkit import v16, v21, v201
from ocppkit.core import (
    LENIENT,
    OFF,
    STRICT,
    ErrorCode,
    InvalidMessage,
    InvalidOutgoing,
    KnownMembers,
    Mode,
    OpenObject,
    Override,
    Payload,
    Policy,
    Rule,
    decode_payload,
    encode_payload,
)
from ocppkit.core.payloads import _codec as codec

BOOT = '{"chargePointModel":"Wall-11","chargePointVendor":"ACME"}'
NOW = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
POLICIES = [STRICT, LENIENT, OFF]


def boot_201(**members):
    station = v201.ChargingStationType(model="Wall-11", vendor_name="ACME")
    return v201.BootNotificationRequest(
        charging_station=station, reason=v201.BootReasonEnumType.POWER_UP, **members
    )


@pytest.mark.parametrize(
    "data",
    [
        BOOT,
        BOOT.encode(),
        bytearray(BOOT.encode()),
        memoryview(BOOT.encode()),
        Raw(BOOT.encode()),
        f" {BOOT}\n",
    ],
)
@pytest.mark.parametrize("policy", POLICIES)
def test_every_kind_of_text_is_read(policy, data):
    issues = []
    payload = decode_payload(v16.BootNotificationRequest, data, policy=policy, issues=issues)
    assert payload == v16.BootNotificationRequest(
        charge_point_model="Wall-11", charge_point_vendor="ACME"
    )
    assert issues == []


def test_a_refusal_tells_everything():
    text = '{"chargePointModel":"Wall-11","chargeBoxSerialNumber":5}'
    with pytest.raises(InvalidMessage) as caught:
        decode_payload(v16.BootNotificationRequest, text)
    error = caught.value
    assert error.action == "BootNotification"
    assert error.error_code is ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
    assert error.raw == text.encode()
    assert error.value == json.loads(text)
    assert [(issue.path, issue.rule) for issue in error.issues] == [
        ("$.chargeBoxSerialNumber", Rule.TYPE),
        ("$.chargePointVendor", Rule.REQUIRED),
    ]
    assert str(error) == (
        "BootNotification: 5 in place of a string at $.chargeBoxSerialNumber; "
        "required member missing at $.chargePointVendor"
    )
    assert error.__cause__ is None
    assert error.__context__ is None


def test_repairs_are_added_to_the_callers_list():
    issues = ["before"]
    text = BOOT.replace('"Wall-11"', "11")
    payload = decode_payload(v16.BootNotificationRequest, text, policy=LENIENT, issues=issues)
    assert payload.charge_point_model == "11"
    assert [getattr(issue, "path", issue) for issue in issues] == ["before", "$.chargePointModel"]
    assert decode_payload(v16.BootNotificationRequest, text, policy=LENIENT) == payload


def test_a_datatype_alone_is_read_too():
    token = decode_payload(v201.IdTokenType, '{"idToken":"x","type":"Central"}')
    assert token.id_token == "x"
    with pytest.raises(InvalidMessage, match="IdTokenType: required member missing at"):
        decode_payload(v201.IdTokenType, '{"idToken":"x"}')


def test_what_msgspec_cannot_check_is_checked():
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.05}],
        },
    }
    text = json.dumps({"connectorId": 1, "csChargingProfiles": profile})
    with pytest.raises(InvalidMessage) as caught:
        decode_payload(v16.SetChargingProfileRequest, text)
    path = "$.csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0].limit"
    assert [(issue.path, issue.rule) for issue in caught.value.issues] == [(path, Rule.MULTIPLE_OF)]
    good = text.replace("16.05", "16.1")
    assert decode_payload(v16.SetChargingProfileRequest, good).connector_id == 1


def test_open_objects_keep_every_member_and_are_checked():
    boot = decode_payload(
        v201.BootNotificationRequest,
        '{"reason":"PowerUp","chargingStation":{"model":"a","vendorName":"b"},'
        '"customData":{"vendorId":"c","x":null,"y":{"z":[1.5]}}}',
    )
    assert isinstance(boot.custom_data, v201.CustomDataType)
    assert boot.custom_data == {"vendorId": "c", "x": None, "y": {"z": [1.5]}}
    for wrong in ('{"x":1}', '{"vendorId":1}', "[]", '"x"', f'{{"vendorId":"{"x" * 256}"}}'):
        with pytest.raises(InvalidMessage):
            decode_payload(v201.HeartbeatRequest, f'{{"customData":{wrong}}}')


class _Known(KnownMembers, kw_only=True, frozen=True):
    link: Annotated[str, Meta(extra={"format": "uri"})]


class Linked(OpenObject):
    """An open object with a member that msgspec cannot check."""

    __ocpp_known__ = _Known


class Holder(Payload, kw_only=True, frozen=True):
    """What holds it."""

    linked: Linked


def test_known_members_of_open_objects_are_checked_like_others():
    assert decode_payload(Holder, '{"linked":{"link":"a:b"}}').linked == {"link": "a:b"}
    with pytest.raises(InvalidMessage, match=r"Holder: 'a' is no .* at \$.linked.link"):
        decode_payload(Holder, '{"linked":{"link":"a"}}')


def test_null_and_absent_stay_apart_in_untyped_places():
    null = decode_payload(v201.DataTransferRequest, '{"vendorId":"a","data":null}')
    absent = decode_payload(v201.DataTransferRequest, '{"vendorId":"a"}')
    assert null.data is None
    assert absent.data is msgspec.UNSET
    assert encode_payload(null) == b'{"data":null,"vendorId":"a"}'
    assert encode_payload(absent) == b'{"vendorId":"a"}'


def test_an_override_counts_in_strict_mode_both_ways():
    override = Override(
        message=v16.BootNotificationRequest, path="$.chargeBoxSerialNumber", max_length=50
    )
    policy = Policy(overrides=(override,))
    boot = v16.BootNotificationRequest(
        charge_point_model="a", charge_point_vendor="b", charge_box_serial_number="x" * 50
    )
    with pytest.raises(InvalidOutgoing):
        encode_payload(boot)
    data = encode_payload(boot, policy=policy)
    assert decode_payload(v16.BootNotificationRequest, data, policy=policy) == boot
    too_long = msgspec.structs.replace(boot, charge_box_serial_number="x" * 51)
    with pytest.raises(InvalidOutgoing, match="is longer than 50 characters"):
        encode_payload(too_long, policy=policy)


# Outgoing.


def test_whole_seconds_in_utc_leave_as_they_are():
    response = v201.HeartbeatResponse(current_time=NOW)
    assert encode_payload(response) == b'{"currentTime":"2024-05-06T07:08:09Z"}'


@pytest.mark.parametrize(
    "moment",
    [
        NOW.replace(microsecond=123_456),
        NOW.replace(microsecond=123_000).astimezone(timezone(timedelta(hours=-9, minutes=-30))),
    ],
)
def test_date_times_leave_with_milliseconds_in_utc(moment):
    response = v201.HeartbeatResponse(current_time=moment)
    assert encode_payload(response) == b'{"currentTime":"2024-05-06T07:08:09.123Z"}'
    assert response.current_time is moment


BAD_OUTGOING = [
    (v201.HeartbeatResponse(current_time=datetime(2024, 5, 6)), "$.currentTime", Rule.FORMAT),
    (v201.HeartbeatResponse(current_time=None), "$.currentTime", Rule.NULL),
    (
        v201.CostUpdatedRequest(total_cost=float("nan"), transaction_id="1"),
        "$.totalCost",
        Rule.NULL,
    ),
    (v201.CostUpdatedRequest(total_cost="1", transaction_id="1"), "$.totalCost", Rule.TYPE),
    (
        v201.ResetRequest(type=v201.ResetEnumType.unknown("Soon")),
        "$.type",
        Rule.ENUM,
    ),
    (v201.AuthorizeRequest(id_token={"idToken": "a"}), "$.idToken.type", Rule.REQUIRED),
    (v201.DataTransferRequest(vendor_id="a", data=float("inf")), "$.data", Rule.NUMBER),
    (
        v201.DataTransferRequest(vendor_id="a", data=[{"x": float("nan")}]),
        "$.data[0].x",
        Rule.NUMBER,
    ),
    (v201.DataTransferRequest(vendor_id="x" * 256), "$.vendorId", Rule.MAX_LENGTH),
    (
        boot_201(custom_data=v201.CustomDataType(vendor_id=5)),
        "$.customData.vendorId",
        Rule.TYPE,
    ),
    (v16.ResetResponse(status="Perhaps"), "$.status", Rule.ENUM),
    (
        v16.BootNotificationResponse(current_time=NOW, interval=1.0, status="Accepted"),
        "$.interval",
        Rule.TYPE,
    ),
]


@pytest.mark.parametrize(("payload", "path", "rule"), BAD_OUTGOING)
@pytest.mark.parametrize("policy", [STRICT, LENIENT])
def test_what_breaks_the_schema_does_not_leave(policy, payload, path, rule):
    with pytest.raises(InvalidOutgoing) as caught:
        encode_payload(payload, policy=policy)
    assert [(issue.path, issue.rule) for issue in caught.value.issues] == [(path, rule)]
    assert caught.value.action == payload.__ocpp_action__


def test_off_lets_out_what_can_be_written():
    reset = v201.ResetRequest(type=v201.ResetEnumType.unknown("Soon"))
    assert encode_payload(reset, policy=OFF) == b'{"type":"Soon"}'
    naive = v201.HeartbeatResponse(current_time=datetime(2024, 5, 6))
    assert encode_payload(naive, policy=OFF) == b'{"currentTime":"2024-05-06T00:00:00"}'


ACCEPTED = v201.RegistrationStatusEnumType.ACCEPTED


@pytest.mark.parametrize("interval", [300.0, 2**31, -(2**31) - 1, 2**70, "300", True, None])
def test_what_is_no_integer_of_32_bits_is_not_sent_in_2_x(interval):
    # VAL-02
    response = v201.BootNotificationResponse(current_time=NOW, interval=interval, status=ACCEPTED)
    with pytest.raises(InvalidOutgoing, match=r"\$\.interval"):
        encode_payload(response)
    assert encode_payload(response, policy=OFF)


def test_integers_of_32_bits_are_sent():
    for interval in (0, 2**31 - 1, -(2**31)):
        response = v201.BootNotificationResponse(
            current_time=NOW, interval=interval, status=ACCEPTED
        )
        assert f'"interval":{interval}'.encode() in encode_payload(response)


def test_an_integer_in_a_list_is_checked():
    periods = [v201.ChargingSchedulePeriodType(start_period=at, limit=1.0) for at in (0, 2**40)]
    schedule = v201.ChargingScheduleType(
        id=1,
        charging_rate_unit=v201.ChargingRateUnitEnumType.A,
        charging_schedule_period=periods,
    )
    report = v201.NotifyChargingLimitRequest(
        charging_limit=v201.ChargingLimitType(charging_limit_source="EMS"),
        charging_schedule=[schedule],
    )
    with pytest.raises(InvalidOutgoing, match=r"chargingSchedulePeriod\[1\].startPeriod"):
        encode_payload(report)


def test_1_6_names_no_size_of_an_integer():
    stop = v16.StopTransactionRequest(meter_stop=2**40, timestamp=NOW, transaction_id=2**63 - 1)
    assert b"9223372036854775807" in encode_payload(stop)
    with pytest.raises(InvalidOutgoing, match=r"meterStop"):
        encode_payload(
            v16.StopTransactionRequest(meter_stop=300.0, timestamp=NOW, transaction_id=1)
        )


@pytest.mark.parametrize(
    "text",
    [
        "2024-05-06 07:08:09Z",
        "2024-05-06T07:08:09+0100",
        "2024-05-06T07:08:09+01",
        "2024-05-06T07:08:09",
        "2024-05-06T07:08:09+24:00",
        "2024-05-06T07:08Z",
        "2024-05-06T24:00:00Z",
        "2024-02-30T07:08:09Z",
        "soon",
    ],
)
@pytest.mark.parametrize("cls", [v16.HeartbeatResponse, v201.HeartbeatResponse])
def test_a_text_that_rfc_3339_does_not_write_is_not_sent(cls, text):
    with pytest.raises(InvalidOutgoing, match=r"no RFC 3339 date-time at \$\.currentTime"):
        encode_payload(cls(current_time=text))


def test_a_text_is_judged_alike_beside_what_has_to_be_normalised():
    custom_data = v201.CustomDataType(vendor_id="v")
    request = v201.TransactionEventRequest(
        event_type=v201.TransactionEventEnumType.ENDED,
        timestamp=NOW.replace(microsecond=5000),
        trigger_reason=v201.TriggerReasonEnumType.EV_DEPARTED,
        seq_no=1,
        transaction_info=v201.TransactionType(transaction_id="t"),
        meter_value=[
            v201.MeterValueType(
                timestamp="2024-05-06 07:08:09Z",
                sampled_value=[v201.SampledValueType(value=1.0)],
            )
        ],
        custom_data=custom_data,
    )
    with pytest.raises(InvalidOutgoing, match=r"meterValue\[0\].timestamp"):
        encode_payload(request)


@pytest.mark.parametrize("text", ["2024-05-06T07:08:09Z", "2024-05-06t07:08:09.5-09:30"])
def test_a_text_that_rfc_3339_writes_is_sent(text):
    response = v201.HeartbeatResponse(current_time=text)
    assert encode_payload(response) == f'{{"currentTime":"{text}"}}'.encode()


class Documented(v16.HeartbeatResponse, kw_only=True, frozen=True):
    """Adds nothing but words."""


class Extended(v16.HeartbeatResponse, kw_only=True, frozen=True):
    """Adds a member, and names another action."""

    __ocpp_action__ = "Extended"
    zone: str = "UTC"


class Renamed(v16.HeartbeatResponse, kw_only=True, frozen=True, rename="pascal"):
    """Writes its members under other names."""

    current_time: datetime


def test_a_subclass_is_checked_by_the_class_of_its_action():
    assert encode_payload(Documented(current_time=NOW)) == encode_payload(
        v16.HeartbeatResponse(current_time=NOW)
    )
    assert encode_payload(Extended(current_time=NOW)) == encode_payload(
        v16.HeartbeatResponse(current_time=NOW)
    )
    for wrong in (Extended(current_time=NOW, zone="CET"), Renamed(current_time=NOW)):
        with pytest.raises(InvalidOutgoing, match="Heartbeat: "):
            encode_payload(wrong)


def endless():
    members = {}
    members["self"] = members
    return members


@pytest.mark.parametrize("policy", [STRICT, OFF])
@pytest.mark.parametrize("data", [object(), "\ud800", {1: {2, object()}}, endless(), {(1, 2): 3}])
def test_what_json_has_no_word_for_does_not_leave(policy, data):
    with pytest.raises(
        InvalidOutgoing, match="DataTransfer: the payload cannot be written as JSON"
    ):
        encode_payload(v201.DataTransferRequest(vendor_id="a", data=data), policy=policy)


def test_a_round_trip_keeps_what_the_repair_pass_built():
    text = '{"currentTime":"2016-12-31T23:59:60Z"}'
    response = decode_payload(v201.HeartbeatResponse, text)
    assert encode_payload(response) == b'{"currentTime":"2017-01-01T00:00:00Z"}'


# Hostile input.

HOSTILE = {
    "nothing": b"",
    "brackets": b"[" * 10_000,
    "brackets-closed": b"[" * 10_000 + b"]" * 10_000,
    "nested-data": b'{"vendorId":"a","data":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "nested-custom-data": b'{"vendorId":"a","customData":' * 10_000,
    "nested-unknown": b'{"vendorId":"a","x":' + b'{"a":' * 10_000,
    "digits": b'{"vendorId":"a","data":' + b"9" * 5_000 + b"}",
    "digits-fraction": b'{"vendorId":"a","data":1.' + b"9" * 5_000 + b'e999,"x":1}',
    "digits-unknown": b'{"vendorId":"a","x":' + b"9" * 5_000 + b"}",
    "not-utf-8": b'{"vendorId":"\xff\xfe"}',
    "not-utf-8-name": b'{"\xff":1}',
    "surrogate": b'{"vendorId":"\\ud800"}',
    "nul": b'{"vendorId":"a"}\x00',
    "bom": b'\xef\xbb\xbf{"vendorId":"a"}',
    "big-text": b'{"vendorId":"' + b"a" * 5_000_000 + b'"}',
    "big-list": b'{"vendorId":[' + b"1," * 2_000_000 + b"1]}",
    "many-members": b'{"vendorId":"a"' + b"".join(b',"%d":1' % at for at in range(300_000)) + b"}",
    "same-member": b'{"vendorId":"a"' + b',"vendorId":1' * 300_000 + b"}",
}


def outcome(cls, data, policy):
    """A payload, or the refusal of it; any other exception is a finding."""
    try:
        return decode_payload(cls, data, policy=policy, issues=[])
    except InvalidMessage as error:
        return error


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_input_is_refused_in_few_words(policy, data):
    found = outcome(v201.DataTransferRequest, data, policy)
    if isinstance(found, InvalidMessage):
        assert len(str(found)) < 500
        assert str(found).isprintable()
        assert 1 <= len(found.issues) <= 1000
    else:
        # Over-long texts are kept, and what is unknown is left out.
        assert policy is not STRICT


def test_text_with_a_lone_surrogate_is_refused():
    with pytest.raises(InvalidMessage) as caught:
        decode_payload(v201.DataTransferRequest, '{"vendorId":"\ud800"}')
    assert caught.value.error_code is ErrorCode.RPC_FRAMEWORK_ERROR
    assert caught.value.raw == b'{"vendorId":"\xed\xa0\x80"}'


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
CLASSES = st.sampled_from(
    [
        *(v16.SetChargingProfileRequest, v16.StatusNotificationRequest, v16.GetDiagnosticsRequest),
        *(v201.TransactionEventRequest, v201.DataTransferRequest, v21.NotifyReportRequest),
    ]
)


def accepted_or_refused(cls, data):
    for policy in POLICIES:
        found = outcome(cls, data, policy)
        assert found.issues if isinstance(found, InvalidMessage) else isinstance(found, cls)


@given(CLASSES, st.binary(max_size=200) | st.text(max_size=200))
def test_any_bytes_give_a_payload_or_a_refusal(cls, data):
    accepted_or_refused(cls, data)


@given(st.data(), CLASSES)
def test_any_object_gives_a_payload_or_a_refusal(data, cls):
    names = st.sampled_from(sorted(cls.__struct_encode_fields__)) | st.text(max_size=10)
    members = data.draw(st.dictionaries(names, JSON_VALUES, max_size=6))
    accepted_or_refused(cls, json.dumps(members))


@given(st.binary(max_size=6), st.integers(0, 60), st.integers(0, 6))
def test_a_damaged_message_gives_a_payload_or_a_refusal(noise, at, length):
    data = BOOT.encode()
    accepted_or_refused(v16.BootNotificationRequest, data[:at] + noise + data[at + length :])


def test_codecs_are_compiled_once(monkeypatch):
    decode_payload(v16.HeartbeatRequest, "{}")
    monkeypatch.setattr(codec, "shape_of", None)
    assert decode_payload(v16.HeartbeatRequest, "{}") == v16.HeartbeatRequest()


def test_modes_are_exhaustive():
    assert {policy.mode for policy in POLICIES} == set(Mode)
