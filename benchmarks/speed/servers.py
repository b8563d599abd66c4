"""The servers that are measured, as programs to start, and one round of load on one of them."""

from dataclasses import dataclass, field
from typing import Final

from .findings import Book
from .load import Crowd, masked, percentile
from .messages import sample
from .node import why_no_node
from .processes import Program, Running

__all__ = [
    "DEFAULT",
    "ECHO",
    "FAST",
    "NODE",
    "THEIRS",
    "Rounds",
    "all_servers",
    "boot",
    "main_servers",
    "node_servers",
    "ours",
    "theirs",
]

DEFAULT: Final = "ocppkit websockets"
FAST: Final = "ocppkit websockets, uvloop"
"""What the documentation names for those who want speed: one switch."""

THEIRS: Final = "mobilityhouse"
NODE: Final = "ocpp-rpc strict"
ECHO: Final = "echo floor"

_WARM_UP: Final = 0.15


def ours(transport: str, *, loop: str = "asyncio", coroutines: bool = False) -> Program:
    """Returns a CSMS of ocppkit."""
    name = f"ocppkit {transport}"
    if loop != "asyncio":
        name += f", {loop}"
    arguments = ["ocppkit_server", "--transport", transport, "--loop", loop]
    if coroutines:
        name += ", coroutines"
        arguments.append("--coroutines")
    return Program(name, tuple(arguments))


def theirs(loop: str = "asyncio") -> Program:
    """Returns mobilityhouse's central system."""
    name = THEIRS if loop == "asyncio" else f"{THEIRS}, {loop}"
    return Program(name, ("mobilityhouse_server", "--loop", loop))


def node_servers(book: Book) -> list[Program]:
    """Returns the server of Node.js, if it can run here."""
    missing = why_no_node()
    if missing is not None:
        book.note(missing)
        return []
    return [Program(NODE, ("server.js",), node=True)]


def main_servers(book: Book) -> list[Program]:
    """Returns those that the targets are about, each beside what it is compared with."""
    return [
        Program(ECHO, ("echo_server",)),
        ours("websockets"),
        ours("websockets", loop="uvloop"),
        theirs(),
        *node_servers(book),
    ]


def all_servers(book: Book) -> list[Program]:
    """Returns those of `main_servers` first, then every transport and event loop."""
    main = main_servers(book)
    names = {program.name for program in main}
    each = [
        ours(transport, loop=loop)
        for transport in ("websockets", "starlette", "aiohttp")
        for loop in ("asyncio", "uvloop")
    ]
    others = [program for program in each if program.name not in names]
    handlers = [
        ours("websockets", coroutines=True),
        ours("websockets", loop="uvloop", coroutines=True),
    ]
    return [*main, *others, *handlers]


def boot() -> bytes:
    """Returns the frame with which a station begins."""
    return masked(sample("2.0.1", "BootNotification").text)


@dataclass(slots=True)
class Rounds:
    """What one server did under one load, one value a round."""

    calls_per_second: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])
    """Seconds of CPU of a call, user and system."""

    user: list[float] = field(default_factory=list[float])
    system: list[float] = field(default_factory=list[float])
    busy: list[float] = field(default_factory=list[float])
    """How much of the time that it could have run it did; what neighbours took does not count."""

    p50: list[float] = field(default_factory=list[float])
    p99: list[float] = field(default_factory=list[float])

    def add(
        self, server: Running, connections: int, frames: tuple[bytes, ...], seconds: float
    ) -> None:
        """Loads the server for one round."""
        crowd = Crowd(server.port)
        try:
            crowd.connect(connections, None if server.program.name == ECHO else boot())
            crowd.drive(frames, _WARM_UP)
            cpu, waited = server.cpu(), server.waited()
            user, system = server.user_and_system()
            outcome = crowd.drive(frames, seconds)
            cpu, waited = server.cpu() - cpu, server.waited() - waited
            later = server.user_and_system()
        finally:
            crowd.close()
        if outcome.errors:
            raise RuntimeError(f"{server.program.name} answered {outcome.errors} calls with errors")
        self.calls_per_second.append(outcome.calls / outcome.seconds)
        self.cpu.append(cpu / outcome.calls)
        # The ticks of user and system time are coarse: they only part what the clock has counted.
        ticks = max(later[0] - user + later[1] - system, 1e-9)
        self.user.append(cpu / outcome.calls * (later[0] - user) / ticks)
        self.system.append(cpu / outcome.calls * (later[1] - system) / ticks)
        self.busy.append(cpu / max(outcome.seconds - waited, cpu))
        self.p50.append(percentile(outcome.delays, 0.5))
        self.p99.append(percentile(outcome.delays, 0.99))
