"""A simulated network: latency, loss, half-open ends, restarts, addresses and certificates."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import running_beside
from ocppkit.core import ConnectionClosed
from ocppkit.csms import Csms
from ocppkit.testing import Conditions, SimulatedNetwork, Simulation, StationPlace
from ocppkit.v201.roles import ChargingStation, ConnectedStation

CALM = Conditions(latency=(0.5, 0.5))


def play(
    scene: Callable[[SimulatedNetwork, Csms, Any], Awaitable[Any]],
    conditions: Conditions = CALM,
    place: StationPlace | None = None,
    **options: Any,
) -> Simulation:
    """Runs a scene with one station."""
    simulation = Simulation(seed=1)

    async def main() -> None:
        csms = make_csms(simulation.wall_clock, **options)
        network = simulation.network(csms, conditions)
        station = ChargingStation(
            "CP1",
            model="M",
            vendor_name="V",
            insecure=True,
            new_id=simulation.ids("s"),
            random=simulation.random.random,
            wall_clock=simulation.wall_clock,
        )
        async with running_beside(station.run("ws://csms", network.connector(place))):
            await scene(network, csms, station)

    simulation.run(main())
    return simulation


def make_csms(wall_clock: Callable[[], datetime], **options: Any) -> Csms:
    csms = Csms(v201.PROTOCOL, insecure=True, boot_gate=False, **options)

    @csms.on(v201.BootNotificationRequest)
    def boot(station: Any, request: Any) -> v201.BootNotificationResponse:
        return v201.BootNotificationResponse(
            current_time=wall_clock(),
            interval=300,
            status=v201.RegistrationStatusEnumType.ACCEPTED,
        )

    return csms


def now() -> float:
    return asyncio.get_running_loop().time()


def test_latency_is_paid_for_each_way() -> None:
    async def scene(network: SimulatedNetwork, csms: Csms, station: Any) -> None:
        await station.wait_accepted()
        # One exchange for the handshake, one for the boot; half a second each way.
        assert now() == pytest.approx(2.0)
        before = now()
        await station.heartbeat()
        assert now() - before == pytest.approx(1.0)

    simulation = play(scene)
    assert [line.what for line in simulation.trace.lines][:3] == ["connect", "station", "csms"]


def test_a_lost_message_ends_the_connection_for_both() -> None:
    async def scene(network: SimulatedNetwork, csms: Csms, station: Any) -> None:
        handle = await csms.stations.wait("CP1", ConnectedStation)
        await station.wait_accepted()
        network.conditions = Conditions(loss=1.0)
        with pytest.raises(ConnectionClosed, match="connection lost"):
            await station.heartbeat()
        assert (await handle.wait_disconnected()).by == "network"

    play(scene)


def test_a_half_open_end_notices_later() -> None:
    async def scene(network: SimulatedNetwork, csms: Csms, station: Any) -> None:
        handle = await csms.stations.wait("CP1", ConnectedStation)
        lost = now()
        network.conditions = Conditions(refused=1.0, notice=40.0)
        network.wires[-1].cut(half_open=True)
        assert handle.connected
        await handle.wait_disconnected()
        assert now() - lost == pytest.approx(40.0)

    simulation = play(scene)
    assert any(line.text == "half-open" for line in simulation.trace.lines)


def test_a_handshake_that_arrives_twice_replaces_the_connection() -> None:
    async def scene(network: SimulatedNetwork, csms: Csms, station: Any) -> None:
        first = await csms.stations.wait("CP1", ConnectedStation)
        network.conditions = CALM
        end = await first.wait_disconnected()
        # Nobody answers on the second; the station comes back, and takes its place.
        assert end.by == "us"
        await station.wait_accepted()
        await asyncio.sleep(60)
        assert csms.stations.get("CP1", ConnectedStation) is not first
        await station.heartbeat()

    simulation = play(scene, Conditions(duplicated=1.0, notice=10.0))
    kinds = [line.what for line in simulation.trace.lines]
    assert kinds.count("again") == 1
    assert kinds.count("connect") == 3


def test_a_handshake_that_arrives_twice_after_the_server_stopped_is_lost() -> None:
    async def scene(network: SimulatedNetwork, csms: Csms, station: Any) -> None:
        await csms.stations.wait("CP1")
        network.stop_server()
        await asyncio.sleep(60)

    simulation = play(scene, Conditions(duplicated=1.0))
    assert "again" not in {line.what for line in simulation.trace.lines}


def test_a_server_that_is_started_again_is_found_again() -> None:
    def start_of_2026() -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    async def scene(network: SimulatedNetwork, csms: Csms, station: Any) -> None:
        await csms.stations.wait("CP1")
        network.stop_server()
        await asyncio.sleep(120)
        again = make_csms(start_of_2026)
        network.start_server(again)
        assert (await again.stations.wait_connected("CP1")).identity == "CP1"

    simulation = play(scene)
    assert "refused" in {line.what for line in simulation.trace.lines}


def test_address_and_certificate_are_the_stations() -> None:
    seen: list[Handshake] = []

    class Recording(Csms):
        async def accept(self, handshake: Handshake, *arguments: Any, **options: Any) -> Any:
            seen.append(handshake)
            return await super().accept(handshake, *arguments, **options)

    simulation = Simulation(seed=1)
    certificate = {"subject": ((("commonName", "CP1"),),)}
    place = StationPlace(address="198.51.100.7", certificate=certificate)

    async def main() -> None:
        network = simulation.network(Recording(v201.PROTOCOL, insecure=True))
        station = ChargingStation("CP1", model="M", vendor_name="V", insecure=True)
        async with running_beside(station.run("wss://csms/ocpp", network.connector(place))):
            await asyncio.sleep(60)

    simulation.run(main())
    assert seen[0].remote_address == "198.51.100.7"
    assert seen[0].peer_certificate == certificate
    assert seen[0].secure


def test_a_handlers_own_sleep_is_virtual() -> None:
    async def scene(network: SimulatedNetwork, csms: Csms, station: Any) -> None:
        @station.on(v201.ClearCacheRequest)
        async def clear(request: Any) -> v201.ClearCacheResponse:
            await asyncio.sleep(20)
            return v201.ClearCacheResponse(status=v201.ClearCacheStatusEnumType.ACCEPTED)

        handle = await csms.stations.wait("CP1", ConnectedStation)
        before = now()
        await handle.clear_cache()
        assert now() - before == pytest.approx(21.0)

    play(scene)


def test_an_exception_that_nobody_takes_fails_the_run() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    async def main() -> None:
        asyncio.get_running_loop().call_later(1, fail)
        await asyncio.sleep(2)

    with pytest.raises(ExceptionGroup, match="seed 9"):
        Simulation(seed=9).run(main())
