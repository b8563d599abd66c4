"""A station with all functional blocks over a day in which its power is cut, and in which it is reset."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Final

from msgspec import Struct

from ocppkit.aio.lowlevel import ConnectRequest, OpenedConnection, running_beside
from ocppkit.blocks import Event, PowerPathChanged, TransactionBegan
from ocppkit.blocks.remote_control import ResetDue
from ocppkit.blocks.variables import OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED
from ocppkit.core import HandshakeRefused, Protocol, Request
from ocppkit.station import BackOff, JournalError, Retries, Station
from ocppkit.station.blocks import FullStation
from ocppkit.testing import DelayedWire, SimulatedNetwork, Simulation
from support.day_plans import EVSES, Happening, planned
from support.kept_transactions import KeptTransactions
from support.memory_store import MemoryStore
from support.simulated_evses import SimulatedEvses

__all__ = ["StationLife"]

VISITS: Final = 6
POWER_CUTS: Final = 3

_DURABLE: Final = frozenset({"commit", "ack", "failed", "set_aside", "replace", "drop"})
_LAST_CUT: Final = 60
"""The power is cut at one of so many durable operations, of which a day has more."""

_RESTART: Final = 30.0
"""Seconds that a reset takes."""

_PATIENT: Final = Retries(attempts=1000, interval=10.0)
"""So that no message is given up: that would be right, and would be a loss."""

_BY_CARD: Final = frozenset({"remote start", "remote stop"})
"""What a driver does here with the card."""

_OF_ALL: Final = frozenset({"csms restarts", "reset", "reset on idle"})
"""What happens to all stations here, or by commands."""


class _PowerCut(Struct, frozen=True):
    operation: int
    """At which durable operation of the store, from 1 on."""

    is_before: bool
    """Whether nothing of the operation is kept; else it is kept, and nobody is told so."""

    is_seen: bool
    """Whether the CSMS sees the end of the connection at once; else the connection is half-open."""

    outage: float
    """Seconds until the station starts again."""


class StationLife:
    """One station, with what it keeps and the vehicles that come to it."""

    def __init__(
        self,
        simulation: Simulation,
        network: SimulatedNetwork,
        identity: str,
        protocol: Protocol,
        boot: Request[Any],
    ) -> None:
        self.identity = identity
        self.protocol = protocol
        self.kept = KeptTransactions(protocol, identity)
        self.begun: set[str] = set()
        """The ids of the transactions that the station has told as begun."""

        self.cuts = 0
        """How often the power was cut."""

        self.resets = 0
        self.station: FullStation
        """The station as it is now."""

        self._simulation = simulation
        self._random = simulation.random
        self._network = network
        self._connect = network.connector()
        self._boot = boot
        self._new_id = simulation.ids(identity)
        self._new_transaction_id = simulation.ids(f"{identity}-T")
        self._evses = SimulatedEvses(EVSES, simulation.clock.time)
        self._store = MemoryStore()
        self._operations = 0
        self._left: MemoryStore | None = None
        """What a power cut has left."""

        self._cuts = _drawn_cuts(self._random)
        self._is_online = True
        self._wire: DelayedWire | None = None
        self._stops = asyncio.Event()
        """Set when the station stops: its power is cut, or it is reset."""

        self._begins = asyncio.Event()
        """Set while the station runs."""

    # What happens.

    async def run(self) -> None:
        """Runs the station for ever, through power cuts and resets."""
        while True:
            async with self._running():
                for evse_id in sorted(self._evses.plugged):
                    self.station.plugged_in(evse_id)
                self._begins.set()
                await self._stops.wait()
                self._begins.clear()
            outage = _RESTART
            if self._left is not None:
                outage, self._store, self._left = self._cuts.pop(0).outage, self._left, None
                self.cuts += 1
            self._note("stopped", f"for {outage:g} s")
            self._stops.clear()
            self._evses.lose_power()
            await asyncio.sleep(outage)

    async def visits(self) -> None:
        """Lets vehicles come and go, and the station be offline, as a day is planned."""
        for happening in planned(self._random, VISITS):
            await asyncio.sleep(happening.at - self._simulation.clock.time())
            await self._begins.wait()  # Nobody comes while there is no power.
            self._happen(happening)

    def _happen(self, happening: Happening) -> None:
        if happening.what in _OF_ALL:
            return
        self._note("happens", f"{happening.what} {happening.evse_id}")
        match happening.what:
            case "offline" | "online":
                self._is_online = happening.what == "online"
                if not self._is_online:
                    self._cut_connection(is_seen=self._random.random() < 0.5)
            case what:
                what = "card" if what in _BY_CARD else what
                self._evses.use(self.station, happening.evse_id, what, happening.card)

    def calm_down(self) -> None:
        """Cuts the power no more."""
        if self._left is None:
            self._cuts.clear()

    # The station.

    @asynccontextmanager
    async def _running(self) -> AsyncGenerator[None]:
        self._store.before, self._store.after = self._before, self._after
        simulation = self._simulation
        bare = Station(
            self.identity,
            self.protocol,
            self._boot,
            insecure=True,
            clock=simulation.clock,
            new_id=self._new_id,
            random=self._random.random,
            wall_clock=simulation.wall_clock,
            journal=self._store,
            raise_security_events=False,
            retries=_PATIENT,
            back_off=BackOff(wait_minimum=5, random_range=5, repeat_times=3),
        )
        self.station = FullStation(
            bare,
            read_meter=self._evses.read,
            maximum=32.0,
            connectors=dict.fromkeys(EVSES, 1),
            new_id=self._new_transaction_id,
            uniform=lambda most: self._random.randint(0, most),
        )
        self.station.model.set_default(OFFLINE_TX_FOR_UNKNOWN_ID_ENABLED, True)
        self.station.on(Event)(self._told)
        async with self.station, running_beside(bare.run("ws://csms", self._connected)):
            yield

    def _told(self, event: Event) -> None:
        self._note("event", f"{event}")
        if isinstance(event, TransactionBegan):
            self.begun.add(event.transaction_id)
        elif isinstance(event, PowerPathChanged):
            self._evses.flow(self.station, event.evse_id, flows=event.closed)
        elif isinstance(event, ResetDue):
            self.resets += 1
            # A station may restart with its program, or without.
            if self._random.random() < 0.5:
                self._stops.set()
            else:
                self.station.restart(event.boot_reason)

    async def _connected(self, request: ConnectRequest) -> OpenedConnection:
        if not self._is_online or self._stops.is_set():
            raise HandshakeRefused("no network", by="network")
        opened = await self._connect(request)
        assert isinstance(opened.wire, DelayedWire)
        self._wire = opened.wire
        if not self._is_online or self._stops.is_set():
            self._cut_connection(is_seen=True)
        return opened

    def _cut_connection(self, *, is_seen: bool) -> None:
        if self._wire is not None:
            self._wire.cut(half_open=not is_seen)

    # Its store.

    def _before(self, operation: str) -> None:
        if operation in _DURABLE:
            if self._left is not None:
                raise JournalError("the power is cut")
            self._operations += 1
            self._cut_power(is_before=True)

    def _after(self, operation: str) -> None:
        self.kept.note_kept(self._store)
        self._cut_power(is_before=False)

    def _cut_power(self, *, is_before: bool) -> None:
        """Cuts the power, if it is to be cut now."""
        due = self._cuts[0] if self._cuts else None
        if due and (due.operation, due.is_before) == (self._operations, is_before):
            self._note("power", f"cut at operation {due.operation}")
            self._left = self._store.copy()
            self._stops.set()
            self._cut_connection(is_seen=due.is_seen)
            raise JournalError("the power is cut")

    def _note(self, what: str, text: str) -> None:
        self._simulation.trace.note(what, f"{self.identity} {text}")

    # What is wrong.

    def faults(self) -> Iterator[str]:
        """Says what is wrong with the station when nothing goes on any more."""
        bare = self.station.station
        if bare.undelivered:
            yield f"{self.identity}: {bare.undelivered} messages were not delivered"
        for entry, reason in self._store.dead.values():
            yield f"{self.identity}: {entry.action} was set aside: {reason}"
        for evse_id in EVSES:
            state = self.station.transactions.state_of(evse_id)
            if state.transaction_id is not None or state.power_path_closed:
                yield f"{self.identity}: a transaction or the contactor was left: {state}"
        if not bare.connected:
            yield f"{self.identity}: is not connected"


def _drawn_cuts(chance: Random) -> list[_PowerCut]:
    operations: Iterable[int] = chance.sample(range(1, _LAST_CUT), POWER_CUTS)
    return [
        _PowerCut(
            operation=operation,
            is_before=chance.random() < 0.5,
            is_seen=chance.random() < 0.5,
            outage=chance.choice([5.0, 120.0, 1800.0]),
        )
        for operation in sorted(operations)
    ]
