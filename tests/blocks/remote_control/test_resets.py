"""Resets: which are accepted, refused or wait, and what becomes of transactions."""

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import BootAccepted, PowerPathChanged, dialect_of
from ocppkit.blocks.availability import AvailabilityBlock, AvailabilityRules, ReservationHolder
from ocppkit.blocks.remote_control import (
    RemoteControlBlock,
    RemoteControlRules,
    RequestReset,
    ResetDue,
    ResetFailed,
    ResetScheduled,
    ResetType,
)
from ocppkit.blocks.transactions import EvseState
from ocppkit.blocks.variables import (
    ALLOW_RESET,
    EV_CONNECTION_TIME_OUT,
    RESET_RETRIES,
    TX_ALLOW_ENERGY_TRANSFER_RESUMPTION,
    TX_RESUMPTION_TIMEOUT,
    DeviceModel,
)
from ocppkit.core import Protocol
from support.remote_bench import RemoteBench

ALL = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=["1.6", "2.0.1", "2.1"]
)
WITH_EVSES = pytest.mark.parametrize(
    "protocol", [v201.PROTOCOL, v21.PROTOCOL], ids=["2.0.1", "2.1"]
)

ONLY_21 = pytest.mark.parametrize("protocol", [v21.PROTOCOL], ids=["2.1"])

IMMEDIATE, ON_IDLE, RESUME = ResetType.IMMEDIATE, ResetType.ON_IDLE, ResetType.IMMEDIATE_AND_RESUME


def booted(protocol: Protocol, **more: object) -> RemoteBench:
    bench = RemoteBench(protocol, **more)  # type: ignore[arg-type]
    bench.boot()
    return bench


def reset(
    bench: RemoteBench, kind: ResetType, evse_id: int | None = None
) -> tuple[str, str | None]:
    answer = bench.steps.order(RequestReset(type=kind, evse_id=evse_id))
    return answer.status, answer.reason_code


def boot_reason(bench: RemoteBench) -> str | None:
    return bench.remote.boot_reason


@ALL
@pytest.mark.parametrize("kind", [IMMEDIATE, ON_IDLE])
def test_an_idle_station_is_reset_at_once(protocol: Protocol, kind: ResetType) -> None:  # B11
    bench = booted(protocol)
    assert reset(bench, kind) == ("Accepted", None)
    assert bench.steps.take_events(ResetDue) == [
        ResetDue(evse_id=None, type=kind, boot_reason="RemoteReset")
    ]
    assert bench.transaction_reports() == []


@ALL
def test_the_reason_of_a_boot_is_kept_until_it_is_accepted(protocol: Protocol) -> None:  # B11
    bench = booted(protocol)
    assert boot_reason(bench) is None
    reset(bench, IMMEDIATE)
    assert bench.remote.has_changed
    restarted = RemoteBench(protocol)
    restarted.remote.restore(bench.remote.state(), restarted.steps.now)
    assert boot_reason(restarted) == "RemoteReset"
    restarted.boot()
    assert boot_reason(restarted) is None
    assert restarted.remote.has_changed


@ALL
def test_a_station_takes_drivers_again_after_the_reset(protocol: Protocol) -> None:  # B11
    bench = booted(protocol)
    reset(bench, IMMEDIATE)
    assert bench.statuses() == [(1, "Unavailable"), (2, "Unavailable")]
    # The same program goes on, and the station has only booted.
    bench.steps.notice(BootAccepted())
    assert bench.statuses()[-2:] == [(1, "Available"), (2, "Available")]


@ALL
def test_an_immediate_reset_ends_every_transaction(protocol: Protocol) -> None:  # B12
    bench = booted(protocol)
    bench.charge(1)
    bench.charge(2)
    assert reset(bench, IMMEDIATE) == ("Accepted", None)
    events = bench.steps.take_events(ResetDue)
    assert [each.boot_reason for each in events] == ["RemoteReset"]
    reports = bench.transaction_reports()
    assert [each.evse_id for each in reports if each.event_type == "Ended"] in (
        [1, 2],
        [None, None],
    )
    for each in reports:
        assert (each.event_type, each.trigger_reason, each.id_token) == (
            "Ended",
            "ResetCommand",
            None,
        )
        assert each.stopped_reason == ("HardReset" if bench.is_16 else "ImmediateReset")


def test_a_soft_reset_of_1_6_stops_transactions_and_does_not_wait() -> None:  # B12
    bench = booted(v16.PROTOCOL)
    bench.charge(1)
    assert reset(bench, ON_IDLE) == ("Accepted", None)
    assert len(bench.steps.take_events(ResetDue)) == 1
    # RST-01.
    assert [each.stopped_reason for each in bench.transaction_reports()] == ["SoftReset"]


@WITH_EVSES
def test_a_reset_on_idle_waits_for_the_last_transaction(protocol: Protocol) -> None:  # B12
    bench = booted(protocol)
    bench.charge(1)
    bench.charge(2)
    assert reset(bench, ON_IDLE) == ("Scheduled", None)
    assert bench.steps.take_events(ResetScheduled) == [ResetScheduled(evse_id=None)]
    assert bench.transaction_reports() == []
    bench.leave(1)
    # It takes no new driver, or it would never be idle.
    assert bench.statuses()[-1] == (1, "Unavailable")
    assert bench.start(evse_id=1).status == "Rejected"
    assert bench.steps.take_events(ResetDue) == []
    bench.leave(2)
    assert bench.steps.take_events(ResetDue) == [
        ResetDue(evse_id=None, type=ON_IDLE, boot_reason="ScheduledReset")
    ]
    assert boot_reason(bench) == "ScheduledReset"
    reports = bench.transaction_reports()
    assert "ImmediateReset" not in [each.stopped_reason for each in reports]


@WITH_EVSES
def test_a_boot_in_between_does_not_end_the_waiting(protocol: Protocol) -> None:  # B12
    bench = booted(protocol)
    bench.charge(1)
    reset(bench, ON_IDLE)
    bench.steps.notice(BootAccepted())
    assert bench.availability.is_operative(2) is False
    bench.leave(1)
    assert len(bench.steps.take_events(ResetDue)) == 1


@WITH_EVSES
def test_an_evse_is_reset_and_comes_back(protocol: Protocol) -> None:  # B11
    bench = booted(protocol)
    bench.model[ALLOW_RESET.on_evse(1)] = True
    assert reset(bench, IMMEDIATE, 1) == ("Accepted", None)
    assert bench.steps.take_events(ResetDue) == [
        ResetDue(evse_id=1, type=IMMEDIATE, boot_reason="RemoteReset")
    ]
    # B11.FR.10: the station does not boot.
    assert boot_reason(bench) is None
    assert bench.statuses() == [(1, "Unavailable")]
    bench.remote.reset_done(1, bench.steps.now)
    assert bench.statuses() == [(1, "Available")]
    with pytest.raises(ValueError, match="no reset of EVSE 1 was due"):
        bench.remote.reset_done(1, bench.steps.now)


@WITH_EVSES
def test_an_immediate_reset_of_an_evse_ends_its_transaction_only(  # B12
    protocol: Protocol,
) -> None:
    bench = booted(protocol)
    bench.model[ALLOW_RESET.on_evse(2)] = True
    bench.charge(1)
    second = bench.charge(2)
    assert reset(bench, IMMEDIATE, 2) == ("Accepted", None)
    (report,) = bench.transaction_reports()
    assert (report.transaction_id, report.stopped_reason) == (second, "ImmediateReset")
    assert bench.transactions.state_of(1).transaction_id is not None


@WITH_EVSES
def test_a_reset_of_an_evse_on_idle_waits_for_its_transaction(protocol: Protocol) -> None:  # B12
    bench = booted(protocol)
    bench.model[ALLOW_RESET.on_evse(1)] = True
    bench.charge(1)
    bench.charge(2)
    assert reset(bench, ON_IDLE, 1) == ("Scheduled", None)
    bench.leave(2)
    assert bench.steps.take_events(ResetDue) == []
    assert bench.availability.is_operative(2)
    bench.leave(1)
    assert bench.steps.take_events(ResetDue) == [
        ResetDue(evse_id=1, type=ON_IDLE, boot_reason="ScheduledReset")
    ]


@WITH_EVSES
@pytest.mark.parametrize("kind", [IMMEDIATE, ON_IDLE])
def test_a_station_that_cannot_reset_an_evse_refuses(  # B11, B12
    protocol: Protocol, kind: ResetType
) -> None:
    bench = booted(protocol)
    assert reset(bench, kind, 1) == ("Rejected", "UnsupportedRequest")
    bench.model[ALLOW_RESET.on_evse(1)] = False
    bench.charge(1)
    assert reset(bench, kind, 1) == ("Rejected", "UnsupportedRequest")
    assert reset(bench, kind, 3) == ("Rejected", "UnknownEvse")
    assert bench.transaction_reports() == []
    assert bench.steps.take_events(ResetDue) == []


@ALL
def test_a_program_can_refuse_resets(protocol: Protocol) -> None:  # B11
    asked: list[int | None] = []

    def may_reset(evse_id: int | None) -> bool:
        asked.append(evse_id)
        return False

    bench = booted(protocol, may_reset=may_reset)
    assert reset(bench, IMMEDIATE) == ("Rejected", "Unspecified")
    assert asked == [None]
    assert bench.steps.take_events(ResetDue) == []


@WITH_EVSES
def test_a_reset_is_refused_if_transactions_cannot_go_on_after_it(  # B13
    protocol: Protocol,
) -> None:
    bench = booted(protocol)
    # RST-08.
    assert reset(bench, RESUME) == ("Rejected", "UnsupportedParam")
    if protocol is v201.PROTOCOL:
        bench.model[TX_RESUMPTION_TIMEOUT] = 60
        assert reset(bench, RESUME) == ("Rejected", "UnsupportedParam")


@ONLY_21
def test_a_transaction_goes_on_after_a_restart_at_the_wish_of_the_csms(  # B13
    protocol: Protocol,
) -> None:
    bench = booted(protocol)
    bench.model[TX_RESUMPTION_TIMEOUT] = 60
    bench.model[TX_ALLOW_ENERGY_TRANSFER_RESUMPTION] = True
    transaction_id = bench.charge(1)
    assert reset(bench, RESUME) == ("Accepted", None)
    (report,) = bench.transaction_reports()
    assert (report.event_type, report.trigger_reason) == ("Updated", "ResetCommand")
    told = list(bench.steps.events)
    assert [each.closed for each in told if isinstance(each, PowerPathChanged)] == [False]
    assert [each.type for each in told if isinstance(each, ResetDue)] == [RESUME]
    state = bench.transactions.state()
    assert state is not None
    later = RemoteBench(protocol)
    later.model[TX_RESUMPTION_TIMEOUT] = 60
    later.model[TX_ALLOW_ENERGY_TRANSFER_RESUMPTION] = True
    # It took longer than the timeout.
    later.steps.now = bench.steps.now.after(3600)
    later.transactions.restore(state, later.steps.now)
    later.steps.boot()
    (resumed,) = later.transaction_reports()
    assert (resumed.event_type, resumed.trigger_reason) == ("Updated", "TxResumed")
    assert resumed.transaction_id == transaction_id
    assert resumed.seq_no == (report.seq_no or 0) + 1
    assert later.transactions.state_of(1).power_path_closed


@ONLY_21
def test_a_transaction_goes_on_after_the_reset_of_its_evse(protocol: Protocol) -> None:  # B13
    bench = booted(protocol)
    bench.model[TX_RESUMPTION_TIMEOUT] = 60
    bench.model[TX_ALLOW_ENERGY_TRANSFER_RESUMPTION] = True
    bench.model[ALLOW_RESET.on_evse(1)] = True
    transaction_id = bench.charge(1)
    bench.charge(2)
    assert reset(bench, RESUME, 1) == ("Accepted", None)
    assert [each.trigger_reason for each in bench.transaction_reports()] == ["ResetCommand"]
    assert not bench.transactions.state_of(1).power_path_closed
    assert bench.transactions.state_of(2).power_path_closed
    bench.remote.reset_done(1, bench.steps.now)
    bench.steps.settle()
    (resumed,) = bench.transaction_reports()
    assert (resumed.transaction_id, resumed.trigger_reason) == (transaction_id, "TxResumed")
    assert bench.transactions.state_of(1).power_path_closed
    # Without another interruption, it is told once.
    bench.transactions.resume(1, bench.steps.now)
    assert bench.transaction_reports() == []


@WITH_EVSES
def test_a_reset_that_fails_is_repeated_and_then_given_up(protocol: Protocol) -> None:  # B11
    bench = booted(protocol)
    bench.model[RESET_RETRIES] = 2
    bench.model[ALLOW_RESET.on_evse(1)] = True
    reset(bench, IMMEDIATE, 1)
    due = ResetDue(evse_id=1, type=IMMEDIATE, boot_reason="RemoteReset")
    for _ in range(2):
        assert bench.steps.take_events(ResetDue) == [due]
        bench.remote.reset_failed(1, bench.steps.now)
        bench.steps.settle()
    assert bench.steps.take_events(ResetDue) == [due]
    bench.remote.reset_failed(1, bench.steps.now)
    bench.steps.settle()
    assert not any(isinstance(each, ResetDue) for each in bench.steps.events)
    assert bench.steps.take_events(ResetFailed) == [ResetFailed(evse_id=1)]
    assert bench.availability.is_operative(1)
    with pytest.raises(ValueError, match="no reset of EVSE 1 was due"):
        bench.remote.reset_failed(1, bench.steps.now)


@ALL
def test_a_station_that_cannot_restart_goes_on(protocol: Protocol) -> None:  # B11
    bench = booted(protocol)
    bench.model[RESET_RETRIES] = 0
    reset(bench, IMMEDIATE)
    assert boot_reason(bench) == "RemoteReset"
    bench.remote.reset_failed(None, bench.steps.now)
    bench.steps.settle()
    assert bench.steps.take_events(ResetFailed) == [ResetFailed(evse_id=None)]
    assert boot_reason(bench) is None
    assert bench.availability.is_operative(1)
    # The next reset has all its attempts again.
    bench.model[RESET_RETRIES] = 1
    bench.steps.take_events(ResetDue)
    reset(bench, IMMEDIATE)
    bench.remote.reset_failed(None, bench.steps.now)
    bench.steps.settle()
    assert len(bench.steps.take_events(ResetDue)) == 2


@WITH_EVSES
def test_work_and_reservations_are_waited_for_too(protocol: Protocol) -> None:  # B12
    bench = booted(protocol)
    now = bench.steps.now
    bench.remote.work_began("upload of a log", now)
    bench.availability.reserve(1, ReservationHolder(7, bench.card), now)
    bench.steps.settle()
    assert reset(bench, ON_IDLE) == ("Scheduled", None)
    bench.availability.end_reservation(1, now)
    assert bench.steps.take_events(ResetDue) == []
    bench.remote.work_ended("upload of a log", now)
    assert len(bench.steps.take_events(ResetDue)) == 1


@WITH_EVSES
def test_a_driver_who_has_not_plugged_in_yet_is_waited_for(protocol: Protocol) -> None:  # B12
    bench = booted(protocol)
    bench.model[EV_CONNECTION_TIME_OUT] = 60
    bench.start(evse_id=1)
    assert reset(bench, ON_IDLE) == ("Scheduled", None)
    bench.steps.wait(59.0)
    assert bench.steps.take_events(ResetDue) == []
    bench.steps.wait(2.0)
    assert len(bench.steps.take_events(ResetDue)) == 1


@WITH_EVSES
def test_an_immediate_reset_overtakes_one_that_waits(protocol: Protocol) -> None:  # B12
    bench = booted(protocol)
    bench.charge(1)
    reset(bench, ON_IDLE)
    assert reset(bench, IMMEDIATE) == ("Accepted", None)
    assert [each.boot_reason for each in bench.steps.take_events(ResetDue)] == ["RemoteReset"]
    bench.transactions.unplugged(1, bench.steps.now)
    assert bench.steps.take_events(ResetDue) == []


@WITH_EVSES
def test_a_reset_of_the_station_takes_the_place_of_those_of_evses(  # B12
    protocol: Protocol,
) -> None:
    bench = booted(protocol)
    bench.model[ALLOW_RESET.on_evse(1)] = True
    bench.charge(1)
    assert reset(bench, ON_IDLE, 1) == ("Scheduled", None)
    assert reset(bench, ON_IDLE) == ("Scheduled", None)
    bench.leave(1)
    assert [each.evse_id for each in bench.steps.take_events(ResetDue)] == [None]
    bench.steps.notice(BootAccepted())
    reset(bench, IMMEDIATE, 1)
    reset(bench, IMMEDIATE)
    # The program has begun with the EVSE, and tells its end.
    bench.remote.reset_done(1, bench.steps.now)
    assert not bench.availability.is_operative(1)
    bench.steps.notice(BootAccepted())
    assert bench.availability.is_operative(1)
    with pytest.raises(ValueError, match="no reset of EVSE 1 was due"):
        bench.remote.reset_done(1, bench.steps.now)


@WITH_EVSES
def test_without_the_transactions_block_the_program_tells_what_goes_on(  # B12
    protocol: Protocol,
) -> None:
    dialect, model = dialect_of(protocol), DeviceModel()
    availability = AvailabilityBlock(dialect.rules(AvailabilityRules), model, {1: 1})
    remote = RemoteControlBlock(dialect.rules(RemoteControlRules), model, availability)
    bench = booted(protocol)
    now = bench.steps.now
    availability.take(EvseState(evse_id=1, transaction_id="T1"), now)
    command = RequestReset(type=ON_IDLE)
    assert remote.commands[RequestReset](command, now).status == "Scheduled"  # type: ignore[attr-defined]
    assert remote.next_event() == ResetScheduled(evse_id=None)
    availability.take(EvseState(evse_id=1), now)
    while (event := availability.next_event()) is not None:
        remote.notice(event, now)
    due = remote.next_event()
    assert isinstance(due, ResetDue)
    assert due.boot_reason == "ScheduledReset"
    # An immediate reset leaves transactions to the program.
    handler = remote.commands[RequestReset]
    assert handler(RequestReset(type=IMMEDIATE), now).status == "Accepted"  # type: ignore[attr-defined]
    assert isinstance(remote.next_event(), ResetDue)


@pytest.mark.parametrize("state", [b"", b"{", b"[]", b'{"format":2}', b'{"format":1}'])
def test_a_torn_or_foreign_state_is_refused(state: bytes) -> None:
    bench = booted(v201.PROTOCOL)
    reset(bench, IMMEDIATE)
    with pytest.raises(ValueError, match="a state of remote control"):
        bench.remote.restore(state, bench.steps.now)
    assert boot_reason(bench) == "RemoteReset"
