"""A station and a CSMS with all functional blocks over real sockets: with each other, and with the package `ocpp`."""

import asyncio
from pathlib import Path

import pytest

from interop.block_ends import (
    EventLog,
    charge,
    charge_at_theirs,
    full_station,
    leave,
    serving_blocks,
    they_charge_at_ours,
)
from interop.ends import PATIENCE
from interop.mobilityhouse import central_system, charge_point
from interop.script import PROTOCOLS
from interop.security import MODES, Files
from ocppkit.blocks.remote_control import MessageTrigger, RequestTrigger, StopRemotely
from ocppkit.blocks.transactions import (
    MeterValuesReport,
    TransactionClosed,
    TransactionOpened,
    TransactionUpdated,
)


@pytest.mark.asyncio
@pytest.mark.parametrize("version", PROTOCOLS)
async def test_a_whole_session(version: str, tmp_path: Path) -> None:  # E01, F03, F06
    protocol, log = PROTOCOLS[version], EventLog()
    async with (
        asyncio.timeout(PATIENCE),
        serving_blocks(protocol) as csms,
        full_station(protocol, csms.port, tmp_path / "journal.db", log) as station,
    ):
        await charge(station, log)
        opened = (await csms.log.wait(TransactionOpened)).record
        trigger = RequestTrigger(requested_message=MessageTrigger.METER_VALUES, evse_id=1)
        handle = await csms.station()
        assert (await csms.blocks.call(handle, trigger)).status == "Accepted"
        if version == "1.6":
            await csms.log.wait(TransactionUpdated)
        else:
            await csms.log.wait(MeterValuesReport, evse_id=1)
        stop = StopRemotely(transaction_id=opened.transaction_id)
        assert (await csms.blocks.call(handle, stop)).status == "Accepted"
        await leave(station, log)
        closed = (await csms.log.wait(TransactionClosed)).record
        assert closed.is_complete
        assert closed.stopped_reason == "Remote"
        assert closed.energy is not None
        assert closed.energy > 0


@pytest.mark.asyncio
@pytest.mark.parametrize("version", PROTOCOLS)
async def test_a_second_run_ends_the_transaction_of_the_first(version: str, tmp_path: Path) -> None:
    protocol, path, log = PROTOCOLS[version], tmp_path / "journal.db", EventLog()
    async with asyncio.timeout(PATIENCE), serving_blocks(protocol) as csms:
        async with full_station(protocol, csms.port, path, log) as station:
            await charge(station, log)
            await csms.log.wait(TransactionOpened)
        async with full_station(protocol, csms.port, path, EventLog()):
            closed = (await csms.log.wait(TransactionClosed)).record
    assert closed.is_complete
    assert closed.stopped_reason == "PowerLoss"


@pytest.mark.asyncio
@pytest.mark.parametrize("version", PROTOCOLS)
async def test_our_station_charges_in_their_central_system(
    version: str, files: Files, tmp_path: Path
) -> None:
    protocol = PROTOCOLS[version]
    async with (
        asyncio.timeout(PATIENCE),
        central_system(protocol, MODES["open"], files) as csms,
    ):
        await charge_at_theirs(protocol, csms, csms.port, tmp_path / "journal.db")


@pytest.mark.asyncio
@pytest.mark.parametrize("version", PROTOCOLS)
async def test_their_station_charges_in_our_csms(version: str, files: Files) -> None:
    protocol = PROTOCOLS[version]
    async with (
        asyncio.timeout(PATIENCE),
        serving_blocks(protocol) as csms,
        charge_point(protocol, MODES["open"], files, csms.port) as station,
    ):
        await they_charge_at_ours(protocol, station, csms)
