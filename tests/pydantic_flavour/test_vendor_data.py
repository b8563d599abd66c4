"""What a vendor puts into customData, as a pydantic model of one's own."""

import pytest
from pydantic import Field, ValidationError

from ocppkit import v21
from ocppkit.v21 import pydantic as p21


class AcmeMeter(p21.VendorData):
    __ocpp_vendor__ = "com.acme"

    serial: str
    line_voltage: float | None = None
    read_at: str | None = Field(default=None, alias="readAT")


class OtherMeter(p21.VendorData):
    __ocpp_vendor__ = "org.other"


BODY = {
    "type": "Immediate",
    "customData": {"vendorId": "com.acme", "serial": "7", "lineVoltage": 230, "x": [1]},
}


def test_the_members_become_a_model() -> None:
    custom = p21.ResetRequest.model_validate(BODY).custom_data
    assert custom is not None
    meter = custom.as_vendor_data(AcmeMeter)
    assert meter is not None
    assert (meter.serial, meter.line_voltage, meter.read_at) == ("7", 230.0, None)
    assert custom.as_vendor_data(OtherMeter) is None
    assert p21.ResetRequest.model_validate(BODY).model_dump() == BODY


def test_what_is_not_as_the_model_says_is_refused() -> None:
    with pytest.raises(ValidationError, match="serial"):
        p21.CustomDataType(vendor_id="com.acme", serial=7).as_vendor_data(AcmeMeter)


def test_a_model_goes_into_custom_data_and_to_the_engine() -> None:
    custom = p21.CustomDataType.from_vendor_data(AcmeMeter(serial="9", readAT="noon"))
    assert custom.model_dump() == {"vendorId": "com.acme", "serial": "9", "readAT": "noon"}
    message = custom.to_msgspec()
    assert isinstance(message, v21.CustomDataType)
    assert message["readAT"] == "noon"
