"""Adapts a simple `Journal` to the interface `Store`.

Such a store has no durable states, attempts and dead letters.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence, Sized

from typing_extensions import TypeIs

from ._journal import NO_STATES, Entry, Journal, JournalError, MemoryJournal, Store, Stored

__all__ = ["JournalAdapter", "as_store", "can_commit_groups", "can_replace"]


def as_store(journal: Store | Journal) -> Store:
    """Returns the store itself, or an adapter if it is a `Journal` with only append, ack and
    pending.
    """
    return journal if _is_store(journal) else JournalAdapter(journal)


def can_replace(store: Store) -> bool:
    """Returns whether the store can replace messages; a simple journal may not be able to."""
    return not isinstance(store, JournalAdapter) or store.replaces


def can_commit_groups(store: Store) -> bool:
    """Returns whether the store can commit several messages and states at once; a simple journal
    cannot.
    """
    return not isinstance(store, JournalAdapter) or store.takes_every_message


def _is_store(journal: Store | Journal) -> TypeIs[Store]:
    return hasattr(journal, "commit")


class JournalAdapter:
    """A store that keeps messages in a simple journal, and all else in memory."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._waiting: dict[int, Stored] = {}
        self._dead: set[int] = set()
        self._states = journal.states if isinstance(journal, MemoryJournal) else {}
        self._is_read = False

    @property
    def replaces(self) -> bool:
        """Whether messages can be replaced: true if the journal has a method `replace`."""
        return hasattr(self._journal, "replace")

    @property
    def takes_every_message(self) -> bool:
        """Whether the journal is a `MemoryJournal`, which takes every message."""
        return isinstance(self._journal, MemoryJournal)

    def __len__(self) -> int:
        if not self._is_read and isinstance(self._journal, Sized):
            return len(self._journal)
        return len(self._waiting)

    async def load(self) -> Mapping[str, bytes]:
        """Reads the journal, and returns the states."""
        left = await self._journal.pending()
        self._waiting = {
            seq: self._waiting.get(seq, Stored(seq=seq, entry=entry))
            for seq, entry in left
            if seq not in self._dead
        }
        self._is_read = True
        return dict(self._states)

    async def pending(self, after: int = 0) -> AsyncIterator[Stored]:
        """Yields the waiting messages."""
        for stored in list(self._waiting.values()):
            if stored.seq > after:
                yield stored

    async def commit(
        self, entries: Sequence[Entry], states: Mapping[str, bytes | None] = NO_STATES
    ) -> Sequence[int]:
        """Stores one message; only the journal in memory can take several at once."""
        if len(entries) > 1 and not self.takes_every_message:
            raise JournalError(
                "this journal, with only append, ack and pending, cannot store several messages "
                "at once [use a Store, such as SqliteJournal(path)]"
            )
        seqs = [await self._journal.append(entry) for entry in entries]
        for seq, entry in zip(seqs, entries, strict=True):
            self._waiting[seq] = Stored(seq=seq, entry=entry)
        self._change_states(states)
        return seqs

    async def ack(self, seq: int, states: Mapping[str, bytes | None] = NO_STATES) -> None:
        """Removes a message."""
        await self._journal.ack(seq)
        self._waiting.pop(seq, None)
        self._change_states(states)

    async def failed(self, seq: int, failures: int) -> None:
        """Keeps the number of failed attempts in memory."""
        stored = self._waiting.get(seq)
        if stored is not None:
            self._waiting[seq] = Stored(seq=seq, entry=stored.entry, failures=failures)

    async def set_aside(self, seq: int, reason: str) -> None:
        """Leaves the message in the journal, where the next run of the program finds it."""
        self._waiting.pop(seq, None)
        self._dead.add(seq)

    async def replace(self, seq: int, entry: Entry) -> None:
        """Replaces a message, if the journal has a method for it.

        Raises:
            JournalError: it cannot.
        """
        change: Callable[[int, Entry], Awaitable[None]] | None
        change = getattr(self._journal, "replace", None)
        if change is None:
            raise JournalError(
                "this journal, with only append, ack and pending, cannot replace a message [give "
                "it a method replace, or use a Store]"
            )
        stored = self._waiting.get(seq)
        if stored is not None:
            await change(seq, entry)
            self._waiting[seq] = Stored(seq=seq, entry=entry, failures=stored.failures)

    async def drop(self, seqs: Sequence[int]) -> None:
        """Removes messages one after the other."""
        for seq in seqs:
            await self.ack(seq)

    async def count(self, transaction: str | None = None) -> int:
        """Returns how many messages are waiting."""
        if not self._is_read:
            await self.load()
        entries = (stored.entry for stored in self._waiting.values())
        return sum(transaction in (None, entry.transaction) for entry in entries)

    def _change_states(self, states: Mapping[str, bytes | None]) -> None:
        for name, value in states.items():
            self._states.pop(name, None)
            if value is not None:
                self._states[name] = value
