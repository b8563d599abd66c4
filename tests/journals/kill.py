"""Programs that keep messages in a SqliteJournal and are killed at a random moment, and what they leave.

`make fuzz-kill SEED=1 COUNT=500` runs many schedules.
"""

import argparse
import asyncio
import multiprocessing
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from ocppkit.journals import SqliteJournal
from ocppkit.station import Entry

__all__ = ["Schedule"]

PROCESSES: Final = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["journals.kill"])


def entry(number: int, size: int) -> Entry:
    """Returns a message whose content can be told from its number."""
    return Entry(
        version="2.0.1",
        action="TransactionEvent",
        message_id=f"m{number}",
        payload=(b"%d " % number) * size,
    )


async def write(path: str, seed: int, say: Callable[[str], None]) -> None:
    """Keeps and removes messages for ever, and says what is durable.

    Each message is committed together with a state that counts them; some wait together.
    """
    chance = random.Random(seed)
    with SqliteJournal(path) as journal:
        number = int((await journal.load()).get("made", b"0"))
        waiting = [stored.seq async for stored in journal.pending()]
        say(f"run {number}")
        while True:
            size = chance.randint(1, 4)
            group = [entry(number + each, chance.randint(1, 300)) for each in range(size)]
            number += size
            say(f"asked {number}")
            waiting += await journal.commit(group, {"made": b"%d" % number})
            say(f"made {number}")
            while len(waiting) > chance.randint(0, 8):
                seq = waiting.pop(0)
                say(f"removing {seq}")
                await journal.ack(seq, {"removed": b"%d" % seq})
                say(f"removed {seq}")


def program(path: str, seed: int, writer: Connection) -> None:
    """What is killed."""
    asyncio.run(write(path, seed, lambda line: writer.send_bytes(line.encode())))


class Schedule:
    """One program, killed and started again several times."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.path = folder / "journal"
        self.asked = self.made = 0
        self.removing = self.removed = 0

    def play(self) -> None:
        """Raises AssertionError if anything that counted as durable is lost, altered or out of order."""
        for _ in range(self.chance.randint(1, 2)):
            self.run_until_killed()
            asyncio.run(self.check())

    def run_until_killed(self) -> None:
        """Kills the program after a random number of lines."""
        reader, writer = PROCESSES.Pipe(duplex=False)
        arguments = (str(self.path), self.chance.randint(0, 1 << 30), writer)
        process = PROCESSES.Process(target=program, args=arguments)
        process.start()
        writer.close()
        stop_at = self.chance.randint(1, 40)
        for number, line in enumerate(self.lines(reader)):
            self.hear(line)
            if number == stop_at:
                process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL, process.exitcode

    def lines(self, reader: Connection) -> Iterator[str]:
        """Yields what was said, also what was said before the kill and not heard yet."""
        with reader:
            while True:
                try:
                    yield reader.recv_bytes().decode()
                except (EOFError, OSError):
                    return

    def hear(self, line: str) -> None:
        """Notes what the program said."""
        word, number = line.split()
        if word == "run":
            assert self.made <= int(number) <= self.asked
            self.made = int(number)
        else:
            setattr(self, word, int(number))

    async def check(self) -> None:
        """Compares the file with what the program said."""
        with SqliteJournal(self.path) as journal:
            states = await journal.load()
            left = [stored async for stored in journal.pending()]
        made, removed = int(states.get("made", b"0")), int(states.get("removed", b"0"))
        assert self.made <= made <= self.asked
        assert self.removed <= removed <= self.removing
        # A message's number in the journal is its own plus one: none is lost, doubled or out of order.
        assert [stored.seq for stored in left] == list(range(removed + 1, made + 1))
        for stored in left:
            assert stored.entry.message_id == f"m{stored.seq - 1}"
            assert set(stored.entry.payload.split()) == {b"%d" % (stored.seq - 1)}


def main() -> None:
    """Plays schedules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=500)
    options = parser.parse_args()
    for seed in range(options.seed, options.seed + options.count):
        with tempfile.TemporaryDirectory() as folder:
            try:
                Schedule(seed, Path(folder)).play()
            except AssertionError:
                sys.stderr.write(f"seed {seed} failed\n")
                raise
    sys.stdout.write(f"{options.count} schedules from seed {options.seed}: nothing lost\n")
