"""The time of a station: whose clock it follows, and which times of a CSMS it does not believe."""

import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.station import BackOff, ClockSet
from ocppkit.station._station_clock import monotonic_time
from ocppkit.testing import FakeClock, settle
from ocppkit.v16.roles import ChargePoint
from ocppkit.v21.roles import ChargingStation as ChargingStation21
from ocppkit.v201.roles import ChargingStation

Make = Callable[..., Any]

START = datetime(2025, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

ROLES: dict[Any, Any] = {v201: ChargingStation, v21: ChargingStation21}
VERSIONS: list[Any] = [v16, v201, v21]


def make(clock: FakeClock, version: Any = v201, **options: Any) -> Any:
    options = {
        "wall_clock": lambda: START + timedelta(seconds=clock.time()),
        "back_off": BackOff(random_range=0),
        "clock": clock,
        "insecure": True,
    } | options
    if version is v16:
        return ChargePoint("CP001", charge_point_model="M", charge_point_vendor="V", **options)
    return ROLES[version]("CP001", model="M", vendor_name="V", **options)


def telling(make_csms: Make, clock: FakeClock, version: Any, told: str) -> Any:
    """Returns a CSMS that tells this time."""
    boot = {"status": "Accepted", "interval": 60, "currentTime": told}
    csms = make_csms(clock, subprotocol=version.PROTOCOL.subprotocol, boot=boot)
    csms.answers["Heartbeat"] = {"currentTime": told}
    return csms


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "told",
    [
        "1970-01-01T00:00:00Z",
        "2014-12-31T23:59:59.999Z",
        "2100-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
    ],
)
async def test_boot_05_a_time_that_cannot_be_is_refused_with_a_log_line(
    version: Any, told: str, fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    csms, station = telling(fake_csms, clock, version, told), make(clock, version)
    events = station.events()
    async with csms.running(station):
        # It is registered all the same, and the next heartbeat is not believed either.
        assert station.status == "Accepted"
        await clock.advance(60)
        assert station.connected
        assert station.now() == START + timedelta(seconds=60)
        assert station.clock_offset == timedelta()
        lines = [
            each.getMessage() for each in caplog.records if "told the time" in each.getMessage()
        ]
        assert len(lines) == 2
        expected = "which is not in the years 2015 to 2099 [the clock is not set]"
        assert all(line.startswith("CP001: ") and line.endswith(expected) for line in lines)
        # A good one is believed again.
        csms.answers["Heartbeat"] = {"currentTime": (START + HOUR).isoformat()}
        await clock.advance(60)
        assert station.now() == START + HOUR
    assert [each async for each in held(events) if isinstance(each, ClockSet)] == [
        ClockSet(time=START + HOUR, change=HOUR - timedelta(seconds=120))
    ]


async def held(events: Any) -> AsyncIterator[Any]:
    """Yields what waits in a stream."""
    while vars(events)["_events"]:
        yield await anext(events)


@pytest.mark.asyncio
@pytest.mark.parametrize("told", ["2015-01-01T00:00:00Z", "2099-12-31T23:59:59Z"])
async def test_the_first_and_the_last_time_that_are_believed(told: str, fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = telling(fake_csms, clock, v201, told), make(clock)
    async with csms.running(station):
        assert station.now() == datetime.fromisoformat(told)


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_boot_06_the_system_s_clock_can_be_the_source(version: Any, fake_csms: Make) -> None:
    clock, jump = FakeClock(), [timedelta()]
    csms = telling(fake_csms, clock, version, (START + HOUR).isoformat())
    station = make(
        clock,
        version,
        clock_source="system",
        wall_clock=lambda: START + timedelta(seconds=clock.time()) + jump[0],
    )
    events = station.events()
    async with csms.running(station):
        assert station.now() == START
        # How far it is off is known, and whoever sets the system's clock is followed.
        assert station.clock_offset == HOUR
        jump[0] = timedelta(days=1)
        assert station.now() == START + timedelta(days=1)
        jump[0] = timedelta()
        await settle()
        assert not [each async for each in held(events) if isinstance(each, ClockSet)]
        # It may be changed at any time; what the CSMS told last counts then.
        station.controls.clock_source = "csms"
        await clock.advance(1)
        assert station.now() == START + HOUR + timedelta(seconds=1)
        station.controls.clock_source = "system"
        assert station.now() == START + timedelta(seconds=1)


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_boot_05_time_that_the_machine_sleeps_counts(version: Any, fake_csms: Make) -> None:
    clock, asleep = FakeClock(), 0.0
    station = make(clock, version, monotonic=lambda: clock.time() + asleep)
    async with telling(fake_csms, clock, version, "2025-06-01T14:00:00Z").running(station):
        await settle()
        assert station.now() == START + 2 * HOUR
        asleep = 3600.0
        assert station.now() == START + 3 * HOUR


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="only Linux has CLOCK_BOOTTIME")
def test_sleep_is_counted_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "clock_gettime", {time.CLOCK_BOOTTIME: 7.5}.__getitem__)
    assert monotonic_time(None)() == 7.5
    assert monotonic_time(FakeClock())() == FakeClock().time()
