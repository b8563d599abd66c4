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
    LocalProtocolError,
    Policies,
    WrongVersion,
)
from ocppkit.csms import (
    StationAccepted,
    StationConnected,
    StationDisconnected,
    StationEventsMissed,
    StationsView,
)
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


def test_the_other_operations_of_a_handle_reach_the_node() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            far = await fleet.web.stations.wait("CP001", ConnectedStation)
            near = await fleet.csms["a"].stations.wait("CP001", ConnectedStation)
            far.set_ping_interval(7.0)
            with pytest.raises(
                LocalProtocolError, match="only the process that has the connection"
            ):
                far.use_policies(Policies())
            with pytest.raises(
                LocalProtocolError, match="only the process that has the connection"
            ):
                far.refuse_result(
                    v201.ClearCacheResponse(status="Accepted"), ErrorCode.GENERIC_ERROR
                )
            waiting = asyncio.create_task(far.wait_disconnected())
            await asyncio.sleep(0.1)
            far.close(1001, "maintenance")
            end = await waiting
            assert (end.by, end.code, end.reason) == ("us", 1001, "maintenance")
            assert vars(end) == vars(await near.wait_disconnected())
            assert vars(await far.wait_disconnected()) == vars(end)
            assert not far.connected

    virtually(main())


def test_upper_and_lower_case_name_the_same_station_of_ocpp_2() -> None:
    async def main() -> None:
        async with (
            small_fleet() as fleet,
            fleet.at("a", fleet.station()),
            fleet.at("b", fleet.charge_point("CP016")),
        ):
            station = await fleet.web.stations.wait("CP001")
            await fleet.web.stations.wait("CP016")
            assert fleet.web.stations.get("cp001") is station
            assert await fleet.web.stations.find("cp001") is station
            assert "cp016" not in fleet.web.stations
            follower = fleet.web.station("cp001", ConnectedStation)
            assert (await follower.reset(type=IMMEDIATE)).status == "Accepted"

    virtually(main())


def test_who_listens_too_slowly_is_told_what_was_missed() -> None:
    async def main() -> None:
        async with small_fleet() as fleet, fleet.at("a", fleet.station()):
            await fleet.web.stations.wait("CP001")
            events = fleet.web.stations.events()
            for _ in range(600):
                await fleet.web.replica.stations_table.delete("CP001")
                await asyncio.sleep(0.01)
                await fleet.csms["a"].stations.wait("CP001")
            missed = await anext(events)
            assert isinstance(missed, StationEventsMissed)
            assert missed.count > 1000

    virtually(main())
