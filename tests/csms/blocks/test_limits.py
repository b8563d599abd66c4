"""Limits that a CSMS sets by one call: of a station, an EVSE and a transaction, in each version."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks.charging import LimitChanged
from ocppkit.blocks.transactions import (
    IdToken,
    SampledValue,
    TransactionLimit,
    TransactionRecord,
)
from ocppkit.blocks.variables import RATE_UNIT
from ocppkit.core import LocalProtocolError, Protocol
from ocppkit.station import Station
from ocppkit.station.blocks import FullStation
from ocppkit.testing.block_bench import BlockBench

EACH = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=lambda each: each.version
)
CARD = IdToken("04E91C5A", "ISO14443")


def full(station: Station) -> FullStation:
    return FullStation(
        station,
        connectors={1: 1, 2: 1},
        read_meter=lambda evse_id: [SampledValue(0.0)],
        maximum=32.0,
    )


class LimitWatch:
    """The present limits of a bench's station, by EVSE."""

    def __init__(self, bench: BlockBench) -> None:
        self._amps: dict[int, float] = {}
        bench.blocks.on(LimitChanged)(self._take)

    def _take(self, event: LimitChanged) -> None:
        self._amps[event.evse_id] = event.limit

    @property
    def amps(self) -> Sequence[float]:
        return [self._amps[evse_id] for evse_id in sorted(self._amps)]


async def charge(bench: BlockBench, evse_id: int) -> str:
    """Begins a transaction, and returns the id under which the CSMS knows it."""
    bench.full.plugged_in(evse_id)
    bench.full.present(evse_id, CARD)
    await bench.advance(1)
    (record,) = bench.csms_blocks.ledger.of_station("CP001")
    return record.transaction_id


@EACH
@pytest.mark.asyncio
async def test_the_limit_of_a_station_is_shared_by_its_evses_until_it_is_lifted(
    protocol: Protocol,
) -> None:  # K01, K10
    bench = BlockBench(protocol, full=full)
    limits = LimitWatch(bench)
    async with bench:
        await charge(bench, 1)
        answer = await bench.csms_blocks.limit(bench.handle, amps=20.0)
        assert answer.status == "Accepted"
        await bench.advance(1)
        assert limits.amps[0] == 20.0
        await bench.csms_blocks.limit(bench.handle, amps=10.0)
        await bench.advance(1)
        # It is in the place of the first one.
        assert limits.amps[0] == 10.0
        lifted = await bench.csms_blocks.lift_limit(bench.handle)
        assert lifted.status == "Accepted"
        await bench.advance(1)
        assert limits.amps[0] == 32.0
        assert (await bench.csms_blocks.lift_limit(bench.handle)).status == "Unknown"


@EACH
@pytest.mark.asyncio
async def test_the_limit_of_an_evse_is_that_of_no_other_and_ends_by_itself(
    protocol: Protocol,
) -> None:  # K01
    bench = BlockBench(protocol, full=full)
    limits = LimitWatch(bench)
    async with bench:
        until = bench.now() + timedelta(minutes=10)
        answer = await bench.csms_blocks.limit(bench.handle, evse_id=1, watts=4140.0, until=until)
        assert answer.status == "Accepted"
        await bench.advance(1)
        assert limits.amps == [6.0, 32.0]
        await bench.advance(600)
        assert limits.amps == [32.0, 32.0]


@EACH
@pytest.mark.asyncio
async def test_the_limit_of_a_transaction_goes_before_that_of_its_evse_and_ends_with_it(
    protocol: Protocol,
) -> None:  # K01
    bench = BlockBench(protocol, full=full)
    limits = LimitWatch(bench)
    async with bench:
        transaction_id = await charge(bench, 2)
        await bench.csms_blocks.limit(bench.handle, evse_id=2, amps=8.0)
        # The ledger knows the EVSE.
        answer = await bench.csms_blocks.limit(
            bench.handle, transaction_id=transaction_id, amps=16.0
        )
        assert answer.status == "Accepted"
        await bench.advance(1)
        assert limits.amps == [32.0, 16.0]
        lifted = await bench.csms_blocks.lift_limit(bench.handle, transaction_id=transaction_id)
        assert lifted.status == "Accepted"
        await bench.advance(1)
        assert limits.amps == [32.0, 8.0]


@EACH
@pytest.mark.asyncio
async def test_a_limit_that_makes_no_sense_is_not_sent(protocol: Protocol) -> None:  # K01
    async with BlockBench(protocol, full=full) as bench:
        blocks, station, before = bench.csms_blocks, bench.handle, len(bench.frames)
        with pytest.raises(LocalProtocolError, match="give exactly one of them"):
            await blocks.limit(station)
        with pytest.raises(LocalProtocolError, match="give exactly one of them"):
            await blocks.limit(station, amps=6.0, watts=4140.0)
        with pytest.raises(LocalProtocolError, match="give a later `until`"):
            await blocks.limit(station, amps=6.0, until=bench.now())
        with pytest.raises(LocalProtocolError, match="give evse_id"):
            await blocks.limit(station, amps=6.0, transaction_id="4711")
        with pytest.raises(LocalProtocolError, match="limits of 0 or more"):
            await blocks.limit(station, amps=-6.0)
        with pytest.raises(LocalProtocolError, match="give evse_id"):
            await blocks.lift_limit(station, transaction_id="4711")
        assert len(bench.frames) == before


@EACH
@pytest.mark.asyncio
async def test_a_unit_that_the_station_has_reported_not_to_take_is_not_sent(
    protocol: Protocol,
) -> None:  # K01
    async with BlockBench(protocol, full=full) as bench:
        bench.full.model.set(RATE_UNIT, ("A",))
        await bench.csms_blocks.report(bench.handle, remember=True)
        with pytest.raises(LocalProtocolError, match="use the other unit"):
            await bench.csms_blocks.limit(bench.handle, watts=4140.0)
        answer = await bench.csms_blocks.limit(bench.handle, amps=6.0)
        assert answer.status == "Accepted"


@EACH
@pytest.mark.asyncio
async def test_a_program_that_cannot_tell_the_limit_of_a_transaction_holds_up_nothing(
    protocol: Protocol, caplog: pytest.LogCaptureFixture
) -> None:  # E16
    def fails(record: TransactionRecord) -> TransactionLimit | None:
        raise ValueError("the tariff is missing")

    async with BlockBench(protocol, full=full, limit_transaction=fails) as bench:
        await charge(bench, 1)
        bench.full.unplugged(1)
        await bench.advance(1)
        assert len(bench.closed) == 1
    # Before 2.1 no message tells a limit.
    is_asked = protocol is v21.PROTOCOL
    assert ("the tariff is missing" in caplog.text) is is_asked
    assert ("gets no new limit]" in caplog.text) is is_asked
