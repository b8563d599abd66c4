"""Unlocking a connector at the wish of the CSMS."""

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import dialect_of
from ocppkit.blocks.availability import AvailabilityBlock, AvailabilityRules
from ocppkit.blocks.remote_control import (
    RemoteControlBlock,
    RemoteControlRules,
    RequestUnlock,
    UnlockStatus,
)
from ocppkit.blocks.transactions import EvseState
from ocppkit.blocks.variables import TX_STOP_POINT, DeviceModel
from ocppkit.core import Protocol
from support.remote_bench import RemoteBench

ALL = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=["1.6", "2.0.1", "2.1"]
)
WITH_EVSES = pytest.mark.parametrize(
    "protocol", [v201.PROTOCOL, v21.PROTOCOL], ids=["2.0.1", "2.1"]
)


class Locks:
    """The locks of a station, as a program would control them."""

    def __init__(self, result: UnlockStatus = UnlockStatus.UNLOCKED) -> None:
        self.opened: list[tuple[int, int]] = []
        self._result = result

    def __call__(self, evse_id: int, connector_id: int) -> UnlockStatus:
        self.opened.append((evse_id, connector_id))
        return self._result


def unlock(bench: RemoteBench, evse_id: int, connector_id: int = 1) -> str:
    command = RequestUnlock(evse_id=evse_id, connector_id=connector_id)
    return bench.steps.order(command).status


@ALL
@pytest.mark.parametrize("result", [UnlockStatus.UNLOCKED, UnlockStatus.UNLOCK_FAILED])
def test_the_program_unlocks_and_tells_how_it_went(  # F05
    protocol: Protocol, result: UnlockStatus
) -> None:
    locks = Locks(result)
    bench = RemoteBench(protocol, unlock=locks)
    bench.boot()
    # F05.FR.06: also without a cable.
    assert unlock(bench, 2) == result
    bench.transactions.plugged_in(1, bench.steps.now)
    assert unlock(bench, 1) == result
    assert locks.opened == [(2, 1), (1, 1)]


@WITH_EVSES
def test_nothing_is_unlocked_in_an_authorized_transaction(protocol: Protocol) -> None:  # F05
    locks = Locks()
    bench = RemoteBench(protocol, unlock=locks)
    bench.boot()
    bench.charge(1)
    assert unlock(bench, 1) == "OngoingAuthorizedTransaction"
    assert locks.opened == []
    assert bench.transaction_reports() == []
    assert unlock(bench, 2) == "Unlocked"


@WITH_EVSES
def test_a_transaction_without_a_driver_does_not_keep_the_cable(protocol: Protocol) -> None:  # F05
    locks = Locks()
    bench = RemoteBench(protocol, unlock=locks)
    bench.boot()
    bench.model[TX_STOP_POINT] = ("EVConnected",)
    bench.charge(1)
    bench.transactions.stopped(1, bench.steps.now, id_token=bench.card)
    assert bench.transactions.state_of(1).transaction_id is not None
    assert unlock(bench, 1) == "Unlocked"
    assert bench.transactions.state_of(1).transaction_id is not None


def test_a_transaction_of_1_6_is_stopped_first() -> None:  # F05
    locks = Locks()
    bench = RemoteBench(v16.PROTOCOL, unlock=locks)
    bench.boot()
    bench.charge(1)
    # REM-11.
    assert unlock(bench, 1) == "Unlocked"
    (report,) = bench.transaction_reports()
    assert (report.event_type, report.stopped_reason) == ("Ended", "UnlockCommand")


@ALL
@pytest.mark.parametrize(("evse_id", "connector_id"), [(3, 1), (1, 2), (0, 1)])
def test_an_unknown_connector_is_told_as_that(  # F05
    protocol: Protocol, evse_id: int, connector_id: int
) -> None:
    locks = Locks()
    bench = RemoteBench(protocol, unlock=locks)
    assert unlock(bench, evse_id, connector_id) == "UnknownConnector"
    assert locks.opened == []


@ALL
def test_a_station_without_locks_says_so(protocol: Protocol) -> None:  # F05
    bench = RemoteBench(protocol)
    assert unlock(bench, 1) == "NotSupported"
    assert unlock(bench, 3) == "UnknownConnector"


@WITH_EVSES
def test_without_locks_an_authorized_transaction_is_what_is_told(protocol: Protocol) -> None:  # F05
    bench = RemoteBench(protocol)
    bench.boot()
    bench.charge(1)
    assert unlock(bench, 1) == "OngoingAuthorizedTransaction"


def test_the_other_connector_of_an_evse_can_be_unlocked() -> None:  # F05
    dialect, model, locks = dialect_of(v201.PROTOCOL), DeviceModel(), Locks()
    availability = AvailabilityBlock(dialect.rules(AvailabilityRules), model, {1: 2})
    remote = RemoteControlBlock(
        dialect.rules(RemoteControlRules), model, availability, unlock=locks
    )
    bench = RemoteBench(v201.PROTOCOL)
    charging = EvseState(
        evse_id=1, connected=True, connector_id=1, authorized=True, transaction_id="T1"
    )
    availability.take(charging, bench.steps.now)
    handler = remote.commands[RequestUnlock]
    busy = handler(RequestUnlock(evse_id=1, connector_id=1), bench.steps.now)
    free = handler(RequestUnlock(evse_id=1, connector_id=2), bench.steps.now)
    assert [busy.status, free.status] == ["OngoingAuthorizedTransaction", "Unlocked"]  # type: ignore[attr-defined]
