"""Which messages must arrive: critical security events, severe events, and all of them if wanted."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import CallFailed, CallTimedOut, ConnectionClosed, utcnow
from ocppkit.station import BackOff, MemoryJournal, Retries, Station
from ocppkit.testing import FakeClock, settle
from ocppkit.v16.roles import ChargePoint
from ocppkit.v21.roles import ChargingStation as ChargingStation21
from ocppkit.v201.roles import ChargingStation

Make = Callable[..., Any]

BACK_OFF = BackOff(wait_minimum=10, random_range=0)

ABOUT_16 = {"charge_point_model": "M", "charge_point_vendor": "V"}
ABOUT_2 = {"model": "M", "vendor_name": "V"}
STATIONS: list[tuple[Any, Callable[..., Station], dict[str, Any]]] = [
    (v16, ChargePoint, ABOUT_16),
    (v201, ChargingStation, ABOUT_2),
    (v21, ChargingStation21, ABOUT_2),
]


def make(version: Any, clock: FakeClock, **options: Any) -> Any:
    ((_, station, about),) = (each for each in STATIONS if each[0] is version)
    options.setdefault("back_off", BACK_OFF)
    return station("CP001", **about, clock=clock, insecure=True, **options)


def security_event(version: Any, name: str) -> Any:
    return version.SecurityEventNotificationRequest(type=name, timestamp=utcnow())


def notify(version: Any, number: int = 0, **members: Any) -> Any:
    return version.NotifyEventRequest(
        generated_at=utcnow(),
        seq_no=number,
        event_data=[
            version.EventDataType(
                event_id=number,
                timestamp=utcnow(),
                trigger=version.EventTriggerEnumType.ALERTING,
                actual_value="1",
                event_notification_type=version.EventNotificationEnumType.CUSTOM_MONITOR,
                component=version.ComponentType(name="C"),
                variable=version.VariableType(name="V"),
                **members,
            )
        ],
    )


async def is_kept(station: Any, journal: MemoryJournal, request: Any) -> bool:
    """Whether a station that is offline keeps a message; otherwise it says that it cannot send it."""
    task = asyncio.create_task(station.call(request))
    await settle()
    kept = bool(await journal.pending())
    task.cancel()
    outcomes = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(outcomes[0], asyncio.CancelledError if kept else ConnectionClosed)
    return kept


@pytest.mark.asyncio
@pytest.mark.parametrize("version", [v16, v201, v21])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TamperDetectionActivated", True),
        ("FirmwareUpdated", True),
        ("AVendorsOwn", True),
        ("InvalidMessages", False),
        ("AttemptedReplayAttacks", False),
        ("ReconfigurationOfSecurityParameters", False),
    ],
)
async def test_log_04_critical_security_events_are_kept(
    version: Any, name: str, expected: bool
) -> None:
    journal = MemoryJournal()
    station = make(version, FakeClock(), journal=journal)
    assert await is_kept(station, journal, security_event(version, name)) is expected


@pytest.mark.asyncio
@pytest.mark.parametrize("version", [v201, v21])
@pytest.mark.parametrize(
    ("queued_severity", "monitor", "expected"),
    [
        (None, 7, False),
        (None, None, False),
        (3, 7, True),
        (2, 7, False),
        (2, None, True),
        (2, 8, True),
    ],
)
async def test_mon_04_severe_events_are_kept(
    version: Any, queued_severity: int | None, monitor: int | None, expected: bool
) -> None:
    journal = MemoryJournal()
    station = make(version, FakeClock(), journal=journal, monitor_severity={7: 3}.get)
    station.queued_severity = queued_severity
    assert station.queued_severity == queued_severity
    request = notify(version, variable_monitoring_id=monitor)
    assert await is_kept(station, journal, request) is expected


@pytest.mark.asyncio
async def test_what_nobody_can_judge_is_kept() -> None:
    journal = MemoryJournal()
    station = make(v201, FakeClock(), journal=journal, queued_severity=0)
    assert await is_kept(station, journal, notify(v201, variable_monitoring_id=7))


@pytest.mark.asyncio
@pytest.mark.parametrize(("severity", "expected"), [(0, True), (4, True), (5, False)])
async def test_since_2_1_an_event_carries_its_severity(severity: int, expected: bool) -> None:
    journal = MemoryJournal()
    station = make(v21, FakeClock(), journal=journal, queued_severity=4)
    request = notify(v21, severity=severity, variable_monitoring_id=7)
    assert await is_kept(station, journal, request) is expected


@pytest.mark.asyncio
@pytest.mark.parametrize("version", [v16, v201, v21])
async def test_que_11_all_messages_can_be_kept(version: Any) -> None:
    words = version.PROTOCOL.actions["DataTransfer"].request(vendor_id="V")
    for switch in (False, True):
        journal = MemoryJournal()
        station = make(version, FakeClock(), journal=journal)
        station.queue_all_messages = switch
        assert station.queue_all_messages is switch
        assert await is_kept(station, journal, words) is switch
        assert not await is_kept(station, MemoryJournal(), version.HeartbeatRequest())
        assert not await is_kept(station, MemoryJournal(), station.boot)


@pytest.mark.asyncio
async def test_what_was_kept_is_delivered_when_the_connection_is_back(fake_csms: Make) -> None:
    clock = FakeClock()
    csms = fake_csms(clock, up=False)
    station = make(v201, clock, queued_severity=9)
    csms.answers |= {"SecurityEventNotification": {}, "NotifyEvent": {}, "TransactionEvent": {}}
    requests = [
        security_event(v201, "TamperDetectionActivated"),
        notify(v201, 1),
        transaction_event(),
        notify(v201, 2),
    ]
    tasks = [asyncio.create_task(station.call(request)) for request in requests]
    await settle()
    assert station.undelivered == 4
    async with csms.running(station):
        csms.up = True
        await clock.advance(10)
        sent = [frame for frame in csms.received if frame[0] == 2]
        assert sent[0][2] == "BootNotification"
        assert sorted(frame[2] for frame in sent[1:]) == sorted(
            ["TransactionEvent", "SecurityEventNotification", "NotifyEvent", "NotifyEvent"]
        )
        assert [frame[3]["seqNo"] for frame in sent if frame[2] == "NotifyEvent"] == [1, 2]
        assert station.undelivered == 0
        for task in tasks:
            await task


def transaction_event() -> v201.TransactionEventRequest:
    return v201.TransactionEventRequest(
        event_type=v201.TransactionEventEnumType.STARTED,
        timestamp=utcnow(),
        trigger_reason=v201.TriggerReasonEnumType.AUTHORIZED,
        seq_no=0,
        transaction_info=v201.TransactionType(transaction_id="T1"),
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("stuck", ["TransactionEvent", "SecurityEventNotification"])
async def test_neither_queue_waits_for_the_other(stuck: str, fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(v201, clock)
    csms.answers |= {"SecurityEventNotification": {}, "TransactionEvent": {}, stuck: None}
    async with csms.running(station):
        tasks = {
            request.__ocpp_action__: asyncio.create_task(station.call(request, call_timeout=1))
            for request in (security_event(v201, "MemoryExhaustion"), transaction_event())
        }
        await clock.advance(2)
        assert [action for action, task in tasks.items() if not task.done()] == [stuck]
        csms.answers[stuck] = {}
        await clock.advance(60)
        assert all(task.done() for task in tasks.values())


@pytest.mark.asyncio
async def test_an_error_answers_what_is_no_transaction_message(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(v201, clock)
    csms.answers["SecurityEventNotification"] = ["NotSupported", "", {}]
    async with csms.running(station):
        with pytest.raises(CallFailed):
            await station.call(security_event(v201, "MemoryExhaustion"))
        assert (await csms.calls()).count("SecurityEventNotification") == 1
        assert station.undelivered == 0


@pytest.mark.asyncio
async def test_no_answer_is_given_up_after_the_last_attempt(fake_csms: Make) -> None:
    clock = FakeClock()
    csms = fake_csms(clock)
    station = make(v201, clock, retries=Retries(attempts=2, interval=5))
    async with csms.running(station):
        request = security_event(v201, "MemoryExhaustion")
        task = asyncio.create_task(station.call(request, call_timeout=1))
        await clock.advance(10)
        assert (await csms.calls()).count("SecurityEventNotification") == 2
        with pytest.raises(CallTimedOut):
            await task


@pytest.mark.asyncio
async def test_an_earlier_run_s_messages_are_delivered_too(fake_csms: Make) -> None:
    journal = MemoryJournal()
    before = make(v201, FakeClock(), journal=journal, queue_all_messages=True)
    requests = [
        v201.DataTransferRequest(vendor_id="V"),
        transaction_event(),
        security_event(v201, "MemoryExhaustion"),
    ]
    tasks = [asyncio.create_task(before.call(request)) for request in requests]
    await settle()
    for task in tasks:
        task.cancel()
    clock = FakeClock()
    csms, station = fake_csms(clock), make(v201, clock, journal=journal)
    csms.answers |= {
        "DataTransfer": {"status": "Accepted"},
        "SecurityEventNotification": {},
        "TransactionEvent": {},
    }
    async with csms.running(station):
        others = [action for action in await csms.calls() if action != "TransactionEvent"]
        assert others == ["BootNotification", "DataTransfer", "SecurityEventNotification"]
    assert await journal.pending() == []


@pytest.mark.asyncio
@pytest.mark.parametrize(("version", "offline"), [(v201, None), (v201, False), (v21, None)])
async def test_que_08_what_is_made_offline_says_so(
    version: Any, offline: bool | None, fake_csms: Make
) -> None:
    clock = FakeClock()
    csms = fake_csms(clock, up=False, subprotocol=version.PROTOCOL.subprotocol)
    station = make(version, clock)
    csms.answers["TransactionEvent"] = {}

    def event(number: int) -> Any:
        return version.TransactionEventRequest(
            event_type=version.TransactionEventEnumType.UPDATED,
            timestamp=utcnow(),
            trigger_reason=version.TriggerReasonEnumType.METER_VALUE_PERIODIC,
            seq_no=number,
            transaction_info=version.TransactionType(transaction_id="T1"),
            offline=offline,
        )

    tasks = [asyncio.create_task(station.call(event(0)))]
    async with csms.running(station):
        csms.up = True
        await clock.advance(10)
        csms.answers["TransactionEvent"] = None
        tasks.append(asyncio.create_task(station.call(event(1))))
        await settle()
        csms.wire.cut()
        await settle()
        tasks.append(asyncio.create_task(station.call(event(2))))
        csms.answers["TransactionEvent"] = {}
        await clock.advance(10)
        await asyncio.gather(*tasks)
    marks = [
        (frame[3]["seqNo"], frame[3].get("offline"))
        for frame in csms.received
        if frame[0] == 2 and frame[2] == "TransactionEvent"
    ]
    made_offline = True if offline is None else offline
    assert marks == [(0, made_offline), (1, offline), (1, offline), (2, made_offline)]
