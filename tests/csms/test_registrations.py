"""What is known of stations over restarts, who is served without, and a store that fails."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import StationRecord
from ocppkit.core import utcnow
from ocppkit.csms import Csms, MemoryRegistrations, Registrations, SqliteRegistrations
from ocppkit.testing import FakeClock, settle

Make = Callable[..., Any]

BOOT_16 = [
    2,
    "b",
    "BootNotification",
    {"chargePointModel": "M", "chargePointVendor": "V", "firmwareVersion": "1.2"},
]
BOOT_2 = [
    2,
    "b",
    "BootNotification",
    {
        "reason": "PowerUp",
        "chargingStation": {"model": "M", "vendorName": "V", "firmwareVersion": "1.2"},
    },
]
BOOTS = {"ocpp1.6": BOOT_16, "ocpp2.0.1": BOOT_2, "ocpp2.1": BOOT_2}
HEARTBEAT = [2, "1", "Heartbeat", {}]


def record(identity: str = "CP001", **members: Any) -> StationRecord:
    members.setdefault("status", RegistrationStatus.ACCEPTED)
    members.setdefault("time", datetime(2026, 5, 1, 12, 0, tzinfo=UTC))
    return StationRecord(identity=identity, version="2.0.1", **members)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "memory":
        return MemoryRegistrations()
    return SqliteRegistrations(tmp_path / "stations.db")


def test_a_store_returns_what_was_saved_last(store: Any) -> None:
    assert store.find("CP001") is None
    store.save(record(vendor="ACME", model="Wall", firmware="1.2"))
    store.save(record("CP002"))
    assert store.find("CP001") == record(vendor="ACME", model="Wall", firmware="1.2")
    store.save(record(status=RegistrationStatus.PENDING))
    assert store.find("CP001") == record(status=RegistrationStatus.PENDING)
    # The very identity comes first, one of another case second.
    assert store.find("cp001") == record(status=RegistrationStatus.PENDING)
    store.save(record("cp001"))
    assert store.find("cp001") == record("cp001")
    assert store.find("CP001") == record(status=RegistrationStatus.PENDING)


def test_a_file_outlives_the_object(tmp_path: Path) -> None:
    path = tmp_path / "stations.db"
    first = SqliteRegistrations(path)
    first.save(record())
    # Nothing is closed, as after a kill.
    assert SqliteRegistrations(path).find("CP001") == record()
    first.close()
    with pytest.raises(sqlite3.ProgrammingError):
        first.find("CP001")


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryRegistrations, "STATIONS", 2)
    store = MemoryRegistrations()
    for identity in ("one", "two", "three"):
        store.save(record(identity))
    assert [store.find(name) is not None for name in ("one", "two", "three")] == [0, 1, 1]


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", BOOTS)
async def test_a_restart_is_an_ordinary_day_with_a_memory(
    subprotocol: str, store: Registrations, make_csms: Make, station: Make
) -> None:
    raw = await station(make_csms(registrations=store), subprotocol=subprotocol)
    await raw.says(BOOTS[subprotocol])
    raw.wire.cut()
    await settle()
    known = store.find("CP001")
    assert isinstance(known, StationRecord)
    assert (known.vendor, known.model, known.firmware) == ("V", "M", "1.2")
    assert (f"ocpp{known.version}", known.status) == (subprotocol, "Accepted")
    restarted = make_csms(registrations=store, unknown="refuse")
    raw = await station(restarted, subprotocol=subprotocol)
    (answer,) = await raw.says(HEARTBEAT)
    assert answer[0] == 3
    assert (await restarted.stations.wait("CP001")).accepted


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("subprotocol", "unknown", "served"),
    [
        ("ocpp1.6", None, True),
        ("ocpp2.0.1", None, False),
        ("ocpp2.1", None, False),
        ("ocpp1.6", "refuse", False),
        ("ocpp2.0.1", "serve", True),
        ("ocpp2.1", "serve", True),
    ],
)
async def test_err_19_without_a_memory_the_version_decides_unless_told(
    subprotocol: str,
    unknown: Any,
    served: bool,
    make_csms: Make,
    station: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "ocppkit")
    csms = make_csms(unknown=unknown)
    waiting = asyncio.create_task(csms.stations.wait("CP001"))
    raw = await station(csms, subprotocol=subprotocol)
    assert not waiting.done()
    (answer,) = await raw.says(HEARTBEAT)
    assert answer[:1] == [3] if served else answer[:3] == [4, "1", "SecurityError"]
    assert waiting.done() == served
    handle = csms.stations.get("CP001")
    assert (handle.served, handle.accepted) == (served, False)
    for _ in range(3):
        await raw.says(HEARTBEAT)
    raw.wire.cut()
    await settle()
    raw = await station(csms, subprotocol=subprotocol)
    await raw.says(HEARTBEAT)
    lines = [each.message for each in caplog.records if "SqliteRegistrations" in each.message]
    # Once per station, with the cure.
    (line,) = lines
    assert line.startswith("CP001: served (" if served else "CP001: Heartbeat refused with")
    assert "not_accepted" not in caplog.text
    waiting.cancel()


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", BOOTS)
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_pending_and_rejected_gate_after_a_restart_too(
    subprotocol: str,
    status: str,
    make_csms: Make,
    station: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryRegistrations()
    store.save(record(status=RegistrationStatus(status)))
    csms = make_csms(registrations=store, unknown="serve")
    raw = await station(csms, subprotocol=subprotocol)
    assert csms.stations.get("CP001").status == status
    (answer,) = await raw.says(HEARTBEAT)
    assert answer[:3] == [4, "1", "SecurityError"]
    assert f"its boot was answered with {status}" in caplog.text
    (answer,) = await raw.says(BOOTS[subprotocol])
    assert answer[0] == 3
    assert store.find("CP001").status == "Accepted"  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_the_registration_is_saved_before_the_boot_is_answered(station: Make) -> None:
    class Slow(MemoryRegistrations):
        def __init__(self) -> None:
            super().__init__()
            self.go = asyncio.Event()

        async def save(self, record: StationRecord) -> None:  # type: ignore[override]
            await self.go.wait()
            super().save(record)

    for asynchronous in (False, True):
        slow = Slow()
        csms = Csms(v201.PROTOCOL, insecure=True, clock=FakeClock(), registrations=slow)

        def answer() -> v201.BootNotificationResponse:
            return v201.BootNotificationResponse(
                current_time=utcnow(), interval=5, status=v201.RegistrationStatusEnumType.ACCEPTED
            )

        async def later(station: Any, request: Any) -> v201.BootNotificationResponse:
            return answer()

        csms.on(v201.BootNotificationRequest)(later if asynchronous else lambda s, r: answer())
        raw = await station(csms)
        assert await raw.says(BOOT_2) == []
        slow.go.set()
        (answered,) = await raw.says()
        assert answered[0] == 3
        assert slow.find("CP001") is not None


class Broken(MemoryRegistrations):
    """A store that fails until it is mended."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = True
        self.asked = 0

    def find(self, identity: str) -> StationRecord | None:
        if self.broken:
            raise OSError("the disk is full")
        return super().find(identity)

    def save(self, record: StationRecord) -> None:
        self.asked += 1
        if self.broken:
            raise OSError("the disk is full")
        super().save(record)


@pytest.mark.asyncio
async def test_a_store_that_fails_ends_no_connection_and_is_tried_again(
    make_csms: Make, station: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock, store = FakeClock(), Broken()
    csms = make_csms(clock=clock, registrations=store)
    raw = await station(csms)
    (answer,) = await raw.says(HEARTBEAT)
    assert answer[0] == 3
    assert "CP001: its registration cannot be read, so it is served as if" in caplog.text
    (answer,) = await raw.says(BOOT_2)
    assert answer[0] == 3
    assert "CP001: its registration (Accepted) could not be saved" in caplog.text
    raw.wire.cut()
    await settle()
    # What is not saved yet is known all the same.
    await station(csms)
    assert csms.stations.get("CP001").accepted
    for _ in range(3):
        await clock.advance(60)
    assert store.asked >= 4
    store.broken = False
    await clock.advance(60)
    assert store.find("CP001") is not None
    asked = store.asked
    await clock.advance(600)
    assert store.asked == asked


@pytest.mark.asyncio
async def test_a_store_that_hangs_holds_nobody_up(make_csms: Make, station: Make) -> None:
    class Hanging(MemoryRegistrations):
        async def find(self, identity: str) -> StationRecord | None:  # type: ignore[override]
            await asyncio.get_running_loop().create_future()
            return None

        async def save(self, record: StationRecord) -> None:  # type: ignore[override]
            await asyncio.get_running_loop().create_future()

    clock = FakeClock()
    csms = make_csms(clock=clock, registrations=Hanging())
    connecting = asyncio.create_task(station(csms))
    await clock.advance(6)
    raw = await connecting
    assert await raw.says(BOOT_2) == []
    await clock.advance(6)
    (answer,) = await raw.says()
    assert answer[0] == 3
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


@pytest.mark.asyncio
async def test_a_store_that_hangs_once_is_asked_again(make_csms: Make, station: Make) -> None:
    class HangingOnce(Broken):
        async def save(self, record: StationRecord) -> None:  # type: ignore[override]
            super().save(record)
            if self.asked == 2:
                await asyncio.get_running_loop().create_future()

    clock, store = FakeClock(), HangingOnce()
    csms = make_csms(clock=clock, registrations=store)
    raw = await station(csms)
    await raw.says(BOOT_2)
    store.broken = False
    await clock.advance(1)
    assert store.asked == 2
    await clock.advance(70)
    assert store.asked == 3


@pytest.mark.asyncio
async def test_con_06_a_record_keeps_the_spelling(make_csms: Make, station: Make) -> None:
    store = MemoryRegistrations()
    store.save(record("CP001"))
    csms = make_csms(registrations=store)
    for subprotocol, identity in (("ocpp2.0.1", "CP001"), ("ocpp1.6", "cp001")):
        raw = await station(csms, "cp001", subprotocol)
        (handle,) = csms.stations
        assert handle.identity == identity
        assert handle.accepted == (identity == "CP001")
        raw.wire.cut()
        await settle()


def test_the_versions_say_where_a_boot_names_the_station() -> None:
    for protocol in (v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL):
        assert protocol.vendor
        assert protocol.model
        assert protocol.firmware
