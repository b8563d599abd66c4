"""The pydantic flavour: typed members by their Python names, and a way to and from the messages."""

from datetime import datetime
from typing import assert_type

from ocppkit import v201
from ocppkit.v16 import pydantic as p16
from ocppkit.v201 import pydantic as p201

IMMEDIATE = v201.ResetEnumType.IMMEDIATE


def members(event: p201.TransactionEventRequest, old: p16.HeartbeatResponse) -> None:
    assert_type(event.evse, p201.EVSEType | None)
    assert_type(event.timestamp, datetime)
    assert_type(old.current_time, datetime)


def construction() -> None:
    p201.ResetRequest(type=IMMEDIATE)
    p201.ResetRequest(type=IMMEDIATE, evse_id=None)
    p201.ResetRequest()  # E: required
    p201.ResetRequest(type=None)  # E: required
    p201.ResetRequest(type=IMMEDIATE, evse_id="1")  # E: a text
    p201.EVSEType(id=1).id = 2  # E: frozen


def both_ways(message: v201.ResetRequest, model: p201.ResetRequest) -> None:
    assert_type(model.to_msgspec(), v201.ResetRequest)
    assert_type(p201.ResetRequest.from_msgspec(message), p201.ResetRequest)
    p201.ResetRequest.from_msgspec(v201.ClearCacheRequest())  # E: of another message
    answer: v201.ResetResponse = model.to_msgspec()  # E: another class
    print(answer)
