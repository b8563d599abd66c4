"""The journal in a SQLite file: what it keeps, what it refuses, and what a full disk or a torn end leaves."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ocppkit.journals import SqliteJournal
from ocppkit.station import Entry, JournalError, JournalFull, Store, Stored

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


def entry(number: int, **members: Any) -> Entry:
    members.setdefault("payload", b'{"seqNo":%d}' % number)
    members.setdefault("note", f"N{number}")
    members.setdefault("transaction", f"T{number % 2}")
    return Entry(version="2.0.1", action="TransactionEvent", message_id=f"m{number}", **members)


async def waiting(store: Store, after: int = 0) -> list[Stored]:
    return [stored async for stored in store.pending(after)]


async def ids(store: Store) -> list[str]:
    return [stored.entry.message_id for stored in await waiting(store)]


@pytest.mark.asyncio
async def test_all_that_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with SqliteJournal(path) as journal:
        assert await journal.commit([entry(0), entry(1)], {"a": b"1", "b": b"2"}) == [1, 2]
        assert await journal.commit([], {"c": b"3"}) == []
        assert await journal.commit([entry(2), entry(3)]) == [3, 4]
        await journal.failed(2, 5)
        await journal.ack(1, {"a": None, "b": b"4"})
        await journal.set_aside(3, "cannot be read")
        await journal.replace(4, entry(4))
    with SqliteJournal(path) as journal:
        assert len(journal) == await journal.count() == 2
        assert bool(journal)
        assert await waiting(journal) == [
            Stored(seq=2, entry=entry(1), failures=5),
            Stored(seq=4, entry=entry(4)),
        ]
        assert await waiting(journal, after=2) == [Stored(seq=4, entry=entry(4))]
        assert await journal.load() == {"b": b"4", "c": b"3"}
        assert [await journal.count(each) for each in ("T0", "T1", "T2")] == [1, 1, 0]
        (dead,) = await journal.dead_letters()
        assert (dead.seq, dead.entry, dead.reason) == (3, entry(2), "cannot be read")
        await journal.drop([2, 4])
        assert await waiting(journal) == []
        # A number is never used again.
        assert await journal.commit([entry(5)]) == [5]


@pytest.mark.asyncio
async def test_no_number_is_used_again_after_all_are_gone(tmp_path: Path) -> None:
    for expected in (1, 2, 3):
        with SqliteJournal(tmp_path / "journal") as journal:
            assert await journal.commit([entry(0)]) == [expected]
            await journal.ack(expected)


@pytest.mark.asyncio
async def test_what_is_not_there_can_be_removed(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path / "journal") as journal:
        await journal.ack(7)
        await journal.drop([8])
        await journal.set_aside(9, "gone")
        await journal.failed(9, 1)
        assert len(journal) == 0


@pytest.mark.asyncio
async def test_a_long_queue_is_read_in_pieces(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path / "journal") as journal:
        await journal.commit([entry(number) for number in range(450)])
        assert await ids(journal) == [f"m{number}" for number in range(450)]


@pytest.mark.asyncio
async def test_what_waits_is_written_in_one_commit(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path / "journal") as journal:
        statements: list[str] = []
        journal._database.set_trace_callback(statements.append)
        changes = [journal.commit([entry(number)]) for number in range(50)]
        assert await asyncio.gather(*changes) == [[number] for number in range(1, 51)]
        assert statements.count("COMMIT") <= 25


@pytest.mark.asyncio
async def test_one_change_that_fails_takes_no_other_with_it(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path / "journal", max_bytes=2000) as journal:
        changes = [
            journal.commit([entry(0)]),
            journal.commit([entry(1, payload=b"x" * 4000)], {"a": b"1"}),
            journal.commit([entry(2)]),
        ]
        _, second, _ = await asyncio.gather(*changes, return_exceptions=True)
        assert isinstance(second, JournalFull)
        assert await ids(journal) == ["m0", "m2"]
        assert await journal.load() == {}


@pytest.mark.asyncio
async def test_who_stops_waiting_stops_nothing(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path / "journal") as journal:
        task = asyncio.create_task(journal.commit([entry(0)]))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await journal.commit([entry(1)])
        assert await ids(journal) == ["m0", "m1"]


@pytest.mark.asyncio
async def test_a_full_journal_says_so_and_has_room_again_later(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with SqliteJournal(path, max_bytes=1150) as journal:
        for number in range(7):
            await journal.commit([entry(number)])
        with pytest.raises(JournalFull, match=r"journal: full: .*raise max_bytes") as full:
            await journal.commit([entry(7)])
        assert 0 < full.value.needed < 200
        kept = await ids(journal)
        assert len(kept) == len(journal) == 7
    with SqliteJournal(path, max_bytes=1150) as journal:
        with pytest.raises(JournalFull):
            await journal.commit([entry(99)])
        await journal.ack(1)
        await journal.commit([entry(99)])
        assert await ids(journal) == [*kept[1:], "m99"]
        await journal.drop([2, 3])
        await journal.commit([entry(100, payload=b"x" * 100)])
        before = journal._bytes
        await journal.replace(4, entry(3, payload=b""))
        assert journal._bytes == before - len(entry(3).payload)


@pytest.mark.asyncio
async def test_a_full_disk_is_told_before_anything_counts_as_durable(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with SqliteJournal(path) as journal:
        (pages,) = journal._database.execute("PRAGMA page_count").fetchone()
        journal._database.execute(f"PRAGMA max_page_count = {pages + 10}")
        kept: list[str] = []
        try:
            for number in range(1000):
                await journal.commit([entry(number, payload=b"x" * 900)], {"n": b"%d" % number})
                kept.append(f"m{number}")
        except JournalFull as full:
            problem = full
        assert "the disk is full" in str(problem)
        assert await ids(journal) == kept
        assert await journal.load() == {"n": b"%d" % (len(kept) - 1)}
        assert len(journal) == len(kept)
        # What leaves makes room.
        for seq in range(1, 6):
            await journal.ack(seq)
        await journal.commit([entry(2000)])
    with SqliteJournal(path) as journal:
        assert await ids(journal) == [*kept[5:], "m2000"]


@pytest.mark.asyncio
async def test_dead_letters_are_bounded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with SqliteJournal(tmp_path / "journal", max_bytes=4000) as journal:
        for number in range(20):
            (seq,) = await journal.commit([entry(number, payload=b"x" * 200)])
            await journal.set_aside(seq, "no good")
        assert [each.seq for each in await journal.dead_letters()] == [19, 20]
        assert len(journal) == 0
    dropped = [each.message for each in caplog.records]
    assert len(dropped) == 18
    assert (
        "dead letter TransactionEvent m0, as all dead letters together take more than 1000"
        in dropped[0]
    )


GARBAGE = {
    "text": (b"these are the notes of somebody\n" * 100, "nor any SQLite file"),
    "one byte": (b"x", "nor any SQLite file"),
    "half a header": (b"SQLite format 3\x00" + bytes(20), "of another program"),
    "zeros": (bytes(8192), "nor any SQLite file"),
}


@pytest.mark.parametrize(("content", "message"), GARBAGE.values(), ids=GARBAGE)
def test_a_file_that_is_no_journal_is_left_alone(
    content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "journal"
    path.write_bytes(content)
    with pytest.raises(JournalError, match=message) as refused:
        SqliteJournal(path)
    assert str(path) in str(refused.value)
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["journal"]


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY, entry BLOB)")
    database.close()
    content = path.read_bytes()
    with pytest.raises(JournalError, match="of another program"):
        SqliteJournal(path)
    assert path.read_bytes() == content


async def kept_in(path: Path) -> None:
    with SqliteJournal(path) as journal:
        await journal.commit([entry(0), entry(1)])


@pytest.mark.asyncio
async def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    await kept_in(path)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 200")
    database.close()
    content = path.read_bytes()
    with pytest.raises(JournalError, match=r"by a newer release, in format 200.*update ocppkit"):
        SqliteJournal(path)
    assert path.read_bytes() == content


@pytest.mark.asyncio
async def test_what_a_newer_release_only_added_is_ignored_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    await kept_in(path)
    with sqlite3.connect(path) as database:
        database.execute("ALTER TABLE entries ADD COLUMN urgency INTEGER NOT NULL DEFAULT 3")
        database.execute("UPDATE entries SET urgency = 7")
        database.execute("CREATE TABLE other (a)")
        database.execute("PRAGMA user_version = 101")
    database.close()
    with SqliteJournal(path) as journal:
        await journal.commit([entry(2)])
        await journal.set_aside(1, "no good")
        assert await ids(journal) == ["m1", "m2"]
    database = sqlite3.connect(path)
    assert database.execute("SELECT urgency FROM entries").fetchall() == [(7,), (3,)]
    assert database.execute("PRAGMA user_version").fetchone() == (101,)
    database.close()


FORMAT_100 = """
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, version TEXT NOT NULL, action TEXT NOT NULL,
    message_id TEXT NOT NULL, payload BLOB NOT NULL, note TEXT, transaction_id TEXT,
    failures INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE dead_letters (
    seq INTEGER PRIMARY KEY, version TEXT NOT NULL, action TEXT NOT NULL, message_id TEXT NOT NULL,
    payload BLOB NOT NULL, note TEXT, transaction_id TEXT, failures INTEGER NOT NULL,
    reason TEXT NOT NULL
);
CREATE TABLE states (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
INSERT INTO entries VALUES (9, '2.0.1', 'TransactionEvent', 'm0', X'7B7D', 'N0', 'T0', 2);
INSERT INTO states VALUES ('a', X'31');
PRAGMA application_id = 1329811536;
PRAGMA user_version = 100;
"""


@pytest.mark.asyncio
async def test_a_store_of_the_first_format_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    database = sqlite3.connect(path)
    database.executescript(FORMAT_100)
    database.close()
    with SqliteJournal(path) as journal:
        assert await waiting(journal) == [Stored(seq=9, entry=entry(0, payload=b"{}"), failures=2)]
        assert await journal.load() == {"a": b"1"}
        assert await journal.commit([entry(1)]) == [10]


def test_two_in_one_process_are_one_too_many(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path / "journal"):
        with pytest.raises(JournalError, match="open in this process already"):
            SqliteJournal(tmp_path / "journal")
        assert "another process" in opened_elsewhere(tmp_path / "journal")
    SqliteJournal(tmp_path / "journal").close()


def opened_elsewhere(path: Path) -> str:
    script = "import sys; from ocppkit.journals import SqliteJournal; SqliteJournal(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False
    )
    return done.stderr.splitlines()[-1] if done.returncode else ""


@pytest.mark.asyncio
async def test_a_second_process_is_told_and_harms_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with SqliteJournal(path) as journal:
        await journal.commit([entry(0)])
        refused = opened_elsewhere(path)
        assert "database is locked [another process has it open" in refused
        assert str(path) in refused
        await journal.commit([entry(1)])
        assert await ids(journal) == ["m0", "m1"]
    assert opened_elsewhere(path) == ""


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="check that the folder exists"):
        SqliteJournal(tmp_path / "nowhere" / "journal")
    with pytest.raises(JournalError, match="Is a directory"):
        SqliteJournal(tmp_path)


@pytest.mark.asyncio
async def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with SqliteJournal(tmp_path / "journal") as journal:
        await journal.commit([entry(0)])
        journal._database.execute("PRAGMA query_only = ON")
        with pytest.raises(JournalError, match="make the file and its folder writable"):
            await journal.commit([entry(1)])
        assert await ids(journal) == ["m0"]


@pytest.mark.asyncio
async def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal")
    journal.close()
    with pytest.raises(JournalError, match="the journal is closed"):
        await journal.load()


@pytest.mark.asyncio
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
async def test_a_damaged_file_is_refused(part: float, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with SqliteJournal(path) as journal:
        await journal.commit([entry(number, payload=b"x" * 500) for number in range(200)])
    content = path.read_bytes()
    torn = content[: int(len(content) * part)]
    path.write_bytes(torn)
    with pytest.raises(JournalError, match="move it away"):
        SqliteJournal(path)
    assert path.read_bytes() == torn


def test_an_empty_file_becomes_a_journal(tmp_path: Path) -> None:
    (tmp_path / "journal").touch()
    SqliteJournal(tmp_path / "journal").close()


async def torn_log(folder: Path) -> tuple[Path, int, int]:
    """Returns a copy of a journal that was cut off from power, and where its last record begins and ends."""
    live, cut = folder / "live", folder / "cut"
    live.mkdir()
    with SqliteJournal(live / "journal") as journal:
        for number in range(3):
            await journal.commit([entry(number)], {"n": b"%d" % number})
        begin = (live / "journal-wal").stat().st_size
        await journal.commit([entry(3)])
        end = (live / "journal-wal").stat().st_size
        shutil.copytree(live, cut)
    return cut, begin, end


def read_after_cut(content: bytes, log: bytes, here: Path) -> list[str]:
    """Opens a copy whose log is this, as SQLite does after a power cut, and returns the ids."""
    here.write_bytes(content)
    here.with_name("here-wal").write_bytes(log)
    database = sqlite3.connect(here)
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    database.execute("PRAGMA synchronous = OFF")
    found = [row[0] for row in database.execute("SELECT message_id FROM entries ORDER BY seq")]
    database.close()
    return found


@pytest.mark.asyncio
@pytest.mark.parametrize("tail", ["missing", "zeros", "noise"])
async def test_a_log_torn_at_any_byte_of_the_last_record(tail: str, tmp_path: Path) -> None:
    cut, begin, end = await torn_log(tmp_path)
    log = (cut / "journal-wal").read_bytes()[:end]
    content = (cut / "journal").read_bytes()
    whole, earlier = ["m0", "m1", "m2", "m3"], ["m0", "m1", "m2"]
    # Thousands of files, of which none has to last.
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        for size in range(begin, end + 1, 1 if tail == "missing" else 97):
            missing = end - size
            rest = {"missing": b"", "zeros": bytes(missing), "noise": b"\xa5" * missing}[tail]
            found = read_after_cut(content, log[:size] + rest, Path(folder, "here"))
            assert found == whole or (missing and found == earlier), size


@pytest.mark.asyncio
async def test_a_torn_log_is_opened_and_written_on(tmp_path: Path) -> None:
    cut, begin, end = await torn_log(tmp_path)
    log = cut / "journal-wal"
    log.write_bytes(log.read_bytes()[: (begin + end) // 2])
    with SqliteJournal(cut / "journal") as journal:
        assert await ids(journal) == ["m0", "m1", "m2"]
        assert await journal.load() == {"n": b"2"}
        assert await journal.commit([entry(4)]) == [4]
    with SqliteJournal(cut / "journal") as journal:
        assert await ids(journal) == ["m0", "m1", "m2", "m4"]


@contextmanager
def small_disk(folder: Path) -> Generator[Path, None, None]:
    """Mounts a file system in memory that has half a megabyte; skips the test where nobody may."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except OSError as problem:
        pytest.skip(f"nothing can be mounted here: {problem}")
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


async def keep_until_full(journal: SqliteJournal, kept: list[str]) -> None:
    """Keeps messages, and notes which of them count as durable."""
    for number in range(len(kept), 5000):
        await journal.commit([entry(number, payload=b"x" * 900)], {"n": b"%d" % number})
        kept.append(f"m{number}")


@pytest.mark.asyncio
async def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "journal"
        kept: list[str] = []
        with SqliteJournal(path) as journal:
            with pytest.raises(JournalFull, match="journal: the disk is full"):
                await keep_until_full(journal, kept)
            # What was told to be durable is there, and nothing else.
            assert await ids(journal) == kept
            assert await journal.load() == {"n": b"%d" % (len(kept) - 1)}
        assert 50 < len(kept) < 5000
        # Somebody frees some space.
        subprocess.run(["mount", "-o", "remount,size=4m", str(disk)], check=True)
        with SqliteJournal(path) as journal:
            assert await ids(journal) == kept
            await journal.commit([entry(5000)])
            assert await ids(journal) == [*kept, "m5000"]


def check_read_only(path: Path, problem: str) -> None:
    before = path.read_bytes()
    with pytest.raises(JournalError) as told:
        SqliteJournal(path)
    assert str(told.value) == f"{path}: {problem} [check the folder and who may write in it]"
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.asyncio
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_file_that_this_user_may_not_write_is_named(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with SqliteJournal(path) as journal:
        await journal.commit([entry(0)])
    path.chmod(0o444)
    check_read_only(path, "Permission denied")


@pytest.mark.asyncio
async def test_a_disk_that_is_read_only_is_named(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk / "journal"
        with SqliteJournal(path) as journal:
            await journal.commit([entry(0)])
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        check_read_only(path, "Read-only file system")
        with pytest.raises(JournalError, match="new: Read-only file system"):
            SqliteJournal(disk / "new")


def fill(path: Path) -> None:
    """Takes all the space that is left."""
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


@pytest.mark.asyncio
async def test_a_disk_that_something_else_fills_has_room_again(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        rest = disk / "of another program"
        kept: list[str] = []
        with SqliteJournal(disk / "journal") as journal:
            await journal.commit([entry(0)], {"n": b"0"})
            kept.append("m0")
            fill(rest)
            with pytest.raises(JournalFull, match="journal: the disk is full"):
                await keep_until_full(journal, kept)
            assert await ids(journal) == kept
            rest.unlink()
            # The station goes on with the same journal.
            await journal.commit([entry(5000)])
            assert await ids(journal) == [*kept, "m5000"]


@pytest.mark.asyncio
async def test_on_a_full_disk_a_journal_is_read_and_none_is_begun(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        with SqliteJournal(disk / "journal") as journal:
            await journal.commit([entry(0)])
        fill(disk / "of another program")
        with pytest.raises(JournalFull, match="new: the disk is full"):
            SqliteJournal(disk / "new")
        assert sorted(os.listdir(disk)) == ["journal", "of another program"]
        with SqliteJournal(disk / "journal") as journal:
            assert await ids(journal) == ["m0"]
