"""A fleet of real processes on a real NATS server: nodes and the bus are killed with signal 9."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from ocppkit import v201
from ocppkit.aio.lowlevel import ConnectRequest, OpenedConnection, running_beside
from ocppkit.core import ConnectionClosed
from ocppkit.fleet import Fleet
from ocppkit.fleet.nats import NatsBus
from ocppkit.station import BackOff
from ocppkit.transports import websockets
from ocppkit.v201.roles import ChargingStation, ConnectedStation
from support.nats_servers import NatsServer, nats_program

# A busy machine is slow to start processes.
pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120)]

TESTS = Path(__file__).parents[1]


class Processes:
    """A NATS server, two nodes, and what a test needs of them."""

    def __init__(self, server: NatsServer) -> None:
        self.server = server
        self.nodes: list[asyncio.subprocess.Process] = []
        self.ports: list[int] = []
        self.at = 0
        self.ran: list[str] = []
        self.seconds = 1.0

    async def start_node(self) -> None:
        node = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "fleet.node_process",
            self.server.url,
            cwd=TESTS,
            stdout=asyncio.subprocess.PIPE,
        )
        self.nodes.append(node)
        assert node.stdout is not None
        self.ports.append(int(await node.stdout.readline()))

    async def kill_node(self, number: int) -> None:
        self.nodes[number].kill()
        await self.nodes[number].wait()

    def signal_node(self, number: int, signal_number: signal.Signals) -> None:
        self.nodes[number].send_signal(signal_number)

    def station(self) -> ChargingStation:
        station = ChargingStation(
            "CP001",
            model="W",
            vendor_name="A",
            insecure=True,
            back_off=BackOff(wait_minimum=0.3, random_range=0.1),
        )

        @station.on(v201.ClearCacheRequest)
        async def clear(request: v201.ClearCacheRequest) -> v201.ClearCacheResponse:
            self.ran.append("clear")
            await asyncio.sleep(self.seconds)
            return v201.ClearCacheResponse(status=v201.ClearCacheStatusEnumType.ACCEPTED)

        return station

    async def run(self, station: ChargingStation) -> None:
        async def to_node(request: ConnectRequest) -> OpenedConnection:
            url = f"ws://127.0.0.1:{self.ports[self.at]}/CP001"
            return await websockets.dial(replace(request, url=url))

        await station.run("ws://127.0.0.1", to_node)


@pytest_asyncio.fixture
async def processes(tmp_path: Path) -> AsyncIterator[Processes]:
    with NatsServer(nats_program("nats-pip"), tmp_path) as server:
        processes = Processes(server)
        try:
            await processes.start_node()
            await processes.start_node()
            yield processes
        finally:
            for node in processes.nodes:
                if node.returncode is None:
                    node.kill()
                    await node.wait()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


async def test_nodes_and_the_bus_are_killed(processes: Processes) -> None:
    web = Fleet(NatsBus(processes.server.url), v201.PROTOCOL)
    async with web, running_beside(processes.run(processes.station())):
        station = await web.stations.wait("CP001", ConnectedStation)
        following = web.station("CP001", ConnectedStation)
        assert (await station.clear_cache()).status == "Accepted"

        # The bus dies with a command in flight: the result comes when it is back.
        call = asyncio.create_task(following.clear_cache())
        await until(lambda: len(processes.ran) == 2)
        processes.server.kill()
        await until(lambda: not web.bus.up)
        with pytest.raises(ConnectionClosed) as raised:
            await following.clear_cache()
        assert raised.value.delivered == "no"
        processes.server.start()
        assert (await call).status == "Accepted"
        assert len(processes.ran) == 2
        assert station.connected

        # The node dies with a command in flight: unknown. The station goes to the other node.
        processes.seconds = 60.0
        call = asyncio.create_task(following.clear_cache(call_timeout=60))
        await until(lambda: len(processes.ran) == 3)
        processes.at = 1
        await processes.kill_node(0)
        with pytest.raises(ConnectionClosed) as raised:
            await call
        assert raised.value.delivered == "unknown"
        processes.seconds = 0.0
        await until(lambda: web.stations.get("CP001") not in (None, station))
        there = await web.stations.wait("CP001", ConnectedStation)
        assert (await there.clear_cache()).status == "Accepted"
        assert (await following.clear_cache()).status == "Accepted"
        assert not station.connected


async def test_a_frozen_node_runs_nothing_when_it_is_too_late(processes: Processes) -> None:
    processes.seconds = 0.0
    web = Fleet(NatsBus(processes.server.url), v201.PROTOCOL)
    async with web, running_beside(processes.run(processes.station())):
        station = await web.stations.wait("CP001", ConnectedStation)
        assert (await station.clear_cache()).status == "Accepted"

        # Its lease runs out: the caller is told.
        processes.signal_node(0, signal.SIGSTOP)
        begin = asyncio.get_running_loop().time()
        with pytest.raises(ConnectionClosed) as raised:
            await station.clear_cache()
        assert raised.value.delivered == "unknown"
        assert asyncio.get_running_loop().time() - begin < 8
        assert web.stations.get("CP001") is None

        # Commands are valid for six seconds of the node's clock, which goes on.
        await asyncio.sleep(max(0.0, begin + 6.5 - asyncio.get_running_loop().time()))
        processes.signal_node(0, signal.SIGCONT)
        async with asyncio.timeout(15):
            again = await web.stations.wait("CP001", ConnectedStation)
        assert processes.ran == ["clear"]
        assert (await again.clear_cache()).status == "Accepted"
        assert processes.ran == ["clear", "clear"]


async def test_a_store_that_was_deleted_is_written_again(processes: Processes) -> None:
    processes.seconds = 0.0
    web = Fleet(NatsBus(processes.server.url), v201.PROTOCOL)
    async with web, running_beside(processes.run(processes.station())):
        station = await web.stations.wait("CP001", ConnectedStation)
        events = web.stations.events()
        processes.server.kill()
        processes.server.lose_store()
        await until(lambda: not web.bus.up)
        processes.server.start()
        await until(lambda: web.bus.up)
        async with Fleet(NatsBus(processes.server.url), v201.PROTOCOL) as other:
            async with asyncio.timeout(15):
                there = await other.stations.wait("CP001", ConnectedStation)
            assert (await there.clear_cache()).status == "Accepted"
            assert (await station.clear_cache()).status == "Accepted"
            # Longer than a lease, after which the new store is believed; nobody saw the station go.
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(4):
                    await anext(events)
            assert web.stations.get("CP001") is station
            assert other.stations.get("CP001") is there
