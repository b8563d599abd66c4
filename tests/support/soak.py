"""A soak test: a CSMS with stations that come and go, rude disconnects and bad traffic, for minutes.

`python -m support.soak --seconds 1200 --stations 300` runs it large; the gate runs it small. It fails if
a steady station is disconnected, misses a ping, an answer or a command, if an honest call is refused, if
anything is logged that is not expected, if a connection is left at the end, or if the memory that
tracemalloc sees grows between the middle and the end.
"""

import argparse
import asyncio
import gc
import json
import logging
import re
import sys
import tracemalloc
from contextlib import suppress
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Final, NamedTuple

from ocppkit import v201
from ocppkit.core import Limits, OcppError, utcnow
from ocppkit.csms import Csms
from ocppkit.transports import websockets
from support.soak_peers import EXPECTED, is_steady

__all__ = ["Figures", "soak"]

PING_INTERVAL: Final = 5.0
MOST_GAP: Final = 2 * PING_INTERVAL
"""Seconds between two pings: a machine that is busy delays one, but none may be left out."""

GROWTH: Final = 64 * 1024
"""Bytes that the end may have more than the middle: what the connections of a moment differ by."""

MOMENTS: Final = 16
"""How often memory is measured in the middle and at the end; the least counts."""

_EXPECTED: Final = re.compile("|".join(EXPECTED))


class Figures(NamedTuple):
    """The figures that a soak test has measured."""

    seconds: float
    longest_gap: float
    """The longest time that a steady station was sent no ping, in seconds."""

    unanswered: list[str]
    """The calls of steady stations that got no answer, by identity and message id."""

    left: int
    """How many connections were left when all peers had gone."""

    unexpected: list[str]
    """What was logged at WARNING or above and should not have been, and commands to steady stations
    that failed."""

    middle: int
    """Bytes that tracemalloc saw in the middle of the time, and at the end."""

    end: int
    growth: list[str]
    """Where most of what the end has more was allocated."""

    counts: dict[str, int]
    """What the peers did and got."""

    pause: "Pause"
    """The longest time in which the event loop took no turn."""

    @property
    def is_good(self) -> bool:
        """Whether nothing went wrong."""
        return (
            self.longest_gap <= MOST_GAP
            and not self.unanswered
            and self.left == 0
            and self.counts.get("errors", 0) == 0
            and not self.unexpected
            and self.end <= self.middle + GROWTH
        )

    def __str__(self) -> str:
        lines = [
            f"{self.seconds:.0f} s, {self.counts}",
            f"longest pause of the event loop: {self.pause.seconds:.2f} s, {self.pause.cpu:.2f} s of CPU in it",
            f"steady stations: at most {self.longest_gap:.1f} s without a ping, sent every "
            f"{PING_INTERVAL:g} s; calls without an answer: {', '.join(self.unanswered[:20]) or '-'}",
            f"connections that were left: {self.left}",
            f"unexpected log records: {len(self.unexpected)}",
            *self.unexpected[:20],
            f"memory: {self.middle / 1024:.0f} KiB in the middle, {self.end / 1024:.0f} KiB at the end",
            *(self.growth if self.end > self.middle + GROWTH else ()),
        ]
        return "\n".join(lines)


class Pause:
    """Measures how long the event loop takes no turn, and how much of that is its own work.

    A long pause with little CPU is a machine that had no time for this process.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cpu = 0.0

    async def measure(self) -> None:
        """Measures until it is cancelled."""
        while True:
            begun, used = perf_counter(), process_time()
            await asyncio.sleep(0)
            if perf_counter() - begun > self.seconds:
                self.seconds, self.cpu = perf_counter() - begun, process_time() - used
            await asyncio.sleep(0.01)


class Unexpected(logging.Handler):
    """Collects log records, except those about misbehaving peers."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        identity, _, _ = text.partition(":")
        is_fault = re.fullmatch(r"CP\d+", identity) is not None and is_steady(identity)
        if record.levelno >= logging.ERROR or is_fault or not _EXPECTED.fullmatch(text):
            self.lines.append(f"{record.levelname} {record.name} {text}"[:2000])


def make_csms() -> Csms:
    """Returns a CSMS whose handlers take a moment."""
    csms = Csms(v201.PROTOCOL, insecure=True, limits=Limits(ping_interval=PING_INTERVAL))

    @csms.on(v201.BootNotificationRequest)
    async def boot(station: object, request: object) -> v201.BootNotificationResponse:
        return v201.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=v201.RegistrationStatusEnumType.ACCEPTED
        )

    @csms.on(v201.TransactionEventRequest)
    async def event(station: object, request: object) -> v201.TransactionEventResponse:
        await asyncio.sleep(0.05)
        return v201.TransactionEventResponse()

    return csms


async def soak(seconds: float, stations: int, seed: int = 1) -> Figures:
    """Runs a CSMS for some seconds, with its peers in another process."""
    unexpected = Unexpected()
    root = logging.getLogger()
    root.addHandler(unexpected)
    tracemalloc.start(1)
    csms = make_csms()
    try:
        async with websockets.serve(csms, "127.0.0.1", 0) as server:
            peers = await _start_peers(server.port, stations, seconds, seed)
            commanding = asyncio.create_task(
                _command(csms, perf_counter() + seconds - 1, unexpected.lines)
            )
            pause = Pause()
            measuring = asyncio.create_task(pause.measure())
            middle, end = await _measured(seconds)
            output, problems = await peers.communicate()
            commanding.cancel()
            measuring.cancel()
            with suppress(asyncio.CancelledError):
                # Raises what has ended it before, if anything has.
                await commanding
            left = await _left(server)
        if peers.returncode:
            unexpected.lines.append(f"the peers failed: {problems.decode()[-2000:]}")
            output = output or b'{"gaps": {"": 0}, "unanswered": [], "counts": {}}'
        seen: dict[str, Any] = json.loads(output)
        grown = end[1].compare_to(middle[1], "lineno")[:10]
    finally:
        tracemalloc.stop()
        root.removeHandler(unexpected)
    return Figures(
        seconds=seconds,
        longest_gap=max(seen["gaps"].values()),
        unanswered=seen["unanswered"],
        left=left,
        unexpected=unexpected.lines,
        middle=middle[0],
        end=end[0],
        growth=[str(line) for line in grown],
        counts=seen["counts"],
        pause=pause,
    )


async def _start_peers(
    port: int, stations: int, seconds: float, seed: int
) -> asyncio.subprocess.Process:
    arguments = map(str, (port, stations, seconds, seed))
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "support.soak_peers", *arguments),
        cwd=Path(__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def _left(server: websockets.Server) -> int:
    """Returns how many connections are left some seconds after all peers have gone."""
    for _ in range(100):
        if server.connections == 0:
            break
        await asyncio.sleep(0.1)
    return server.connections


async def _command(csms: Csms, until: float, faults: list[str]) -> None:
    """Asks one station after the other to clear its cache; many of them leave meanwhile.

    It ends before the steady ones leave, and adds to the faults what failed with one of them.
    """
    while perf_counter() < until:
        stations: list[Any] = list(csms.stations)
        for station in stations:
            await asyncio.sleep(0.1)
            if perf_counter() >= until:
                return
            try:
                await station.call(v201.ClearCacheRequest(), call_timeout=5)
            except OcppError as error:
                # Its connection has ended. Any other error ends this task, and `soak` raises it.
                if is_steady(station.identity):
                    faults.append(f"a command to {station.identity} failed: {error}")
        await asyncio.sleep(0.1)


_Measure = tuple[int, tracemalloc.Snapshot]


async def _measured(seconds: float) -> tuple[_Measure, _Measure]:
    """Returns the memory in the middle and at the end, each the least of several moments."""
    duration = seconds / 5
    await asyncio.sleep(seconds / 2 - duration / 2)
    middle = await _least(duration / MOMENTS)
    await asyncio.sleep(seconds / 2 - 1.5 * duration)
    return middle, await _least(duration / MOMENTS)


async def _least(moment: float) -> _Measure:
    measured: list[int] = []
    for _ in range(MOMENTS):
        await asyncio.sleep(moment)
        gc.collect()
        measured.append(tracemalloc.get_traced_memory()[0])
    snapshot = tracemalloc.take_snapshot()
    own = tracemalloc.Filter(inclusive=False, filename_pattern=tracemalloc.__file__)
    return min(measured), snapshot.filter_traces([own])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m support.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=1200.0)
    parser.add_argument("--stations", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    figures = asyncio.run(soak(options.seconds, options.stations, options.seed))
    sys.stdout.write(f"{figures}\n")
    return not figures.is_good


if __name__ == "__main__":
    sys.exit(main())
