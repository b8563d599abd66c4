"""What callers, stations and operators see when the bus goes away or loses what it has stored."""

import asyncio

import pytest

from fleet.small_fleet import (
    connected_at,
    ended,
    fleet_with_station,
    small_fleet,
    stored,
    virtually,
)
from ocppkit import v201
from ocppkit.aio import RegistrationStatus
from ocppkit.core import ConnectionClosed
from ocppkit.v201.roles import ConnectedStation

IMMEDIATE = v201.ResetEnumType.IMMEDIATE


def test_bus_lost_with_a_command_in_flight_the_result_comes_when_it_is_back() -> None:
    async def main() -> None:
        async with fleet_with_station(clears_in=1) as fleet:
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
        async with fleet_with_station() as fleet:
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
        async with fleet_with_station() as fleet:
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


def test_store_lost_all_is_written_again_and_no_event_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
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
    assert "the store of the bus was replaced or lost its data" in caplog.text


def test_an_older_copy_of_the_store_is_corrected() -> None:
    async def main() -> None:
        async with fleet_with_station() as fleet:
            copy = fleet.broker.saved()
            fleet.move("CP001", "b")
            here = await connected_at(fleet, "b")
            fleet.broker.stop()
            fleet.broker.start(copy)
            await asyncio.sleep(10)
            assert here.connected
            assert b'"node":"%s"' % fleet.nodes["b"].id.encode() in stored(fleet, "CP001")

    virtually(main())


def test_bus_down_a_node_reaches_its_own_stations() -> None:
    async def main() -> None:
        async with fleet_with_station() as fleet:
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


def test_bus_lost_for_long_the_command_on_the_wire_is_unknown() -> None:
    async def main() -> None:
        async with fleet_with_station(clears_in=60) as fleet:
            station = fleet.web.station("CP001", ConnectedStation)
            call = asyncio.create_task(station.clear_cache(call_timeout=100))
            await asyncio.sleep(0.5)
            fleet.broker.stop()
            seconds, error = await ended(call)
            assert error.delivered == "unknown"
            assert 5.0 < seconds <= 6.0

    virtually(main())


@pytest.mark.parametrize("node_is_killed", [False, True])
def test_a_boot_that_is_not_saved_when_the_station_moves_is_refused_and_repeated(
    node_is_killed: bool,
) -> None:
    async def main() -> None:
        async with small_fleet() as fleet:
            fleet.broker.stop()
            async with fleet.at("a", fleet.station()):
                await connected_at(fleet, "a")
                assert fleet.nodes["a"].unsaved_boots == 1
                if node_is_killed:
                    fleet.broker.kill("a")
                fleet.broker.start()
                if not node_is_killed:
                    fleet.broker.cut("a")
                fleet.move("CP001", "b")
                there = await fleet.csms["b"].stations.wait_connected("CP001")
                assert there.status is RegistrationStatus.UNKNOWN
                # Its next heartbeat is refused.
                await asyncio.sleep(400)
                assert there.accepted
                assert fleet.boots == {"a": ["CP001"], "b": ["CP001"]}

    virtually(main())
