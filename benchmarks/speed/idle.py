"""Group 4: many idle connections: memory, the cost of connecting, and simultaneous reconnection."""

import resource
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Final

import trustme

from . import fleet
from .findings import Book, Measurement
from .load import Crowd
from .measure import spread
from .processes import Ended, Program, Running, pinned, running
from .scale import Scale
from .servers import DEFAULT, FAST, THEIRS, boot, node_servers, ours, theirs

__all__ = ["run"]

_GROUP: Final = "idle"
_SETTLE: Final = 0.3
"""Seconds in which a server does what it puts off, before its memory is read."""

_FIRST: Final = 50
"""Connections that come before memory is counted: what is loaded once is loaded then."""

_FILES: Final = 500
"""Files that a process has open beside its connections, at most."""

FLEET: Final = ours("websockets", loop="uvloop")
"""What the documentation names for many wss connections."""


def run(scale: Scale, book: Book) -> None:
    """Measures idle connections, storms, and a fleet that only sends its heartbeats."""
    _raise_file_limit(max(*scale.idle, *scale.idle_tls, scale.fleet))
    with pinned():
        _measure("ws", _plain(scale, book), scale, book, None)
        with TemporaryDirectory() as folder:
            _measure("wss", _secured(scale), scale, book, _certificate(Path(folder)))
    fleet.run(scale, book)


def _raise_file_limit(connections: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _FIRST + _FILES
    if hard < wanted:
        raise RuntimeError(f"{connections} connections need {wanted} files; the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _plain(scale: Scale, book: Book) -> Mapping[Program, Sequence[int]]:
    main = [ours("websockets"), ours("websockets", loop="uvloop")]
    # The greatest number costs mobilityhouse half a minute, and tells nothing new.
    return {
        **dict.fromkeys(main, scale.idle),
        theirs(): scale.idle[:2],
        **dict.fromkeys(node_servers(book), scale.idle[:1]),
    }


def _secured(scale: Scale) -> Mapping[Program, Sequence[int]]:
    # A handshake costs a millisecond on either side: not everybody needs to show all sizes.
    few = scale.idle_tls[:1]
    return {
        FLEET: scale.idle_tls,
        theirs("uvloop"): few,
        ours("websockets"): few,
        theirs(): few,
    }


def _certificate(folder: Path) -> Path:
    path = folder / "server.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


@dataclass(slots=True)
class _Rounds:
    """What connections cost one server, one value a round; a storm is of thousands at once."""

    memory: dict[int, list[float]]
    connect: list[float] = field(default_factory=list[float])
    storm: list[float] = field(default_factory=list[float])


def _measure(
    scheme: str,
    contestants: Mapping[Program, Sequence[int]],
    scale: Scale,
    book: Book,
    certificate: Path | None,
) -> None:
    found: dict[str, _Rounds] = {}
    storm = scale.storm if certificate is None else scale.storm_tls
    more = () if certificate is None else ("--certificate", str(certificate))
    for at in range(scale.rounds):
        book.say(f"{scheme} connections, round {at + 1}")
        for program, sizes in contestants.items():
            rounds = found.setdefault(program.name, _Rounds({size: [] for size in sizes}))
            try:
                with running(program, *more) as server:
                    _one_round(server, storm, certificate, rounds)
            except Ended as end:
                book.note(f"left out: {end}")
                del found[program.name]
    for name, rounds in found.items():
        for size, values in rounds.memory.items():
            book.cost(_GROUP, f"{scheme}, {size:,} connections", name, "KiB a connection", values)
        connect = rounds.connect
        book.cost(_GROUP, f"{scheme}, new", name, "µs of CPU a connection", connect)
        book.cost(_GROUP, f"{scheme}, storm", name, "µs of CPU a connection", rounds.storm)
    _compare(scheme, found, book)


def _one_round(server: Running, storm: int, certificate: Path | None, rounds: _Rounds) -> None:
    crowd = Crowd(server.port, None if certificate is None else _trusting())
    sizes = sorted(rounds.memory)
    try:
        crowd.connect(_FIRST, boot())
        empty, cpu = server.memory(), server.cpu()
        for size in sizes:
            crowd.connect(size + _FIRST - len(crowd), boot())
            crowd.tend()
            sleep(_SETTLE)
            rounds.memory[size].append((server.memory() - empty) / size / 1024)
        rounds.connect.append((server.cpu() - cpu) / sizes[-1] * 1e6)
        back = min(storm, sizes[-1])
        crowd.disconnect(back)
        _wait_calm(server)
        cpu = server.cpu()
        crowd.connect(back, boot())
        rounds.storm.append((server.cpu() - cpu) / back * 1e6)
    finally:
        crowd.close()


def _trusting() -> ssl.SSLContext:
    # Whom it trusts is not what is measured.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _wait_calm(server: Running) -> None:
    """Waits until a server has dealt with what has vanished."""
    for _ in range(100):
        before = server.cpu()
        sleep(0.1)
        if server.cpu() - before < 0.005:
            return


def _compare(scheme: str, found: Mapping[str, _Rounds], book: Book) -> None:
    for name, rounds in found.items():
        peer = THEIRS if "uvloop" not in name or scheme == "ws" else f"{THEIRS}, uvloop"
        if not name.startswith("ocppkit") or peer not in found:
            continue
        other = found[peer]
        for size, values in rounds.memory.items():
            what = f"{scheme}, {size:,} connections"
            nearest = size if size in other.memory else max(other.memory)
            beside = f"{peer} {spread(other.memory[nearest]).median:.1f} KiB"
            target = _memory_target(scheme, name)
            book.find(Measurement(_GROUP, what, name, beside, "KiB", tuple(values), target))
        storms = {name: rounds.storm, peer: other.storm}
        target = "storm" if scheme == "ws" and name in (DEFAULT, FAST) else None
        book.faster(_GROUP, f"{scheme}, storm", storms, name, peer, target)


def _memory_target(scheme: str, name: str) -> str | None:
    if scheme == "ws":
        return {DEFAULT: "memory-default", FAST: "memory-fast"}.get(name)
    return "memory-tls" if name == FLEET.name else None
