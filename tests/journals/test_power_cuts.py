"""Power cuts at every write, sync, truncation and deletion that a journal makes.

A power cut leaves all that was synced, and any part of the rest: nothing, everything, a choice of the
writes, or the last one torn. Whatever it is, the journal opens, and has what it had promised.
"""

import argparse
import asyncio
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from journals.recorded_disk import Disk, NoRecording, Step, recording
from journals.test_sqlite_journal import MEMORY
from ocppkit.journals import SqliteJournal
from ocppkit.station import Entry

Content: TypeAlias = tuple[Any, ...]
"""What is in a journal: messages with their attempts, dead letters and states."""


def entry(number: int, size: int) -> Entry:
    return Entry(
        version="2.0.1",
        action="TransactionEvent",
        message_id=f"m{number}",
        payload=(b"%d " % number) * size,
    )


def content_of(database: sqlite3.Connection) -> Content:
    return tuple(
        tuple(database.execute(query).fetchall())
        for query in (
            "SELECT seq, message_id, payload, failures FROM entries ORDER BY seq",
            "SELECT seq, message_id, reason FROM dead_letters ORDER BY seq",
            "SELECT name, value FROM states ORDER BY name",
        )
    )


@dataclass
class Session:
    """A journal in use, and what it promised after how many steps of the disk."""

    journal: SqliteJournal
    disk: Disk
    chance: random.Random
    promises: list[tuple[int, Content]] = field(default_factory=list[tuple[int, Content]])
    waiting: list[int] = field(default_factory=list[int])
    number: int = 0

    async def use(self, operations: int) -> None:
        """Does what a station does, and notes what is promised after each operation."""
        self.note()
        for _ in range(operations):
            await self.do_one()
            self.note()

    def allowed(self, steps: int) -> list[Content]:
        """Returns what may be in the journal after so many steps.

        The operation that is under way has happened as a whole, or not at all.
        """
        done = sum(step <= steps for step, _ in self.promises)
        return [content for _, content in self.promises[done - 1 : done + 1]] if done else []

    def note(self) -> None:
        self.promises.append((len(self.disk.steps), content_of(self.journal._database)))

    async def do_one(self) -> None:
        change = self.chance.choice([self.keep, self.keep, self.remove, self.fail, self.replace])
        if len(self.waiting) < 2:
            change = self.keep
        elif len(self.waiting) > 12:
            change = self.chance.choice([self.remove, self.set_aside, self.drop])
        await change()

    async def keep(self) -> None:
        group = [self.new_entry() for _ in range(self.chance.randint(1, 3))]
        self.waiting += await self.journal.commit(group, {"made": b"%d" % self.number})

    def new_entry(self) -> Entry:
        self.number += 1
        return entry(self.number, self.chance.randint(1, 600))

    async def remove(self) -> None:
        seq = self.waiting.pop(0)
        await self.journal.ack(seq, {"removed": b"%d" % seq})

    async def fail(self) -> None:
        await self.journal.failed(self.waiting[0], self.chance.randint(1, 9))

    async def replace(self) -> None:
        seq = self.chance.choice(self.waiting)
        await self.journal.replace(seq, self.new_entry())

    async def set_aside(self) -> None:
        await self.journal.set_aside(self.waiting.pop(0), "of no use")

    async def drop(self) -> None:
        seqs, self.waiting = self.waiting[:5], self.waiting[5:]
        await self.journal.drop(seqs)


async def recorded(
    folder: Path, seed: int, operations: int, pragma: str = ""
) -> tuple[dict[str, bytes], Session]:
    """Returns a folder with a journal as it was before, and what was done to it since."""
    with SqliteJournal(folder / "journal") as journal:
        await journal.commit([entry(0, 1)])
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    with recording(folder) as disk, SqliteJournal(folder / "journal") as journal:
        # Small, so that the log is copied into the file, and begun anew, many times.
        journal._database.execute("PRAGMA wal_autocheckpoint = 20")
        journal._database.execute(pragma)
        session = Session(journal, disk, random.Random(seed), waiting=[1])
        await session.use(operations)
    return before, session


def choices(chance: random.Random) -> list[Callable[[list[Step]], list[Step]]]:
    """Returns what may reach the disk of steps that were not synced."""

    def some(steps: list[Step]) -> list[Step]:
        return [each for each in steps if chance.random() < 0.5]

    def torn(steps: list[Step]) -> list[Step]:
        done = steps[: chance.randint(0, len(steps))]
        if done and done[-1].data:
            done[-1] = done[-1].torn(chance)
        return done

    return [nothing, everything, some, some, torn, torn]


def nothing(steps: list[Step]) -> list[Step]:
    return []


def everything(steps: list[Step]) -> list[Step]:
    return steps


def opened(files: dict[str, bytes], folder: Path) -> Content:
    """Writes files into an empty folder, and returns what SQLite finds in them."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    database = sqlite3.connect(folder / "journal")
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("PRAGMA synchronous = OFF")
    try:
        (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
        assert verdict == "ok"
        return content_of(database)
    finally:
        database.close()


def losses(before: dict[str, bytes], session: Session, chance: random.Random) -> list[int]:
    """Returns the steps after which a power cut leaves something that was not promised."""
    found: list[int] = []
    for cut in session.disk.cuts(before):
        allowed = session.allowed(cut.count)
        if not allowed:
            # The journal was being opened.
            continue
        for choose in choices(chance):
            with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
                try:
                    good = opened(cut.left(choose), Path(folder)) in allowed
                except (sqlite3.Error, AssertionError):
                    good = False
            if not good:
                found.append(cut.count)
    return found


@pytest.mark.asyncio
@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_that_was_promised_is_lost(seed: int, tmp_path: Path) -> None:
    try:
        before, session = await recorded(tmp_path, seed, operations=20)
    except NoRecording as reason:
        pytest.skip(str(reason))
    kinds = {step.kind for step in session.disk.steps}
    written = {step.name for step in session.disk.steps if step.kind == "write"}
    # The log and the file itself were written, and the log was removed at the end.
    assert kinds >= {"write", "sync", "delete"}
    assert written == {"journal", "journal-wal"}
    assert losses(before, session, random.Random(seed)) == []


@pytest.mark.asyncio
async def test_what_a_cut_leaves_is_opened_by_a_journal(tmp_path: Path) -> None:
    try:
        before, session = await recorded(tmp_path, 7, operations=20)
    except NoRecording as reason:
        pytest.skip(str(reason))
    for cut in session.disk.cuts(before):
        allowed = session.allowed(cut.count)
        if cut.count % 5 or not allowed:
            continue
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            for name, data in cut.left(nothing).items():
                Path(folder, name).write_bytes(data)
            with SqliteJournal(Path(folder, "journal")) as journal:
                found = content_of(journal._database)
                assert found in allowed
                seqs = await journal.commit([entry(1000, 1)])
                # No number is used again, also not one of a message that is gone.
                assert seqs[0] > max([0, *(row[0] for row in found[0])])


@pytest.mark.asyncio
async def test_a_journal_that_does_not_sync_would_be_found_out(tmp_path: Path) -> None:
    try:
        before, session = await recorded(tmp_path, 1, 8, pragma="PRAGMA synchronous = NORMAL")
    except NoRecording as reason:
        pytest.skip(str(reason))
    assert losses(before, session, random.Random(0))


def main() -> None:
    """Cuts the power of many sessions."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=50)
    options = parser.parse_args()
    cuts = 0
    for seed in range(options.seed, options.seed + options.count):
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            before, session = asyncio.run(recorded(Path(folder), seed, operations=60))
            lost = losses(before, session, random.Random(seed))
            cuts += len(session.disk.steps) * len(choices(random.Random()))
        if lost:
            sys.exit(f"seed {seed}: lost after steps {lost}")
    sys.stdout.write(
        f"{options.count} sessions from seed {options.seed}, {cuts} cuts: nothing lost\n"
    )
