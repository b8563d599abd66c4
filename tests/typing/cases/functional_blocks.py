"""Functional blocks: commands tell the type of their answer, listeners that of their event, methods their arguments."""

from typing import assert_type

from ocppkit import v16, v201
from ocppkit.blocks import (
    Block,
    Command,
    CommandAnswer,
    Moment,
    PowerPathChanged,
    Report,
    ReportReply,
)
from ocppkit.blocks.charging import CompositeAnswer, GetComposite, LimitChanged
from ocppkit.blocks.remote_control import RemoteAnswer, StartRemotely
from ocppkit.blocks.transactions import (
    IdToken,
    TransactionClosed,
    TransactionReply,
    TransactionReport,
)
from ocppkit.blocks.variables import HEARTBEAT_INTERVAL, TX_START_POINT, DeviceModel
from ocppkit.csms import Csms, StationHandle
from ocppkit.csms.blocks import CsmsBlocks
from ocppkit.station.blocks import FullStation
from ocppkit.v201.roles import ChargingStation

station = FullStation(
    ChargingStation("CP001", model="M", vendor_name="V"), read_meter=lambda evse: [], maximum=16.0
)
blocks = CsmsBlocks(
    Csms(v16.PROTOCOL, v201.PROTOCOL, insecure=True), authorize=lambda question: "Accepted"
)


@station.on(PowerPathChanged)
def power(event: PowerPathChanged) -> None:
    assert_type(event.closed, bool)


@station.on(LimitChanged)
async def limit(event: LimitChanged) -> None:
    assert_type(event.limit, float)


@station.on(PowerPathChanged)  # E: the listener takes another event
def wrong_event(event: LimitChanged) -> None: ...


@blocks.on(TransactionClosed)
def closed(event: TransactionClosed) -> None:
    assert_type(event.record.energy, float | None)


@blocks.answer(TransactionReport)
def take(station: StationHandle, report: TransactionReport) -> TransactionReply:
    return TransactionReply()


@blocks.answer(TransactionReport)  # E: the reply of another report
def wrong_reply(station: StationHandle, report: TransactionReport) -> ReportReply:
    return ReportReply()


async def commands(handle: StationHandle) -> None:
    started = await blocks.call(handle, StartRemotely(id_token=IdToken("04E91C5A")))
    assert_type(started, RemoteAnswer)
    schedule = await blocks.call(handle, GetComposite(evse_id=1, duration=60))
    assert_type(schedule, CompositeAnswer)
    await blocks.call(handle, StartRemotely(evse_id=1))  # E: a token is missing
    await blocks.call(handle, v201.ClearCacheRequest())  # E: a message of a version


def settings(model: DeviceModel) -> None:
    assert_type(model[HEARTBEAT_INTERVAL], int)
    assert_type(model.get(TX_START_POINT, ()), tuple[str, ...])
    model[HEARTBEAT_INTERVAL] = 300
    model[HEARTBEAT_INTERVAL] = "300"  # E: the value is a number


def hardware() -> None:
    station.plugged_in(1)
    station.plugged_in("1")  # E: an EVSE is a number
    assert_type(station.do(lambda now: station.charging.remove_external_limit(-1, now)), bool)


class Lit(CommandAnswer, frozen=True):
    """The answer of a command of one's own."""


class Light(Command[Lit], frozen=True):
    """A command of one's own."""


class Shone(Report[ReportReply], frozen=True):
    """A report of one's own."""


class Lamp(Block):
    """A block of one's own."""

    name = "lamp"

    def __init__(self) -> None:
        super().__init__()
        self._on_command(Light)(self._light)
        self._on_command(Light)(self._wrong)  # E: the answer of no such command
        self._on_reply(Shone)(self._seen)

    def _light(self, command: Light, now: Moment) -> Lit:
        return Lit()

    def _wrong(self, command: Light, now: Moment) -> RemoteAnswer:
        return RemoteAnswer(status="Accepted")

    def _seen(self, report: Shone, reply: ReportReply, now: Moment) -> None: ...
