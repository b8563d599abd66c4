"""`MemoryBroker`: connects the buses of one process, and breaks their connections as a test wants it.

Theory of operation: the broker has the subscriptions and the tables, as a server has them. Whatever goes
from a bus to the broker or back takes `latency`, may be lost, and keeps its order only among messages
for one subscription with one subject, and among the changes of one watch. A bus is *linked* while
anything passes, and *up* while it believes so: between the two lies the time until a cut is noticed.
"""

import asyncio
from collections.abc import Callable, Mapping
from math import inf, nextafter
from random import Random
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from ocppkit.aio import Clock, Timer

from ._bus import NewerRevision, TableEntry, TableWatcher

if TYPE_CHECKING:
    from ._memory_bus import MemoryBus, MemorySubscription

__all__ = ["MemoryBroker", "MemoryTables", "StoredTable", "WatchedTable"]

_LAST_WORD: Final = ">"

_STREAMS: Final = 4096
"""Streams whose order is kept, before those are forgotten of which nothing is under way."""


class StoredTable(Struct):
    """A table as the broker keeps it."""

    ttl: float
    last_revision: int = 0
    entries: dict[str, tuple[TableEntry, float]] = {}
    """The latest write of each key, with its time. Deleted keys stay, without a value."""


MemoryTables: TypeAlias = Mapping[str, StoredTable]
"""A copy of all tables: what `MemoryBroker.saved` returns."""


class WatchedTable(Struct, eq=False):
    """A watcher, and what it has been told of."""

    bus: "MemoryBus"
    table: str
    watcher: TableWatcher
    store: int = 0
    """Which store its last snapshot was of; zero before the first."""

    stopped: bool = False


class MemoryBroker:
    """What the buses of several simulated processes are connected to.

    ```python
    broker = MemoryBroker(simulation.random, clock=simulation.clock)
    node, web = FleetNode(csms, MemoryBus(broker, "node")), Fleet(MemoryBus(broker, "web"))
    broker.latency = (0.001, 0.02)
    broker.cut("node", noticed_after=3.0)
    ```
    """

    def __init__(self, random: Random | None = None, *, clock: Clock | None = None) -> None:
        """Begins empty and undisturbed.

        Args:
            random: decides what is lost and how long messages take.
            clock: tells the time; the event loop's by default.
        """
        self.random: Random = random or Random(0)
        """Decides what is lost, and how long messages take."""

        self.latency: tuple[float, float] = (0.0, 0.0)
        """How long it takes from a bus to the broker and from there to a bus, in seconds: at least, at most."""

        self.loses_messages: float = 0.0
        """The part of the messages that is lost, from 0 to 1."""

        self.loses_acknowledgements: float = 0.0
        """The part of the writes to tables that happen but are not acknowledged, from 0 to 1."""

        self.repeats_entries: float = 0.0
        """The part of a table's entries that is told again after a snapshot, from 0 to 1."""

        self.patience: float = 2.0
        """Seconds that a bus waits for an acknowledgement."""

        self.message_bytes: int = 1 << 20
        """The largest message."""

        self._clock = clock
        self._buses: dict[str, MemoryBus] = {}
        self._subscriptions: list[MemorySubscription] = []
        self._tables: dict[str, StoredTable] = {}
        self._ttls: dict[str, float] = {}
        self._store = 1
        self._stopped = False
        self._watches: list[WatchedTable] = []
        self._arrivals: dict[object, float] = {}
        self._turns: dict[tuple[str, str], int] = {}

    # What a test does.

    def cut(self, name: str, *, noticed_after: float = 0.0) -> None:
        """Lets nothing more pass to and from one process.

        Args:
            name: the bus.
            noticed_after: seconds until both ends notice. Until then the bus is `up`, what it sends is
                lost, and what is sent to it as well.
        """
        bus = self._buses[name]
        cut = bus.unlink()
        if noticed_after > 0.0:
            self.later(noticed_after, lambda: bus.lose(cut))
        else:
            bus.lose(cut)

    def heal(self, name: str) -> None:
        """Lets everything pass again."""
        if not self._stopped:
            self._buses[name].link()

    def kill(self, name: str) -> None:
        """Ends a process as `kill -9` does: nothing that it does later has any effect."""
        self._buses.pop(name).end()

    def stop(self) -> None:
        """Ends the broker: every bus is down. Tables are kept."""
        self._stopped = True
        for name in self._buses:
            self.cut(name)

    def start(self, tables: MemoryTables | None = None) -> None:
        """Starts the broker again.

        Args:
            tables: other contents of its store: an older copy, or `{}` as if the store was lost.
        """
        if tables is not None:
            self._tables = {name: _copy(table) for name, table in tables.items()}
            self._store += 1
        self._stopped = False
        for bus in self._buses.values():
            bus.link()

    def saved(self) -> MemoryTables:
        """Returns a copy of the tables, for `start`."""
        return {name: _copy(table) for name, table in self._tables.items()}

    # What buses call.

    def add(self, bus: "MemoryBus") -> None:
        """Adds the bus of a process."""
        self._buses[bus.name] = bus

    @property
    def stopped(self) -> bool:
        """Whether no bus can reach the broker."""
        return self._stopped

    def subscribe(self, subscription: "MemorySubscription") -> None:
        """Adds a subscription."""
        self._subscriptions.append(subscription)

    def unsubscribe(self, subscription: "MemorySubscription") -> None:
        """Removes a subscription, if it is there."""
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)

    def subscribers(self, subject: str) -> "list[MemorySubscription]":
        """Returns the subscriptions that get a message: every one without a queue, and one per
        queue.
        """
        chosen: list[MemorySubscription] = []
        queues: dict[tuple[str, str], list[MemorySubscription]] = {}
        for each in self._subscriptions:
            if not _matches(each.subject, subject):
                continue
            if each.queue:
                queues.setdefault((each.queue, each.subject), []).append(each)
            else:
                chosen.append(each)
        for queue, members in queues.items():
            turn = self._turns[queue] = self._turns.get(queue, -1) + 1
            chosen.append(members[turn % len(members)])
        return chosen

    def later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        """Calls back after a time."""
        clock = self._clock or asyncio.get_running_loop()
        return clock.call_at(clock.time() + seconds, callback)

    def carry(self, stream: object, callback: Callable[[], object]) -> None:
        """Calls back when what is sent now has arrived, in the order of its stream."""
        clock = self._clock or asyncio.get_running_loop()
        now = clock.time()
        if self.latency == (0.0, 0.0) and self._arrivals.get(stream, -inf) < now:
            asyncio.get_running_loop().call_soon(callback)
            return
        due = now + self.random.uniform(*self.latency)
        if len(self._arrivals) > _STREAMS:
            self._arrivals = {key: when for key, when in self._arrivals.items() if when > now}
        # Timers of the same moment have no order.
        due = self._arrivals[stream] = max(due, nextafter(self._arrivals.get(stream, 0.0), inf))
        clock.call_at(due, callback)

    def is_lost(self, part: float) -> bool:
        """Decides whether something is lost."""
        return part > 0.0 and self.random.random() < part

    # Tables.

    def create(self, name: str, ttl: float) -> None:
        """Creates a table that is not there."""
        self._ttls[name] = ttl
        self._tables.setdefault(name, StoredTable(ttl))

    def read(self, name: str, key: str) -> TableEntry | None:
        """Returns the latest write of a key; `None` if there was none or its value is too old."""
        table = self._tables[name]
        entry, written = table.entries.get(key, (None, 0.0))
        return None if table.ttl and self._time() - written > table.ttl else entry

    def write(self, name: str, key: str, value: bytes | None, revision: int | None) -> int:
        """Writes a value or, with `None`, deletes it; returns the revision.

        Raises:
            NewerRevision: the key has not this revision.
        """
        table = self._tables[name]
        found = self.read(name, key)
        known = 0 if found is None else found.revision
        unwritten = revision == 0 and (found is None or found.value is None)
        if revision is not None and revision != known and not unwritten:
            raise NewerRevision(f"{key} has revision {known}, not {revision}")
        table.last_revision += 1
        entry = TableEntry(key, value, table.last_revision)
        table.entries[key] = (entry, self._time())
        for watch in self._watches:
            if watch.table == name and watch.bus.linked:
                self._tell(watch, entry)
        return entry.revision

    def watch(self, watch: WatchedTable) -> None:
        """Tells a watcher what there is, and all changes from now on."""
        if watch not in self._watches:
            self._watches.append(watch)
        self.create(watch.table, self._ttls[watch.table])
        table = self._tables[watch.table]
        entries = [
            entry
            for key, (entry, _) in table.entries.items()
            if entry.value is not None and self.read(watch.table, key) is not None
        ]
        store, link = self._store, watch.bus.link_number

        def arrive() -> None:
            if watch.bus.is_on(link) and not watch.stopped:
                lost, watch.store = watch.store not in (0, store), store
                watch.watcher.snapshot(entries, lost=lost)

        self.carry(watch, arrive)
        for entry in entries:
            if self.is_lost(self.repeats_entries):
                self._tell(watch, entry)

    def unwatch(self, watch: WatchedTable) -> None:
        """Tells a watcher nothing more."""
        watch.stopped = True
        if watch in self._watches:
            self._watches.remove(watch)

    def _tell(self, watch: WatchedTable, entry: TableEntry) -> None:
        link = watch.bus.link_number

        def arrive() -> None:
            if watch.bus.is_on(link) and not watch.stopped:
                watch.watcher.changed(entry)

        self.carry(watch, arrive)

    def _time(self) -> float:
        return (self._clock or asyncio.get_running_loop()).time()


def _matches(pattern: str, subject: str) -> bool:
    if pattern.endswith(_LAST_WORD):
        return subject.startswith(pattern[:-1])
    return pattern == subject


def _copy(table: StoredTable) -> StoredTable:
    return StoredTable(table.ttl, table.last_revision, dict(table.entries))
