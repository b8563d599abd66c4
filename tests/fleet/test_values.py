"""What is on the bus: its form, and what happens to values that are not ours or of another version."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.small_fleet import SmallFleet, small_fleet, virtually
from ocppkit import v201
from ocppkit.aio import RegistrationStatus
from ocppkit.core import OcppError
from ocppkit.csms import StationRecord
from ocppkit.fleet import BusError, MemoryBus
from ocppkit.fleet._values import (
    FORMAT,
    Acknowledgement,
    Cancellation,
    CloseCommand,
    CommandOutcome,
    ConnectionEnd,
    Lease,
    NotHere,
    PingCommand,
    Presence,
    RemoteCommand,
    SendCommand,
    StationCommand,
    ValueReader,
    WrongAttempt,
    write_value,
)
from ocppkit.v201.roles import ConnectedStation

RAW = msgspec.Raw(b"{}")
TIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

# A change of one of these texts is a new format: processes of the version before are in the fleet, too.
WRITTEN = [
    (
        RemoteCommand(
            format=1, id="i", identity="CP", connection=1, action="Reset", payload=RAW, until=2.5
        ),
        b'{"kind":"call","format":1,"id":"i","identity":"CP","connection":1,"action":"Reset",'
        b'"payload":{},"until":2.5}',
    ),
    (
        SendCommand(format=1, identity="CP", connection=1, action="A", payload=RAW, until=2.5),
        b'{"kind":"send","format":1,"identity":"CP","connection":1,"action":"A","payload":{},'
        b'"until":2.5}',
    ),
    (
        CloseCommand(format=1, identity="CP", connection=1, code=1000, reason="r"),
        b'{"kind":"close","format":1,"identity":"CP","connection":1,"code":1000,"reason":"r"}',
    ),
    (
        PingCommand(format=1, identity="CP", connection=1, seconds=5.0),
        b'{"kind":"ping","format":1,"identity":"CP","connection":1,"seconds":5.0}',
    ),
    (Cancellation(format=1, id="i"), b'{"kind":"cancel","format":1,"id":"i"}'),
    (Acknowledgement(format=1), b'{"kind":"running","format":1}'),
    (NotHere(format=1), b'{"kind":"not here","format":1}'),
    (CommandOutcome(format=1, result=RAW), b'{"kind":"answer","format":1,"result":{}}'),
    (Lease(format=1, reads=1, clock=7.5), b'{"format":1,"reads":1,"clock":7.5}'),
    (
        WrongAttempt(format=1, node="n", identity="CP", remote_address="192.0.2.1"),
        b'{"format":1,"node":"n","identity":"CP","remote_address":"192.0.2.1"}',
    ),
    (
        Presence(
            format=1,
            identity="CP",
            node="n",
            connection=3,
            subprotocol="ocpp2.0.1",
            remote_address="192.0.2.1",
            any_case=True,
            served=True,
            seen=TIME,
            boot=StationRecord(
                identity="CP", status=RegistrationStatus.ACCEPTED, version="2.0.1", time=TIME
            ),
        ),
        b'{"format":1,"identity":"CP","node":"n","connection":3,"subprotocol":"ocpp2.0.1",'
        b'"remote_address":"192.0.2.1","any_case":true,"served":true,"seen":"2026-01-02T03:04:05Z",'
        b'"boot":{"identity":"CP","status":"Accepted","version":"2.0.1","vendor":"","model":"",'
        b'"firmware":"","time":"2026-01-02T03:04:05Z"}}',
    ),
    (
        Presence(format=1, identity="CP", seen=TIME, end=ConnectionEnd("bye", "peer", 1000)),
        b'{"format":1,"identity":"CP","seen":"2026-01-02T03:04:05Z",'
        b'"end":{"reason":"bye","by":"peer","code":1000}}',
    ),
]


@pytest.mark.parametrize(("value", "written"), WRITTEN, ids=lambda each: type(each).__name__)
def test_the_form_of_each_value_is_fixed(value: msgspec.Struct, written: bytes) -> None:
    assert FORMAT == 1
    assert write_value(value) == written
    read = ValueReader().read(written, type(value), "key")
    assert write_value(read) == written


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_bytes_are_ignored_and_counted(data: bytes) -> None:
    reader = ValueReader()
    assert reader.read(data, StationCommand, "subject") is None
    assert reader.ignored.total() == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"format":2,"kind":"new"}', "newer format"),
        (b'{"format":0}', "older format"),
        (b'{"format":1,"kind":"new"}', "not ours"),
        (b'{"format":1,"kind":"cancel"}', "not ours"),
        (b"[" * 100_000, "not ours"),
        (b"", "not ours"),
    ],
)
def test_why_a_value_is_ignored_is_told(data: bytes, reason: str) -> None:
    reader = ValueReader()
    assert reader.read(data, StationCommand, "subject") is None
    assert reader.ignored == {reason: 1}


def test_messages_that_are_not_ours_are_ignored() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            node = fleet.nodes["a"]
            await fleet.web.stations.wait("CP001")
            async with MemoryBus(fleet.broker, "stranger") as stranger:
                for subject in (f"ocpp.node.{node.id}", "ocpp.attempts"):
                    await stranger.publish(subject, b"hello")
                    await stranger.publish(subject, b'{"format":9}')
                for table in ("ocpp_stations", "ocpp_nodes"):
                    await stranger.table(table).put("X", b"hello")
                    await stranger.table(table).put("Y", b'{"format":9}')
                await stranger.table("ocpp_stations").put(
                    "OTHER", write_value(Presence(format=1, identity="CP001"))
                )
                await asyncio.sleep(1)
            assert node.ignored["not ours"] == 4
            assert node.ignored["newer format"] == 4
            station = fleet.web.station("CP001", ConnectedStation)
            answer = await station.reset(type=v201.ResetEnumType.IMMEDIATE)
            assert answer.status == "Accepted"

    virtually(main())


def test_a_record_of_a_newer_format_is_not_overwritten() -> None:
    newer = b'{"format":2,"identity":"CP001","something":"new"}'

    def stored(fleet: SmallFleet) -> bytes | None:
        return fleet.broker.saved()["ocpp_stations"].entries["CP001"][0].value

    async def main() -> None:
        async with small_fleet() as fleet, MemoryBus(fleet.broker, "newer") as bus:
            await bus.table("ocpp_stations").put("CP001", newer)
            await asyncio.sleep(1)
            async with fleet.at("a", fleet.station()):
                await fleet.csms["a"].stations.wait("CP001")
                await asyncio.sleep(30)
                assert stored(fleet) == newer
                assert fleet.nodes["a"].unsaved_boots == 1
                # Once a process of the newer version writes what all can read, all is well.
                older = write_value(Presence(format=1, identity="CP001"))
                await bus.table("ocpp_stations").put("CP001", older)
                await asyncio.sleep(1)
                assert fleet.nodes["a"].unsaved_boots == 0
                assert fleet.web.stations.get("CP001") is not None
                # And if it writes a newer record over one of ours, that is left alone, too.
                await bus.table("ocpp_stations").put("CP001", newer)
            await asyncio.sleep(30)
            assert stored(fleet) == newer

    virtually(main())


def test_what_is_too_large_for_the_bus_is_an_error() -> None:
    async def main() -> None:
        async with small_fleet() as fleet:
            station = fleet.station()

            @station.on(v201.DataTransferRequest)
            def answer(request: v201.DataTransferRequest) -> v201.DataTransferResponse:
                data = "x" * int(str(request.data))
                status = v201.DataTransferStatusEnumType.ACCEPTED
                return v201.DataTransferResponse(status=status, data=data)

            async with fleet.at("a", station):
                far = await fleet.web.stations.wait("CP001", ConnectedStation)
                fleet.broker.message_bytes = 10_000
                answered = await far.data_transfer(vendor_id="x", data="5000")
                assert answered.data == "x" * 5000
                with pytest.raises(BusError, match="the bus takes 10000"):
                    await far.data_transfer(vendor_id="x", data="x" * 20_000)
                with pytest.raises(OcppError, match="its answer cannot be sent"):
                    await far.data_transfer(vendor_id="x", data="20000")

    virtually(main())
