"""Policies: values that compare, and overrides that are checked when they are written."""

from datetime import timedelta, timezone

import pytest

from ocppkit import v16, v201
from ocppkit.core import LENIENT, OFF, STRICT, Mode, Override, Policy

SERIAL = Override(
    message=v16.BootNotificationRequest, path="$.chargeBoxSerialNumber", max_length=50
)


def test_the_ready_made_policies():
    assert (STRICT.mode, LENIENT.mode, OFF.mode) == (Mode.STRICT, Mode.LENIENT, Mode.OFF)
    assert Policy() == STRICT
    assert hash(Policy(overrides=(SERIAL,))) == hash(Policy(overrides=(SERIAL,)))


def test_a_policy_is_frozen():
    with pytest.raises(AttributeError):
        STRICT.mode = Mode.OFF  # type: ignore[misc]


def test_overrides_are_found_by_message():
    policy = Policy(overrides=(SERIAL,), naive_timezone=timezone(timedelta(hours=1)))
    assert policy.overrides_of(v16.BootNotificationRequest) == {SERIAL.path: SERIAL}
    assert policy.overrides_of(v201.BootNotificationRequest) == {}


def test_an_override_reaches_into_lists_and_custom_data():
    deep = Override(
        message=v201.MeterValuesRequest,
        path="$.meterValue[*].sampledValue[*].customData.vendorId",
        max_length=500,
    )
    assert deep.max_length == 500


@pytest.mark.parametrize(
    ("message", "wrong", "said"),
    [
        (
            v16.BootNotificationRequest,
            {"path": "$.serialNumber", "max_length": 50},
            r"BootNotificationRequest has no \$.serialNumber \[use one of: \$, ",
        ),
        (
            v16.BootNotificationRequest,
            {"path": "$.chargePointModel", "maximum": 5},
            r"maximum cannot be relaxed at \$.chargePointModel",
        ),
        (
            v16.BootNotificationRequest,
            {"path": "$.chargePointModel"},
            r"no rule is relaxed at \$.chargePointModel",
        ),
        (
            v16.BootNotificationRequest,
            {"path": "$.chargePointModel", "open_enum": True},
            "open_enum cannot be relaxed",
        ),
        (
            v16.MeterValuesRequest,
            {"path": "$.meterValue[0].timestamp", "alias": "time"},
            r"has no \$.meterValue\[0\].timestamp",
        ),
        (
            v16.StatusNotificationRequest,
            {"path": "$.status", "max_length": 5},
            "max_length cannot be relaxed",
        ),
        (v16.AuthorizeResponse, {"path": "$", "max_items": 5}, "max_items cannot be relaxed"),
    ],
)
def test_an_override_that_fits_nothing_is_refused(message, wrong, said):
    with pytest.raises(ValueError, match=said):
        Override(message=message, **wrong)


def test_two_overrides_for_one_place_are_refused():
    with pytest.raises(ValueError, match="two overrides of BootNotificationRequest for"):
        Policy(overrides=(SERIAL, SERIAL))


def test_two_overrides_with_one_alias_at_one_place_are_refused():
    tag, start = (
        Override(message=v16.StartTransactionRequest, path=path, alias="tag")
        for path in ("$.idTag", "$.meterStart")
    )
    with pytest.raises(ValueError, match=r"two overrides of StartTransactionRequest for \$\.tag"):
        Policy(overrides=(tag, start))


@pytest.mark.parametrize(
    ("message", "path", "alias", "said"),
    [
        (v16.BootNotificationRequest, "$.chargePointModel", "chargePointVendor", "is a member of"),
        (v16.BootNotificationRequest, "$.chargePointModel", "chargePointModel", "is a member of"),
        (v16.MeterValuesRequest, "$.meterValue[*].timestamp", "sampledValue", "is a member of"),
        (v201.AuthorizeRequest, "$.customData.vendorId", "vendorId", "is a member of"),
        (v16.BootNotificationRequest, "$", "boot", "cannot have the alias"),
        (v16.MeterValuesRequest, "$.meterValue[*]", "value", "cannot have the alias"),
    ],
)
def test_an_alias_is_no_other_member(message, path, alias, said):
    with pytest.raises(ValueError, match=said):
        Override(message=message, path=path, alias=alias)
    assert Override(message=v16.MeterValuesRequest, path="$.connectorId", alias="connector")
