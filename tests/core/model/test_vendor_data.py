"""What a vendor puts into customData, as a class of one's own, in both flavours."""

from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from msgspec import field

from ocppkit.core import OpenObject, VendorData, decode_payload, encode_payload


class AcmeMeter(VendorData):
    __ocpp_vendor__ = "com.acme"

    serial: str
    line_voltage: float | None = None
    read_at: datetime | None = field(name="readAT", default=None)


class OtherMeter(VendorData):
    __ocpp_vendor__ = "org.other"

    serial: str


PACKAGES = pytest.mark.parametrize("package", ["v201", "v21"])
RESET = '{"type":"Immediate","customData":{"vendorId":"com.acme","serial":"7","lineVoltage":230,"x":[1]}}'


def version_of(package: str) -> Any:
    return import_module(f"ocppkit.{package}")


@PACKAGES
def test_the_members_become_a_class(package: str) -> None:
    custom = decode_payload(version_of(package).ResetRequest, RESET).custom_data
    assert custom.as_vendor_data(AcmeMeter) == AcmeMeter(serial="7", line_voltage=230.0)
    assert custom["x"] == [1]  # nothing is lost


@PACKAGES
def test_another_vendor_s_are_none_and_kept(package: str) -> None:
    request = decode_payload(version_of(package).ResetRequest, RESET)
    assert request.custom_data.as_vendor_data(OtherMeter) is None
    assert encode_payload(request) == RESET.encode()


@PACKAGES
def test_what_is_not_as_the_class_says_is_refused(package: str) -> None:
    custom = version_of(package).CustomDataType(vendor_id="com.acme", serial=7)
    with pytest.raises(ValueError, match="Expected `str`, got `int`") as caught:
        custom.as_vendor_data(AcmeMeter)
    assert str(caught.value) == "customData of com.acme: Expected `str`, got `int` - at `$.serial`"


@PACKAGES
def test_a_class_goes_into_custom_data(package: str) -> None:
    version = version_of(package)
    noon = datetime(2026, 5, 6, 12, tzinfo=UTC)
    custom = version.CustomDataType.from_vendor_data(AcmeMeter(serial="9", read_at=noon))
    assert custom == {"vendorId": "com.acme", "serial": "9", "readAT": "2026-05-06T12:00:00Z"}
    assert isinstance(custom, version.CustomDataType)
    request = version.ResetRequest(type=version.ResetEnumType.IMMEDIATE, custom_data=custom)
    read = decode_payload(version.ResetRequest, encode_payload(request)).custom_data
    assert read.as_vendor_data(AcmeMeter) == AcmeMeter(serial="9", read_at=noon)


def test_an_object_without_a_vendor_is_nobody_s() -> None:
    assert OpenObject(serial="7").as_vendor_data(AcmeMeter) is None
