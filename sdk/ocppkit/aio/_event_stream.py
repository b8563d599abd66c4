"""Event streams: any number of listeners read events with `async for`, each at its own pace."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final, Generic, TypeVar
from weakref import ref

__all__ = ["EventStream", "EventStreams"]

E = TypeVar("E")


class EventStream(AsyncIterator[E], Generic[E]):
    """The events for one listener. If several tasks read it, each event goes to one of them.

    It holds a bounded number of events. When there are more, all are dropped, and the listener gets
    one event that tells how many, and then what follows.
    """

    LIMIT: Final = 1024
    """Events that wait for a listener."""

    def __init__(self, missed: Callable[[int], E]) -> None:
        """Starts without events.

        Args:
            missed: makes the event that tells how many were dropped.
        """
        self._missed_event = missed
        self._events: deque[E] = deque()
        self._missed = 0
        # One future for each task that waits: a shared one would be cancelled with the first of them.
        self._waiters: dict[asyncio.Future[None], None] = {}

    def push(self, event: E) -> None:
        """Adds an event."""
        if self._missed or len(self._events) >= self.LIMIT:
            self._missed += len(self._events) + 1
            self._events.clear()
        else:
            self._events.append(event)
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def next_event(self) -> E | None:
        """Returns the next event, or `None` if there is none yet."""
        if self._missed:
            event = self._missed_event(self._missed)
            # Not before: if making the event has failed, the next one tells of these too.
            self._missed = 0
            return event
        return self._events.popleft() if self._events else None

    async def __anext__(self) -> E:
        while (event := self.next_event()) is None:
            await self._wait()
        return event

    async def _wait(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = None
        try:
            await waiter
        finally:
            del self._waiters[waiter]


class EventStreams(Generic[E]):
    """Passes each event to all listeners. One that is no longer referred to is forgotten."""

    def __init__(self, missed: Callable[[int], E]) -> None:
        """Starts without listeners.

        Args:
            missed: makes the event for a listener that was too slow, of the number of dropped events.
        """
        self._missed_event = missed
        # No `WeakSet`: to go through an empty one costs as much as a heartbeat. A dictionary keeps
        # the order, so listeners are told in the order in which they came.
        self.streams: dict[ref[EventStream[E]], None] = {}
        """The listeners: empty if nobody listens, so that no event has to be made."""

    def open(self) -> EventStream[E]:
        """Returns a stream of the events from now on."""
        stream = EventStream(self._missed_event)
        self.streams[ref(stream, self._forget)] = None
        return stream

    def publish(self, event: E) -> None:
        """Passes an event to all listeners."""
        for reference in tuple(self.streams):
            stream = reference()
            if stream is not None:
                stream.push(event)

    def _forget(self, reference: ref[EventStream[E]]) -> None:
        self.streams.pop(reference, None)
