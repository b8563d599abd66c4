"""Runs stations and a CSMS in virtual time, with all random decisions from one seed."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, Final, TypeVar

from ocppkit.csms import Csms

from ._delayed_wire import Conditions
from ._fake_clock import FakeClock
from ._simulated_network import SimulatedNetwork
from ._trace import Trace
from ._virtual_loop import VirtualLoop

__all__ = ["Simulation"]

T = TypeVar("T")

_EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)


class Simulation:
    """One simulation: its seed, its clock, its random numbers and its trace.

    ```python
    simulation = Simulation(seed=7)

    async def main() -> None:
        network = simulation.network(csms, Conditions(loss=0.01, half_open=0.5))
        station = ChargingStation("CP001", ..., clock=simulation.clock, new_id=simulation.ids("CP001"),
                                  random=simulation.random.random, wall_clock=simulation.wall_clock)
        async with running_beside(station.run("ws://csms", network.connector())):
            await asyncio.sleep(86400)  # a day, in a moment

    simulation.run(main())
    assert violations(simulation.trace) == []
    ```

    The same seed gives the same trace, as long as the program itself takes ids, time and chance from here.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        """Seeds `random`."""

        self.random: Random = Random(seed)
        """All chance of this run: pass it, or its methods, on to what needs some."""

        self.clock: FakeClock = FakeClock()
        """The time of this run."""

        self.trace: Trace = Trace(self.clock.time)
        """What happened."""

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine to its end in virtual time, and returns its result.

        Raises:
            NothingLeftToHappen: every task waits, and no timer is left.
            ExceptionGroup: an exception reached the event loop, because no task or handler took it.
        """
        unhandled: list[Exception] = []

        def keep(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            del loop
            error = context.get("exception")
            unhandled.append(error if isinstance(error, Exception) else RuntimeError(str(context)))

        with asyncio.Runner(loop_factory=lambda: VirtualLoop(self.clock)) as runner:
            runner.get_loop().set_exception_handler(keep)
            result = runner.run(main)
        if unhandled:
            raise ExceptionGroup(
                f"seed {self.seed}: tasks or callbacks raised exceptions that nobody handled",
                unhandled,
            )
        return result

    def network(self, csms: Csms | None, conditions: Conditions | None = None) -> SimulatedNetwork:
        """Returns a simulated network that leads to this CSMS.

        Without a CSMS nobody can connect until `start_server`.
        """
        return SimulatedNetwork(csms, self.random, self.trace, conditions or Conditions())

    def ids(self, prefix: str) -> Callable[[], str]:
        """Returns a function that creates message ids from the prefix and a number."""
        numbers = count(1)
        return lambda: f"{prefix}-{next(numbers)}"

    def wall_clock(self) -> datetime:
        """Returns the date and time of the simulation, which starts with the year 2025."""
        return _EPOCH + timedelta(seconds=self.clock.time())
