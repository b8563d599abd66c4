"""Journals on disk, for the messages of a station that must arrive."""

from ._sqlite_journal import DeadLetter, SqliteJournal

__all__ = ["DeadLetter", "SqliteJournal"]
