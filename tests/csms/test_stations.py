"""The registry's events, their bounds, and a directory of one's own."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ocppkit import v201
from ocppkit.core import ConnectionClosed, LocalProtocolError, WrongVersion
from ocppkit.csms import (
    Csms,
    MemoryDirectory,
    StationConnected,
    StationDisconnected,
    StationEventsMissed,
    StationHandle,
    StationsView,
)
from ocppkit.testing import FakeClock, settle
from ocppkit.v16.roles import ConnectedChargePoint
from ocppkit.v201.roles import ConnectedStation

Make = Callable[..., Any]

BOOT = [
    2,
    "b",
    "BootNotification",
    {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}},
]


@pytest.mark.asyncio
async def test_a_slow_listener_learns_how_much_it_missed_and_who_is_there(
    make_csms: Make, station: Make
) -> None:
    csms = make_csms(v201.PROTOCOL)
    events = csms.stations.events()
    present: set[str] = set()
    missed = 0
    raws = [await station(csms, f"CP{number}") for number in range(2500)]
    for raw in raws[:500]:
        raw.wire.cut()
    await settle()
    late = await station(csms, "late")
    late.wire.start(late)
    async for event in events:
        match event:
            case StationEventsMissed(count, stations):
                missed += count
                present = {each.identity for each in stations}
                await station(csms, "last")
            case StationConnected(handle):
                present.add(handle.identity)
            case StationDisconnected(handle, _, replaced) if not replaced:
                present.discard(handle.identity)
        if "last" in present:
            break
    assert missed == 3001
    assert present == {each.identity for each in csms.stations}
    assert len(present) == 2002


@pytest.mark.asyncio
async def test_listeners_are_told_in_the_order_in_which_they_came(
    make_csms: Make, station: Make
) -> None:
    csms = make_csms(v201.PROTOCOL)
    told: list[int] = []

    async def listen(number: int) -> None:
        async for _ in csms.stations.events():
            told.append(number)

    tasks = [asyncio.create_task(listen(number)) for number in range(20)]
    await settle()
    await station(csms)
    await settle()
    assert told == list(range(20))
    for task in tasks:
        task.cancel()


@pytest.mark.asyncio
async def test_two_may_listen_to_one_stream(make_csms: Make, station: Make) -> None:
    csms = make_csms(v201.PROTOCOL)
    events = csms.stations.events()
    tasks = [asyncio.create_task(anext(events)) for _ in range(2)]
    await settle()
    await station(csms, "one")
    await station(csms, "two")
    assert {(await task).station.identity for task in tasks} == {"one", "two"}


@pytest.mark.asyncio
async def test_it_is_known_when_a_station_was_last_seen(make_csms: Make, station: Make) -> None:
    clock = FakeClock()
    start = datetime(2026, 5, 1, tzinfo=UTC)
    csms = make_csms(clock=clock, wall_clock=lambda: start + timedelta(seconds=clock.time()))
    assert csms.stations.last_seen("CP001") is None
    raw = await station(csms)
    await clock.advance(10)
    await raw.says(BOOT)
    await clock.advance(20)
    assert csms.stations.last_seen("cp001") == start + timedelta(seconds=10)
    raw.wire.cut()
    await settle()
    await clock.advance(100)
    assert csms.stations.last_seen("CP001") == start + timedelta(seconds=30)
    assert csms.stations.last_seen("CP002") is None


@pytest.mark.asyncio
async def test_find_is_get(make_csms: Make, station: Make) -> None:
    csms = make_csms()
    assert await csms.stations.find("CP001") is None
    await station(csms)
    view: StationsView = csms.stations
    assert await view.find("cp001", ConnectedStation) is csms.stations.get("CP001")
    with pytest.raises(WrongVersion):
        await view.find("CP001", ConnectedChargePoint)


class Shared(MemoryDirectory):
    """A directory that notes what it is told, and may fail."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.told: list[str] = []
        self._fails = fails

    def _note(self, what: str, station: StationHandle) -> None:
        self.told.append(f"{what} {station.identity}")
        if self._fails:
            raise OSError("the cluster is away")

    def find(self, identity: str) -> StationHandle | None:
        if self._fails:
            raise OSError("the cluster is away")
        return super().find(identity)

    def enter(self, station: StationHandle) -> StationHandle | None:
        self._note("enter", station)
        return super().enter(station)

    def updated(self, station: StationHandle) -> None:
        self._note(f"updated {station.status}", station)
        super().updated(station)

    def leave(self, station: StationHandle, end: ConnectionClosed) -> None:
        self._note("leave", station)
        super().leave(station, end)

    def stations(self) -> Iterable[StationHandle]:
        return super().stations()


@pytest.mark.asyncio
@pytest.mark.parametrize("fails", [False, True])
async def test_a_directory_of_ones_own(
    fails: bool, make_csms: Make, station: Make, caplog: pytest.LogCaptureFixture
) -> None:
    directory = Shared(fails=fails)
    csms = make_csms(directory=directory)
    raw = await station(csms)
    (answer,) = await raw.says(BOOT)
    assert answer[0] == 3
    assert len(csms.stations) == (0 if fails else 1)
    raw.wire.cut()
    await settle()
    assert directory.told == ["enter CP001", "updated Accepted CP001", "leave CP001"]
    assert ("CP001: the directory failed" in caplog.text) == fails


@pytest.mark.asyncio
async def test_a_listener_that_fails_keeps_nothing_from_the_others(
    make_csms: Make, station: Make, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(change: object) -> None:
        raise ValueError("no space left")

    directory = MemoryDirectory()
    directory.watch(fail)
    csms = make_csms(directory=directory)
    events = csms.stations.events()
    first = await station(csms)
    second = await station(csms)
    await settle()
    assert isinstance(await anext(events), StationConnected)
    # The first connection was found, and has made room for the second.
    assert first.end is not None
    assert second.end is None
    assert "CP001: a listener of the directory raised an exception" in caplog.text


def test_a_version_without_roles_is_refused_with_the_cure() -> None:
    selected = msgspec.structs.replace(v201.PROTOCOL, roles=None)
    with pytest.raises(LocalProtocolError, match="add BootNotification to `ocppkit generate"):
        Csms(selected, insecure=True)
