"""Stations of all versions and one CSMS survive a bad network and restarts; each seed can be repeated."""

import pytest

from .scenario import run

SEEDS = range(1, 21)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_lost_and_no_rule_is_broken(seed: int) -> None:
    fleet = run(seed)
    assert list(fleet.faults()) == []
    # It was no idle run: messages went, commands were answered, connections broke.
    kinds = {line.what for line in fleet.simulation.trace.lines}
    assert {"lost", "refused", "stopped", "started"} <= kinds
    assert fleet.commands > 0
    assert sum(fleet.sent.values()) > 50


def test_the_same_seed_gives_the_same_trace() -> None:
    first, second, other = run(3), run(3), run(4)
    assert str(first.simulation.trace) == str(second.simulation.trace)
    assert str(first.simulation.trace) != str(other.simulation.trace)


def test_the_clocks_of_stations_walk_with_virtual_time(caplog: pytest.LogCaptureFixture) -> None:
    run(1)
    assert "system clock jumped" not in caplog.text


def test_connections_break_in_both_ways() -> None:
    lost = {line.text for line in run(1).simulation.trace.lines if line.what == "lost"}
    assert lost == {"half-open", "both ends"}


def test_a_message_that_is_lost_is_found() -> None:
    fleet = run(1)
    fleet.told["CP000"].pop()
    assert [fault for fault in fleet.faults() if fault.startswith("CP000: sent")]
