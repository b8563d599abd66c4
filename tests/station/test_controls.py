"""The settings that a CSMS may change while a station runs: each acts at once, and bad values are refused."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.core import CallTimedOut, Limits, LocalProtocolError, utcnow
from ocppkit.station import BackOff, Controls, MemoryJournal, Retries
from ocppkit.testing import FakeClock, MemoryWire, settle
from ocppkit.v201.roles import ChargingStation

Make = Callable[..., Any]


def make(clock: FakeClock, **options: Any) -> ChargingStation:
    options = {"back_off": BackOff(wait_minimum=100, random_range=0, repeat_times=0)} | options
    return ChargingStation(
        "CP001", model="M", vendor_name="V", clock=clock, insecure=True, **options
    )


def event() -> v201.TransactionEventRequest:
    return v201.TransactionEventRequest(
        event_type=v201.TransactionEventEnumType.UPDATED,
        timestamp=utcnow(),
        trigger_reason=v201.TriggerReasonEnumType.METER_VALUE_PERIODIC,
        seq_no=0,
        transaction_info=v201.TransactionType(transaction_id="T1"),
    )


def test_the_options_are_the_first_values() -> None:
    station = make(
        FakeClock(),
        retries=Retries(attempts=7),
        connection_attempts=4,
        queue_all_messages=True,
        queued_severity=2,
        raise_security_events=False,
        clock_source="system",
        limits=Limits(call_timeout=11, ping_interval=12),
    )
    controls = station.controls
    assert controls.retries == Retries(attempts=7)
    assert controls.back_off.wait_minimum == 100
    assert (controls.connection_attempts, controls.queued_severity) == (4, 2)
    assert (controls.queue_all_messages, controls.raise_security_events) == (True, False)
    assert (controls.call_timeout, controls.ping_interval) == (11, 12)
    assert (controls.clock_source, controls.heartbeat_interval) == ("system", 86400)
    assert "ping_interval=12.0" in repr(controls)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retries", 3),
        ("retries", Retries(attempts=0)),
        ("retries", Retries(interval=-1)),
        ("back_off", None),
        ("back_off", BackOff(wait_minimum=-1)),
        ("back_off", BackOff(random_range=float("nan"))),
        ("connection_attempts", 0),
        ("connection_attempts", True),
        ("connection_attempts", 1.5),
        ("call_timeout", 0),
        ("call_timeout", "30"),
        ("ping_interval", -1),
        ("ping_interval", float("inf")),
        ("heartbeat_interval", "soon"),
        ("queue_all_messages", 1),
        ("queued_severity", -1),
        ("queued_severity", "high"),
        ("raise_security_events", "yes"),
        ("clock_source", "ntp"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_and_the_old_one_stays(
    name: str, value: object
) -> None:
    controls = make(FakeClock()).controls
    before = getattr(controls, name)
    with pytest.raises(LocalProtocolError, match=f"{name}.* must be"):
        setattr(controls, name, value)
    assert getattr(controls, name) == before


@pytest.mark.parametrize("option", [{"connection_attempts": 0}, {"retries": 5}])
def test_an_option_that_makes_no_sense_is_refused(option: dict[str, Any]) -> None:
    with pytest.raises(LocalProtocolError, match="must be"):
        make(FakeClock(), **option)


def test_what_does_nothing_cannot_be_assigned() -> None:
    station: Any = make(FakeClock())
    with pytest.raises(AttributeError, match=r"has no 'retrys' .*retries"):
        station.controls.retrys = Retries()
    with pytest.raises(AttributeError, match="cannot be deleted"):
        del station.controls.retries
    with pytest.raises(TypeError, match="no setting nonsense"):
        Controls(nonsense=1)
    with pytest.raises(AttributeError):
        station.heartbeat_intervall = 3
    for name in (
        "identity",
        "protocol",
        "controls",
        "limits",
        "connected",
        "status",
        "undelivered",
    ):
        with pytest.raises(AttributeError):
            setattr(station, name, None)
    for name in ("retries", "back_off", "ping_interval", "clock_source"):
        with pytest.raises(AttributeError, match=rf"station\.controls\.{name}"):
            setattr(station, name, None)
    for name in ("password", "ssl"):
        with pytest.raises(AttributeError, match=rf"station\.reconnect\({name}="):
            setattr(station, name, None)
    for name in ("journal", "observer", "insecure"):
        with pytest.raises(AttributeError):
            setattr(station, name, None)


def test_a_class_of_the_user_s_may_have_attributes_of_its_own() -> None:
    class Mine(ChargingStation):
        def __init__(self) -> None:
            super().__init__("CP001", model="M", vendor_name="V")
            self.meter = 7

    mine: Any = Mine()
    assert mine.meter == 7
    with pytest.raises(AttributeError, match="controls"):
        mine.retries = Retries()


def test_an_observer_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    controls = make(FakeClock()).controls
    seen: list[str] = []

    def fail(name: str) -> None:
        raise KeyError(name)

    controls.observe(fail)
    controls.observe(seen.append)
    controls.ping_interval = 7
    controls.ping_interval = 7
    assert seen == ["ping_interval"]
    assert "an observer of station.controls failed when ping_interval was changed" in caplog.text


@pytest.mark.asyncio
async def test_the_back_off_is_followed_while_the_station_waits(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, up=False), make(clock)
    async with csms.running(station):
        await clock.advance(20)
        assert csms.attempts == [0]
        station.controls.back_off = BackOff(wait_minimum=30, random_range=0, repeat_times=0)
        await clock.advance(9)
        assert csms.attempts == [0]
        await clock.advance(1)
        assert csms.attempts == [0, 30]
        await clock.advance(10)
        station.controls.back_off = BackOff(wait_minimum=5, random_range=0, repeat_times=0)
        await settle()
        assert csms.attempts == [0, 30, 40]


@pytest.mark.asyncio
async def test_the_interval_of_retries_is_followed_while_a_message_waits(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    csms.answers["TransactionEvent"] = ["InternalError", "", {}]
    async with csms.running(station):
        task = asyncio.create_task(station.call(event()))
        await clock.advance(10)
        assert (await csms.calls()).count("TransactionEvent") == 1
        csms.answers["TransactionEvent"] = {}
        station.controls.retries = Retries(attempts=3, interval=15)
        await clock.advance(4)
        assert await csms.calls() == []
        await clock.advance(1)
        assert await csms.calls() == ["TransactionEvent"]
        await task


@pytest.mark.asyncio
async def test_the_number_of_attempts_counts_for_the_next_failure(fake_csms: Make) -> None:
    clock, journal = FakeClock(), MemoryJournal()
    csms, station = fake_csms(clock), make(clock, journal=journal)
    csms.answers["TransactionEvent"] = ["InternalError", "", {}]
    async with csms.running(station):
        task = asyncio.create_task(station.call(event()))
        await settle()
        station.controls.retries = Retries(attempts=2, interval=60)
        await clock.advance(60)
        assert task.done()
        assert "InternalError" in str(task.exception())
        assert await journal.pending() == []


@pytest.mark.asyncio
async def test_the_message_timeout_is_followed_on_the_open_connection(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    csms.answers["Heartbeat"] = None
    async with csms.running(station):
        station.controls.call_timeout = 3
        task = asyncio.create_task(station.heartbeat())
        await clock.advance(2)
        assert not task.done()
        await clock.advance(1)
        with pytest.raises(CallTimedOut):
            await task
        csms.wire.cut()
        await clock.advance(100)
        task = asyncio.create_task(station.heartbeat())
        await clock.advance(3)
        assert isinstance(task.exception(), CallTimedOut)


@pytest.mark.asyncio
async def test_the_ping_interval_is_followed_on_the_open_connection(
    fake_csms: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def note(wire: MemoryWire, seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr(MemoryWire, "set_ping_interval", note, raising=False)
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, limits=Limits(ping_interval=54))
    async with csms.running(station):
        assert asked == []
        station.controls.ping_interval = 20
        station.controls.ping_interval = 20
        station.controls.ping_interval = 0
        assert asked == [20, 0]
        assert station.limits.ping_interval == 0
        csms.wire.cut()
        await clock.advance(100)
        # The endpoint was made for the first limits, and the wire is told of the others.
        assert asked == [20, 0, 0]


@pytest.mark.asyncio
async def test_a_transport_without_such_pings_is_left_alone(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    async with csms.running(station):
        station.controls.ping_interval = 20
        await settle()
        assert station.connected


@pytest.mark.asyncio
async def test_connection_attempts_are_followed(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, up=False), make(clock, connection_attempts=50)
    running = asyncio.create_task(station.run(["ws://a", "ws://b"], csms.connect))
    await clock.advance(200)
    assert {request.url for request in csms.requests} == {"ws://a/CP001"}
    station.controls.connection_attempts = 1
    await clock.advance(100)
    assert csms.requests[-1].url == "ws://b/CP001"
    running.cancel()
    await asyncio.wait({running})


@pytest.mark.asyncio
async def test_hb_04_heartbeats_follow_at_once(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    async with csms.running(station):
        await csms.calls()
        await clock.advance(100)
        station.controls.heartbeat_interval = 50
        await settle()
        assert await csms.calls() == ["Heartbeat"]
        assert station.heartbeat_interval == 50
        station.heartbeat_interval = -1
        assert station.controls.heartbeat_interval == 86400


@pytest.mark.asyncio
async def test_security_events_can_be_switched_off(
    fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    station = make(clock)
    station.controls.raise_security_events = False
    csms = fake_csms(clock)
    async with csms.running(station):
        assert await csms.calls() == ["BootNotification"]
