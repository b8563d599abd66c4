"""A message at which the CSMS closes the connection again and again does not stop those behind it for ever."""

from collections.abc import Callable, Collection
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.core import ConnectionClosed, utcnow
from ocppkit.station import BackOff, DeliveryEvent, DeliveryGivenUp
from ocppkit.testing import FakeClock, settle
from ocppkit.v16.roles import ChargePoint
from ocppkit.v201.roles import ChargingStation
from station.transaction_schedules import meter, start, stop
from support.memory_store import MemoryStore

Make = Callable[..., Any]


def make(clock: FakeClock, store: MemoryStore) -> ChargingStation:
    back_off = BackOff(wait_minimum=10, random_range=0, repeat_times=0)
    return ChargingStation(
        "CP001",
        model="M",
        vendor_name="V",
        clock=clock,
        insecure=True,
        back_off=back_off,
        journal=store,
    )


def event(number: int) -> v201.TransactionEventRequest:
    return v201.TransactionEventRequest(
        event_type=v201.TransactionEventEnumType.UPDATED,
        timestamp=utcnow(),
        trigger_reason=v201.TriggerReasonEnumType.METER_VALUE_PERIODIC,
        seq_no=number,
        transaction_info=v201.TransactionType(transaction_id="T1"),
    )


def sent_numbers(csms: Any) -> list[int]:
    frames = [each for each in csms.received if each[0] == 2 and each[2] == "TransactionEvent"]
    return [frame[3]["seqNo"] for frame in frames]


def refusing(csms: Any, numbers: Collection[int], close: Callable[[Any], None]) -> None:
    """Has a CSMS end the connection at these events."""
    original = csms.answer

    def answer(frame: Any) -> None:
        if frame[3].get("seqNo") in numbers:
            close(csms.wire)
        else:
            original(frame)

    csms.answer = answer


def goodbye(wire: Any) -> None:
    wire.close(1011, "internal error")


@pytest.mark.asyncio
async def test_after_five_losses_the_next_goes_first_and_then_the_head_is_a_dead_letter(
    fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, store)
    csms.answers["TransactionEvent"] = {}
    refusing(csms, {0}, goodbye)
    seen: list[DeliveryEvent] = []
    station._outbox.observer = seen.append
    deliveries = [await station.keep(event(number)) for number in range(3)]
    async with csms.running(station):
        for _ in range(4):
            await clock.advance(10)
        assert sent_numbers(csms) == [0] * 5
        assert len(store) == 3
        await clock.advance(10)
        # The next one was delivered; then the first one closed the connection again.
        assert sent_numbers(csms) == [0] * 5 + [1, 0]
        assert [entry.message_id for entry, _ in store.dead.values()] == [deliveries[0].message_id]
        await clock.advance(10)
        assert sent_numbers(csms) == [0] * 5 + [1, 0, 2]
        with pytest.raises(ConnectionClosed):
            await deliveries[0].answer()
        assert await deliveries[2].answer() == v201.TransactionEventResponse()
    (problem,) = [each for each in seen if isinstance(each, DeliveryGivenUp)]
    assert problem.dead_letter
    assert "kept as a dead letter" in caplog.text
    # On each connection after the first loss something else was answered before.
    assert [frame[2] for frame in csms.received if frame[0] == 2].count("Heartbeat") >= 4


@pytest.mark.asyncio
async def test_two_such_messages_are_both_found(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, store)
    csms.answers["TransactionEvent"] = {}
    refusing(csms, {0, 1}, goodbye)
    for number in range(4):
        await station.keep(event(number))
    async with csms.running(station):
        for _ in range(20):
            await clock.advance(10)
        assert len(store) == 0
        assert len(store.dead) == 2
    delivered = [number for number in sent_numbers(csms) if number > 1]
    assert delivered == [2, 3]


@pytest.mark.asyncio
async def test_a_message_that_is_accepted_in_the_end_is_no_dead_letter(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, store)
    csms.answers["TransactionEvent"] = {}
    bad = {0}
    refusing(csms, bad, goodbye)
    for number in range(2):
        await station.keep(event(number))
    async with csms.running(station):
        for _ in range(4):
            await clock.advance(10)
        bad.clear()
        await clock.advance(10)
        assert sent_numbers(csms) == [0] * 5 + [1, 0]
        assert len(store) == len(store.dead) == 0


@pytest.mark.asyncio
async def test_a_csms_that_answers_nothing_else_loses_no_message(fake_csms: Make) -> None:
    """It crashes in a loop; that tells nothing of the message."""
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, store)
    csms.answers["TransactionEvent"] = {}
    async with csms.running(station):
        refusing(csms, {0}, goodbye)
        csms.answers["Heartbeat"] = None
        original = csms.answer

        def crash(frame: Any) -> None:
            if frame[2] == "Heartbeat":
                goodbye(csms.wire)
            else:
                original(frame)

        csms.answer = crash
        for number in range(2):
            await station.keep(event(number))
        for _ in range(20):
            await clock.advance(10)
        assert 1 not in sent_numbers(csms)
        assert (len(store), store.dead) == (2, {})


def cut(wire: Any) -> None:
    wire.cut()


@pytest.mark.asyncio
async def test_connections_that_break_never_count(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, store)
    csms.answers["TransactionEvent"] = {}
    refusing(csms, {0}, cut)
    for number in range(2):
        await station.keep(event(number))
    async with csms.running(station):
        for _ in range(20):
            await clock.advance(10)
        assert set(sent_numbers(csms)) == {0}
        assert (len(store), store.dead) == (2, {})


@pytest.mark.asyncio
async def test_our_own_closes_never_count(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, store)
    csms.answers["TransactionEvent"] = None
    for number in range(2):
        await station.keep(event(number))
    async with csms.running(station):
        for _ in range(20):
            await settle()
            station.disconnect()
            await clock.advance(10)
        assert set(sent_numbers(csms)) == {0}
        assert (len(store), store.dead) == (2, {})


@pytest.mark.asyncio
async def test_no_number_is_missing_because_a_stop_has_passed_its_start(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, subprotocol="ocpp1.6")
    point = ChargePoint(
        "CP001",
        charge_point_model="M",
        charge_point_vendor="V",
        clock=clock,
        insecure=True,
        back_off=BackOff(wait_minimum=10, random_range=0, repeat_times=0),
        journal=store,
    )
    accepted = {"status": "Accepted"}
    csms.answers |= {
        "StartTransaction": {"transactionId": 5, "idTagInfo": accepted},
        "MeterValues": {},
        "StopTransaction": {},
    }
    original = csms.answer

    def answer(frame: Any) -> None:
        if frame[2] == "StartTransaction" and frame[3]["meterStart"] == 0:
            goodbye(csms.wire)
        else:
            original(frame)

    csms.answer = answer
    await point.keep(start(0), note="A")
    await point.keep(meter(), note="A")
    await point.keep(stop(), note="A")
    async with csms.running(point):
        for _ in range(20):
            await clock.advance(10)
        assert len(store) == 3
        await point.keep(start(1), note="B")
        await point.keep(stop(), note="B")
        for _ in range(5):
            await clock.advance(10)
        assert len(store) == 0
        assert len(store.dead) == 1
    numbers = [
        (frame[2], frame[3]["transactionId"])
        for frame in csms.received
        if frame[0] == 2 and "transactionId" in frame[3]
    ]
    # TX6-04: -1 only where StartTransaction was given up.
    assert numbers == [("MeterValues", -1), ("StopTransaction", -1), ("StopTransaction", 5)]
