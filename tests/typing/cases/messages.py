"""Messages as values: plain types, absent as None, frozen, open where the schema is open."""

from datetime import datetime
from typing import Any, assert_type

from msgspec import UnsetType

from ocppkit import v16, v21, v201
from ocppkit.core import Action, Protocol, Response, WireEnum, decode_payload, encode_payload


def optional_members_read_as_none(event: v201.TransactionEventRequest) -> None:
    assert_type(event.evse, v201.EVSEType | None)
    assert_type(event.cable_max_current, int | None)
    assert_type(event.offline, bool | None)
    assert_type(event.meter_value, list[v201.MeterValueType] | None)
    print(event.evse.id)  # E: it may be absent
    if event.evse is not None:
        assert_type(event.evse.id, int)


def bounds_are_plain_types(
    station: v201.ChargingStationType, boot: v201.BootNotificationResponse
) -> None:
    assert_type(station.model, str)
    assert_type(station.serial_number, str | None)
    assert_type(boot.current_time, datetime)
    assert_type(boot.interval, int)
    model: str = "Wall-11"
    v201.ChargingStationType(model=model, vendor_name=model)


def construction() -> None:
    v201.EVSEType(id=1)
    v201.EVSEType(id=1, connector_id=None)
    v201.EVSEType(id=None)  # E: required
    v201.EVSEType()  # E: required
    v201.EVSEType(1)  # E: by keyword only
    v201.EVSEType(id="1")  # E: a text
    v201.EVSEType(id=1, connectorId=1)  # E: a name on the wire
    v201.ResetRequest(type="Immediate")  # E: a text is no member of the enum
    v16.ResetRequest(type=v201.ResetEnumType.IMMEDIATE)  # E: another version
    v201.HeartbeatResponse(current_time="2025-01-01T00:00:00Z")  # E: a text


def frozen(evse: v201.EVSEType, request: v201.ResetRequest) -> None:
    evse.id = 2  # E: frozen
    request.evse_id = None  # E: frozen
    assert_type(hash(evse), int)


def custom_data(request: v201.ResetRequest) -> None:
    data = v201.CustomDataType(vendor_id="org.example", temperature=21.5)
    assert_type(data.vendor_id, str)
    assert_type(data["temperature"], Any)
    assert_type(request.custom_data, v201.CustomDataType | None)
    v201.ResetRequest(type=v201.ResetEnumType.ON_IDLE, custom_data=data)
    v201.CustomDataType(temperature=21.5)  # E: vendor_id is required
    v201.ResetRequest(type=v201.ResetEnumType.ON_IDLE, custom_data={"vendorId": "x"})  # E: a dict
    v21.ResetRequest(type=v21.ResetEnumType.ON_IDLE, custom_data=data)  # E: another version


def enums(word: v201.ResetEnumType) -> None:
    assert_type(v201.ResetEnumType("Immediate"), v201.ResetEnumType)
    assert_type(v201.ResetEnumType.unknown("Soon"), v201.ResetEnumType)
    assert_type(word.is_known, bool)
    texts: tuple[str, WireEnum] = word, word
    assert_type(texts[0].upper(), str)
    word = v201.ResetEnumType.SOON  # E: no such word
    v201.ResetEnumType.IMMEDIATE = word  # E: a member stands


def untyped_places(request: v201.DataTransferRequest, old: v16.DataTransferRequest) -> None:
    v201.DataTransferRequest(vendor_id="org.example", data={"any": ["thing", 1, None]})
    v201.DataTransferRequest(vendor_id="org.example", data=None)
    assert_type(request.data, Any | UnsetType)
    assert_type(old.data, str | None)


def decoding(raw: bytes) -> None:
    assert_type(decode_payload(v201.ResetRequest, raw), v201.ResetRequest)
    assert_type(decode_payload(v201.EVSEType, raw), v201.EVSEType)
    assert_type(encode_payload(v201.EVSEType(id=1)), bytes)
    decode_payload("Reset", raw)  # E: a name
    decode_payload(dict, raw)  # E: no payload
    decode_payload(v201.ResetRequest, {"type": "Immediate"})  # E: not decoded yet, so no dict
    encode_payload({"type": "Immediate"})  # E: a dict


def protocols() -> None:
    assert_type(v16.PROTOCOL, Protocol)
    assert_type(v201.PROTOCOL, Protocol)
    assert_type(v21.PROTOCOL.actions["Reset"], Action)
    assert_type(v21.PROTOCOL.actions["Reset"].response, type[Response] | None)
    v201.PROTOCOL.version = "2.0.2"  # E: frozen
