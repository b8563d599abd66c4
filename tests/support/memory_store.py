"""A store in memory; a test can make any operation fail, or simulate a power cut at it."""

import copy
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from ocppkit.station import Entry, JournalFull, Stored

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps messages and states in dictionaries, each change at once and as a whole."""

    def __init__(self, *, max_bytes: int = 1 << 40) -> None:
        self.max_bytes = max_bytes
        self.waiting: dict[int, Stored] = {}
        self.dead: dict[int, tuple[Entry, str]] = {}
        self.states: dict[str, bytes] = {}
        self.next_seq = 1
        self.asked: list[str] = []
        """The operations that were asked for."""

        self.before: Callable[[str], Awaitable[None] | None] = lambda operation: None
        """Called before an operation; what it raises, the operation raises, with nothing changed."""

        self.after: Callable[[str], Awaitable[None] | None] = lambda operation: None
        """Called when an operation is durable, before it returns."""

    def copy(self) -> "MemoryStore":
        """Returns what a power cut leaves now."""
        left = MemoryStore(max_bytes=self.max_bytes)
        for name in ("waiting", "dead", "states", "next_seq"):
            setattr(left, name, copy.copy(getattr(self, name)))
        return left

    def __len__(self) -> int:
        return len(self.waiting)

    async def load(self) -> Mapping[str, bytes]:
        await self._ask(self.before, "load", note=True)
        return dict(self.states)

    async def pending(self, after: int = 0) -> AsyncIterator[Stored]:
        await self._ask(self.before, "pending", note=True)
        for seq, stored in list(self.waiting.items()):
            if seq > after:
                yield stored

    async def commit(
        self, entries: Sequence[Entry], states: Mapping[str, bytes | None] = {}
    ) -> Sequence[int]:
        await self._ask(self.before, "commit", note=True)
        size = sum(len(each.payload) for each in entries)
        missing = size + self.size - self.max_bytes
        if missing > 0:
            raise JournalFull("full", needed=missing)
        seqs = list(range(self.next_seq, self.next_seq + len(entries)))
        self.next_seq += len(entries)
        for seq, entry in zip(seqs, entries, strict=True):
            self.waiting[seq] = Stored(seq=seq, entry=entry)
        self._change(states)
        await self._ask(self.after, "commit")
        return seqs

    async def ack(self, seq: int, states: Mapping[str, bytes | None] = {}) -> None:
        await self._ask(self.before, "ack", note=True)
        self.waiting.pop(seq, None)
        self._change(states)
        await self._ask(self.after, "ack")

    async def failed(self, seq: int, failures: int) -> None:
        await self._ask(self.before, "failed", note=True)
        self.waiting[seq] = Stored(seq=seq, entry=self.waiting[seq].entry, failures=failures)
        await self._ask(self.after, "failed")

    async def set_aside(self, seq: int, reason: str) -> None:
        await self._ask(self.before, "set_aside", note=True)
        self.dead[seq] = (self.waiting.pop(seq).entry, reason)
        await self._ask(self.after, "set_aside")

    async def replace(self, seq: int, entry: Entry) -> None:
        await self._ask(self.before, "replace", note=True)
        self.waiting[seq] = Stored(seq=seq, entry=entry, failures=self.waiting[seq].failures)
        await self._ask(self.after, "replace")

    async def drop(self, seqs: Sequence[int]) -> None:
        await self._ask(self.before, "drop", note=True)
        for seq in seqs:
            del self.waiting[seq]
        await self._ask(self.after, "drop")

    async def count(self, transaction: str | None = None) -> int:
        await self._ask(self.before, "count", note=True)
        entries = (stored.entry for stored in self.waiting.values())
        return sum(transaction in (None, entry.transaction) for entry in entries)

    @property
    def size(self) -> int:
        return sum(len(each.entry.payload) for each in self.waiting.values())

    def _change(self, states: Mapping[str, bytes | None]) -> None:
        for name, value in states.items():
            self.states.pop(name, None)
            if value is not None:
                self.states[name] = value

    async def _ask(
        self, hook: Callable[[str], Awaitable[None] | None], operation: str, *, note: bool = False
    ) -> None:
        if note:
            self.asked.append(operation)
        answer: Any = hook(operation)
        if answer is not None:
            await answer
