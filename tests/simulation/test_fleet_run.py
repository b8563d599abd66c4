"""Fleets whose processes, bus and network fail run no command twice, tell callers the truth and agree in the end."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from ocppkit.fleet import MemoryBroker
from ocppkit.fleet._command_runner import CommandRunner
from ocppkit.fleet._node import FleetNode
from ocppkit.fleet._replica import Replica
from ocppkit.fleet._shared_registrations import SharedRegistrations

from .fleet_run import FleetRun, run_fleet
from .hash_seeds import traces_with_two_hash_seeds
from .simulated_processes import SimulatedNode

BATCH = 25
FIRST_SEEDS = range(1, 501, BATCH)
SOME = range(1, 41)


@pytest.mark.parametrize("first", FIRST_SEEDS)
def test_no_command_runs_twice_and_all_registries_are_right_in_the_end(first: int) -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(first, first + BATCH):
        run = run_fleet(seed)
        assert list(run.faults()) == [], f"seed {seed}"
        outcomes += run.commands.counts()
    # These were no idle runs.
    assert set(outcomes) == {"ok", "no", "unknown", "timed out", "cancelled"}
    assert outcomes["ok"] > 20 * BATCH


def test_everything_that_can_fail_does() -> None:
    runs = [run_fleet(seed) for seed in SOME]
    kinds = {line.what for run in runs for line in run.simulation.trace.lines}
    assert {"cut", "healed", "killed", "left", "started", "stopped", "bus", "command"} <= kinds
    texts = {line.text for run in runs for line in run.simulation.trace.lines}
    stores = ("its store", "an older store", "no store")
    assert {f"the bus with {store}" for store in stores} <= texts
    lines = [line for run in runs for node in run.nodes for line in node.gate.trace.lines]
    ends = {line.text for line in lines if line.what in ("lost", "closed")}
    assert {"half-open", "both ends", "1008 replaced by a newer connection"} <= ends


def test_the_same_seed_gives_the_same_trace() -> None:
    first, second, other = run_fleet(3), run_fleet(3), run_fleet(4)
    assert first.trace() == second.trace()
    assert first.trace() != other.trace()


def test_the_trace_does_not_depend_on_the_order_of_sets() -> None:
    first, second = traces_with_two_hash_seeds("--fleet", "--first=3", "--seeds=4")
    assert first == second
    assert first.count(b"\n") > 400


# Faults of the product that the runs find.


def found(seeds: range = SOME) -> Iterator[str]:
    """Yields the faults of some runs, until as many are found as are wanted."""
    for seed in seeds:
        run = FleetRun(seed)
        try:
            run.play()
        except ExceptionGroup as error:
            yield str(error)
        yield from run.faults()


def test_a_node_that_forgets_which_commands_ran_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    keep = CommandRunner._keep

    def forget(runner: CommandRunner, command: Any, answer: Any) -> bytes:
        data = keep(runner, command, answer)
        runner._ended.clear()
        return data

    monkeypatch.setattr(CommandRunner, "_keep", forget)
    assert any("ran 2 times" in fault for fault in found(range(1, 101)))


def test_a_node_that_keeps_a_replaced_connection_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FleetNode, "_lost", lambda node, held: None)
    assert any("the nodes have" in fault for fault in found())


def test_a_registry_that_keeps_what_a_lost_store_had_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Replica, "_store_lost", lambda replica, entries: None)
    assert any("knows" in fault for fault in found())


def test_a_bus_that_tells_of_another_store_once_only_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = MemoryBroker.start

    def start_silently(broker: MemoryBroker, tables: Any = None) -> None:
        start(broker, tables)
        for watch in broker._watches:
            watch.store = broker._store

    monkeypatch.setattr(MemoryBroker, "start", start_silently)
    assert any(found(range(1, 51)))


def test_a_boot_that_is_forgotten_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SharedRegistrations, "save", lambda registrations, record: None)
    assert any("its boot was forgotten" in fault for fault in found())


def test_a_boot_that_is_written_after_a_node_has_read_the_record_is_not_taken_for_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unsaved = [1]
    monkeypatch.setattr(SimulatedNode, "unsaved_boots", property(lambda node: unsaved[0]))
    run = FleetRun(1)
    station = run.stations[0]
    station.when_connecting(station)
    unsaved[0] = 0
    station.when_refused(station)
    assert list(run.faults()) == []
    station.when_connecting(station)
    station.when_refused(station)
    assert list(run.faults()) == ["CP000: its boot was forgotten"]
