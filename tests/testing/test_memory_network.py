"""A station against a CSMS in memory, as users' tests do it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from ocppkit import v16, v201
from ocppkit.core import HandshakeRefused, utcnow
from ocppkit.csms import Csms, PasswordAuthenticator
from ocppkit.station import BackOff
from ocppkit.testing import FakeClock, MemoryNetwork, connected, settle
from ocppkit.v201.roles import ChargingStation, ConnectedStation


def make_csms(clock: FakeClock, **options: Any) -> Csms:
    csms = Csms(v201.PROTOCOL, v16.PROTOCOL, clock=clock, **options)

    @csms.on(v201.BootNotificationRequest)
    async def boot(
        station: ConnectedStation, request: v201.BootNotificationRequest
    ) -> v201.BootNotificationResponse:
        return v201.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=v201.RegistrationStatusEnumType.ACCEPTED
        )

    return csms


def make_station(clock: FakeClock, **options: Any) -> ChargingStation:
    back_off = BackOff(wait_minimum=1, random_range=0)
    station = ChargingStation(
        "CP|001", model="M", vendor_name="V", clock=clock, back_off=back_off, **options
    )

    @station.on(v201.ResetRequest)
    def reset(request: v201.ResetRequest) -> v201.ResetResponse:
        return v201.ResetResponse(status=v201.ResetStatusEnumType.ACCEPTED)

    return station


@pytest.mark.asyncio
async def test_the_example_of_the_docstring() -> None:
    clock = FakeClock()
    csms, station = make_csms(clock, insecure=True), make_station(clock, insecure=True)
    async with connected(station, csms) as network:
        handle = await csms.stations.wait("CP|001", ConnectedStation)
        assert (await handle.reset(type=v201.ResetEnumType.IMMEDIATE)).status == "Accepted"
        assert network.handshakes[0].path == "/CP%7C001"
    assert not handle.connected
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
async def test_the_handshake_is_the_real_one() -> None:
    clock = FakeClock()
    authenticator = PasswordAuthenticator({"CP|001": "secret"}.get, require_tls=True)
    csms = make_csms(clock, authenticator=authenticator)
    right, wrong = (make_station(clock, password=word) for word in ("secret", "guess"))
    async with connected(right, csms, url="wss://csms/ocpp?x=1") as network:
        assert (await csms.stations.wait("CP|001")).accepted
        assert network.handshakes[0].path == "/ocpp/CP%7C001?x=1"
    with pytest.raises(HandshakeRefused) as caught:
        await MemoryNetwork(csms).connect(wrong.open("wss://csms"))
    assert caught.value.status == 401


@pytest.mark.asyncio
async def test_the_network_can_break() -> None:
    clock = FakeClock()
    csms, station = make_csms(clock, insecure=True), make_station(clock, insecure=True)
    async with connected(station, csms) as network:
        await csms.stations.wait("CP|001")
        network.up = False
        network.cut()
        await clock.advance(10)
        assert not station.connected
        assert len(csms.stations) == 0
        network.up = True
        await clock.advance(10)
        assert station.connected
        assert len(network.wires) == 2


@pytest.mark.asyncio
async def test_an_error_of_the_station_reaches_the_test() -> None:
    clock = FakeClock()
    station = ChargingStation("CP001", model="M" * 99, vendor_name="V", clock=clock, insecure=True)

    async def run() -> None:
        async with connected(station, make_csms(clock, insecure=True)):
            await asyncio.get_running_loop().create_future()

    with pytest.raises(Exception, match="longer than 20"):
        await run()
    await settle()


@pytest.mark.asyncio
async def test_the_csms_end_can_be_inspected_and_broken() -> None:
    clock = FakeClock()
    csms, station = make_csms(clock, insecure=True), make_station(clock, insecure=True)
    async with connected(station, csms) as network:
        handle = await csms.stations.wait("CP|001")
        wire = network.wires[-1]
        assert wire.peer.peer is wire
        assert wire.peer.end is None
        wire.peer.write("what no CSMS would send")
        await settle()
        assert station.connected
        wire.peer.close(1001, "maintenance")
        await settle()
        assert not handle.connected
        assert wire.peer.end is not None
        assert (wire.peer.end.by, wire.peer.end.code) == ("us", 1001)
        assert wire.end is not None
        assert (wire.end.by, wire.end.reason) == ("peer", "maintenance")
        await clock.advance(10)
        assert station.connected
        assert network.wires[-1].end is None


@pytest.mark.asyncio
async def test_the_answer_to_a_raw_frame_can_be_seen() -> None:
    clock = FakeClock()
    moment = datetime(2025, 6, 1, 12, tzinfo=UTC)
    csms = make_csms(clock, insecure=True, wall_clock=lambda: moment)
    async with connected(make_station(clock, insecure=True), csms) as network:
        await csms.stations.wait("CP|001")
        await settle()
        wire = network.wires[-1]
        wire.write('[2,"1","Heartbeat",{}]')
        await settle()
        assert list(wire.frames)[-2:] == [
            ("out", '[2,"1","Heartbeat",{}]'),
            ("in", '[3,"1",{"currentTime":"2025-06-01T12:00:00Z"}]'),
        ]
        assert list(wire.peer.frames)[-2].direction == "in"
