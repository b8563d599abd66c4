"""Availability and remote control between a station and a CSMS, over a connection in memory."""

from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import ReportReply
from ocppkit.blocks.availability import (
    ChangeAvailability,
    OperationalStatus,
    StatusReport,
)
from ocppkit.blocks.remote_control import (
    BackgroundJob,
    RequestReset,
    RequestTrigger,
    RequestUnlock,
    ResetDue,
    ResetType,
    StartRemotely,
    StopRemotely,
    UnlockStatus,
)
from ocppkit.blocks.variables import OFFLINE_THRESHOLD
from ocppkit.core import CallFailed, Protocol
from ocppkit.testing.block_bench import BlockBench
from support.remote_bench import RemoteBench

ALL = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=["1.6", "2.0.1", "2.1"]
)
WITH_EVSES = pytest.mark.parametrize(
    "protocol", [v201.PROTOCOL, v21.PROTOCOL], ids=["2.0.1", "2.1"]
)

pytestmark = pytest.mark.asyncio


class Pair(BlockBench):
    """A station with all blocks of remote control, and what its CSMS hears."""

    def __init__(self, protocol: Protocol, **more: Any) -> None:
        self.made = RemoteBench(protocol, **more)
        super().__init__(protocol, *self.made.blocks)
        self.heard: list[StatusReport] = []
        self.csms_blocks.answer(StatusReport)(self._hear)

    def _hear(self, station: object, report: StatusReport) -> ReportReply:
        self.heard.append(report)
        return ReportReply()

    def statuses(self) -> list[tuple[int, str]]:
        """Returns EVSE and status of what the CSMS has heard of EVSEs since the last call."""
        found = [(each.evse_id, each.connector_status) for each in self.heard if each.evse_id]
        self.heard.clear()
        return found

    def charge(self, evse_id: int) -> None:
        """Charges at an EVSE."""
        transactions = self.made.transactions
        self.do(lambda now: transactions.plugged_in(evse_id, now))
        self.do(lambda now: transactions.authorized(evse_id, self.made.card, now))
        self.do(lambda now: transactions.energy(evse_id, True, now))

    def leave(self, evse_id: int) -> None:
        """Has the driver stop, and drive away."""
        transactions = self.made.transactions
        self.do(lambda now: transactions.stopped(evse_id, now, id_token=self.made.card))
        self.do(lambda now: transactions.unplugged(evse_id, now))


@ALL
async def test_statuses_follow_the_boot_in_every_version(protocol: Protocol) -> None:  # B01
    async with Pair(protocol) as pair:
        assert pair.statuses() == [(1, "Available"), (2, "Available")]
        count = 3 if pair.made.is_16 else 2
        action = "NotifyEvent" if protocol is v21.PROTOCOL else "StatusNotification"
        assert pair.actions == ["BootNotification", *[action] * count]


@ALL
async def test_a_session_is_seen_by_the_csms(protocol: Protocol) -> None:  # G01
    async with Pair(protocol) as pair:
        pair.statuses()
        pair.charge(1)
        await pair.advance(1)
        pair.leave(1)
        await pair.advance(1)
        nine = ["Preparing", "Charging", "Finishing", "Available"]
        wanted = nine if pair.made.is_16 else ["Occupied", "Available"]
        assert pair.statuses() == [(1, status) for status in wanted]


@ALL
async def test_only_what_changed_is_told_after_a_short_time_offline(  # B04
    protocol: Protocol,
) -> None:
    pair = Pair(protocol)
    pair.made.model[OFFLINE_THRESHOLD] = 10_000
    async with pair:
        pair.statuses()
        await pair.go_offline()
        pair.do(lambda now: pair.made.transactions.plugged_in(2, now))
        await pair.go_online(within=20)
        assert pair.statuses() == [(2, "Preparing" if pair.made.is_16 else "Occupied")]


@ALL
async def test_everything_is_told_after_a_long_time_offline(protocol: Protocol) -> None:  # B04
    pair = Pair(protocol)
    pair.made.model[OFFLINE_THRESHOLD] = 10
    async with pair:
        pair.statuses()
        await pair.go_offline()
        await pair.advance(100)
        await pair.go_online()
        everything = [(1, "Available"), (2, "Available")]
        assert pair.statuses() == ([] if pair.made.is_16 else everything)


@ALL
async def test_a_change_of_availability_is_answered_then_told_and_kept(  # G03
    protocol: Protocol,
) -> None:
    async with Pair(protocol) as pair:
        pair.statuses()
        change = ChangeAvailability(operational_status=OperationalStatus.INOPERATIVE, evse_id=2)
        sent = len(pair.frames)
        assert (await pair.call(change)).status == "Accepted"
        # The answer goes first.
        assert pair.frames[sent][0] == 3
        assert pair.statuses() == [(2, "Unavailable")]
        journal = pair.station.block_access
        states = await journal.load_states()
        assert b"[2,0]" in states["block:availability"]


@ALL
async def test_a_remote_start_and_stop(protocol: Protocol) -> None:  # F01, F03
    async with Pair(protocol) as pair:
        transactions = pair.made.transactions
        pair.do(lambda now: transactions.plugged_in(1, now))
        start = StartRemotely(id_token=pair.made.card, evse_id=1, remote_start_id=4)
        answer = await pair.call(start)
        assert answer.status == "Accepted"
        await pair.advance(1)
        (record,) = pair.csms_blocks.ledger
        assert record.remote_start_id == (None if pair.made.is_16 else 4)
        stop = StopRemotely(transaction_id=record.transaction_id)
        assert (await pair.call(stop)).status == "Accepted"
        await pair.advance(1)
        (closed,) = pair.closed
        assert (closed.transaction_id, closed.stopped_reason) == (record.transaction_id, "Remote")
        assert (await pair.call(stop)).status == "Rejected"


@ALL
async def test_an_immediate_reset_with_a_transaction(protocol: Protocol) -> None:  # B12
    pair = Pair(protocol)
    reasons: list[str] = []

    @pair.blocks.on(ResetDue)
    def reset(event: ResetDue) -> None:
        reasons.append(event.boot_reason)
        if pair.made.is_16:
            pair.station.restart()
        else:
            pair.station.restart(reason=event.boot_reason)

    async with pair:
        pair.charge(1)
        await pair.advance(1)
        pair.statuses()
        answer = await pair.call(RequestReset(type=ResetType.IMMEDIATE))
        assert answer.status == "Accepted"
        await pair.advance(600)
        assert reasons == ["RemoteReset"]
        (closed,) = pair.closed
        assert closed.stopped_reason == ("HardReset" if pair.made.is_16 else "ImmediateReset")
        assert pair.actions.count("BootNotification") == 2
        # The connector that was charged at is still occupied.
        occupied = "Finishing" if pair.made.is_16 else "Occupied"
        assert pair.statuses()[-2:] == [(1, occupied), (2, "Available")]
        assert pair.made.remote.boot_reason is None


@WITH_EVSES
async def test_a_reset_on_idle_with_a_transaction(protocol: Protocol) -> None:  # B12
    pair = Pair(protocol)

    @pair.blocks.on(ResetDue)
    def reset(event: ResetDue) -> None:
        pair.station.restart(reason=event.boot_reason)

    async with pair:
        pair.charge(1)
        await pair.advance(1)
        answer = await pair.call(RequestReset(type=ResetType.ON_IDLE))
        assert answer.status == "Scheduled"
        assert pair.actions.count("BootNotification") == 1
        pair.leave(1)
        await pair.advance(600)
        boots = [frame for frame in pair.frames if frame[2:3] == ["BootNotification"]]
        assert [boot[3]["reason"] for boot in boots] == ["PowerUp", "ScheduledReset"]
        assert pair.statuses()[-2:] == [(1, "Available"), (2, "Available")]


@ALL
async def test_a_connector_is_unlocked(protocol: Protocol) -> None:  # F05
    async with Pair(protocol, unlock=lambda evse_id, connector_id: UnlockStatus.UNLOCKED) as pair:
        assert (await pair.call(RequestUnlock(evse_id=1))).status == "Unlocked"
        unknown = (await pair.call(RequestUnlock(evse_id=3))).status
        assert unknown == ("NotSupported" if pair.made.is_16 else "UnknownConnector")
        pair.charge(1)
        await pair.advance(1)
        answer = await pair.call(RequestUnlock(evse_id=1))
        wanted = "Unlocked" if pair.made.is_16 else "OngoingAuthorizedTransaction"
        assert answer.status == wanted
        await pair.advance(1)
        assert len(pair.closed) == (1 if pair.made.is_16 else 0)


@ALL
async def test_a_lock_that_fails_is_reported(protocol: Protocol) -> None:  # G05
    async with Pair(protocol) as pair:
        pair.statuses()
        sent = len(pair.frames)
        pair.do(lambda now: pair.made.availability.lock_failed(1, 1, now))
        await pair.advance(1)
        (call,) = pair.frames[sent:]
        if pair.made.is_16:
            assert call[3]["errorCode"] == "ConnectorLockFailure"
            assert pair.statuses() == [(1, "Faulted")]
        else:
            (event,) = call[3]["eventData"]
            assert event["component"]["name"] == "ConnectorPlugRetentionLock"
            assert (event["variable"]["name"], event["actualValue"]) == ("Problem", "true")


COMMON = ["Heartbeat", "MeterValues", "StatusNotification", "FirmwareStatusNotification"]
TRIGGERS = {
    "1.6": [
        *COMMON,
        "DiagnosticsStatusNotification",
        "LogStatusNotification",
        "SignedFirmwareStatusNotification",
    ],
    "2.0.1": [*COMMON, "LogStatusNotification", "PublishFirmwareStatusNotification"],
    "2.1": [*COMMON, "LogStatusNotification", "PublishFirmwareStatusNotification"],
}


@ALL
async def test_each_message_that_is_asked_for_follows_the_answer(protocol: Protocol) -> None:  # F06
    async with Pair(protocol, jobs=list(BackgroundJob)) as pair:
        for message in TRIGGERS[protocol.version]:
            sent = len(pair.frames)
            command = RequestTrigger(requested_message=message, evse_id=1, connector_id=1)
            assert (await pair.call(command)).status == "Accepted"
            answer, call = pair.frames[sent:]
            # F06.FR.04, F06.FR.10.
            assert answer[0] == 3
            assert (call[0], call[2]) == (2, message)


@ALL
async def test_what_cannot_be_triggered_is_said(protocol: Protocol) -> None:  # F06
    async with Pair(protocol) as pair:
        boot = RequestTrigger(requested_message="BootNotification")
        assert (await pair.call(boot)).status == "Rejected"
        firmware = RequestTrigger(requested_message="FirmwareStatusNotification")
        assert (await pair.call(firmware)).status == "NotImplemented"


@WITH_EVSES
async def test_a_transaction_that_is_asked_for_follows_the_answer(
    protocol: Protocol,
) -> None:  # F06
    async with Pair(protocol) as pair:
        pair.charge(1)
        await pair.advance(1)
        command = RequestTrigger(requested_message="TransactionEvent", evse_id=1)
        assert (await pair.call(command)).status == "Accepted"
        await pair.advance(1)
        last = pair.frames[-1]
        assert (last[2], last[3]["triggerReason"]) == ("TransactionEvent", "Trigger")


@ALL
async def test_without_the_transactions_block_a_remote_start_is_not_supported(
    protocol: Protocol,
) -> None:
    made = RemoteBench(protocol)
    async with BlockBench(protocol, made.availability) as bench:
        with pytest.raises(CallFailed):
            await bench.call(StartRemotely(id_token=made.card, remote_start_id=1))
