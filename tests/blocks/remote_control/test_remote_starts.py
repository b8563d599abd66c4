"""Remote starts and stops: which are accepted, and what becomes of them."""

from typing import Any

import pytest
from msgspec.structs import replace

from ocppkit import v16, v21, v201
from ocppkit.blocks import CsmsConnected, StationStarted
from ocppkit.blocks.authorization import (
    AuthorizationDecided,
    AuthorizationRefusal,
    AuthorizeReport,
)
from ocppkit.blocks.availability import (
    ChangeAvailability,
    OperationalStatus,
    ReservationHolder,
    StatusError,
)
from ocppkit.blocks.charging import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    LimitChanged,
    ProfileKind,
    Purpose,
    RateUnit,
)
from ocppkit.blocks.remote_control import (
    RequestReset,
    ResetType,
    StartedRemotely,
    StopRemotely,
)
from ocppkit.blocks.transactions import IdToken, TransactionReply, TransactionReport
from ocppkit.blocks.variables import AUTHORIZE_REMOTE_START, TX_START_POINT, TX_STOP_POINT
from ocppkit.core import Protocol
from support.remote_bench import RemoteBench

ALL = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=["1.6", "2.0.1", "2.1"]
)
WITH_EVSES = pytest.mark.parametrize(
    "protocol", [v201.PROTOCOL, v21.PROTOCOL], ids=["2.0.1", "2.1"]
)

PROFILE = ChargingProfile(
    id=1,
    stack_level=0,
    charging_profile_purpose=Purpose.TX,
    charging_profile_kind=ProfileKind.RELATIVE,
    charging_schedule=(
        ChargingSchedule(
            charging_rate_unit=RateUnit.AMPERES,
            charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=16.0),),
        ),
    ),
)


def booted(protocol: Protocol, **more: Any) -> RemoteBench:
    bench = RemoteBench(protocol, **more)
    bench.boot()
    return bench


def other_card(bench: RemoteBench) -> IdToken:
    return IdToken("CAFE0001", bench.card.type)


@ALL
@pytest.mark.parametrize("authorizes", [True, False])
def test_the_cable_comes_first(protocol: Protocol, authorizes: bool) -> None:  # F01
    bench = booted(protocol, authorizes=authorizes)
    bench.transactions.plugged_in(1, bench.steps.now)
    bench.forget()
    answer = bench.start(evse_id=1)
    assert (answer.status, answer.transaction_id) == ("Accepted", None)
    (report,) = bench.transaction_reports()
    assert (report.event_type, report.trigger_reason) == ("Started", "RemoteStart")
    # F01.FR.25.
    assert (report.id_token, report.remote_start_id) == (bench.card, 9)
    assert bench.transactions.state_of(1).power_path_closed


@ALL
def test_the_remote_start_comes_first(protocol: Protocol) -> None:  # F02
    bench = booted(protocol)
    assert bench.start(evse_id=1).status == "Accepted"
    assert bench.steps.take_events(StartedRemotely) == [
        StartedRemotely(evse_id=1, id_token=bench.card, remote_start_id=9)
    ]
    assert bench.transaction_reports() == []
    bench.transactions.plugged_in(1, bench.steps.now)
    (report,) = bench.transaction_reports()
    assert (report.event_type, report.remote_start_id) == ("Started", 9)


@ALL
def test_the_driver_is_authorized_as_at_the_station(protocol: Protocol) -> None:  # F02, C05
    bench = booted(protocol)
    bench.model[AUTHORIZE_REMOTE_START] = True
    bench.transactions.plugged_in(1, bench.steps.now)
    bench.forget()
    assert bench.start(evse_id=1).status == "Accepted"
    # F01.FR.19: no energy before the answer.
    assert not bench.transactions.state_of(1).power_path_closed
    bench.csms_says("Accepted")
    assert bench.transactions.state_of(1).power_path_closed
    (report,) = bench.transaction_reports()
    assert (report.event_type, report.remote_start_id) == ("Started", 9)


@ALL
def test_a_driver_who_is_not_authorized_gets_no_energy(protocol: Protocol) -> None:  # F01, C05
    bench = booted(protocol)
    bench.model[AUTHORIZE_REMOTE_START] = True
    bench.transactions.plugged_in(1, bench.steps.now)
    bench.start(evse_id=1)
    bench.csms_says("Blocked")
    assert bench.transaction_reports() == []
    assert not bench.transactions.state_of(1).authorized
    assert bench.start(evse_id=1).status == "Accepted"


@WITH_EVSES
def test_a_token_that_the_csms_has_made_is_not_asked_about(protocol: Protocol) -> None:  # C05
    bench = booted(protocol)
    bench.model[AUTHORIZE_REMOTE_START] = True
    assert bench.start(evse_id=1, id_token=IdToken("app-1", "Central")).status == "Accepted"
    assert bench.steps.take_reports(AuthorizeReport) == []
    assert bench.transactions.state_of(1).authorized


@WITH_EVSES
def test_a_transaction_that_goes_on_without_a_driver_is_used(protocol: Protocol) -> None:  # F01
    bench = booted(protocol)
    bench.model[TX_START_POINT] = ("EVConnected",)
    bench.model[TX_STOP_POINT] = ("EVConnected",)
    bench.transactions.plugged_in(1, bench.steps.now)
    bench.forget()
    running = bench.transactions.state_of(1).transaction_id
    assert running is not None
    answer = bench.start(evse_id=1)
    # F01.FR.13.
    assert (answer.status, answer.transaction_id) == ("Accepted", running)
    (report,) = bench.transaction_reports()
    assert (report.event_type, report.trigger_reason) == ("Updated", "RemoteStart")


@ALL
def test_without_an_evse_the_one_with_an_ev_is_chosen(protocol: Protocol) -> None:  # F01
    bench = booted(protocol)
    bench.transactions.plugged_in(2, bench.steps.now)
    assert bench.start().status == "Accepted"
    assert bench.transactions.state_of(2).authorized
    # REM-03: then the first that is free, and then none.
    assert bench.start(id_token=other_card(bench)).status == "Accepted"
    assert bench.transactions.state_of(1).authorized
    answer = bench.start()
    assert (answer.status, answer.reason_code) == ("Rejected", "NotFound")


def busy(bench: RemoteBench) -> None:
    bench.charge(1)


def being_decided(bench: RemoteBench) -> None:
    bench.authorization.present(1, other_card(bench), bench.steps.now)


def inoperative(bench: RemoteBench) -> None:
    command = ChangeAvailability(operational_status=OperationalStatus.INOPERATIVE, evse_id=1)
    bench.steps.order(command)


def faulted(bench: RemoteBench) -> None:
    bench.availability.set_error(1, 1, StatusError(error_code="GroundFailure"), bench.steps.now)


def reserved(bench: RemoteBench) -> None:
    holder = ReservationHolder(7, other_card(bench))
    bench.availability.reserve(1, holder, bench.steps.now)


def being_reset(bench: RemoteBench) -> None:
    bench.steps.order(RequestReset(type=ResetType.IMMEDIATE))


@ALL
@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (busy, "TxInProgress"),
        (being_decided, "TxInProgress"),
        (inoperative, "NotEnabled"),
        (faulted, "Unspecified"),
        (reserved, "Unspecified"),
        (being_reset, "NotEnabled"),
    ],
)
def test_an_evse_that_cannot_be_used_is_refused(  # F01, F02
    protocol: Protocol, happened: Any, reason: str
) -> None:
    bench = booted(protocol)
    happened(bench)
    bench.forget()
    before = bench.transactions.state_of(1)
    answer = bench.start(evse_id=1)
    assert (answer.status, answer.reason_code) == ("Rejected", reason)
    assert answer.additional_info
    assert bench.transactions.state_of(1) == before
    assert bench.steps.take_events(StartedRemotely) == []
    if happened is not being_reset:
        assert bench.start(evse_id=2).status == "Accepted"


@ALL
@pytest.mark.parametrize("happened", [inoperative, faulted])
def test_a_card_is_refused_where_a_remote_start_would_be(  # G03
    protocol: Protocol, happened: Any
) -> None:
    bench = booted(protocol)
    bench.charge(2)
    happened(bench)
    bench.steps.settle()
    bench.forget()
    bench.authorization.present(1, other_card(bench), bench.steps.now)
    bench.csms_says("Accepted")
    (decided,) = bench.steps.take_events(AuthorizationDecided)
    assert decided.refusal is AuthorizationRefusal.OUT_OF_SERVICE
    assert not bench.transactions.state_of(1).authorized
    # Who charges already can stop.
    bench.authorization.present(2, bench.card, bench.steps.now)
    assert not bench.transactions.state_of(2).authorized


@ALL
@pytest.mark.parametrize("evse_id", [0, 3])
def test_an_unknown_evse_is_refused(protocol: Protocol, evse_id: int) -> None:  # F01
    answer = booted(protocol).start(evse_id=evse_id)
    assert (answer.status, answer.reason_code) == ("Rejected", "UnknownEvse")


@ALL
@pytest.mark.parametrize("evse_id", [None, 1])
def test_nothing_starts_before_the_boot_is_accepted(  # B02
    protocol: Protocol, evse_id: int | None
) -> None:
    bench = RemoteBench(protocol)
    bench.steps.notice(StationStarted())
    bench.steps.notice(CsmsConnected())
    answer = bench.start(evse_id=evse_id)
    assert (answer.status, answer.reason_code) == ("Rejected", "CSNotAccepted")
    stopped = bench.steps.order(StopRemotely(transaction_id="T1"))
    assert (stopped.status, stopped.reason_code) == ("Rejected", "CSNotAccepted")


@ALL
@pytest.mark.parametrize("authorizes", [True, False])
def test_a_reservation_is_used_up_by_its_driver(  # F01
    protocol: Protocol, authorizes: bool
) -> None:
    bench = booted(protocol, authorizes=authorizes)
    bench.availability.reserve(1, ReservationHolder(7, bench.card), bench.steps.now)
    bench.steps.settle()
    assert bench.start(evse_id=1).status == "Accepted"
    assert bench.availability.holder_of(1) is None
    bench.transactions.plugged_in(1, bench.steps.now)
    (report,) = bench.transaction_reports()
    assert report.reservation_id == 7


@WITH_EVSES
def test_the_group_of_a_remote_start_may_use_a_reservation(protocol: Protocol) -> None:  # F01
    bench = booted(protocol, authorizes=False)
    group = IdToken("G1", "Central")
    holder = ReservationHolder(7, other_card(bench), group)
    bench.availability.reserve(1, holder, bench.steps.now)
    assert bench.start(evse_id=1).status == "Rejected"
    assert bench.start(evse_id=1, group_id_token=group).status == "Accepted"
    assert bench.transactions.state_of(1).group_id_token == group


@ALL
def test_a_station_that_cannot_authorize_refuses_if_it_must(protocol: Protocol) -> None:  # F01
    bench = booted(protocol, authorizes=False)
    bench.model[AUTHORIZE_REMOTE_START] = True
    answer = bench.start(evse_id=1)
    assert (answer.status, answer.reason_code) == ("Rejected", "NotEnabled")


@WITH_EVSES
def test_a_token_that_the_version_cannot_say_is_refused(protocol: Protocol) -> None:  # F01
    answer = booted(protocol).start(evse_id=1, id_token=IdToken("04E91C5A"))
    assert (answer.status, answer.reason_code) == ("Rejected", "InvalidIdToken")


@ALL
def test_a_profile_is_used_for_the_transaction(protocol: Protocol) -> None:  # F01, K05
    bench = booted(protocol, has_smart_charging=True)
    answer = bench.start(evse_id=2, charging_profile=PROFILE, profile_as_sent=b"{}")
    assert answer.status == "Accepted"
    (installed,) = bench.charging
    assert (installed.evse_id, installed.as_sent) == (2, b"{}")
    (event,) = bench.steps.take_events(StartedRemotely)
    assert event.charging_profile == PROFILE
    bench.transactions.plugged_in(2, bench.steps.now)
    bench.steps.settle()
    limits = [each.limit for each in bench.steps.take_events(LimitChanged) if each.evse_id == 2]
    assert limits[-1] == 16.0
    bench.leave(2)
    assert list(bench.charging) == []


@ALL
def test_a_profile_that_cannot_be_installed_is_refused(protocol: Protocol) -> None:  # F01
    bench = booted(protocol, has_smart_charging=True)
    (schedule,) = PROFILE.charging_schedule
    late = replace(schedule, charging_schedule_period=(ChargingSchedulePeriod(start_period=9),))
    answer = bench.start(evse_id=1, charging_profile=replace(PROFILE, charging_schedule=(late,)))
    # F01.FR.26.
    assert (answer.status, answer.reason_code) == ("Rejected", "InvalidSchedule")
    assert answer.additional_info
    assert not bench.transactions.state_of(1).authorized


@ALL
@pytest.mark.parametrize(
    "profile",
    [
        replace(PROFILE, charging_profile_purpose=Purpose.TX_DEFAULT),
        replace(PROFILE, transaction_id="7"),
    ],
)
def test_a_profile_that_is_not_for_a_new_transaction_is_refused(  # F01, K05
    protocol: Protocol, profile: ChargingProfile
) -> None:
    bench = booted(protocol, has_smart_charging=True)
    answer = bench.start(evse_id=1, charging_profile=profile)
    assert (answer.status, answer.reason_code) == ("Rejected", "InvalidProfile")


@ALL
def test_a_station_without_smart_charging_ignores_profiles(protocol: Protocol) -> None:  # F01
    bench = booted(protocol)
    bad = replace(PROFILE, charging_profile_purpose=Purpose.TX_DEFAULT)
    # REM-07.
    assert bench.start(evse_id=1, charging_profile=bad).status == "Accepted"


@ALL
def test_a_remote_stop_ends_the_transaction(protocol: Protocol) -> None:  # F03
    bench = booted(protocol)
    transaction_id = bench.charge(1)
    bench.charge(2)
    answer = bench.steps.order(StopRemotely(transaction_id=transaction_id))
    assert answer.status == "Accepted"
    (report,) = bench.transaction_reports()
    assert (report.event_type, report.trigger_reason) == ("Ended", "RemoteStop")
    # REM-09, REM-10.
    assert report.stopped_reason == "Remote"
    assert bench.transactions.state_of(2).transaction_id is not None


def test_a_remote_stop_of_1_6_has_the_number_of_the_csms() -> None:  # F03
    bench = booted(v16.PROTOCOL)
    bench.transactions.plugged_in(1, bench.steps.now)
    bench.transactions.authorized(1, bench.card, bench.steps.now)
    (started,) = bench.steps.take_reports(TransactionReport)
    bench.transactions.replied(started, TransactionReply(number=42), bench.steps.now)
    assert bench.steps.order(StopRemotely(transaction_id="42")).status == "Accepted"
    assert bench.transactions.state_of(1).transaction_id is None


@ALL
def test_a_remote_stop_of_another_transaction_is_refused(protocol: Protocol) -> None:  # F03
    bench = booted(protocol)
    bench.charge(1)
    # F03.FR.08.
    answer = bench.steps.order(StopRemotely(transaction_id="4711"))
    assert (answer.status, answer.reason_code) == ("Rejected", "TxNotFound")
    assert bench.transaction_reports() == []
    assert bench.transactions.state_of(1).transaction_id is not None


@WITH_EVSES
def test_a_remote_stop_that_does_not_end_a_transaction_ends_its_energy(  # F03
    protocol: Protocol,
) -> None:
    bench = booted(protocol)
    bench.model[TX_STOP_POINT] = ("EVConnected",)
    transaction_id = bench.charge(1)
    assert bench.steps.order(StopRemotely(transaction_id=transaction_id)).status == "Accepted"
    reports = bench.transaction_reports()
    assert (reports[0].event_type, reports[0].trigger_reason) == ("Updated", "RemoteStop")
    assert not bench.transactions.state_of(1).power_path_closed
    bench.transactions.unplugged(1, bench.steps.now)
    (report,) = bench.transaction_reports()
    assert (report.event_type, report.stopped_reason) == ("Ended", "Remote")
