"""Stations with all functional blocks survive a bad network, power cuts and restarts of the CSMS; each seed repeats."""

import pytest

from ocppkit.blocks.transactions import TransactionLedger
from support.memory_store import MemoryStore

from .fault_day import run_day
from .hash_seeds import traces_with_two_hash_seeds

SEEDS = range(1, 21)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_transaction_is_lost_or_doubled_and_no_command_answered_twice(seed: int) -> None:
    day = run_day(seed)
    assert list(day.faults()) == []
    # It was no idle day.
    assert len(day.closed) > 5
    assert {record.station for record in day.closed} == {life.identity for life in day.lives}
    assert sum(life.cuts for life in day.lives) > 5
    assert day.restarts == 2
    assert day.commands.outcomes["Accepted"] > 20


def test_everything_that_can_fail_does() -> None:
    days = [run_day(seed) for seed in SEEDS[:3]]
    kinds = {line.what for day in days for line in day.simulation.trace.lines}
    assert {"again", "lost", "refused", "stopped", "started", "power", "closed"} <= kinds
    outcomes = {each for day in days for each in day.commands.outcomes}
    assert {"CallTimedOut", "ConnectionClosed", "Accepted", "Rejected"} <= outcomes
    reasons = {record.stopped_reason for day in days for record in day.closed}
    assert {"PowerLoss", "Local", "EVDisconnected"} <= reasons
    assert sum(life.resets for day in days for life in day.lives) > 3


def test_the_same_seed_gives_the_same_trace() -> None:
    first, second, other = run_day(3), run_day(3), run_day(4)
    assert str(first.simulation.trace) == str(second.simulation.trace)
    assert str(first.simulation.trace) != str(other.simulation.trace)


def test_the_trace_does_not_depend_on_the_order_of_sets() -> None:
    first, second = traces_with_two_hash_seeds("--blocks", "--first=3", "--seeds=1")
    assert first == second
    assert first.count(b"\n") > 1000


def test_a_store_that_keeps_messages_without_states_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forget(store: MemoryStore, states: object) -> None: ...

    monkeypatch.setattr(MemoryStore, "_change", forget)
    faults = [fault for seed in SEEDS[:3] for fault in run_day(seed).faults()]
    assert any("EVConnectionTimeOut is" in fault for fault in faults)
    assert any("not kept as a whole" in fault for fault in faults)


def test_a_ledger_that_forgets_at_a_restart_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forget(ledger: TransactionLedger, state: bytes) -> None: ...

    monkeypatch.setattr(TransactionLedger, TransactionLedger.restore.__name__, forget)
    faults = [fault for seed in SEEDS[:3] for fault in run_day(seed).faults()]
    assert any("the CSMS bills" in fault for fault in faults)


def test_what_is_logged_without_a_cause_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(ledger: TransactionLedger, *arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(TransactionLedger, TransactionLedger.add_report.__name__, fail)
    faults = list(run_day(1).faults())
    assert any(fault.startswith("logged: ERROR ocppkit.aio") for fault in faults)
