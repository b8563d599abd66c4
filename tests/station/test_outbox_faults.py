"""A failing journal, a message that cannot be sent, a failing observer: each ends itself, and nothing else."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import (
    CallFailed,
    InvalidOutgoing,
    LocalProtocolError,
    Message,
    Protocol,
    utcnow,
)
from ocppkit.station import (
    BackOff,
    Delivered,
    DeliveryEvent,
    DeliveryGivenUp,
    Entry,
    JournalError,
    MemoryJournal,
    Retries,
    Stored,
)
from ocppkit.testing import FakeClock, settle
from ocppkit.v16.roles import ChargePoint
from ocppkit.v21.roles import ChargingStation as ChargingStation21
from ocppkit.v201.roles import ChargingStation
from support.memory_store import MemoryStore

Make = Callable[..., Any]

FAILURES: list[BaseException] = [
    OSError(28, "No space left on device"),
    sqlite3.OperationalError("database is locked"),
    ValueError("of no use"),
    asyncio.CancelledError(),
    TimeoutError(),
    LocalProtocolError("a store that speaks our words"),
    CallFailed("GenericError"),
]
KINDS = [type(each).__name__ for each in FAILURES]


def make(clock: FakeClock, **options: Any) -> ChargingStation:
    options.setdefault("back_off", BackOff(wait_minimum=10, random_range=0))
    return ChargingStation(
        "CP001", model="M", vendor_name="V", clock=clock, insecure=True, **options
    )


def event(number: int, kind: str = "Updated", **members: Any) -> v201.TransactionEventRequest:
    return v201.TransactionEventRequest(
        event_type=v201.TransactionEventEnumType(kind),
        timestamp=utcnow(),
        trigger_reason=v201.TriggerReasonEnumType.METER_VALUE_PERIODIC,
        seq_no=number,
        **{"transaction_info": v201.TransactionType(transaction_id="T1"), **members},
    )


def entry(number: int, **members: Any) -> Entry:
    members.setdefault("payload", msgspec.json.encode(event(number)))
    members.setdefault("action", "TransactionEvent")
    return Entry(**{"version": "2.0.1", "message_id": f"m{number}", **members})


def sent_numbers(csms: Any) -> list[int]:
    frames = [each for each in csms.received if each[0] == 2 and each[2] == "TransactionEvent"]
    return [frame[3]["seqNo"] for frame in frames]


def failing(operation: str, problem: BaseException, times: int = 1) -> Callable[[str], None]:
    left = [times]

    def before(asked: str) -> None:
        if asked == operation and left[0]:
            left[0] -= 1
            raise problem

    return before


@pytest.mark.asyncio
@pytest.mark.parametrize("problem", FAILURES, ids=KINDS)
async def test_a_failing_commit_raises_to_who_asked_and_to_nobody_else(
    problem: BaseException, fake_csms: Make
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    store.before = failing("commit", problem)
    expected = JournalError if isinstance(problem, asyncio.CancelledError) else type(problem)
    async with csms.running(station):
        with pytest.raises(expected):
            await station.call(event(0))
        assert await station.call(event(1)) == v201.TransactionEventResponse()
        assert sent_numbers(csms) == [1]
        assert len(store) == station.undelivered == 0


@pytest.mark.asyncio
async def test_a_failing_group_is_kept_one_by_one(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    tasks = [asyncio.create_task(station.call(event(number))) for number in range(4)]
    store.before = failing("commit", OSError(), times=2)
    async with csms.running(station):
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(each).__name__ for each in outcomes] == [
        "OSError", "TransactionEventResponse", "TransactionEventResponse", "TransactionEventResponse",
    ]  # fmt: skip
    assert sent_numbers(csms) == [1, 2, 3]
    assert store.asked.count("commit") == 5


@pytest.mark.asyncio
@pytest.mark.parametrize("problem", FAILURES, ids=KINDS)
async def test_a_failing_ack_is_logged_and_repeated_and_delivery_goes_on(
    problem: BaseException, fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    store.before = failing("ack", problem, times=3)
    async with csms.running(station):
        for number in range(3):
            assert await station.call(event(number)) == v201.TransactionEventResponse()
        assert sent_numbers(csms) == [0, 1, 2]
        assert (len(store), station.undelivered) == (3, 0)
        await clock.advance(1)
        assert len(store) == 3
        await clock.advance(2)
        assert len(store) == 3
        await clock.advance(4)
        assert len(store) == 0
        # What was noted late is delivered once.
        assert sent_numbers(csms) == [0, 1, 2]
    assert caplog.text.count("CP001: cannot remove journal entry 1") == 1
    assert caplog.text.count("CP001: cannot update journal entry 1") == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", ["load", "pending"])
@pytest.mark.parametrize("problem", FAILURES, ids=KINDS)
async def test_a_failing_load_is_logged_and_repeated(
    operation: str, problem: BaseException, fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock, store = FakeClock(), MemoryStore()
    await store.commit([entry(0)])
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    store.before = failing(operation, problem, times=2)
    assert station.undelivered == 1
    async with csms.running(station):
        task = asyncio.create_task(station.call(event(1)))
        await station.heartbeat()
        assert sent_numbers(csms) == []
        await clock.advance(3)
        assert sent_numbers(csms) == [0, 1]
        await task
    assert caplog.text.count("CP001: cannot load the journal") == 2


@pytest.mark.asyncio
@pytest.mark.parametrize("problem", FAILURES, ids=KINDS)
async def test_a_failing_note_of_an_attempt_is_logged(
    problem: BaseException, fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(
        clock, journal=store, retries=Retries(attempts=3, interval=60)
    )
    csms.answers["TransactionEvent"] = ["GenericError", "", {}]
    store.before = failing("failed", problem)
    async with csms.running(station):
        task = asyncio.create_task(station.call(event(0)))
        await clock.advance(181)
        assert sent_numbers(csms) == [0, 0, 0]
        with pytest.raises(CallFailed):
            await task
    assert "CP001: cannot note an attempt in journal entry 1" in caplog.text


@pytest.mark.asyncio
@pytest.mark.parametrize("problem", FAILURES, ids=KINDS)
async def test_a_failing_dead_letter_is_set_aside_later(
    problem: BaseException, fake_csms: Make
) -> None:
    clock, store = FakeClock(), MemoryStore()
    await store.commit([entry(0, payload=b"{"), entry(1)])
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    store.before = failing("set_aside", problem)
    async with csms.running(station):
        assert sent_numbers(csms) == [1]
        assert store.dead == {}
        await clock.advance(1)
        assert list(store.dead) == [1]
        assert len(store) == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("problem", FAILURES, ids=KINDS)
async def test_a_long_queue_is_read_in_pieces_and_a_failing_read_is_repeated(
    problem: BaseException, fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock, store = FakeClock(), MemoryStore()
    await store.commit([entry(number) for number in range(300)])
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    async with csms.running(station):
        held = [item.entry for item in station._outbox._transactions.queue]
        assert held.count(None) > 0
        store.before = failing("pending", problem)
        while len(sent_numbers(csms)) < 256:
            await settle()
        await clock.advance(1)
        while station.undelivered:
            await settle()
        assert sent_numbers(csms) == list(range(300))
        # New messages wait in the store only, too, and their callers hear of them.
        csms.wire.cut()
        tasks = [asyncio.create_task(station.call(event(300 + n))) for n in range(300)]
        await settle()
        await clock.advance(10)
        await asyncio.gather(*tasks)
        assert sent_numbers(csms) == list(range(600))
    assert caplog.text.count("CP001: cannot read journal entry 257") == 1


@pytest.mark.asyncio
async def test_an_entry_that_the_store_has_lost_is_told_and_passed(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock, up=False), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    tasks = [asyncio.create_task(station.call(event(number))) for number in range(258)]
    await settle()
    del store.waiting[257]
    async with csms.running(station):
        csms.up = True
        await clock.advance(10)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert str(outcomes[256]) == "entry 257 is no longer in the journal"
    assert outcomes[257] == v201.TransactionEventResponse()


async def until_sent(csms: Any, clock: FakeClock, count: int) -> None:
    """Lets time go on, but never so far that a call that is answered is late."""
    await clock.advance(10)
    while len(sent_numbers(csms)) < count:
        await clock.advance(0.1)
    await settle()


class HalfReadable(MemoryStore):
    """A store that cannot read some of its messages, once it has told their numbers."""

    unreadable: frozenset[int] = frozenset()

    async def pending(self, after: int = 0) -> AsyncIterator[Stored]:
        async for stored in super().pending(after):
            if stored.seq in self.unreadable and after:
                raise OSError(5, "Input/output error")
            yield stored


@pytest.mark.asyncio
async def test_an_entry_that_cannot_be_read_does_not_stop_what_is_behind_it(
    fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock, store = FakeClock(), HalfReadable()
    csms, station = fake_csms(clock, up=False), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    deliveries = [await station.keep(event(number)) for number in range(260)]
    store.unreadable = frozenset({257})
    async with csms.running(station):
        csms.up = True
        await until_sent(csms, clock, 259)
        with pytest.raises(JournalError, match="entry 257 cannot be read"):
            await deliveries[256].answer()
        await deliveries[259].answer()
    assert sent_numbers(csms) == [*range(256), 257, 258, 259]
    assert "CP001: journal entry 257 is skipped" in caplog.text
    # It is still there, and the next run tries it again.
    assert list(store.waiting) == [257]


@pytest.mark.asyncio
async def test_a_store_that_can_read_nothing_loses_nothing(fake_csms: Make) -> None:
    clock, store = FakeClock(), HalfReadable()
    csms, station = fake_csms(clock, up=False), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    deliveries = [await station.keep(event(number)) for number in range(260)]
    store.unreadable = frozenset(range(1, 261))
    async with csms.running(station):
        csms.up = True
        await until_sent(csms, clock, 256)
        for _ in range(500):
            await clock.advance(1)
        assert not deliveries[256].done
        store.unreadable = frozenset()
        await until_sent(csms, clock, 260)
        assert await deliveries[256].answer() == v201.TransactionEventResponse()
    assert sent_numbers(csms) == list(range(260))


OUTDATED = msgspec.to_builtins(event(0)) | {"transactionInfo": {"transactionId": "T" * 99}}
UNSENDABLE = {
    "another version": entry(0, version="1.6", action="StopTransaction"),
    "no such action": entry(0, action="StopTransaction"),
    "cut off": entry(0, payload=b'{"half'),
    "no text": entry(0, payload=b"\xff\xfe"),
    "no object": entry(0, payload=b"[]"),
    "breaks its schema": entry(0, payload=b'{"eventType":"Updated"}'),
    "of the CSMS": entry(0, action="Reset", payload=b'{"type":"Immediate"}'),
    "kept under another policy": entry(0, payload=msgspec.json.encode(OUTDATED)),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("bad", UNSENDABLE.values(), ids=UNSENDABLE)
async def test_a_message_that_cannot_be_sent_is_a_dead_letter_and_the_next_goes_on(
    bad: Entry, fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock, store = FakeClock(), MemoryStore()
    await store.commit([bad, entry(1)])
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    seen: list[DeliveryEvent] = []
    station._outbox.observer = seen.append
    async with csms.running(station):
        assert await station.call(event(2)) == v201.TransactionEventResponse()
        assert sent_numbers(csms) == [1, 2]
    assert [kept for kept, _ in store.dead.values()] == [bad]
    assert len(store) == 0
    (problem,) = [each for each in seen if isinstance(each, DeliveryGivenUp)]
    assert (problem.entry, problem.dead_letter, problem.earlier_run) == (bad, True, True)
    errors = [each for each in caplog.records if each.levelname == "ERROR"]
    assert [
        each.getMessage().startswith(f"CP001: {bad.action} m0 is not sent: ") for each in errors
    ]
    assert len(errors) == 1
    # The next run leaves it alone.
    again = make(clock, journal=store)
    async with csms.running(again):
        assert sent_numbers(csms) == [1, 2]


@pytest.mark.asyncio
async def test_an_unsendable_message_tells_its_waiter(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    delivery = await station.keep(event(0))
    item = station._outbox._transactions.queue[0]
    item.entry, item.request = entry(0, payload=b"{"), None
    async with csms.running(station):
        assert await station.call(event(1)) == v201.TransactionEventResponse()
        with pytest.raises(LocalProtocolError, match="the stored message cannot be decoded"):
            await delivery.answer()
        assert delivery.done


@pytest.mark.asyncio
async def test_a_fault_that_nobody_foresaw_ends_its_message_only(
    fake_csms: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    delivery = await station.keep(event(0))
    async with csms.running(station):
        pass
    assert await delivery.answer() == v201.TransactionEventResponse()

    def leaving(entry: Entry, request: object) -> object:
        raise KeyError("a bug of ours")

    monkeypatch.setattr(station._outbox._numbers, "with_transaction_id", leaving)
    delivery = await station.keep(event(1))
    async with csms.running(station):
        with pytest.raises(KeyError):
            await delivery.answer()
    assert [reason for _, reason in store.dead.values()] == ["'a bug of ours'"]


VERSIONS: list[tuple[Protocol, Any, dict[str, Any]]] = [
    (v16.PROTOCOL, ChargePoint, {"charge_point_model": "M", "charge_point_vendor": "V"}),
    (v201.PROTOCOL, ChargingStation, {"model": "M", "vendor_name": "V"}),
    (v21.PROTOCOL, ChargingStation21, {"model": "M", "vendor_name": "V"}),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("protocol", "role", "about"), VERSIONS, ids=["1.6", "2.0.1", "2.1"])
async def test_who_keeps_what_a_station_does_not_send_is_told_at_once(
    protocol: Protocol, role: Any, about: dict[str, Any]
) -> None:
    store = MemoryStore()
    station = role("CP001", **about, insecure=True, journal=store, queue_all_messages=True)
    clear_cache: Message = protocol.actions["ClearCache"].request()
    heartbeat: Message = protocol.actions["Heartbeat"].request()
    for ask in (station.call, station.keep):
        with pytest.raises(
            LocalProtocolError, match="ClearCache: a station must not send this message"
        ):
            await ask(clear_cache)
    for own in (heartbeat, station.boot):
        with pytest.raises(LocalProtocolError, match="the station sends this message by itself"):
            await station.keep(own)
    assert store.asked == []


@pytest.mark.asyncio
async def test_a_message_that_is_never_answered_cannot_be_kept() -> None:
    station = ChargingStation21("CP001", model="M", vendor_name="V", insecure=True)
    send = v21.NotifyPeriodicEventStream(
        id=1, pending=0, basetime=utcnow(), data=[v21.StreamDataElementType(t=0, v="1")]
    )
    with pytest.raises(LocalProtocolError, match="this message is never answered"):
        await station.keep(send)


@pytest.mark.asyncio
async def test_a_message_that_breaks_its_schema_is_not_kept() -> None:
    store = MemoryStore()
    station = make(FakeClock(), journal=store)
    with pytest.raises(InvalidOutgoing):
        await station.keep(event(0, transaction_info=v201.TransactionType(transaction_id="T" * 99)))
    assert store.asked == []


@pytest.mark.asyncio
async def test_a_failing_observer_stops_nothing(
    fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    csms.answers["TransactionEvent"] = {}

    def observer(event: DeliveryEvent) -> None:
        raise KeyError("a bug of the program")

    station._outbox.observer = observer
    async with csms.running(station):
        for number in range(2):
            await station.call(event(number))
    assert caplog.text.count("CP001: the observer of deliveries failed") == 2


@pytest.mark.asyncio
async def test_answers_to_an_earlier_run_s_messages_are_events(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    await store.commit([entry(0)])
    csms, station = fake_csms(clock), make(clock, journal=store, retries=Retries(attempts=1))
    csms.answers["TransactionEvent"] = {"totalCost": 7.5}
    seen: list[DeliveryEvent] = []
    station._outbox.observer = seen.append
    async with csms.running(station):
        await station.call(event(1))
        csms.answers["TransactionEvent"] = ["GenericError", "", {}]
        with pytest.raises(CallFailed):
            await station.call(event(2))
    first, second, third = seen
    assert isinstance(first, Delivered)
    assert isinstance(second, Delivered)
    assert (first.entry.message_id, first.earlier_run) == ("m0", True)
    assert first.answer == v201.TransactionEventResponse(total_cost=7.5)
    assert (second.request.seq_no, second.earlier_run) == (1, False)
    assert isinstance(third, DeliveryGivenUp)
    assert (third.dead_letter, type(third.problem)) == (False, CallFailed)


@pytest.mark.asyncio
async def test_attempts_are_counted_over_a_restart(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock)
    csms.answers["TransactionEvent"] = ["GenericError", "", {}]
    station = make(clock, journal=store, retries=Retries(attempts=3, interval=60))
    async with csms.running(station):
        await station.keep(event(0))
        await clock.advance(70)
    assert sent_numbers(csms) == [0, 0]
    again = make(clock, journal=store, retries=Retries(attempts=3, interval=60))
    async with csms.running(again):
        assert sent_numbers(csms) == [0, 0, 0]
        assert len(store) == 0


@pytest.mark.asyncio
async def test_que_14_what_waits_is_known_before_the_station_runs(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    await store.commit([entry(0, transaction="T1"), entry(1, transaction="T2")])
    csms, station = fake_csms(clock, up=False), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    assert station.undelivered == await station.count_undelivered() == 2
    await station.keep(event(2))
    assert [await station.count_undelivered(each) for each in ("T1", "T2", "T3")] == [2, 1, 0]
    async with csms.running(station):
        assert station.undelivered == await station.count_undelivered() == 3
        csms.up = True
        await clock.advance(10)
        assert station.undelivered == await station.count_undelivered("T1") == 0


@pytest.mark.asyncio
async def test_que_14_a_simple_journal_can_be_asked_too(fake_csms: Make) -> None:
    journal = MemoryJournal()
    await journal.append(entry(0, transaction="T1"))
    station = make(FakeClock(), journal=journal)
    assert station.undelivered == 1
    assert [await station.count_undelivered(each) for each in (None, "T1", "T2")] == [1, 1, 0]


@pytest.mark.asyncio
async def test_keep_returns_when_the_message_is_in_the_journal(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    deliveries = [await station.keep(event(number), note="N") for number in range(3)]
    assert [each.entry.note for each in store.waiting.values()] == ["N"] * 3
    assert not any(each.done for each in deliveries)
    waiters = [asyncio.create_task(each.answer()) for each in deliveries * 2]
    await settle()
    waiters[0].cancel()
    async with csms.running(station):
        outcomes = await asyncio.gather(*waiters[1:])
        assert outcomes == [v201.TransactionEventResponse()] * 5
        assert await deliveries[0].answer() == v201.TransactionEventResponse()
    ids = [each[1] for each in csms.received if each[0] == 2 and each[2] == "TransactionEvent"]
    assert ids == [each.message_id for each in deliveries]


@pytest.mark.asyncio
async def test_the_order_over_tasks_is_that_of_the_calls(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = {}
    gates = iter([3, 0, 2, 1] * 10)

    async def slow(operation: str) -> None:
        for _ in range(next(gates)):
            await asyncio.sleep(0)

    store.before = lambda operation: slow(operation) if operation == "commit" else None
    tasks = [asyncio.create_task(station.keep(event(number))) for number in range(20)]
    for task in tasks[::3]:
        await asyncio.sleep(0)
        task.cancel()
    async with csms.running(station):
        await asyncio.gather(*tasks, return_exceptions=True)
        await settle()
    assert sent_numbers(csms) == list(range(20))
