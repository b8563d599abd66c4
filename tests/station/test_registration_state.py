"""What wakes those who wait for a change of a station's standing."""

from typing import Any

import pytest

from ocppkit import v201
from ocppkit.aio.lowlevel import EventStreams
from ocppkit.core import utcnow
from ocppkit.station import Controls
from ocppkit.station._registration_state import RegistrationState
from ocppkit.station._station_clock import StationClock
from ocppkit.testing import FakeClock

Status = v201.RegistrationStatusEnumType


def answer(status: Status, interval: int) -> v201.BootNotificationResponse:
    return v201.BootNotificationResponse(current_time=utcnow(), interval=interval, status=status)


def make() -> RegistrationState:
    controls, events = Controls(), EventStreams[Any](int)
    clock = StationClock(utcnow, FakeClock().time, controls, name="CP001", events=events)
    return RegistrationState(v201.PROTOCOL, controls, clock, events, name="CP001")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("status", "interval", "woken"),
    [
        (Status.ACCEPTED, 300, False),
        (Status.ACCEPTED, 60, True),
        (Status.PENDING, 300, True),
        (Status.REJECTED, 300, True),
    ],
)
async def test_a_boot_wakes_them_if_it_changes_something(
    status: Status, interval: int, woken: bool
) -> None:
    registration_state = make()
    first = registration_state.next_change()
    registration_state.boot_answered(answer(Status.ACCEPTED, 300), 0.0)
    assert first.done()
    second = registration_state.next_change()
    registration_state.boot_answered(answer(status, interval), 10.0)
    assert second.done() is woken


@pytest.mark.asyncio
async def test_a_boot_that_is_put_off_again_wakes_them() -> None:
    registration_state = make()
    registration_state.boot_answered(answer(Status.PENDING, 30), 0.0)
    changed = registration_state.next_change()
    registration_state.boot_answered(answer(Status.PENDING, 30), 10.0)
    assert changed.done()
    assert registration_state.boot_at == 40.0
