"""`AvailabilityBlock`: what is reported and when, and what is in service."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from ocppkit import v16, v21, v201
from ocppkit.blocks import BootAccepted, CsmsConnected, CsmsDisconnected, StationStarted, dialect_of
from ocppkit.blocks.authorization import (
    AuthorizationAction,
    AuthorizationDecided,
    AuthorizationMeans,
    AuthorizationRefusal,
    EvseReservationEnded,
    EvseReserved,
    EvseServiceChanged,
    LocalListConflict,
    LocalListUpdated,
)
from ocppkit.blocks.availability import (
    AvailabilityBlock,
    AvailabilityRules,
    ChangeAvailability,
    ConnectorStatusChanged,
    ConnectorUse,
    LockFailed,
    OperationalStatus,
    ReservationHolder,
    StatusError,
    StatusReport,
    VariableEventReport,
)
from ocppkit.blocks.transactions import EvseChanged, EvseState, IdToken, SuspendedBy, TokenInfo
from ocppkit.blocks.variables import (
    CONNECTOR_AVAILABILITY_STATE,
    EVSE_AVAILABILITY_STATE,
    MINIMUM_STATUS_DURATION,
    OFFLINE_THRESHOLD,
    STATION_AVAILABILITY_STATE,
    DeviceModel,
)
from ocppkit.core import LocalProtocolError, Protocol
from support.block_steps import NOON, BlockSteps

ALL = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=["1.6", "2.0.1", "2.1"]
)
WITH_EVSES = pytest.mark.parametrize(
    "protocol", [v201.PROTOCOL, v21.PROTOCOL], ids=["2.0.1", "2.1"]
)

INOPERATIVE = OperationalStatus.INOPERATIVE
OPERATIVE = OperationalStatus.OPERATIVE
PLUGGED = EvseState(evse_id=1, connected=True, connector_id=1)
CHARGING = replace(PLUGGED, authorized=True, energy_flows=True, transaction_id="T1")
UNPLUGGED = EvseState(evse_id=1)
CARD = IdToken("04E91C5A", "ISO14443")


class Bench:
    """An availability block, and what it reports."""

    def __init__(self, protocol: Protocol, connectors: Mapping[int, int] | None = None) -> None:
        rules = dialect_of(protocol).rules(AvailabilityRules)
        self.is_16 = rules.station_has_status
        self.model = DeviceModel()
        self.block = AvailabilityBlock(rules, self.model, connectors or {1: 1, 2: 1})
        self.steps = BlockSteps(self.block)

    def take(self, state: EvseState) -> None:
        self.block.take(state, self.steps.now)

    def change(
        self, status: OperationalStatus, evse_id: int | None = None, connector_id: int | None = None
    ) -> str:
        command = ChangeAvailability(
            operational_status=status, evse_id=evse_id, connector_id=connector_id
        )
        return self.steps.order(command).status

    def told(self) -> list[tuple[int, int, str]]:
        """Returns what was reported since the last call, as EVSE, connector and status."""
        return [
            (each.evse_id, each.connector_id, each.connector_status)
            for each in self.steps.take_reports(StatusReport)
        ]

    def told_of(self, evse_id: int) -> list[str]:
        return [status for evse, _, status in self.told() if evse == evse_id]


def booted(protocol: Protocol, connectors: Mapping[int, int] | None = None) -> Bench:
    bench = Bench(protocol, connectors)
    bench.steps.boot()
    bench.told()
    return bench


@ALL
def test_all_statuses_are_reported_after_each_accepted_boot(protocol: Protocol) -> None:  # B01
    bench = Bench(protocol)
    bench.steps.notice(StationStarted())
    bench.take(PLUGGED)
    bench.steps.notice(CsmsConnected())
    assert bench.told() == []
    bench.steps.notice(BootAccepted())
    station = [(0, 0, "Available")] if bench.is_16 else []
    occupied = "Preparing" if bench.is_16 else "Occupied"
    everything = [*station, (1, 1, occupied), (2, 1, "Available")]
    assert bench.told() == everything
    bench.steps.notice(BootAccepted())
    assert bench.told() == everything
    bench.steps.notice(StationStarted())
    bench.take(UNPLUGGED)
    assert bench.told() == []


@ALL
def test_a_session_in_the_words_of_each_version(protocol: Protocol) -> None:  # G01
    bench = booted(protocol)
    after = replace(PLUGGED, finishing=True)
    states = [
        PLUGGED,
        replace(PLUGGED, authorized=True, transaction_id="T1"),
        CHARGING,
        replace(CHARGING, energy_flows=False, suspended_by=SuspendedBy.EV),
        replace(CHARGING, energy_flows=False, suspended_by=SuspendedBy.EVSE),
        CHARGING,
        after,
        UNPLUGGED,
    ]
    for state in states:
        bench.take(state)
    nine = ["Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Charging", "Finishing"]
    assert bench.told_of(1) == [*(nine if bench.is_16 else ["Occupied"]), "Available"]


@ALL
def test_the_transactions_block_tells_it_by_events(protocol: Protocol) -> None:  # G01
    bench = booted(protocol)
    bench.steps.notice(EvseChanged(before=UNPLUGGED, after=PLUGGED))
    assert bench.told_of(1) == ["Preparing" if bench.is_16 else "Occupied"]
    assert bench.block.state_of(1) == PLUGGED


@WITH_EVSES
def test_only_the_connector_that_is_used_is_occupied(protocol: Protocol) -> None:  # G01
    bench = booted(protocol, {1: 2})
    bench.take(replace(PLUGGED, connector_id=2))
    bench.take(replace(CHARGING, connector_id=2))
    assert bench.told() == [(1, 2, "Occupied")]
    assert bench.block.uses_of(1) == (ConnectorUse.FREE, ConnectorUse.CHARGING)
    bench.take(UNPLUGGED)
    assert bench.told() == [(1, 2, "Available")]


@ALL
def test_an_ev_that_is_gone_while_its_transaction_goes_on(protocol: Protocol) -> None:  # E10, G01
    bench = booted(protocol)
    bench.take(CHARGING)
    bench.told()
    bench.take(replace(CHARGING, connected=False, energy_flows=False))
    (report,) = bench.steps.take_reports(StatusReport)
    assert report.connector_status == ("SuspendedEV" if bench.is_16 else "Available")
    # STA-05.
    assert report.error == StatusError(info="EV side disconnected", is_fault=False)


@ALL
def test_a_status_that_does_not_last_is_not_reported_in_1_6(protocol: Protocol) -> None:
    bench = booted(protocol)
    if bench.is_16:
        bench.model[MINIMUM_STATUS_DURATION] = 5
    bench.take(PLUGGED)
    bench.steps.wait(4.0)
    bench.take(UNPLUGGED)
    bench.steps.wait(10.0)
    # STA-01: 2.x has no such setting.
    assert bench.told_of(1) == ([] if bench.is_16 else ["Occupied", "Available"])
    bench.take(PLUGGED)
    bench.steps.wait(4.9)
    assert bench.told_of(1) == ([] if bench.is_16 else ["Occupied"])
    bench.steps.wait(0.2)
    assert bench.told_of(1) == (["Preparing"] if bench.is_16 else [])


def test_a_report_of_1_6_has_the_time_of_the_change_and_not_of_its_delay() -> None:
    bench = booted(v16.PROTOCOL)
    bench.model[MINIMUM_STATUS_DURATION] = 30
    bench.take(PLUGGED)
    bench.steps.wait(60.0)
    (report,) = bench.steps.take_reports(StatusReport)
    assert report.timestamp == NOON


def test_moves_that_1_6_does_not_allow_are_made_in_two_steps() -> None:  # G01
    bench = booted(v16.PROTOCOL)
    bench.take(replace(PLUGGED, finishing=True))
    bench.take(CHARGING)
    # STA-02: neither Available to Finishing nor Finishing to Charging.
    assert bench.told_of(1) == ["Preparing", "Finishing", "Preparing", "Charging"]


@ALL
def test_after_a_short_time_offline_what_has_changed_is_reported(protocol: Protocol) -> None:  # B04
    bench = booted(protocol)
    bench.model[OFFLINE_THRESHOLD] = 10
    bench.steps.go_offline(5.0)
    assert bench.told() == []
    bench.steps.notice(CsmsDisconnected())
    bench.take(CHARGING)
    bench.take(replace(PLUGGED, finishing=True))
    assert bench.told() == []
    bench.steps.notice(CsmsConnected(offline_for=5.0))
    # STA-07: only how it is now.
    assert bench.told() == [(1, 1, "Finishing" if bench.is_16 else "Occupied")]


@ALL
def test_after_a_long_time_offline_all_is_reported(protocol: Protocol) -> None:  # B04
    bench = booted(protocol)
    bench.model[OFFLINE_THRESHOLD] = 10
    bench.steps.go_offline(10.0)
    assert bench.told() == []
    bench.steps.go_offline(15.0)
    # 1.6 has no OfflineThreshold.
    assert bench.told() == ([] if bench.is_16 else [(1, 1, "Available"), (2, 1, "Available")])


@ALL
def test_what_changed_and_changed_back_offline_is_not_reported(protocol: Protocol) -> None:  # B04
    bench = booted(protocol)
    bench.model[OFFLINE_THRESHOLD] = 10
    bench.steps.notice(CsmsDisconnected())
    bench.take(PLUGGED)
    bench.take(UNPLUGGED)
    bench.steps.notice(CsmsConnected(offline_for=5.0))
    assert bench.told() == []


@ALL
def test_a_report_that_was_lost_is_repeated_after_the_next_connect(protocol: Protocol) -> None:
    bench = booted(protocol)
    bench.model[OFFLINE_THRESHOLD] = 10
    bench.take(PLUGGED)
    (report,) = bench.steps.take_reports(StatusReport)
    bench.block.failed(report, bench.steps.now)
    assert bench.told() == []
    bench.steps.go_offline(1.0)
    assert bench.told_of(1) == ["Preparing" if bench.is_16 else "Occupied"]
    bench.steps.go_offline(1.0)
    assert bench.told() == []


@ALL
def test_what_is_in_the_wanted_state_already_is_accepted(protocol: Protocol) -> None:  # G03, G04
    bench = booted(protocol)
    assert bench.change(OPERATIVE) == "Accepted"
    assert bench.change(OPERATIVE, 1) == "Accepted"
    assert bench.told() == []
    assert bench.change(INOPERATIVE, 1) == "Accepted"
    assert bench.told() == [(1, 1, "Unavailable")]
    assert bench.change(INOPERATIVE, 1) == "Accepted"
    assert bench.told() == []


@ALL
def test_an_evse_goes_out_of_service_and_comes_back(protocol: Protocol) -> None:  # G03
    bench = booted(protocol)
    assert bench.change(INOPERATIVE, 2) == "Accepted"
    assert bench.told() == [(2, 1, "Unavailable")]
    assert bench.steps.take_events(EvseServiceChanged) == [
        EvseServiceChanged(evse_id=2, in_service=False)
    ]
    assert not bench.block.is_operative(2)
    bench.take(PLUGGED)
    assert bench.change(OPERATIVE, 2) == "Accepted"
    assert bench.told_of(2) == ["Available"]
    assert bench.block.is_operative(2)


@WITH_EVSES
def test_a_connector_goes_out_of_service_and_comes_back(protocol: Protocol) -> None:  # G03
    bench = booted(protocol, {1: 2})
    assert bench.change(INOPERATIVE, 1, 2) == "Accepted"
    assert bench.told() == [(1, 2, "Unavailable")]
    assert bench.block.is_operative(1)
    assert bench.change(INOPERATIVE, 1, 1) == "Accepted"
    assert not bench.block.is_operative(1)
    assert bench.change(OPERATIVE, 1, 2) == "Accepted"
    assert bench.told() == [(1, 1, "Unavailable"), (1, 2, "Available")]


@ALL
def test_a_station_goes_out_of_service_and_comes_back(protocol: Protocol) -> None:  # G04
    bench = booted(protocol)
    assert bench.change(INOPERATIVE) == "Accepted"
    station = [(0, 0, "Unavailable")] if bench.is_16 else []
    assert bench.told() == [*station, (1, 1, "Unavailable"), (2, 1, "Unavailable")]
    assert bench.change(OPERATIVE) == "Accepted"
    station = [(0, 0, "Available")] if bench.is_16 else []
    assert bench.told() == [*station, (1, 1, "Available"), (2, 1, "Available")]


@WITH_EVSES
def test_each_place_keeps_its_own_earlier_state(protocol: Protocol) -> None:  # G03, G04
    bench = booted(protocol, {1: 2, 2: 1})
    bench.change(INOPERATIVE, 1, 1)
    bench.change(INOPERATIVE, 2)
    bench.change(INOPERATIVE)
    bench.told()
    bench.change(OPERATIVE)
    # G04.FR.08: what was out of service by itself stays so.
    assert bench.told() == [(1, 2, "Available")]
    bench.change(INOPERATIVE, 1)
    bench.change(OPERATIVE, 1)
    # G03.FR.07.
    assert bench.told() == [(1, 2, "Unavailable"), (1, 2, "Available")]
    bench.change(OPERATIVE, 1, 1)
    assert bench.told() == [(1, 1, "Available")]


def test_a_change_of_connector_0_is_a_change_of_every_connector() -> None:  # G04
    bench = booted(v16.PROTOCOL)
    bench.change(INOPERATIVE, 1)
    bench.change(INOPERATIVE)
    bench.told()
    # AVA-04, STA-03: the Charge Point has a status of its own, and connectors do not depend on it.
    bench.change(OPERATIVE, 2)
    assert bench.told() == [(2, 1, "Available")]
    bench.change(OPERATIVE)
    assert bench.told() == [(0, 0, "Available"), (1, 1, "Available")]


@ALL
def test_a_transaction_goes_on_and_the_change_follows(protocol: Protocol) -> None:  # G03
    bench = booted(protocol)
    bench.take(CHARGING)
    bench.told()
    assert bench.change(INOPERATIVE, 1) == "Scheduled"
    assert bench.told() == []
    assert bench.block.is_operative(1)
    bench.take(replace(PLUGGED, finishing=True))
    assert bench.told() == [(1, 1, "Unavailable")]
    bench.take(UNPLUGGED)
    assert bench.told() == []
    assert bench.change(OPERATIVE, 1) == "Accepted"
    assert bench.told() == [(1, 1, "Available")]


@ALL
def test_a_station_with_a_transaction_goes_out_of_service_piece_by_piece(  # G04
    protocol: Protocol,
) -> None:
    bench = booted(protocol)
    bench.take(CHARGING)
    bench.told()
    assert bench.change(INOPERATIVE) == "Scheduled"
    assert bench.told() == [(2, 1, "Unavailable")]
    bench.take(UNPLUGGED)
    station = [(0, 0, "Unavailable")] if bench.is_16 else []
    assert bench.told() == [*station, (1, 1, "Unavailable")]


@WITH_EVSES
def test_only_the_connector_of_a_transaction_waits_for_it(protocol: Protocol) -> None:  # G03
    bench = booted(protocol, {1: 2})
    bench.take(CHARGING)
    bench.told()
    assert bench.change(INOPERATIVE, 1, 2) == "Accepted"
    assert bench.told() == [(1, 2, "Unavailable")]
    assert bench.change(INOPERATIVE, 1, 1) == "Scheduled"
    bench.take(UNPLUGGED)
    assert bench.told() == [(1, 1, "Unavailable")]


@ALL
def test_a_scheduled_change_can_be_taken_back(protocol: Protocol) -> None:  # G03
    bench = booted(protocol)
    bench.take(CHARGING)
    bench.told()
    bench.change(INOPERATIVE, 1)
    assert bench.change(OPERATIVE, 1) == "Accepted"
    bench.take(UNPLUGGED)
    assert bench.told_of(1)[-1] == "Available"


@pytest.mark.parametrize(
    ("evse_id", "connector_id", "reason"),
    [(3, None, "UnknownEvse"), (1, 2, "UnknownConnectorId"), (None, 1, "UnknownEvse")],
)
@ALL
def test_a_place_that_does_not_exist_is_refused(  # G03
    protocol: Protocol, evse_id: int | None, connector_id: int | None, reason: str
) -> None:
    bench = booted(protocol)
    answer = bench.steps.order(
        ChangeAvailability(
            operational_status=INOPERATIVE, evse_id=evse_id, connector_id=connector_id
        )
    )
    assert (answer.status, answer.reason_code) == ("Rejected", reason)
    assert bench.told() == []
    assert not bench.block.has_changed


@ALL
def test_what_is_out_of_service_is_so_after_a_restart(protocol: Protocol) -> None:  # G03, G04
    first = booted(protocol)
    first.change(INOPERATIVE, 1)
    assert first.block.has_changed
    # What was scheduled is kept, too: the restart ends the transaction that it waits for.
    first.take(replace(CHARGING, evse_id=2))
    assert first.change(INOPERATIVE, 2) == "Scheduled"
    second = Bench(protocol)
    second.block.restore(first.block.state(), second.steps.now)
    second.steps.boot()
    assert [each for each in second.told() if each[0]] == [
        (1, 1, "Unavailable"),
        (2, 1, "Unavailable"),
    ]
    # Who decides about drivers hears it again.
    told = second.steps.take_events(EvseServiceChanged)
    assert [(each.evse_id, each.in_service) for each in told] == [(1, False), (2, False)]
    second.change(OPERATIVE, 1)
    third = Bench(protocol)
    third.block.restore(second.block.state(), third.steps.now)
    third.steps.boot()
    assert [each for each in third.told() if each[0]] == [
        (1, 1, "Available"),
        (2, 1, "Unavailable"),
    ]


@ALL
def test_a_station_out_of_service_is_so_after_a_restart(protocol: Protocol) -> None:  # G04
    first = booted(protocol)
    first.change(INOPERATIVE)
    second = Bench(protocol)
    second.block.restore(first.block.state(), second.steps.now)
    second.steps.boot()
    assert {status for _, _, status in second.told()} == {"Unavailable"}


@ALL
def test_a_state_of_a_station_with_more_connectors_loses_those_that_are_gone(
    protocol: Protocol,
) -> None:
    first = booted(protocol, {1: 1, 2: 1, 3: 1})
    first.change(INOPERATIVE, 3)
    first.change(INOPERATIVE, 2)
    second = Bench(protocol)
    second.block.restore(first.block.state(), second.steps.now)
    second.steps.boot()
    assert second.told()[-1] == (2, 1, "Unavailable")
    assert b"3" not in second.block.state()


@pytest.mark.parametrize("state", [b"", b"{", b"[]", b'{"format":2}', b'{"format":1}'])
def test_a_torn_or_foreign_state_is_refused(state: bytes) -> None:
    bench = booted(v201.PROTOCOL)
    bench.change(INOPERATIVE, 1)
    before = bench.block.state()
    with pytest.raises(ValueError, match="a state of availability"):
        bench.block.restore(state, bench.steps.now)
    assert bench.block.state() == before


@ALL
def test_a_reservation_is_reported_and_kept(protocol: Protocol) -> None:  # B11, G01
    bench = booted(protocol)
    holder = ReservationHolder(7, CARD)
    bench.block.reserve(1, holder, bench.steps.now)
    assert bench.told() == [(1, 1, "Reserved")]
    # G01.FR.08.
    bench.take(PLUGGED)
    assert bench.told() == []
    second = Bench(protocol)
    second.block.restore(bench.block.state(), second.steps.now)
    second.steps.boot()
    assert (1, 1, "Reserved") in second.told()
    assert second.block.holder_of(1) == holder
    bench.take(replace(PLUGGED, authorized=True))
    assert bench.told() == [(1, 1, "Preparing" if bench.is_16 else "Occupied")]
    bench.block.end_reservation(1, bench.steps.now)
    bench.take(UNPLUGGED)
    assert bench.told_of(1)[-1] == "Available"


@ALL
def test_a_reservation_is_told_to_who_decides_and_ends_when_it_is_used(
    protocol: Protocol,
) -> None:
    bench = booted(protocol)
    bench.block.reserve(1, ReservationHolder(7, CARD), bench.steps.now)
    told = EvseReserved(evse_id=1, reservation_id=7, id_token=CARD)
    assert bench.steps.take_events(EvseReserved) == [told]
    # After a restart, it is told again.
    bench.steps.notice(StationStarted())
    assert bench.steps.take_events(EvseReserved) == [told]
    decided = AuthorizationDecided(
        evse_id=1,
        id_token=CARD,
        action=AuthorizationAction.START,
        means=AuthorizationMeans.CSMS,
        reservation_id=7,
    )
    refused = replace(decided, refusal=AuthorizationRefusal.NOT_ACCEPTED)
    bench.steps.notice(refused)
    assert bench.block.holder_of(1) is not None
    bench.steps.notice(decided)
    assert bench.block.holder_of(1) is None
    ended = EvseReservationEnded(evse_id=1, reservation_id=7)
    assert bench.steps.take_events(EvseReservationEnded) == [ended]
    # What another block tells is not told again.
    bench.steps.notice(told)
    assert bench.block.holder_of(1) == ReservationHolder(7, CARD)
    bench.steps.notice(ended)
    assert bench.block.holder_of(1) is None
    assert bench.steps.take_events(EvseReserved) == []


@WITH_EVSES
def test_variables_show_the_statuses(protocol: Protocol) -> None:  # G01, B07
    bench = Bench(protocol, {1: 2, 2: 1})
    evse = EVSE_AVAILABILITY_STATE.on_evse(1)
    first = CONNECTOR_AVAILABILITY_STATE.on_evse(1, 1)
    second = CONNECTOR_AVAILABILITY_STATE.on_evse(1, 2)
    for key in (STATION_AVAILABILITY_STATE, evse, first, second):
        bench.model.declare(key, "Available")
    bench.take(PLUGGED)
    assert (bench.model[first], bench.model[second]) == ("Occupied", "Available")
    assert bench.model[evse] == "Occupied"
    bench.change(INOPERATIVE)
    assert (bench.model[STATION_AVAILABILITY_STATE], bench.model[evse]) == (
        "Unavailable",
        "Unavailable",
    )
    assert CONNECTOR_AVAILABILITY_STATE.on_evse(2, 1) not in bench.model


def test_a_reservation_is_for_its_token_and_its_group() -> None:
    group = IdToken("G1", "Central")
    holder = ReservationHolder(7, CARD, group)
    assert holder.is_for(IdToken("04e91c5a", "ISO14443"))
    assert holder.is_for(IdToken("OTHER", "ISO14443"), group)
    assert not holder.is_for(IdToken("OTHER", "ISO14443"))
    assert not holder.is_for(IdToken("OTHER", "ISO14443"), IdToken("G2", "Central"))
    assert not ReservationHolder(7, CARD).is_for(IdToken("OTHER", "ISO14443"), group)


@ALL
def test_a_fault_is_reported_with_what_is_wrong(protocol: Protocol) -> None:  # G01
    bench = booted(protocol)
    fault = StatusError(error_code="GroundFailure", info="RCD tripped", vendor_error_code="E17")
    bench.take(PLUGGED)
    bench.told()
    bench.block.set_error(1, 1, fault, bench.steps.now)
    (report,) = bench.steps.take_reports(StatusReport)
    assert (report.connector_status, report.error) == ("Faulted", fault)
    bench.block.set_error(1, 1, None, bench.steps.now)
    (report,) = bench.steps.take_reports(StatusReport)
    assert report.error == StatusError(is_fault=False)
    assert report.connector_status == ("Preparing" if bench.is_16 else "Occupied")


@ALL
def test_an_evse_with_a_fault_takes_no_driver(protocol: Protocol) -> None:
    bench = booted(protocol, {1: 1})
    bench.block.set_error(1, 1, StatusError(error_code="GroundFailure"), bench.steps.now)
    bench.block.set_error(1, 1, None, bench.steps.now)
    assert bench.steps.take_events(EvseServiceChanged) == [
        EvseServiceChanged(evse_id=1, in_service=False),
        EvseServiceChanged(evse_id=1, in_service=True),
    ]


@ALL
def test_a_fault_of_the_station_is_one_of_its_connectors_where_it_has_no_status(
    protocol: Protocol,
) -> None:
    bench = booted(protocol)
    bench.block.set_error(0, 0, StatusError(error_code="PowerMeterFailure"), bench.steps.now)
    # STA-03.
    everywhere = [(1, 1, "Faulted"), (2, 1, "Faulted")]
    assert bench.told() == ([(0, 0, "Faulted")] if bench.is_16 else everywhere)


def test_a_warning_leaves_the_status_as_it_is() -> None:
    bench = booted(v16.PROTOCOL)
    warning = StatusError(error_code="WeakSignal", is_fault=False)
    bench.block.set_error(1, 1, warning, bench.steps.now)
    (report,) = bench.steps.take_reports(StatusReport)
    assert (report.connector_status, report.error) == ("Available", warning)


@ALL
def test_a_conflict_of_the_local_list_is_an_error_of_a_station_of_1_6(  # D01, LAL-11
    protocol: Protocol,
) -> None:
    bench = booted(protocol)
    blocked = TokenInfo(status="Blocked")
    bench.steps.notice(LocalListConflict(id_token=CARD, id_token_info=blocked))
    found = bench.steps.take_reports(StatusReport)
    if not bench.is_16:
        assert found == []
        return
    (report,) = found
    assert (report.evse_id, report.connector_id, report.connector_status) == (0, 0, "Available")
    assert report.error == StatusError(error_code="LocalListConflict", is_fault=False)
    bench.steps.notice(LocalListUpdated(version_number=2))
    (report,) = bench.steps.take_reports(StatusReport)
    assert report.error == StatusError(is_fault=False)
    fault = StatusError(error_code="PowerMeterFailure")
    bench.block.set_error(0, 0, fault, bench.steps.now)
    bench.steps.notice(LocalListConflict(id_token=CARD, id_token_info=blocked))
    bench.steps.notice(LocalListUpdated(version_number=3))
    # What is wrong with the station itself stays.
    assert [each.error for each in bench.steps.take_reports(StatusReport)] == [fault]


def test_ev_communication_error_goes_with_some_statuses_only() -> None:
    bench = booted(v16.PROTOCOL)
    warning = StatusError(error_code="EVCommunicationError", is_fault=False)
    bench.block.set_error(1, 1, warning, bench.steps.now)
    # STA-06.
    assert bench.told() == []
    bench.take(PLUGGED)
    (report,) = bench.steps.take_reports(StatusReport)
    assert (report.connector_status, report.error) == ("Preparing", warning)
    bench.take(CHARGING)
    (report,) = bench.steps.take_reports(StatusReport)
    assert (report.connector_status, report.error.error_code) == ("Charging", "NoError")
    with pytest.raises(ValueError, match=r"not a fault .pass is_fault=False"):
        bench.block.set_error(1, 1, replace(warning, is_fault=True), bench.steps.now)


@WITH_EVSES
def test_a_lock_that_fails_is_a_problem_of_the_lock(protocol: Protocol) -> None:  # G05
    bench = booted(protocol)
    bench.block.lock_failed(1, 1, bench.steps.now)
    (report,) = bench.steps.take_reports(VariableEventReport)
    (event,) = report.events
    assert (event.component, event.variable, event.actual_value) == (
        "ConnectorPlugRetentionLock",
        "Problem",
        "true",
    )
    assert (event.evse_id, event.connector_id, event.cleared) == (1, 1, False)
    assert bench.steps.take_events(LockFailed) == [LockFailed(evse_id=1, connector_id=1)]
    bench.block.lock_recovered(1, 1, bench.steps.now)
    (report,) = bench.steps.take_reports(VariableEventReport)
    assert (report.events[0].actual_value, report.events[0].cleared) == ("false", True)


def test_a_lock_that_fails_is_a_fault_of_the_connector_in_1_6() -> None:  # G05
    bench = booted(v16.PROTOCOL)
    bench.block.lock_failed(1, 1, bench.steps.now)
    (report,) = bench.steps.take_reports(StatusReport)
    assert (report.connector_status, report.error.error_code) == ("Faulted", "ConnectorLockFailure")
    bench.block.lock_recovered(1, 1, bench.steps.now)
    assert bench.told() == [(1, 1, "Available")]


@WITH_EVSES
def test_a_lock_that_failed_offline_is_reported_afterwards(protocol: Protocol) -> None:  # G05
    bench = booted(protocol)
    bench.steps.notice(CsmsDisconnected())
    bench.block.lock_failed(1, 1, bench.steps.now)
    assert bench.steps.take_reports(VariableEventReport) == []
    bench.steps.notice(CsmsConnected(offline_for=1.0))
    assert len(bench.steps.take_reports(VariableEventReport)) == 1
    bench.steps.go_offline(1.0)
    assert bench.steps.take_reports(VariableEventReport) == []


@WITH_EVSES
def test_a_report_of_a_lock_that_was_lost_is_repeated(protocol: Protocol) -> None:  # G05
    bench = booted(protocol)
    bench.block.lock_failed(1, 1, bench.steps.now)
    (report,) = bench.steps.take_reports(VariableEventReport)
    bench.block.failed(report, bench.steps.now)
    bench.take(PLUGGED)
    assert bench.steps.take_reports(VariableEventReport) == []
    bench.steps.go_offline(1.0)
    (again,) = bench.steps.take_reports(VariableEventReport)
    assert again.events[0].actual_value == "true"
    bench.steps.go_offline(1.0)
    assert bench.steps.take_reports(VariableEventReport) == []


def test_a_warning_has_the_time_when_it_began() -> None:
    bench = booted(v16.PROTOCOL)
    bench.model[MINIMUM_STATUS_DURATION] = 5
    bench.take(PLUGGED)
    bench.steps.wait(60.0)
    bench.told()
    warning = StatusError(error_code="WeakSignal", is_fault=False)
    bench.block.set_error(1, 1, warning, bench.steps.now)
    began = bench.steps.now.wall
    assert bench.told() == []
    bench.steps.wait(5.0)
    (report,) = bench.steps.take_reports(StatusReport)
    assert (report.connector_status, report.error, report.timestamp) == (
        "Preparing",
        warning,
        began,
    )


@ALL
def test_statuses_can_be_asked_for(protocol: Protocol) -> None:  # F06
    bench = booted(protocol)
    bench.block.report_status(2, 1, bench.steps.now)
    (report,) = bench.steps.take_reports(StatusReport)
    assert (report.evse_id, report.connector_id, report.triggered) == (2, 1, True)
    bench.block.report_status(1, None, bench.steps.now)
    assert bench.told() == [(1, 1, "Available")]
    bench.block.report_status(None, None, bench.steps.now)
    station = [(0, 0, "Available")] if bench.is_16 else []
    everything = [*station, (1, 1, "Available"), (2, 1, "Available")]
    assert bench.told() == everything
    bench.block.report_status(0, None, bench.steps.now)
    assert bench.told() == (station or everything)


@ALL
def test_evses_can_be_withdrawn_until_the_station_restarts(protocol: Protocol) -> None:  # B12
    bench = booted(protocol)
    bench.take(CHARGING)
    bench.told()
    bench.block.withdraw(None, bench.steps.now)
    assert bench.told() == [(2, 1, "Unavailable")]
    bench.take(replace(PLUGGED, finishing=True))
    assert bench.told() == [(1, 1, "Unavailable")]
    assert b"[]" in bench.block.state()
    bench.steps.boot()
    occupied = "Finishing" if bench.is_16 else "Occupied"
    assert (1, 1, occupied) in bench.told()
    bench.block.withdraw(2, bench.steps.now)
    bench.block.readmit(2, bench.steps.now)
    assert bench.told() == [(2, 1, "Unavailable"), (2, 1, "Available")]


@ALL
def test_the_program_hears_each_status(protocol: Protocol) -> None:
    bench = booted(protocol)
    bench.model[MINIMUM_STATUS_DURATION] = 60
    bench.steps.notice(CsmsDisconnected())
    bench.steps.take_events(ConnectorStatusChanged)
    bench.take(PLUGGED)
    assert bench.steps.take_events(ConnectorStatusChanged) == [
        ConnectorStatusChanged(
            evse_id=1,
            connector_id=1,
            connector_status="Preparing" if bench.is_16 else "Occupied",
        )
    ]


CALLS: list[Any] = [
    lambda block, now: block.take(EvseState(evse_id=3), now),
    lambda block, now: block.take(replace(PLUGGED, connector_id=2), now),
    lambda block, now: block.reserve(3, ReservationHolder(7, CARD), now),
    lambda block, now: block.end_reservation(3, now),
    lambda block, now: block.set_error(1, 2, StatusError(), now),
    lambda block, now: block.set_error(3, 1, None, now),
    lambda block, now: block.lock_failed(1, 2, now),
    lambda block, now: block.lock_recovered(3, 1, now),
    lambda block, now: block.withdraw(3, now),
    lambda block, now: block.readmit(3, now),
    lambda block, now: block.report_status(3, None, now),
    lambda block, now: block.report_status(1, 2, now),
    lambda block, now: block.state_of(3),
    lambda block, now: block.uses_of(3),
    lambda block, now: block.use_of(1, 2),
    lambda block, now: block.is_operative(3),
    lambda block, now: block.holder_of(3),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_place_that_does_not_exist_is_an_error_and_changes_nothing(call: Any) -> None:
    bench = booted(v201.PROTOCOL)
    with pytest.raises(LocalProtocolError, match=r"one of \[1"):
        call(bench.block, bench.steps.now)
    bench.steps.settle()
    assert bench.steps.reports == []
    assert not bench.block.has_changed


def test_in_1_6_an_evse_has_one_connector() -> None:
    with pytest.raises(ValueError, match=r"\[in OCPP 1.6 each connector is an EVSE with one\]"):
        Bench(v16.PROTOCOL, {1: 2})


@pytest.mark.parametrize("connectors", [{}, {0: 1}, {2: 1}, {1: 1, 3: 1}, {1: 0}])
def test_evses_are_counted_from_1_and_have_connectors(connectors: dict[int, int]) -> None:
    with pytest.raises(ValueError, match=r"EVSEs .*\["):
        AvailabilityBlock(
            dialect_of(v201.PROTOCOL).rules(AvailabilityRules), DeviceModel(), connectors
        )
