"""The SQLite file behind the stores of a CSMS."""

import sqlite3
import weakref
from os import PathLike

__all__ = ["SqliteFile"]


class SqliteFile:
    """An open SQLite file; the stores of this package derive from it."""

    def __init__(self, path: str | PathLike[str], *statements: str) -> None:
        """Opens the file; creates it if there is none.

        Args:
            path: the file.
            statements: create the tables that are missing.

        Raises:
            sqlite3.Error: it cannot be opened, or holds something else.
        """
        # Web frameworks may build the CSMS in another thread than the one that runs the event loop.
        # The event loop waits for another process that writes, so not for long.
        self._connection = sqlite3.connect(
            path, timeout=0.1, isolation_level=None, check_same_thread=False
        )
        self._closing = weakref.finalize(self, self._connection.close)
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", *statements):
            self._connection.execute(statement)

    def close(self) -> None:
        """Closes the file. Without it the file is closed when the object is not used any more."""
        self._closing()
