"""`Bus`: what connects the processes of a fleet, by messages and by tables that they share.

Theory of operation: a message goes to everybody who has subscribed to its subject, at most once, and
is kept for nobody. A table keeps one value for each key. Every write gets a revision, a number that
grows, so a writer can say which value it wants to replace and is refused if there is another one by
now. Watchers are told all that a table holds, and then each change.

`MemoryBus` connects what runs in one process, `ocppkit.fleet.nats.NatsBus` the processes of many hosts.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, Self

from msgspec import Struct

from ocppkit.core import OcppError

__all__ = [
    "Bus",
    "BusDown",
    "BusError",
    "BusMessage",
    "BusNotAllowed",
    "BusSubscription",
    "BusTable",
    "NewerRevision",
    "NotAcknowledged",
    "TableEntry",
    "TableWatcher",
]


class BusError(OcppError):
    """The bus did not do what it was asked for."""


class BusDown(BusError):
    """The bus cannot be reached now; nothing was sent."""


class BusNotAllowed(BusError):
    """The account that this process uses on the bus has no right to do this."""


class NotAcknowledged(BusError):
    """A write to a table was sent but not acknowledged: it may have happened."""


class NewerRevision(BusError):
    """A value was not written: the key has another revision than the writer knows."""


class BusMessage(Struct, frozen=True):
    """A message that came over the bus."""

    subject: str
    data: bytes
    reply: str = ""
    """The subject that answers go to; empty if none is wanted."""

    nobody: bool = False
    """Whether this is not an answer but tells that nobody has subscribed to what was asked."""


class BusSubscription(Protocol):
    """A subscription or a watch that can be ended."""

    async def stop(self) -> None:
        """Ends it. Nothing is delivered any more."""
        ...


class TableEntry(Struct, frozen=True):
    """A key of a table with its latest value."""

    key: str
    value: bytes | None
    """The value; `None` if the key was deleted."""

    revision: int
    """The number of the write. Later writes to the table have greater numbers."""


class TableWatcher(Protocol):
    """What is told of a table. Its methods may not block."""

    def snapshot(self, entries: Sequence[TableEntry], *, lost: bool) -> None:
        """Learns all that the table holds: what is not in it is gone.

        It is told at first, and again whenever changes may have been missed.

        Args:
            entries: the values, in any order; a key that is written meanwhile may come twice.
            lost: the table is not the one of before, or an older copy of it, so revisions that were
                learned before mean nothing.
        """
        ...

    def changed(self, entry: TableEntry) -> None:
        """Learns of a write; of one that the snapshot has, perhaps, too."""
        ...


class BusTable(Protocol):
    """Values by key, which all processes share.

    Keys have letters, digits, `-`, `_`, `/`, `=` and dots within; `key_of` makes them. All methods raise
    `BusDown`, `BusNotAllowed` or another `BusError` if the bus fails.
    """

    async def get(self, key: str) -> TableEntry | None:
        """Returns the latest value of a key; `None` if it has none or was deleted."""
        ...

    async def put(self, key: str, value: bytes) -> int:
        """Writes a value whatever is there, and returns its revision.

        Raises:
            NotAcknowledged: it may have been written.
        """
        ...

    async def update(self, key: str, value: bytes, revision: int) -> int:
        """Writes a value in place of the one with this revision, and returns the new revision.

        Args:
            key: the key.
            value: the value.
            revision: of the value to replace; zero if the key must have none.

        Raises:
            NewerRevision: the key has another revision. After a write whose acknowledgement was lost,
                it may be that of the very value.
            NotAcknowledged: it may have been written.
        """
        ...

    async def delete(self, key: str) -> None:
        """Deletes a key, if it is there."""
        ...

    async def watch(self, watcher: TableWatcher) -> BusSubscription:
        """Tells a watcher what the table holds and what changes, until the watch is stopped.

        While the bus is down nothing is told; then comes a snapshot. Values that the table drops
        because they are too old are not told of.
        """
        ...


class Bus(Protocol):
    """The connection of one process to all others of its fleet.

    It is used as an asynchronous context manager: entering it connects. If the bus cannot be reached
    then, entering logs that and returns, `up` is false, and connecting goes on.
    """

    @property
    def up(self) -> bool:
        """Whether the bus can be reached, as far as this process knows."""
        ...

    async def publish(self, subject: str, data: bytes, reply: str = "") -> None:
        """Sends a message to those who have subscribed to its subject.

        Messages to one subject arrive in their order, messages to different subjects in any. One that
        was sent just before the bus was lost may be lost, too.

        Args:
            subject: words with dots between.
            data: the message.
            reply: where answers go to, and the notice that nobody has subscribed.

        Raises:
            BusDown: the bus cannot be reached; the message is not sent later either.
            BusNotAllowed: this process may not send to this subject.
            BusError: the message is larger than the bus takes.
        """
        ...

    async def subscribe(
        self, subject: str, deliver: Callable[[BusMessage], None], queue: str = ""
    ) -> BusSubscription:
        """Subscribes to the messages of a subject; the subscription outlives a time without the bus.

        Args:
            subject: words with dots between; the last word may be `>`, which stands for one or more.
            deliver: called with each message; it may not block. What it raises is logged.
            queue: of all subscriptions with the same queue, one gets each message.

        Raises:
            BusNotAllowed: this process may not receive what is sent to this subject.
        """
        ...

    def table(self, name: str, *, ttl: float = 0.0) -> BusTable:
        """Returns a table; it is created when it is first used.

        Args:
            name: its name, of letters, digits, `-` and `_`.
            ttl: seconds after which a value is dropped unless it is written again; zero for never.
        """
        ...

    def listen(self, listener: Callable[[bool], None]) -> None:
        """Registers a listener, which is called with false when the bus is lost, and with true when
        it is back. What it raises is logged.
        """
        ...

    async def __aenter__(self) -> Self:
        """Connects."""
        ...

    async def __aexit__(self, *exception: object) -> None:
        """Disconnects."""
        ...
