"""Commands to stations of other processes, and the registry of all."""

import asyncio

import pytest

from fleet.small_fleet import small_fleet, virtually
from ocppkit import v16, v201
from ocppkit.aio import CallRefused, RegistrationStatus
from ocppkit.core import (
    CallFailed,
    CallTimedOut,
    ConnectionClosed,
    ErrorCode,
    InvalidOutgoing,
    WrongVersion,
)
from ocppkit.csms import StationAccepted, StationConnected, StationDisconnected, StationsView
from ocppkit.v16.roles import ConnectedChargePoint
from ocppkit.v201.roles import ConnectedStation

IMMEDIATE = v201.ResetEnumType.IMMEDIATE


def test_a_command_reaches_a_station_of_another_process() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            station = await fleet.web.stations.wait("CP001", ConnectedStation)
            assert (await station.reset(type=IMMEDIATE)).status == "Accepted"
            assert fleet.resets == ["CP001"]
            assert (station.status, station.accepted) == (RegistrationStatus.ACCEPTED, True)
            assert station.remote_address == "memory"
            follower = fleet.web.station("CP001", ConnectedStation)
            assert (await follower.reset(type=IMMEDIATE)).status == "Accepted"
            at_b = fleet.nodes["b"].fleet.station("CP001", ConnectedStation)
            assert (await at_b.reset(type=IMMEDIATE)).status == "Accepted"
            assert len(fleet.resets) == 3

    virtually(main())


def test_who_is_not_there_is_told_at_once() -> None:
    async def main() -> None:
        async with small_fleet() as fleet:
            loop = asyncio.get_running_loop()
            begin = loop.time()
            assert fleet.web.stations.get("CP001") is None
            assert await fleet.web.stations.find("CP001") is None
            with pytest.raises(ConnectionClosed) as raised:
                await fleet.web.station("CP001", ConnectedStation).reset(type=IMMEDIATE)
            assert raised.value.delivered == "no"
            assert loop.time() - begin < 0.01

    virtually(main())


def test_another_version_is_refused() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.charge_point("CP016")):
            await fleet.web.stations.wait("CP016", ConnectedChargePoint)
            with pytest.raises(WrongVersion):
                fleet.web.stations.get("CP016", ConnectedStation)
            with pytest.raises(WrongVersion):
                await fleet.web.station("CP016", ConnectedStation).reset(type=IMMEDIATE)
            follower = fleet.web.station("CP016", ConnectedChargePoint)
            with pytest.raises(CallFailed):
                await follower.reset(type=v16.ResetType.SOFT)

    virtually(main())


def test_the_newest_connection_wins_over_all_nodes() -> None:
    async def main() -> None:
        async with small_fleet() as fleet:
            events = fleet.web.stations.events()
            async with fleet.at("a", fleet.station()):
                old = await fleet.web.stations.wait("CP001", ConnectedStation)
                local = fleet.csms["a"].stations.get("CP001")
                assert local is not None
                async with fleet.at("b", fleet.station()):
                    end = await local.wait_disconnected()
                    assert (end.code, end.reason) == (1008, "replaced by a newer connection")
                    await asyncio.sleep(0.1)
                    new = await fleet.web.stations.wait("CP001", ConnectedStation)
                    assert new is not old
                    assert not old.connected
                    with pytest.raises(ConnectionClosed) as raised:
                        await old.reset(type=IMMEDIATE)
                    assert (raised.value.delivered, raised.value.code) == ("no", 1008)
                    await new.reset(type=IMMEDIATE)
                    await fleet.web.station("CP001", ConnectedStation).reset(type=IMMEDIATE)
                    kinds = [type(await anext(events)) for _ in range(4)]
                    assert kinds[:2] == [StationConnected, StationAccepted]
                    assert kinds[2:] == [StationConnected, StationAccepted]
                    replaced = await anext(events)
                    assert isinstance(replaced, StationDisconnected)
                    assert (replaced.replaced, replaced.station) == (True, old)
                    break_here = True
                assert break_here

    virtually(main())


def test_what_one_node_has_accepted_all_know() -> None:
    async def main() -> None:
        async with small_fleet() as fleet:
            station = fleet.station()
            async with fleet.at("a", station):
                await fleet.web.stations.wait("CP001")
                await asyncio.sleep(1)
                fleet.move("CP001", "b")
                async with asyncio.timeout(120):
                    while (there := fleet.csms["b"].stations.get("CP001")) is None:
                        await asyncio.sleep(0.1)
                assert there.accepted
                assert fleet.boots == {"a": ["CP001"], "b": []}
            await asyncio.sleep(1)
            assert fleet.web.stations.get("CP001") is None
            assert fleet.web.stations.last_seen("CP001") is not None

    virtually(main())


def test_errors_are_those_of_a_call_here() -> None:
    async def main() -> None:
        async with small_fleet() as fleet:
            station = fleet.station()

            @station.on(v201.ClearCacheRequest)
            async def clear(request: v201.ClearCacheRequest) -> v201.ClearCacheResponse:
                await asyncio.sleep(100)
                raise AssertionError

            @station.on(v201.UnlockConnectorRequest)
            def unlock(request: v201.UnlockConnectorRequest) -> v201.UnlockConnectorResponse:
                raise CallRefused(ErrorCode.SECURITY_ERROR, "no", {"why": ["a", 1]})

            async with fleet.at("a", station):
                far = await fleet.web.stations.wait("CP001", ConnectedStation)
                near = await fleet.csms["a"].stations.wait("CP001", ConnectedStation)
                for call, kind in (
                    (lambda h: h.unlock_connector(evse_id=1, connector_id=1), CallFailed),
                    (lambda h: h.clear_cache(call_timeout=3), CallTimedOut),
                    (lambda h: h.reset(type="Nonsense"), InvalidOutgoing),
                    (lambda h: h.reset(type=5), InvalidOutgoing),
                    (lambda h: h.call(v16.ClearCacheRequest()), WrongVersion),
                    (lambda h: h.get_log(log_type="x", request_id=1, log=None), InvalidOutgoing),
                ):
                    errors = []
                    for handle in (near, far):
                        with pytest.raises(kind) as raised:
                            await call(handle)
                        errors.append(raised.value)
                    here, there = errors
                    assert type(here) is type(there)
                    attributes = [{**vars(each), "message_id": None} for each in errors]
                    assert attributes[0] == attributes[1]
                    assert here.args == there.args

    virtually(main())


def test_a_cancelled_caller_cancels() -> None:
    async def main() -> None:
        async with small_fleet() as fleet:
            station = fleet.station()
            order: list[str] = []

            @station.on(v201.ClearCacheRequest)
            async def clear(request: v201.ClearCacheRequest) -> v201.ClearCacheResponse:
                order.append("clear")
                await asyncio.sleep(5)
                return v201.ClearCacheResponse(status=v201.ClearCacheStatusEnumType.ACCEPTED)

            async with fleet.at("a", station):
                far = await fleet.web.stations.wait("CP001", ConnectedStation)
                first = asyncio.create_task(far.clear_cache())
                await asyncio.sleep(0.1)
                second = asyncio.create_task(far.reset(type=IMMEDIATE))
                await asyncio.sleep(0.1)
                second.cancel()
                assert (await first).status == "Accepted"
                await asyncio.sleep(1)
                assert (order, fleet.resets) == (["clear"], [])

    virtually(main())


def test_the_same_function_serves_both_registries() -> None:
    async def reboot(stations: StationsView) -> str:
        station = await stations.wait("CP001", ConnectedStation)
        assert "CP001" in stations
        assert [each.identity for each in stations] == ["CP001"]
        assert len(stations) == 1
        assert await stations.find("CP001", ConnectedStation) is station
        return (await station.reset(type=IMMEDIATE)).status

    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            assert await reboot(fleet.csms["a"].stations) == "Accepted"
            assert await reboot(fleet.web.stations) == "Accepted"
            assert await reboot(fleet.nodes["b"].stations) == "Accepted"

    virtually(main())
