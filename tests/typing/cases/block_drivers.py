"""Functional blocks on a station: what their drivers, blocks of one's own and a bench take, and what they give."""

from collections.abc import Sequence
from typing import assert_type

from ocppkit import v201
from ocppkit.blocks import (
    Block,
    BootAccepted,
    CsmsConnected,
    Event,
    Moment,
    PowerPathChanged,
    Report,
    ReportReply,
)
from ocppkit.blocks.authorization import AuthorizationDecided, ClearCache, ClearCacheAnswer
from ocppkit.blocks.availability import ConnectorStatusChanged
from ocppkit.blocks.charging import LimitChanged
from ocppkit.blocks.remote_control import ResetDue, UnlockStatus
from ocppkit.blocks.transactions import (
    IdToken,
    SampledValue,
    StoppedReason,
    SuspendedBy,
    TransactionRecord,
    TransactionsBlock,
)
from ocppkit.blocks.variables import (
    EV_CONNECTION_TIME_OUT,
    HEARTBEAT_INTERVAL,
    DeviceModel,
    VariableChanged,
    VariablesBlock,
)
from ocppkit.station import NetworkProfile, Station
from ocppkit.station.blocks import FullStation, StationBlocks, follow_variables, network_profiles
from ocppkit.testing.block_bench import BlockBench
from ocppkit.v201.roles import ChargingStation

bare = ChargingStation("CP001", model="M", vendor_name="V")
TOKEN = IdToken("04E91C5A", "ISO14443")


def read_meter(evse_id: int) -> list[SampledValue]:
    return [SampledValue(0.0)]


def unlock(evse_id: int, connector_id: int) -> UnlockStatus:
    return UnlockStatus.UNLOCKED


def number(evse_id: int) -> float:
    return 0.0


station = FullStation(bare, read_meter=read_meter, maximum=32.0, connectors={1: 2}, unlock=unlock)
FullStation(bare, read_meter=read_meter)  # E: what can an EVSE give?
FullStation(bare, read_meter=number, maximum=32.0)  # E: samples, not a number
FullStation(bare, read_meter=read_meter, maximum=32.0, unlock=number)  # E: a status
FullStation(bare, read_meter=read_meter, maximum=32.0, connectors=[1, 2])  # E: how many?
FullStation("CP001", read_meter=read_meter, maximum=32.0)  # E: an identity is no station


@station.on(ResetDue)
async def reset(event: ResetDue) -> None:
    assert_type(event.boot_reason, str)
    station.restart(event.boot_reason)


@station.on(AuthorizationDecided)
def decided(event: AuthorizationDecided) -> None:
    assert_type(event.id_token, IdToken)
    assert_type(event.accepted, bool)


@station.on(VariableChanged)
def changed(event: VariableChanged) -> None:
    if event.is_of(EV_CONNECTION_TIME_OUT):
        assert_type(station.model[EV_CONNECTION_TIME_OUT], int)


@station.on(ConnectorStatusChanged)  # E: the listener takes two arguments
def two_arguments(event: ConnectorStatusChanged, now: Moment) -> None: ...


@station.on(TransactionRecord)  # E: the listener takes another type
def no_event(event: LimitChanged) -> None: ...


def hardware() -> None:
    station.plugged_in(1, 2)
    station.present(1, TOKEN)
    station.energy(1, True, phases=3)
    station.suspended(1, SuspendedBy.EV)
    station.stop(1, StoppedReason.EMERGENCY_STOP)
    station.unplugged(1)
    station.present(1, "04E91C5A")  # E: a text is no token
    station.present(TOKEN, 1)  # E: the EVSE comes first
    station.suspended(1, "Nobody")  # E: nobody of these
    station.energy(1)  # E: does it flow?
    station.stop(1, "because")  # E: no reason


def with_moments() -> None:
    assert_type(station.do(lambda now: station.transactions.stop_remotely("T1", now)), bool)
    assert_type(station.now(), Moment)
    station.do(lambda: station.transactions.unplugged(1))  # E: the moment is missing
    station.do(station.transactions.unplugged)  # E: takes an EVSE as well
    station.transactions.unplugged(1)  # E: at which moment?


def settings(model: DeviceModel, block: VariablesBlock, of: Station) -> None:
    follow_variables(model, of.controls)
    follow_variables(of.controls, model)  # E: the other way round
    assert_type(network_profiles(block), tuple[NetworkProfile, ...])
    assert_type(model.setting(HEARTBEAT_INTERVAL), int)
    model.set_default(HEARTBEAT_INTERVAL, "300")  # E: the value is a number


def some(block: TransactionsBlock) -> None:
    driver = StationBlocks(bare, block)
    assert_type(driver.do(lambda now: block.next_deadline(now)), float | None)
    StationBlocks(bare, [block])  # E: one by one
    StationBlocks(block, bare)  # E: the station comes first


class Shone(Report[ReportReply], frozen=True):
    """A report of one's own."""


class Lamp(Block):
    """A block of one's own, and its mistakes."""

    name = "lamp"

    def __init__(self) -> None:
        super().__init__()
        self._on_event(CsmsConnected, self._connected)
        self._on_event(BootAccepted, self._connected)  # E: takes another event
        self._on_failure(Shone, self._lost)
        self._on_failure(Shone, self._connected)  # E: takes an event
        self._report(Shone())
        self._report(PowerPathChanged(1, closed=True))  # E: an event
        self._tell(Shone())  # E: a report

    def _connected(self, event: CsmsConnected, now: Moment) -> None: ...

    def _lost(self, report: Shone, now: Moment) -> None: ...


async def bench() -> None:
    async with BlockBench(v201.PROTOCOL, Lamp()) as bench:
        assert_type(await bench.call(ClearCache()), ClearCacheAnswer)
        assert_type(bench.events, list[Event])
        sent = bench.sent(v201.AuthorizeRequest)
        assert_type(sent, Sequence[v201.AuthorizeRequest])
        await bench.call(v201.ClearCacheRequest())  # E: a message of a version
    BlockBench(Lamp())  # E: the version comes first
