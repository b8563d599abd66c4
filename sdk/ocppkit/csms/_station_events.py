"""What `stations.events()` tells, and the bounded stream that each listener has of it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final, TypeAlias

from msgspec import Struct

from ocppkit.core import ConnectionClosed

from ._handle import StationHandle
from ._refused_stations import StationRefused

__all__ = [
    "Missed",
    "StationAccepted",
    "StationChange",
    "StationConnected",
    "StationDisconnected",
    "StationEvent",
    "Subscription",
]


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


class Missed(Struct, frozen=True):
    """The listener was too slow, and events were dropped: whoever keeps a list takes this one."""

    count: int
    """How many events were dropped."""

    stations: tuple[StationHandle, ...]
    """The stations that are connected now. The events that follow came after that."""


StationChange: TypeAlias = StationAccepted | StationConnected | StationDisconnected
"""The coming and going of one station."""

StationEvent: TypeAlias = StationChange | StationRefused | Missed


class Subscription(AsyncIterator[StationEvent]):
    """The events of one listener.

    It holds a bounded number of them. When there are more, all are dropped, and the listener gets
    `Missed` with their number and the present stations.
    """

    LIMIT: Final = 1024

    def __init__(self, present: Callable[[], tuple[StationHandle, ...]]) -> None:
        """Takes what returns the stations that are connected now."""
        self._present = present
        self._events: deque[StationChange | StationRefused] = deque()
        self._missed = 0
        self._waiters: list[asyncio.Future[None]] = []

    def push(self, event: StationChange | StationRefused) -> None:
        """Takes an event."""
        if self._missed or len(self._events) >= self.LIMIT:
            self._missed += len(self._events) + 1
            self._events.clear()
        else:
            self._events.append(event)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def __anext__(self) -> StationEvent:
        while not self._events and not self._missed:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        if self._missed:
            missed, self._missed = self._missed, 0
            return Missed(missed, self._present())
        return self._events.popleft()
