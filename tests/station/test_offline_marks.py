"""Which messages say that they were made offline, and that a message in doubt never changes."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ocppkit import v21, v201
from ocppkit.core import utcnow
from ocppkit.journals import SqliteJournal
from ocppkit.station import BackOff, Entry, MemoryJournal, Retries
from ocppkit.testing import FakeClock, settle
from ocppkit.v16.roles import ChargePoint
from ocppkit.v21.roles import ChargingStation as ChargingStation21
from ocppkit.v201.roles import ChargingStation
from station.transaction_schedules import meter, start
from support.memory_store import MemoryStore

Make = Callable[..., Any]

ROLES: dict[Any, Any] = {v201: ChargingStation, v21: ChargingStation21}
PENDING = {"status": "Pending", "interval": 60}


def make(clock: FakeClock, role: Any = ChargingStation, **options: Any) -> Any:
    options.setdefault("back_off", BackOff(wait_minimum=10, random_range=0, repeat_times=0))
    return role("CP001", model="M", vendor_name="V", clock=clock, insecure=True, **options)


def event(
    number: int,
    version: Any = v201,
    *,
    reason: str = "MeterValuePeriodic",
    kind: str = "Updated",
    **members: Any,
) -> Any:
    return version.TransactionEventRequest(
        event_type=version.TransactionEventEnumType(kind),
        timestamp=utcnow(),
        trigger_reason=version.TriggerReasonEnumType(reason),
        seq_no=number,
        transaction_info=version.TransactionType(transaction_id="T1"),
        **members,
    )


def sent(csms: Any) -> list[tuple[int, bool | None]]:
    """Returns number and mark of each TransactionEvent, in the order in which they came."""
    frames = [each for each in csms.received if each[0] == 2 and each[2] == "TransactionEvent"]
    return [(frame[3]["seqNo"], frame[3].get("offline")) for frame in frames]


def frames_of(csms: Any) -> dict[str, list[Any]]:
    """Returns the different contents that were sent under each id."""
    contents: dict[str, list[Any]] = {}
    for frame in csms.received:
        if frame[0] == 2 and frame[3] not in contents.setdefault(frame[1], []):
            contents[frame[1]].append(frame[3])
    return contents


@pytest.mark.asyncio
@pytest.mark.parametrize("version", [v201, v21])
async def test_que_08_what_waited_at_a_cut_says_so_and_what_was_in_flight_does_not_change(
    version: Any, fake_csms: Make
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, subprotocol=version.PROTOCOL.subprotocol)
    station = make(clock, ROLES[version], journal=store)
    csms.answers["TransactionEvent"] = None
    async with csms.running(station):
        for number in range(4):
            await station.keep(event(number, version))
        await settle()
        assert sent(csms) == [(0, None)]
        csms.wire.cut()
        await settle()
        csms.answers["TransactionEvent"] = {}
        await clock.advance(10)
        await station.keep(event(4, version))
        await settle()
    assert sent(csms) == [(0, None), (0, None), (1, True), (2, True), (3, True), (4, None)]
    assert all(len(contents) == 1 for contents in frames_of(csms).values())
    assert not store


@pytest.mark.asyncio
async def test_que_08_an_own_word_on_it_stays(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = None
    async with csms.running(station):
        for number in range(2):
            await station.keep(event(number, offline=False))
        await settle()
        csms.wire.cut()
        csms.answers["TransactionEvent"] = {}
        await clock.advance(10)
    assert sent(csms) == [(0, False), (0, False), (1, False)]
    assert "replace" not in store.asked


@pytest.mark.asyncio
async def test_que_08_a_message_that_could_not_be_written_has_not_left(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, journal=MemoryStore())
    csms.answers["TransactionEvent"] = {}
    async with csms.running(station):
        # Something else is on its way, so the event waits inside of the connection.
        csms.answers["DataTransfer"] = None
        other = asyncio.ensure_future(station.data_transfer(vendor_id="V"))
        await settle()
        await station.keep(event(0))
        await settle()
        assert sent(csms) == []
        csms.wire.cut()
        await clock.advance(10)
        assert sent(csms) == [(0, True)]
        await asyncio.gather(other, return_exceptions=True)


@pytest.mark.asyncio
async def test_que_08_what_an_earlier_run_left_was_offline_except_what_may_have_left(
    fake_csms: Make,
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = None
    async with csms.running(station):
        for number in range(3):
            await station.keep(event(number))
        await settle()
        left = store.copy()
    again = make(clock, journal=left)
    csms.answers["TransactionEvent"] = {}
    async with csms.running(again):
        assert sent(csms) == [(0, None), (0, None), (1, True), (2, True)]
    assert all(len(contents) == 1 for contents in frames_of(csms).values())


@pytest.mark.asyncio
@pytest.mark.parametrize("operation", ["before", "after"])
async def test_a_power_cut_around_the_mark_changes_no_bytes(
    operation: str, fake_csms: Make
) -> None:
    clock, store = FakeClock(), MemoryStore()
    left: list[MemoryStore] = []
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = None

    def cut_power(asked: str) -> None:
        if asked == "replace":
            left.append(store.copy())

    setattr(store, operation, cut_power)
    async with csms.running(station):
        for number in range(2):
            await station.keep(event(number))
        await settle()
        csms.wire.cut()
        csms.answers["TransactionEvent"] = {}
        await clock.advance(10)
    (cut,) = left
    again = make(clock, journal=cut)
    async with csms.running(again):
        await settle()
    numbers = [number for number, _ in sent(csms)]
    assert numbers == [0, 0, 1, 1]
    contents = [each for each in frames_of(csms).values() if each[0].get("seqNo") == 1]
    # Before the mark was durable nothing had left, so the first to leave may carry none.
    assert [len(each) for each in contents] == [1 if operation == "after" else 2]


@pytest.mark.asyncio
async def test_a_store_that_cannot_mark_a_message_stops_nothing(
    fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = None

    def full(operation: str) -> None:
        if operation == "replace":
            raise OSError(28, "No space left on device")

    store.before = full
    async with csms.running(station):
        for number in range(2):
            await station.keep(event(number))
        await settle()
        csms.wire.cut()
        csms.answers["TransactionEvent"] = {}
        await clock.advance(10)
    assert sent(csms) == [(0, None), (0, None), (1, None)]
    assert "CP001: cannot mark journal entry 2 as made offline" in caplog.text


class ThreeMethods:
    """A journal that can do no more than it must."""

    def __init__(self) -> None:
        self._journal = MemoryJournal()
        self.append = self._journal.append
        self.ack = self._journal.ack
        self.pending = self._journal.pending


@pytest.mark.asyncio
@pytest.mark.parametrize(("journal", "mark"), [(MemoryJournal, True), (ThreeMethods, None)])
async def test_a_journal_that_cannot_replace_a_message_keeps_its_bytes(
    journal: Any, mark: bool | None, fake_csms: Make
) -> None:
    clock, kept = FakeClock(), journal()
    csms, station = fake_csms(clock), make(clock, journal=kept)
    csms.answers["TransactionEvent"] = None
    async with csms.running(station):
        for number in range(2):
            await station.keep(event(number))
        await settle()
        csms.wire.cut()
        await settle()
        csms.answers["TransactionEvent"] = {}
        await clock.advance(10)
    assert sent(csms) == [(0, None), (0, None), (1, mark)]


@pytest.mark.asyncio
async def test_the_mark_is_in_the_file_before_the_message_leaves(
    tmp_path: Any, fake_csms: Make
) -> None:
    clock = FakeClock()
    with SqliteJournal(tmp_path / "journal") as journal:
        csms, station = fake_csms(clock), make(clock, journal=journal)
        csms.answers["TransactionEvent"] = None
        async with csms.running(station):
            deliveries = [await station.keep(event(number)) for number in range(2)]
            while not sent(csms):
                await asyncio.sleep(0)
            csms.wire.cut()
            await settle()
            await clock.advance(10)
            while len(sent(csms)) < 2:
                await asyncio.sleep(0)
            # The first alone is answered, or the second could be delivered before the file is read.
            csms.says([3, csms.received[-1][1], {}])
            await deliveries[0].answer()
            while len(sent(csms)) < 3:
                await asyncio.sleep(0)
            (stored,) = [each async for each in journal.pending()]
            assert msgspec.json.decode(stored.entry.payload)["offline"] is True
            assert sent(csms)[-1] == (1, True)


@pytest.mark.asyncio
async def test_the_meter_values_of_a_message_in_doubt_are_not_left_out(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = None
    sample = v201.SampledValueType(value=1.0)
    values = [v201.MeterValueType(timestamp=utcnow(), sampled_value=[sample])] * 9
    async with csms.running(station):
        for number in range(2):
            await station.keep(event(number, kind="Ended", meter_value=values))
        await settle()
        csms.wire.cut()
        await settle()
        store.max_bytes = store.size
        # The event in doubt has as many values to lose, but the CSMS may have it.
        await station.keep(event(2, kind="Started"))
        csms.answers["TransactionEvent"] = {}
        await clock.advance(10)
    frames = [each[3] for each in csms.received if each[2] == "TransactionEvent"]
    lengths = [(each["seqNo"], len(each.get("meterValue", ()))) for each in frames]
    assert lengths == [(0, 9), (0, 9), (1, 2), (2, 0)]
    assert frames[0] == frames[1]


# What the CSMS asked for while it has the station Pending.


def asks(csms: Any, what: str) -> None:
    csms.says([2, f"ask {what}", "TriggerMessage", {"requestedMessage": what}])


def accepts_triggers(station: Any) -> None:
    request = station.protocol.actions["TriggerMessage"].request
    response = station.protocol.actions["TriggerMessage"].response
    status = msgspec.convert({"status": "Accepted"}, response)

    def accept(request: Any) -> Any:
        return status

    station.on(request)(accept)


@pytest.mark.asyncio
@pytest.mark.parametrize("version", [v201, v21])
async def test_boot_12_a_triggered_event_that_is_kept_is_sent_while_pending(
    version: Any, fake_csms: Make
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, subprotocol=version.PROTOCOL.subprotocol, boot=PENDING)
    station = make(clock, ROLES[version], journal=store)
    accepts_triggers(station)
    csms.answers["TransactionEvent"] = {}
    async with csms.running(station):
        waiting = await station.keep(event(0, version))
        asks(csms, "TransactionEvent")
        await settle()
        delivery = await station.keep(event(1, version, reason="Trigger"))
        assert await delivery.answer() == version.TransactionEventResponse()
        assert sent(csms) == [(1, None)]
        assert not waiting.done
        assert [each.entry.message_id for each in store.waiting.values()] == [waiting.message_id]
        csms.boot = {"status": "Accepted", "interval": 300}
        await clock.advance(60)
        assert sent(csms) == [(1, None), (0, None)]


@pytest.mark.asyncio
async def test_a_triggered_event_that_is_not_answered_keeps_its_bytes(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, boot=PENDING)
    station = make(clock, journal=store, retries=Retries(attempts=3, interval=1))
    accepts_triggers(station)
    csms.answers["TransactionEvent"] = None
    async with csms.running(station):
        first = await station.keep(event(0))
        asks(csms, "TransactionEvent")
        await settle()
        task = asyncio.ensure_future(station.call(event(1, reason="Trigger")))
        await settle()
        assert sent(csms) == [(1, None)]
        # It is durable before it leaves, and known as sent.
        left = store.copy()
        csms.wire.cut()
        await settle()
        # Connected again and still Pending, it is not asked whether anybody answers: BOOT-12.
        await clock.advance(10)
        assert "Heartbeat" not in [frame[2] for frame in csms.received if frame[0] == 2]
        csms.answers["TransactionEvent"] = {}
        csms.boot = {"status": "Accepted", "interval": 300}
        await clock.advance(60)
        await task
        await first.answer()
    assert all(len(contents) == 1 for contents in frames_of(csms).values() if contents)
    csms.received.clear()
    async with csms.running(make(clock, journal=left)):
        assert sent(csms) == [(0, None), (1, None)]


@pytest.mark.asyncio
async def test_a_store_that_cannot_note_what_is_sent_early_stops_nothing(
    fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, boot=PENDING)
    station = make(clock, journal=store)
    accepts_triggers(station)
    csms.answers["TransactionEvent"] = {}
    async with csms.running(station):
        await station.keep(event(0))
        asks(csms, "TransactionEvent")
        await settle()
        kept: list[str] = []

        def full(operation: str) -> None:
            kept.append(operation)
            if kept.count("commit") == 2:
                raise OSError(28, "No space left on device")

        store.before = full
        await (await station.keep(event(1, reason="Trigger"))).answer()
    assert sent(csms) == [(1, None)]
    assert "CP001: cannot note in the journal that entry 2 is sent early" in caplog.text


@pytest.mark.asyncio
async def test_what_a_triggered_event_has_passed_is_no_dead_letter(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, boot=PENDING)
    station = make(clock, journal=store)
    accepts_triggers(station)
    csms.answers["TransactionEvent"] = {}
    async with csms.running(station):
        passed = await station.keep(event(0))
        asks(csms, "TransactionEvent")
        await settle()
        await (await station.keep(event(1, reason="Trigger"))).answer()
        csms.answers["TransactionEvent"] = None
        csms.boot = {"status": "Accepted", "interval": 300}
        await clock.advance(60)
        csms.wire.close(1011, "internal error")
        await settle()
        csms.answers["TransactionEvent"] = {}
        await clock.advance(10)
        assert await passed.answer() == v201.TransactionEventResponse()
    assert not store.dead


@pytest.mark.asyncio
async def test_tx6_04_triggered_meter_values_do_not_pass_the_start_that_numbers_them(
    fake_csms: Make,
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, subprotocol="ocpp1.6", boot=PENDING)
    station = ChargePoint(
        "CP001",
        charge_point_model="M",
        charge_point_vendor="V",
        clock=clock,
        insecure=True,
        journal=store,
    )
    accepts_triggers(station)
    numbered = {"transactionId": 17, "idTagInfo": {"status": "Accepted"}}
    csms.answers |= {"StartTransaction": numbered, "MeterValues": {}}
    async with csms.running(station):
        await station.keep(start(1), note="S1")
        asks(csms, "MeterValues")
        await settle()
        await station.keep(meter(), note="S1")
        await station.keep(meter(), note="S2")
        await settle()
        # Of the second transaction nothing is known: it was given up, for instance.
        assert [each[2] for each in csms.received if each[0] == 2][1:] == ["MeterValues"]
        csms.boot = {"status": "Accepted", "interval": 300}
        await clock.advance(60)
    sent_values = [each[3]["transactionId"] for each in csms.received if each[2] == "MeterValues"]
    assert sent_values == [-1, 17]


@pytest.mark.asyncio
async def test_a_triggered_event_at_the_end_of_a_long_queue_is_sent_too(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, boot=PENDING)
    left = Entry(
        version="2.0.1",
        action="TransactionEvent",
        message_id="m",
        payload=msgspec.json.encode(event(0)),
    )
    await store.commit([left] * 300)
    station = make(clock, journal=store)
    accepts_triggers(station)
    csms.answers["TransactionEvent"] = {}
    async with csms.running(station):
        asks(csms, "TransactionEvent")
        await settle()
        await (await station.keep(event(1, reason="Trigger"))).answer()
        assert sent(csms) == [(1, None)]
        assert station.undelivered == 300


@pytest.mark.asyncio
@pytest.mark.parametrize("status", ["Rejected", "Pending"])
async def test_a_triggered_event_waits_if_the_csms_no_longer_wants_it(
    status: str, fake_csms: Make
) -> None:
    clock = FakeClock()
    csms = fake_csms(clock, boot=PENDING)
    station = make(clock, journal=MemoryStore())
    accepts_triggers(station)
    csms.answers["TransactionEvent"] = None
    async with csms.running(station):
        asks(csms, "TransactionEvent")
        await settle()
        await station.keep(event(1, reason="Trigger"))
        await settle()
        csms.wire.cut()
        csms.boot = {"status": status, "interval": 600}
        csms.received.clear()
        # The boot that is due comes before the connection is back.
        await clock.advance(60)
        sent_before = len(sent(csms))
        await clock.advance(600)
        assert len(sent(csms)) == sent_before


# A station that is stopped while its store takes its time.


def never_done(store: MemoryStore, operation: str, times: int = 1) -> list[str]:
    """Has an operation of a store take for ever when it is asked for that often, and notes it."""
    left, asked = [times], list[str]()

    async def wait() -> None:
        asked.append(operation)
        await asyncio.Event().wait()

    def before(name: str) -> Any:
        left[0] -= name == operation
        return wait() if name == operation and not left[0] else None

    store.before = before
    return asked


@pytest.mark.asyncio
async def test_who_stops_the_station_does_not_wait_for_a_mark(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms, station = fake_csms(clock), make(clock, journal=store)
    csms.answers["TransactionEvent"] = None
    async with csms.running(station):
        for number in range(2):
            await station.keep(event(number))
        await settle()
        asked = never_done(store, "replace")
        csms.wire.cut()
        csms.answers["TransactionEvent"] = {}
        await clock.advance(10)
    assert asked == ["replace"]
    assert sent(csms) == [(0, None), (0, None)]


@pytest.mark.asyncio
async def test_who_stops_the_station_does_not_wait_for_a_note(fake_csms: Make) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = fake_csms(clock, boot=PENDING)
    station = make(clock, journal=store)
    accepts_triggers(station)
    async with csms.running(station):
        await station.keep(event(0))
        asks(csms, "TransactionEvent")
        await settle()
        asked = never_done(store, "commit", times=2)
        await station.keep(event(1, reason="Trigger"))
        await settle()
    assert asked == ["commit"]
    assert sent(csms) == []
