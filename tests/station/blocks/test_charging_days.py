"""A power cut at any durable operation of a day leaves no transaction incomplete, lost or counted twice."""

import pytest

from ocppkit.blocks.transactions import TransactionLedger
from ocppkit.core import Protocol
from support.day_plans import VISITS
from support.memory_store import MemoryStore

from .charging_days import PROTOCOLS, drawn_cut, drawn_cuts, played

EACH = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
SEEDS = range(1, 51)


@EACH
@pytest.mark.parametrize("seed", SEEDS)
def test_a_power_cut_leaves_every_transaction_complete(protocol: Protocol, seed: int) -> None:
    day = played(protocol, seed, drawn_cut(seed))
    assert list(day.faults()) == []
    assert day.cuts == 1
    # A card may be presented just as the power is cut, or while the station waits for its reset.
    assert len(day.closed) >= VISITS - 3


@EACH
@pytest.mark.parametrize("seed", SEEDS[:8])
def test_power_cuts_while_it_recovers_do_no_more_harm(protocol: Protocol, seed: int) -> None:
    day = played(protocol, seed, *drawn_cuts(seed))
    assert list(day.faults()) == []
    assert day.cuts == 3


@EACH
def test_a_day_without_a_cut_is_no_idle_one(protocol: Protocol) -> None:
    day = played(protocol, seed=1)
    assert list(day.faults()) == []
    assert day.resets
    assert len(day.closed) >= VISITS
    assert {record.was_offline for record in day.closed} == {
        protocol is not PROTOCOLS["1.6"],
        False,
    }
    assert {"Remote", "Local", "EVDisconnected"} <= {record.stopped_reason for record in day.closed}


@EACH
def test_the_same_seed_gives_the_same_day(protocol: Protocol) -> None:
    first, second = (played(protocol, 7, drawn_cut(7)) for _ in range(2))
    assert first.closed == second.closed
    assert first.operations == second.operations


@EACH
def test_some_cuts_fall_into_a_transaction(protocol: Protocol) -> None:
    days = [played(protocol, seed, drawn_cut(seed)) for seed in range(1, 6)]
    reasons = {record.stopped_reason for day in days for record in day.closed}
    assert "PowerLoss" in reasons


@EACH
def test_a_store_that_keeps_messages_without_states_is_found(
    protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryStore, "_change", lambda store, states: None)
    faults = [
        fault for seed in SEEDS[:5] for fault in played(protocol, seed, drawn_cut(seed)).faults()
    ]
    assert any(fault.startswith("not complete") for fault in faults)


def test_a_message_with_the_number_of_another_transaction_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(TransactionLedger, "number", lambda ledger, station, report: 100)
    faults = list(played(PROTOCOLS["1.6"], seed=1).faults())
    assert any(fault.startswith("the CSMS's name 100 stands for") for fault in faults)
