"""Group 3: calls over loopback WebSockets, to servers of all kinds, and by stations."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Final

from . import stations
from .findings import Book
from .load import mix
from .measure import spread
from .processes import Running, cpus, pinned, started
from .scale import Scale
from .servers import DEFAULT, ECHO, FAST, NODE, THEIRS, Rounds, all_servers, main_servers

__all__ = ["run"]

_GROUP: Final = "endtoend"
_MIX: Final = ("BootNotification", "Heartbeat", "MeterValues")
_LARGE: Final = ("MeterValues 4 x 20",)
_FIRST_WARM_UP: Final = 1.0
"""Seconds after which a server's code is compiled, by Node.js above all."""

_BUSY: Final = 0.95
"""How much of its CPU a server must use, for its limits to be what is measured."""


def run(scale: Scale, book: Book) -> None:
    """Measures servers under load, then stations."""
    if cpus()[0] == cpus()[1]:
        book.note("there is one CPU only: servers share it with their load")
    with pinned(), ExitStack() as stack:
        there = started(all_servers(book), stack, book)
        names = {program.name for program in main_servers(book)}
        main = [server for server in there if server.program.name in names]
        for server in there:
            Rounds().add(server, 100, mix(_MIX), _FIRST_WARM_UP)
        for count in scale.connections:
            what = f"server, {count:,} connection{'s' * (count > 1)}, mix"
            rounds = {1: scale.short_rounds, 100: scale.load_rounds}.get(count, scale.rounds)
            _load(what, there if count == 100 else main, count, mix(_MIX), rounds, scale, book)
        what = "server, 100 connections, 11 KB"
        _load(what, main, 100, mix(_LARGE), scale.rounds, scale, book)
    stations.run(scale, book)


def _load(
    what: str,
    servers: Sequence[Running],
    count: int,
    frames: tuple[bytes, ...],
    times: int,
    scale: Scale,
    book: Book,
) -> None:
    book.say(what)
    found = {server.program.name: Rounds() for server in servers}
    seconds = scale.load if count > 1 else scale.short_load
    for _ in range(times):
        for server in servers:
            found[server.program.name].add(server, count, frames, seconds)
    for name, rounds in found.items():
        cost = partial(book.cost, _GROUP, what, name)
        cost("calls/s", rounds.calls_per_second)
        cost("µs of CPU a call", [one * 1e6 for one in rounds.cpu])
        cost("µs of user time a call", [one * 1e6 for one in rounds.user])
        cost("µs of system time a call", [one * 1e6 for one in rounds.system])
        cost("% of its CPU used", [one * 100 for one in rounds.busy])
        cost("p50, µs", [one * 1e6 for one in rounds.p50])
        cost("p99, µs", [one * 1e6 for one in rounds.p99])
        busy = spread(rounds.busy).median
        if count > 1 and busy < _BUSY and name != ECHO:
            book.note(
                f"{what}: {name} used {busy:.0%} of its CPU, so its calls/s are a lower bound; "
                "ratios are of CPU time"
            )
    _compare(what, found, book)


def _compare(what: str, found: dict[str, Rounds], book: Book) -> None:
    cpu = {name: rounds.cpu for name, rounds in found.items()}
    p50 = {name: rounds.p50 for name, rounds in found.items()}
    for name in found:
        if not name.startswith("ocppkit"):
            continue
        for peer in (THEIRS, NODE):
            if peer in cpu:
                book.faster(_GROUP, what, cpu, name, peer, _target(what, name, peer))
        if what.startswith("server, 1 connection,") and ECHO in p50:
            target = "latency" if name in (DEFAULT, FAST) else None
            book.share(_GROUP, f"{what}, p50", p50, name, ECHO, target)


def _target(what: str, name: str, peer: str) -> str | None:
    speed = {DEFAULT: "default", FAST: "fast"}.get(name)
    scene = {
        "server, 100 connections, mix": "100",
        "server, 1,000 connections, mix": "1000",
        "server, 100 connections, 11 KB": "11k",
    }.get(what)
    if speed is None or scene is None or (scene == "11k" and speed == "default"):
        return None
    if peer == NODE:
        return None if scene == "1000" else f"server-{scene}-{speed}-node"
    return f"server-{scene}-{speed}"
