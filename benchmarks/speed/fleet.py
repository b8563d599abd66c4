"""Group 4, the long run: a fleet of ocppkit's stations on one CPU, a CSMS on another, and their heartbeats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .findings import Book, Measurement
from .load import percentile
from .processes import Ended, Program, cpus, running
from .scale import Scale
from .servers import DEFAULT, THEIRS, ours, theirs

__all__ = ["run"]

_GROUP: Final = "idle"
_SETTLE: Final = 3.0
"""Seconds after the last station has booted."""


def run(scale: Scale, book: Book) -> None:
    """Looks at the fleet's steady state for one interval, once for each CSMS."""
    what = f"{scale.fleet:,} stations, a heartbeat every {scale.fleet_interval} s"
    seen: dict[str, _Seen] = {}
    for program in (ours("websockets"), theirs()):
        name = program.name
        book.say(f"{what}: {name}")
        try:
            seen[name] = _watch(program, scale)
        except Ended as end:
            book.note(f"{what}: {name} did not carry them: {end}")
        else:
            book.cost(_GROUP, what, name, "p99 of a heartbeat, ms", seen[name].p99)
            book.cost(_GROUP, what, name, "errors", seen[name].errors)
    if DEFAULT in seen:
        _find(what, seen, book)


def _find(what: str, seen: Mapping[str, "_Seen"], book: Book) -> None:
    us, them = seen[DEFAULT], seen.get(THEIRS)
    for key, unit, values, others in (
        ("fleet-errors", "errors", us.errors, them and them.errors),
        ("fleet-p99", "ms", us.p99, them and them.p99),
    ):
        beside = f"{max(others):.0f} {unit}" if others else "did not carry them"
        book.find(Measurement(_GROUP, what, DEFAULT, f"{THEIRS} {beside}", unit, values, key))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What became of the heartbeats of one interval."""

    p99: tuple[float, ...]
    """Milliseconds, of each part of the interval."""

    errors: tuple[float, ...]


def _parts(delays: Sequence[float], count: int) -> list[Sequence[float]]:
    """Returns the delays in so many parts, in order of time."""
    size = max(1, len(delays) // count)
    return [delays[at : at + size] for at in range(0, len(delays) // size * size, size)]


def _watch(program: Program, scale: Scale) -> _Seen:
    """Lets a fleet boot on a CSMS, and times its heartbeats.

    Raises:
        Ended: the CSMS or the fleet did not get so far.
    """
    interval = scale.fleet_interval
    with running(program, "--interval", str(interval)) as server:
        arguments = ("--port", str(server.port), "--count", str(scale.fleet), "--watch")
        stations = Program("the fleet", ("ocppkit_stations", *arguments))
        with running(stations, cpu=cpus()[1]) as fleet:
            fleet.say(seconds=_SETTLE)
            told = fleet.say(seconds=interval)
    delays: list[float] = told["delays"]
    if len(delays) < scale.fleet / 2:
        raise Ended(f"{len(delays)} heartbeats were answered")
    p99 = tuple(percentile(part, 0.99) * 1e3 for part in _parts(delays, scale.rounds))
    return _Seen(p99, (float(told["errors"]),))
