"""Group 6: how costs grow with size, connections, handlers and queues: in straight lines, without knees.

Of each, the cost of the whole is measured at several sizes. Between two sizes it grows with some power:
by the first where it is a line, by less where something is paid once, by the second where everything
looks at everything. The steepest step counts.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import pairwise
from math import log
from typing import Final

from ocppkit import v201
from ocppkit.core import Connection, ResultReceived, Role, decode_message

from . import mobilityhouse
from .findings import Book, Finding
from .load import mix
from .measure import Work, measure_in_turns
from .messages import MESSAGE_ID, Sample, frame, meter_values, sample
from .processes import pinned, started
from .scale import Scale
from .servers import ECHO, Rounds, main_servers
from .turn import MIX, costs_of, endpoint
from .turn import mobilityhouse as mobilityhouse_turn

__all__ = ["run", "run_inside", "steepest"]

_GROUP: Final = "growth"
_VALUES: Final = (4, 16, 64, 256, 1024)
_HANDLERS: Final = (4, 8, 16, 32)
_QUEUE: Final = (4, 16, 64, 256)
_CONNECTIONS: Final = (10, 100, 1000)


def run(scale: Scale, book: Book) -> None:
    """Measures all four."""
    run_inside(scale, book)
    _connections(scale, book)


def run_inside(scale: Scale, book: Book) -> None:
    """Measures what needs no network."""
    _grow("values in a message", _VALUES, _sizes, scale, book)
    _handlers(scale, book)
    _grow("length of the queue", _QUEUE, _queues, scale, book)


def steepest(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """Returns the greatest power with which a cost grows from one size to the next."""
    return max(
        log(cost / before) / log(size / smaller)
        for (smaller, size), (before, cost) in zip(pairwise(sizes), pairwise(costs), strict=True)
    )


def _grow(
    what: str,
    sizes: Sequence[int],
    contestants_of: Callable[[int], Mapping[str, Work]],
    scale: Scale,
    book: Book,
) -> None:
    book.say(what)
    by_size = {
        size: measure_in_turns(contestants_of(size), rounds=scale.rounds, seconds=scale.turn)
        for size in sizes
    }
    _enter(what, by_size, book)


def _enter(what: str, by_size: Mapping[int, Mapping[str, Sequence[float]]], book: Book) -> None:
    sizes = list(by_size)
    exponents: dict[str, list[float]] = {}
    for who in by_size[sizes[0]]:
        for size in sizes:
            total = by_size[size][who]
            microseconds = [one * 1e6 for one in total]
            book.cost(_GROUP, f"{size:,}", who, f"µs in all, by {what}", microseconds)
        rounds = zip(*(by_size[size][who] for size in sizes), strict=True)
        exponents[who] = [steepest(sizes, costs) for costs in rounds]
    for who, values in exponents.items():
        if who.startswith("ocppkit"):
            others = ", ".join(
                f"{other} {sorted(theirs)[len(theirs) // 2]:.2f}"
                for other, theirs in exponents.items()
                if not other.startswith("ocppkit")
            )
            book.find(Finding(_GROUP, what, who, others, "power", tuple(values), "growth"))


# What grows.


def _sizes(values: int) -> Mapping[str, Work]:
    text = frame("MeterValues", meter_values("2.0.1", 1, values))
    return {
        "ocppkit, decode": Work(decode_message, v201.PROTOCOL, text),
        "json.loads": Work(json.loads, text),
        "mobilityhouse, read": Work(mobilityhouse.read, text, "2.0.1"),
    }


def _queues(count: int) -> Mapping[str, Work]:
    return {"ocppkit, calls": Work(_call_all, count)}


def _call_all(count: int) -> None:
    ids = iter(range(count))
    station = Connection(
        Role.STATION, v201.PROTOCOL, new_id=lambda: f"{MESSAGE_ID[:-4]}{next(ids):04}"
    )
    request = v201.HeartbeatRequest()
    for _ in range(count):
        station.send_call(request, 0.0)
    answered = 0
    while texts := station.data_to_send():
        for text in texts:
            answer = f'[3,"{json.loads(text)[1]}",{{"currentTime":"2025-06-01T10:00:00Z"}}]'
            station.receive_data(answer, 0.0)
            answered += isinstance(station.next_event(), ResultReceived)
    assert answered == count, (answered, count)


def _handlers(scale: Scale, book: Book) -> None:
    what = "handlers, each of which is called"
    book.say(what)
    one = sample("2.0.1", "Heartbeat")
    by_size: dict[int, dict[str, list[float]]] = {}
    for count in _HANDLERS:
        costs = asyncio.run(_turns(one, count, scale))
        by_size[count] = {who: [cost * count for cost in values] for who, values in costs.items()}
    _enter(what, by_size, book)


async def _turns(one: Sample, handlers: int, scale: Scale) -> dict[str, list[float]]:
    turns = {
        "ocppkit, turn": endpoint(one, more=handlers - 3),
        "mobilityhouse, turn": mobilityhouse_turn(one, executor=False, more=handlers - 3),
    }
    return await costs_of(turns, scale)


def _connections(scale: Scale, book: Book) -> None:
    what = "connections, each of which calls"
    book.say(what)
    by_size: dict[int, dict[str, list[float]]] = {}
    with pinned(), ExitStack() as stack:
        programs = [program for program in main_servers(book) if program.name != ECHO]
        there = started(programs, stack, book)
        frames = mix(MIX)
        for count in _CONNECTIONS:
            found = {server.program.name: Rounds() for server in there}
            for _ in range(scale.rounds):
                for server in there:
                    found[server.program.name].add(server, count, frames, scale.load / 2)
            by_size[count] = {
                name: [cpu * count for cpu in rounds.cpu] for name, rounds in found.items()
            }
    _enter(what, by_size, book)
