"""A station against a CSMS in memory, as users' tests do it."""

import asyncio
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
        "CP 001", model="M", vendor_name="V", clock=clock, back_off=back_off, **options
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
        handle = await csms.stations.wait("CP 001", ConnectedStation)
        assert (await handle.reset(type=v201.ResetEnumType.IMMEDIATE)).status == "Accepted"
        assert network.handshakes[0].path == "/CP%20001"
    assert not handle.connected
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
async def test_the_handshake_is_the_real_one() -> None:
    clock = FakeClock()
    authenticator = PasswordAuthenticator({"CP 001": "secret"}.get, require_tls=True)
    csms = make_csms(clock, authenticator=authenticator)
    right, wrong = (make_station(clock, password=word) for word in ("secret", "guess"))
    async with connected(right, csms, url="wss://csms/ocpp?x=1") as network:
        assert (await csms.stations.wait("CP 001")).accepted
        assert network.handshakes[0].path == "/ocpp/CP%20001?x=1"
    with pytest.raises(HandshakeRefused) as caught:
        await MemoryNetwork(csms).connect(wrong.open("wss://csms"))
    assert caught.value.status == 401


@pytest.mark.asyncio
async def test_the_network_can_break() -> None:
    clock = FakeClock()
    csms, station = make_csms(clock, insecure=True), make_station(clock, insecure=True)
    async with connected(station, csms) as network:
        await csms.stations.wait("CP 001")
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
