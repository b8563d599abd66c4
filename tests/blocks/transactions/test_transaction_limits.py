"""Limits of what a transaction may cost, take or last (2.1), set by the CSMS or at the station."""

from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import PowerPathChanged
from ocppkit.blocks.transactions import (
    SampledValue,
    TokenInfo,
    TransactionEventType,
    TransactionLimit,
    TransactionReport,
)
from ocppkit.blocks.variables import (
    TX_ALLOW_ENERGY_TRANSFER_RESUMPTION,
    TX_RESUMPTION_TIMEOUT,
)
from ocppkit.core import LocalProtocolError, Protocol
from ocppkit.station import Station
from ocppkit.station.blocks import FullStation
from ocppkit.testing.block_bench import BlockBench
from support.block_messages import over_the_wire
from support.transaction_bench import CARD, TransactionBench

ONLY_21 = pytest.mark.parametrize("protocol", [v21.PROTOCOL], ids=["2.1"])
OLDER = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL], ids=lambda each: each.version
)
FIVE_HUNDRED = TransactionLimit(max_energy=500.0)


def charging(**more: Any) -> TransactionBench:
    bench = TransactionBench(**more)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.energy, 1, True)
    bench.reports.clear()
    bench.events.clear()
    return bench


def replied(bench: TransactionBench, **members: Any) -> None:
    """Answers the latest report as a CSMS does."""
    name = bench.block.state_of(1).transaction_id
    report = TransactionReport(
        event_type=TransactionEventType.UPDATED, transaction_id=name, timestamp=bench.now.wall
    )
    bench.reply(report, **members)


def paths(bench: TransactionBench) -> list[bool]:
    return [each.closed for each in bench.of(PowerPathChanged)]


def test_a_limit_is_confirmed_once_and_stops_the_energy() -> None:  # E16
    bench = charging()
    bench.do(bench.block.limit, 1, FIVE_HUNDRED)
    bench.do(bench.block.limit, 1, FIVE_HUNDRED)
    (confirmed,) = bench.transactions
    assert confirmed.trigger_reason == "LimitSet"
    assert confirmed.transaction_limit == FIVE_HUNDRED
    bench.registers[1] += 499.0
    bench.advance(30)
    assert paths(bench) == []
    bench.registers[1] += 1.0
    bench.advance(5)
    assert bench.sequence == "LimitSet:Updated EnergyLimitReached:Updated"
    assert bench.transactions[-1].charging_state == "SuspendedEVSE"
    assert bench.transactions[-1].transaction_limit is None
    assert paths(bench) == [False]
    bench.advance(600)
    assert len(bench.transactions) == 2


def test_a_higher_limit_lets_the_energy_flow_again() -> None:  # E16
    bench = charging()
    bench.do(bench.block.limit, 1, FIVE_HUNDRED)
    bench.registers[1] += 500.0
    bench.advance(5)
    bench.do(bench.block.limit, 1, TransactionLimit(max_energy=800.0))
    assert paths(bench) == [False, True]
    assert bench.transactions[-1].charging_state == "EVConnected"
    bench.registers[1] += 300.0
    bench.advance(5)
    assert paths(bench) == [False, True, False]
    bench.do(bench.block.unplugged, 1)
    assert bench.transactions[-1].stopped_reason == "EVDisconnected"


@pytest.mark.parametrize(
    ("limit", "seconds", "trigger"),
    [
        (TransactionLimit(max_time=90), 90, "TimeLimitReached"),
        (TransactionLimit(max_soc=80), 5, "SoCLimitReached"),
    ],
)
def test_time_and_state_of_charge_are_limits_too(
    limit: TransactionLimit, seconds: int, trigger: str
) -> None:  # E16
    class Bench(TransactionBench):
        def samples(self, evse_id: int) -> list[SampledValue]:
            charge = SampledValue(80.0, measurand="SoC", unit="Percent")
            return [*super().samples(evse_id), charge]

    bench = Bench()
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.reports.clear()
    bench.do(bench.block.limit, 1, limit)
    bench.advance(seconds)
    assert bench.sequence == f"LimitSet:Updated {trigger}:Updated"


def test_the_cost_is_what_the_csms_says_it_is() -> None:  # E16
    bench = charging()
    replied(bench, transaction_limit=TransactionLimit(max_cost=5.0))
    replied(bench, total_cost=4.99)
    assert bench.sequence == "LimitSet:Updated"
    replied(bench, total_cost=5.0)
    assert bench.sequence == "LimitSet:Updated CostLimitReached:Updated"
    assert paths(bench) == [False]
    # Told again, it changes nothing.
    replied(bench, total_cost=5.0, transaction_limit=TransactionLimit(max_cost=5.0))
    assert len(bench.transactions) == 2


def test_the_limit_of_the_csms_goes_before_that_of_the_station() -> None:  # E16
    bench = charging()
    replied(bench, transaction_limit=FIVE_HUNDRED)
    bench.do(bench.block.limit, 1, TransactionLimit(max_energy=900.0, max_time=3600))
    assert bench.transactions[-1].transaction_limit == TransactionLimit(
        max_energy=500.0, max_time=3600
    )
    bench.registers[1] += 500.0
    bench.advance(5)
    assert bench.transactions[-1].trigger_reason == "EnergyLimitReached"


def test_where_energy_is_a_stop_point_the_transaction_ends_and_none_begins() -> None:  # E16
    bench = charging(stop="EnergyTransfer")
    bench.do(bench.block.limit, 1, FIVE_HUNDRED)
    bench.registers[1] += 500.0
    bench.advance(5)
    assert bench.sequence == "LimitSet:Updated EnergyLimitReached:Ended"
    assert bench.transactions[-1].stopped_reason == "EnergyLimitReached"
    assert not bench.block.state_of(1).power_path_closed
    bench.advance(600)
    assert len(bench.transactions) == 2


def test_a_reply_whose_limit_ends_the_transaction_may_tell_of_its_token_too() -> None:  # E16
    bench = charging(stop="EnergyTransfer")
    report = TransactionReport(
        event_type=TransactionEventType.STARTED,
        transaction_id=bench.block.state_of(1).transaction_id,
        timestamp=bench.now.wall,
        id_token=CARD,
    )
    bench.reply(
        report,
        transaction_limit=TransactionLimit(max_cost=5.0),
        total_cost=6.0,
        id_token_info=TokenInfo(status="Accepted"),
    )
    assert bench.sequence == "LimitSet:Updated CostLimitReached:Ended"


def test_a_limit_holds_over_a_power_cut() -> None:  # E16, E17
    settings = {TX_RESUMPTION_TIMEOUT: 600, TX_ALLOW_ENERGY_TRANSFER_RESUMPTION: True}
    bench = charging(settings=settings)
    bench.do(bench.block.limit, 1, FIVE_HUNDRED)
    bench.power_cut(10)
    assert bench.block.state_of(1).power_path_closed
    bench.registers[1] += 500.0
    bench.advance(5)
    assert bench.transactions[-1].trigger_reason == "EnergyLimitReached"
    bench.power_cut(10)
    assert not bench.block.state_of(1).power_path_closed
    assert bench.sequence.endswith("EnergyLimitReached:Updated TxResumed:Updated")


def test_a_limit_without_a_transaction_raises() -> None:
    bench = TransactionBench()
    with pytest.raises(LocalProtocolError, match=r"EVSE 1 has no transaction \[limit it when"):
        bench.do(bench.block.limit, 1, FIVE_HUNDRED)


@ONLY_21
def test_messages_say_limits(protocol: Protocol) -> None:  # E16
    limit = TransactionLimit(max_cost=5.0, max_energy=500.0, max_time=60, max_soc=80)
    report = TransactionReport(
        event_type=TransactionEventType.UPDATED,
        transaction_id="T1",
        seq_no=3,
        timestamp=TransactionBench().now.wall,
        trigger_reason="LimitSet",
        transaction_limit=limit,
    )
    (heard,) = over_the_wire(protocol, report)
    assert isinstance(heard, TransactionReport)
    assert heard.transaction_limit == limit


class Meter:
    register = 1000.0

    def full(self, station: Station) -> FullStation:
        return FullStation(
            station, read_meter=lambda evse_id: [SampledValue(self.register)], maximum=32.0
        )


@ONLY_21
@pytest.mark.asyncio
async def test_a_csms_limits_a_transaction_by_its_replies(protocol: Protocol) -> None:  # E16
    meter = Meter()
    bench = BlockBench(protocol, full=meter.full, limit_transaction=lambda record: FIVE_HUNDRED)
    async with bench:
        bench.full.plugged_in(1)
        bench.full.present(1, CARD)
        await bench.advance(1)
        assert bench.full.transactions.state_of(1).power_path_closed
        meter.register += 500.0
        await bench.advance(5)
        assert not bench.full.transactions.state_of(1).power_path_closed
        bench.full.unplugged(1)
        await bench.advance(1)
    (record,) = bench.closed
    assert record.energy == 500.0
    triggers = [each.trigger_reason for each in bench.sent(v21.TransactionEventRequest)]
    assert triggers.count(v21.TriggerReasonEnumType.LIMIT_SET) == 1


@OLDER
@pytest.mark.asyncio
async def test_older_versions_are_limited_at_the_station_and_do_not_confirm_it(
    protocol: Protocol,
) -> None:
    meter = Meter()
    async with BlockBench(protocol, full=meter.full) as bench:
        bench.full.plugged_in(1)
        bench.full.present(1, CARD)
        await bench.advance(1)
        before = len(bench.actions)
        bench.do(lambda now: bench.full.transactions.limit(1, FIVE_HUNDRED, now))
        await bench.advance(1)
        assert len(bench.actions) == before
        meter.register += 500.0
        await bench.advance(5)
        assert not bench.full.transactions.state_of(1).power_path_closed
