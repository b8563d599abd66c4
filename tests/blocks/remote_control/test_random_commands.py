"""Random commands to a station where drivers come and go: each is answered, and resets keep what they promise."""

from collections.abc import Callable
from random import Random

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import BootAccepted
from ocppkit.blocks.authorization import AuthorizeReply, AuthorizeReport
from ocppkit.blocks.availability import ChangeAvailability, OperationalStatus
from ocppkit.blocks.remote_control import (
    BackgroundJob,
    MessageTrigger,
    RequestReset,
    RequestTrigger,
    RequestUnlock,
    ResetDue,
    ResetType,
    StopRemotely,
    UnlockStatus,
)
from ocppkit.blocks.transactions import IdToken, TokenInfo, TransactionReply, TransactionReport
from ocppkit.blocks.variables import ALLOW_RESET, AUTHORIZE_REMOTE_START
from ocppkit.core import Protocol
from support.remote_bench import RemoteBench

SEEDS = 30
STEPS = 80


class Shift:
    """A station on which a CSMS and drivers do things at random."""

    def __init__(self, protocol: Protocol, seed: int) -> None:
        self._random = Random(seed)
        self._bench = RemoteBench(
            protocol,
            has_smart_charging=True,
            unlock=lambda evse_id, connector_id: UnlockStatus.UNLOCKED,
            jobs=list(BackgroundJob),
        )
        self._number = 0
        self._closed: set[int] = set()
        model = self._bench.model
        model[AUTHORIZE_REMOTE_START] = self._random.random() < 0.5
        if not self._bench.is_16:
            model[ALLOW_RESET.on_evse(1)] = True
        self._bench.boot()
        self._actions: list[Callable[[int], None]] = [
            self._plug, self._unplug, self._present, self._flow, self._start, self._stop,
            self._reset, self._unlock, self._trigger, self._change, self._wait,
        ]  # fmt: skip

    def happen(self) -> None:
        """Lets something happen, and then all that follows from it."""
        self._random.choice(self._actions)(self._random.choice([1, 2]))
        self._follow()

    def end(self) -> None:
        """Ends all that goes on, and checks that the station serves drivers again."""
        steps, transactions = self._bench.steps, self._bench.transactions
        for evse_id in (1, 2):
            if transactions.state_of(evse_id).authorized:
                transactions.stopped(evse_id, steps.now)
            transactions.unplugged(evse_id, steps.now)
            self._follow()
        steps.wait(1000.0)
        self._follow()
        for evse_id in (1, 2):
            assert self._bench.availability.is_operative(evse_id) is (evse_id not in self._closed)

    def _follow(self) -> None:
        bench, steps = self._bench, self._bench.steps
        steps.settle()
        while reports := list(steps.reports):
            steps.reports.clear()
            for report in reports:
                if isinstance(report, AuthorizeReport):
                    status = self._random.choice(["Accepted", "Accepted", "Blocked"])
                    reply = AuthorizeReply(id_token_info=TokenInfo(status=status))
                    bench.authorization.replied(report, reply, steps.now)
                elif isinstance(report, TransactionReport):
                    self._number += 1
                    number = self._number if bench.is_16 else None
                    bench.transactions.replied(report, TransactionReply(number=number), steps.now)
            steps.settle()
        for event in steps.take_events(ResetDue):
            self._reset_is_due(event)

    def _reset_is_due(self, event: ResetDue) -> None:
        bench = self._bench
        for evse_id in (1, 2) if event.evse_id is None else (event.evse_id,):
            # B12: they were stopped, or have ended before.
            assert bench.transactions.state_of(evse_id).transaction_id is None
        if event.evse_id is None:
            assert bench.remote.boot_reason == event.boot_reason
            bench.steps.notice(BootAccepted())
        else:
            bench.remote.reset_done(event.evse_id, bench.steps.now)
        bench.steps.settle()

    def _card(self) -> IdToken:
        return self._random.choice([self._bench.card, IdToken("CAFE0001", self._bench.card.type)])

    def _plug(self, evse_id: int) -> None:
        self._bench.transactions.plugged_in(evse_id, self._bench.steps.now)

    def _unplug(self, evse_id: int) -> None:
        self._bench.transactions.unplugged(evse_id, self._bench.steps.now)

    def _present(self, evse_id: int) -> None:
        self._bench.authorization.present(evse_id, self._card(), self._bench.steps.now)

    def _flow(self, evse_id: int) -> None:
        if self._bench.transactions.state_of(evse_id).power_path_closed:
            flows = self._random.random() < 0.7
            self._bench.transactions.energy(evse_id, flows, self._bench.steps.now)

    def _start(self, evse_id: int) -> None:
        place = self._random.choice([None, evse_id, 3])
        answer = self._bench.start(evse_id=place, id_token=self._card())
        if place == 3:
            assert answer.status == "Rejected"
        if answer.status == "Accepted" and place is not None:
            assert place not in self._closed

    def _stop(self, evse_id: int) -> None:
        running = self._bench.transactions.state_of(evse_id).transaction_id
        answer = self._bench.steps.order(StopRemotely(transaction_id=running or "none"))
        assert answer.status == ("Rejected" if running is None else "Accepted")

    def _reset(self, evse_id: int) -> None:
        place = None if self._bench.is_16 else self._random.choice([None, evse_id])
        kind = self._random.choice([ResetType.IMMEDIATE, ResetType.ON_IDLE])
        answer = self._bench.steps.order(RequestReset(type=kind, evse_id=place))
        if kind is ResetType.IMMEDIATE or self._bench.is_16:
            assert answer.status == ("Rejected" if place == 2 else "Accepted")

    def _unlock(self, evse_id: int) -> None:
        answer = self._bench.steps.order(RequestUnlock(evse_id=evse_id))
        assert answer.status in ("Unlocked", "OngoingAuthorizedTransaction")

    def _trigger(self, evse_id: int) -> None:
        message = self._random.choice(list(MessageTrigger))
        place = self._random.choice([None, evse_id])
        answer = self._bench.steps.order(RequestTrigger(requested_message=message, evse_id=place))
        assert answer.status in ("Accepted", "Rejected", "NotImplemented")

    def _change(self, evse_id: int) -> None:
        status = self._random.choice(list(OperationalStatus))
        command = ChangeAvailability(operational_status=status, evse_id=evse_id)
        assert self._bench.steps.order(command).status in ("Accepted", "Scheduled")
        if status is OperationalStatus.INOPERATIVE:
            self._closed.add(evse_id)
        else:
            self._closed.discard(evse_id)

    def _wait(self, evse_id: int) -> None:
        self._bench.steps.wait(self._random.choice([1.0, 30.0, 300.0]))


@pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=["1.6", "2.0.1", "2.1"]
)
def test_a_station_obeys_whatever_comes(protocol: Protocol) -> None:  # B11, B12, F01, F03, F05
    for seed in range(SEEDS):
        shift = Shift(protocol, seed)
        for _ in range(STEPS):
            shift.happen()
        shift.end()
