"""A journal in one SQLite file, for one station: durable, limited in size, with states in the same
transaction.

Theory of operation: the file is in WAL mode with `synchronous=FULL`, so a commit is one append and one
sync, and a torn end of the log is recognised by its checksum. All statements run in one thread of
their own. What waits while a transaction is written goes into the next one together (a group commit);
if that fails, each change is tried alone, so that one that fails takes no other with it.
"""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self, TypeVar

from ocppkit.aio.lowlevel import loggable
from ocppkit.station import Entry, JournalError, JournalFull, Stored

from ._database import as_journal_error, close_database, open_database

__all__ = ["DeadLetter", "SqliteJournal"]

logger = logging.getLogger("ocppkit.journals")

T = TypeVar("T")

Change = Callable[[sqlite3.Connection], Any]

_NO_STATES: Final[Mapping[str, bytes | None]] = MappingProxyType({})
_MIB: Final = 1024 * 1024
_PIECE: Final = 200
"""Messages that are read at once."""

_ROW: Final = 150
"""Bytes that a message takes beside its payload, about."""

_DEAD_SHARE: Final = 4
"""Dead letters take at most this part of the bound; the oldest go first."""

_COLUMNS: Final = "version, action, message_id, payload, note, transaction_id"
_SIZE: Final = f"SELECT coalesce(sum(length(payload) + {_ROW}), 0), count(*) FROM "


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that can never be sent, kept for an operator to look at."""

    seq: int
    entry: Entry
    reason: str


class SqliteJournal:
    """A `Store` in an SQLite file that survives power cuts. Pass it to a station as `journal`.

    One process at a time may have the file open, and each station needs its own.
    """

    def __init__(self, path: str | PathLike[str], *, max_bytes: int = 64 * _MIB) -> None:
        """Opens the file, or creates it.

        Args:
            path: the file; beside it SQLite keeps another, whose name ends in `-wal`.
            max_bytes: how much the messages in it may take.

        Raises:
            JournalError: it cannot be opened, is no journal, is damaged, or another process has it
                open; the message names the file and the cure, and the file is unchanged.
        """
        self.path: Path = Path(path)
        self.max_bytes = max_bytes
        self._database = open_database(self.path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ocppkit-journal")
        self._lock = threading.Lock()
        self._changes: list[tuple[Change, Future[Any]]] = []
        self._count = 0
        self._bytes = 0
        try:
            self._measure(self._database)
        except sqlite3.Error as problem:
            close_database(self.path, self._database)
            raise as_journal_error(self.path, problem) from problem

    def __len__(self) -> int:
        return self._count

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Writes what is not written yet, and closes the file. Call it when the station has ended."""
        self._thread.shutdown()
        close_database(self.path, self._database)

    async def load(self) -> Mapping[str, bytes]:
        """Returns the states by name.

        Raises:
            JournalError: the file cannot be read; so for the other methods.
        """
        return await self._run_change(
            lambda database: dict(database.execute("SELECT name, value FROM states").fetchall())
        )

    async def pending(self, after: int = 0) -> AsyncIterator[Stored]:
        """Yields the waiting messages that have a number above `after`, oldest first."""
        while True:
            rows = await self._run_change(partial(_next_rows, after=after))
            for seq, failures, *columns in rows:
                yield Stored(seq=seq, entry=_entry_of_row(columns), failures=failures)
                after = seq
            if len(rows) < _PIECE:
                return

    async def commit(
        self, entries: Sequence[Entry], states: Mapping[str, bytes | None] = _NO_STATES
    ) -> Sequence[int]:
        """Stores messages and changes states in one transaction: all or nothing.

        Args:
            entries: the messages, in order.
            states: new values by name; `None` removes a state.

        Raises:
            JournalFull: there is no room in `max_bytes` or on the disk.
        """

        def change(database: sqlite3.Connection) -> list[int]:
            self._check_space(sum(len(each.payload) + _ROW for each in entries))
            _change_states(database, states)
            return [self._insert(database, each) for each in entries]

        return await self._run_change(change)

    async def ack(self, seq: int, states: Mapping[str, bytes | None] = _NO_STATES) -> None:
        """Removes a message that was delivered or given up, and changes states in the same
        transaction.
        """

        def change(database: sqlite3.Connection) -> None:
            _change_states(database, states)
            self._delete(database, seq)

        await self._run_change(change)

    async def failed(self, seq: int, failures: int) -> None:
        """Stores how many attempts to deliver a message have failed."""
        update = "UPDATE entries SET failures = ? WHERE seq = ?"
        await self._run_change(lambda database: database.execute(update, (failures, seq)).rowcount)

    async def set_aside(self, seq: int, reason: str) -> None:
        """Makes a message a dead letter; see `dead_letters`."""

        def change(database: sqlite3.Connection) -> None:
            database.execute(
                f"INSERT INTO dead_letters (seq, {_COLUMNS}, failures, reason) "
                f"SELECT seq, {_COLUMNS}, failures, ? FROM entries WHERE seq = ?",
                (reason, seq),
            )
            self._delete(database, seq)
            self._bound_dead_letters(database)

        await self._run_change(change)

    async def replace(self, seq: int, entry: Entry) -> None:
        """Replaces a message; the new one keeps its number."""

        def change(database: sqlite3.Connection) -> None:
            assign = "(" + _COLUMNS + ") = (?, ?, ?, ?, ?, ?)"
            select = "SELECT length(payload) FROM entries WHERE seq = ?"
            for (size,) in database.execute(select, (seq,)).fetchall():
                update = f"UPDATE entries SET {assign} WHERE seq = ?"
                database.execute(update, (*_row_of(entry), seq))
                self._bytes += len(entry.payload) - size

        await self._run_change(change)

    async def drop(self, seqs: Sequence[int]) -> None:
        """Removes messages to make room."""

        def change(database: sqlite3.Connection) -> None:
            for seq in seqs:
                self._delete(database, seq)

        await self._run_change(change)

    async def count(self, transaction: str | None = None) -> int:
        """Returns how many messages are waiting: those of one transaction, or all."""
        if transaction is None:
            return self._count
        query = "SELECT count(*) FROM entries WHERE transaction_id = ?"
        (number,) = await self._run_change(
            lambda database: database.execute(query, (transaction,)).fetchone()
        )
        return int(number)

    async def dead_letters(self) -> Sequence[DeadLetter]:
        """Returns the dead letters, oldest first."""
        query = f"SELECT seq, reason, {_COLUMNS} FROM dead_letters ORDER BY seq"
        rows = await self._run_change(lambda database: database.execute(query).fetchall())
        return [
            DeadLetter(seq=seq, entry=_entry_of_row(columns), reason=reason)
            for seq, reason, *columns in rows
        ]

    # What runs in the thread.

    async def _run_change(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Runs a change in the writing thread. It is made even if the caller stops waiting."""
        done: Future[T] = Future()
        with self._lock:
            self._changes.append((change, done))
            is_first = len(self._changes) == 1
        if is_first:
            try:
                self._thread.submit(self._make_changes)
            except RuntimeError as problem:
                self._changes.clear()
                raise JournalError(f"{self.path}: the journal is closed") from problem
        return await asyncio.shield(asyncio.wrap_future(done))

    def _make_changes(self) -> None:
        with self._lock:
            changes, self._changes = self._changes, []
        try:
            results = self._in_one_transaction([change for change, _ in changes])
        except Exception as problem:  # noqa: BLE001 - told to who asked
            if len(changes) == 1:
                changes[0][1].set_exception(self._error_for_caller(problem))
            else:
                for each in changes:
                    self._make_alone(*each)
        else:
            for (_, done), result in zip(changes, results, strict=True):
                done.set_result(result)

    def _make_alone(self, change: Change, done: Future[Any]) -> None:
        try:
            (result,) = self._in_one_transaction([change])
        except Exception as problem:  # noqa: BLE001 - told to who asked
            done.set_exception(self._error_for_caller(problem))
        else:
            done.set_result(result)

    def _in_one_transaction(self, changes: Sequence[Change]) -> list[Any]:
        before = self._count, self._bytes
        try:
            self._database.execute("BEGIN")
            results = [change(self._database) for change in changes]
            # Only now is anything durable: this syncs the log.
            self._database.execute("COMMIT")
        except BaseException:
            self._count, self._bytes = before
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise
        return results

    def _error_for_caller(self, problem: Exception) -> Exception:
        return (
            as_journal_error(self.path, problem) if isinstance(problem, sqlite3.Error) else problem
        )

    def _check_space(self, size: int) -> None:
        missing = self._bytes + size - self.max_bytes
        if missing > 0:
            raise JournalFull(
                f"{self.path}: full: {self._count} messages take {self._bytes} of {self.max_bytes}"
                " bytes [connect the station, or raise max_bytes]",
                needed=missing,
            )

    def _insert(self, database: sqlite3.Connection, entry: Entry) -> int:
        insert = f"INSERT INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"
        seq = database.execute(insert, _row_of(entry)).lastrowid
        self._count += 1
        self._bytes += len(entry.payload) + _ROW
        assert seq is not None
        return seq

    def _delete(self, database: sqlite3.Connection, seq: int) -> None:
        select = "SELECT length(payload) FROM entries WHERE seq = ?"
        for (size,) in database.execute(select, (seq,)).fetchall():
            database.execute("DELETE FROM entries WHERE seq = ?", (seq,))
            self._count -= 1
            self._bytes -= size + _ROW

    def _measure(self, database: sqlite3.Connection) -> None:
        self._bytes, self._count = database.execute(_SIZE + "entries").fetchone()

    def _bound_dead_letters(self, database: sqlite3.Connection) -> None:
        bound = self.max_bytes // _DEAD_SHARE
        oldest = "SELECT seq, action, message_id FROM dead_letters ORDER BY seq LIMIT 1"
        while True:
            size, number = database.execute(_SIZE + "dead_letters").fetchone()
            if number <= 1 or size <= bound:
                return
            seq, action, message_id = database.execute(oldest).fetchone()
            database.execute("DELETE FROM dead_letters WHERE seq = ?", (seq,))
            logger.warning(
                "%s: removed the dead letter %s %s, as all dead letters together take more than "
                "%d bytes",
                self.path,
                loggable(str(action)),
                loggable(str(message_id)),
                bound,
            )


def _next_rows(database: sqlite3.Connection, *, after: int) -> list[Any]:
    select = f"SELECT seq, failures, {_COLUMNS} FROM entries"
    return database.execute(
        f"{select} WHERE seq > ? ORDER BY seq LIMIT {_PIECE}", (after,)
    ).fetchall()


def _row_of(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.version,
        entry.action,
        entry.message_id,
        entry.payload,
        entry.note,
        entry.transaction,
    )


def _entry_of_row(columns: Sequence[Any]) -> Entry:
    version, action, message_id, payload, note, transaction = columns
    return Entry(
        version=str(version),
        action=str(action),
        message_id=str(message_id),
        payload=payload if isinstance(payload, bytes) else str(payload).encode(),
        note=note,
        transaction=transaction,
    )


def _change_states(database: sqlite3.Connection, states: Mapping[str, bytes | None]) -> None:
    for name, value in states.items():
        if value is None:
            database.execute("DELETE FROM states WHERE name = ?", (name,))
        else:
            upsert = "INSERT INTO states (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE"
            database.execute(upsert + " SET value = excluded.value", (name, value))
