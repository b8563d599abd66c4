"""Every group runs, on the smallest scale: figures are not looked at, only that there are some."""

import os
import subprocess
import sys
from dataclasses import replace
from math import isfinite
from pathlib import Path

import pytest

from speed import blocks, codec, growth, imports, servers, stations, turn
from speed.findings import Book
from speed.load import Crowd, mix
from speed.processes import pinned, running
from speed.scale import QUICK
from speed.servers import Rounds, ours
from speed.targets import TARGETS

HOME = Path(__file__).resolve().parents[2] / "benchmarks"
TINY = replace(QUICK, rounds=1, load_rounds=1, short_rounds=1, turn=1e-4, load=0.02)

linux = pytest.mark.skipif(sys.platform != "linux", reason="it pins processes and reads /proc")


def reached(book: Book) -> set[str]:
    """Returns the targets that figures were found for, each of which must be sound."""
    assert all(isfinite(value) for finding in book.findings for value in finding.values)
    assert all(cost.values for cost in book.costs)
    return {finding.target for finding in book.findings if finding.target is not None}


def targets_of(group: str) -> set[str]:
    return {key for key, target in TARGETS.items() if target.group == group}


def test_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "why_no_node", lambda: "left out here")
    book = Book()

    codec.run(TINY, book)

    assert reached(book) == targets_of("codec")
    assert book.notes == ["left out here"]


def test_turn() -> None:
    book = Book()

    turn.run(TINY, book)

    assert reached(book) == targets_of("turn")


def test_blocks() -> None:
    book = Book()
    blocks.run(TINY, book)
    assert reached(book) == {"composite"}


def test_growth_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "_VALUES", (1, 2))
    monkeypatch.setattr(growth, "_QUEUE", (2, 4))
    book = Book()

    growth.run_inside(TINY, book)

    assert reached(book) == {"growth"}
    assert {finding.what for finding in book.findings} == {
        "values in a message",
        "handlers, each of which is called",
        "length of the queue",
    }


def test_imports() -> None:
    took, grew = imports.probe("ocppkit.v16")

    assert took > 0
    assert grew > 0


@linux
def test_a_server_under_load() -> None:
    rounds = Rounds()

    with pinned(), running(ours("websockets")) as server:
        rounds.add(server, 3, mix(turn.MIX), TINY.load)

    assert rounds.calls_per_second[0] > 0
    assert 0 < rounds.cpu[0] < 1
    assert 0 < rounds.p50[0] <= rounds.p99[0]


@linux
def test_stations_under_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stations, "_COUNT", 3)
    monkeypatch.setattr(stations, "_WARM_UP", 0.01)
    book = Book()

    stations.run(TINY, book)

    assert reached(book) == {"stations-default", "stations-fast"}
    assert book.notes == []


def test_all_transports_and_event_loops_are_measured() -> None:
    names = {program.name for program in servers.all_servers(Book())}

    for transport in ("websockets", "starlette", "aiohttp"):
        assert {f"ocppkit {transport}", f"ocppkit {transport}, uvloop"} <= names


@linux
def test_idle_connections_are_tended() -> None:
    with pinned(), running(ours("websockets")) as server:
        crowd = Crowd(server.port)
        crowd.connect(5, servers.boot())
        crowd.tend()

        assert len(crowd) == 5

        crowd.disconnect(2)
        assert len(crowd) == 3
        crowd.close()
        assert len(crowd) == 0


@pytest.mark.parametrize("program", ["mobilityhouse_server", "mobilityhouse_stations"])
def test_peers_do_not_have_ocppkit_in_their_memory(program: str) -> None:
    look = f"import speed.peers.{program}, sys; print('ocppkit' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(HOME)}

    done = subprocess.run(
        [sys.executable, "-c", look], env=environment, check=True, capture_output=True, text=True
    )

    assert done.stdout == "False\n"
