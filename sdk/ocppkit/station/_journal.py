"""Where transaction messages wait until the CSMS has them: the seam to durable storage."""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

__all__ = ["Entry", "Journal", "MemoryJournal"]


class Entry(Struct, frozen=True, kw_only=True):
    """One message, as bytes, with what is needed to send it after a restart."""

    version: str
    """The version of OCPP, as `Protocol.version` has it."""

    action: str
    message_id: str
    payload: bytes


class Journal(Protocol):
    """Keeps messages, in order, until they are acknowledged."""

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
    """A journal that lives as long as the process."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._next = 1

    async def append(self, entry: Entry) -> int:
        """Keeps an entry."""
        seq = self._next
        self._next += 1
        self._entries[seq] = entry
        return seq

    async def ack(self, seq: int) -> None:
        """Forgets an entry."""
        del self._entries[seq]

    async def pending(self) -> Sequence[tuple[int, Entry]]:
        """Returns the entries that are left."""
        return list(self._entries.items())
