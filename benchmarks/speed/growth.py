"""Group 6: measures that costs grow linearly with message size, connections, handlers and queues.

Of each, the cost of the whole is measured at several sizes. Between two sizes it grows with some power:
by the first where it is a line, by less where something is paid once, by the second where everything
looks at everything. The steepest step counts, by the median of its rounds.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from itertools import pairwise
from math import log
from statistics import median
from typing import Final

from ocppkit import v201
from ocppkit.core import Connection, ResultReceived, Role, decode_message

from . import mobilityhouse
from .findings import Book, Measurement
from .load import mix
from .measure import Work, measure_in_turns
from .messages import MESSAGE_ID, Sample, frame, meter_values, sample
from .processes import pinned, started
from .scale import Scale
from .servers import ECHO, Rounds, main_servers
from .turn import MIX, Turn, costs_of, endpoint
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
    """Runs the measurements that need no network."""
    _grow("values in a message", _VALUES, _sizes, scale, book)
    _handlers(scale, book)
    _grow("length of the queue", _QUEUE, _queues, scale, book)


def steepest(sizes: Sequence[int], costs: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Returns the powers with which a cost grows over its steepest step, one value a round.

    Args:
        sizes: of what it grows with.
        costs: for each size, one value a round.
    """
    steps = [
        tuple(
            log(cost / before) / log(size / smaller)
            for before, cost in zip(lower, higher, strict=True)
        )
        for (smaller, lower), (size, higher) in pairwise(zip(sizes, costs, strict=True))
    ]
    return max(steps, key=median)


Costs = Mapping[tuple[str, int], Sequence[float]]
"""Seconds, one value a round, by contestant and size. All sizes take turns, so that a noisy moment
falls on all of them."""


def _grow(
    what: str,
    sizes: Sequence[int],
    contestants_of: Callable[[int], Mapping[str, Work]],
    scale: Scale,
    book: Book,
) -> None:
    book.say(what)
    works = {(who, size): work for size in sizes for who, work in contestants_of(size).items()}
    costs = measure_in_turns(works, rounds=scale.short_rounds, seconds=scale.turn)
    _enter(what, sizes, costs, book)


def _enter(what: str, sizes: Sequence[int], costs: Costs, book: Book) -> None:
    exponents: dict[str, tuple[float, ...]] = {}
    for who in dict.fromkeys(who for who, _ in costs):
        for size in sizes:
            microseconds = [one * 1e6 for one in costs[who, size]]
            book.cost(_GROUP, f"{size:,}", who, f"µs in all, by {what}", microseconds)
        exponents[who] = steepest(sizes, [costs[who, size] for size in sizes])
    for who, values in exponents.items():
        if who.startswith("ocppkit"):
            others = ", ".join(
                f"{other} {median(theirs):.2f}"
                for other, theirs in exponents.items()
                if not other.startswith("ocppkit")
            )
            book.find(Measurement(_GROUP, what, who, others, "power", values, "growth"))


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
    costs = asyncio.run(_turns(sample("2.0.1", "Heartbeat"), scale))
    in_all = {
        (who, count): [cost * count for cost in values] for (who, count), values in costs.items()
    }
    _enter(what, _HANDLERS, in_all, book)


async def _turns(one: Sample, scale: Scale) -> dict[tuple[str, int], list[float]]:
    turns: dict[tuple[str, int], Turn] = {}
    for count in _HANDLERS:
        turns["ocppkit, turn", count] = endpoint(one, more=count - 3)
        theirs = mobilityhouse_turn(one, executor=False, more=count - 3)
        turns["mobilityhouse, turn", count] = theirs
    return await costs_of(turns, scale.short_rounds, scale)


def _connections(scale: Scale, book: Book) -> None:
    what = "connections, each of which calls"
    book.say(what)
    with pinned(), ExitStack() as stack:
        programs = [program for program in main_servers(book) if program.name != ECHO]
        there = started(programs, stack, book)
        found = {
            (server.program.name, count): Rounds() for count in _CONNECTIONS for server in there
        }
        for _ in range(scale.rounds):
            for count in _CONNECTIONS:
                for server in there:
                    found[server.program.name, count].add(server, count, mix(MIX), scale.load / 2)
    in_all = {
        (name, count): [cpu * count for cpu in rounds.cpu]
        for (name, count), rounds in found.items()
    }
    _enter(what, _CONNECTIONS, in_all, book)
