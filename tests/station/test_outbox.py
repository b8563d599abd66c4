"""Messages that must arrive: journaled first, in order, retried, and nothing lost by kill -9."""

import asyncio
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ocppkit import v16, v201
from ocppkit.core import (
    CallFailed,
    CallTimedOut,
    InvalidMessage,
    InvalidOutgoing,
    Limits,
    utcnow,
)
from ocppkit.station import BackOff, Entry, MemoryJournal, Retries
from ocppkit.testing import FakeClock, settle
from ocppkit.v16.roles import ChargePoint
from ocppkit.v201.roles import ChargingStation

Make = Callable[..., Any]


def make(clock: FakeClock, **options: Any) -> ChargingStation:
    options.setdefault("back_off", BackOff(wait_minimum=10, random_range=0))
    return ChargingStation(
        "CP001", model="M", vendor_name="V", clock=clock, insecure=True, **options
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


@pytest.mark.asyncio
async def test_que_01_what_happens_offline_arrives_in_order(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, up=False), make(clock)
    csms.answers["TransactionEvent"] = {}
    tasks = [asyncio.create_task(station.call(event(number))) for number in range(3)]
    await settle()
    assert station.undelivered == 3
    async with csms.running(station):
        assert csms.received == []
        csms.up = True
        await clock.advance(10)
        assert sent_numbers(csms) == [0, 1, 2]
        assert all(task.result() == v201.TransactionEventResponse() for task in tasks)
        assert station.undelivered == 0
        assert await station.call(event(3)) == v201.TransactionEventResponse()


@pytest.mark.asyncio
async def test_boot_01_queued_messages_wait_for_the_boot(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, boot={"status": "Pending", "interval": 60}), make(clock)
    csms.answers["TransactionEvent"] = {}
    task = asyncio.create_task(station.call(event(0)))
    async with csms.running(station):
        assert await csms.calls() == ["BootNotification"]
        csms.boot = {"status": "Accepted", "interval": 300}
        await clock.advance(60)
        assert await csms.calls() == ["BootNotification", "TransactionEvent"]
        await task


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("answer", "error"), [(["GenericError", "", {}], CallFailed), (None, CallTimedOut)]
)
async def test_que_03_to_05_attempts_waits_and_giving_up(
    answer: Any, error: type[Exception], fake_csms: Make
) -> None:
    clock = FakeClock()
    journal = MemoryJournal()
    station = make(clock, journal=journal, retries=Retries(attempts=3, interval=60))
    csms = fake_csms(clock)
    csms.answers["TransactionEvent"] = answer
    original = csms.answer
    times: list[float] = []

    def only_the_first_fails(frame: Any) -> None:
        number = frame[3].get("seqNo")
        csms.answers["TransactionEvent"] = answer if number == 0 else {}
        times.extend([clock.time()] if number == 0 else [])
        original(frame)

    csms.answer = only_the_first_fails
    async with csms.running(station):
        first = asyncio.create_task(station.call(event(0), call_timeout=1))
        second = asyncio.create_task(station.call(event(1), call_timeout=1))
        await clock.advance(200)
        assert times == ([0, 60, 180] if answer else [0, 61, 182])
        assert sent_numbers(csms) == [0, 0, 0, 1]
        # MID-03: a retry may have the id of the first attempt.
        assert len({frame[1] for frame in csms.received if frame[3].get("seqNo") == 0}) == 1
        with pytest.raises(error):
            await first
        assert await second == v201.TransactionEventResponse()
        assert await journal.pending() == []


@pytest.mark.asyncio
async def test_que_06_a_connection_lost_unnoticed_uses_up_no_message(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, retries=Retries(attempts=2, interval=5))
    csms.answers["TransactionEvent"] = csms.answers["Heartbeat"] = None
    async with csms.running(station):
        task = asyncio.create_task(station.call(event(0), call_timeout=1))
        await clock.advance(7)
        assert sent_numbers(csms) == [0, 0]
        # Both were lost with the connection, as the heartbeat that follows them is.
        assert await csms.calls() == [
            "BootNotification",
            "TransactionEvent",
            "TransactionEvent",
            "Heartbeat",
        ]
        csms.answers = {"TransactionEvent": {}}
        csms.wire.cut()
        await clock.advance(10)
        assert await task == v201.TransactionEventResponse()
        assert sent_numbers(csms) == [0]


@pytest.mark.asyncio
async def test_que_05_a_csms_that_answers_nothing_uses_up_a_message(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, retries=Retries(attempts=2, interval=5))
    csms.answers["TransactionEvent"] = csms.answers["Heartbeat"] = None
    async with csms.running(station):
        task = asyncio.create_task(station.call(event(0), call_timeout=1))
        await clock.advance(7 + 30)
        with pytest.raises(CallTimedOut):
            await task
        assert sent_numbers(csms) == [0, 0]


@pytest.mark.asyncio
async def test_que_02_other_messages_pass_while_a_retry_waits(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    csms.answers["TransactionEvent"] = ["GenericError", "", {}]
    async with csms.running(station):
        task = asyncio.create_task(station.call(event(0)))
        await csms.calls()
        await station.heartbeat()
        assert await csms.calls() == ["Heartbeat"]
        csms.answers["TransactionEvent"] = {}
        await clock.advance(60)
        assert await task == v201.TransactionEventResponse()


@pytest.mark.asyncio
async def test_que_06_a_lost_connection_costs_no_attempt(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, retries=Retries(attempts=1))
    csms.answers["TransactionEvent"] = None
    async with csms.running(station):
        task = asyncio.create_task(station.call(event(0)))
        for _ in range(3):
            await settle()
            csms.wire.cut()
            await clock.advance(10)
        assert sent_numbers(csms) == [0] * 4
        assert len({frame[1] for frame in csms.received if frame[2] == "TransactionEvent"}) == 1
        csms.answers["TransactionEvent"] = {}
        csms.wire.cut()
        await clock.advance(10)
        assert await task == v201.TransactionEventResponse()


@pytest.mark.asyncio
async def test_an_answer_that_cannot_be_used_is_an_answer(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, raise_security_events=False)
    csms.answers["TransactionEvent"] = {"totalCost": "much"}
    async with csms.running(station):
        with pytest.raises(InvalidMessage):
            await station.call(event(0))
        assert station.undelivered == 0


@pytest.mark.asyncio
async def test_a_message_that_breaks_its_schema_is_not_journaled(fake_csms: Make) -> None:
    journal = MemoryJournal()
    station = make(FakeClock(), journal=journal)
    with pytest.raises(InvalidOutgoing):
        await station.transaction_event(
            event_type=v201.TransactionEventEnumType.STARTED,
            timestamp=utcnow(),
            trigger_reason=v201.TriggerReasonEnumType.AUTHORIZED,
            seq_no=0,
            transaction_info=v201.TransactionType(transaction_id="T" * 99),
        )
    assert await journal.pending() == []


@pytest.mark.asyncio
async def test_who_stops_waiting_stops_nothing_else(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    csms.answers["TransactionEvent"] = {}
    task = asyncio.create_task(station.call(event(0)))
    await settle()
    task.cancel()
    async with csms.running(station):
        assert sent_numbers(csms) == [0]
        assert station.undelivered == 0


@pytest.mark.asyncio
async def test_a_crowd_of_other_calls_only_delays(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, limits=Limits(queue=1))
    csms.answers["TransactionEvent"] = {}
    async with csms.running(station):
        csms.answers["Heartbeat"] = None
        crowd = [asyncio.create_task(station.heartbeat()) for _ in range(2)]
        await settle()
        task = asyncio.create_task(station.call(event(0)))
        await clock.advance(3)
        assert sent_numbers(csms) == []
        for each in crowd:
            each.cancel()
        await clock.advance(31)
        assert await task == v201.TransactionEventResponse()


@pytest.mark.asyncio
async def test_in_1_6_meter_values_must_arrive_if_they_belong_to_a_transaction(
    fake_csms: Make,
) -> None:
    clock = FakeClock()
    csms = fake_csms(clock, subprotocol="ocpp1.6")
    journal = MemoryJournal()
    station = ChargePoint(
        "CP001",
        charge_point_model="M",
        charge_point_vendor="V",
        insecure=True,
        clock=clock,
        journal=journal,
    )
    csms.answers["MeterValues"] = None
    values = [v16.MeterValue(timestamp=utcnow(), sampled_value=[v16.SampledValue(value="1")])]
    async with csms.running(station):
        for transaction_id in (None, 7):
            task = asyncio.create_task(
                station.meter_values(
                    connector_id=1, meter_value=values, transaction_id=transaction_id
                )
            )
            await settle()
            assert len(await journal.pending()) == (0 if transaction_id is None else 1)
            task.cancel()


@pytest.mark.asyncio
async def test_an_earlier_run_s_messages_come_first(fake_csms: Make) -> None:
    clock = FakeClock()
    journal = MemoryJournal()
    for number in range(2):
        payload = msgspec.json.encode(event(number))
        await journal.append(
            Entry(
                version="2.0.1", action="TransactionEvent", message_id=f"m{number}", payload=payload
            )
        )
    csms, station = fake_csms(clock), make(clock, journal=journal)
    csms.answers["TransactionEvent"] = {}
    task = asyncio.create_task(station.call(event(2)))
    await settle()
    async with csms.running(station):
        assert sent_numbers(csms) == [0, 1, 2]
        assert [frame[1] for frame in csms.received[1:3]] == ["m0", "m1"]
        await task
        assert await journal.pending() == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "entry",
    [
        Entry(version="1.6", action="StopTransaction", message_id="m", payload=b"{}"),
        Entry(version="2.0.1", action="StopTransaction", message_id="m", payload=b"{}"),
        Entry(version="2.0.1", action="TransactionEvent", message_id="m", payload=b'{"half'),
    ],
)
async def test_an_entry_that_cannot_be_sent_stays(
    entry: Entry, fake_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    journal = MemoryJournal()
    seq = await journal.append(entry)
    csms, station = fake_csms(clock), make(clock, journal=journal)
    csms.answers["TransactionEvent"] = {}
    async with csms.running(station):
        await station.call(event(0))
        assert sent_numbers(csms) == [0]
    assert await journal.pending() == [(seq, entry)]
    assert "kept as a dead letter in the journal, entry 1" in caplog.text


class FileJournal:
    """The smallest journal on a disk: one line for each thing that happens."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[int, Entry] = {}
        for line in path.read_bytes().splitlines() if path.exists() else []:
            seq, entry = msgspec.json.decode(line, type=tuple[int, Entry | None])
            if entry is None:
                del self._entries[seq]
            else:
                self._entries[seq] = entry
        self._next = 1 + max(self._entries, default=0)

    async def append(self, entry: Entry) -> int:
        seq, self._next = self._next, self._next + 1
        self._entries[seq] = entry
        self._write((seq, entry))
        return seq

    async def ack(self, seq: int) -> None:
        del self._entries[seq]
        self._write((seq, None))

    async def pending(self) -> Sequence[tuple[int, Entry]]:
        return list(self._entries.items())

    def _write(self, line: tuple[int, Entry | None]) -> None:
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
            file.flush()


OFFLINE = textwrap.dedent("""
    import asyncio, sys
    sys.path.insert(0, {folder!r})
    from pathlib import Path
    from test_outbox import FakeClock, FileJournal, event, make

    async def main():
        station = make(FakeClock(), journal=FileJournal(Path({path!r})))
        tasks = []
        for number in range(1000):
            tasks.append(asyncio.create_task(station.call(event(number))))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            print(number, flush=True)

    asyncio.run(main())
    """)


@pytest.mark.asyncio
async def test_nothing_is_lost_by_kill_9(tmp_path: Path, fake_csms: Make) -> None:
    path = tmp_path / "journal"
    script = tmp_path / "offline.py"
    script.write_text(OFFLINE.format(folder=str(Path(__file__).parent), path=str(path)))
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    promised = -1
    for line in process.stdout:
        promised = int(line)
        if promised >= 20:
            process.send_signal(signal.SIGKILL)
            break
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, journal=FileJournal(path))
    csms.answers["TransactionEvent"] = {}
    async with csms.running(station):
        for _ in range(100):
            await settle()
        numbers = sent_numbers(csms)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > promised
    assert await FileJournal(path).pending() == []


class SlowJournal(MemoryJournal):
    """A journal that is interrupted while it forgets."""

    def __init__(self) -> None:
        super().__init__()
        self.interrupted = asyncio.Event()
        self.slow = True

    async def ack(self, seq: int) -> None:
        if self.slow:
            self.interrupted.set()
            await asyncio.get_running_loop().create_future()
        await super().ack(seq)


@pytest.mark.asyncio
async def test_a_station_that_is_stopped_while_its_journal_forgets(fake_csms: Make) -> None:
    clock, journal = FakeClock(), SlowJournal()
    csms, station = fake_csms(clock), make(clock, journal=journal)
    csms.answers["TransactionEvent"] = {}
    task = asyncio.create_task(station.call(event(0)))
    async with csms.running(station):
        await journal.interrupted.wait()
        assert not task.done()
    assert await task == v201.TransactionEventResponse()
    assert station.undelivered == 0
    assert len(await journal.pending()) == 1
    journal.slow = False
    async with csms.running(station):
        assert await journal.pending() == []
        assert sent_numbers(csms) == [0, 0]
        ids = [frame[1] for frame in csms.received if frame[2] == "TransactionEvent"]
        assert len(set(ids)) == 1


@pytest.mark.asyncio
async def test_who_stops_waiting_for_the_journal_loses_and_reorders_nothing(
    fake_csms: Make,
) -> None:
    class SlowToKeep(MemoryJournal):
        ready = asyncio.Event()

        async def append(self, entry: Entry) -> int:
            await self.ready.wait()
            return await super().append(entry)

    clock, journal = FakeClock(), SlowToKeep()
    csms, station = fake_csms(clock), make(clock, journal=journal)
    csms.answers["TransactionEvent"] = {}
    tasks = [asyncio.create_task(station.call(event(number))) for number in range(3)]
    await settle()
    tasks[0].cancel()
    await settle()
    assert tasks[0].cancelled()
    journal.ready.set()
    async with csms.running(station):
        assert sent_numbers(csms) == [0, 1, 2]
        assert [await task for task in tasks[1:]] == [v201.TransactionEventResponse()] * 2
        assert await journal.pending() == []
