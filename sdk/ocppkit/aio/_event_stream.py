"""Events for any number of listeners, each of which reads them with `async for` at its own pace."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final, Generic, TypeVar
from weakref import ref

__all__ = ["EventStream", "EventStreams"]

E = TypeVar("E")


class EventStream(AsyncIterator[E], Generic[E]):
    """The events for one listener; one that falls too far behind loses the oldest."""

    LIMIT: Final = 1024
    """Events that wait for a listener."""

    def __init__(self) -> None:
        self._events: deque[E] = deque(maxlen=self.LIMIT)
        self._waiter: asyncio.Future[None] | None = None

    def push(self, event: E) -> None:
        """Adds an event."""
        self._events.append(event)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def __anext__(self) -> E:
        while not self._events:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._events.popleft()


class EventStreams(Generic[E]):
    """Hands each event to all listeners. One that is no longer referred to is forgotten."""

    def __init__(self) -> None:
        self.streams: set[ref[EventStream[E]]] = set()
        """The listeners: empty if nobody listens, so that no event has to be made."""

    def open(self) -> EventStream[E]:
        """Returns the events from now on."""
        stream: EventStream[E] = EventStream()
        self.streams.add(ref(stream, self.streams.discard))
        return stream

    def tell(self, event: E) -> None:
        """Hands an event to all listeners."""
        for reference in tuple(self.streams):
            stream = reference()
            if stream is not None:
                stream.push(event)
