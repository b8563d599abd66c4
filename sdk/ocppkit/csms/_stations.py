"""The registry through which a program finds the stations that are connected."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, TypeVar, overload
from typing import Protocol as Interface

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import EventStreams, loggable
from ocppkit.core import ConnectionClosed, Protocol, WrongVersion

from ._directory import Directory, DirectoryView
from ._handle import StationHandle
from ._refused_stations import StationRefused
from ._station_events import StationChange, StationEvent, StationEventsMissed

__all__ = ["StationLookup", "Stations", "StationsFollower"]

logger = logging.getLogger("ocppkit.csms")

_FAILED: Final = (
    "%s: the directory failed, so csms.stations may be wrong about this station "
    "[see the error of the directory; the connection lives]"
)

H = TypeVar("H", bound=StationHandle)


class StationsFollower(Interface):
    """The interface of an object that is told of the connections of one process."""

    def entered(self, station: StationHandle) -> None:
        """Called when a station has connected."""
        ...

    def updated(self, station: StationHandle) -> None:
        """Called when `status` or `served` of a station has changed."""
        ...

    def left(self, station: StationHandle, end: ConnectionClosed) -> None:
        """Called when a connection has ended."""
        ...


class StationLookup:
    """Finds the stations of a directory, by identity.

    Given a version's class as second argument, a look-up returns the typed handle; without, the
    untyped base, which `isinstance` narrows.
    """

    def __init__(self, directory: DirectoryView) -> None:
        """Starts without listeners.

        Args:
            directory: has the handles.
        """
        self._view = directory
        self._waiters: dict[str, set[asyncio.Future[None]]] = {}
        self._events: EventStreams[StationEvent] = EventStreams(
            lambda count: StationEventsMissed(count, self._all_connected())
        )
        directory.watch(self._on_change)

    @overload
    def get(self, identity: str) -> StationHandle | None: ...
    @overload
    def get(self, identity: str, handle: type[H]) -> H | None: ...
    def get(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle | None:
        """Returns the handle of a connected station, or `None`.

        Args:
            identity: the station.
            handle: the class that the handle must have, for a typed result.

        Raises:
            WrongVersion: the station speaks another version than `handle` is for.
        """
        found = self._find(identity, handle)
        return None if found is None else _checked_handle(found, handle)

    @overload
    async def find(self, identity: str) -> StationHandle | None: ...
    @overload
    async def find(self, identity: str, handle: type[H]) -> H | None: ...
    async def find(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle | None:
        """Returns the handle of a connected station, like `get`.

        It is here for functions that take a `StationsView`.

        Raises:
            WrongVersion: the station speaks another version than `handle` is for.
        """
        return self.get(identity, handle)

    @overload
    async def wait(self, identity: str) -> StationHandle: ...
    @overload
    async def wait(self, identity: str, handle: type[H]) -> H: ...
    async def wait(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle:
        """Waits until a station is connected and its boot was accepted; returns its handle.

        A station of whose boot nothing is known but which is served all the same (`unknown=`), is
        returned after its first message.

        It waits for ever; `asyncio.timeout` sets a limit.

        Raises:
            WrongVersion: the station speaks another version than `handle` is for.
        """
        return _checked_handle(
            await self._wait_until(identity, handle, lambda station: station.served), handle
        )

    @overload
    async def wait_connected(self, identity: str) -> StationHandle: ...
    @overload
    async def wait_connected(self, identity: str, handle: type[H]) -> H: ...
    async def wait_connected(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle:
        """Waits until a station is connected, whether or not its boot was accepted; returns its
        handle.

        It waits for ever; `asyncio.timeout` sets a limit.

        Raises:
            WrongVersion: the station speaks another version than `handle` is for.
        """
        return _checked_handle(await self._wait_until(identity, handle, lambda _: True), handle)

    def events(self) -> AsyncIterator[StationEvent]:
        """Returns an iterator for `async for` over stations that connect, boot and disconnect from
        now on.

        Nothing is lost silently: a listener that falls more than a thousand events behind gets
        `StationEventsMissed`, with their number and a list of the present stations, and then what follows.
        """
        return self._events.open()

    def __iter__(self) -> Iterator[StationHandle]:
        return iter(self._all_connected())

    def __len__(self) -> int:
        return len(self._all_connected())

    def __contains__(self, identity: object) -> bool:
        return isinstance(identity, str) and self._find(identity) is not None

    async def _wait_until(
        self,
        identity: str,
        handle: type[StationHandle],
        ready: Callable[[StationHandle], bool],
    ) -> StationHandle:
        key = identity.casefold()
        while (found := self._find(identity, handle)) is None or not ready(found):
            waiters = self._waiters.setdefault(key, set())
            waiter = asyncio.get_running_loop().create_future()
            waiters.add(waiter)
            try:
                await waiter
            finally:
                waiters.discard(waiter)
                if not waiters and self._waiters.get(key) is waiters:
                    del self._waiters[key]
        return found

    def _find(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle | None:
        del handle
        return self._view.find(identity)

    def _all_connected(self) -> tuple[StationHandle, ...]:
        return tuple(self._view.stations())

    def _on_change(self, change: StationChange) -> None:
        self._events.publish(change)
        self._wake_waiters(change.station.identity)

    def _wake_waiters(self, identity: str) -> None:
        for waiter in self._waiters.get(identity.casefold(), ()):
            if not waiter.done():
                waiter.set_result(None)


class Stations(StationLookup):
    """The stations that are connected to this process now, by identity; see `StationLookup`."""

    _SEEN: Final = 1 << 17
    """Stations that are gone of which it is known when they were last seen."""

    def __init__(
        self, directory: Directory, clock: Callable[[], Clock], wall_clock: Callable[[], datetime]
    ) -> None:
        super().__init__(directory)
        self._directory = directory
        self._clock_of_loop = clock
        self._clock: Clock | None = None
        self._wall_clock = wall_clock
        self._seen: OrderedDict[str, datetime] = OrderedDict()
        self._followers: list[StationsFollower] = []

    def last_seen(self, identity: str) -> datetime | None:
        """Returns when the last message of this station came in.

        Of a station that is gone it is when its last connection ended, of one that was never
        connected to this CSMS since the program started `None`.
        """
        station = self._find(identity)
        if station is None or self._clock is None:
            return self._seen.get(identity.casefold())
        silence = self._clock.time() - station.last_received
        return self._wall_clock() - timedelta(seconds=silence)

    # What sessions call.

    def spelling(self, identity: str, protocol: Protocol | None) -> str:
        """Returns the identity as the connected station spells it; case may differ. # CON-06

        If there is none, the identity is returned unchanged.
        """
        if protocol is None or not protocol.identity_ignores_case:
            return identity
        found = self.live(identity)
        return identity if found is None else found.identity

    def live(self, identity: str) -> StationHandle | None:
        """Returns the handle of a connected station, or `None`, also if the directory fails, which
        is logged.
        """
        try:
            return self._find(identity)
        except Exception:
            logger.exception(_FAILED, loggable(identity))
            return None

    def refused(self, refusal: StationRefused) -> None:
        """Tells the listeners that a connection was refused."""
        self._events.publish(refusal)

    def enter(self, station: StationHandle) -> StationHandle | None:
        """Adds a station that has connected, and returns the handle that it replaces."""
        self._clock = self._clock_of_loop()
        self._seen.pop(station.identity.casefold(), None)
        replaced = None
        try:
            replaced = self._directory.enter(station)
        except Exception:
            logger.exception(_FAILED, loggable(station.identity))
        for follower in self._followers:
            follower.entered(station)
        return replaced

    def updated(self, station: StationHandle) -> None:
        """Notes that `status` or `served` of a station has changed."""
        try:
            self._directory.updated(station)
        except Exception:
            logger.exception(_FAILED, loggable(station.identity))
        # The directory tells its listeners of accepted boots only.
        self._wake_waiters(station.identity)
        for follower in self._followers:
            follower.updated(station)

    def leave(self, station: StationHandle, end: ConnectionClosed) -> None:
        """Removes a station, unless a newer connection has replaced it."""
        # Also of one that a newer connection has replaced: that may be one of another process.
        self._seen[station.identity.casefold()] = self._wall_clock()
        if len(self._seen) > self._SEEN:
            self._seen.popitem(last=False)
        try:
            self._directory.leave(station, end)
        except Exception:
            logger.exception(_FAILED, loggable(station.identity))
        for follower in self._followers:
            follower.left(station, end)

    # What a node of a fleet calls.

    def follow(self, follower: StationsFollower) -> None:
        """Tells a follower about all connections from now on."""
        self._followers.append(follower)

    def replace(self, station: StationHandle) -> None:
        """Closes a connection because its station has a newer one in another process."""
        self._directory.replace(station)


def _checked_handle(found: StationHandle, handle: type[H]) -> H:
    if not isinstance(found, handle):
        raise WrongVersion(
            f"{found.identity!r} speaks OCPP {found.protocol.version}, "
            f"but {handle.__module__}.{handle.__qualname__} is for another version"
        )
    return found
