"""A fleet of two nodes and a web application, in memory and in virtual time, with stations that roam."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

import pytest

from ocppkit import v16, v201
from ocppkit.aio.lowlevel import ConnectRequest, OpenedConnection, running_beside
from ocppkit.core import ConnectionClosed, utcnow
from ocppkit.csms import Csms, StationHandle
from ocppkit.fleet import Fleet, FleetNode, MemoryBroker, MemoryBus
from ocppkit.testing import MemoryNetwork, MemoryWire, VirtualLoop
from ocppkit.v16.roles import ChargePoint
from ocppkit.v201.roles import ChargingStation

__all__ = [
    "SmallFleet",
    "connected_at",
    "ended",
    "fleet_with_station",
    "served_csms",
    "small_fleet",
    "stored",
    "virtually",
]

ACCEPTED = v201.RegistrationStatusEnumType.ACCEPTED


def virtually(main: Coroutine[Any, Any, None]) -> None:
    """Runs a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main)


def served_csms(boots: list[str], **options: Any) -> Csms:
    """Returns a CSMS that accepts every boot, and notes it."""
    csms = Csms(v201.PROTOCOL, v16.PROTOCOL, insecure=True, **options)

    @csms.on(v201.BootNotificationRequest)
    def boot(
        station: StationHandle, request: v201.BootNotificationRequest
    ) -> v201.BootNotificationResponse:
        boots.append(station.identity)
        return v201.BootNotificationResponse(current_time=utcnow(), interval=300, status=ACCEPTED)

    @csms.on(v16.BootNotificationRequest)
    def boot16(
        station: StationHandle, request: v16.BootNotificationRequest
    ) -> v16.BootNotificationResponse:
        boots.append(station.identity)
        return v16.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=v16.RegistrationStatus.ACCEPTED
        )

    return csms


class SmallFleet:
    """Two nodes, `a` and `b`, and a web application."""

    def __init__(self, seed: int = 0, **options: Any) -> None:
        self.broker = MemoryBroker(Random(seed))
        self.boots: dict[str, list[str]] = {"a": [], "b": []}
        self.csms = {name: served_csms(self.boots[name], **options) for name in "ab"}
        self.networks = {name: MemoryNetwork(csms) for name, csms in self.csms.items()}
        self.nodes = {
            name: FleetNode(csms, MemoryBus(self.broker, name)) for name, csms in self.csms.items()
        }
        self.web = Fleet(MemoryBus(self.broker, "web"), v201.PROTOCOL, v16.PROTOCOL)
        self.resets: list[str] = []
        self._way: dict[str, str] = {}
        self._wires: dict[str, OpenedConnection] = {}

    def station(self, identity: str = "CP001") -> ChargingStation:
        """Returns a station of OCPP 2.0.1 that answers Reset, and notes it."""
        station = ChargingStation(
            identity, model="Wall-11", vendor_name="ACME", insecure=True, random=lambda: 0.0
        )

        @station.on(v201.ResetRequest)
        def reset(request: v201.ResetRequest) -> v201.ResetResponse:
            self.resets.append(identity)
            return v201.ResetResponse(status=v201.ResetStatusEnumType.ACCEPTED)

        return station

    def charge_point(self, identity: str = "CP016") -> ChargePoint:
        """Returns a charge point of OCPP 1.6."""
        return ChargePoint(
            identity, charge_point_model="Wall-11", charge_point_vendor="ACME", insecure=True
        )

    @asynccontextmanager
    async def at(self, node: str, station: Any) -> AsyncGenerator[None]:
        """Runs a station that connects to this node, until it is moved to another one."""
        self._way[station.identity] = node

        async def connect(request: ConnectRequest) -> OpenedConnection:
            opened = await self.networks[self._way[station.identity]].connect(request)
            self._wires[station.identity] = opened
            return opened

        async with running_beside(station.run("ws://memory", connect)):
            yield

    def move(self, identity: str, node: str) -> None:
        """Breaks a station's connection; it comes back to this node."""
        self._way[identity] = node
        wire = self._wires[identity].wire
        assert isinstance(wire, MemoryWire)
        wire.cut()


@asynccontextmanager
async def small_fleet(seed: int = 0, **options: Any) -> AsyncGenerator[SmallFleet]:
    """Runs a fleet until the block is left."""
    fleet = SmallFleet(seed, **options)
    async with AsyncExitStack() as stack:
        for node in fleet.nodes.values():
            await stack.enter_async_context(node)
        await stack.enter_async_context(fleet.web)
        yield fleet


@asynccontextmanager
async def fleet_with_station(
    *, seed: int = 0, clears_in: float = 0.0
) -> AsyncGenerator[SmallFleet]:
    """Runs a fleet whose station CP001 is connected to `a`, until the block is left.

    Args:
        seed: of what the bus loses.
        clears_in: seconds that the station takes to clear its cache, which it notes as `clear`.
    """
    async with small_fleet(seed) as fleet:
        station = fleet.station()

        @station.on(v201.ClearCacheRequest)
        async def clear(request: v201.ClearCacheRequest) -> v201.ClearCacheResponse:
            fleet.resets.append("clear")
            await asyncio.sleep(clears_in)
            return v201.ClearCacheResponse(status=v201.ClearCacheStatusEnumType.ACCEPTED)

        async with fleet.at("a", station):
            await connected_at(fleet, "a")
            yield fleet


async def connected_at(fleet: SmallFleet, node: str, identity: str = "CP001") -> StationHandle:
    """Waits until a station is connected to a node and all processes know it."""
    station = await fleet.csms[node].stations.wait(identity)
    await asyncio.sleep(0.1)
    return station


async def ended(task: "asyncio.Task[Any]") -> tuple[float, ConnectionClosed]:
    """Returns after how many seconds a call ended, and its error."""
    begin = asyncio.get_running_loop().time()
    with pytest.raises(ConnectionClosed) as raised:
        await task
    return asyncio.get_running_loop().time() - begin, raised.value


def stored(fleet: SmallFleet, key: str) -> bytes:
    """Returns the record of a station in the store of the bus."""
    return fleet.broker.saved()["ocpp_stations"].entries[key][0].value or b""
