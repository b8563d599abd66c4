"""The registry of the stations of all processes, as `Csms.stations` is the one of one process."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar, overload

from ocppkit.aio.lowlevel import loggable
from ocppkit.csms import (
    StationAccepted,
    StationChange,
    StationConnected,
    StationDisconnected,
    StationHandle,
    StationLookup,
)

from ._bus import Bus
from ._keys import key_of
from ._remote_peer import REPLACED, Ends, end_of
from ._replica import Replica
from ._values import Presence

__all__ = ["FleetDirectory", "FleetStations", "MakeHandle"]

logger = logging.getLogger("ocppkit.fleet")

H = TypeVar("H", bound=StationHandle)

MakeHandle = Callable[[Presence, type[StationHandle]], StationHandle | None]
"""Makes the handle of a connection; `None` if its version is not known."""


class FleetDirectory:
    """The handles of all stations, made of the records: a `DirectoryView`."""

    def __init__(self, make: MakeHandle, bus: Bus, replica: Replica, ends: Ends) -> None:
        self.local: Callable[[str], StationHandle | None] = lambda _: None
        """Returns the handle of a station that is connected to this process, by its identity."""

        self._make = make
        self._bus = bus
        self._replica = replica
        self._ends = ends
        self._handles: dict[str, tuple[tuple[str, int], StationHandle]] = {}
        self._unknown: set[str] = set()
        self._listeners: list[Callable[[StationChange], None]] = []
        self.woken: list[Callable[[str], None]] = []
        """Called with the identity of each station whose record has changed."""

        replica.when_connected.append(self._changed)

    def find(
        self, identity: str, kind: type[StationHandle] = StationHandle
    ) -> StationHandle | None:
        """Returns the handle of a connected station."""
        known = self._replica.find(identity)
        if known is not None and known.connected:
            return self._handle(known.presence, kind)
        # A connection that began while the bus is down has no record yet.
        return None if self._bus.up else self.local(identity)

    def stations(self) -> Iterable[StationHandle]:
        """Returns the handles of all connected stations."""
        handles = (self._handle(each, StationHandle) for each in self._replica.connections())
        return [each for each in handles if each is not None]

    def watch(self, listener: Callable[[StationChange], None]) -> None:
        """Calls the listener with every change from now on."""
        self._listeners.append(listener)

    def _handle(self, presence: Presence, kind: type[StationHandle]) -> StationHandle | None:
        key, handle = self._handles.get(presence.identity, (None, None))
        if handle is not None and key == presence.key:
            return handle
        handle = self._make(presence, kind)
        if handle is not None:
            self._handles[presence.identity] = (presence.key, handle)
        elif presence.subprotocol not in self._unknown:
            self._unknown.add(presence.subprotocol)
            logger.warning(
                "stations that speak %s are left out [pass its PROTOCOL to Fleet]",
                loggable(presence.subprotocol),
            )
        return handle

    def _changed(self, before: Presence | None, now: Presence | None) -> None:
        old = None if before is None else self._handle(before, StationHandle)
        if before is not None and now is not None and before.key == now.key:
            if old is not None and old.accepted and now.boot != before.boot:
                self._tell(StationAccepted(old))
        else:
            # In the order in which one process tells it: first the new connection.
            self._began(now)
            self._ended(before, old, replaced=now is not None)
        present = now or before
        if present is not None:
            for woken in self.woken:
                woken(present.identity)

    def _began(self, now: Presence | None) -> None:
        new = None if now is None else self._handle(now, StationHandle)
        if new is not None:
            self._tell(StationConnected(new))
            if new.accepted:
                self._tell(StationAccepted(new))

    def _ended(self, before: Presence | None, old: StationHandle | None, *, replaced: bool) -> None:
        if before is None:
            return
        end = REPLACED if replaced else end_of(before, self._replica)
        self._ends.tell(before, end)
        if not replaced:
            self._handles.pop(before.identity, None)
        if old is not None:
            self._tell(StationDisconnected(old, end.error(), replaced=replaced))

    def _tell(self, change: StationChange) -> None:
        for listener in self._listeners:
            try:
                listener(change)
            except Exception:
                logger.exception(
                    "%s: a listener of station changes failed [the other listeners are called]",
                    loggable(change.station.identity),
                )


class FleetStations(StationLookup):
    """The stations that are connected to any process of the fleet now, by identity.

    It is a `StationsView`, as `Csms.stations` is. What it tells is a copy of the common records, which
    may be a moment old; `find` asks. Handles reach their stations through the nodes that have them.
    """

    def __init__(self, directory: FleetDirectory, replica: Replica) -> None:
        super().__init__(directory)
        self._directory = directory
        self._replica = replica
        directory.woken.append(self._wake_waiters)

    @overload
    async def find(self, identity: str) -> StationHandle | None: ...
    @overload
    async def find(self, identity: str, handle: type[H]) -> H | None: ...
    async def find(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle | None:
        """Returns the handle of a connected station, or `None`, after reading its record from the bus.

        Raises:
            BusDown: the bus cannot be asked.
            WrongVersion: the station speaks another version than `handle` is for.
        """
        known = self._replica.find(identity)
        key = key_of(identity if known is None else known.presence.identity)
        entry = await self._replica.stations_table.get(key)
        if entry is not None:
            self._replica.learn(entry)
        return self.get(identity, handle)

    def last_seen(self, identity: str) -> datetime | None:
        """Returns when a station was seen last: when it connected or, if it is gone, when it went.

        `None` stands for a station that has never been connected to this fleet.
        """
        known = self._replica.find(identity)
        return None if known is None else known.presence.seen

    def _find(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle | None:
        return self._directory.find(identity, handle)
