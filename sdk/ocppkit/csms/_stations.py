"""The registry of live stations: one line from a web application to a charger."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final, TypeAlias, TypeVar, overload
from weakref import ref

from msgspec import Struct

from ocppkit.core import ConnectionClosed, Protocol, WrongVersion

from ._handle import StationHandle
from ._refusals import StationRefused

__all__ = [
    "StationAccepted",
    "StationConnected",
    "StationDisconnected",
    "StationEvent",
    "Stations",
]

H = TypeVar("H", bound=StationHandle)


class StationConnected(Struct, frozen=True):
    """A station has connected; whether it is registered, `station.accepted` says."""

    station: StationHandle


class StationAccepted(Struct, frozen=True):
    """A station's boot was accepted."""

    station: StationHandle


class StationDisconnected(Struct, frozen=True):
    """A station's connection has ended."""

    station: StationHandle
    end: ConnectionClosed

    replaced: bool
    """Whether the station had another connection already: it is still there."""


StationEvent: TypeAlias = StationAccepted | StationConnected | StationDisconnected | StationRefused


class _Subscription(AsyncIterator[StationEvent]):
    """Events for one listener. One that does not listen loses the oldest, and costs no more."""

    _LIMIT: Final = 1024

    def __init__(self) -> None:
        self._events: deque[StationEvent] = deque(maxlen=self._LIMIT)
        self._waiter: asyncio.Future[None] | None = None

    def push(self, event: StationEvent) -> None:
        self._events.append(event)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def __anext__(self) -> StationEvent:
        while not self._events:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._events.popleft()


class Stations:
    """The stations that are connected now, by identity.

    Given a version's class as second argument, a look-up returns the typed handle; without, the
    untyped base, which `isinstance` narrows.
    """

    _REMEMBERED: Final = 1 << 17
    """Identities known to be registered; they outlive the connection, as a registration does."""

    def __init__(self) -> None:
        self._live: dict[str, StationHandle] = {}
        self._folded: dict[str, str] = {}
        self._accepted: OrderedDict[str, None] = OrderedDict()
        self._waiters: dict[str, set[asyncio.Future[None]]] = {}
        self._subscriptions: set[ref[_Subscription]] = set()

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
        found = self._find(identity)
        return None if found is None else _typed(found, handle)

    @overload
    async def wait(self, identity: str) -> StationHandle: ...
    @overload
    async def wait(self, identity: str, handle: type[H]) -> H: ...
    async def wait(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle:
        """Waits until a station is connected and its boot was accepted, and returns its handle.

        It waits for ever; `asyncio.timeout` sets a limit.

        Raises:
            WrongVersion: the station speaks another version than `handle` is for.
        """
        return _typed(await self._until(identity, lambda station: station.accepted), handle)

    @overload
    async def wait_connected(self, identity: str) -> StationHandle: ...
    @overload
    async def wait_connected(self, identity: str, handle: type[H]) -> H: ...
    async def wait_connected(
        self, identity: str, handle: type[StationHandle] = StationHandle
    ) -> StationHandle:
        """Waits until a station is connected, registered or not, and returns its handle.

        It waits for ever; `asyncio.timeout` sets a limit.

        Raises:
            WrongVersion: the station speaks another version than `handle` is for.
        """
        return _typed(await self._until(identity, lambda _: True), handle)

    def events(self) -> AsyncIterator[StationEvent]:
        """Returns the coming and going of stations from now on, for `async for`.

        A listener that falls more than a thousand events behind loses the oldest.
        """
        subscription = _Subscription()
        # No `WeakSet`: to go through an empty one, as each boot does, costs as much as a heartbeat.
        self._subscriptions.add(ref(subscription, self._subscriptions.discard))
        return subscription

    def __iter__(self) -> Iterator[StationHandle]:
        return iter(list(self._live.values()))

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, identity: object) -> bool:
        return isinstance(identity, str) and self._find(identity) is not None

    # What sessions call.

    def is_accepted(self, identity: str) -> bool:
        """Whether a boot of this station was accepted before."""
        return identity in self._accepted

    def spelling(self, identity: str, protocol: Protocol | None) -> str:
        """Returns an identity as the live station spells it that it means. # CON-06"""
        if protocol is None or not protocol.identity_ignores_case or identity in self._live:
            return identity
        return self._folded.get(identity.casefold(), identity)

    def refused(self, refusal: StationRefused) -> None:
        """Tells the listeners of a refused connection."""
        self._publish(refusal)

    def enter(self, station: StationHandle) -> StationHandle | None:
        """Enters a new connection, and returns the one that it replaces."""
        replaced = self._live.get(station.identity)
        self._live[station.identity] = station
        if station.protocol.identity_ignores_case:
            self._folded[station.identity.casefold()] = station.identity
        self._tell(StationConnected(station))
        return replaced

    def registered(self, station: StationHandle) -> None:
        """Notes how the boot of a station was answered."""
        self._accepted.pop(station.identity, None)
        if station.accepted:
            self._accepted[station.identity] = None
            if len(self._accepted) > self._REMEMBERED:
                self._accepted.popitem(last=False)
            self._tell(StationAccepted(station))

    def leave(self, station: StationHandle, end: ConnectionClosed) -> None:
        """Takes a connection out, unless a newer one has its place."""
        replaced = self._live.get(station.identity) is not station
        if not replaced:
            del self._live[station.identity]
            self._folded.pop(station.identity.casefold(), None)
        self._tell(StationDisconnected(station, end, replaced))

    async def _until(self, identity: str, ready: Callable[[StationHandle], bool]) -> StationHandle:
        key = identity.casefold()
        while (found := self._find(identity)) is None or not ready(found):
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

    def _find(self, identity: str) -> StationHandle | None:
        found = self._live.get(identity)
        if found is None:
            found = self._live.get(self._folded.get(identity.casefold(), identity))
        return found

    def _tell(self, event: StationAccepted | StationConnected | StationDisconnected) -> None:
        self._publish(event)
        for waiter in self._waiters.get(event.station.identity.casefold(), ()):
            if not waiter.done():
                waiter.set_result(None)

    def _publish(self, event: StationEvent) -> None:
        for listening in tuple(self._subscriptions):
            subscription = listening()
            if subscription is not None:
                subscription.push(event)


def _typed(found: StationHandle, handle: type[H]) -> H:
    if not isinstance(found, handle):
        raise WrongVersion(
            f"{found.identity!r} speaks OCPP {found.protocol.version}, "
            f"which {handle.__module__}.{handle.__qualname__} is not for"
        )
    return found
