"""Opens the SQLite file of a journal: creates it atomically, and refuses other files.

Theory of operation: the header of a SQLite file has two numbers for its program. The application id
says that the file is ours, the user version which format it has: its hundreds change when an older
release could not read the file, its units when a column or table was added that older releases ignore.
Both are read before SQLite touches the file. A new file is written beside its place and then linked
there, so that a crash leaves a whole one or none, and never half of one.
"""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Final

from ocppkit.station import JournalError, JournalFull

__all__ = ["FORMAT", "as_journal_error", "close_database", "open_database"]

FORMAT: Final = 100
_APPLICATION_ID: Final = 0x4F435050  # "OCPP"
_HEADER: Final = 100
_MAGIC: Final = b"SQLite format 3\x00"
_COMPATIBLE: Final = 100
_PAGE: Final = 1024
"""Bytes of a page: a commit writes about three of them, and flash wears."""

_SCHEMA: Final = f"""
PRAGMA page_size = {_PAGE};
BEGIN;
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    version TEXT NOT NULL,
    action TEXT NOT NULL,
    message_id TEXT NOT NULL,
    payload BLOB NOT NULL,
    note TEXT,
    transaction_id TEXT,
    failures INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE dead_letters (
    seq INTEGER PRIMARY KEY,
    version TEXT NOT NULL,
    action TEXT NOT NULL,
    message_id TEXT NOT NULL,
    payload BLOB NOT NULL,
    note TEXT,
    transaction_id TEXT,
    failures INTEGER NOT NULL,
    reason TEXT NOT NULL
);
CREATE TABLE states (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {FORMAT};
COMMIT;
"""

_open_files: Final[set[Path]] = set()
"""What this process has open. To open and close such a file once more would release SQLite's lock."""

_CURES: Final = {
    "SQLITE_BUSY": "another process has it open: stop that one, or give each station its own file",
    "SQLITE_LOCKED": "another process has it open: stop that one, or give each station its own file",
    "SQLITE_READONLY": "make the file and its folder writable for this user",
    "SQLITE_PERM": "make the file and its folder writable for this user",
    "SQLITE_CANTOPEN": "check that the folder exists and is writable for this user",
    "SQLITE_CORRUPT": "the file is damaged: move it away with its -wal file to keep what can be"
    " saved, and start with a new one",
    "SQLITE_NOTADB": "it is no SQLite file: choose another path, or move it away",
    "SQLITE_IOERR": "check the disk",
}


def as_journal_error(path: Path, problem: sqlite3.Error) -> JournalError:
    """Returns a `JournalError` for an error of SQLite, with the file, the problem and what to do."""
    name = getattr(problem, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return JournalFull(f"{path}: the disk is full [free some space]")
    cures = (cure for code, cure in _CURES.items() if name.startswith(code))
    cure = next(cures, None)
    return JournalError(f"{path}: {problem}" + (f" [{cure}]" if cure else ""))


def open_database(path: Path) -> sqlite3.Connection:
    """Opens the file of a journal, or creates it, and locks it.

    Raises:
        JournalError: it cannot be opened; the file is unchanged.
    """
    try:
        if path.resolve() in _open_files:
            raise JournalError(
                f"{path}: the journal is open in this process already [give each station its own "
                "file]"
            )
        if not path.exists() or path.stat().st_size == 0:
            _create(path)
        _check_header(path)
        database = _opened(path)
        _open_files.add(path.resolve())
        return database
    except OSError as problem:
        raise JournalError(
            f"{path}: {problem.strerror or problem} [check the folder and who may write in it]"
        ) from problem
    except sqlite3.Error as problem:
        raise as_journal_error(path, problem) from problem


def close_database(path: Path, database: sqlite3.Connection) -> None:
    """Closes the file of a journal, so that it can be opened again."""
    database.close()
    _open_files.discard(path.resolve())


def _create(path: Path) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    try:
        with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = FULL")
            database.executescript(_SCHEMA)
        _move_into_place(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _move_into_place(fresh: Path, path: Path) -> None:
    if path.exists() and path.stat().st_size == 0:
        path.unlink()
    # Another process may have been faster: then its file stays.
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _check_header(path: Path) -> None:
    # Opened for writing, as SQLite calls it an I/O error of the disk if that is not allowed.
    with path.open("r+b") as file:
        header = file.read(_HEADER)
    if not header.startswith(_MAGIC):
        raise JournalError(
            f"{path}: the file is not a journal, nor any SQLite file [choose another path, or "
            "move it away]"
        )
    user_version = int.from_bytes(header[60:64], "big")
    application_id = int.from_bytes(header[68:72], "big")
    if len(header) < _HEADER or application_id != _APPLICATION_ID:
        raise JournalError(
            f"{path}: the file is an SQLite file of another program [choose another path]"
        )
    if user_version // _COMPATIBLE > FORMAT // _COMPATIBLE:
        raise JournalError(
            f"{path}: it was written by a newer release, in format {user_version}, and this one "
            f"reads up to {FORMAT // _COMPATIBLE * _COMPATIBLE + _COMPATIBLE - 1} [update ocppkit]"
        )


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=0,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        # The lock is taken with the first access and held until the file is closed.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("BEGIN EXCLUSIVE")
        database.execute("COMMIT")
        _check_content(path, database)
    except BaseException:
        database.close()
        raise
    return database


def _check_content(path: Path, database: sqlite3.Connection) -> None:
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise JournalError(f"{path}: {verdict} [{_CURES['SQLITE_CORRUPT']}]")
