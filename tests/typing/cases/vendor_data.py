"""customData of a vendor has the type that the program asks for."""

from typing import assert_type

from ocppkit import v201
from ocppkit.core import VendorData
from ocppkit.v201 import pydantic as p201


class AcmeMeter(VendorData):
    """What ACME adds."""

    __ocpp_vendor__ = "com.acme"

    serial: str


class AcmeModel(p201.VendorData):
    """What ACME adds, for web APIs."""

    __ocpp_vendor__ = "com.acme"

    serial: str


custom = v201.CustomDataType.from_vendor_data(AcmeMeter(serial="7"))
assert_type(custom, v201.CustomDataType)
assert_type(custom.as_vendor_data(AcmeMeter), AcmeMeter | None)
model = p201.CustomDataType.from_vendor_data(AcmeModel(serial="7"))
assert_type(model.as_vendor_data(AcmeModel), AcmeModel | None)

custom.as_vendor_data(str)  # E: no vendor's class
AcmeMeter(serial=7)  # E: a serial number is a text
print(custom.as_vendor_data(AcmeMeter).serial)  # E: it may be another vendor's
