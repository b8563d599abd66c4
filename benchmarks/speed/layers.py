"""Measures how the time of a call is divided between the layers, by removing one layer after the other.

The codec alone, the engine around it and the endpoint around that are timed in this process; what a
server under load uses beyond that is its transport and event loop, and what it uses as system time is
the kernel's.
"""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any, Final

from ocppkit.core import decode_message, encode_message

from .findings import Book
from .load import mix
from .measure import Work, measure_in_turns
from .messages import MESSAGE_ID, Sample, sample
from .ours import members
from .processes import pinned, started
from .scale import Scale
from .servers import Rounds, ours
from .turn import MIX, costs_of, endpoint, engine

__all__ = ["run"]

_GROUP: Final = "layers"
_CONNECTIONS: Final = 100


def run(scale: Scale, book: Book) -> None:
    """Measures the layers of a CSMS's call, over the mix."""
    inside = [_inside(sample("2.0.1", name), scale) for name in MIX]
    codec, core, aio = (_mean([one[layer] for one in inside]) for layer in range(3))
    loaded = _loaded(scale, book)
    for who, rounds in loaded.items():
        parts = {
            "JSON, validation and typing": codec,
            "engine": _less(core, codec),
            "endpoint and handler": _less(aio, core),
            "transport and event loop": _less(rounds.user, aio),
            "kernel": rounds.system,
            "all of it": rounds.cpu,
        }
        for what, values in parts.items():
            book.cost(_GROUP, what, who, "µs of CPU a call", [one * 1e6 for one in values])


def _inside(one: Sample, scale: Scale) -> tuple[list[float], list[float], list[float]]:
    """Returns the costs of the codec, the engine and the endpoint, each including those before it."""
    response: Any = one.protocol.actions[one.action].response
    answer = response(**members(one.version)[one.action])
    codec = measure_in_turns(
        {
            "in": Work(decode_message, one.protocol, one.text),
            "out": Work(encode_message, MESSAGE_ID, answer),
        },
        rounds=scale.rounds,
        seconds=scale.turn,
    )

    async def turns() -> dict[str, list[float]]:
        return await costs_of(
            {"engine": engine(one), "endpoint": endpoint(one)}, scale.rounds, scale
        )

    around = asyncio.run(turns())
    both = [read + write for read, write in zip(codec["in"], codec["out"], strict=True)]
    return both, around["engine"], around["endpoint"]


def _loaded(scale: Scale, book: Book) -> dict[str, Rounds]:
    with pinned(), ExitStack() as stack:
        there = started([ours("websockets"), ours("websockets", loop="uvloop")], stack, book)
        found = {server.program.name: Rounds() for server in there}
        for _ in range(scale.rounds):
            for server in there:
                found[server.program.name].add(server, _CONNECTIONS, mix(MIX), scale.load)
    return found


def _mean(rows: Sequence[Sequence[float]]) -> list[float]:
    return [sum(row) / len(row) for row in zip(*rows, strict=True)]


def _less(whole: Sequence[float], part: Sequence[float]) -> list[float]:
    return [one - other for one, other in zip(whole, part, strict=True)]
