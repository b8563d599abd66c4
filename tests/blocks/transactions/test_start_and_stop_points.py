"""Which facts begin and end a transaction, for each start and stop point, and what is reported."""

import pytest

from ocppkit.blocks import PowerPathChanged, TransactionBegan, TransactionEnded
from ocppkit.blocks.transactions import StoppedReason, SuspendedBy
from ocppkit.blocks.variables import TX_STOP_POINT
from support.transaction_bench import CARD, TransactionBench


def plug_first(bench: TransactionBench) -> None:
    """Plays a whole session: park, plug in, card, energy, pause, energy, card, unplug, leave."""
    block = bench.block
    bench.do(block.parked, 1)
    bench.do(block.plugged_in, 1)
    bench.do(block.authorized, 1, CARD)
    bench.do(block.energy, 1, True)
    bench.do(block.stopped, 1, id_token=CARD)
    bench.do(block.energy, 1, False)
    bench.do(block.unplugged, 1)
    bench.do(block.left, 1)


def card_first(bench: TransactionBench) -> None:
    block = bench.block
    bench.do(block.parked, 1)
    bench.do(block.authorized, 1, CARD)
    bench.do(block.plugged_in, 1)
    bench.do(block.energy, 1, True)
    bench.do(block.stopped, 1, id_token=CARD)
    bench.do(block.energy, 1, False)
    bench.do(block.unplugged, 1)
    bench.do(block.left, 1)


BEGIN = {  # E01, E02
    "ParkingBayOccupancy": "EVDetected:Started CablePluggedIn:Updated Authorized:Updated "
    "ChargingStateChanged:Updated",
    "EVConnected": "CablePluggedIn:Started Authorized:Updated ChargingStateChanged:Updated",
    "Authorized": "Authorized:Started ChargingStateChanged:Updated",
    "PowerPathClosed": "Authorized:Started ChargingStateChanged:Updated",
    "EnergyTransfer": "ChargingStateChanged:Started",
    "EVConnected,EnergyTransfer": "CablePluggedIn:Started Authorized:Updated "
    "ChargingStateChanged:Updated",
    "DataSigned,PowerPathClosed": "Authorized:Started ChargingStateChanged:Updated",
}
CARD_FIRST = {  # E03
    "ParkingBayOccupancy": "EVDetected:Started Authorized:Updated CablePluggedIn:Updated "
    "ChargingStateChanged:Updated",
    "EVConnected": "CablePluggedIn:Started ChargingStateChanged:Updated",
    "Authorized": "Authorized:Started CablePluggedIn:Updated ChargingStateChanged:Updated",
    "PowerPathClosed": "CablePluggedIn:Started ChargingStateChanged:Updated",
    "EnergyTransfer": "ChargingStateChanged:Started",
}
END = {  # E06, E07
    "ParkingBayOccupancy": "StopAuthorized:Updated ChargingStateChanged:Updated "
    "EVCommunicationLost:Updated EVDeparted:Ended",
    "EVConnected": "StopAuthorized:Updated ChargingStateChanged:Updated EVCommunicationLost:Ended",
    "Authorized": "StopAuthorized:Ended",
    "PowerPathClosed": "StopAuthorized:Ended",
    "EnergyTransfer": "StopAuthorized:Updated ChargingStateChanged:Ended",
    "EVConnected,Authorized": "StopAuthorized:Ended",
}


@pytest.mark.parametrize("stop", END)
@pytest.mark.parametrize("start", BEGIN)
def test_a_session_with_the_plug_first(start: str, stop: str) -> None:  # E01 E02 E06 E07
    bench = TransactionBench(start=start, stop=stop)
    plug_first(bench)
    assert bench.sequence == f"{BEGIN[start]} {END[stop]}"
    check_one_whole_transaction(bench)


@pytest.mark.parametrize("stop", END)
@pytest.mark.parametrize("start", CARD_FIRST)
def test_a_session_with_the_card_first(start: str, stop: str) -> None:  # E01 E03 E06 E07
    bench = TransactionBench(start=start, stop=stop)
    card_first(bench)
    assert bench.sequence == f"{CARD_FIRST[start]} {END[stop]}"
    check_one_whole_transaction(bench)


def check_one_whole_transaction(bench: TransactionBench) -> None:
    reports = bench.transactions
    # TEV-02.
    assert [each.seq_no for each in reports] == list(range(len(reports)))
    assert {each.transaction_id for each in reports} == {"T1"}
    # TEV-07: told once, the token once more when it stops.
    assert [each.evse_id for each in reports if each.evse_id is not None] == [1]
    assert [each.connector_id for each in reports if each.connector_id is not None] == [1]
    stopping = [each for each in reports if each.trigger_reason == "StopAuthorized"]
    told = [each.id_token for each in reports if each.id_token is not None]
    assert told == [CARD, CARD]
    assert stopping[0].id_token == CARD
    # TEV-09.
    assert reports[0].charging_state is not None
    # TEV-12.
    assert reports[-1].stopped_reason == "Local"
    assert [each.stopped_reason for each in reports[:-1]] == [None] * (len(reports) - 1)
    assert len(bench.of(TransactionBegan)) == len(bench.of(TransactionEnded)) == 1
    assert [(each.closed) for each in bench.of(PowerPathChanged)] == [True, False]
    assert bench.block.state() is None


def test_the_charging_states_of_a_session() -> None:  # E02
    bench = TransactionBench(start="ParkingBayOccupancy", stop="ParkingBayOccupancy")
    block = bench.block
    bench.do(block.parked, 1)
    bench.do(block.plugged_in, 1)
    bench.do(block.authorized, 1, CARD)
    bench.do(block.suspended, 1, SuspendedBy.EVSE)
    bench.do(block.energy, 1, True)
    bench.do(block.suspended, 1, SuspendedBy.EV)
    bench.do(block.energy, 1, True)
    bench.do(block.energy, 1, False)
    bench.do(block.unplugged, 1)
    assert [str(each.charging_state) for each in bench.transactions] == [
        "Idle",
        "EVConnected",
        "EVConnected",
        "SuspendedEVSE",
        "Charging",
        "SuspendedEV",
        "Charging",
        "EVConnected",
        "Idle",
    ]


def test_what_is_told_again_changes_nothing() -> None:
    bench = TransactionBench(start="EVConnected")
    for _ in range(2):
        bench.do(bench.block.plugged_in, 1)
        bench.do(bench.block.energy, 1, True)
    bench.do(bench.block.energy, 1, False)
    bench.do(bench.block.energy, 1, False)
    assert bench.sequence == (
        "CablePluggedIn:Started ChargingStateChanged:Updated ChargingStateChanged:Updated"
    )


def test_the_points_that_a_transaction_began_with_count_until_its_end() -> None:  # E01
    bench = TransactionBench(start="EVConnected", stop="EVConnected")
    bench.do(bench.block.plugged_in, 1)
    bench.model[TX_STOP_POINT] = ("Authorized",)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.stopped, 1, id_token=CARD)
    bench.do(bench.block.unplugged, 1)
    assert bench.sequence.endswith("StopAuthorized:Updated EVCommunicationLost:Ended")


def test_energy_that_flows_again_after_the_end_begins_a_transaction() -> None:  # E06
    bench = TransactionBench(stop="EnergyTransfer")
    block = bench.block
    bench.do(block.plugged_in, 1)
    bench.do(block.authorized, 1, CARD)
    bench.do(block.energy, 1, True)
    bench.do(block.suspended, 1, SuspendedBy.EV)
    bench.do(block.energy, 1, True)
    ended, began = bench.transactions[2:4]
    assert (ended.event_type, ended.stopped_reason) == ("Ended", "StoppedByEV")
    assert (began.event_type, began.transaction_id, began.seq_no) == ("Started", "T2", 0)
    assert began.id_token == CARD


@pytest.mark.parametrize("reason", ["GroundFault", "EmergencyStop", "PowerQuality"])
def test_a_fault_ends_a_transaction_whatever_the_stop_points_are(reason: str) -> None:  # E06
    bench = TransactionBench(start="EVConnected", stop="ParkingBayOccupancy")
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.stopped, 1, reason=StoppedReason(reason))
    last = bench.transactions[-1]
    # TEV-13.
    assert (last.event_type, last.trigger_reason) == ("Ended", "AbnormalCondition")
    assert last.stopped_reason == reason


def test_a_reset_ends_a_transaction_without_a_token() -> None:  # B12
    bench = TransactionBench(start="EVConnected", stop="EVConnected")
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.stopped, 1, reason=StoppedReason.IMMEDIATE_RESET)
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Ended", "ResetCommand")
    assert (last.stopped_reason, last.id_token) == ("ImmediateReset", None)


@pytest.mark.parametrize("stop", ["EVConnected", "ParkingBayOccupancy", "EnergyTransfer"])
def test_a_transaction_ends_when_neither_vehicle_nor_driver_is_left(stop: str) -> None:  # E06
    bench = TransactionBench(start="Authorized", stop=stop)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.stopped, 1, id_token=CARD)
    assert bench.sequence == "Authorized:Started StopAuthorized:Ended"


def test_a_driver_who_stops_before_energy_has_flown_ends_a_transaction() -> None:  # E06
    bench = TransactionBench(stop="EnergyTransfer")
    bench.do(bench.block.parked, 1)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.stopped, 1, id_token=CARD)
    assert bench.sequence == "Authorized:Started StopAuthorized:Ended"


@pytest.mark.parametrize("start", ["ParkingBayOccupancy", "DataSigned"])
def test_no_energy_flows_without_a_transaction(start: str) -> None:  # E01
    bench = TransactionBench(start=start)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    assert bench.sequence == "Authorized:Started"


def test_contactors_are_told_at_the_start_as_they_may_still_be_closed() -> None:
    bench = TransactionBench(start="EnergyTransfer")
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.power_cut()
    assert [(each.evse_id, each.closed) for each in bench.of(PowerPathChanged)] == [
        (1, True),
        (1, False),
        (2, False),
    ]


def test_an_end_that_nobody_has_asked_for_has_a_reason() -> None:  # E06
    bench = TransactionBench(stop="EnergyTransfer")
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.energy, 1, True)
    bench.do(bench.block.energy, 1, False)
    assert bench.transactions[-1].stopped_reason == "Other"
    bench = TransactionBench(start="ParkingBayOccupancy", stop="ParkingBayOccupancy")
    bench.do(bench.block.parked, 1)
    bench.do(bench.block.left, 1)
    assert bench.transactions[-1].stopped_reason == "EVDisconnected"
