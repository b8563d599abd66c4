"""What callers, stations and operators see when a node, the bus or a part of the network fails."""

import asyncio
import logging
from typing import Any

import pytest

from fleet.small_fleet import SmallFleet, small_fleet, virtually
from ocppkit import v201
from ocppkit.aio import RegistrationStatus
from ocppkit.core import ConnectionClosed
from ocppkit.csms import StationDisconnected, StationHandle
from ocppkit.fleet._presence_writer import PresenceWriter
from ocppkit.v201.roles import ConnectedStation

IMMEDIATE = v201.ResetEnumType.IMMEDIATE


def slow_station(fleet: SmallFleet, seconds: float, identity: str = "CP001"):
    """Returns a station that takes its time to clear its cache, and notes that."""
    station = fleet.station(identity)

    @station.on(v201.ClearCacheRequest)
    async def clear(request: v201.ClearCacheRequest) -> v201.ClearCacheResponse:
        fleet.resets.append("clear")
        await asyncio.sleep(seconds)
        return v201.ClearCacheResponse(status=v201.ClearCacheStatusEnumType.ACCEPTED)

    return station


async def connected_at(fleet: SmallFleet, node: str, identity: str = "CP001") -> StationHandle:
    station = await fleet.csms[node].stations.wait(identity)
    await asyncio.sleep(0.1)
    return station


async def ended(task: "asyncio.Task[Any]") -> tuple[float, ConnectionClosed]:
    """Returns after how many seconds a call ended, and its error."""
    begin = asyncio.get_running_loop().time()
    with pytest.raises(ConnectionClosed) as raised:
        await task
    return asyncio.get_running_loop().time() - begin, raised.value


# The node dies.


def test_node_killed_the_command_on_the_wire_is_unknown() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", slow_station(fleet, 60)):
            await connected_at(fleet, "a")
            station = fleet.web.station("CP001", ConnectedStation)
            call = asyncio.create_task(station.clear_cache(call_timeout=100))
            await asyncio.sleep(0.5)
            fleet.broker.kill("a")
            seconds, error = await ended(call)
            assert error.delivered == "unknown"
            assert seconds < 4.0
            with pytest.raises(ConnectionClosed) as raised:
                await station.reset(type=IMMEDIATE)
            assert raised.value.delivered == "no"
            assert fleet.web.stations.get("CP001") is None

    virtually(main())


def test_node_killed_and_the_station_goes_to_another() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", slow_station(fleet, 60)):
            await connected_at(fleet, "a")
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


def test_node_killed_its_stations_are_gone_after_its_lease() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            await connected_at(fleet, "a")
            events = fleet.web.stations.events()
            fleet.broker.kill("a")
            begin = asyncio.get_running_loop().time()
            gone = await anext(events)
            assert isinstance(gone, StationDisconnected)
            assert gone.end.reason == "the node of the station is gone"
            assert asyncio.get_running_loop().time() - begin <= 4.5

    virtually(main())


def test_node_stopped_in_order_its_stations_are_gone_at_once() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            await connected_at(fleet, "a")
            events = fleet.web.stations.events()
            await fleet.nodes["a"].__aexit__()
            async with asyncio.timeout(0.1):
                assert isinstance(await anext(events), StationDisconnected)

    virtually(main())


def test_node_stopped_in_order_callers_are_told_and_nothing_begins_any_more() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", slow_station(fleet, 60)):
            await connected_at(fleet, "a")
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


# The bus goes away.


def test_bus_lost_with_a_command_in_flight_the_result_comes_when_it_is_back() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", slow_station(fleet, 1)):
            await connected_at(fleet, "a")
            station = fleet.web.station("CP001", ConnectedStation)
            call = asyncio.create_task(station.clear_cache())
            await asyncio.sleep(0.5)
            fleet.broker.stop()
            await asyncio.sleep(1.5)
            assert not call.done()
            fleet.broker.start()
            begin = asyncio.get_running_loop().time()
            assert (await call).status == "Accepted"
            assert asyncio.get_running_loop().time() - begin < 0.1
            assert fleet.resets == ["clear"]

    virtually(main())


def test_bus_down_commands_fail_at_once_and_nobody_is_judged() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            await connected_at(fleet, "a")
            events = fleet.web.stations.events()
            fleet.broker.stop()
            begin = asyncio.get_running_loop().time()
            with pytest.raises(ConnectionClosed, match="the bus of the fleet is down") as raised:
                await fleet.web.station("CP001", ConnectedStation).reset(type=IMMEDIATE)
            assert raised.value.delivered == "no"
            assert asyncio.get_running_loop().time() == begin
            assert fleet.nodes["a"].isolated
            await asyncio.sleep(60)
            assert fleet.web.stations.get("CP001") is not None
            near = await fleet.csms["a"].stations.wait("CP001", ConnectedStation)
            assert (await near.reset(type=IMMEDIATE)).status == "Accepted"
            fleet.broker.start()
            await asyncio.sleep(5)
            assert fleet.web.stations.get("CP001") is not None
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await anext(events)

    virtually(main())


def test_bus_down_a_boot_is_answered_and_counted() -> None:
    async def main() -> None:
        async with small_fleet() as fleet:
            fleet.broker.stop()
            async with fleet.at("a", fleet.station()):
                station = await connected_at(fleet, "a")
                assert station.accepted
                assert fleet.nodes["a"].unsaved_boots == 1
                fleet.broker.start()
                await asyncio.sleep(1)
                assert fleet.nodes["a"].unsaved_boots == 0
                assert await fleet.web.stations.find("CP001") is not None

    virtually(main())


def test_bus_down_nobody_is_refused_who_may_have_been_accepted_elsewhere() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            fleet.broker.cut("b")
            await connected_at(fleet, "a")
            await asyncio.sleep(5)
            fleet.move("CP001", "b")
            assert (await connected_at(fleet, "b")).accepted
            assert fleet.nodes["b"].unread_boots == 1
            assert fleet.boots == {"a": ["CP001"], "b": []}
            fleet.broker.heal("b")
            await asyncio.sleep(2)
            known = fleet.web.stations.get("CP001")
            assert known is not None
            assert known.accepted

    virtually(main())


def test_a_boot_that_another_node_adds_to_the_record_of_a_connection_is_kept() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            fleet.broker.stop()
            await connected_at(fleet, "a")
            fleet.move("CP001", "b")
            await connected_at(fleet, "b")
            assert fleet.boots == {"a": ["CP001"], "b": []}
            fleet.broker.start()
            fleet.broker.cut("a")
            await asyncio.sleep(5)
            fleet.broker.heal("a")
            await asyncio.sleep(5)
            # Then b writes that its connection has ended.
            fleet.move("CP001", "a")
            await asyncio.sleep(0.01)
            known = fleet.web.replica.find("CP001")
            assert known is not None
            assert (known.presence.node, known.presence.status) == (
                "",
                RegistrationStatus.ACCEPTED,
            )

    virtually(main())


def test_the_answer_to_a_boot_waits_for_its_record() -> None:
    async def main() -> None:
        async with small_fleet() as fleet:
            fleet.broker.latency = (0.5, 0.5)
            async with fleet.at("a", fleet.station()):
                station = await connected_at(fleet, "a")
                assert asyncio.get_running_loop().time() > 2.0
                assert station.accepted

    virtually(main())


def test_store_lost_who_comes_after_all_was_written_again_tells_no_event() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            await connected_at(fleet, "a")
            station, events = fleet.web.stations.get("CP001"), fleet.web.stations.events()
            fleet.broker.stop()
            fleet.broker.start({})
            fleet.broker.cut("web")
            await asyncio.sleep(2)
            fleet.broker.heal("web")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(10):
                    await anext(events)
            assert fleet.web.stations.get("CP001") is station

    virtually(main())


def test_store_lost_all_is_written_again_and_no_event_is_told() -> None:
    async def main() -> None:
        async with small_fleet() as fleet:
            async with fleet.at("b", fleet.station("GONE")):
                await connected_at(fleet, "b", "GONE")
            async with fleet.at("a", fleet.station()):
                await connected_at(fleet, "a")
                await asyncio.sleep(10)
                events = fleet.web.stations.events()
                fleet.broker.stop()
                await asyncio.sleep(1)
                fleet.broker.start({})
                await asyncio.sleep(1)
                station = fleet.web.station("CP001", ConnectedStation)
                assert (await station.reset(type=IMMEDIATE)).status == "Accepted"
                await asyncio.sleep(10)
                tables = fleet.broker.saved()
                assert set(tables["ocpp_stations"].entries) == {"CP001", "GONE"}
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(1):
                        await anext(events)
            async with fleet.at("a", fleet.station("GONE")):
                assert (await connected_at(fleet, "a", "GONE")).accepted

    virtually(main())


def test_an_older_copy_of_the_store_is_corrected() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            await connected_at(fleet, "a")
            copy = fleet.broker.saved()
            fleet.move("CP001", "b")
            here = await connected_at(fleet, "b")
            fleet.broker.stop()
            fleet.broker.start(copy)
            await asyncio.sleep(10)
            assert here.connected
            assert b'"node":"%s"' % fleet.nodes["b"].id.encode() in stored(fleet, "CP001")

    virtually(main())


def stored(fleet: SmallFleet, key: str) -> bytes:
    return fleet.broker.saved()["ocpp_stations"].entries[key][0].value or b""


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


def test_messages_that_are_lost_cost_time_but_no_command_runs_twice() -> None:
    async def main() -> None:
        async with small_fleet(seed=3) as fleet, fleet.at("a", fleet.station()):
            await connected_at(fleet, "a")
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
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            await connected_at(fleet, "a")
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


def test_bus_down_a_node_reaches_its_own_stations() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            await connected_at(fleet, "a")
            fleet.broker.stop()
            async with fleet.at("a", fleet.station("NEW")):
                await connected_at(fleet, "a", "NEW")
                node = fleet.nodes["a"]
                for identity in ("CP001", "NEW"):
                    station = node.stations.get(identity, ConnectedStation)
                    assert station is not None
                    assert (await station.reset(type=IMMEDIATE)).status == "Accepted"
                follower = node.fleet.station("CP001", ConnectedStation)
                assert (await follower.reset(type=IMMEDIATE)).status == "Accepted"

    virtually(main())


# Faults of ours.


def test_a_node_whose_lease_could_not_be_written_by_a_fault_lives(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            await connected_at(fleet, "a")
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
