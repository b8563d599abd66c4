"""The directory of connected stations of a CSMS: the interface, and an implementation in memory."""

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from ocppkit.aio.lowlevel import loggable
from ocppkit.core import ConnectionClosed

from ._handle import StationHandle
from ._station_events import (
    StationAccepted,
    StationChange,
    StationConnected,
    StationDisconnected,
)

__all__ = ["Directory", "DirectoryView", "MemoryDirectory"]

logger = logging.getLogger("ocppkit.csms")


class DirectoryView(Protocol):
    """The interface to read the handles of connected stations."""

    def find(self, identity: str) -> StationHandle | None:
        """Returns the handle of a connected station, or `None`; in OCPP 2.x the case of the
        identity does not matter.
        """
        ...

    def stations(self) -> Iterable[StationHandle]:
        """Returns the handles of all connected stations."""
        ...

    def watch(self, listener: Callable[[StationChange], None]) -> None:
        """Calls the listener with every change from now on, in order."""
        ...


class Directory(DirectoryView, Protocol):
    """The interface of a directory, which holds the handles of all connected stations.

    One CSMS keeps its own in memory. A directory that several processes share may also find stations
    of others, whose handles reach them over a peer that is not a connection of this process. It
    learns that a station has a newer connection in another process; then it calls `close_replaced`
    of the handle here, and tells its listeners of `StationDisconnected` with `replaced`.

    What is remembered of a station that is not connected is no concern of the directory: how its last
    boot was answered is in `Registrations`.

    The methods may not block. One that raises ends no connection: the error is logged.
    """

    def enter(self, station: StationHandle) -> StationHandle | None:
        """Adds a station, and returns the handle that it replaces: an older connection of the same
        identity.
        """
        ...

    def updated(self, station: StationHandle) -> None:
        """Notes that `station.status` or `station.served` has changed."""
        ...

    def leave(self, station: StationHandle, end: ConnectionClosed) -> None:
        """Removes a station whose connection ended, unless a newer connection has replaced it."""
        ...

    def replace(self, station: StationHandle) -> None:
        """Closes a connection because its station has a newer one in another process."""
        ...


class MemoryDirectory:
    """A directory that is kept in the memory of one process."""

    def __init__(self) -> None:
        self._live: dict[str, StationHandle] = {}
        self._folded: dict[str, str] = {}
        self._listeners: list[Callable[[StationChange], None]] = []

    def enter(self, station: StationHandle) -> StationHandle | None:
        """Adds a station, and returns the handle that it replaces."""
        replaced = self._live.get(station.identity)
        self._live[station.identity] = station
        if station.protocol.identity_ignores_case:
            self._folded[station.identity.casefold()] = station.identity
        self._notify_listeners(StationConnected(station))
        return replaced

    def updated(self, station: StationHandle) -> None:
        """Tells the listeners if the station's boot was accepted."""
        if station.accepted:
            self._notify_listeners(StationAccepted(station))

    def leave(self, station: StationHandle, end: ConnectionClosed) -> None:
        """Removes a station, unless a newer connection has replaced it."""
        gone = self._forget(station)
        self._notify_listeners(StationDisconnected(station, end, replaced=not gone))

    def replace(self, station: StationHandle) -> None:
        """Closes a connection because its station has a newer one in another process.

        The station is not found here from now on. Listeners are told by `StationDisconnected` with
        `replaced` when the connection has ended.
        """
        self._forget(station)
        station.close_replaced()

    def find(self, identity: str) -> StationHandle | None:
        """Returns the handle of a connected station, or `None`. # CON-06"""
        found = self._live.get(identity)
        if found is None and self._folded:
            found = self._live.get(self._folded.get(identity.casefold(), identity))
        return found

    def stations(self) -> Iterable[StationHandle]:
        """Returns the handles of all connected stations."""
        return self._live.values()

    def watch(self, listener: Callable[[StationChange], None]) -> None:
        """Calls the listener with every change from now on."""
        self._listeners.append(listener)

    def _forget(self, station: StationHandle) -> bool:
        """Removes a connection; returns whether it was the station's latest."""
        if self._live.get(station.identity) is not station:
            return False
        del self._live[station.identity]
        folded = station.identity.casefold()
        if self._folded.get(folded) == station.identity:
            del self._folded[folded]
        return True

    def _notify_listeners(self, change: StationChange) -> None:
        for listener in self._listeners:
            try:
                listener(change)
            except Exception:
                # Neither the other listeners nor the station may suffer from it.
                logger.exception(
                    "%s: a listener of the directory raised an exception [the other listeners "
                    "are called all the same]",
                    loggable(change.station.identity),
                )
