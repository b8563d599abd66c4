"""The durable storage of messages that must arrive: what a store or a simple journal has to offer."""

from collections.abc import AsyncIterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

from msgspec import Struct

from ocppkit.core import OcppError

__all__ = [
    "NO_STATES",
    "Entry",
    "Journal",
    "JournalError",
    "JournalFull",
    "MemoryJournal",
    "Store",
    "Stored",
]

NO_STATES: Final[Mapping[str, bytes | None]] = MappingProxyType({})


class JournalError(OcppError):
    """A journal cannot be opened, read or written; the message says why and how to cure it."""


class JournalFull(JournalError):
    """A journal has no room for a message, and nothing in it may be dropped."""

    def __init__(self, problem: str = "", *, needed: int = 0) -> None:
        super().__init__(problem)
        self.needed = needed
        """How many bytes are missing, as far as is known."""


class Entry(Struct, frozen=True, kw_only=True):
    """One message, as bytes, with what is needed to send it after a restart."""

    version: str
    """The version of OCPP, as `Protocol.version` has it."""

    action: str
    message_id: str
    payload: bytes

    note: str | None = None
    """What the program noted with the message, such as its own id of a transaction."""

    transaction: str | None = None
    """The transaction that the message belongs to: its id, or the note where it has none yet."""


class Stored(Struct, frozen=True, kw_only=True):
    """One message as it is in a store."""

    seq: int
    """Its number, higher than that of every message before it."""

    entry: Entry
    failures: int = 0
    """How many attempts to deliver it have failed."""


class Store(Protocol):
    """Keeps messages in order until they are acknowledged, and small states together with them.

    Each method is atomic and durable: when it returns, the change survives a power cut; when it
    raises, nothing has changed. A store that has `__len__` tells how many messages wait as soon as
    it is open.
    """

    async def load(self) -> Mapping[str, bytes]:
        """Returns the states."""
        ...

    def pending(self, after: int = 0) -> AsyncIterator[Stored]:
        """Yields the messages that wait and have a number above `after`, oldest first."""
        ...

    async def commit(
        self, entries: Sequence[Entry], states: Mapping[str, bytes | None] = NO_STATES
    ) -> Sequence[int]:
        """Keeps messages and changes states, all or nothing.

        Args:
            entries: the messages, in order.
            states: new values by name; `None` removes a state.

        Returns:
            The numbers of the messages.

        Raises:
            JournalFull: there is no room.
        """
        ...

    async def ack(self, seq: int, states: Mapping[str, bytes | None] = NO_STATES) -> None:
        """Removes a message that was delivered or given up, and changes states in the same commit."""
        ...

    async def failed(self, seq: int, failures: int) -> None:
        """Notes how many attempts to deliver a message have failed."""
        ...

    async def set_aside(self, seq: int, reason: str) -> None:
        """Keeps a message as a dead letter: it waits no longer, and is there to be looked at."""
        ...

    async def replace(self, seq: int, entry: Entry) -> None:
        """Replaces a message by another form of it in the same place. # QUE-08, QUE-10"""
        ...

    async def drop(self, seqs: Sequence[int]) -> None:
        """Removes messages to make room. # QUE-09"""
        ...

    async def count(self, transaction: str | None = None) -> int:
        """Returns how many messages wait, of one transaction or in all. # QUE-14"""
        ...


class Journal(Protocol):
    """Keeps messages, in order, until they are acknowledged; a simpler form of `Store`.

    It keeps neither states nor attempts. Dead letters stay in it and are tried again by the next run.
    It may have a method `replace(seq, entry)`, as a store has; without one, messages that waited when
    the connection was lost are not marked as made offline, and none is shortened.
    """

    async def append(self, entry: Entry) -> int:
        """Keeps an entry and returns its number; when it returns, the entry is safe."""
        ...

    async def ack(self, seq: int) -> None:
        """Forgets an entry: the CSMS has it."""
        ...

    async def pending(self) -> Sequence[tuple[int, Entry]]:
        """Returns what was never acknowledged, oldest first; asked once, at the start."""
        ...


class MemoryJournal:
    """A journal that lives as long as the process.

    The next station that has it goes on with what it keeps; `copy.deepcopy` is what a power cut leaves.
    """

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._next = 1
        self.states: dict[str, bytes] = {}
        """What is kept beside messages, such as the states of functional blocks."""

    def __len__(self) -> int:
        return len(self._entries)

    async def append(self, entry: Entry) -> int:
        """Keeps an entry."""
        seq = self._next
        self._next += 1
        self._entries[seq] = entry
        return seq

    async def ack(self, seq: int) -> None:
        """Forgets an entry."""
        del self._entries[seq]

    async def replace(self, seq: int, entry: Entry) -> None:
        """Replaces an entry by another form of it."""
        self._entries[seq] = entry

    async def pending(self) -> Sequence[tuple[int, Entry]]:
        """Returns the entries that are left."""
        return list(self._entries.items())
