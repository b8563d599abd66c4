"""A function over a registry of stations takes `StationsView`: that of one process, or of several."""

from collections.abc import AsyncIterator
from typing import assert_type

from ocppkit import v16, v201
from ocppkit.csms import Csms, StationConnected, StationEvent, StationHandle, StationsView
from ocppkit.v16.roles import ConnectedChargePoint
from ocppkit.v201.roles import ConnectedStation

csms = Csms(v16.PROTOCOL, v201.PROTOCOL, insecure=True)
view: StationsView = csms.stations


async def reboot(stations: StationsView, identity: str) -> v201.ResetResponse:
    assert_type(stations.get(identity), StationHandle | None)
    assert_type(stations.get(identity, ConnectedStation), ConnectedStation | None)
    assert_type(await stations.find(identity), StationHandle | None)
    assert_type(await stations.find(identity, ConnectedChargePoint), ConnectedChargePoint | None)
    assert_type(await stations.wait_connected(identity), StationHandle)
    assert_type(list(stations), list[StationHandle])
    assert_type(len(stations), int)
    assert_type(identity in stations, bool)
    assert_type(stations.events(), AsyncIterator[StationEvent])
    async for event in stations.events():
        if isinstance(event, StationConnected):
            assert_type(event.station, StationHandle)
    station = await stations.wait(identity, ConnectedStation)
    assert_type(station, ConnectedStation)
    return await station.reset(type=v201.ResetEnumType.ON_IDLE)


async def uses() -> None:
    assert_type(await reboot(csms.stations, "CP001"), v201.ResetResponse)
    await reboot(csms, "CP001")  # E: a CSMS is no registry
    view.get("CP001", v201.ResetRequest)  # E: no class of handles
