"""A full journal drops what OCPP allows, and tells who could not be served."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import utcnow
from ocppkit.station import (
    DeliveryEvent,
    JournalFull,
    MessageDropped,
    MessagesDropped,
    MeterValuesLeftOut,
    _drop_policy,
)
from ocppkit.testing import FakeClock, settle
from ocppkit.v16.roles import ChargePoint
from ocppkit.v21.roles import ChargingStation as ChargingStation21
from ocppkit.v201.roles import ChargingStation
from support.memory_store import MemoryStore

Make = Callable[..., Any]


def make(store: MemoryStore, role: Any = ChargingStation, **options: Any) -> Any:
    return role("CP001", model="M", vendor_name="V", insecure=True, journal=store, **options)


def event(
    number: int,
    kind: str = "Updated",
    version: Any = v201,
    trigger: str = "MeterValuePeriodic",
    readings: int = 1,
    transaction: str = "T1",
) -> Any:
    sample = version.SampledValueType(value=1.0)
    meter_value = [
        version.MeterValueType(timestamp=utcnow(), sampled_value=[sample]) for _ in range(readings)
    ]
    return version.TransactionEventRequest(
        event_type=version.TransactionEventEnumType(kind),
        timestamp=utcnow(),
        trigger_reason=version.TriggerReasonEnumType(trigger),
        seq_no=number,
        transaction_info=version.TransactionType(transaction_id=transaction),
        meter_value=meter_value or None,
    )


def numbers(store: MemoryStore) -> list[int]:
    payloads = (msgspec.json.decode(each.entry.payload) for each in store.waiting.values())
    return [payload["seqNo"] for payload in payloads]


@pytest.mark.asyncio
@pytest.mark.parametrize(("version", "role"), [(v201, ChargingStation), (v21, ChargingStation21)])
async def test_que_09_updates_in_the_middle_go_first(
    version: Any, role: Any, caplog: pytest.LogCaptureFixture
) -> None:
    store = MemoryStore()
    station = make(store, role)
    seen: list[DeliveryEvent] = []
    station._outbox.observer = seen.append
    await station.keep(event(0, "Started", version))
    deliveries = [await station.keep(event(number, version=version)) for number in range(1, 8)]
    store.max_bytes = store.size
    await station.keep(event(8, "Ended", version))
    assert numbers(store) == [0, 2, 4, 6, 8]
    assert station.dropped == 4
    assert station.undelivered == 5
    assert [each.done for each in deliveries] == [True, False] * 3 + [True]
    with pytest.raises(MessageDropped):
        await deliveries[0].answer()
    (dropped,) = seen
    assert isinstance(dropped, MessagesDropped)
    assert dropped.message_ids == tuple(each.message_id for each in deliveries[::2])
    assert "CP001: journal is full: removed 4 messages, 4 since the start" in caplog.text


@pytest.mark.asyncio
async def test_que_09_begin_and_end_are_never_dropped() -> None:
    store = MemoryStore()
    station = make(store)
    for number, kind in enumerate(("Started", "Ended", "Started", "Ended")):
        await station.keep(event(number, kind))
    store.max_bytes = store.size
    for kind in ("Started", "Updated", "Ended"):
        with pytest.raises(JournalFull):
            await station.keep(event(9, kind))
    assert numbers(store) == [0, 1, 2, 3]
    assert station.dropped == 0


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "trigger",
    ["LimitSet", "CostLimitReached", "EnergyLimitReached", "TimeLimitReached", "SoCLimitReached"],
)
async def test_que_09_what_tells_of_a_limit_is_never_dropped(trigger: str) -> None:
    store = MemoryStore()
    station = make(store, ChargingStation21)
    await station.keep(event(0, "Updated", v21, trigger))
    store.max_bytes = store.size
    with pytest.raises(JournalFull):
        await station.keep(event(1, "Ended", v21))
    assert numbers(store) == [0]


@pytest.mark.asyncio
async def test_que_11_other_messages_go_before_those_of_transactions() -> None:
    store = MemoryStore()
    station = make(store, queue_all_messages=True)
    await station.keep(event(0))
    words = await station.keep(v201.DataTransferRequest(vendor_id="V" * 200))
    security = await station.keep(
        v201.SecurityEventNotificationRequest(type="MemoryExhaustion", timestamp=utcnow())
    )
    store.max_bytes = store.size
    # The bytes that are freed beyond what is needed would take the events as well.
    await station.keep(event(1, "Ended"))
    assert words.done
    assert not security.done


@pytest.mark.asyncio
async def test_que_10_meter_values_in_the_middle_of_the_end_are_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryStore()
    station = make(store)
    seen: list[DeliveryEvent] = []
    station._outbox.observer = seen.append
    await station.keep(event(0, "Ended", readings=20))
    first = next(iter(store.waiting.values())).entry
    store.max_bytes = store.size + 10
    await station.keep(event(1, "Started", readings=0))
    second = store.waiting[1].entry
    before, after = (msgspec.json.decode(each.payload) for each in (first, second))
    assert after["meterValue"] == [before["meterValue"][0], before["meterValue"][-1]]
    assert second.message_id == first.message_id
    assert "all but the first and last meter values" in caplog.text
    # So are those of the one that finds no room.
    store.max_bytes = store.size + 600
    delivery = await station.keep(event(2, "Ended", readings=20))
    assert len(msgspec.json.decode(store.waiting[3].entry.payload)["meterValue"]) == 2
    assert f"meter values of message {delivery.message_id}" in caplog.text
    assert seen == [
        MeterValuesLeftOut(message_id=each) for each in (first.message_id, delivery.message_id)
    ]


@pytest.mark.asyncio
async def test_room_is_made_without_decoding_the_whole_journal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = MemoryStore()
    station = make(store)
    decoded: list[str] = []

    def noting(action: Any, entry: Any) -> Any:
        decoded.append(entry.message_id)
        return original(action, entry)

    original = _drop_policy._decoded
    monkeypatch.setattr(_drop_policy, "_decoded", noting)
    for number in range(300):
        await station.keep(event(number, transaction=f"T{number % 7}"))
        await station.keep(event(number, "Started", transaction=f"T{number}"))
    store.max_bytes = store.size
    await station.keep(event(0, "Ended"))
    # Every second one of so many as free 16 KiB.
    size = len(next(iter(store.waiting.values())).entry.payload)
    assert len(decoded) <= 2 * 16384 // size + 10
    decoded.clear()
    station = make(store := MemoryStore())
    for number in range(300):
        await station.keep(event(number, "Started"))
    store.max_bytes = store.size
    with pytest.raises(JournalFull):
        await station.keep(event(0, "Ended"))
    assert decoded == []


@pytest.mark.asyncio
async def test_in_1_6_meter_values_go_first() -> None:
    store = MemoryStore()
    station = ChargePoint(
        "CP001", charge_point_model="M", charge_point_vendor="V", insecure=True, journal=store
    )
    value = v16.MeterValue(timestamp=utcnow(), sampled_value=[v16.SampledValue(value="1")])
    start = v16.StartTransactionRequest(
        connector_id=1, id_tag="T", meter_start=0, timestamp=utcnow()
    )
    stop = v16.StopTransactionRequest(
        transaction_id=-1,
        meter_stop=1,
        timestamp=utcnow(),
        transaction_data=[value] * 10,
    )
    await station.keep(start, note="A")
    for _ in range(3):
        await station.keep(
            v16.MeterValuesRequest(connector_id=1, transaction_id=-1, meter_value=[value]),
            note="A",
        )
    store.max_bytes = store.size
    await station.keep(start, note="B")
    assert [each.entry.action for each in store.waiting.values()] == [
        "StartTransaction",
        "MeterValues",
        "StartTransaction",
    ]
    store.max_bytes = store.size
    with pytest.raises(JournalFull):
        await station.keep(stop, note="A")
    store.max_bytes = store.size + 600
    await station.keep(stop, note="A")
    last = list(store.waiting.values())[-1].entry
    assert len(msgspec.json.decode(last.payload)["transactionData"]) == 2


@pytest.mark.asyncio
async def test_what_is_on_its_way_is_not_dropped(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock)
    station = make(store, clock=clock, raise_security_events=False)
    csms.answers["TransactionEvent"] = None
    async with csms.running(station):
        for number in range(3):
            await station.keep(event(number))
        await settle()
        store.max_bytes = store.size
        await station.keep(event(3, "Ended"))
        assert numbers(store) == [0, 2, 3]
        csms.answers["TransactionEvent"] = {}
        await clock.advance(100)
        assert station.undelivered == 0
        assert len(store) == 0


@pytest.mark.asyncio
async def test_one_that_finds_no_room_fails_alone() -> None:
    store = MemoryStore(max_bytes=2000)
    station = make(store)
    requests = [event(0, "Started"), event(1, "Ended", readings=2), event(2, "Ended")]
    requests[1] = msgspec.structs.replace(
        requests[1], custom_data=v201.CustomDataType(vendor_id="V" * 255, a="x" * 4000)
    )
    tasks = [asyncio.create_task(station.keep(each)) for each in requests]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(outcomes[1], JournalFull)
    assert numbers(store) == [0, 2]
