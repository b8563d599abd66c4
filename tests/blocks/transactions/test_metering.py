"""Samples during a transaction, samples aligned to the clock, and meters that go backwards."""

from datetime import timedelta

import pytest

from ocppkit.blocks import ClockChanged, Moment, TransactionEnded
from ocppkit.blocks.transactions import (
    MeterValuesReport,
    MeterWentBack,
    SampledValue,
    TransactionReport,
    TransactionRules,
    TransactionsBlock,
)
from ocppkit.blocks.variables import (
    ALIGNED_DATA_ENABLED,
    ALIGNED_DATA_INTERVAL,
    ALIGNED_DATA_MEASURANDS,
    ALIGNED_DATA_SEND_DURING_IDLE,
    ALIGNED_DATA_TX_ENDED_INTERVAL,
    ALIGNED_DATA_TX_ENDED_MEASURANDS,
    SAMPLED_DATA_ENABLED,
    SAMPLED_DATA_TX_ENDED_INTERVAL,
    SAMPLED_DATA_TX_ENDED_MEASURANDS,
    SAMPLED_DATA_TX_STARTED_MEASURANDS,
    SAMPLED_DATA_TX_UPDATED_INTERVAL,
    SAMPLED_DATA_TX_UPDATED_MEASURANDS,
    STOP_TRANSACTION_MAX_METER_VALUES,
)
from support.transaction_bench import CARD, NOON, TransactionBench

ENERGY, POWER = "Energy.Active.Import.Register", "Power.Active.Import"


def begun(bench: TransactionBench) -> TransactionBench:
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    return bench


def seconds(report: TransactionReport | MeterValuesReport) -> list[float]:
    """Returns when the values of a report were read, in seconds after noon."""
    return [(each.timestamp - NOON).total_seconds() for each in report.meter_values]


def shown(report: TransactionReport | MeterValuesReport) -> list[tuple[str | None, str | None]]:
    return [
        (value.measurand, value.context)
        for each in report.meter_values
        for value in each.sampled_value
    ]


def test_samples_come_at_full_intervals_from_the_beginning() -> None:  # J02 TC_J_09_CS
    bench = TransactionBench(settings={SAMPLED_DATA_TX_UPDATED_INTERVAL: 60})
    bench.advance(7.25)
    begun(bench)
    for _ in range(40):
        bench.advance(15.1)
    periodic = bench.transactions[1:]
    assert {each.trigger_reason for each in periodic} == {"MeterValuePeriodic"}
    assert [seconds(each) for each in periodic] == [[7.25 + 60 * n] for n in range(1, 11)]
    assert shown(periodic[0]) == [(None, "Sample.Periodic")]


def test_the_measurands_are_those_of_the_settings() -> None:  # J02 TC_J_07_CS TC_J_10_CS
    settings = {
        SAMPLED_DATA_TX_UPDATED_INTERVAL: 60,
        SAMPLED_DATA_TX_STARTED_MEASURANDS: (ENERGY,),
        SAMPLED_DATA_TX_UPDATED_MEASURANDS: (POWER,),
        SAMPLED_DATA_TX_ENDED_MEASURANDS: (ENERGY, POWER),
    }
    bench = begun(TransactionBench(settings=settings))
    bench.advance(60)
    bench.do(bench.block.stopped, 1)
    started, updated, ended = bench.transactions
    assert shown(started) == [(None, "Transaction.Begin")]
    assert shown(updated) == [(POWER, "Sample.Periodic")]
    assert shown(ended) == [
        (None, "Transaction.Begin"),
        (POWER, "Transaction.Begin"),
        (None, "Transaction.End"),
        (POWER, "Transaction.End"),
    ]


def test_no_measurands_are_no_values() -> None:  # J02
    settings = {
        SAMPLED_DATA_TX_UPDATED_INTERVAL: 60,
        SAMPLED_DATA_TX_STARTED_MEASURANDS: (),
        SAMPLED_DATA_TX_UPDATED_MEASURANDS: (),
        SAMPLED_DATA_TX_ENDED_MEASURANDS: (),
    }
    bench = begun(TransactionBench(settings=settings))
    bench.advance(120)
    bench.do(bench.block.stopped, 1)
    assert bench.sequence == "Authorized:Started StopAuthorized:Ended"
    assert [each.meter_values for each in bench.transactions] == [(), ()]
    assert bench.transactions[0].register == 1000.0


def test_samples_in_between_go_into_the_end() -> None:  # J02 E06
    bench = begun(TransactionBench(settings={SAMPLED_DATA_TX_ENDED_INTERVAL: 30}))
    bench.advance(100)
    bench.do(bench.block.stopped, 1)
    assert bench.sequence == "Authorized:Started StopAuthorized:Ended"
    assert seconds(bench.transactions[-1]) == [0, 30, 60, 90, 100]


def test_too_many_samples_for_the_end_are_thinned_out() -> None:  # QUE-10 TX6-09
    settings = {SAMPLED_DATA_TX_ENDED_INTERVAL: 10, STOP_TRANSACTION_MAX_METER_VALUES: 8}
    bench = begun(TransactionBench(settings=settings))
    bench.advance(1000)
    bench.do(bench.block.stopped, 1)
    times = seconds(bench.transactions[-1])
    assert 3 <= len(times) <= 8
    assert (times[0], times[-1]) == (0, 1000)
    assert times == sorted(times)


def test_an_interval_may_change_during_a_transaction() -> None:  # J02
    bench = begun(TransactionBench(settings={SAMPLED_DATA_TX_UPDATED_INTERVAL: 0}))
    bench.advance(95)
    bench.model[SAMPLED_DATA_TX_UPDATED_INTERVAL] = 60
    bench.advance(30)
    bench.model[SAMPLED_DATA_TX_UPDATED_INTERVAL] = 10
    bench.advance(20)
    bench.model[SAMPLED_DATA_ENABLED] = False
    bench.advance(100)
    # 60 had been missed when the interval was set.
    assert [seconds(each) for each in bench.transactions[1:]] == [[120], [130], [140]]


def test_a_moment_that_was_missed_is_left_out() -> None:
    bench = begun(TransactionBench(settings={SAMPLED_DATA_TX_UPDATED_INTERVAL: 60}))
    bench.now = bench.now.after(200)
    bench.block.handle_timeout(bench.now)
    bench.collect()
    assert len(bench.transactions) == 1
    bench.advance(40)
    assert [seconds(each) for each in bench.transactions[1:]] == [[240]]


@pytest.mark.parametrize("interval", [900, 7000])
def test_idle_meters_are_read_at_full_multiples_of_the_day(interval: int) -> None:  # J01 TC_J_01_CS
    bench = TransactionBench(settings={ALIGNED_DATA_INTERVAL: interval}, has_main_meter=True)
    bench.advance(86400)
    midnight = NOON.replace(hour=0)
    times = [each.meter_values[0].timestamp for each in bench.reports]
    assert [each.evse_id for each in bench.reports][:3] == [0, 1, 2]
    days = [midnight, midnight + timedelta(days=1)]
    wanted = [
        moment
        for day in days
        for n in range(86400 // interval + 1)
        if n * interval < 86400
        and NOON < (moment := day + timedelta(seconds=n * interval)) <= NOON + timedelta(days=1)
    ]
    assert times == [each for each in wanted for _ in range(3)]
    first = bench.reports[0]
    assert isinstance(first, MeterValuesReport)
    assert shown(first) == [(None, "Sample.Clock")]


def test_the_clock_reads_a_busy_meter_for_its_transaction() -> None:  # J01 TC_J_02_CS
    settings = {ALIGNED_DATA_INTERVAL: 900, ALIGNED_DATA_MEASURANDS: (POWER,)}
    bench = begun(TransactionBench(settings=settings))
    bench.advance(900)
    busy, idle = bench.reports[1:]
    assert isinstance(busy, TransactionReport)
    assert (busy.trigger_reason, shown(busy)) == ("MeterValueClock", [(POWER, "Sample.Clock")])
    assert isinstance(idle, MeterValuesReport)
    assert idle.evse_id == 2


def test_a_clock_without_measurands_reports_nothing() -> None:  # J01
    settings = {ALIGNED_DATA_INTERVAL: 900, ALIGNED_DATA_MEASURANDS: ()}
    bench = begun(TransactionBench(settings=settings))
    bench.advance(1800)
    assert len(bench.reports) == 1


def test_the_clock_counts_only_once_the_station_has_started() -> None:
    bench = TransactionBench(settings={ALIGNED_DATA_INTERVAL: 900})
    bench.block = TransactionsBlock((1,), bench.model, bench.samples, bench.new_id)
    assert bench.block.next_deadline(bench.now) is None
    bench.block.handle_timeout(bench.now.after(900))
    assert bench.block.next_report() is None


def test_the_clock_may_be_silent_during_transactions() -> None:  # J01 TC_J_06_CS
    settings = {ALIGNED_DATA_INTERVAL: 900, ALIGNED_DATA_SEND_DURING_IDLE: True}
    bench = begun(TransactionBench(settings=settings, has_main_meter=True))
    bench.advance(900)
    assert [each.evse_id for each in bench.reports[1:]] == [2]
    bench.do(bench.block.stopped, 1)
    bench.advance(900)
    assert [each.evse_id for each in bench.reports[3:]] == [0, 1, 2]


def test_aligned_values_can_be_switched_off() -> None:  # J01
    settings = {ALIGNED_DATA_INTERVAL: 900, ALIGNED_DATA_ENABLED: False}
    bench = TransactionBench(settings=settings)
    bench.advance(86400)
    assert bench.reports == []


def test_aligned_values_go_into_the_end() -> None:  # J01 TC_J_03_CS
    settings = {
        ALIGNED_DATA_TX_ENDED_INTERVAL: 900,
        ALIGNED_DATA_TX_ENDED_MEASURANDS: (POWER,),
    }
    bench = TransactionBench(settings=settings)
    bench.advance(1000)
    begun(bench)
    bench.advance(2000)
    bench.do(bench.block.stopped, 1)
    ended = bench.transactions[-1]
    assert seconds(ended) == [1000, 1800, 2700, 3000]
    assert shown(ended)[1:3] == [(POWER, "Sample.Clock")] * 2


def test_the_clock_starts_anew_when_it_is_set() -> None:  # J01
    bench = TransactionBench(settings={ALIGNED_DATA_INTERVAL: 900})
    bench.now = Moment(bench.now.monotonic + 1, NOON - timedelta(hours=5, seconds=-1))
    bench.block.notice(ClockChanged(change=timedelta(hours=-5)), bench.now)
    bench.advance(1800)
    times = {each.meter_values[0].timestamp for each in bench.reports}
    assert times == {NOON - timedelta(hours=5) + timedelta(minutes=n) for n in (15, 30)}


def test_a_meter_that_goes_backwards_is_told_and_the_transaction_goes_on() -> None:  # MET-11
    bench = begun(TransactionBench(settings={SAMPLED_DATA_TX_UPDATED_INTERVAL: 60}))
    bench.registers[1] = 1500.0
    bench.advance(60)
    bench.registers[1] = 3.0
    bench.advance(60)
    bench.registers[1] = 40.0
    bench.advance(60)
    bench.do(bench.block.stopped, 1)
    (told,) = bench.of(MeterWentBack)
    assert (told.evse_id, told.before, told.after) == (1, 1500.0, 3.0)
    assert len(bench.transactions) == 5
    (ended,) = bench.of(TransactionEnded)
    assert ended.energy == -960.0


def test_a_meter_that_shows_nothing_still_ends_a_transaction() -> None:
    bench = begun(TransactionBench())
    bench.samples = lambda evse_id: []  # type: ignore[method-assign]
    bench.power_cut()
    ended = bench.transactions[-1]
    # What was known last is the best that can be told.
    assert (ended.event_type, ended.register) == ("Ended", 1000.0)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_reported(value: float) -> None:
    bench = TransactionBench(settings={SAMPLED_DATA_TX_UPDATED_INTERVAL: 60})
    bench.registers[1] = value
    begun(bench)
    bench.advance(60)
    bench.do(bench.block.stopped, 1)
    assert bench.sequence == "Authorized:Started StopAuthorized:Ended"
    assert {each.meter_values for each in bench.transactions} == {()}
    assert {each.register for each in bench.transactions} == {None}


def test_a_meter_that_fails_leaves_all_as_it_was() -> None:
    bench = TransactionBench()

    def fails(evse_id: int) -> list[SampledValue]:
        raise OSError("the meter does not answer")

    bench.samples = fails  # type: ignore[method-assign]
    bench.power_cut()
    bench.do(bench.block.plugged_in, 1)
    before = bench.block.state_of(1)
    with pytest.raises(OSError, match="the meter does not answer"):
        bench.do(bench.block.authorized, 1, CARD)
    assert bench.block.state_of(1) == before
    assert bench.reports == []


def test_a_meter_that_cannot_be_read_at_the_beginning_shows_what_it_showed_last() -> None:
    # OCPP 1.6 tells an absent meterStart as 0: all that the meter has ever counted would be billed.
    bench = TransactionBench()
    begun(bench)
    bench.registers[1] = 3500.0
    bench.do(bench.block.stopped, 1)
    bench.do(bench.block.unplugged, 1)
    bench.registers[1] = float("nan")
    begun(bench)
    bench.registers[1] = 4000.0
    bench.do(bench.block.stopped, 1)
    assert [each.register for each in bench.transactions] == [1000.0, 3500.0, 3500.0, 4000.0]
    assert [each.energy for each in bench.of(TransactionEnded)] == [2500.0, 500.0]


def test_0_watt_hours_are_a_value() -> None:
    bench = TransactionBench()
    bench.registers[1] = 0.0
    begun(bench)
    bench.do(bench.block.stopped, 1)
    assert [each.register for each in bench.transactions] == [0.0, 0.0]
    assert bench.of(TransactionEnded)[0].energy == 0.0


def test_1_6_takes_the_samples_for_the_end_with_those_in_between() -> None:  # MET-01 TX6-09
    bench = TransactionBench(
        rules=TransactionRules(samples_in_meter_values=True, repeats_evse=True),
        settings={SAMPLED_DATA_TX_UPDATED_INTERVAL: 60},
    )
    begun(bench)
    bench.advance(130)
    bench.do(bench.block.stopped, 1)
    assert [each.evse_id for each in bench.transactions] == [1] * 4
    assert seconds(bench.transactions[-1]) == [0, 60, 120, 130]
