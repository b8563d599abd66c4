"""Transactions that would begin, and wait: for a reading of the meter (1.6), or until the CSMS accepts the station."""

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import BootAccepted, BootNotAccepted, PowerPathChanged
from ocppkit.blocks.transactions import (
    AwaitedBeforeStart,
    SampledValue,
    TransactionHeld,
    TransactionReport,
    TransactionRules,
)
from ocppkit.blocks.variables import TX_BEFORE_ACCEPTED_ENABLED
from ocppkit.core import Protocol
from ocppkit.station import Station
from ocppkit.station.blocks import FullStation
from ocppkit.testing.block_bench import BlockBench
from support.transaction_bench import CARD, TransactionBench

EACH = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=lambda each: each.version
)
RULES = TransactionRules(needs_register=True)


class SilentMeterBench(TransactionBench):
    """A bench whose meters cannot be read at first."""

    is_silent = True

    def samples(self, evse_id: int) -> list[SampledValue]:
        return [] if self.is_silent else super().samples(evse_id)


def waiting() -> SilentMeterBench:
    bench = SilentMeterBench(rules=RULES)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    return bench


def test_no_energy_flows_and_nothing_is_reported_until_the_meter_was_read() -> None:  # E02
    bench = waiting()
    bench.advance(3600)
    assert not bench.transactions
    assert [each.closed for each in bench.of(PowerPathChanged)] == []
    # Told once.
    assert [each.awaited for each in bench.of(TransactionHeld)] == [AwaitedBeforeStart.METER]
    bench.is_silent = False
    bench.advance(5)
    (started,) = bench.transactions
    assert started.event_type == "Started"
    assert started.register == 1000.0
    assert [each.closed for each in bench.of(PowerPathChanged)] == [True]
    bench.advance(3600)
    assert len(bench.transactions) == 1


@pytest.mark.parametrize("leaves", ["unplugged", "stopped"])
def test_who_leaves_is_not_waited_for(leaves: str) -> None:
    bench = waiting()
    bench.do(getattr(bench.block, leaves), 1)
    bench.is_silent = False
    bench.advance(60)
    assert not bench.transactions
    assert not bench.block.state_of(1).is_held
    if leaves == "unplugged":
        bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    assert len(bench.transactions) == 1


def test_a_meter_that_was_read_before_needs_no_second_reading() -> None:
    bench = SilentMeterBench(rules=RULES)
    bench.is_silent = False
    bench.do(bench.block.report_meter_values, 1)
    bench.is_silent = True
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    # No energy has flown since.
    assert [each.register for each in bench.transactions] == [1000.0]


def test_other_versions_begin_without_a_register() -> None:
    bench = SilentMeterBench()
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    assert [each.register for each in bench.transactions] == [None]
    assert not bench.of(TransactionHeld)


@EACH
@pytest.mark.asyncio
async def test_a_driver_is_billed_for_what_flowed_and_not_for_the_whole_register(
    protocol: Protocol,
) -> None:  # E02
    register: float | None = None

    def read(evse_id: int) -> list[SampledValue]:
        return [] if register is None else [SampledValue(register)]

    def full(station: Station) -> FullStation:
        return FullStation(station, read_meter=read, maximum=32.0)

    async with BlockBench(protocol, full=full) as bench:
        bench.full.plugged_in(1)
        bench.full.present(1, CARD)
        await bench.advance(30)
        has_begun = bench.full.transactions.state_of(1).power_path_closed
        assert has_begun is (protocol is not v16.PROTOCOL)
        register = 5_000_000.0
        await bench.advance(100)
        register = 5_000_500.0
        bench.full.unplugged(1)
        await bench.advance(1)
    (record,) = bench.closed
    assert record.energy == 500.0
    if protocol is v16.PROTOCOL:
        (start,) = bench.sent(v16.StartTransactionRequest)
        assert start.meter_start == 5_000_000


def test_a_meter_that_raises_is_tried_again() -> None:
    raises = True

    class Bench(SilentMeterBench):
        def samples(self, evse_id: int) -> list[SampledValue]:
            if raises and not self.is_silent:
                raise OSError("the meter does not answer")
            return super().samples(evse_id)

    bench = Bench(rules=RULES)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.is_silent = False
    with pytest.raises(OSError, match="does not answer"):
        bench.advance(5)
    raises = False
    bench.advance(5)
    assert [each.register for each in bench.transactions] == [1000.0]
    assert all(isinstance(each, TransactionReport) for each in bench.reports)


@pytest.mark.parametrize(
    ("start", "began"),
    [
        ("PowerPathClosed", "Authorized:Started"),
        ("EVConnected", "Authorized:Started"),
        ("EnergyTransfer", ""),
    ],
)
def test_nothing_begins_before_the_station_is_accepted_where_that_is_set(
    start: str, began: str
) -> None:  # B02, B03
    bench = TransactionBench(start=start, settings={TX_BEFORE_ACCEPTED_ENABLED: False})
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.advance(30)
    assert not bench.transactions
    assert not any(each.closed for each in bench.of(PowerPathChanged))
    assert [each.awaited for each in bench.of(TransactionHeld)] == [AwaitedBeforeStart.BOOT]
    bench.block.notice(BootAccepted(), bench.now)
    bench.collect()
    assert bench.sequence == began
    assert [each.closed for each in bench.of(PowerPathChanged)] == [True]


def test_a_driver_who_has_left_is_not_waited_for_when_the_station_is_accepted() -> None:  # B03
    bench = TransactionBench(settings={TX_BEFORE_ACCEPTED_ENABLED: False})
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.unplugged, 1)
    bench.block.notice(BootAccepted(), bench.now)
    bench.collect()
    assert not bench.transactions
    assert not bench.of(PowerPathChanged)


def test_a_transaction_goes_on_when_a_later_boot_is_not_accepted_and_the_next_one_waits() -> None:
    # B02
    bench = TransactionBench(settings={TX_BEFORE_ACCEPTED_ENABLED: False})
    bench.block.notice(BootAccepted(), bench.now)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.block.notice(BootNotAccepted(), bench.now)
    bench.advance(30)
    assert bench.block.state_of(1).power_path_closed
    bench.do(bench.block.plugged_in, 2)
    bench.do(bench.block.authorized, 2, CARD)
    assert [each.evse_id for each in bench.transactions] == [1]
    assert bench.block.state_of(2).is_held


def test_by_default_transactions_begin_before_the_station_is_accepted() -> None:  # B03
    bench = TransactionBench()
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    assert len(bench.transactions) == 1
