"""Reads commands for measured stations from standard input, and prints the results."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from time import perf_counter
from typing import Any

from speed.peers.ending import tell

__all__ = ["call_all", "obey"]

Order = dict[str, Any]
Calls = Sequence[Callable[[], Coroutine[Any, Any, Any]]]


async def obey(work: Callable[[float], Awaitable[dict[str, Any]]]) -> None:
    """Does what it is told, `{"seconds": ...}` a line, until the input ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order: Order = json.loads(line)
        tell(**await work(float(order["seconds"])))


async def call_all(stations: Sequence[Calls], seconds: float) -> dict[str, Any]:
    """Lets each station repeat its calls for a number of seconds.

    Args:
        stations: the calls of each.
        seconds: for how long.
    """
    start = perf_counter()
    until = start + seconds

    async def keep_calling(calls: Calls) -> int:
        made = 0
        while perf_counter() < until:
            for call in calls:
                await call()
            made += len(calls)
        return made

    made = await asyncio.gather(*map(keep_calling, stations))
    return {"calls": sum(made), "seconds": perf_counter() - start}
