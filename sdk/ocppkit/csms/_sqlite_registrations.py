"""Stores the records of stations in an SQLite file, so that they outlive the program."""

from datetime import datetime
from os import PathLike
from typing import Final

from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import StationRecord

from ._sqlite_file import SqliteFile

__all__ = ["SqliteRegistrations"]

_CREATE: Final = """
CREATE TABLE IF NOT EXISTS stations (
    identity TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    version TEXT NOT NULL,
    vendor TEXT NOT NULL,
    model TEXT NOT NULL,
    firmware TEXT NOT NULL,
    time TEXT NOT NULL
) WITHOUT ROWID
"""
_INDEX: Final = "CREATE INDEX IF NOT EXISTS any_case ON stations (identity COLLATE NOCASE)"
_FIND: Final = "SELECT * FROM stations WHERE identity = ?"
_FIND_ANY_CASE: Final = "SELECT * FROM stations WHERE identity = ? COLLATE NOCASE LIMIT 1"
_SAVE: Final = "INSERT OR REPLACE INTO stations VALUES (?, ?, ?, ?, ?, ?, ?)"


class SqliteRegistrations(SqliteFile):
    """Stores the records of stations in an SQLite file.

    A record that was saved outlives the end of the program, however it ends (`kill -9` too). A power
    failure may cost the records of the last moments before it: saving waits for the operating system,
    not for the disk, so that a thousand boots at once do not stop the event loop.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        """Opens the file; creates it if there is none.

        Args:
            path: the file; beside it SQLite keeps two more while it is open. It must be on a local
                disk, and several processes may share it.

        Raises:
            sqlite3.Error: it cannot be opened, or holds something else.
        """
        super().__init__(path, _CREATE, _INDEX)

    def find(self, identity: str) -> StationRecord | None:
        """Returns the record of a station, or `None` if there is none."""
        for question in (_FIND, _FIND_ANY_CASE):
            row = self._connection.execute(question, (identity,)).fetchone()
            if row is not None:
                return _record(row)
        return None

    def save(self, record: StationRecord) -> None:
        """Saves a record; replaces the one of the same identity."""
        self._connection.execute(
            _SAVE,
            (
                record.identity,
                record.status.value,
                record.version,
                record.vendor,
                record.model,
                record.firmware,
                record.time.isoformat(),
            ),
        )


def _record(row: tuple[str, str, str, str, str, str, str]) -> StationRecord:
    identity, status, version, vendor, model, firmware, time = row
    return StationRecord(
        identity=identity,
        status=RegistrationStatus(status),
        version=version,
        vendor=vendor,
        model=model,
        firmware=firmware,
        time=datetime.fromisoformat(time),
    )
