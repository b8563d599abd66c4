"""A day of many stations with all functional blocks at one CSMS, in virtual time.

`python -m simulation.block_day --stations 100` prints how much CPU it takes: `make trial-block-day`.
"""

import argparse
import asyncio
import cProfile
import json
import logging
import pstats
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Final

from ocppkit import v16, v21, v201
from ocppkit.aio.lowlevel import running_beside
from ocppkit.blocks import PowerPathChanged
from ocppkit.blocks.transactions import TransactionClosed, TransactionRecord
from ocppkit.blocks.variables import SAMPLED_DATA_TX_UPDATED_INTERVAL
from ocppkit.core import Protocol, decode_payload
from ocppkit.csms import Csms
from ocppkit.csms.blocks import CsmsBlocks, Provisioning
from ocppkit.station import Station
from ocppkit.station.blocks import FullStation
from ocppkit.testing import SimulatedNetwork, Simulation
from support.day_plans import EVSES, planned
from support.simulated_evses import SimulatedEvses

__all__ = ["BlockDay"]

DAY: Final = 86400.0
HEARTBEAT: Final = 300
METER_VALUES: Final = 900

_PROTOCOLS: Final = (v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL)
_BOOTS: Final[Sequence[Any]] = (
    {"chargePointVendor": "ACME", "chargePointModel": "Wall-22"},
    {"reason": "PowerUp", "chargingStation": {"vendorName": "ACME", "model": "Wall-22"}},
    {"reason": "PowerUp", "chargingStation": {"vendorName": "ACME", "model": "Wall-22"}},
)
_BY_CARD: Final = frozenset({"remote start", "remote stop"})
"""What a driver does here with the card."""


class BlockDay:
    """Stations of all versions in turn, each with two EVSEs and twenty visits, and their CSMS."""

    def __init__(self, stations: int, seed: int = 1) -> None:
        self.simulation = Simulation(seed)
        self.closed: list[TransactionRecord] = []
        self.csms = Csms(
            *_PROTOCOLS,
            insecure=True,
            clock=self.simulation.clock,
            new_id=self.simulation.ids("csms"),
            wall_clock=self.simulation.wall_clock,
        )
        self.blocks = CsmsBlocks(
            self.csms,
            authorize=lambda question: "Accepted",
            provisioning=Provisioning(interval=HEARTBEAT),
        )
        self.blocks.on(TransactionClosed)(lambda event: self.closed.append(event.record))
        self._stations = stations

    async def play(self) -> None:
        """Lives the day."""
        network = self.simulation.network(self.csms)
        async with asyncio.TaskGroup() as group:
            for number in range(self._stations):
                group.create_task(self._live(number, network))

    async def _live(self, number: int, network: SimulatedNetwork) -> None:
        simulation, identity = self.simulation, f"CP{number:03}"
        bare = Station(
            identity,
            _PROTOCOLS[number % 3],
            _boot(_PROTOCOLS[number % 3], _BOOTS[number % 3]),
            insecure=True,
            clock=simulation.clock,
            new_id=simulation.ids(identity),
            random=simulation.random.random,
            wall_clock=simulation.wall_clock,
            raise_security_events=False,
        )
        evses = SimulatedEvses(EVSES, simulation.clock.time)
        station = FullStation(
            bare,
            read_meter=evses.read,
            maximum=32.0,
            connectors=dict.fromkeys(EVSES, 1),
            new_id=simulation.ids(f"{identity}-T"),
            uniform=lambda most: simulation.random.randint(0, most),
        )
        station.model[SAMPLED_DATA_TX_UPDATED_INTERVAL] = METER_VALUES

        @station.on(PowerPathChanged)
        def power(event: PowerPathChanged) -> None:
            evses.flow(station, event.evse_id, flows=event.closed)

        async with station, running_beside(bare.run("ws://csms", network.connector())):
            for happening in planned(simulation.random):
                await asyncio.sleep(happening.at - simulation.clock.time())
                if happening.evse_id:
                    what = "card" if happening.what in _BY_CARD else happening.what
                    evses.use(station, happening.evse_id, what, happening.card)
            await asyncio.sleep(DAY - simulation.clock.time())


def _boot(protocol: Protocol, said: Any) -> Any:
    request: Any = protocol.actions["BootNotification"].request
    return decode_payload(request, json.dumps(said).encode())


def main() -> None:
    """Plays a day, and prints what it took."""
    parser = argparse.ArgumentParser(prog="python -m simulation.block_day", description=__doc__)
    parser.add_argument("--stations", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--profile", action="store_true", help="also print what takes most")
    options = parser.parse_args()
    logging.disable(logging.ERROR)
    day = BlockDay(options.stations, options.seed)
    with ExitStack() as stack:
        profile = stack.enter_context(cProfile.Profile()) if options.profile else None
        begin = time.process_time()
        day.simulation.run(day.play())
        took = time.process_time() - begin
    sys.stdout.write(
        f"{options.stations} stations, a day: {took:.1f} s of CPU, {len(day.closed)} transactions "
        f"complete, {len(list(day.blocks.ledger))} not\n"
    )
    if profile is not None:
        statistics = pstats.Stats(profile, stream=sys.stdout)
        statistics.sort_stats("tottime").print_stats(30)
        statistics.sort_stats("cumtime").print_stats(60)


if __name__ == "__main__":
    main()
