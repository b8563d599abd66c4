"""`MemoryBus`: a bus within one process, for programs of one process, tests and simulations."""

import asyncio
from collections.abc import Callable
from typing import Self, TypeVar

from ._bus import (
    BusDown,
    BusError,
    BusMessage,
    BusSubscription,
    BusTable,
    NotAcknowledged,
    TableEntry,
    TableWatcher,
)
from ._bus_callbacks import deliver, tell_listeners
from ._memory_broker import MemoryBroker, WatchedTable

__all__ = ["MemoryBus", "MemorySubscription"]

T = TypeVar("T")


class MemoryBus:
    """A bus within one process. Those that have the same broker reach each other."""

    def __init__(self, broker: MemoryBroker | None = None, name: str = "") -> None:
        """Connects to nothing yet.

        Args:
            broker: what all buses are connected to; one for this bus alone by default.
            name: what the broker knows it by; the latest bus of a name is the one that it disturbs.
        """
        self.name = name
        """What the broker knows it by."""

        self.linked: bool = False
        """Whether anything passes; a cut that is not noticed yet leaves the bus `up`."""

        self.link_number: int = 0
        """Changes whenever the link is cut or there again: what was under way before is lost."""

        self._broker = broker or MemoryBroker()
        self._broker.add(self)
        self._up = False
        self._entered = False
        self._ended = False
        self._subscriptions: list[MemorySubscription] = []
        self._watches: list[WatchedTable] = []
        self._listeners: list[Callable[[bool], None]] = []

    @property
    def up(self) -> bool:
        """Whether the bus can be reached, as far as this process knows."""
        return self._up

    def listen(self, listener: Callable[[bool], None]) -> None:
        """Registers a listener, which is told when the bus is lost and when it is back."""
        self._listeners.append(listener)

    async def __aenter__(self) -> Self:
        """Connects."""
        self._entered = True
        if not self._broker.stopped:
            self.link()
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Disconnects."""
        self.end()

    async def publish(self, subject: str, data: bytes, reply: str = "") -> None:
        """Sends a message."""
        self._check()
        if len(data) > self._broker.message_bytes:
            raise BusError(
                f"{len(data)} bytes for {subject}: the bus takes {self._broker.message_bytes}"
            )
        message = BusMessage(subject, data, reply)
        if self.linked and not self._broker.is_lost(self._broker.loses_messages):
            link = self.link_number
            self._broker.carry((self, subject), lambda: self._spread(message, link))

    async def subscribe(
        self, subject: str, deliver: Callable[[BusMessage], None], queue: str = ""
    ) -> BusSubscription:
        """Subscribes to the messages of a subject."""
        subscription = MemorySubscription(self, self._broker, subject, deliver, queue)
        self._subscriptions.append(subscription)
        if self.linked:
            self._broker.subscribe(subscription)
        return subscription

    def table(self, name: str, *, ttl: float = 0.0) -> BusTable:
        """Returns a table."""
        return _MemoryTable(self, self._broker, name, ttl)

    # What the broker and the tables call.

    def link(self) -> None:
        """Lets everything pass."""
        if self.linked or not self._entered or self._ended:
            return
        self.lose(self.link_number)
        self.link_number += 1
        self.linked = self._up = True
        for subscription in self._subscriptions:
            self._broker.subscribe(subscription)
        tell_listeners(self._listeners, self._up)
        for watch in tuple(self._watches):
            self._broker.watch(watch)

    def is_on(self, link: int) -> bool:
        """Returns whether what was sent over a link, by its number, still arrives."""
        return self.linked and self.link_number == link

    def unlink(self) -> int:
        """Lets nothing pass, and returns the number of this cut."""
        self.linked = False
        self.link_number += 1
        return self.link_number

    def lose(self, cut: int) -> None:
        """Notices a cut, unless it is over."""
        if cut != self.link_number or not self._up:
            return
        self._up = False
        for subscription in self._subscriptions:
            self._broker.unsubscribe(subscription)
        tell_listeners(self._listeners, self._up)

    def end(self) -> None:
        """Ends the bus for ever."""
        self._ended = True
        self._listeners.clear()
        self.lose(self.unlink())
        for watch in self._watches:
            self._broker.unwatch(watch)

    def forget(self, subscription: "MemorySubscription") -> None:
        """Removes a subscription."""
        self._subscriptions.remove(subscription)
        self._broker.unsubscribe(subscription)

    def watch(self, table: str, watcher: TableWatcher) -> "_MemoryWatch":
        """Begins a watch."""
        watch = WatchedTable(self, table, watcher)
        self._watches.append(watch)
        if self.linked:
            self._broker.watch(watch)
        return _MemoryWatch(self, watch)

    def unwatch(self, watch: WatchedTable) -> None:
        """Ends a watch."""
        self._watches.remove(watch)
        self._broker.unwatch(watch)

    async def request(self, act: Callable[[], T]) -> T:
        """Runs a function on the table at the broker, and waits for its acknowledgement."""
        self._check()
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        link = self.link_number

        def acknowledge(result: T, error: BusError | None) -> None:
            if done.done() or not self.is_on(link):
                return
            if error is None:
                done.set_result(result)
            else:
                done.set_exception(error)

        def arrive() -> None:
            if not self.is_on(link):
                return
            result, error = None, None
            try:
                result = act()
            except BusError as problem:
                error = problem
            if not self._broker.is_lost(self._broker.loses_acknowledgements):
                self._broker.carry(self, lambda: acknowledge(result, error))  # type: ignore[arg-type]

        def give_up() -> None:
            if not done.done():
                done.set_exception(NotAcknowledged("the bus does not answer"))

        if self.linked:
            self._broker.carry(self, arrive)
        timer = self._broker.later(self._broker.patience, give_up)
        try:
            return await done
        finally:
            timer.cancel()

    def _check(self) -> None:
        if not self._up:
            raise BusDown("the bus is down")

    def _spread(self, message: BusMessage, link: int) -> None:
        if not self.is_on(link):
            return
        subscriptions = self._broker.subscribers(message.subject)
        for each in subscriptions:
            each.take(message)
        if not subscriptions and message.reply:
            notice = BusMessage(message.reply, b"", nobody=True)
            for each in self._broker.subscribers(message.reply):
                each.take(notice)


class MemorySubscription:
    """A subscription at the broker."""

    def __init__(
        self,
        bus: MemoryBus,
        broker: MemoryBroker,
        subject: str,
        deliver: Callable[[BusMessage], None],
        queue: str,
    ) -> None:
        self.subject = subject
        """What is subscribed to."""

        self.queue = queue
        """With whom the messages are shared."""

        self._bus = bus
        self._broker = broker
        self._deliver: Callable[[BusMessage], None] | None = deliver

    def take(self, message: BusMessage) -> None:
        """Delivers a message when it has arrived."""
        link = self._bus.link_number

        def arrive() -> None:
            if self._deliver is not None and self._bus.is_on(link):
                deliver(self._deliver, message)

        self._broker.carry((self, message.subject), arrive)

    async def stop(self) -> None:
        """Ends the subscription."""
        if self._deliver is not None:
            self._deliver = None
            self._bus.forget(self)


class _MemoryWatch:
    def __init__(self, bus: MemoryBus, watch: WatchedTable) -> None:
        self._bus = bus
        self._watch = watch

    async def stop(self) -> None:
        if not self._watch.stopped:
            self._bus.unwatch(self._watch)


class _MemoryTable:
    def __init__(self, bus: MemoryBus, broker: MemoryBroker, name: str, ttl: float) -> None:
        self._bus = bus
        self._broker = broker
        self._name = name
        self._ttl = ttl

    async def get(self, key: str) -> TableEntry | None:
        entry = await self._bus.request(lambda: self._read(key))
        return None if entry is None or entry.value is None else entry

    async def put(self, key: str, value: bytes) -> int:
        return await self._bus.request(lambda: self._write(key, value, None))

    async def update(self, key: str, value: bytes, revision: int) -> int:
        return await self._bus.request(lambda: self._write(key, value, revision))

    async def delete(self, key: str) -> None:
        await self._bus.request(lambda: self._write(key, None, None))

    async def watch(self, watcher: TableWatcher) -> BusSubscription:
        self._broker.create(self._name, self._ttl)
        return self._bus.watch(self._name, watcher)

    def _read(self, key: str) -> TableEntry | None:
        self._broker.create(self._name, self._ttl)
        return self._broker.read(self._name, key)

    def _write(self, key: str, value: bytes | None, revision: int | None) -> int:
        self._broker.create(self._name, self._ttl)
        return self._broker.write(self._name, key, value, revision)
