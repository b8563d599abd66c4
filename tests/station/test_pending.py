"""What a station does while the CSMS has it Pending: it starts nothing, and sends what it was asked for."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v16, v201
from ocppkit.core import CallTimedOut, utcnow
from ocppkit.station import BackOff, MemoryJournal, Retries
from ocppkit.testing import FakeClock, settle
from ocppkit.v16.roles import ChargePoint
from ocppkit.v201.roles import ChargingStation

Make = Callable[..., Any]

PENDING = {"status": "Pending", "interval": 60}
TOKEN = {"idToken": "A", "type": "Central"}


def make(clock: FakeClock, **options: Any) -> ChargingStation:
    back_off = BackOff(random_range=0)
    return ChargingStation(
        "CP001",
        model="M",
        vendor_name="V",
        clock=clock,
        insecure=True,
        back_off=back_off,
        **options,
    )


def event(number: int, reason: v201.TriggerReasonEnumType) -> v201.TransactionEventRequest:
    return v201.TransactionEventRequest(
        event_type=v201.TransactionEventEnumType.UPDATED,
        timestamp=utcnow(),
        trigger_reason=reason,
        seq_no=number,
        transaction_info=v201.TransactionType(transaction_id="T1"),
    )


def never(request: object) -> Any:
    raise AssertionError("must not run")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("RequestStartTransaction", {"remoteStartId": 1, "idToken": TOKEN}),
        ("RequestStopTransaction", {"transactionId": "T1"}),
    ],
)
async def test_boot_15_no_transaction_is_started_or_stopped(
    action: str, payload: Any, fake_csms: Make
) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, boot=PENDING), make(clock)
    station.on(v201.RequestStartTransactionRequest)(never)
    station.on(v201.RequestStopTransactionRequest)(never)
    async with csms.running(station):
        await csms.calls()
        csms.says([2, "1", action, payload])
        await settle()
        assert csms.received == [[3, "1", {"status": "Rejected"}]]


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("RemoteStartTransaction", {"idTag": "A"}),
        ("RemoteStopTransaction", {"transactionId": 1}),
    ],
)
async def test_boot_14_in_1_6_too(action: str, payload: Any, fake_csms: Make) -> None:
    clock = FakeClock()
    csms = fake_csms(clock, subprotocol="ocpp1.6", boot=PENDING)
    station = ChargePoint(
        "CP001", charge_point_model="M", charge_point_vendor="V", clock=clock, insecure=True
    )
    station.on(v16.RemoteStartTransactionRequest)(never)
    station.on(v16.RemoteStopTransactionRequest)(never)
    async with csms.running(station):
        await csms.calls()
        csms.says([2, "1", action, payload])
        await settle()
        assert csms.received == [[3, "1", {"status": "Rejected"}]]


@pytest.mark.asyncio
async def test_what_has_no_handler_is_still_not_supported(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, boot=PENDING), make(clock)
    async with csms.running(station):
        await csms.calls()
        csms.says([2, "1", "RequestStopTransaction", {"transactionId": "T1"}])
        await settle()
        assert csms.received[0][:3] == [4, "1", "NotSupported"]


async def triggered(station: ChargingStation, csms: Any) -> None:
    @station.on(v201.TriggerMessageRequest)
    def trigger(request: v201.TriggerMessageRequest) -> v201.TriggerMessageResponse:
        return v201.TriggerMessageResponse(status=v201.TriggerMessageStatusEnumType.ACCEPTED)

    await csms.calls()
    csms.says([2, "1", "TriggerMessage", {"requestedMessage": "TransactionEvent"}])
    await csms.calls()


@pytest.mark.asyncio
async def test_boot_12_a_triggered_event_is_sent_and_others_wait(fake_csms: Make) -> None:
    clock, journal = FakeClock(), MemoryJournal()
    csms, station = fake_csms(clock, boot=PENDING), make(clock, journal=journal)
    csms.answers["TransactionEvent"] = {}
    reasons = v201.TriggerReasonEnumType
    async with csms.running(station):
        waits = asyncio.create_task(station.call(event(0, reasons.METER_VALUE_PERIODIC)))
        not_asked = asyncio.create_task(station.call(event(1, reasons.TRIGGER)))
        await triggered(station, csms)
        assert await station.call(event(2, reasons.TRIGGER)) == v201.TransactionEventResponse()
        assert [frame[3]["seqNo"] for frame in csms.received if frame[0] == 2] == [2]
        assert not waits.done()
        assert not not_asked.done()
        assert len(await journal.pending()) == 2
        csms.boot = {"status": "Accepted", "interval": 300}
        await clock.advance(60)
        await asyncio.gather(waits, not_asked)


@pytest.mark.asyncio
async def test_a_triggered_event_that_is_not_answered_is_kept_under_its_id(fake_csms: Make) -> None:
    clock, journal = FakeClock(), MemoryJournal()
    csms, station = fake_csms(clock, boot=PENDING), make(clock, journal=journal)
    csms.answers["TransactionEvent"] = None
    async with csms.running(station):
        await triggered(station, csms)
        task = asyncio.create_task(station.call(event(2, v201.TriggerReasonEnumType.TRIGGER)))
        await settle()
        (sent,) = [frame for frame in csms.received if frame[0] == 2]
        csms.wire.cut()
        await settle()
        assert not task.done()
        ((_, entry),) = await journal.pending()
        assert entry.message_id == sent[1]
        csms.answers["TransactionEvent"] = {}
        csms.boot = {"status": "Accepted", "interval": 300}
        await clock.advance(60)
        assert await task == v201.TransactionEventResponse()


@pytest.mark.asyncio
async def test_boot_12_no_heartbeat_precedes_giving_a_triggered_event_up(fake_csms: Make) -> None:
    clock = FakeClock()
    csms = fake_csms(clock, boot={"status": "Pending", "interval": 600})
    station = make(clock, retries=Retries(attempts=1))
    csms.answers["TransactionEvent"] = None
    async with csms.running(station):
        await triggered(station, csms)
        trigger = v201.TriggerReasonEnumType.TRIGGER
        task = asyncio.create_task(station.call(event(2, trigger), call_timeout=1))
        await clock.advance(2)
        with pytest.raises(CallTimedOut):
            await task
        assert await csms.calls() == ["TransactionEvent"]
