"""Checks of what msgspec cannot check: absent where nothing is to check, and right where it is."""

from typing import Annotated

import pytest
from msgspec import Meta

from ocppkit import v16, v201
from ocppkit.core import Opt, Payload
from ocppkit.core.payloads._checks import check_of
from ocppkit.core.payloads._shape import shape_of

Tenths = Annotated[float, Meta(extra={"multiple_of": 0.1})]
Thirds = Annotated[float, Meta(extra={"multiple_of": 0.3})]
Link = Annotated[str, Meta(extra={"format": "uri"})]


class Period(Payload, kw_only=True, frozen=True):
    """An item with a multiple."""

    limit: Tenths
    least: Opt[Thirds] = None


class Schedule(Payload, kw_only=True, frozen=True):
    """A list of such items, a list of plain multiples, and a link."""

    periods: list[Period]
    rates: Opt[list[Tenths]] = None
    link: Opt[Link] = None
    inner: Opt["Schedule"] = None


class Profile(Payload, kw_only=True, frozen=True):
    """A required object on the way."""

    schedule: Schedule
    others: Opt[list[Schedule]] = None


def passes(profile):
    check = check_of(shape_of(Profile))
    assert check is not None
    return check(profile)


def schedule(*limits, **more):
    return Schedule(periods=[Period(limit=limit) for limit in limits], **more)


GOOD = schedule(0.1, 16.0, 21.4, rates=[0.3], link="http://a/")


@pytest.mark.parametrize(
    "profile",
    [
        Profile(schedule=schedule()),
        Profile(schedule=GOOD),
        Profile(schedule=GOOD, others=[GOOD, schedule(inner=GOOD)]),
        Profile(schedule=schedule(inner=schedule(inner=schedule(1.5)))),
        Profile(schedule=Schedule(periods=[Period(limit=1.0, least=0.9)])),
    ],
)
def test_good_values_pass(profile):
    assert passes(profile)


@pytest.mark.parametrize(
    "profile",
    [
        Profile(schedule=schedule(0.1, 0.15)),
        Profile(schedule=schedule(1.7000000000000002)),
        Profile(schedule=schedule(rates=[0.1, 0.11])),
        Profile(schedule=schedule(link="no link")),
        Profile(schedule=schedule(inner=schedule(inner=schedule(1.55)))),
        Profile(schedule=GOOD, others=[GOOD, schedule(0.01)]),
        Profile(schedule=Schedule(periods=[Period(limit=1.0, least=1.0)])),
    ],
)
def test_bad_values_fail_however_often_they_are_seen(profile):
    assert not passes(profile)
    assert not passes(profile)


def test_more_values_than_are_remembered_are_still_judged():
    for start in range(0, 20_000, 2_500):
        limits = [float(f"{tenths}e-1") for tenths in range(start, start + 2_500)]
        assert passes(Profile(schedule=schedule(*limits)))
    assert passes(Profile(schedule=schedule(*(float(whole) for whole in range(10_000)))))
    assert not passes(Profile(schedule=schedule(0.05)))


@pytest.mark.parametrize(
    "message", [v16.MeterValuesRequest, v201.TransactionEventRequest, v16.HeartbeatResponse]
)
def test_messages_without_such_places_have_no_check(message):
    assert check_of(shape_of(message)) is None


@pytest.mark.parametrize(
    "message",
    [
        *(v16.SetChargingProfileRequest, v16.RemoteStartTransactionRequest),
        *(v16.GetCompositeScheduleResponse, v16.GetDiagnosticsRequest, v16.UpdateFirmwareRequest),
    ],
)
def test_messages_of_1_6_with_such_places_have_one(message):
    assert check_of(shape_of(message)) is not None
