"""One run of a fleet: nodes, callers and roaming stations on a bus and a network that fail; then all is well again.

`python -m simulation --fleet --seeds 20000` runs many: `make simulate-fleet`.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any, Final

from ocppkit.aio.lowlevel import running_beside
from ocppkit.fleet import MemoryBroker
from ocppkit.testing import Simulation, violations

from .fleet_commands import FleetCommands
from .heard_stations import HeardStations
from .light_station import LightStation
from .simulated_processes import SimulatedCaller, SimulatedNode, SimulatedProcess
from .unexpected_log import UnexpectedLog

__all__ = ["FleetRun", "run_fleet"]

NODES: Final = ("a", "b", "c")
CALLERS: Final = ("web", "job")
STATIONS: Final = 4

_ROUGH: Final = 10.0
"""Seconds in which everything fails."""

_QUIET: Final = 6.0
"""Seconds that late writes, which are tried again ever more slowly, have to show what they do."""

_SETTLED: Final = 12.0
"""Seconds after which all must be well again."""

_PATIENCE: Final = 60.0
"""Seconds after which a caller hangs: a call may wait for others to the same station."""

_EXPECTED: Final = re.compile(
    "|".join(
        (
            r"node \w+ is lost",
            r"the store of the bus was replaced or lost its data",
            r"a \w+ was not sent: the bus is down",
            r"answer [\w-]+ ignored: its call (has timed out|was cancelled)",
            r"ignored, too old: CancelReservation",
            r"handler returned too late",
            r"its record cannot be read: (the bus is down|the bus does not answer)",
            r"refused with SecurityError: nothing is known of a boot",
        )
    )
)
"""What the log says when processes, the bus and the network fail."""


class FleetRun:
    """The processes and stations of one run, and what each of them knows."""

    def __init__(self, seed: int) -> None:
        self.simulation = Simulation(seed)
        self.log = UnexpectedLog(_EXPECTED)
        self.settled_after = 0.0
        """Seconds of peace until all was well."""

        self._random = self.simulation.random
        self._broker = MemoryBroker(self._random, clock=self.simulation.clock)
        self._broker.latency = (0.0005, 0.02)
        self._saved = self._broker.saved()
        nodes = [SimulatedNode(self.simulation, self._broker, name) for name in NODES]
        callers = [SimulatedCaller(self.simulation, self._broker, name) for name in CALLERS]
        self.nodes = nodes
        self.processes: list[SimulatedProcess] = [*nodes, *callers]
        gates = [each.gate for each in nodes]
        self.stations = [
            LightStation(self.simulation, f"CP{number:03}", gates) for number in range(STATIONS)
        ]
        for station in self.stations:
            station.when_connecting = self._connecting
            station.when_refused = self._refused
        self.commands = FleetCommands(self.simulation, self.stations)
        self._forgetful = False
        """Whether boots that were accepted may be forgotten: by another store, or by a node that has ended."""

        self._unsaved: set[str] = set()
        """Stations that last connected while a node had boots that the bus had not acknowledged."""

        self._heard: dict[str, HeardStations] = {}
        self._faults: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def play(self) -> None:
        """Runs everything in virtual time."""
        logger = logging.getLogger()
        logger.addHandler(self.log)
        try:
            self.simulation.run(self._play())
        finally:
            logger.removeHandler(self.log)

    async def _play(self) -> None:
        for process in self.processes:
            await self._start(process)
        async with AsyncExitStack() as running:
            for station in self.stations:
                await running.enter_async_context(running_beside(station.run()))
            async with AsyncExitStack() as failing:
                for work in (self._fail(), self._roam(), self._command()):
                    await failing.enter_async_context(running_beside(work))
                await asyncio.sleep(_ROUGH)
            await self._calm_down()
            await self.commands.finish(_PATIENCE)
            await self._settle()
            await self._command_all()
            self._faults += self._wrong()
            for process in self.processes:
                await self._stop(process)

    async def _start(self, process: SimulatedProcess) -> None:
        await process.start()
        self._heard[process.name] = HeardStations(process.fleet.stations)
        self._note("started", process.name)

    async def _stop(self, process: SimulatedProcess) -> None:
        self._heard.pop(process.name).stop()
        await process.leave()

    # What fails.

    async def _fail(self) -> None:
        actions: dict[Callable[[], object], int] = {
            self._cut: 6,
            self._kill: 3,
            self._leave: 1,
            self._stop_broker: 1,
            self._lose_messages: 3,
        }
        while True:
            await asyncio.sleep(self._random.uniform(0.1, 1.5))
            self._random.choices(list(actions), list(actions.values()))[0]()

    def _cut(self) -> None:
        process = self._random.choice(self.processes)
        if process.is_running:
            noticed_after = self._random.choice((0.0, self._random.uniform(0.0, 4.0)))
            self._note("cut", f"{process.name}, noticed after {noticed_after:.6f} s")
            self._broker.cut(process.name, noticed_after=noticed_after)
            self._later(lambda: self._heal(process))

    def _heal(self, process: SimulatedProcess) -> None:
        if process.is_running:
            self._note("healed", process.name)
            self._broker.heal(process.name)

    def _kill(self) -> None:
        process = self._random.choice(self.processes)
        if process.is_running:
            self._note("killed", process.name)
            self._forgetful |= self._has_unsaved_boots(process)
            self._heard.pop(process.name).stop()
            process.kill()
            self._later(lambda: self._begin(self._restart(process)))

    def _leave(self) -> None:
        process = self._random.choice(self.processes)
        if process.is_running:
            self._note("left", process.name)
            self._forgetful |= self._has_unsaved_boots(process)
            self._begin(self._stop(process))
            self._later(lambda: self._begin(self._restart(process)))

    async def _restart(self, process: SimulatedProcess) -> None:
        if process.is_down:
            await self._start(process)

    def _stop_broker(self) -> None:
        if self._broker.stopped:
            return
        self._note("stopped", "the bus")
        self._broker.stop()
        self._later(self._start_broker)

    def _start_broker(self) -> None:
        """Starts the bus again, with its store, with an older copy of it or with none."""
        if not self._broker.stopped:
            return
        store = self._random.choice(("its store", "its store", "an older store", "no store"))
        self._note("started", f"the bus with {store}")
        self._forgetful |= store != "its store"
        self._broker.start({"an older store": self._saved, "no store": {}}.get(store))

    def _lose_messages(self) -> None:
        broker, random = self._broker, self._random
        broker.loses_messages = random.choice((0.0, random.uniform(0.0, 0.3)))
        broker.loses_acknowledgements = random.choice((0.0, random.uniform(0.0, 0.3)))
        broker.repeats_entries = random.choice((0.0, 0.5))
        broker.latency = random.choice(((0.0, 0.0), (0.0005, 0.02), (0.001, 0.5)))
        self._note("bus", f"loses {broker.loses_messages:.6f}, takes {broker.latency} s")
        if not broker.stopped:
            self._saved = broker.saved()

    async def _roam(self) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(0.1, 1.5))
            station = self._random.choice(self.stations)
            station.roam(half_open=self._random.random() < 0.5)

    async def _command(self) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(0.0, 0.5))
            process = self._random.choice(self.processes)
            if process.is_running:
                self.commands.begin(process, self._random.choice(self.stations).identity)

    async def _calm_down(self) -> None:
        self._note("calm", "nothing fails any more")
        broker = self._broker
        broker.loses_messages = broker.loses_acknowledgements = broker.repeats_entries = 0.0
        broker.latency = (0.0005, 0.02)
        self._start_broker()
        for station in self.stations:
            station.is_calm = True
        for process in self.processes:
            self._heal(process)
        while self._tasks:
            await asyncio.wait(self._tasks)
        for process in self.processes:
            await self._restart(process)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _later(self, callback: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(self._random.uniform(0.05, 6.0), callback)

    def _note(self, what: str, text: str) -> None:
        self.simulation.trace.note(what, text)

    # What is wrong.

    def _connecting(self, station: LightStation) -> None:
        """Notes whether the node may read the station's record before its boot is in it."""
        if any(map(self._has_unsaved_boots, self.processes)):
            self._unsaved.add(station.identity)
        else:
            self._unsaved.discard(station.identity)

    def _refused(self, station: LightStation) -> None:
        """Judges that a station whose boot was accepted was told that nothing is known of it."""
        self._note("refused", station.identity)
        # The node read the record some time ago; the boot may have been written since.
        if not self._forgetful and station.identity not in self._unsaved:
            self._faults.append(f"{station.identity}: its boot was forgotten")

    def _has_unsaved_boots(self, process: SimulatedProcess) -> bool:
        return isinstance(process, SimulatedNode) and process.unsaved_boots > 0

    async def _settle(self) -> None:
        """Waits until all is well; what is not in time is a fault."""
        begin = self.simulation.clock.time()
        await asyncio.sleep(_QUIET)
        while any(self._wrong()) and self.settled_after < _SETTLED:
            await asyncio.sleep(0.25)
            self.settled_after = self.simulation.clock.time() - begin

    async def _command_all(self) -> None:
        """Runs a command from each process to each station."""
        asked = [(process, station) for process in self.processes for station in self.stations]
        outcomes = await asyncio.gather(
            *(self.commands.ask(process, station.identity) for process, station in asked)
        )
        for (process, station), outcome in zip(asked, outcomes, strict=True):
            if outcome != "ok":
                what = f"at the end {process.name} gets {outcome!r} of {station.identity}"
                self._faults.append(what)

    def _wrong(self) -> Iterator[str]:
        """Says where the sockets and the registries of the processes are not what the stations have."""
        truth = {each.identity: each.address for each in self.stations}
        sockets = [
            (each.identity, each.remote_address) for node in self.nodes for each in node.live
        ]
        if sorted(sockets) != sorted(truth.items()):
            yield f"the nodes have {sockets}, the stations {truth}"
        for process in self.processes:
            known = {each.identity: each.remote_address for each in process.fleet.stations}
            if known != truth:
                yield f"{process.name} knows {known}, the stations have {truth}"
            heard = {
                identity: each.remote_address
                for identity, each in self._heard[process.name].connected.items()
            }
            if heard != truth:
                yield f"{process.name} has heard of {heard}, the stations have {truth}"

    def faults(self) -> Iterator[str]:
        """Says what is wrong after a run."""
        yield from self._faults
        yield from self.log.lines
        yield from self.commands.faults()
        for node in self.nodes:
            yield from violations(node.gate.trace, call_timeout=0.0)

    def trace(self) -> str:
        """Returns what happened: in the fleet, and then over the connections of each node."""
        traces = [self.simulation.trace, *(each.gate.trace for each in self.nodes)]
        return "\n".join(map(str, traces))


def run_fleet(seed: int) -> FleetRun:
    """Returns a run that is over."""
    run = FleetRun(seed)
    run.play()
    return run
