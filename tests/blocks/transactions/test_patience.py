"""How long a station waits for a plug or a driver, and what an unplugged cable means."""

from typing import Any

import pytest

from ocppkit.blocks import PowerPathChanged
from ocppkit.blocks.transactions import EvseChanged, TransactionRules, TxPoint
from ocppkit.blocks.variables import EV_CONNECTION_TIME_OUT, STOP_TX_ON_EV_SIDE_DISCONNECT
from support.transaction_bench import CARD, TransactionBench

PATIENCE: dict[Any, Any] = {EV_CONNECTION_TIME_OUT: 120}


@pytest.mark.parametrize("stop", ["Authorized", "PowerPathClosed", "EVConnected", "EnergyTransfer"])
def test_a_driver_who_never_plugs_in(stop: str) -> None:  # E03 TC_E_05_CS TC_E_39_CS
    bench = TransactionBench(start="Authorized", stop=stop, settings=PATIENCE)
    bench.do(bench.block.authorized, 1, CARD)
    bench.advance(119)
    assert bench.sequence == "Authorized:Started"
    bench.advance(2)
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Ended", "EVConnectTimeout")
    assert (last.stopped_reason, last.charging_state) == ("Timeout", "Idle")
    assert bench.block.state_of(1).authorized is False


def test_the_transaction_of_a_parked_vehicle_outlasts_its_driver() -> None:  # E03
    stop = "ParkingBayOccupancy"
    bench = TransactionBench(start="Authorized", stop=stop, settings=PATIENCE)
    bench.do(bench.block.parked, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.advance(121)
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Updated", "EVConnectTimeout")
    assert bench.block.state_of(1).authorized is False
    bench.do(bench.block.left, 1)
    assert bench.transactions[-1].stopped_reason == "Timeout"


def test_without_a_transaction_only_the_authorization_lapses() -> None:  # E03
    bench = TransactionBench(settings=PATIENCE)
    bench.do(bench.block.authorized, 1, CARD)
    bench.advance(121)
    assert bench.reports == []
    assert bench.of(EvseChanged)[-1].after.authorized is False
    bench.do(bench.block.plugged_in, 1)
    assert bench.reports == []


def test_a_driver_who_plugs_in_ends_the_waiting() -> None:  # E03
    bench = TransactionBench(settings=PATIENCE)
    bench.do(bench.block.authorized, 1, CARD)
    bench.advance(119)
    bench.do(bench.block.plugged_in, 1)
    bench.advance(1000)
    assert bench.sequence == "CablePluggedIn:Started"
    assert bench.transactions[0].id_token == CARD


def test_a_plug_without_a_driver_counts_as_finishing() -> None:  # AUT-23
    bench = TransactionBench(settings=PATIENCE)
    bench.do(bench.block.plugged_in, 1)
    bench.advance(121)
    assert bench.block.state_of(1).finishing is True
    bench.do(bench.block.authorized, 1, CARD)
    assert bench.block.state_of(1).finishing is False
    assert bench.sequence == "Authorized:Started"


@pytest.mark.parametrize("stop", ["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"])
def test_an_unplugged_cable_ends_a_transaction(stop: str) -> None:  # E09 TC_E_17_CS TC_E_37_CS
    bench = TransactionBench(stop=stop)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.energy, 1, True)
    bench.do(bench.block.unplugged, 1)
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Ended", "EVCommunicationLost")
    assert (last.stopped_reason, last.charging_state) == ("EVDisconnected", "Idle")


def test_an_unplugged_cable_may_only_suspend() -> None:  # E10 TC_E_26_CS
    settings = {**PATIENCE, STOP_TX_ON_EV_SIDE_DISCONNECT: False}
    bench = TransactionBench(stop="Authorized", settings=settings)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.energy, 1, True)
    bench.do(bench.block.unplugged, 1)
    bench.advance(1000)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.energy, 1, True)
    assert bench.sequence == (
        "Authorized:Started ChargingStateChanged:Updated EVCommunicationLost:Updated "
        "CablePluggedIn:Updated ChargingStateChanged:Updated"
    )
    states = [str(each.charging_state) for each in bench.transactions[2:]]
    assert states == ["Idle", "EVConnected", "Charging"]
    assert [each.closed for each in bench.of(PowerPathChanged)] == [True, False, True]


def test_a_fixed_cable_waits_for_its_vehicle_only_so_long() -> None:  # E10 TC_E_27_CS
    settings = {**PATIENCE, STOP_TX_ON_EV_SIDE_DISCONNECT: False}
    bench = TransactionBench(stop="Authorized", settings=settings, fixed_cables=[1])
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.unplugged, 1)
    bench.advance(121)
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Ended", "EVConnectTimeout")
    assert last.stopped_reason == "Timeout"


@pytest.mark.parametrize("stops", [True, False])
def test_the_next_vehicle_needs_a_driver_of_its_own(stops: bool) -> None:  # E09 E10
    settings = {STOP_TX_ON_EV_SIDE_DISCONNECT: stops}
    bench = TransactionBench(stop="EVConnected", settings=settings)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.unplugged, 1)
    bench.do(bench.block.plugged_in, 1)
    assert bench.sequence == "Authorized:Started EVCommunicationLost:Ended"
    assert bench.of(PowerPathChanged)[-1].closed is False


def test_an_unplugged_cable_of_1_6_suspends_if_the_key_says_so() -> None:  # TX6-07
    rules = TransactionRules(
        start_points=frozenset({TxPoint.POWER_PATH_CLOSED}),
        stop_points=frozenset({TxPoint.AUTHORIZED}),
    )
    for stops, event_type in ((True, "Ended"), (False, "Updated")):
        settings = {STOP_TX_ON_EV_SIDE_DISCONNECT: stops}
        bench = TransactionBench(start="EVConnected", rules=rules, settings=settings)
        bench.do(bench.block.plugged_in, 1)
        bench.do(bench.block.authorized, 1, CARD)
        bench.do(bench.block.unplugged, 1)
        assert bench.transactions[0].trigger_reason == "Authorized"
        assert bench.transactions[-1].event_type == event_type


def test_durations_do_not_follow_the_clock_that_a_csms_sets() -> None:
    bench = TransactionBench(start="Authorized", settings=PATIENCE)
    bench.do(bench.block.authorized, 1, CARD)
    bench.now = type(bench.now)(bench.now.monotonic + 1, bench.now.wall.replace(hour=20))
    bench.advance(100)
    assert bench.sequence == "Authorized:Started"


def test_a_transaction_that_began_meanwhile_is_not_finishing() -> None:
    bench = TransactionBench(start="ParkingBayOccupancy", settings=PATIENCE)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.parked, 1)
    bench.advance(200)
    assert bench.block.state_of(1).finishing is False
    assert bench.sequence == "EVDetected:Started"
