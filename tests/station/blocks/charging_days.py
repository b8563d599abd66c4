"""Seeded days of a station with all blocks: visits, lost connections, and a power cut at a durable operation.

`python -m station.blocks.charging_days --seed 1 --count 1000` runs many: `make fuzz-blocks`.
"""

import argparse
import asyncio
import logging
import random
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any, Final

from msgspec import Struct

from ocppkit import v16, v21, v201
from ocppkit.blocks import Command, Event, PowerPathChanged, TransactionBegan
from ocppkit.blocks.remote_control import (
    RequestReset,
    ResetDue,
    ResetType,
    StartRemotely,
    StopRemotely,
)
from ocppkit.blocks.transactions import (
    TransactionClosed,
    TransactionLedger,
    TransactionRecord,
    TransactionUnmatched,
)
from ocppkit.blocks.variables import (
    OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED,
    SAMPLED_DATA_TX_UPDATED_INTERVAL,
)
from ocppkit.core import OcppError, Protocol
from ocppkit.csms.blocks import ReportReceived
from ocppkit.station import JournalError, Station
from ocppkit.station.blocks import FullStation
from ocppkit.testing import FakeClock, VirtualLoop
from ocppkit.testing.block_bench import BlockBench
from support.day_plans import EVSES, Happening, planned
from support.kept_transactions import KeptTransactions
from support.memory_store import MemoryStore
from support.simulated_evses import SimulatedEvses

__all__ = ["PROTOCOLS", "ChargingDay", "Cut", "drawn_cut", "drawn_cuts", "played"]

PROTOCOLS: Final[dict[str, Protocol]] = {
    protocol.version: protocol for protocol in (v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL)
}

LEAST_OPERATIONS: Final = 150
"""So many durable operations any day has."""


_DURABLE: Final = frozenset({"commit", "ack", "failed", "set_aside", "replace", "drop"})
_REPORTED: Final = 900
"""Seconds between the meter values of a transaction."""

_RESTART: Final = 30.0
"""Seconds that a reset takes."""

_QUIET_END: Final = 4 * 3600
"""Seconds in which, at the end of a day, the station is online and nobody comes."""


class Cut(Struct, frozen=True):
    """When the power is cut."""

    operation: int
    """At which durable operation, from 1 on."""

    is_before: bool
    """Whether nothing of the operation is kept; else it is kept, and nobody is told so."""

    outage: float
    """Seconds until the station starts again."""


class ChargingDay:
    """One day: what happens, the station and the CSMS, and what each knows."""

    def __init__(self, protocol: Protocol, seed: int, *cuts: Cut) -> None:
        self.protocol = protocol
        self.random = random.Random(seed)
        self.clock = FakeClock()
        self.store = MemoryStore()
        self.ledger = TransactionLedger(first_number=100)
        self.closed: list[TransactionRecord] = []
        self.unmatched: list[TransactionUnmatched] = []
        self.told_as_begun: set[str] = set()
        self.operations = 0
        """Durable operations so far."""

        self.cuts = 0
        """How often the power was cut so far."""

        self.resets = 0
        self.faults_at_the_end: list[str] = []
        """What is wrong with the station."""

        self._cuts = deque(cuts)
        self._left: MemoryStore | None = None
        """What a power cut has left."""

        self._delay = 0.0
        self._stops = asyncio.Event()
        """Set when the station stops: its power is cut, or it is reset."""

        self._new_ids = count(1)
        self._evses = SimulatedEvses(EVSES, self.clock.time)
        self._online = True
        self._kept = KeptTransactions(protocol, "CP001")

    # What happens.

    async def play(self) -> None:
        """Lives the day, with the power cut if there is one, and what remains of it afterwards."""
        left = planned(self.random)
        while True:
            async with self._started() as bench:
                for evse_id in sorted(self._evses.plugged):
                    bench.full.plugged_in(evse_id)
                left = await self._happen(bench, left)
                await self._until(self.clock.time() + _QUIET_END)
                if not self._stops.is_set():
                    self.faults_at_the_end = [*self._station_faults(bench)]
                    return
            outage = _RESTART
            if self._left is not None:
                outage, self.store, self._left = self._cuts.popleft().outage, self._left, None
                self.cuts += 1
            self._stops.clear()
            self._evses.lose_power()
            self._delay += outage  # Nobody comes meanwhile.
            await asyncio.sleep(outage)

    async def _happen(self, bench: BlockBench, left: list[Happening]) -> list[Happening]:
        """Lets happen what is left, and returns what was left when the station stopped."""
        for position, happening in enumerate(left):
            await self._until(happening.at + self._delay)
            if self._stops.is_set():
                return left[position:]
            await self._do(bench, happening)
        return []

    async def _until(self, when: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stops.wait(), max(when - self.clock.time(), 0.0))

    async def _do(self, bench: BlockBench, happening: Happening) -> None:
        station, evse_id = bench.full, happening.evse_id
        match happening.what:
            case "remote start":
                remote = StartRemotely(id_token=happening.card, evse_id=evse_id, remote_start_id=1)
                if not await self._command(bench, remote):
                    station.present(evse_id, happening.card)
            case "remote stop":
                for record in self.ledger:
                    if record.evse_id == evse_id and record.ended_at is None:
                        stop = StopRemotely(transaction_id=record.transaction_id)
                        await self._command(bench, stop)
            case "offline":
                self._online = False
                await bench.go_offline()
            case "online":
                self._online = True
                bench.network.up = self._left is None
            case "reset":
                await self._command(bench, RequestReset(type=ResetType.IMMEDIATE))
            case "reset on idle":
                await self._command(bench, RequestReset(type=ResetType.ON_IDLE))
            case "csms restarts":
                bench.network.cut()
                self.ledger.restore(self.ledger.state())
            case what:
                self._evses.use(station, evse_id, what, happening.card)

    async def _command(self, bench: BlockBench, command: Command[Any]) -> bool:
        """Sends a command, and returns whether the station has obeyed."""
        try:
            answer: Any = await bench.call(command)
        except (OcppError, LookupError):
            return False  # It is offline.
        return str(answer.status) == "Accepted"

    # The station and the CSMS.

    def _started(self) -> BlockBench:
        self.store.before, self.store.after = self._before, self._after
        bench = self._bench = BlockBench(
            self.protocol,
            full=self._full,
            journal=self.store,
            clock=self.clock,
            ledger=self.ledger,
            online=self._online,
        )
        bench.csms_blocks.on(TransactionClosed)(lambda event: self.closed.append(event.record))
        bench.csms_blocks.on(TransactionUnmatched)(self.unmatched.append)
        bench.csms_blocks.on(ReportReceived)(self._note_received)

        def happened(event: Event) -> None:
            if isinstance(event, TransactionBegan):
                self.told_as_begun.add(event.transaction_id)
            elif isinstance(event, ResetDue):
                self.resets += 1
                self._stops.set()
            elif isinstance(event, PowerPathChanged):
                self._evses.flow(bench.full, event.evse_id, flows=event.closed)

        bench.blocks.on(Event)(happened)
        return bench

    def _full(self, station: Station) -> FullStation:
        full = FullStation(
            station,
            read_meter=self._evses.read,
            maximum=32.0,
            connectors=dict.fromkeys(EVSES, 1),
            new_id=lambda: f"T{next(self._new_ids)}",
            uniform=lambda most: self.random.randint(0, most),
        )
        full.model[SAMPLED_DATA_TX_UPDATED_INTERVAL] = _REPORTED
        full.model[OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED] = True
        return full

    def _before(self, operation: str) -> None:
        if operation not in _DURABLE:
            return
        if self._left is not None:
            raise JournalError("the power is cut")
        self.operations += 1
        self._cut_power(is_before=True)

    def _after(self, operation: str) -> None:
        self._kept.note_kept(self.store)
        self._cut_power(is_before=False)

    def _cut_power(self, *, is_before: bool) -> None:
        """Cuts the power, if it is to be cut now."""
        due = self._cuts[0] if self._cuts else None
        if due and (due.operation, due.is_before) == (self.operations, is_before):
            self._left = self.store.copy()
            self._stops.set()
            self._bench.network.up = False
            self._bench.network.cut()
            raise JournalError("the power is cut")

    # What each knows.

    def _note_received(self, event: ReportReceived) -> None:
        self._kept.note_received(event.report, self.ledger)

    def faults(self) -> Iterator[str]:
        """Says what is wrong at the end of the day."""
        yield from self.faults_at_the_end
        for record in self.ledger:
            yield f"not complete: {record}"
        for unmatched in self.unmatched:
            yield f"of no transaction: {unmatched}"
        yield from self._kept.faults(self.closed, self.told_as_begun)

    def _station_faults(self, bench: BlockBench) -> Iterator[str]:
        if bench.station.undelivered:
            yield f"{bench.station.undelivered} messages were not delivered"
        for entry, reason in self.store.dead.values():
            yield f"{entry.action} was set aside: {reason}"
        for evse_id in EVSES:
            state = bench.full.transactions.state_of(evse_id)
            if state.transaction_id is not None or state.power_path_closed:
                yield f"a transaction or the contactor was left: {state}"


def played(protocol: Protocol, seed: int, *cuts: Cut) -> ChargingDay:
    """Returns a day that is over, with power cuts in the order of their operations."""
    day = ChargingDay(protocol, seed, *cuts)
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(day.clock)) as runner:
        runner.run(day.play())
    return day


def drawn_cut(seed: int) -> Cut:
    """Returns the power cut that belongs to a seed."""
    chance = random.Random(f"cut {seed}")
    return Cut(
        operation=chance.randint(1, LEAST_OPERATIONS),
        is_before=chance.random() < 0.5,
        outage=chance.choice([5.0, 120.0, 3600.0]),
    )


def drawn_cuts(seed: int) -> tuple[Cut, ...]:
    """Returns the power cut that belongs to a seed, and others while the station recovers from it."""
    chance = random.Random(f"cuts {seed}")
    first = drawn_cut(seed)
    second, third = (chance.randint(1, 8) for _ in range(2))
    return (
        first,
        Cut(operation=first.operation + second, is_before=True, outage=10.0),
        Cut(operation=first.operation + second + third, is_before=False, outage=10.0),
    )


def _cuts_of_a_day(protocol: Protocol, seed: int) -> Iterator[Cut]:
    for operation in range(1, played(protocol, seed).operations + 1):
        for is_before in (True, False):
            yield Cut(operation=operation, is_before=is_before, outage=60.0)


def main() -> None:
    """Plays days, and prints each that ends with faults."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first day")
    parser.add_argument(
        "--count", type=int, default=1000, help="how many days, with one cut and with three"
    )
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)  # A store without power fills the log.
    first, failed, runs = options.seed, 0, 0
    for version, protocol in PROTOCOLS.items():
        days: list[tuple[int, tuple[Cut, ...]]]
        days = [(first, (cut,)) for cut in _cuts_of_a_day(protocol, first)]
        for seed in range(first, first + options.count):
            days += [(seed, (drawn_cut(seed),)), (seed, drawn_cuts(seed))]
        for seed, cuts in days:
            runs += 1
            faults = list(played(protocol, seed, *cuts).faults())
            failed += bool(faults)
            for fault in faults:
                sys.stdout.write(f"OCPP {version}, seed {seed}, {cuts}: {fault}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{runs} days with power cuts, {failed} with faults\n")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
