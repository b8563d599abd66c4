"""`Station.run` goes on whatever a transport, the journal or a function of the user's raises.

HOUSE rule: a failure in the background has an owner. Each seam is tried with each kind of exception.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import msgspec
import pytest

from ocppkit import v21, v201
from ocppkit.aio.lowlevel import ConnectRequest, OpenedConnection
from ocppkit.core import (
    ConnectionClosed,
    HandshakeRefused,
    InvalidOutgoing,
    LocalProtocolError,
    WrongVersion,
    utcnow,
)
from ocppkit.station import BackOff, Entry, JournalError, MemoryJournal
from ocppkit.testing import FakeClock, MemoryWire, settle
from ocppkit.v201.roles import ChargingStation

Make = Callable[..., Any]

KINDS: list[BaseException] = [
    ConnectionClosed("gone"),
    HandshakeRefused("no", status=401),
    OSError(28, "No space left on device"),
    RuntimeError("database is locked"),
    KeyError("db"),
    ValueError("no value"),
    TimeoutError(),
    asyncio.CancelledError("of its own"),
    ssl.SSLError(1, "[SSL] no"),
    LocalProtocolError("misused"),
    InvalidOutgoing("schema"),
    MemoryError(),
    RecursionError("deep"),
]
"""What a seam may raise."""


def named(problem: BaseException) -> str:
    return type(problem).__name__


def make(clock: FakeClock, **options: Any) -> ChargingStation:
    options = {"back_off": BackOff(random_range=0, repeat_times=0)} | options
    return ChargingStation(
        "CP001", model="M", vendor_name="V", clock=clock, insecure=True, **options
    )


def event(number: int = 0) -> v201.TransactionEventRequest:
    return v201.TransactionEventRequest(
        event_type=v201.TransactionEventEnumType.UPDATED,
        timestamp=utcnow(),
        trigger_reason=v201.TriggerReasonEnumType.METER_VALUE_PERIODIC,
        seq_no=number,
        transaction_info=v201.TransactionType(transaction_id="T1"),
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("problem", KINDS, ids=named)
async def test_opening_a_connection(
    problem: BaseException, fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    csms.answers["SecurityEventNotification"] = {}
    accept, attempts = csms.connect, 0

    async def connect(request: ConnectRequest) -> OpenedConnection:
        nonlocal attempts
        attempts += 1
        if attempts in {2, 3}:
            raise problem
        opened: OpenedConnection = await accept(request)
        return opened

    csms.connect = connect
    async with csms.running(station):
        assert station.connected
        csms.wire.cut()
        await clock.advance(10)
        assert not station.connected
        await clock.advance(10)
        assert not station.connected
        await clock.advance(10)
        assert station.connected
        assert "cannot connect" in caplog.text
        await station.heartbeat()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "problem", [each for each in KINDS if not isinstance(each, LocalProtocolError)], ids=named
)
async def test_the_first_attempt_to_connect(problem: BaseException, fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    accept, left = csms.connect, [problem]

    async def connect(request: ConnectRequest) -> OpenedConnection:
        if left:
            raise left.pop()
        opened: OpenedConnection = await accept(request)
        return opened

    csms.connect = connect
    async with csms.running(station):
        await clock.advance(10)
        assert station.connected


@pytest.mark.asyncio
async def test_a_request_that_the_transport_cannot_use_is_told_to_who_calls_run() -> None:
    station = make(FakeClock())

    async def connect(request: ConnectRequest) -> OpenedConnection:
        raise LocalProtocolError("no such host name")

    with pytest.raises(LocalProtocolError, match="no such host name"):
        await station.run("ws://csms", connect)


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["start", "write"])
@pytest.mark.parametrize(
    "problem", [each for each in KINDS if not isinstance(each, LocalProtocolError)], ids=named
)
async def test_a_wire_that_fails(
    method: str, problem: BaseException, fake_csms: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, grace=1)

    def fail(*_: object) -> None:
        raise problem

    accept = csms.connect

    async def connect(request: ConnectRequest) -> OpenedConnection:
        opened: OpenedConnection = await accept(request)
        if len(csms.attempts) == 1:
            monkeypatch.setattr(opened.wire, method, fail)
        return opened

    csms.connect = connect
    async with csms.running(station):
        # A wire that cannot write loses its boot; one that does not start is given up.
        await clock.advance(200)
        assert station.status == "Accepted"
        await station.heartbeat()


@pytest.mark.asyncio
async def test_a_wire_that_can_not_even_be_closed(
    fake_csms: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, grace=1)
    accept = csms.connect

    def fail(*_: object) -> None:
        raise OSError("broken")

    async def connect(request: ConnectRequest) -> OpenedConnection:
        opened: OpenedConnection = await accept(request)
        if len(csms.attempts) == 1:
            monkeypatch.setattr(opened.wire, "start", fail)
            monkeypatch.setattr(opened.wire, "close", fail)
        return opened

    csms.connect = connect
    async with csms.running(station):
        await clock.advance(1)
        await clock.advance(10)
        assert station.connected


@pytest.mark.asyncio
@pytest.mark.parametrize("problem", KINDS, ids=named)
async def test_its_own_security_event_cannot_be_kept(
    problem: BaseException, fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(MemoryJournal):
        async def append(self, entry: Entry) -> int:
            raise problem

    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, journal=Full())
    accept, left = csms.connect, [ssl.SSLCertVerificationError(1, "self-signed")]

    async def connect(request: ConnectRequest) -> OpenedConnection:
        if left:
            raise ConnectionClosed("TLS", delivered="no") from left.pop()
        opened: OpenedConnection = await accept(request)
        return opened

    csms.connect = connect
    async with csms.running(station):
        await clock.advance(10)
        assert station.connected
        assert "SecurityEventNotification cannot be stored" in caplog.text


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["append", "ack", "pending"])
@pytest.mark.parametrize("problem", KINDS, ids=named)
async def test_a_journal_that_fails(method: str, problem: BaseException, fake_csms: Make) -> None:
    failing = True

    class Broken(MemoryJournal):
        def __getattribute__(self, name: str) -> Any:
            if name == method and failing:

                async def fail(*_: object) -> None:
                    raise problem

                return fail
            return super().__getattribute__(name)

    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, journal=Broken())
    csms.answers["TransactionEvent"] = {}
    async with csms.running(station):
        task = asyncio.create_task(station.call(event(1)))
        await settle()
        if method == "append":
            # What the journal's own task was cancelled by cancels nobody else.
            cancelled = isinstance(problem, asyncio.CancelledError)
            with pytest.raises(JournalError if cancelled else type(problem)):
                await task
        failing = False
        await clock.advance(120)
        if method != "append":
            assert await task == v201.TransactionEventResponse()
        assert await station.call(event(2)) == v201.TransactionEventResponse()
        assert station.connected
        assert station.undelivered == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "option", ["wall_clock", "random", "monitor_severity", "new_id", "on_invalid"]
)
@pytest.mark.parametrize(
    "problem", [each for each in KINDS if isinstance(each, Exception)], ids=named
)
async def test_a_function_of_the_user_s(
    option: str, problem: Exception, fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    failing = True
    number = 0

    def function(*arguments: Any) -> Any:
        nonlocal number
        if failing:
            raise problem
        number += 1
        good = {"wall_clock": datetime.now(UTC), "random": 0.5, "new_id": f"id-{number}"}
        return good.get(option)

    clock = FakeClock()
    csms = fake_csms(clock)
    station = make(clock, queued_severity=9, **{option: function})
    csms.answers |= {"NotifyEvent": {}, "SecurityEventNotification": {}}

    @station.on(v201.ResetRequest)
    def reset(request: v201.ResetRequest) -> v201.ResetResponse:
        raise AssertionError("the request is invalid")

    async with csms.running(station):
        await clock.advance(61)
        csms.wire.cut()
        await clock.advance(10)
        if option == "monitor_severity":
            await station.call(severe_event())
        csms.says([2, "1", "Reset", {"type": "NoSuchWord"}])
        await settle()
        await clock.advance(100)
        failing = False
        await clock.advance(120)
        assert station.status == "Accepted"
        assert station.connected
        await station.heartbeat()
        assert station.now().tzinfo is not None
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] or option == "random"


def severe_event() -> v201.NotifyEventRequest:
    return v201.NotifyEventRequest(
        generated_at=utcnow(),
        seq_no=0,
        event_data=[
            v201.EventDataType(
                event_id=1,
                timestamp=utcnow(),
                trigger=v201.EventTriggerEnumType.ALERTING,
                actual_value="1",
                event_notification_type=v201.EventNotificationEnumType.CUSTOM_MONITOR,
                component=v201.ComponentType(name="C"),
                variable=v201.VariableType(name="V"),
                variable_monitoring_id=7,
            )
        ],
    )


@pytest.mark.asyncio
async def test_a_failing_wall_clock_is_logged_once(
    fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> datetime:
        raise OSError("no RTC")

    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, wall_clock=broken)
    async with csms.running(station):
        for _ in range(5):
            await clock.advance(300)
        assert station.connected
    assert caplog.text.count("wall_clock failed") == 1


@pytest.mark.asyncio
async def test_delivery_that_fails_goes_on(
    fake_csms: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    csms.answers["TransactionEvent"] = {}
    untyped: Any = station
    queue = untyped._outbox._transactions
    original, left = queue.run, [RuntimeError("nobody foresaw it")]

    async def deliver(*arguments: Any) -> None:
        if left:
            raise left.pop()
        await original(*arguments)

    monkeypatch.setattr(queue, "run", deliver)
    async with csms.running(station):
        task = asyncio.create_task(station.call(event()))
        await clock.advance(9)
        assert not task.done()
        assert station.connected
        await clock.advance(1)
        assert await task == v201.TransactionEventResponse()
    assert "delivery of queued messages failed" in caplog.text


@pytest.mark.asyncio
@pytest.mark.parametrize("version", [v201, v21])
@pytest.mark.parametrize("reason", ["because", "", 7, None, object()])
async def test_boot_02_a_reason_that_is_no_value_is_refused_at_once(
    version: Any, reason: Any, fake_csms: Make
) -> None:
    clock = FakeClock()
    csms = fake_csms(clock, subprotocol=version.PROTOCOL.subprotocol)
    roles = import_module(f"{version.PROTOCOL.package}.roles")
    station = roles.ChargingStation("CP001", model="M", vendor_name="V", clock=clock, insecure=True)
    async with csms.running(station):
        before = station.boot
        if reason is None:
            station.restart(reason=reason)
        else:
            with pytest.raises(InvalidOutgoing):
                station.restart(reason=reason, network="ws://elsewhere")
            assert station.boot is before
        await clock.advance(10)
        assert station.connected
        assert {request.url for request in csms.requests} == {"ws://csms/CP001"}


@pytest.mark.asyncio
async def test_a_boot_message_that_is_none_is_refused_at_once(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    untyped: Any = station
    broken = msgspec.structs.replace(station.boot, charging_station="none")
    async with csms.running(station):
        for wrong, error in (
            (v201.HeartbeatRequest(), LocalProtocolError),
            (v21.HeartbeatRequest(), WrongVersion),
            (broken, InvalidOutgoing),
            (None, (WrongVersion, TypeError, AttributeError)),
        ):
            with pytest.raises(error):
                untyped.boot = wrong
            if wrong is not None:
                with pytest.raises(error):
                    untyped.restart(wrong)
        await clock.advance(10)
        assert csms.attempts == [0]


@pytest.mark.asyncio
async def test_who_cancels_the_station_ends_it_also_while_a_seam_fails(fake_csms: Make) -> None:
    clock = FakeClock()
    station = make(clock)

    async def connect(request: ConnectRequest) -> OpenedConnection:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    running = asyncio.create_task(station.run("ws://csms", connect))
    await settle()
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    assert MemoryWire.KEPT
