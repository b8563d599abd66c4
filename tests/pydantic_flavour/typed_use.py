"""What type checkers say of the models; every ignored error must be one (`test_types.py`)."""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from typing import Any, assert_type

from msgspec import UnsetType

from ocppkit import v16, v201
from ocppkit.v16 import pydantic as p16
from ocppkit.v201 import pydantic as p201


def right_use(twin: v201.ResetRequest) -> None:
    request = p201.ResetRequest(type=v201.ResetEnumType.ON_IDLE, evse_id=None)
    assert_type(request.evse_id, int | None)
    assert_type(request.custom_data, p201.CustomDataType | None)
    assert_type(request.to_msgspec(), v201.ResetRequest)
    assert_type(p201.ResetRequest.from_msgspec(twin), p201.ResetRequest)
    assert_type(p201.DataTransferRequest(vendor_id="a", data=None).data, Any | UnsetType)
    p201.DataTransferRequest(vendor_id="a")
    assert_type(p201.CustomDataType(vendor_id="a", colour="red").vendor_id, str)
    assert_type(p201.CustomDataType(vendor_id="a").to_msgspec(), v201.CustomDataType)


def wrong_use(request: p201.ResetRequest, other: v16.ResetRequest) -> None:
    request.evse_id = 1  # type: ignore[misc]
    p201.ResetRequest()  # type: ignore[call-arg]
    p201.ResetRequest(type="OnIdle")  # type: ignore[arg-type]
    p201.CustomDataType(colour="red")  # type: ignore[call-arg]
    p201.ResetRequest.from_msgspec(other)  # type: ignore[arg-type]
    p16.ResetRequest(type=v201.ResetEnumType.ON_IDLE)  # type: ignore[arg-type]
    request.evseId  # type: ignore[attr-defined]  # noqa: B018
