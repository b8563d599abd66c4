"""Stores answers to transaction messages in an SQLite file, so that they outlive the program."""

import time
from collections.abc import Callable
from os import PathLike
from typing import Final

from ._sqlite_file import SqliteFile

__all__ = ["SqliteAnswers"]

_CREATE: Final = """
CREATE TABLE IF NOT EXISTS answers (
    identity TEXT NOT NULL,
    message_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    answer TEXT NOT NULL,
    saved REAL NOT NULL,
    PRIMARY KEY (identity, message_id)
) WITHOUT ROWID
"""
_INDEX: Final = "CREATE INDEX IF NOT EXISTS by_time ON answers (saved)"
_FIND: Final = """
SELECT answer FROM answers WHERE identity = ? AND message_id = ? AND digest = ? AND saved > ?
"""
_SAVE: Final = "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?)"
_FORGET: Final = "DELETE FROM answers WHERE saved <= ?"

_SAVES_PER_CLEANING: Final = 256


class SqliteAnswers(SqliteFile):
    """Stores the answers to transaction messages in an SQLite file.

    An answer that was saved outlives the end of the program, however it ends (`kill -9` too). A power
    failure may cost the answers of the last moments before it.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        seconds: float = 86_400.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Opens the file; creates it if there is none.

        Args:
            path: the file, which may be that of `SqliteRegistrations`. It must be on a local disk, and
                several processes may share it.
            seconds: how long an answer is kept.
            now: tells the time, in seconds since 1970.

        Raises:
            sqlite3.Error: it cannot be opened, or holds something else.
        """
        self._seconds = seconds
        self._now = now
        self._saves = 0
        super().__init__(path, _CREATE, _INDEX)

    def find(self, identity: str, message_id: str, digest: bytes) -> str | None:
        """Returns the stored answer to a message, or `None`."""
        oldest = self._now() - self._seconds
        question = (identity, message_id, digest, oldest)
        row: tuple[str] | None = self._connection.execute(_FIND, question).fetchone()
        return None if row is None else row[0]

    def save(self, identity: str, message_id: str, digest: bytes, answer: str) -> None:
        """Stores an answer; replaces the one with the same identity and message id."""
        now = self._now()
        self._connection.execute(_SAVE, (identity, message_id, digest, answer, now))
        self._saves += 1
        if self._saves % _SAVES_PER_CLEANING == 0:
            self._connection.execute(_FORGET, (now - self._seconds,))
