"""Transactions between a station and a CSMS, in all versions: online, offline, refused, asked for, and cut."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import Event, Moment, PowerPathChanged, TransactionNumbered, dialect_of
from ocppkit.blocks.transactions import (
    GetTransactionStatus,
    SampledValue,
    StoppedReason,
    SuspendedBy,
    TransactionDeauthorized,
    TransactionLedger,
    TransactionRules,
    TransactionsBlock,
)
from ocppkit.blocks.variables import (
    ALIGNED_DATA_INTERVAL,
    EV_CONNECTION_TIME_OUT,
    SAMPLED_DATA_TX_UPDATED_INTERVAL,
    STOP_TX_ON_EV_SIDE_DISCONNECT,
    TX_START_POINT,
    TX_STOP_POINT,
    DeviceModel,
)
from ocppkit.csms.blocks import AuthorizationQuestion
from ocppkit.testing.block_bench import BlockBench
from support.memory_store import MemoryStore
from support.transaction_bench import CARD

PROTOCOLS = {each.version: each for each in (v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL)}
VERSIONS = list(PROTOCOLS)
NEW = VERSIONS[1:]

START = datetime.fromisoformat("2025-01-01T12:00:00Z")
TRANSACTIONAL = ("StartTransaction", "StopTransaction", "MeterValues", "TransactionEvent")


class Wallbox:
    """A station with two EVSEs and a meter that a test sets, at a CSMS."""

    def __init__(
        self,
        version: str,
        *,
        start: str = "PowerPathClosed",
        stop: str = "EVConnected,Authorized",
        settings: dict[Any, Any] | None = None,
        status: str = "Accepted",
        at: datetime = START,
        **more: Any,
    ) -> None:
        self.version = version
        self.model = DeviceModel()
        self.model[TX_START_POINT] = tuple(start.split(","))
        self.model[TX_STOP_POINT] = tuple(stop.split(","))
        self.model[SAMPLED_DATA_TX_UPDATED_INTERVAL] = 60
        for key, value in (settings or {}).items():
            self.model[key] = value
        self.status = status
        self.register = 1000.0
        protocol, ids = PROTOCOLS[version], count(1)
        self.block = TransactionsBlock(
            (1, 2),
            self.model,
            lambda evse_id: [SampledValue(self.register)],
            lambda: f"{at:%H%M%S}-{next(ids)}",
            rules=dialect_of(protocol).rules(TransactionRules),
            has_undelivered=self.has_undelivered,
        )
        self.bench = BlockBench(protocol, self.block, authorize=self.verdict, start=at, **more)

    def verdict(self, question: AuthorizationQuestion) -> str:
        return self.status

    def has_undelivered(self, transaction_id: str | None) -> bool:
        return self.bench.station.block_access.has_undelivered(transaction_id)

    async def do(self, method: Callable[..., Any], *args: Any, **members: Any) -> None:
        def told(now: Moment) -> None:
            method(*args, now=now, **members)

        self.bench.do(told)
        await self.bench.advance(0.5)

    async def charge(self) -> None:
        """Plays a session: 130 seconds, 500 Wh."""
        await self.do(self.block.plugged_in, 1)
        await self.do(self.block.authorized, 1, CARD)
        await self.do(self.block.energy, 1, True)
        await self.bench.advance(130)
        self.register += 500
        await self.do(self.block.stopped, 1, id_token=CARD)
        await self.do(self.block.energy, 1, False)
        await self.do(self.block.unplugged, 1)

    def of(self, kind: type[Event]) -> list[Any]:
        return [each for each in self.bench.events if isinstance(each, kind)]

    @property
    def actions(self) -> list[str]:
        return [each for each in self.bench.actions if each in TRANSACTIONAL]


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_session_online(version: str) -> None:  # E01 E02 E06 E07 J02
    wallbox = Wallbox(version)
    async with wallbox.bench as bench:
        await wallbox.charge()
        (record,) = bench.closed
    assert (record.energy, record.was_offline, record.duplicates) == (500.0, False, 0)
    assert (record.evse_id, record.stopped_reason) == (1, "Local")
    assert record.id_token is not None
    assert record.id_token.is_same_as(CARD)
    if version == "1.6":
        assert wallbox.actions == ["StartTransaction", *["MeterValues"] * 2, "StopTransaction"]
        (numbered,) = wallbox.of(TransactionNumbered)
        assert str(numbered.number) == record.transaction_id


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_session_offline(version: str) -> None:  # E04 E12 TC_E_43_CS
    wallbox = Wallbox(version)
    async with wallbox.bench as bench:
        await bench.go_offline()
        await wallbox.charge()
        assert bench.closed == []
        await bench.go_online()
        (record,) = bench.closed
        if version == "1.6":
            # TX6-04: the number came later than the messages.
            numbers = [each.transaction_id for each in bench.sent(v16.MeterValuesRequest)]
            assert {str(each) for each in numbers} == {record.transaction_id}
    assert (record.energy, record.duplicates) == (500.0, 0)
    assert record.was_offline is (version != "1.6")


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_connection_that_is_lost_while_charging(version: str) -> None:  # E11 TC_E_40_CS
    wallbox = Wallbox(version)
    async with wallbox.bench as bench:
        await wallbox.do(wallbox.block.plugged_in, 1)
        await wallbox.do(wallbox.block.authorized, 1, CARD)
        await bench.go_offline()
        await bench.advance(200)
        await bench.go_online()
        wallbox.register += 700
        await wallbox.do(wallbox.block.stopped, 1, id_token=CARD)
        (record,) = bench.closed
    assert record.energy == 700.0
    assert record.was_offline is (version != "1.6")


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_token_that_the_csms_refuses(version: str) -> None:  # E05 TC_E_16_CS
    wallbox = Wallbox(version, status="Blocked")
    async with wallbox.bench as bench:
        await bench.go_offline()
        await wallbox.do(wallbox.block.plugged_in, 1)
        await wallbox.do(wallbox.block.authorized, 1, CARD)
        await bench.go_online()
        (record,) = bench.closed
    assert record.stopped_reason == "DeAuthorized"
    (told,) = wallbox.of(TransactionDeauthorized)
    assert told.id_token_info.status == "Blocked"
    assert wallbox.of(PowerPathChanged)[-1].closed is False


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_driver_who_does_not_plug_in(version: str) -> None:  # E03 TC_E_05_CS
    wallbox = Wallbox(version, start="Authorized", settings={EV_CONNECTION_TIME_OUT: 120})
    async with wallbox.bench as bench:
        await wallbox.do(wallbox.block.authorized, 1, CARD)
        await bench.advance(121)
        reasons = [each.stopped_reason for each in bench.closed]
    assert reasons == ([] if version == "1.6" else ["Timeout"])
    assert wallbox.block.state_of(1).authorized is False


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("stops", [True, False])
async def test_a_cable_that_is_unplugged_at_the_vehicle(
    version: str, stops: bool
) -> None:  # E09 E10 TC_E_24_CS TC_E_26_CS
    settings = {STOP_TX_ON_EV_SIDE_DISCONNECT: stops}
    wallbox = Wallbox(version, stop="Authorized", settings=settings)
    async with wallbox.bench as bench:
        await wallbox.do(wallbox.block.plugged_in, 1)
        await wallbox.do(wallbox.block.authorized, 1, CARD)
        await wallbox.do(wallbox.block.energy, 1, True)
        await wallbox.do(wallbox.block.unplugged, 1)
        reasons = [each.stopped_reason for each in bench.closed]
        assert reasons == (["EVDisconnected"] if stops else [])
        await wallbox.do(wallbox.block.plugged_in, 1)
        assert wallbox.of(PowerPathChanged)[-1].closed is not stops


@pytest.mark.asyncio
@pytest.mark.parametrize("version", NEW)
async def test_a_vehicle_that_pauses(version: str) -> None:  # E06 TC_E_22_CS TC_E_38_CSMS
    wallbox = Wallbox(version, stop="EnergyTransfer")
    async with wallbox.bench as bench:
        await wallbox.do(wallbox.block.plugged_in, 1)
        await wallbox.do(wallbox.block.authorized, 1, CARD)
        await wallbox.do(wallbox.block.energy, 1, True)
        await wallbox.do(wallbox.block.suspended, 1, SuspendedBy.EV)
        (record,) = bench.closed
    assert (record.stopped_reason, record.charging_state) == ("StoppedByEV", "SuspendedEV")


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_vehicle_that_ends_its_session(version: str) -> None:  # E15 TC_E_46_CS
    wallbox = Wallbox(version, stop="EnergyTransfer")
    async with wallbox.bench as bench:
        await wallbox.do(wallbox.block.plugged_in, 1)
        await wallbox.do(wallbox.block.authorized, 1, CARD)
        await wallbox.do(wallbox.block.energy, 1, True)
        await wallbox.do(wallbox.block.stopped, 1, reason=StoppedReason.STOPPED_BY_EV)
        (record,) = bench.closed
    # 1.6 has no word of its own for it.
    assert record.stopped_reason == ("Other" if version == "1.6" else "StoppedByEV")


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_driver_who_stops_while_the_station_is_offline(
    version: str,
) -> None:  # E08 TC_E_44_CS
    wallbox = Wallbox(version)
    async with wallbox.bench as bench:
        await wallbox.do(wallbox.block.plugged_in, 1)
        await wallbox.do(wallbox.block.authorized, 1, CARD)
        await bench.go_offline()
        wallbox.register += 300
        await wallbox.do(wallbox.block.stopped, 1, id_token=CARD)
        assert bench.closed == []
        await bench.go_online()
        (record,) = bench.closed
    assert (record.energy, record.stopped_reason) == (300.0, "Local")


@pytest.mark.asyncio
@pytest.mark.parametrize("version", NEW)
async def test_how_a_transaction_stands(
    version: str,
) -> None:  # E14 TC_E_29_CS TC_E_30_CS TC_E_32_CS TC_E_34_CS
    wallbox = Wallbox(version)

    async def asked(name: str | None) -> tuple[bool | None, bool]:
        answer = await wallbox.bench.call(GetTransactionStatus(transaction_id=name))
        return answer.ongoing_indicator, answer.messages_in_queue

    async with wallbox.bench as bench:
        assert await asked(None) == (None, False)
        await wallbox.do(wallbox.block.plugged_in, 1)
        await wallbox.do(wallbox.block.authorized, 1, CARD)
        name = wallbox.block.state_of(1).transaction_id
        assert await asked(name) == (True, False)
        assert await asked("unknown") == (False, False)
        await wallbox.do(wallbox.block.stopped, 1)
        assert await asked(name) == (False, False)
        assert len(bench.closed) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_meters_are_read_while_nobody_charges(version: str) -> None:  # J01 TC_J_01_CS
    wallbox = Wallbox(version, settings={ALIGNED_DATA_INTERVAL: 900})
    request: Any = PROTOCOLS[version].actions["MeterValues"].request
    async with wallbox.bench as bench:
        await bench.advance(1801)
        times = [each.meter_value[0].timestamp for each in bench.sent(request)]
    assert times == [START + timedelta(seconds=900 * n) for n in (1, 1, 2, 2)]


@pytest.mark.asyncio
@pytest.mark.parametrize("version", VERSIONS)
async def test_no_power_cut_of_a_day_leaves_a_transaction_open(version: str) -> None:  # E17
    store, ledger = MemoryStore(), TransactionLedger()
    left: list[tuple[MemoryStore, bytes]] = []
    wallbox = Wallbox(version, journal=store, ledger=ledger)
    async with wallbox.bench as bench:
        store.after = lambda operation: left.append((store.copy(), ledger.state()))
        for session in range(20):
            if session % 4 == 1:
                await bench.go_offline()
            if session % 4 == 3:
                await bench.go_online()
            await wallbox.charge()
        await bench.go_online()
        store.after = lambda operation: None
    assert len(bench.closed) == 20
    assert len(left) > 100
    reasons = set[str | None]()
    for kept, known in left:
        again = TransactionLedger()
        again.restore(known)
        at = START + timedelta(hours=10)
        restarted = Wallbox(version, journal=kept, ledger=again, at=at)
        async with restarted.bench as bench:
            await bench.advance(300)
        assert list(again) == []
        assert len(kept) == 0
        reasons |= {each.stopped_reason for each in bench.closed}
    assert reasons == {"Local", "PowerLoss"}
