"""The interfaces of a journal, the durable storage of messages that must arrive: `Store`, and the
simpler `Journal`.
"""

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
    """Raised when a journal cannot be opened, read or written; the message says why and what to do."""


class JournalFull(JournalError):
    """Raised when a journal has no room for a message, and none of its messages may be removed."""

    def __init__(self, problem: str = "", *, needed: int = 0) -> None:
        super().__init__(problem)
        self.needed = needed
        """How many bytes are missing, as far as is known."""


class Entry(Struct, frozen=True, kw_only=True):
    """A message as bytes, with everything that is needed to send it after a restart."""

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
    """A message in a store, with its number there."""

    seq: int
    """Its number, higher than that of every message before it."""

    entry: Entry
    failures: int = 0
    """How many attempts to deliver it have failed."""


class Store(Protocol):
    """The interface of a durable store: it keeps messages in order, and small states of the program
    together with them.

    Each method is atomic and durable: when it returns, the change survives a power cut; when it
    raises, nothing has changed. A store that has `__len__` tells how many messages wait as soon as
    it is open.
    """

    async def load(self) -> Mapping[str, bytes]:
        """Returns the states by name."""
        ...

    def pending(self, after: int = 0) -> AsyncIterator[Stored]:
        """Yields the waiting messages that have a number above `after`, oldest first."""
        ...

    async def commit(
        self, entries: Sequence[Entry], states: Mapping[str, bytes | None] = NO_STATES
    ) -> Sequence[int]:
        """Stores messages and changes states in one transaction: all or nothing.

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
        """Removes a message that was delivered or given up, and changes states in the same
        transaction.
        """
        ...

    async def failed(self, seq: int, failures: int) -> None:
        """Stores how many attempts to deliver a message have failed."""
        ...

    async def set_aside(self, seq: int, reason: str) -> None:
        """Makes a message a dead letter: it is not sent any more, but kept for an operator to look
        at.
        """
        ...

    async def replace(self, seq: int, entry: Entry) -> None:
        """Replaces a message; the new one keeps its number. # QUE-08, QUE-10"""
        ...

    async def drop(self, seqs: Sequence[int]) -> None:
        """Removes messages to make room. # QUE-09"""
        ...

    async def count(self, transaction: str | None = None) -> int:
        """Returns how many messages are waiting: those of one transaction, or all. # QUE-14"""
        ...


class Journal(Protocol):
    """A simpler interface than `Store`: it keeps messages in order until they are acknowledged.

    It keeps neither states nor attempts. Dead letters stay in it and are tried again by the next run.
    It may have a method `replace(seq, entry)`, as a store has; without one, messages that waited when
    the connection was lost are not marked as made offline, and none is shortened.
    """

    async def append(self, entry: Entry) -> int:
        """Stores an entry durably and returns its number."""
        ...

    async def ack(self, seq: int) -> None:
        """Removes an entry that the CSMS has acknowledged."""
        ...

    async def pending(self) -> Sequence[tuple[int, Entry]]:
        """Returns the entries that were never acknowledged, oldest first. Called once, at the
        start.
        """
        ...


class MemoryJournal:
    """A journal in memory, which is lost when the process ends.

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
        """Stores an entry and returns its number."""
        seq = self._next
        self._next += 1
        self._entries[seq] = entry
        return seq

    async def ack(self, seq: int) -> None:
        """Removes an entry."""
        del self._entries[seq]

    async def replace(self, seq: int, entry: Entry) -> None:
        """Replaces an entry; the new one keeps its number."""
        self._entries[seq] = entry

    async def pending(self) -> Sequence[tuple[int, Entry]]:
        """Returns the remaining entries, oldest first."""
        return list(self._entries.items())
