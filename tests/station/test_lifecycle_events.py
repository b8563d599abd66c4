"""What `station.events()` tells, in order, and that it ends nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ocppkit import v201
from ocppkit.aio.lowlevel import EventStream
from ocppkit.core import CallFailed, utcnow
from ocppkit.station import (
    Accepted,
    BackOff,
    Booted,
    ClockJumped,
    ClockSet,
    Connected,
    Delivered,
    DeliveryGivenUp,
    Disconnected,
    Entry,
    EventsMissed,
    MemoryJournal,
    Restarting,
    Retries,
)
from ocppkit.testing import FakeClock, settle
from ocppkit.v201.roles import ChargingStation

Make = Callable[..., Any]

TIME = datetime(2025, 6, 1, 12, tzinfo=UTC)


def make(clock: FakeClock, **options: Any) -> ChargingStation:
    options = {"back_off": BackOff(random_range=0, repeat_times=0)} | options
    return ChargingStation(
        "CP001", model="M", vendor_name="V", clock=clock, insecure=True, **options
    )


def wall_clock(clock: FakeClock) -> Callable[[], datetime]:
    return lambda: TIME + timedelta(seconds=clock.time())


def event(number: int = 0) -> v201.TransactionEventRequest:
    return v201.TransactionEventRequest(
        event_type=v201.TransactionEventEnumType.UPDATED,
        timestamp=utcnow(),
        trigger_reason=v201.TriggerReasonEnumType.METER_VALUE_PERIODIC,
        seq_no=number,
        transaction_info=v201.TransactionType(transaction_id="T1"),
    )


async def told(events: AsyncIterator[Any]) -> list[Any]:
    """Returns what was told since it was last asked."""
    await settle()
    seen: list[Any] = []
    while True:
        following = asyncio.ensure_future(anext(events))
        await settle()
        if not following.done():
            following.cancel()
            return seen
        seen.append(following.result())


def kinds(events: list[Any]) -> list[type[Any]]:
    return [type(each) for each in events]


@pytest.mark.asyncio
async def test_a_life_in_events(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, wall_clock=wall_clock(clock))
    csms.boot = {"status": "Pending", "interval": 10, "currentTime": "2025-06-01T13:00:00Z"}
    events = station.events()
    async with csms.running(station):
        connected, time_set, booted = await told(events)
        assert (connected.profile.url, connected.offline_for) == ("ws://csms", None)
        assert time_set == ClockSet(time=TIME + timedelta(hours=1), change=timedelta(hours=1))
        assert (booted.first, booted.response.status) == (True, "Pending")

        csms.boot = {"status": "Accepted", "interval": 60, "currentTime": "2025-06-01T13:00:12Z"}
        await clock.advance(10)
        time_set, booted, accepted = await told(events)
        assert time_set.change == timedelta(seconds=2)
        assert (booted.first, booted.response.interval) == (False, 60)
        assert accepted == Accepted(interval=60)

        csms.wire.cut()
        (disconnected,) = await told(events)
        assert disconnected.end.by == "network"
        assert disconnected.connected_for == 10
        await clock.advance(10)
        (connected,) = await told(events)
        assert connected.offline_for == 10

        station.restart(reason=v201.BootReasonEnumType.WATCHDOG)
        seen = await told(events)
        assert kinds(seen) == [Restarting, Disconnected, Connected, ClockSet, Booted, Accepted]
        assert seen[0].boot.reason == "Watchdog"
        assert seen[4].first
    assert kinds(await told(events)) == [Disconnected]


@pytest.mark.asyncio
async def test_what_became_of_messages_also_of_an_earlier_run(fake_csms: Make) -> None:
    clock, journal = FakeClock(), MemoryJournal()
    payload = msgspec.json.encode(event(7))
    left = Entry(version="2.0.1", action="TransactionEvent", message_id="old", payload=payload)
    await journal.append(left)
    csms, station = fake_csms(clock), make(clock, journal=journal, retries=Retries(attempts=1))
    csms.answers["TransactionEvent"] = {}
    events = station.events()
    async with csms.running(station):
        delivered = [each for each in await told(events) if isinstance(each, Delivered)]
        assert [(each.entry.message_id, each.earlier_run) for each in delivered] == [("old", True)]
        assert delivered[0].request == event(7) or delivered[0].entry == left
        csms.answers["TransactionEvent"] = ["InternalError", "", {}]
        with pytest.raises(CallFailed):
            await station.call(event(8))
        (given_up,) = await told(events)
        assert isinstance(given_up, DeliveryGivenUp)
        assert (given_up.earlier_run, given_up.dead_letter) == (False, False)


@pytest.mark.asyncio
async def test_each_listener_hears_everything_and_one_that_left_is_forgotten(
    fake_csms: Make,
) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    first, second = station.events(), station.events()
    async with csms.running(station):
        assert kinds(await told(first)) == kinds(await told(second))
        del second
        csms.wire.cut()
        assert kinds(await told(first)) == [Disconnected]


@pytest.mark.asyncio
async def test_a_listener_that_does_not_listen_learns_how_much_it_missed(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    events, others = station.events(), station.events()
    async with csms.running(station):
        count = 0
        while count <= EventStream.LIMIT:
            station.restart()
            count += len(await told(others))
        assert await told(events) == [EventsMissed(count=count)]
        station.restart()
        expected = [Restarting, Disconnected, Connected, ClockSet, Booted, Accepted]
        assert kinds(await told(events)) == expected


@pytest.mark.asyncio
async def test_two_tasks_may_read_one_stream(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    events = station.events()
    readers = [asyncio.ensure_future(anext(events)) for _ in range(2)]
    await settle()
    async with csms.running(station):
        await settle()
        assert {type(await reader) for reader in readers} == {Connected, ClockSet}


@pytest.mark.asyncio
async def test_a_connection_of_another_version_is_none(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, subprotocol="ocpp1.6"), make(clock)
    events = station.events()
    async with csms.running(station):
        assert await told(events) == []


@pytest.mark.asyncio
async def test_a_jump_of_the_system_s_clock_is_told_once_and_changes_no_timestamp(
    fake_csms: Make,
) -> None:
    clock, jump = FakeClock(), [timedelta()]
    station = make(clock, wall_clock=lambda: wall_clock(clock)() + jump[0])
    csms = fake_csms(
        clock, boot={"status": "Accepted", "interval": 60, "currentTime": TIME.isoformat()}
    )
    csms.answers["Heartbeat"] = None
    events = station.events()
    async with csms.running(station):
        await told(events)
        jump[0] = timedelta(days=20_000)
        assert station.now() == TIME
        assert await told(events) == [ClockJumped(change=timedelta(days=20_000))]
        await clock.advance(5)
        assert station.now() == TIME + timedelta(seconds=5)
        assert await told(events) == []
        # The loop looks by itself.
        jump[0] = timedelta()
        await clock.advance(60)
        assert ClockJumped(change=timedelta(days=-20_000)) in await told(events)


@pytest.mark.asyncio
async def test_reconnecting_for_new_credentials_is_no_boot(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, password="old")
    events = station.events()
    async with csms.running(station):
        await told(events)
        station.reconnect(password="new")
        assert kinds(await told(events)) == [Disconnected, Connected]
