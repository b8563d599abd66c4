"""What callers, stations and operators see when a node or a part of the network fails."""

import asyncio
import logging
from contextlib import AsyncExitStack

import pytest

from fleet.small_fleet import (
    SmallFleet,
    connected_at,
    ended,
    fleet_with_station,
    small_fleet,
    stored,
    virtually,
)
from ocppkit import v201
from ocppkit.aio.lowlevel import running_beside
from ocppkit.core import ConnectionClosed
from ocppkit.csms import StationDisconnected
from ocppkit.fleet._presence_writer import PresenceWriter
from ocppkit.transports import websockets
from ocppkit.v201.roles import ConnectedStation

IMMEDIATE = v201.ResetEnumType.IMMEDIATE


# The node dies.


def test_node_killed_the_command_on_the_wire_is_unknown() -> None:
    async def main() -> None:
        async with fleet_with_station(clears_in=60) as fleet:
            station = fleet.web.station("CP001", ConnectedStation)
            call = asyncio.create_task(station.clear_cache(call_timeout=100))
            await asyncio.sleep(0.5)
            fleet.broker.kill("a")
            seconds, error = await ended(call)
            assert error.delivered == "unknown"
            assert 1.5 <= seconds < 4.0
            with pytest.raises(ConnectionClosed) as raised:
                await station.reset(type=IMMEDIATE)
            assert raised.value.delivered == "no"
            assert fleet.web.stations.get("CP001") is None

    virtually(main())


def test_node_killed_and_the_station_goes_to_another() -> None:
    async def main() -> None:
        async with fleet_with_station(clears_in=60) as fleet:
            station = fleet.web.station("CP001", ConnectedStation)
            call = asyncio.create_task(station.clear_cache(call_timeout=100))
            await asyncio.sleep(0.5)
            fleet.broker.kill("a")
            fleet.networks["a"].up = False
            fleet.move("CP001", "b")
            await fleet.csms["b"].stations.wait("CP001")
            seconds, error = await ended(call)
            assert error.delivered == "unknown"
            assert seconds < 0.1
            await connected_at(fleet, "b")
            assert (await station.reset(type=IMMEDIATE)).status == "Accepted"
            assert fleet.resets == ["clear", "CP001"]
            assert fleet.boots["b"] == []

    virtually(main())


def test_node_killed_its_stations_are_gone_after_its_lease(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async with fleet_with_station() as fleet:
            events = fleet.web.stations.events()
            fleet.broker.kill("a")
            begin = asyncio.get_running_loop().time()
            gone = await anext(events)
            assert isinstance(gone, StationDisconnected)
            assert gone.end.reason == "the node of the station is gone"
            assert asyncio.get_running_loop().time() - begin <= 4.5
            assert f"node {fleet.nodes['a'].id} is lost" in caplog.text

    virtually(main())


def test_node_stopped_in_order_its_stations_are_gone_at_once() -> None:
    async def main() -> None:
        async with fleet_with_station() as fleet:
            events = fleet.web.stations.events()
            await fleet.nodes["a"].__aexit__()
            async with asyncio.timeout(0.1):
                assert isinstance(await anext(events), StationDisconnected)

    virtually(main())


def test_node_stopped_in_order_callers_are_told_and_nothing_begins_any_more() -> None:
    async def main() -> None:
        async with fleet_with_station(clears_in=60) as fleet:
            station = fleet.web.station("CP001", ConnectedStation)
            running = asyncio.create_task(station.clear_cache(call_timeout=100))
            await asyncio.sleep(0.5)
            await fleet.nodes["a"]._runner.stop()
            seconds, error = await ended(running)
            assert (error.delivered, error.reason) == (
                "unknown",
                "the node of the station leaves the fleet",
            )
            assert seconds < 0.1
            with pytest.raises(ConnectionClosed) as raised:
                await station.reset(type=IMMEDIATE)
            assert raised.value.delivered == "no"
            assert fleet.resets == ["clear"]

    virtually(main())


@pytest.mark.asyncio
async def test_node_stopped_in_order_a_call_may_end_while_the_server_shuts_down() -> None:
    fleet = SmallFleet()
    station = fleet.station()
    begun = asyncio.Event()

    @station.on(v201.ClearCacheRequest)
    async def clear(request: v201.ClearCacheRequest) -> v201.ClearCacheResponse:
        begun.set()
        await asyncio.sleep(0.1)
        return v201.ClearCacheResponse(status=v201.ClearCacheStatusEnumType.ACCEPTED)

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(fleet.web)
        async with fleet.nodes["a"], websockets.serve(fleet.csms["a"], "127.0.0.1") as server:
            running = websockets.run(station, f"ws://127.0.0.1:{server.port}")
            await stack.enter_async_context(running_beside(running))
            far = await fleet.web.stations.wait("CP001", ConnectedStation)
            near = fleet.csms["a"].stations.get("CP001")
            call = asyncio.create_task(far.clear_cache())
            await begun.wait()
        assert (await call).status == "Accepted"
        assert near is not None
        assert (await near.wait_disconnected()).code == 1001
        with pytest.raises(ConnectionClosed) as raised:
            await far.reset(type=IMMEDIATE)
        assert raised.value.delivered == "no"


# Parts of the network.


def test_a_node_that_is_cut_off_closes_what_has_moved_when_it_is_back() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            old = await connected_at(fleet, "a")
            fleet.broker.cut("a", noticed_after=3.0)
            await asyncio.sleep(1)
            async with fleet.at("b", fleet.station()):
                new = await connected_at(fleet, "b")
                assert old.connected
                assert new.connected
                await asyncio.sleep(5)
                fleet.broker.heal("a")
                await asyncio.sleep(0.5)
                assert not old.connected
                assert new.connected
                assert fleet.web.stations.get("CP001") is not None

    virtually(main())


def test_an_acknowledgement_that_is_lost_closes_no_healthy_connection() -> None:
    async def main() -> None:
        async with small_fleet() as fleet:
            fleet.broker.loses_acknowledgements = 1.0
            async with fleet.at("a", fleet.station()):
                station = await connected_at(fleet, "a")
                await asyncio.sleep(30)
                fleet.broker.loses_acknowledgements = 0.0
                await asyncio.sleep(30)
                assert station.connected
                assert fleet.web.stations.get("CP001") is not None
            await asyncio.sleep(10)
            assert fleet.web.stations.get("CP001") is None

    virtually(main())


def test_a_record_of_a_connection_that_is_gone_is_erased() -> None:
    async def main() -> None:
        async with small_fleet() as fleet:
            async with fleet.at("a", fleet.station()):
                await connected_at(fleet, "a")
                fleet.broker.cut("a")
            await asyncio.sleep(5)
            fleet.broker.heal("a")
            await asyncio.sleep(5)
            assert b'"node"' not in stored(fleet, "CP001")
            assert b'"status":"Accepted"' in stored(fleet, "CP001")

    virtually(main())


def test_a_message_that_is_lost_costs_the_call_a_second() -> None:
    async def main() -> None:
        async with fleet_with_station() as fleet:
            station = fleet.web.station("CP001", ConnectedStation)
            begin = asyncio.get_running_loop().time()
            fleet.broker.loses_messages = 1.0
            call = asyncio.create_task(station.reset(type=IMMEDIATE))
            await asyncio.sleep(0.1)
            fleet.broker.loses_messages = 0.0
            assert (await call).status == "Accepted"
            assert 1.0 <= asyncio.get_running_loop().time() - begin <= 1.3
            assert fleet.resets == ["CP001"]

    virtually(main())


def test_messages_that_are_lost_cost_time_but_no_command_runs_twice() -> None:
    async def main() -> None:
        async with fleet_with_station(seed=3) as fleet:
            fleet.broker.loses_messages = 0.4
            station = fleet.web.station("CP001", ConnectedStation)
            ran = unknown = 0
            for _ in range(100):
                before = len(fleet.resets)
                try:
                    await station.reset(type=IMMEDIATE)
                except ConnectionClosed as error:
                    unknown += error.delivered == "unknown"
                    assert len(fleet.resets) <= before + 1
                else:
                    ran += 1
                    assert len(fleet.resets) == before + 1
            assert ran > 80
            assert ran + unknown == 100

    virtually(main())


def test_a_command_that_was_held_up_too_long_is_not_run(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with fleet_with_station() as fleet:
            fleet.broker.latency = (7.0, 7.0)
            station = fleet.web.station("CP001", ConnectedStation)
            call = asyncio.create_task(station.reset(type=IMMEDIATE))
            _, error = await ended(call)
            assert error.delivered == "unknown"
            await asyncio.sleep(20)
            assert fleet.resets == []
            assert fleet.nodes["a"].ignored["too old"] >= 1

    with caplog.at_level(logging.WARNING, "ocppkit.fleet"):
        virtually(main())
    assert "CP001: ignored, too old: Reset" in caplog.text


# Faults of ours.


def test_a_node_whose_lease_could_not_be_written_by_a_fault_lives(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with fleet_with_station() as fleet:
            erase_ghosts, faults = PresenceWriter.erase_ghosts, [ZeroDivisionError()]

            def fail_once(writer: PresenceWriter) -> None:
                if faults:
                    raise faults.pop()
                erase_ghosts(writer)

            monkeypatch.setattr(PresenceWriter, "erase_ghosts", fail_once)
            await asyncio.sleep(10)
            assert not faults
            assert fleet.web.stations.get("CP001") is not None

    virtually(main())
    assert "writing the lease of this node failed" in caplog.text


def test_a_fault_while_a_node_is_lost_ends_no_other_look(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("b", fleet.station()):
            await connected_at(fleet, "b")
            faults = [ZeroDivisionError()]

            def fail_once(node: str) -> None:
                if faults:
                    raise faults.pop()

            fleet.web.replica.when_lost.append(fail_once)
            fleet.broker.kill("a")
            await asyncio.sleep(5)
            assert not faults
            fleet.broker.kill("b")
            await asyncio.sleep(5)
            assert fleet.web.stations.get("CP001") is None

    virtually(main())
    assert "looking for lost nodes failed" in caplog.text
