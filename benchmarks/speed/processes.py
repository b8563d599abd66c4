"""Starts the measured programs as processes on one CPU, and reads their use of CPU and memory."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from .findings import Book
from .node import FOLDER as NODE_FOLDER

__all__ = ["Ended", "Program", "Running", "cpus", "pinned", "running", "started"]

_PATIENCE: Final = 20.0
"""Seconds that a program has to end."""

_LONGEST: Final = 180.0
"""Seconds until a program says what it is waited for, at most."""

_HOME: Final = Path(__file__).resolve().parents[1]


@cache
def cpus() -> tuple[int, int]:
    """Returns the CPU for what is measured, and the one for its load; the same if there is but one.

    The first answer stays: who is pinned sees one CPU alone.
    """
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


@contextmanager
def pinned(cpu: int | None = None) -> Generator[None]:
    """Keeps this process, and what it starts, on one CPU until the block is left.

    Args:
        cpu: which one; that for the load by default.
    """
    at = cpus()[1] if cpu is None else cpu
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {at})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True, slots=True)
class Program:
    """A program to measure, named as in the tables. It says which port it listens on, if any."""

    name: str
    arguments: tuple[str, ...]
    node: bool = False

    @property
    def command(self) -> list[str]:
        """What to start."""
        if self.node:
            return ["node", str(NODE_FOLDER / self.arguments[0]), *self.arguments[1:]]
        return [sys.executable, "-m", f"speed.peers.{self.arguments[0]}", *self.arguments[1:]]


class Ended(Exception):
    """Raised if a measured program ends too early."""


class Running:
    """A running program, with its use of CPU and memory."""

    def __init__(self, program: Program, process: "subprocess.Popen[str]", told: Any) -> None:
        self.program = program
        self.told = told
        """What it said when it was ready."""

        self._process = process
        # The clock of another process's CPU time, in nanoseconds: see clock_getcpuclockid(3).
        self._clock = (~process.pid << 3) | 2

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.told["port"])

    def cpu(self) -> float:
        """Returns the seconds of CPU time that it has used, user and system, in all its threads."""
        return time.clock_gettime(self._clock)

    def user_and_system(self) -> tuple[float, float]:
        """Returns the same in two parts, in hundredths of a second."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        tick = os.sysconf("SC_CLK_TCK")
        return int(fields[11]) / tick, int(fields[12]) / tick

    def waited(self) -> float:
        """Returns the seconds in which its main thread wanted to run, and a neighbour did."""
        _, waited, _ = Path(f"/proc/{self._process.pid}/schedstat").read_text().split()
        return int(waited) / 1e9

    def memory(self) -> int:
        """Returns the bytes of memory that it holds."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def say(self, **what: Any) -> Any:
        """Tells it something, and returns what it answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        return _line(self.program, self._process)


@contextmanager
def running(program: Program, *more: str, cpu: int | None = None) -> Generator[Running]:
    """Runs a program until the block is left.

    Args:
        program: what to run.
        more: more arguments.
        cpu: the CPU to pin it to; the one for what is measured by default.
    """
    with pinned(cpus()[0] if cpu is None else cpu):
        process = subprocess.Popen(
            [*program.command, *more],
            cwd=_HOME,
            env=os.environ | {"PYTHONPATH": str(_HOME)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    try:
        yield Running(program, process, _line(program, process))
    finally:
        _end(process)


def started(programs: Sequence[Program], stack: ExitStack, book: Book) -> list[Running]:
    """Starts programs until the stack is left; those that cannot run here are noted."""
    there: list[Running] = []
    for program in programs:
        try:
            there.append(stack.enter_context(running(program)))
        except Ended as end:
            book.note(f"left out: {end}")
    return there


def _line(program: Program, process: "subprocess.Popen[str]") -> Any:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _LONGEST)
    if not ready:
        raise Ended(f"{program.name} has said nothing for {_LONGEST:.0f} seconds")
    line = process.stdout.readline()
    if not line:
        raise Ended(f"{program.name} ended, with status {process.wait(_PATIENCE)}")
    return json.loads(line)


def _end(process: "subprocess.Popen[str]") -> None:
    # The end of its input is the end of the program.
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    assert process.stdout is not None
    process.stdout.close()
