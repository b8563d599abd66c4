"""Commands to the stations of a fleet from any of its processes, and what must have become of each."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from ocppkit.core import CallTimedOut, ConnectionClosed
from ocppkit.testing import Simulation
from ocppkit.v201.roles import ConnectedStation

from .light_station import LightStation
from .simulated_processes import SimulatedProcess

__all__ = ["FleetCommands"]

_CANCELLED: Final = 0.15
"""The part of the commands whose caller gives up."""


class FleetCommands:
    """Sends commands with a number each, by which the stations count how often each ran."""

    def __init__(self, simulation: Simulation, stations: Sequence[LightStation]) -> None:
        self.outcomes: dict[int, str] = {}
        """How each command ended for its caller: `ok`, `no`, `unknown`, `timed out` or `cancelled`."""

        self._simulation = simulation
        self._stations = {each.identity: each for each in stations}
        self._identities: dict[int, str] = {}
        self._open: dict[asyncio.Task[None], int] = {}

    def begin(self, process: SimulatedProcess, identity: str) -> None:
        """Begins with a command."""
        random = self._simulation.random
        number = len(self._identities) + 1
        self._identities[number] = identity
        timeout = random.uniform(0.5, 8.0)
        follows = random.random() < 0.5
        task = asyncio.create_task(self._run(process, number, follows=follows, timeout=timeout))
        self._open[task] = number
        task.add_done_callback(self._open.pop)
        if random.random() < _CANCELLED:
            asyncio.get_running_loop().call_later(random.uniform(0.0, 1.5), task.cancel)

    async def finish(self, seconds: float) -> None:
        """Waits until all commands have ended, but not longer than this."""
        if self._open:
            await asyncio.wait(list(self._open), timeout=seconds)

    async def ask(self, process: SimulatedProcess, identity: str) -> str:
        """Runs one command and returns how it ended."""
        number = len(self._identities) + 1
        self._identities[number] = identity
        await self._run(process, number, follows=True, timeout=5.0)
        return self.outcomes[number]

    async def _run(
        self, process: SimulatedProcess, number: int, *, follows: bool, timeout: float
    ) -> None:
        identity = self._identities[number]
        self._note(f"{number} {process.name} to {identity}{' (follows)' if follows else ''}")
        outcome = "failed"
        try:
            outcome = await self._outcome(process, number, follows=follows, timeout=timeout)
        except asyncio.CancelledError:
            outcome = "cancelled"
        finally:
            self.outcomes[number] = outcome
            self._note(f"{number} {outcome}")

    async def _outcome(
        self, process: SimulatedProcess, number: int, *, follows: bool, timeout: float
    ) -> str:
        identity, fleet = self._identities[number], process.fleet
        station = (
            fleet.station(identity, ConnectedStation)
            if follows
            else fleet.stations.get(identity, ConnectedStation)
        )
        if station is None:
            return "no"
        try:
            await station.cancel_reservation(reservation_id=number, call_timeout=timeout)
        except ConnectionClosed as closed:
            return closed.delivered
        except CallTimedOut:
            return "timed out"
        return "ok"

    def _note(self, text: str) -> None:
        self._simulation.trace.note("command", text)

    def counts(self) -> Counter[str]:
        """Returns how many commands ended in which way."""
        return Counter(self.outcomes.values())

    def faults(self) -> Iterator[str]:
        """Says which commands ran twice, hang or ended otherwise than their callers were told."""
        for number, identity in self._identities.items():
            outcome = self.outcomes.get(number, "hangs")
            ran = self._stations[identity].ran[number]
            if ran > 1:
                yield f"command {number} ran {ran} times"
            if outcome in ("hangs", "failed"):
                yield f"command {number} {outcome}"
            if outcome == "ok" and ran != 1:
                yield f"command {number} was answered and ran {ran} times"
            if outcome == "no" and ran:
                yield f"command {number} ran, and its caller was told that it did not"
