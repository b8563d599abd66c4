"""Group 3, stations: many stations in one process call a CSMS that needs almost no CPU time."""

from contextlib import ExitStack
from typing import Final

from .findings import Book
from .processes import Program, Running, cpus, running, started
from .scale import Scale
from .servers import DEFAULT, FAST, THEIRS

__all__ = ["run"]

_GROUP: Final = "endtoend"
_COUNT: Final = 100
_FLOOR: Final = Program("CSMS floor", ("csms_floor",))
_WARM_UP: Final = 0.3


def run(scale: Scale, book: Book) -> None:
    """Measures stations under load."""
    book.say("stations")
    with running(_FLOOR, cpu=cpus()[1]) as floor, ExitStack() as stack:
        there = started(_programs(floor), stack, book)
        costs: dict[str, list[float]] = {one.program.name: [] for one in there}
        speeds: dict[str, list[float]] = {one.program.name: [] for one in there}
        for one in there:
            one.say(seconds=_WARM_UP)
        for _ in range(scale.load_rounds):
            for one in there:
                cost, speed = _one_round(one, scale.load)
                costs[one.program.name].append(cost)
                speeds[one.program.name].append(speed)
    what = f"{_COUNT} stations, mix"
    for name in costs:
        book.cost(_GROUP, what, name, "calls/s", speeds[name])
        book.cost(_GROUP, what, name, "µs of CPU a call", [cost * 1e6 for cost in costs[name]])
    targets = {DEFAULT: "stations-default", FAST: "stations-fast"}
    for name in costs:
        if name != THEIRS and THEIRS in costs:
            book.faster(_GROUP, what, costs, name, THEIRS, targets.get(name))


def _programs(floor: Running) -> list[Program]:
    common = ("--port", str(floor.port), "--count", str(_COUNT))
    ours = ("ocppkit_stations", *common)
    return [
        Program(DEFAULT, ours),
        Program(FAST, (*ours, "--loop", "uvloop")),
        Program(THEIRS, ("mobilityhouse_stations", *common)),
    ]


def _one_round(stations: Running, seconds: float) -> tuple[float, float]:
    """Returns the CPU time of a call, and the calls a second."""
    before = stations.cpu()
    told = stations.say(seconds=seconds)
    return (stations.cpu() - before) / told["calls"], told["calls"] / told["seconds"]
