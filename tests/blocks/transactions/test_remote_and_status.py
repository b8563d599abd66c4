"""What the CSMS starts, stops and asks about: remote starts and stops, triggers, status, and numbers of 1.6."""

from functools import partial

import pytest

from ocppkit.blocks import TransactionBegan, TransactionNumbered
from ocppkit.blocks.transactions import (
    GetTransactionStatus,
    IdToken,
    MeterValuesReport,
    StoppedReason,
    TransactionEventType,
    TransactionReport,
    TransactionRules,
    TransactionStatus,
)
from ocppkit.blocks.variables import (
    ALIGNED_DATA_MEASURANDS,
    SAMPLED_DATA_TX_UPDATED_MEASURANDS,
)
from ocppkit.core import LocalProtocolError
from support.transaction_bench import CARD, TransactionBench

POWER = "Power.Active.Import"


def test_a_remote_start_with_the_plug_first() -> None:  # F01 TC_E_13_CS
    bench = TransactionBench(start="EVConnected")
    bench.do(bench.block.plugged_in, 1)
    assert bench.do(bench.block.remote_start, 1, CARD, 17) == "T1"
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Updated", "RemoteStart")
    assert (last.remote_start_id, last.id_token) == (17, CARD)
    bench.do(bench.block.energy, 1, True)
    last = bench.transactions[-1]
    assert (last.remote_start_id, last.id_token) == (None, None)


@pytest.mark.parametrize("start", ["Authorized", "PowerPathClosed", "EVConnected"])
def test_a_remote_start_with_the_plug_last(start: str) -> None:  # F02
    bench = TransactionBench(start=start)
    assert bench.do(bench.block.remote_start, 1, CARD, 17) is None
    bench.do(bench.block.plugged_in, 1)
    first = bench.transactions[0]
    assert (first.event_type, first.trigger_reason) == ("Started", "RemoteStart")
    assert (first.remote_start_id, first.id_token) == (17, CARD)
    assert bench.of(TransactionBegan)[0].remote_start_id == 17


def test_a_card_after_a_remote_start_that_nobody_used_is_not_remote() -> None:  # F02
    bench = TransactionBench()
    bench.do(bench.block.remote_start, 1, CARD, 17)
    bench.advance(1000)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.plugged_in, 1)
    first = bench.transactions[0]
    assert (first.trigger_reason, first.remote_start_id) == ("CablePluggedIn", None)


def test_a_reservation_is_told_once_by_the_transaction_that_uses_it_up() -> None:  # H03 (partly)
    bench = TransactionBench()
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD, reservation_id=5)
    bench.do(bench.block.energy, 1, True)
    assert [each.reservation_id for each in bench.transactions] == [5, None]


def test_an_authorized_evse_takes_no_other_driver() -> None:  # F01
    bench = TransactionBench()
    bench.do(bench.block.authorized, 1, CARD)
    with pytest.raises(
        LocalProtocolError, match=r"has an authorized driver already .call `stopped`"
    ):
        bench.do(bench.block.remote_start, 1, IdToken("OTHER", "Central"), 17)
    bench.do(bench.block.plugged_in, 1)
    assert (bench.transactions[0].id_token, bench.transactions[0].remote_start_id) == (CARD, None)


@pytest.mark.parametrize(
    ("rules", "token", "problem"),
    [
        (TransactionRules(), IdToken("04E91C5A"), r"a token must have a type .write IdToken"),
        (TransactionRules(token_size=20), IdToken("0" * 21, "Local"), "more than 20 characters"),
        (
            TransactionRules(token_types={"Local"}),
            IdToken("0", "Moon"),
            ".Moon. is not a token type",
        ),
    ],
)
def test_a_token_that_the_version_cannot_say_is_an_error(
    rules: TransactionRules, token: IdToken, problem: str
) -> None:
    bench = TransactionBench(rules=rules)
    for call in (bench.block.authorized, partial(bench.block.remote_start, remote_start_id=1)):
        with pytest.raises(ValueError, match=problem):
            bench.do(call, 1, token)
    assert not bench.block.state_of(1).authorized


def test_a_token_of_1_6_needs_no_type() -> None:
    bench = TransactionBench(rules=TransactionRules(has_token_types=False))
    bench.do(bench.block.authorized, 1, IdToken("04E91C5A"))
    assert bench.block.state_of(1).authorized


def test_an_unknown_evse_is_an_error() -> None:
    bench = TransactionBench()
    for call in (bench.block.plugged_in, bench.block.unplugged, bench.block.parked):
        with pytest.raises(LocalProtocolError, match=r"there is no EVSE 3 .use one of \[1, 2\]"):
            bench.do(call, 3)
    assert not bench.block.has_changed


@pytest.mark.parametrize("name", ["", "x" * 37])
def test_an_id_that_no_message_can_say_begins_nothing(name: str) -> None:  # TEV-01
    bench = TransactionBench(start="EVConnected")
    bench.new_id = lambda: name  # type: ignore[method-assign]
    bench.power_cut()
    with pytest.raises(ValueError, match=r"is not a transaction id .use 1 to 36 characters"):
        bench.do(bench.block.plugged_in, 1)
    assert not bench.block.state_of(1).connected


def test_what_is_none_cannot_be_stopped() -> None:
    bench = TransactionBench()
    with pytest.raises(
        LocalProtocolError, match="EVSE 1 has no authorized driver and no transaction"
    ):
        bench.do(bench.block.stopped, 1)


@pytest.mark.parametrize("stop", ["Authorized", "PowerPathClosed"])
def test_a_remote_stop(stop: str) -> None:  # F03 TC_E_21_CS TC_E_35_CS
    bench = TransactionBench(stop=stop)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    assert bench.do(bench.block.stop_remotely, "T1") is True
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Ended", "RemoteStop")
    assert (last.stopped_reason, last.id_token) == ("Remote", None)


def test_a_remote_stop_that_another_point_completes() -> None:  # F03
    bench = TransactionBench(stop="EnergyTransfer")
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.energy, 1, True)
    assert bench.do(bench.block.stop_remotely, "T1") is True
    assert bench.transactions[-1].event_type == "Updated"
    bench.do(bench.block.energy, 1, False)
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Ended", "ChargingStateChanged")
    assert last.stopped_reason == "Remote"


def test_a_remote_stop_of_no_transaction() -> None:  # F03
    bench = TransactionBench()
    assert bench.do(bench.block.stop_remotely, "T1") is False
    assert bench.reports == []


def test_the_number_of_1_6_names_the_transaction() -> None:  # F03 TX6-02
    bench = TransactionBench()
    bench.do(bench.block.plugged_in, 2)
    bench.do(bench.block.authorized, 2, CARD)
    assert bench.block.evse_of("4711") is None
    bench.reply(bench.transactions[0], number=4711)
    bench.reply(bench.transactions[0], number=4711)
    assert bench.of(TransactionNumbered) == [
        TransactionNumbered(evse_id=2, transaction_id="T1", number=4711)
    ]
    assert bench.block.evse_of("4711") == bench.block.evse_of("T1") == 2
    assert bench.do(bench.block.stop_remotely, "4711") is True
    assert bench.transactions[-1].stopped_reason == "Remote"


def test_the_vehicle_ends_its_session() -> None:  # E15 TC_E_46_CS
    ends = {"EnergyTransfer": "Ended", "PowerPathClosed": "Ended", "EVConnected": "Updated"}
    for stop, event_type in ends.items():
        bench = TransactionBench(stop=stop)
        bench.do(bench.block.plugged_in, 1)
        bench.do(bench.block.authorized, 1, CARD)
        bench.do(bench.block.energy, 1, True)
        bench.do(bench.block.stopped, 1, reason=StoppedReason.STOPPED_BY_EV)
        last = bench.transactions[-1]
        assert (last.event_type, last.trigger_reason) == (event_type, "StopAuthorized")
        bench.do(bench.block.unplugged, 1)
        assert bench.transactions[-1].stopped_reason == "StoppedByEV"


def test_the_number_of_phases_is_told_when_energy_begins_and_when_it_changes() -> None:  # E02
    bench = TransactionBench()
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.energy, 1, True, phases=3)
    bench.do(bench.block.energy, 1, True, phases=3)
    bench.do(bench.block.energy, 1, True, phases=1)
    bench.do(bench.block.stopped, 1)
    told = [each.number_of_phases_used for each in bench.transactions]
    assert told == [None, 3, 1, None]
    assert bench.transactions[2].trigger_reason == "ChargingRateChanged"


def test_triggered_reports_of_transactions() -> None:  # F06
    bench = TransactionBench(settings={SAMPLED_DATA_TX_UPDATED_MEASURANDS: (POWER,)})
    assert bench.do(bench.block.report_transactions, None) is False
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    assert bench.do(bench.block.report_transactions, 2) is False
    assert bench.do(bench.block.report_transactions, None) is True
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Updated", "Trigger")
    assert last.charging_state == "EVConnected"
    (value,) = last.meter_values[0].sampled_value
    assert (value.measurand, value.context) == (POWER, "Trigger")


def test_triggered_meter_values() -> None:  # F06 TC_F_12_CS
    bench = TransactionBench(settings={ALIGNED_DATA_MEASURANDS: (POWER,)}, has_main_meter=True)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    assert bench.do(bench.block.report_meter_values, None) is True
    told = [each for each in bench.reports if isinstance(each, MeterValuesReport)]
    assert [each.evse_id for each in told] == [0, 1, 2]
    assert told[0].meter_values[0].sampled_value[0].context == "Trigger"
    assert bench.do(bench.block.report_meter_values, 2) is True


def test_a_meter_that_is_not_there_has_nothing_to_report() -> None:  # F06
    bench = TransactionBench()
    assert bench.do(bench.block.report_meter_values, 0) is False
    with pytest.raises(LocalProtocolError, match="there is no EVSE 3"):
        bench.do(bench.block.report_meter_values, 3)
    with pytest.raises(LocalProtocolError, match="there is no EVSE 3"):
        bench.do(bench.block.report_transactions, 3)


def test_triggered_meter_values_of_1_6_name_the_transaction() -> None:  # F06 MET-03
    rules = TransactionRules(samples_in_meter_values=True, repeats_evse=True)
    bench = TransactionBench(rules=rules)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    assert bench.do(bench.block.report_meter_values, None) is True
    busy, idle = bench.reports[1:]
    assert isinstance(busy, TransactionReport)
    assert (busy.transaction_id, busy.evse_id) == ("T1", 1)
    assert isinstance(idle, MeterValuesReport)


@pytest.mark.parametrize("waits", [True, False])
def test_the_status_of_transactions(waits: bool) -> None:  # E14 TC_E_28_CS TC_E_34_CS
    asked: list[str | None] = []

    def has_undelivered(transaction_id: str | None) -> bool:
        asked.append(transaction_id)
        return waits

    bench = TransactionBench(has_undelivered=has_undelivered)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    obey = bench.block.commands[GetTransactionStatus]

    def ask(name: str | None) -> object:
        return obey(GetTransactionStatus(transaction_id=name), bench.now)

    assert ask("T1") == TransactionStatus(ongoing_indicator=True, messages_in_queue=waits)
    assert ask("T9") == TransactionStatus(ongoing_indicator=False, messages_in_queue=waits)
    assert ask(None) == TransactionStatus(ongoing_indicator=None, messages_in_queue=waits)
    bench.do(bench.block.stopped, 1)
    assert ask("T1") == TransactionStatus(ongoing_indicator=False, messages_in_queue=waits)
    assert asked == ["T1", "T9", None, "T1"]


def test_the_status_cannot_be_asked_if_nobody_knows_what_waits() -> None:  # E14
    assert GetTransactionStatus not in TransactionBench().block.commands


def test_a_report_that_comes_back_from_the_journal_gets_its_own_id() -> None:
    report = TransactionReport(
        event_type=TransactionEventType.UPDATED,
        transaction_id="-1",
        timestamp=TransactionBench().now.wall,
    )
    assert report.with_journal_note("T1").journal_note == "T1"
    assert report.with_journal_note(None) == report
