"""A process's copy of the tables of a fleet: which stations are connected, to which nodes.

Theory of operation: two tables are watched. A record tells of a station and names the node that has its
connection. Each node writes its lease once a second; a node whose lease was not heard of for
`LEASE` seconds is lost, and so are its connections, as all can see for themselves. While the bus is
down nobody is lost, as nothing can be heard; afterwards each lease counts anew. The same holds if
this process itself was held up.

When the bus has lost its store, records are kept for a while, in which the nodes write them again.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import loggable, sleep

from ._bus import Bus, BusTable, TableEntry
from ._keys import identity_of, key_of
from ._values import Lease, Presence, ValueReader, format_of

__all__ = ["BEAT", "LEASE", "KnownStation", "Replica"]

logger = logging.getLogger("ocppkit.fleet")

BEAT: Final = 1.0
"""Seconds between two leases of a node."""

LEASE: Final = 3.5
"""Seconds after which a node that was not heard of is lost."""

_LOOK: Final = 0.5
"""Seconds between two looks at the leases."""

_HELD_UP: Final = 1.5
"""Seconds between two looks after which this process was held up."""


class KnownStation(Struct):
    """What is known of a station."""

    presence: Presence
    revision: int
    """The revision of its record; zero if the store has none."""

    connected: bool = False
    """Whether it counts as connected: its record names a node that lives."""

    unconfirmed: bool = False
    """Whether the store was lost and the record was not written again since."""


class _KnownNode(Struct):
    lost: bool
    revision: int = 0
    heard: float = 0.0
    clock: float = 0.0
    clock_heard: float = 0.0


class Replica:
    """The copy of one process."""

    def __init__(self, bus: Bus, name: str, clock: Callable[[], Clock]) -> None:
        self.reader: ValueReader = ValueReader()
        """Reads the records, and counts what it cannot read."""

        self.stations_table: BusTable = bus.table(f"{name}_stations")
        """The table of stations."""

        self.nodes_table: BusTable = bus.table(f"{name}_nodes", ttl=LEASE)
        """The table of nodes."""

        self.loaded: asyncio.Event = asyncio.Event()
        """Set when the stations are known for the first time."""

        self.newer: dict[str, int] = {}
        """Revisions of records of a newer format, by key. They must not be overwritten."""

        self.when_connected: list[Callable[[Presence | None, Presence | None], None]] = []
        """Called with the connection of a station before and now, whenever that changes."""

        self.when_recorded: list[Callable[[KnownStation], None]] = []
        """Called with each record, in the order of their writes."""

        self.when_erased: list[Callable[[str], None]] = []
        """Called with the identity of a station whose record was deleted."""

        self.when_renewed: list[Callable[[bool], None]] = []
        """Called after a snapshot, with whether the store was lost."""

        self.when_settled: list[Callable[[], None]] = []
        """Called when all nodes have had the time to write their records to a new store."""

        self.when_lost: list[Callable[[str], None]] = []
        """Called with a node that was lost."""

        self._bus = bus
        self._clock = clock
        self._stations: dict[str, KnownStation] = {}
        self._folded: dict[str, str] = {}
        self._of_node: dict[str, set[str]] = {}
        self._nodes: dict[str, _KnownNode] = {}
        self._unconfirmed_until: float | None = None
        self._other_store: dict[str, TableEntry] = {}
        self._last_look = 0.0
        bus.listen(self._bus_changed)

    async def run(self) -> None:
        """Watches the tables until it is cancelled."""
        stations = await self.stations_table.watch(_StationsWatcher(self))
        nodes = await self.nodes_table.watch(_NodesWatcher(self))
        try:
            self._last_look = self._clock().time()
            while True:
                await sleep(self._clock(), _LOOK)
                try:
                    self._look()
                except Exception:
                    logger.exception(
                        "looking for lost nodes failed [tried again in %.1f seconds]", _LOOK
                    )
        finally:
            await stations.stop()
            await nodes.stop()

    # What is known.

    def find(self, identity: str) -> KnownStation | None:
        """Returns what is known of a station, connected or not. # CON-06"""
        known = self._stations.get(identity)
        if known is None:
            folded = self._stations.get(self._folded.get(identity.casefold(), ""))
            known = folded if folded is not None and folded.presence.any_case else None
        return known

    def record(self, identity: str) -> KnownStation | None:
        """Returns what is known of the station with exactly this identity."""
        return self._stations.get(identity)

    def connections(self) -> list[Presence]:
        """Returns the connections of all stations."""
        return [each.presence for each in self._stations.values() if each.connected]

    def stations_of(self, node: str) -> list[KnownStation]:
        """Returns the stations whose records name a node."""
        return [self._stations[identity] for identity in self._of_node.get(node, ())]

    def unconnected(self) -> list[KnownStation]:
        """Returns the stations whose records name no node."""
        return [each for each in self._stations.values() if not each.presence.node]

    def lives(self, node: str) -> bool:
        """Returns whether a node is heard of."""
        known = self._nodes.get(node)
        return known is not None and not known.lost

    def clock_of(self, node: str) -> float:
        """Returns the time of a node's clock, or a little less."""
        known = self._nodes.get(node)
        return 0.0 if known is None else known.clock + self._clock().time() - known.clock_heard

    def suspect(self, node: str) -> None:
        """Counts a node's stations as not connected until it is heard of again.

        Nobody receives its messages: it has ended, or it is on its way back to the bus.
        """
        known = self._nodes.get(node)
        if known is not None and not known.lost:
            self._hide(node, known)

    def learn(self, entry: TableEntry) -> KnownStation | None:
        """Takes over a record; returns what is known of its station then, `None` if it is unreadable."""
        if entry.value is None:
            self._erased(entry)
            return None
        presence: Presence | None = self.reader.read(entry.value, Presence, entry.key)
        if presence is None or key_of(presence.identity) != entry.key:
            if presence is None and (format_of(entry.value) or 0) > 0:
                self.newer[entry.key] = entry.revision
            return None
        self.newer.pop(entry.key, None)
        known = self._stations.get(presence.identity)
        if known is not None and entry.revision <= known.revision:
            return known
        if known is None:
            known = self._stations[presence.identity] = KnownStation(presence, entry.revision)
            self._folded.setdefault(presence.identity.casefold(), presence.identity)
            self._index(presence)
            self._show(known, None)
        else:
            before = known.presence if known.connected else None
            self._unindex(known.presence)
            known.presence, known.revision = presence, entry.revision
            known.unconfirmed = False
            self._index(presence)
            self._show(known, before)
        for listener in self.when_recorded:
            listener(known)
        return known

    # What is watched.

    def stations_snapshot(self, entries: Sequence[TableEntry], *, lost: bool) -> None:
        """Replaces the known stations by a full snapshot of the table, and forgets those not in
        it; if the table was lost, they are kept until their nodes have written them again.
        """
        if lost:
            self._store_lost(entries)
        for entry in entries:
            self.learn(entry)
        if not lost:
            keys = {entry.key for entry in entries}
            for known in list(self._stations.values()):
                key = key_of(known.presence.identity)
                if key not in keys and not known.unconfirmed:
                    self._erased(TableEntry(key, None, known.revision + 1))
            self.newer = {key: each for key, each in self.newer.items() if key in keys}
        self.loaded.set()
        for listener in self.when_renewed:
            listener(lost)

    def _store_lost(self, entries: Sequence[TableEntry]) -> None:
        # What is known is newer than what another store has. Those who have the connections write
        # them again; until then nothing is told, so that nobody sees stations go and come.
        logger.warning(
            "the store of the bus was replaced or lost its data: all station records are written "
            "again"
        )
        self.newer.clear()
        self._other_store = {entry.key: entry for entry in entries}
        for known in self._stations.values():
            other = self._other_store.get(key_of(known.presence.identity))
            known.revision = 0 if other is None else other.revision
            known.unconfirmed = True
        self._unconfirmed_until = self._clock().time() + LEASE

    def node_changed(self, entry: TableEntry) -> None:
        """Learns of a lease, or that a node has ended."""
        node = entry.key
        known = self._nodes.get(node)
        if known is not None and entry.revision <= known.revision:
            return
        if entry.value is None:
            if known is not None:
                known.revision = entry.revision
                if not known.lost:
                    self._lose(node, known)
            return
        lease: Lease | None = self.reader.read(entry.value, Lease, node)
        if lease is None:
            return
        now = self._clock().time()
        if known is None:
            known = self._nodes[node] = _KnownNode(lost=True)
        known.revision, known.clock = entry.revision, lease.clock
        known.heard = known.clock_heard = now
        if known.lost:
            known.lost = False
            self._node_lives(node)

    def nodes_store_lost(self) -> None:
        """Forgets the revisions of leases."""
        for node in self._nodes.values():
            node.revision = 0

    def _bus_changed(self, up: bool) -> None:
        if up:
            self._hear_all()

    def _hear_all(self) -> None:
        """Starts all leases again, because what nodes sent while the bus was down is missed."""
        now = self._clock().time()
        for node in self._nodes.values():
            node.heard = now

    def _look(self) -> None:
        now = self._clock().time()
        held_up = now - self._last_look > _HELD_UP
        self._last_look = now
        if not self._bus.up:
            return
        if held_up:
            self._hear_all()
        for node, known in list(self._nodes.items()):
            if not known.lost and now - known.heard > LEASE:
                logger.warning("node %s is lost", loggable(node))
                self._lose(node, known)
            elif known.lost and now - known.heard > 10 * LEASE:
                del self._nodes[node]
        if self._unconfirmed_until is not None and now > self._unconfirmed_until:
            self._unconfirmed_until = None
            self._settle_store()

    def _settle_store(self) -> None:
        """Believes the other store about what nobody has written again."""
        store, self._other_store = self._other_store, {}
        for known in [each for each in self._stations.values() if each.unconfirmed]:
            if known.presence.node:
                # The record may be that of the same connection, written before this process looked.
                known.revision = 0
                entry = store.get(key_of(known.presence.identity))
                if entry is None or self.learn(entry) is None:
                    self._forget(known)
        for listener in self.when_settled:
            listener()

    # Connections.

    def _node_lives(self, node: str) -> None:
        for known in self.stations_of(node):
            self._show(known, None)

    def _hide(self, node: str, known: _KnownNode) -> None:
        known.lost = True
        for station in self.stations_of(node):
            self._show(station, station.presence if station.connected else None)

    def _lose(self, node: str, known: _KnownNode) -> None:
        self._hide(node, known)
        for listener in self.when_lost:
            listener(node)

    def _show(self, known: KnownStation, before: Presence | None) -> None:
        """Tells the listeners if a station's connection is another one now."""
        presence = known.presence
        known.connected = bool(presence.node) and self.lives(presence.node)
        now = presence if known.connected else None
        if before is now:
            return
        for listener in self.when_connected:
            listener(before, now)

    def _erased(self, entry: TableEntry) -> None:
        self.newer.pop(entry.key, None)
        try:
            known = self._stations.get(identity_of(entry.key))
        except ValueError:
            return
        if known is not None and known.revision < entry.revision:
            self._forget(known)
            for listener in self.when_erased:
                listener(known.presence.identity)

    def _forget(self, known: KnownStation) -> None:
        presence = known.presence
        del self._stations[presence.identity]
        folded = presence.identity.casefold()
        if self._folded.get(folded) == presence.identity:
            del self._folded[folded]
        self._unindex(presence)
        if known.connected:
            known.connected = False
            for listener in self.when_connected:
                listener(presence, None)

    def _index(self, presence: Presence) -> None:
        if presence.node:
            self._of_node.setdefault(presence.node, set()).add(presence.identity)

    def _unindex(self, presence: Presence) -> None:
        identities = self._of_node.get(presence.node)
        if identities is not None:
            identities.discard(presence.identity)
            if not identities:
                del self._of_node[presence.node]


class _StationsWatcher:
    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def snapshot(self, entries: Sequence[TableEntry], *, lost: bool) -> None:
        self._replica.stations_snapshot(entries, lost=lost)

    def changed(self, entry: TableEntry) -> None:
        self._replica.learn(entry)


class _NodesWatcher:
    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def snapshot(self, entries: Sequence[TableEntry], *, lost: bool) -> None:
        if lost:
            self._replica.nodes_store_lost()
        for entry in entries:
            self._replica.node_changed(entry)

    def changed(self, entry: TableEntry) -> None:
        self._replica.node_changed(entry)
