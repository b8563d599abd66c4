"""What becomes of a transaction whose token the CSMS refuses, or vouches for, afterwards."""

import pytest

from ocppkit.blocks import PowerPathChanged
from ocppkit.blocks.transactions import (
    IdToken,
    TokenInfo,
    TokenInfoReceived,
    TransactionDeauthorized,
    TransactionReplied,
    TransactionReport,
)
from ocppkit.blocks.variables import MAX_ENERGY_ON_INVALID_ID, STOP_TX_ON_INVALID_ID
from support.transaction_bench import CARD, TransactionBench

INVALID = TokenInfo(status="Invalid")
GROUP = IdToken("G1", "Central")


def charging(
    stop: str = "EVConnected,Authorized", *, stops: bool = True, most: int = 0
) -> tuple[TransactionBench, TransactionReport]:
    """Returns a transaction in which energy flows, and the report that has its token."""
    settings = {STOP_TX_ON_INVALID_ID: stops, MAX_ENERGY_ON_INVALID_ID: most}
    bench = TransactionBench(stop=stop, settings=settings)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.energy, 1, True)
    return bench, bench.transactions[0]


@pytest.mark.parametrize("stop", ["Authorized", "PowerPathClosed", "EnergyTransfer"])
def test_a_refused_token_ends_its_transaction(stop: str) -> None:  # E05 E06 C15
    bench, report = charging(stop)
    bench.reply(report, id_token_info=INVALID)
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Ended", "Deauthorized")
    assert (last.stopped_reason, last.charging_state) == ("DeAuthorized", "EVConnected")
    (told,) = bench.of(TransactionDeauthorized)
    assert (told.evse_id, told.id_token, told.id_token_info) == (1, CARD, INVALID)
    assert bench.of(PowerPathChanged)[-1].closed is False


def test_energy_transfer_ends_by_a_refused_token_before_energy_has_flown() -> None:  # E05
    bench = TransactionBench(stop="EnergyTransfer")
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.reply(bench.transactions[0], id_token_info=INVALID)
    assert bench.sequence == "Authorized:Started Deauthorized:Ended"


@pytest.mark.parametrize("stop", ["EVConnected", "ParkingBayOccupancy"])
def test_a_refused_token_stops_energy_where_its_transaction_goes_on(stop: str) -> None:  # E05
    bench, report = charging(stop)
    bench.reply(report, id_token_info=INVALID)
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Updated", "Deauthorized")
    assert (last.stopped_reason, last.charging_state) == (None, "EVConnected")
    assert bench.of(PowerPathChanged)[-1].closed is False
    if stop == "EVConnected":
        bench.do(bench.block.unplugged, 1)
        assert bench.transactions[-1].event_type == "Ended"
        assert bench.transactions[-1].stopped_reason == "DeAuthorized"


def test_a_refused_token_only_suspends_if_the_setting_says_so() -> None:  # E05 C15
    bench, report = charging(stops=False)
    bench.reply(report, id_token_info=INVALID)
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Updated", "ChargingStateChanged")
    assert last.charging_state == "SuspendedEVSE"
    assert bench.of(PowerPathChanged)[-1].closed is False
    # TC_C_26_CS: the driver comes back with the card.
    bench.do(bench.block.stopped, 1, id_token=CARD)
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Ended", "StopAuthorized")
    assert last.stopped_reason == "Local"


def test_suspension_ends_a_transaction_that_needs_energy() -> None:  # E05
    bench, report = charging("EnergyTransfer", stops=False)
    bench.reply(report, id_token_info=INVALID)
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Ended", "ChargingStateChanged")
    assert last.stopped_reason == "DeAuthorized"


def test_a_refused_token_may_use_up_what_is_left() -> None:  # E05
    bench, report = charging(stops=False, most=500)
    count = len(bench.transactions)
    bench.reply(report, id_token_info=INVALID)
    bench.registers[1] += 499
    bench.advance(20)
    assert len(bench.transactions) == count
    bench.registers[1] += 1
    bench.advance(20)
    assert len(bench.transactions) == count + 1
    assert bench.transactions[-1].charging_state == "SuspendedEVSE"
    bench.advance(60)
    assert len(bench.transactions) == count + 1


def test_what_is_left_counts_from_the_beginning() -> None:  # E05
    bench, report = charging(stops=False, most=500)
    bench.registers[1] += 600
    bench.reply(report, id_token_info=INVALID)
    assert bench.transactions[-1].charging_state == "SuspendedEVSE"


def test_a_refusal_that_comes_twice_counts_once() -> None:
    bench, report = charging(stops=False, most=500)
    bench.reply(report, id_token_info=INVALID)
    bench.reply(report, id_token_info=INVALID)
    assert len(bench.of(TransactionDeauthorized)) == 1


def test_a_refusal_of_the_token_that_has_stopped_changes_nothing() -> None:
    bench, _ = charging("EVConnected")
    bench.do(bench.block.stopped, 1, id_token=CARD)
    sequence = bench.sequence
    bench.reply(bench.transactions[-1], id_token_info=INVALID)
    assert bench.sequence == sequence
    assert bench.of(TransactionDeauthorized) == []


def test_a_refusal_after_the_end_changes_nothing() -> None:
    bench, report = charging()
    bench.do(bench.block.stopped, 1, id_token=CARD)
    sequence = bench.sequence
    bench.reply(report, id_token_info=INVALID)
    assert bench.sequence == sequence
    # C10.FR.05: what is known of tokens is told all the same.
    assert bench.of(TokenInfoReceived) == [TokenInfoReceived(id_token=CARD, info=INVALID)]


def test_a_refusal_of_another_token_changes_nothing() -> None:
    bench, _ = charging()
    bench.reply(
        TransactionReport(
            event_type=bench.transactions[0].event_type,
            timestamp=bench.now.wall,
            transaction_id="T1",
            id_token=IdToken("OTHER", "ISO14443"),
        ),
        id_token_info=INVALID,
    )
    assert bench.of(TransactionDeauthorized) == []


def test_the_group_of_an_accepted_token_is_known_from_then_on() -> None:  # C09
    bench, report = charging()
    bench.reply(report, id_token_info=TokenInfo(status="Accepted", group_id_token=GROUP))
    assert bench.block.state_of(1).group_id_token == GROUP
    assert bench.block.has_changed


def test_costs_and_messages_are_told_to_the_program() -> None:  # I02 (partly), I03 (partly)
    bench, report = charging()
    bench.reply(report)
    assert bench.of(TransactionReplied) == []
    bench.reply(report, total_cost=0.0)
    (told,) = bench.of(TransactionReplied)
    assert (told.report, told.reply.total_cost) == (report, 0.0)


def test_another_driver_may_charge_after_a_refusal() -> None:  # E05
    bench, report = charging("ParkingBayOccupancy", stops=False)
    bench.reply(report, id_token_info=INVALID)
    bench.do(bench.block.stopped, 1, id_token=CARD)
    other = IdToken("OTHER", "ISO14443")
    bench.do(bench.block.authorized, 1, other)
    last = bench.transactions[-1]
    assert (last.trigger_reason, last.id_token) == ("Authorized", other)
    assert bench.of(PowerPathChanged)[-1].closed is True
