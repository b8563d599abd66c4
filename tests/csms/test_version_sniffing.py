"""Stations that name no version: a message tells, or what is remembered of the station."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import Accept, StationRecord
from ocppkit.core import ConnectionClosed
from ocppkit.csms import Csms, MemoryRegistrations
from ocppkit.csms._version_sniffing import VersionMemory
from ocppkit.testing import FakeClock, settle

Make = Callable[..., Any]

HEARTBEAT = [2, "h", "Heartbeat", {}]
BOOT_16 = [2, "b", "BootNotification", {"chargePointModel": "M", "chargePointVendor": "V"}]
BOOT_2 = [
    2,
    "b",
    "BootNotification",
    {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}},
]
STATUS_16 = [
    2,
    "s",
    "StatusNotification",
    {"connectorId": 1, "errorCode": "NoError", "status": "Available"},
]
BROKEN_START = [2, "t", "StartTransaction", {"connectorId": 1}]
PERIODIC = [6, "p", "NotifyPeriodicEventStream", {"id": 1, "pending": 0, "basetime": "x"}]
DATA_TRANSFER = [2, "d", "DataTransfer", {"vendorId": "V"}]


def sniffing(make_csms: Make, clock: FakeClock | None = None, **options: Any) -> Csms:
    csms: Csms = make_csms(
        v201.PROTOCOL,
        v16.PROTOCOL,
        v21.PROTOCOL,
        without_subprotocol="sniff",
        unknown="serve",
        clock=clock or FakeClock(),
        **options,
    )
    return csms


def spoken(csms: Csms) -> str | None:
    handle = csms.stations.get("CP001")
    return None if handle is None else handle.protocol.version


async def connect(csms: Csms, station: Make) -> Any:
    return await station(csms, subprotocol=None)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("message", "version"),
    [
        (BOOT_16, "1.6"),
        (BOOT_2, "2.0.1"),  # that of 2.1 is the same: the most wanted is taken
        (STATUS_16, "1.6"),
        (BROKEN_START, "1.6"),  # only 1.6 has the action
        (PERIODIC, "2.1"),
    ],
)
async def test_what_only_one_version_can_be_decides_at_once(
    message: Any, version: str, make_csms: Make, station: Make
) -> None:
    csms = sniffing(make_csms)
    await (await connect(csms, station)).says(message)
    assert spoken(csms) == version


@pytest.mark.asyncio
async def test_what_suits_several_waits_for_a_message_that_tells(
    make_csms: Make, station: Make
) -> None:
    csms = sniffing(make_csms)
    raw = await connect(csms, station)
    assert await raw.says(HEARTBEAT, DATA_TRANSFER) == []
    assert spoken(csms) is None
    answers = await raw.says(STATUS_16)
    assert spoken(csms) == "1.6"
    # All of them are answered, in order.
    assert [frame[:2] for frame in answers] == [[3, "h"], [3, "d"], [4, "s"]]


@pytest.mark.asyncio
async def test_when_nothing_tells_the_most_wanted_is_taken_in_time(
    make_csms: Make, station: Make, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    csms = sniffing(make_csms, clock)
    caplog.set_level("INFO")
    raw = await connect(csms, station)
    assert await raw.says(HEARTBEAT) == []
    await clock.advance(csms.limits.handshake_timeout)
    assert [frame[:2] for frame in await raw.says()] == [[3, "h"]]
    assert spoken(csms) == "2.0.1"
    assert "CP001: OCPP 2.0.1 is assumed, as no message shows the version" in caplog.text


@pytest.mark.asyncio
async def test_only_versions_that_suited_so_far_are_taken(make_csms: Make, station: Make) -> None:
    clock = FakeClock()
    csms: Csms = make_csms(
        v16.PROTOCOL,
        v21.PROTOCOL,
        v201.PROTOCOL,
        without_subprotocol="sniff",
        clock=clock,
    )
    raw = await connect(csms, station)
    # Both versions of 2.x have it, and 1.6 has another.
    await raw.says(
        [2, "f", "FirmwareStatusNotification", {"status": "Downloading", "requestId": 1}]
    )
    await raw.says(HEARTBEAT)
    await clock.advance(csms.limits.handshake_timeout)
    assert spoken(csms) == "2.1"


@pytest.mark.asyncio
async def test_what_was_found_is_remembered_by_identity(make_csms: Make, station: Make) -> None:
    csms = sniffing(make_csms)
    raw = await connect(csms, station)
    await raw.says(BOOT_16)
    raw.wire.cut()
    # Stations that only reconnect do not boot again.
    raw = await connect(csms, station)
    assert [frame[:2] for frame in await raw.says(HEARTBEAT)] == [[3, "h"]]
    assert spoken(csms) == "1.6"
    # Of another station nothing is known.
    other = await station(csms, identity="CP002", subprotocol=None)
    assert await other.says(HEARTBEAT) == []


@pytest.mark.asyncio
async def test_it_is_remembered_over_a_restart(make_csms: Make, station: Make) -> None:
    registrations = MemoryRegistrations()
    registrations.save(
        StationRecord(
            identity="CP001",
            version="1.6",
            status=RegistrationStatus.ACCEPTED,
            time=datetime(2026, 5, 1, 12, 0, tzinfo=UTC),
        )
    )
    csms = sniffing(make_csms, registrations=registrations)
    raw = await connect(csms, station)
    assert [frame[:2] for frame in await raw.says(HEARTBEAT)] == [[3, "h"]]
    assert spoken(csms) == "1.6"


@pytest.mark.asyncio
async def test_a_station_may_get_another_version(make_csms: Make, station: Make) -> None:
    csms = sniffing(make_csms)
    raw = await connect(csms, station)
    await raw.says(BOOT_16)
    raw.wire.cut()
    raw = await connect(csms, station)
    await raw.says(BOOT_2)
    assert spoken(csms) == "2.0.1"
    raw.wire.cut()
    raw = await connect(csms, station)
    await raw.says(HEARTBEAT)
    assert spoken(csms) == "2.0.1"


@pytest.mark.asyncio
async def test_a_boot_that_suits_two_versions_is_of_the_remembered_one(
    make_csms: Make, station: Make
) -> None:
    csms = sniffing(make_csms)
    raw = await connect(csms, station)
    await raw.says(PERIODIC)
    raw.wire.cut()
    raw = await connect(csms, station)
    await raw.says(BOOT_2)
    assert spoken(csms) == "2.1"


@pytest.mark.asyncio
async def test_what_cannot_be_read_is_answered_in_the_remembered_version(
    make_csms: Make, station: Make
) -> None:
    csms = sniffing(make_csms)
    raw = await connect(csms, station)
    await raw.says(BOOT_16)
    raw.wire.cut()
    raw = await connect(csms, station)
    ((number, message_id, *_),) = await raw.says([2, "s", "StatusNotification", {"connectorId": 1}])
    assert (number, message_id, spoken(csms)) == (4, "s", "1.6")
    # In 1.6 what is no message at all is ignored, and does not end the connection.
    assert await raw.says("nonsense") == []
    assert raw.end is None


@pytest.mark.asyncio
async def test_not_for_ever_are_messages_kept(make_csms: Make, station: Make) -> None:
    csms = sniffing(make_csms)
    raw = await connect(csms, station)
    answers = await raw.says(*([2, str(number), "Heartbeat", {}] for number in range(16)))
    assert [frame[:2] for frame in answers] == [[3, str(number)] for number in range(16)]
    assert spoken(csms) == "2.0.1"


@pytest.mark.asyncio
async def test_an_end_before_the_version_is_clear(make_csms: Make, station: Make) -> None:
    clock = FakeClock()
    csms = sniffing(make_csms, clock)
    raw = await connect(csms, station)
    await raw.says(HEARTBEAT)
    raw.wire.cut()
    await raw.says()
    await clock.advance(csms.limits.handshake_timeout)
    assert spoken(csms) is None


class SlowlyClosing:
    """A wire whose connection ends only when the test says so."""

    def __init__(self) -> None:
        self.receivers: list[Any] = []

    def start(self, receiver: Any) -> None:
        self.receivers.append(receiver)

    def write(self, text: str) -> None: ...
    def close(self, code: int = 1000, reason: str = "") -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


@pytest.mark.asyncio
async def test_no_version_is_assumed_while_the_connection_is_closed(make_csms: Make) -> None:
    """A session would then learn of the end, and `drain` would wait for it forever."""
    clock = FakeClock()
    csms = sniffing(make_csms, clock)
    wire = SlowlyClosing()
    attachment = csms.attach(Accept(subprotocol=None, identity="CP001"), wire)
    (receiver,) = wire.receivers
    receiver.data_received(json.dumps(HEARTBEAT))
    draining = asyncio.ensure_future(attachment.drain(1))
    await settle()
    await clock.advance(csms.limits.handshake_timeout)
    assert wire.receivers == [receiver]
    assert spoken(csms) is None
    receiver.connection_lost(ConnectionClosed("going away", by="us"))
    await settle()
    assert draining.done()


def test_stations_not_seen_for_longest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VersionMemory, "STATIONS", 2)
    memory = VersionMemory([v16.PROTOCOL, v201.PROTOCOL])
    for identity in ("A", "B", "A", "C"):
        memory.remember(identity, v16.PROTOCOL)
    found = [memory.find(Accept(subprotocol=None, identity=name)) for name in "ABC"]
    assert found == [v16.PROTOCOL, None, v16.PROTOCOL]
