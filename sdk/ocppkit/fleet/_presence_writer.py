"""Writes the records of the stations that are connected to this node.

Theory of operation: a new connection *claims* its record: it is written over whatever is there, as the
newest connection wins. The revision of that write is the connection's own from then on. Everything
later (the boot, the end) replaces that very revision only, so a connection that has lost its
record can change nothing of the newer one, and closes. A write whose acknowledgement was lost looks
as if another had written: the record is read, and if it is the connection's own, its revision is taken.

One task at a time writes for an identity, with what is true when its turn comes. Failures are tried
again, more slowly each time, and at once when the bus is back. A record of a newer format is left alone.
"""

import asyncio
import logging
import math
from collections.abc import Callable
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import loggable, start_task, wait_until
from ocppkit.core import ConnectionClosed
from ocppkit.csms import StationRecord

from ._bus import Bus, BusError, NewerRevision, NotAcknowledged, TableEntry
from ._held_connection import HeldConnection
from ._keys import key_of
from ._replica import KnownStation, Replica
from ._values import FORMAT, ConnectionEnd, Presence, write_value

__all__ = ["PresenceWriter"]

logger = logging.getLogger("ocppkit.fleet")

_AT_ONCE: Final = 64
"""Writes under way at a time."""

_TRIES: Final = 16
"""Attempts to claim a record that others write at the same time, before a pause."""

_FIRST_DELAY: Final = 0.1
_LAST_DELAY: Final = 5.0


class PresenceWriter:
    """Writes for one node."""

    def __init__(
        self,
        node: str,
        bus: Bus,
        replica: Replica,
        lost: Callable[[HeldConnection], None],
        clock: Callable[[], Clock],
    ) -> None:
        """Begins without connections.

        Args:
            node: the node's name.
            bus: tells whether writing makes sense.
            replica: knows the records.
            lost: called with a connection that has lost its record.
            clock: returns the clock.
        """
        self._node = node
        self._bus = bus
        self._replica = replica
        self._table = replica.stations_table
        self._when_lost = lost
        self._clock = clock
        self._held: dict[str, HeldConnection] = {}
        self._due: set[str] = set()
        self._ghosts: dict[str, KnownStation] = {}
        """Records to write of stations of which this node has no connection."""

        self._boots: dict[str, StationRecord] = {}
        self._writing: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._written: dict[str, list[asyncio.Future[None]]] = {}
        self._retry = asyncio.Event()
        self._running = False
        self.when_written: list[Callable[[str], None]] = []
        """Called with a station of which all that is true now is acknowledged."""

    # What the node holds.

    def held(self, identity: str) -> HeldConnection | None:
        """Returns the newest connection of a station to this node, until its end is written."""
        return self._held.get(identity)

    def enter(self, held: HeldConnection) -> None:
        """Begins to write for a new connection, in place of an older one of its station."""
        identity = held.station.identity
        before = self._held.get(identity)
        boot = self._boots.pop(identity, None)
        if before is not None and before.new_boot:
            boot = before.boot
        if boot is not None:
            held.boot, held.new_boot = boot, True
        self._held[identity] = held
        self.want(identity)

    def leave(self, held: HeldConnection, end: ConnectionClosed, when: datetime) -> None:
        """Writes that a connection has ended."""
        held.end, held.ended = ConnectionEnd(end.reason, end.by, end.code), when
        if self._held.get(held.station.identity) is held:
            self.want(held.station.identity)

    def want(self, identity: str) -> None:
        """Starts to write the record of a station, with what is true when it is written."""
        self._due.add(identity)
        if self._running and identity not in self._writing:
            # Noted first, as an eager task begins at once, and may end at once.
            self._writing.add(identity)
            task = start_task(self._keep_writing(identity))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def written(self, identity: str) -> None:
        """Waits until all that is true now of a station is acknowledged."""
        if identity in self._due or identity in self._writing:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._written.setdefault(identity, []).append(waiter)
            await waiter

    # Its life.

    def start(self) -> None:
        """Begins to write."""
        self._running = True
        for identity in list(self._due):
            self.want(identity)

    def try_again(self) -> None:
        """Tries at once what has failed: the bus is back."""
        self._retry.set()
        self._retry = asyncio.Event()

    def claim_again(self) -> None:
        """Claims all records again, because the bus now has a different store."""
        for identity, held in self._held.items():
            held.revision = 0
            self.want(identity)

    async def stop(self, seconds: float) -> None:
        """Waits for what is under way, but not longer than this, and ends."""
        self._running = False
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()

    # What records tell.

    def recorded(self, known: KnownStation) -> None:
        """Learns of a record: of a newer connection elsewhere, or of one here that is gone."""
        identity, presence = known.presence.identity, known.presence
        held = self._held.get(identity)
        if held is None:
            if presence.node == self._node and not known.unconfirmed:
                self.restore(known)
        elif held.revision == 0:
            # Its record had a newer format, perhaps; otherwise it is being written.
            self.want(identity)
        elif known.revision > held.revision and presence.key != held.key:
            if presence.node == self._node:
                # An older copy of the store was restored.
                held.revision = 0
                self.want(identity)
            else:
                self._lose(held)

    def erased(self, identity: str) -> None:
        """Learns that somebody has deleted the record of a station."""
        held = self._held.get(identity)
        if held is not None:
            held.revision = 0
            self.want(identity)

    def erase_ghosts(self) -> None:
        """Erases records that name connections which this node has not."""
        for known in self._replica.stations_of(self._node):
            self.restore(known)

    def restore(self, known: KnownStation) -> None:
        """Writes the record of a station that is not connected, if this node has no connection of it."""
        if known.presence.identity not in self._held:
            self._ghosts[known.presence.identity] = known
            self.want(known.presence.identity)

    # Writing.

    async def _keep_writing(self, identity: str) -> None:
        delay = _FIRST_DELAY
        try:
            while identity in self._due:
                self._due.discard(identity)
                try:
                    async with self._slots:
                        await self._write(identity)
                    delay = _FIRST_DELAY
                except BusError as error:
                    self._due.add(identity)
                    logger.info("%s: its record is not written yet: %s", loggable(identity), error)
                    # While the bus is down, only its return is waited for.
                    await self._pause(delay if self._bus.up else math.inf)
                    delay = min(2 * delay, _LAST_DELAY)
                except Exception:
                    # A fault of ours must not keep the station's record from being written later.
                    self._due.add(identity)
                    logger.exception(
                        "%s: writing the record of its connection failed [tried again in %.0f seconds]",
                        loggable(identity),
                        _LAST_DELAY,
                    )
                    await self._pause(_LAST_DELAY)
        finally:
            self._writing.discard(identity)
        held = self._held.get(identity)
        if held is None or held.revision:
            for listener in self.when_written:
                listener(identity)
        for waiter in self._written.pop(identity, ()):
            if not waiter.done():
                waiter.set_result(None)

    async def _pause(self, seconds: float) -> None:
        """Waits this long, or until `try_again` is called."""
        retry = self._retry
        if seconds == math.inf:
            await retry.wait()
            return
        clock = self._clock()
        woken = start_task(retry.wait())
        try:
            await wait_until(clock, clock.time() + seconds, woken)
        finally:
            woken.cancel()

    async def _write(self, identity: str) -> None:
        held = self._held.get(identity)
        if held is None:
            await self._write_what_is_left(identity)
        elif held.revision == 0:
            await self._claim(held)
        else:
            await self._update(held)

    async def _claim(self, held: HeldConnection) -> None:
        identity = held.station.identity
        key = key_of(identity)
        known = self._replica.record(identity)
        if held.doubtful or known is None or key in self._replica.newer:
            known = await self._read(key)
        base = None if known is None else known.presence.key
        for _ in range(_TRIES):
            if key in self._replica.newer:
                logger.warning("%s: its record has a newer format: left alone", loggable(identity))
                return
            if known is not None and _is_of(known, held):
                self._adopt(known, held)
                return
            if held.doubtful and known is not None and known.presence.key != base:
                self._lose(held)
                return
            if held.end is not None and not held.doubtful:
                # Nobody has heard of the connection.
                self._drop(held)
                return
            if known is not None:
                _take_boot(known, held)
            try:
                await self._put(held, _revision_of(known))
                return
            except NewerRevision:
                known = await self._read(key)
            except NotAcknowledged:
                held.doubtful = True
                raise
        raise NewerRevision(f"{key}: others write it all the time")

    async def _update(self, held: HeldConnection) -> None:
        try:
            await self._put(held, held.revision)
        except NewerRevision:
            known = await self._read(key_of(held.station.identity))
            if known is not None and _is_of(known, held):
                self._adopt(known, held)
            elif known is not None and known.presence.node:
                self._lose(held)
            else:
                held.revision = 0
                self._due.add(held.station.identity)

    async def _put(self, held: HeldConnection, revision: int) -> None:
        """Writes what is true now of a connection."""
        end = held.end
        presence = held.presence()
        entry = await self._store(presence, revision)
        held.revision, held.doubtful = entry.revision, False
        if held.boot is presence.boot:
            held.new_boot = False
        self._replica.learn(entry)
        if end is not None:
            self._drop(held)
        elif held.presence() != presence:
            self._due.add(presence.identity)

    async def _write_what_is_left(self, identity: str) -> None:
        """Writes for a station of which this node has no connection any more."""
        boot = self._boots.get(identity)
        if boot is not None:
            await self._write_boot(boot)
            if self._boots.get(identity) is boot:
                del self._boots[identity]
        ghost = self._ghosts.pop(identity, None)
        if ghost is not None:
            await self._write_ghost(ghost)

    async def _write_boot(self, boot: StationRecord) -> None:
        """Adds a boot to the record of a station, whoever has its connection now."""
        key = key_of(boot.identity)
        for _ in range(_TRIES):
            known = await self._read(key)
            if key in self._replica.newer:
                return
            presence = Presence(format=FORMAT, identity=boot.identity)
            if known is not None:
                presence = known.presence
                if presence.boot is not None and presence.boot.time >= boot.time:
                    return
            try:
                entry = await self._store(replace(presence, boot=boot), _revision_of(known))
            except NewerRevision:
                continue
            self._replica.learn(entry)
            return

    async def _write_ghost(self, known: KnownStation) -> None:
        presence = known.presence
        if presence.node and presence.node != self._node:
            return
        if presence.node:
            presence = replace(presence, node="", connection=0, served=False)
        try:
            self._replica.learn(await self._store(presence, known.revision))
        except NewerRevision:
            # Somebody has written a newer record.
            return
        except BusError:
            self._ghosts.setdefault(presence.identity, known)
            raise

    async def _store(self, presence: Presence, revision: int) -> TableEntry:
        """Writes a record in place of the one with this revision, and returns it as it is stored."""
        key, data = key_of(presence.identity), write_value(presence)
        return TableEntry(key, data, await self._table.update(key, data, revision))

    async def _read(self, key: str) -> KnownStation | None:
        entry = await self._table.get(key)
        return None if entry is None else self._replica.learn(entry)

    def _adopt(self, known: KnownStation, held: HeldConnection) -> None:
        """Takes over the record of a connection.

        The acknowledgement of an earlier write was lost, or another node has added a boot that it had
        answered.
        """
        _take_boot(known, held)
        held.revision, held.doubtful = known.revision, False
        self._due.add(held.station.identity)

    def _lose(self, held: HeldConnection) -> None:
        if not held.lost:
            held.lost = True
            self._drop(held)
            self._when_lost(held)

    def _drop(self, held: HeldConnection) -> None:
        identity = held.station.identity
        if self._held.get(identity) is held:
            del self._held[identity]
        if held.new_boot and held.boot is not None:
            # Others must know of the boot all the same.
            self._boots[identity] = held.boot
            self.want(identity)


def _revision_of(known: KnownStation | None) -> int:
    """Returns the revision that a write must replace."""
    return 0 if known is None else known.revision


def _is_of(known: KnownStation, held: HeldConnection) -> bool:
    """Returns whether the store has the record of this very connection."""
    return known.presence.key == held.key and not known.unconfirmed


def _take_boot(known: KnownStation, held: HeldConnection) -> None:
    """Keeps the boot of a record, unless the connection has a later one."""
    boot = known.presence.boot
    if boot is not None and (held.boot is None or held.boot.time < boot.time):
        held.boot, held.new_boot = boot, False
