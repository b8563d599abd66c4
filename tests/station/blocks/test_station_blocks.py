"""`StationBlocks`: commands, reports, events, deadlines and the store, on a station in memory."""

import asyncio
import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.blocks import (
    Block,
    BootAccepted,
    ClockChanged,
    CsmsConnected,
    CsmsDisconnected,
    Dialect,
    Mappings,
    Moment,
    ReportWriter,
    StationStarted,
)
from ocppkit.core import LocalProtocolError
from ocppkit.csms import Csms
from ocppkit.station import Accepted, JournalError
from ocppkit.station.blocks import StationBlocks
from ocppkit.testing import FakeClock, MemoryNetwork, connected, settle
from ocppkit.v201.roles import ChargingStation, ConnectedStation
from support.memory_store import MemoryStore

from .lamp import DIALECT, Follower, Lamp, LampCounted, LampLit, LampSeen, Thanks

NOW = datetime(2025, 1, 1, tzinfo=UTC)


def station_of(store: Any, clock: FakeClock, **options: Any) -> ChargingStation:
    return ChargingStation(
        "CP001",
        model="Wall-11",
        vendor_name="ACME",
        insecure=True,
        journal=store,
        clock=clock,
        raise_security_events=False,
        wall_clock=lambda: NOW + timedelta(seconds=clock.time()),
        **options,
    )


def csms_of(clock: FakeClock, **options: Any) -> Csms:
    csms = Csms(v201.PROTOCOL, insecure=True, clock=clock, answer_heartbeats=True, **options)

    @csms.on(v201.BootNotificationRequest)
    def boot(station: ConnectedStation, request: object) -> v201.BootNotificationResponse:
        return v201.BootNotificationResponse(
            current_time=NOW + timedelta(seconds=clock.time()),
            interval=3600,
            status=v201.RegistrationStatusEnumType.ACCEPTED,
        )

    @csms.on(v201.StatusNotificationRequest)
    def status(station: ConnectedStation, request: object) -> v201.StatusNotificationResponse:
        return v201.StatusNotificationResponse()

    @csms.on(v201.TransactionEventRequest)
    def event(station: ConnectedStation, request: object) -> v201.TransactionEventResponse:
        return v201.TransactionEventResponse(total_cost=2.5)

    return csms


def said(network: MemoryNetwork) -> list[str]:
    """Returns what the station sent on the latest connection: actions, and `answer` for responses."""
    seen = network.wires[-1].frames
    frames = [json.loads(each.data) for each in seen if each.direction == "out"]
    return [frame[2] if frame[0] == 2 else "answer" for frame in frames]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.mark.asyncio
async def test_a_command_is_kept_then_answered_and_what_follows_comes_after(
    clock: FakeClock,
) -> None:
    store, lamp, lit = MemoryStore(), Lamp(), list[LampLit]()
    station, csms = station_of(store, clock), csms_of(clock)
    blocks = StationBlocks(station, lamp, dialect=DIALECT)
    blocks.on(LampLit)(lit.append)
    async with blocks, connected(station, csms) as network:
        handle = await csms.stations.wait("CP001", ConnectedStation)
        await settle()
        response = await handle.reset(type=v201.ResetEnumType.IMMEDIATE)
        assert response.status is v201.ResetStatusEnumType.ACCEPTED
        await settle()
        after_boot = said(network)[1:]
        assert after_boot[0] == "answer"
        assert sorted(after_boot[1:]) == ["StatusNotification", "TransactionEvent"]
    assert store.states["block:lamp"] == b"1"
    assert lit == [LampLit(count=1)]
    assert (LampCounted(count=1), Thanks(cost=2.5)) in lamp.heard


@pytest.mark.asyncio
async def test_state_and_message_are_in_one_commit(clock: FakeClock) -> None:
    store = MemoryStore()
    commits: list[tuple[int, bytes | None]] = []
    store.after = lambda operation: commits.append((len(store), store.states.get("block:lamp")))
    blocks = StationBlocks(station_of(store, clock), lamp := Lamp(), dialect=DIALECT)
    async with blocks:
        assert blocks.do(lamp.light) == 1
        await blocks.flush()
    assert [each for each in commits if each != (0, None)] == [(1, b"1")]


@pytest.mark.asyncio
async def test_the_program_hears_an_event_only_when_it_is_kept(clock: FakeClock) -> None:
    store, lamp = MemoryStore(), Lamp()
    blocks = StationBlocks(station_of(store, clock), lamp, dialect=DIALECT)
    kept: list[int] = []
    blocks.on(LampLit)(lambda event: kept.append(len(store)))
    async with blocks:
        blocks.do(lamp.light)
        assert kept == []
        await settle()
    assert kept == [1]


@pytest.mark.asyncio
async def test_what_a_block_remembers_is_there_after_a_restart(clock: FakeClock) -> None:
    store = MemoryStore()
    blocks = StationBlocks(station_of(store, clock), lamp := Lamp(), dialect=DIALECT)
    async with blocks:
        blocks.do(lamp.light)
    again = Lamp()
    async with StationBlocks(station_of(store.copy(), clock), again, dialect=DIALECT):
        assert again.count == 1
        assert again.heard == [StationStarted()]


@pytest.mark.asyncio
async def test_a_state_that_cannot_be_used_is_an_error_with_the_cure_and_is_kept(
    clock: FakeClock,
) -> None:
    store = MemoryStore()
    store.states["block:lamp"] = b"torn"
    blocks = StationBlocks(station_of(store, clock), Lamp(), dialect=DIALECT)
    with pytest.raises(JournalError, match=r"block 'lamp'.*\[use the release that has written it"):
        await blocks.__aenter__()
    assert store.states["block:lamp"] == b"torn"


@pytest.mark.asyncio
async def test_a_deadline_is_met_on_the_clock_that_counts_seconds(clock: FakeClock) -> None:
    station, csms = station_of(MemoryStore(), clock), csms_of(clock)
    blocks = StationBlocks(station, lamp := Lamp(burns_for=60), dialect=DIALECT)
    async with blocks, connected(station, csms) as network:
        await settle()
        blocks.do(lamp.light)
        await clock.advance(59)
        assert said(network).count("StatusNotification") == 1
        await clock.advance(1)
        assert said(network).count("StatusNotification") == 2
        assert lamp.off_at is None


@pytest.mark.asyncio
async def test_blocks_hear_of_connections_and_boots(clock: FakeClock) -> None:
    station, csms = station_of(MemoryStore(), clock), csms_of(clock)
    lamp = Lamp()
    async with (
        StationBlocks(station, lamp, dialect=DIALECT),
        connected(station, csms) as network,
    ):
        await settle()
        network.cut()
        await settle()
    assert [type(each) for each in lamp.heard[:2]] == [StationStarted, CsmsConnected]
    assert BootAccepted() in lamp.heard
    assert lamp.heard[-1] == CsmsDisconnected()


@pytest.mark.asyncio
async def test_blocks_know_of_the_accepted_boot_before_the_program_can_act_on_it(
    clock: FakeClock,
) -> None:
    station, csms = station_of(MemoryStore(), clock), csms_of(clock)
    lamp = Lamp()
    events = station.events()  # opened first, so it is told before the blocks are
    async with StationBlocks(station, lamp, dialect=DIALECT) as blocks, connected(station, csms):
        async for event in events:
            if isinstance(event, Accepted):
                break
        blocks.do(lamp.light)
        assert BootAccepted() in lamp.heard


@pytest.mark.parametrize("stops", [False, True], ids=["stored", "stopped"])
@pytest.mark.asyncio
async def test_blocks_know_what_has_happened_before_they_are_stored_or_stopped(
    clock: FakeClock, stops: bool
) -> None:
    station, csms = station_of(MemoryStore(), clock), csms_of(clock)
    lamp = Lamp()
    events = station.events()  # opened first, so it is told before the blocks are
    async with AsyncExitStack() as running:
        blocks = await running.enter_async_context(StationBlocks(station, lamp, dialect=DIALECT))
        async with connected(station, csms):
            async for event in events:
                if isinstance(event, Accepted):
                    break
            await (running.aclose() if stops else blocks.flush())
            assert BootAccepted() in lamp.heard


@pytest.mark.asyncio
async def test_blocks_hear_that_the_clock_was_set_when_it_makes_a_second(clock: FakeClock) -> None:
    ahead = [0.0]
    station, lamp = station_of(MemoryStore(), clock), Lamp()
    csms = csms_of(clock, wall_clock=lambda: NOW + timedelta(seconds=clock.time() + ahead[0]))
    async with StationBlocks(station, lamp, dialect=DIALECT), connected(station, csms):
        await settle()
        for ahead[0] in (0.4, 0.8, 1.2, 1.6):
            await clock.advance(3600)
    changes = [each.change for each in lamp.heard if isinstance(each, ClockChanged)]
    assert changes == [timedelta(seconds=1.2)]


@pytest.mark.asyncio
async def test_what_must_arrive_waits_and_what_need_not_fails_while_offline(
    clock: FakeClock,
) -> None:
    station, csms = station_of(MemoryStore(), clock), csms_of(clock)
    lamp = Lamp()
    blocks = StationBlocks(station, lamp, dialect=DIALECT)
    async with blocks:
        blocks.do(lamp.light)
        await settle()
        assert LampSeen(on=True) in lamp.heard
        assert station.undelivered == 1
        async with connected(station, csms) as network:
            await settle()
            assert said(network) == ["BootNotification", "TransactionEvent"]
    assert (LampCounted(count=1), Thanks(cost=2.5)) in lamp.heard


@pytest.mark.asyncio
async def test_events_reach_the_other_blocks_before_anything_is_kept(clock: FakeClock) -> None:
    follower, lamp = Follower(), Lamp()
    blocks = StationBlocks(station_of(MemoryStore(), clock), lamp, follower, dialect=DIALECT)
    async with blocks:
        blocks.do(lamp.light)
        assert follower.counts == [1]


@pytest.mark.asyncio
async def test_wrong_use_raises_and_changes_nothing(clock: FakeClock) -> None:
    store, lamp = MemoryStore(), Lamp()
    blocks = StationBlocks(station_of(store, clock), lamp, dialect=DIALECT)
    with pytest.raises(LocalProtocolError, match=r"do not run .enter `async with blocks`"):
        blocks.do(lamp.light)
    async with blocks:
        blocks.do(lamp.light)
        with pytest.raises(ValueError, match="burns already"):
            blocks.do(lamp.light)
        await blocks.flush()
        assert len(store) == 1
        with pytest.raises(LocalProtocolError, match="run already"):
            await blocks.__aenter__()


def test_two_blocks_cannot_obey_one_command_or_have_one_name(clock: FakeClock) -> None:
    class Second(Lamp):
        name = "second"

    with pytest.raises(LocalProtocolError, match="handle SwitchLamp: lamp and second"):
        StationBlocks(station_of(MemoryStore(), clock), Lamp(), Second(), dialect=DIALECT)
    with pytest.raises(LocalProtocolError, match="the same name: lamp, lamp"):
        StationBlocks(station_of(MemoryStore(), clock), Lamp(), Lamp(), dialect=DIALECT)


@pytest.mark.asyncio
async def test_a_handler_of_the_program_goes_before_that_of_a_block(clock: FakeClock) -> None:
    station, csms = station_of(MemoryStore(), clock), csms_of(clock)
    lamp = Lamp()

    @station.on(v201.ResetRequest)
    def reset(request: v201.ResetRequest) -> v201.ResetResponse:
        return v201.ResetResponse(status=v201.ResetStatusEnumType.SCHEDULED)

    async with StationBlocks(station, lamp, dialect=DIALECT), connected(station, csms):
        handle = await csms.stations.wait("CP001", ConnectedStation)
        await settle()
        response = await handle.reset(type=v201.ResetEnumType.IMMEDIATE)
        assert response.status is v201.ResetStatusEnumType.SCHEDULED
        assert lamp.count == 0


@pytest.mark.asyncio
async def test_a_store_that_fails_is_tried_again_and_nothing_is_lost(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    store, lamp = MemoryStore(), Lamp()
    blocks = StationBlocks(station_of(store, clock), lamp, dialect=DIALECT)
    failing = [True]

    def fail(operation: str) -> None:
        if operation == "commit" and failing[0]:
            raise OSError("disk full")

    store.before = fail
    lit: list[LampLit] = []
    blocks.on(LampLit)(lit.append)
    async with blocks:
        blocks.do(lamp.light)
        await blocks.flush()
        assert (len(store), lit) == (0, [])
        assert "cannot save the state of the functional blocks: OSError('disk full')" in caplog.text
        failing[0] = False
        await clock.advance(2)
        assert (len(store), lit) == (1, [LampLit(count=1)])
        assert store.states["block:lamp"] == b"1"


@pytest.mark.asyncio
async def test_a_listener_that_fails_is_logged_and_others_hear(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    lamp, heard = Lamp(), list[LampLit]()
    blocks = StationBlocks(station_of(MemoryStore(), clock), lamp, dialect=DIALECT)

    @blocks.on(LampLit)
    def fails(event: LampLit) -> None:
        raise ValueError("plain")

    @blocks.on(LampLit)
    async def fails_later(event: LampLit) -> None:
        await asyncio.sleep(0)
        raise ValueError("async")

    blocks.on(LampLit)(heard.append)
    async with blocks:
        blocks.do(lamp.light)
        await settle()
    assert heard == [LampLit(count=1)]
    assert caplog.text.count("failed\n") == 2


@pytest.mark.asyncio
async def test_a_journal_that_takes_one_message_at_a_time_is_refused(clock: FakeClock) -> None:
    class Plain:
        async def append(self, entry: object) -> int:
            raise AssertionError("nothing is kept")

        async def ack(self, seq: int) -> None: ...

        async def pending(self) -> list[tuple[int, Any]]:
            return []

    blocks = StationBlocks(station_of(Plain(), clock), Lamp(), dialect=DIALECT)
    with pytest.raises(LocalProtocolError, match=r"\[use a Store, such as SqliteJournal"):
        await blocks.__aenter__()


@pytest.mark.asyncio
async def test_a_message_that_cannot_be_written_does_not_hold_up_others(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    def written(report: LampCounted) -> list[v201.TransactionEventRequest]:
        name = "x" * 99 if report.count == 1 else "lamp"
        return [
            v201.TransactionEventRequest(
                event_type=v201.TransactionEventEnumType.UPDATED,
                timestamp=NOW,
                trigger_reason=v201.TriggerReasonEnumType.TRIGGER,
                seq_no=report.count,
                transaction_info=v201.TransactionType(transaction_id=name),
            )
        ]

    store, lamp = MemoryStore(), Lamp(burns_for=0.0)
    dialect = Dialect(Mappings(writers=(ReportWriter(report=LampCounted, write=written),)))
    blocks = StationBlocks(station_of(store, clock), lamp, dialect=dialect)
    async with blocks:
        for _ in range(2):
            blocks.do(lamp.light)
            await settle()
            await clock.advance(1)
    assert [b"x" in each.entry.payload for each in store.waiting.values()] == [False]
    assert store.states["block:lamp"] == b"2"
    assert "made an invalid TransactionEvent, which is not sent" in caplog.text


class Faulty(Block):
    """Fails whenever it is told something."""

    name = "faulty"

    def __init__(self) -> None:
        super().__init__()
        self.timeouts = 0
        self._on_reply(LampCounted)(self._fail)
        self._on_failure(LampSeen, self._fail)
        for event in (LampLit, StationStarted, CsmsConnected, BootAccepted):
            self._on_event(event, self._fail)

    def next_deadline(self, now: Moment) -> float | None:
        return 30.0

    def handle_timeout(self, now: Moment) -> None:
        self.timeouts += 1
        raise ValueError("time")

    def _fail(self, *told: object) -> None:
        raise ValueError(f"told {told[0]}")


@pytest.mark.asyncio
async def test_a_block_that_fails_is_logged_and_all_else_goes_on(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    store, lamp, faulty = MemoryStore(), Lamp(), Faulty()
    station, csms = station_of(store, clock), csms_of(clock)
    blocks = StationBlocks(station, faulty, lamp, dialect=DIALECT)
    async with blocks, connected(station, csms) as network:
        await settle()
        blocks.do(lamp.light)
        await settle()
        await clock.advance(60)
        assert said(network).count("StatusNotification") == 2
        assert said(network).count("TransactionEvent") == 1
        network.cut()
        await clock.advance(1)
        blocks.do(lamp.light)
        await clock.advance(60)
    assert (LampCounted(count=2), Thanks(cost=2.5)) in lamp.heard
    # Once in 10 seconds, though its deadline stays where it was.
    assert 8 <= faulty.timeouts <= 10
    for told in ("StationStarted", "CsmsConnected", "BootAccepted", "LampLit", "LampCounted"):
        assert f"ValueError: told {told}" in caplog.text
    assert "CP001: the functional block 'faulty' raised an exception" in caplog.text


@pytest.mark.asyncio
async def test_a_report_that_the_version_cannot_say_is_left_out_and_its_block_is_told(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    def cannot(report: object) -> Any:
        raise ValueError("no such word")

    mappings = Mappings(writers=(ReportWriter(report=LampSeen, write=cannot),))
    store, lamp = MemoryStore(), Lamp()
    blocks = StationBlocks(station_of(store, clock), lamp, dialect=Dialect(mappings))
    async with blocks:
        blocks.do(lamp.light)
        await blocks.flush()
    assert "OCPP 2.0.1 has no message for LampSeen of the functional block 'lamp'" in caplog.text
    assert lamp.heard[-1] == LampSeen(on=True)
    assert store.states["block:lamp"] == b"1"


class Broken(Lamp):
    """A lamp that fails where no caller can take it."""

    name = "broken"

    def __init__(self) -> None:
        super().__init__()
        self.fails = True

    def state(self) -> bytes:
        if self.fails:
            raise ValueError("no state")
        return super().state()

    def next_deadline(self, now: Moment) -> float | None:
        if self.fails:
            raise ValueError("no deadline")
        return super().next_deadline(now)


@pytest.mark.asyncio
async def test_a_block_that_cannot_tell_its_state_ends_nothing_and_is_kept_later(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    store, broken, follower = MemoryStore(), Broken(), Follower()
    blocks = StationBlocks(station_of(store, clock), broken, follower, dialect=DIALECT)
    async with blocks:
        blocks.do(broken.light)
        await blocks.flush()
        assert follower.counts == [1]
        assert "block:broken" not in store.states
        broken.fails = False
        blocks.do(lambda now: None)
        await blocks.flush()
        assert store.states["block:broken"] == b"1"
        await clock.advance(60)
        assert broken.off_at is None
    assert "functional block 'broken' raised an exception [the other blocks go on]" in caplog.text


class Echo(Block):
    """Tells an event for each that it hears."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name  # type: ignore[misc]
        self._on_event(LampLit, lambda event, now: self._tell(event))


@pytest.mark.asyncio
async def test_events_without_end_end_nothing_else(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    store, lamp = MemoryStore(), Lamp()
    echoes = Echo("one"), Echo("two")
    blocks = StationBlocks(station_of(store, clock), lamp, *echoes, dialect=DIALECT)
    async with blocks:
        blocks.do(lamp.light)
        await blocks.flush()
        assert store.states["block:lamp"] == b"1"
        for echo in echoes:
            while echo.next_event() is not None:
                pass
    assert "send each other events without end, such as LampLit(count=1)" in caplog.text


class Insistent(Block):
    """Reports again at once what could not be reported."""

    name = "insistent"

    def __init__(self) -> None:
        super().__init__()
        self._on_failure(LampSeen, lambda report, now: self._report(report))

    def begin(self, now: Moment) -> None:
        self._report(LampSeen(on=True))


@pytest.mark.asyncio
async def test_a_block_that_reports_again_at_once_does_not_stop_the_station(
    clock: FakeClock,
) -> None:
    def cannot(report: object) -> Any:
        raise ValueError("no such word")

    mappings = Mappings(writers=(ReportWriter(report=LampSeen, write=cannot),))
    insistent = Insistent()
    station = station_of(MemoryStore(), clock)
    async with StationBlocks(station, insistent, dialect=Dialect(mappings)) as blocks:
        blocks.do(insistent.begin)
        await blocks.flush()
        assert insistent.next_report() == LampSeen(on=True)


@pytest.mark.asyncio
async def test_a_message_whose_sending_fails_oddly_does_not_stop_the_next(
    clock: FakeClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    station, csms = station_of(MemoryStore(), clock), csms_of(clock)
    call, failing = station._call, [True]

    def odd(request: Any, call_timeout: float | None = None) -> Any:
        if failing and isinstance(request, v201.StatusNotificationRequest):
            failing.clear()
            raise ZeroDivisionError
        return call(request, call_timeout)

    monkeypatch.setattr(type(station), "_call", lambda self, *given: odd(*given))
    lamp = Lamp(burns_for=10)
    blocks = StationBlocks(station, lamp, dialect=DIALECT)
    async with blocks, connected(station, csms) as network:
        await settle()
        blocks.do(lamp.light)
        await clock.advance(11)
        assert said(network).count("StatusNotification") == 1
    assert LampSeen(on=True) in lamp.heard
    assert (
        "sending StatusNotification of a functional block failed [the next message is sent]"
        in caplog.text
    )
