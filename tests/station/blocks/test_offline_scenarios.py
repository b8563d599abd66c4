"""What a whole station does while it is offline, and when the CSMS does not take its messages."""

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import PowerPathChanged
from ocppkit.blocks.authorization import LocalListEntry, LocalListUpdate, SendLocalList
from ocppkit.blocks.charging import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    LimitChanged,
    ProfileKind,
    Purpose,
    RateUnit,
    SetProfile,
)
from ocppkit.blocks.transactions import (
    IdToken,
    SampledValue,
    TokenInfo,
    TransactionReply,
    TransactionReport,
)
from ocppkit.core import Protocol
from ocppkit.csms import StationHandle
from ocppkit.station import Station
from ocppkit.station.blocks import FullStation
from ocppkit.testing.block_bench import BlockBench

EACH = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=lambda each: each.version
)
CARD = IdToken("04E91C5A", "ISO14443")


def full(station: Station) -> FullStation:
    registers = iter(range(1000, 1_000_000, 100))
    return FullStation(
        station, read_meter=lambda evse_id: [SampledValue(float(next(registers)))], maximum=32.0
    )


def limit(amperes: float, *, purpose: Purpose = Purpose.TX_DEFAULT, number: int = 1) -> SetProfile:
    schedule = ChargingSchedule(
        id=1,
        charging_rate_unit=RateUnit.AMPERES,
        charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=amperes),),
        start_schedule=BlockBench(v201.PROTOCOL).now(),
    )
    profile = ChargingProfile(
        id=number,
        stack_level=0,
        charging_profile_purpose=purpose,
        charging_profile_kind=ProfileKind.ABSOLUTE,
        charging_schedule=(schedule,),
    )
    evse_id = 0 if purpose is Purpose.STATION_MAX else 1
    return SetProfile(evse_id=evse_id, charging_profile=profile)


def limits(bench: BlockBench) -> list[float]:
    return [each.limit for each in bench.events if isinstance(each, LimitChanged)]


async def begin(bench: BlockBench) -> None:
    bench.full.plugged_in(1)
    bench.full.present(1, CARD)
    await bench.advance(1)
    bench.full.energy(1, True)
    await bench.advance(60)


async def end(bench: BlockBench) -> None:
    bench.full.present(1, CARD)
    bench.full.energy(1, False)
    bench.full.unplugged(1)
    await bench.advance(1)


@EACH
@pytest.mark.asyncio
async def test_a_transaction_that_is_stopped_offline_is_complete_afterwards(
    protocol: Protocol,
) -> None:  # E08
    async with BlockBench(protocol, full=full) as bench:
        await begin(bench)
        await bench.go_offline()
        await bench.advance(600)
        await end(bench)
        assert bench.closed == []
        await bench.go_online()
    (record,) = bench.closed
    assert record.is_complete
    assert record.duplicates == 0
    assert record.ended_at is not None
    assert record.started_at is not None
    assert (record.ended_at - record.started_at).total_seconds() > 600


@EACH
@pytest.mark.asyncio
async def test_a_transaction_that_begins_offline_needs_a_known_card(
    protocol: Protocol,
) -> None:  # E04, C13
    entry = LocalListEntry(id_token=CARD, id_token_info=TokenInfo(status="Accepted"))
    async with BlockBench(protocol, full=full) as bench:
        command = SendLocalList(
            version_number=1, update_type=LocalListUpdate.FULL, local_authorization_list=(entry,)
        )
        assert (await bench.call(command)).status == "Accepted"
        await bench.go_offline()
        await begin(bench)
        assert [each.closed for each in bench.events if isinstance(each, PowerPathChanged)][-1]
        await end(bench)
        await bench.go_online()
    (record,) = bench.closed
    assert record.is_complete


@EACH
@pytest.mark.asyncio
async def test_a_message_that_the_csms_does_not_take_is_sent_again(
    protocol: Protocol, caplog: pytest.LogCaptureFixture
) -> None:  # E13
    failures = 2
    async with BlockBench(protocol, full=full) as bench:
        ledger = bench.csms_blocks.ledger

        @bench.csms_blocks.answer(TransactionReport)
        def take(station: StationHandle, report: TransactionReport) -> TransactionReply:
            nonlocal failures
            if failures:
                failures -= 1
                raise ValueError("the database is down")
            number = None
            if report.transaction_id is None:
                number = ledger.number(station.identity, report)
            ledger.add_report(station.identity, report)
            return TransactionReply(id_token_info=TokenInfo(status="Accepted"), number=number)

        await begin(bench)
        await end(bench)
        await bench.advance(3600)
        assert failures == 0
        assert bench.station.undelivered == 0
        assert list(ledger) == []
    assert "attempt 1" in caplog.text
    assert "attempt 2" in caplog.text


@EACH
@pytest.mark.asyncio
async def test_limits_hold_while_the_station_is_offline(protocol: Protocol) -> None:  # K06
    async with BlockBench(protocol, full=full) as bench:
        await begin(bench)
        assert (await bench.call(limit(16.0))).status == "Accepted"
        await bench.go_offline()
        await bench.advance(3600)
        assert limits(bench) == [32.0, 16.0]


@EACH
@pytest.mark.asyncio
async def test_a_default_limit_holds_for_a_transaction_that_begins_offline(
    protocol: Protocol,
) -> None:  # K07
    async with BlockBench(protocol, full=full) as bench:
        assert (await bench.call(limit(10.0))).status == "Accepted"
        await bench.go_offline()
        bench.full.plugged_in(1)
        bench.do(lambda now: bench.full.transactions.authorized(1, CARD, now))
        await bench.advance(60)
        assert limits(bench)[-1] == 10.0


@EACH
@pytest.mark.asyncio
async def test_a_limit_of_the_whole_station_goes_below_those_of_transactions(
    protocol: Protocol,
) -> None:  # K03
    async with BlockBench(protocol, full=full) as bench:
        assert (await bench.call(limit(16.0))).status == "Accepted"
        command = limit(8.0, purpose=Purpose.STATION_MAX, number=2)
        assert (await bench.call(command)).status == "Accepted"
        await begin(bench)
        assert limits(bench) == [32.0, 16.0, 8.0]
