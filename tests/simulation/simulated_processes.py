"""Processes of a fleet within one: nodes and callers with clocks of their own, which can be killed and started again."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from math import inf, nextafter
from typing import Any, Final

from ocppkit import v201
from ocppkit.aio import Clock, Timer
from ocppkit.aio.lowlevel import Connector
from ocppkit.csms import Csms, StationHandle
from ocppkit.fleet import Fleet, FleetNode, MemoryBroker, MemoryBus
from ocppkit.testing import Conditions, SimulatedNetwork, Simulation, StationPlace, Trace

__all__ = ["Gate", "SimulatedCaller", "SimulatedNode", "SimulatedProcess"]

_CONDITIONS: Final = Conditions(latency=(0.001, 0.03), notice=600.0)
"""Nobody notices in time that a connection is half-open, so that only a newer connection ends it."""


class ShiftedClock:
    """A clock that is ahead of another one, as those of two hosts are."""

    def __init__(self, clock: Clock, ahead: float) -> None:
        self._clock = clock
        self._ahead = ahead

    def time(self) -> float:
        return self._clock.time() + self._ahead

    def call_at(self, when: float, callback: Callable[[], object], /) -> Timer:
        due = when - self._ahead
        while due + self._ahead < when:
            due = nextafter(due, inf)
        return self._clock.call_at(due, callback)


class SimulatedProcess:
    """A process of a fleet. It is started again as another one of the same name."""

    fleet: Fleet
    """The fleet, as the present run of the process sees it."""

    def __init__(self, simulation: Simulation, broker: MemoryBroker, name: str) -> None:
        self.name = name
        self.is_running = False
        self.is_down = True
        self.clock: Clock = simulation.clock
        self.ahead = 0.0
        self._simulation = simulation
        self._broker = broker
        self._endings: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Starts the process."""
        self.ahead = self._simulation.random.uniform(0.0, 1e5)
        self.clock = ShiftedClock(self._simulation.clock, self.ahead)
        self.is_down = False
        await self._start(MemoryBus(self._broker, self.name))
        self.is_running = True

    def kill(self) -> None:
        """Ends the process as `kill -9` does."""
        self.is_running, self.is_down = False, True
        self._broker.kill(self.name)
        # What is left of it has no effect any more; it is ended for order's sake.
        ending = asyncio.create_task(self._end())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)

    async def leave(self) -> None:
        """Ends the process in order."""
        self.is_running = False
        await self._end()
        self.is_down = True

    async def _start(self, bus: MemoryBus) -> None:
        raise NotImplementedError

    def _end(self) -> Coroutine[Any, Any, None]:
        raise NotImplementedError


class SimulatedCaller(SimulatedProcess):
    """A web application: a process without stations of its own."""

    async def _start(self, bus: MemoryBus) -> None:
        self.fleet = Fleet(bus, v201.PROTOCOL, clock=self.clock)
        await self.fleet.__aenter__()

    async def _end(self) -> None:
        await self.fleet.__aexit__()


class Gate:
    """The way from stations to a node."""

    def __init__(self, simulation: Simulation) -> None:
        self.trace = Trace(simulation.clock.time)
        """The messages between the stations and all runs of the node."""

        self.network = SimulatedNetwork(None, simulation.random, self.trace, _CONDITIONS)

    def connector(self, address: str) -> Connector:
        """Returns what a station connects with."""
        return self.network.connector(StationPlace(address=address))

    def stop(self) -> None:
        """Ends all connections, and lets nobody connect."""
        self.network.stop_server()
        for wire in self.network.wires:
            # The end of a process ends half-open connections, too.
            wire.peer.end("network", None, "the process has ended")


class SimulatedNode(SimulatedProcess):
    """A process that serves stations."""

    def __init__(self, simulation: Simulation, broker: MemoryBroker, name: str) -> None:
        super().__init__(simulation, broker, name)
        self.gate = Gate(simulation)
        self.csms: Csms
        self.node: FleetNode
        self._new_id = simulation.ids(name)

    async def _start(self, bus: MemoryBus) -> None:
        self.csms = csms = Csms(
            v201.PROTOCOL,
            insecure=True,
            clock=self.clock,
            new_id=self._new_id,
            wall_clock=self._wall_clock,
        )

        @csms.on(v201.BootNotificationRequest)
        async def boot(
            station: StationHandle, request: v201.BootNotificationRequest
        ) -> v201.BootNotificationResponse:
            del station, request
            await asyncio.sleep(self._simulation.random.uniform(0.0, 0.3))
            return v201.BootNotificationResponse(
                current_time=self._wall_clock(),
                interval=300,
                status=v201.RegistrationStatusEnumType.ACCEPTED,
            )

        self.node = FleetNode(csms, bus)
        self.fleet = self.node.fleet
        await self.node.__aenter__()
        self.gate.network.start_server(csms)

    @property
    def live(self) -> list[StationHandle]:
        """The stations that are connected to this node."""
        return list(self.csms.stations)

    @property
    def unsaved_boots(self) -> int:
        """How many boots the node has answered that the bus has not acknowledged."""
        return self.node.unsaved_boots if self.is_running else 0

    def kill(self) -> None:
        """Ends the process as `kill -9` does: its connections break."""
        self.gate.stop()
        super().kill()

    async def leave(self) -> None:
        """Ends the process in order: first the connections, then the node."""
        self.gate.stop()
        await super().leave()

    async def _end(self) -> None:
        await self.node.__aexit__()

    def _wall_clock(self) -> datetime:
        # The clocks of two hosts differ by a few seconds.
        return self._simulation.wall_clock() + timedelta(seconds=self.ahead % 7.0)
