"""What the messages of each version say about availability, read and written at both ends."""

from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import ReportReply, dialect_of
from ocppkit.blocks.availability import (
    AvailabilityAnswer,
    ChangeAvailability,
    OperationalStatus,
    ReportedEvent,
    StatusError,
    StatusReport,
    VariableEventReport,
    statuses_of,
)
from ocppkit.core import LocalProtocolError, Protocol, decode_payload
from support.block_messages import answered_over_the_wire, ordered_over_the_wire, over_the_wire
from support.block_steps import NOON

ALL = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=["1.6", "2.0.1", "2.1"]
)
WITH_EVSES = pytest.mark.parametrize(
    "protocol", [v201.PROTOCOL, v21.PROTOCOL], ids=["2.0.1", "2.1"]
)


def status(**members: Any) -> StatusReport:
    given: dict[str, Any] = {
        "evse_id": 1, "connector_id": 1, "connector_status": "Available", "timestamp": NOON
    } | members  # fmt: skip
    return StatusReport(**given)


@ALL
@pytest.mark.parametrize("operational_status", list(OperationalStatus))
@pytest.mark.parametrize("evse_id", [None, 2])
def test_a_change_of_availability_arrives_as_it_was_sent(  # G03, G04
    protocol: Protocol, operational_status: OperationalStatus, evse_id: int | None
) -> None:
    command = ChangeAvailability(operational_status=operational_status, evse_id=evse_id)
    assert ordered_over_the_wire(protocol, command) == command


@WITH_EVSES
def test_a_change_of_one_connector_arrives_as_it_was_sent(protocol: Protocol) -> None:  # G03
    command = ChangeAvailability(
        operational_status=OperationalStatus.INOPERATIVE, evse_id=1, connector_id=2
    )
    assert ordered_over_the_wire(protocol, command) == command


@pytest.mark.parametrize(
    ("protocol", "command", "cure"),
    [
        (v16.PROTOCOL, {"evse_id": 1, "connector_id": 2}, "give evse_id, and connector_id 1"),
        (v201.PROTOCOL, {"connector_id": 2}, "give evse_id"),
        (v21.PROTOCOL, {"connector_id": 2}, "give evse_id"),
    ],
)
def test_a_change_that_a_version_cannot_say_is_an_error(
    protocol: Protocol, command: dict[str, int], cure: str
) -> None:
    change = ChangeAvailability(operational_status=OperationalStatus.OPERATIVE, **command)
    with pytest.raises(LocalProtocolError, match=cure):
        dialect_of(protocol).request_of[ChangeAvailability].write_request(change)


@ALL
@pytest.mark.parametrize("word", ["Accepted", "Rejected", "Scheduled"])
def test_an_answer_arrives_as_it_was_given(protocol: Protocol, word: str) -> None:
    command = ChangeAvailability(operational_status=OperationalStatus.OPERATIVE)
    answer = AvailabilityAnswer(status=word)
    assert answered_over_the_wire(protocol, command, answer) == answer


@WITH_EVSES
def test_a_refusal_has_its_reason(protocol: Protocol) -> None:
    command = ChangeAvailability(operational_status=OperationalStatus.OPERATIVE)
    answer = AvailabilityAnswer(status="Rejected", reason_code="UnknownEvse")
    assert answered_over_the_wire(protocol, command, answer) == answer


@pytest.mark.parametrize("word", ["Available", "Occupied", "Reserved", "Unavailable", "Faulted"])
def test_a_status_is_a_status_notification_in_2_0_1(word: str) -> None:  # G01
    report = status(evse_id=2, connector_id=3, connector_status=word)
    (request,) = dialect_of(v201.PROTOCOL).messages(report)
    assert isinstance(request, v201.StatusNotificationRequest)
    assert over_the_wire(v201.PROTOCOL, report) == [report]


@pytest.mark.parametrize("word", ["Available", "Occupied", "Reserved", "Unavailable", "Faulted"])
def test_a_status_is_an_event_of_a_variable_in_2_1(word: str) -> None:  # G01
    error = StatusError(info="RCD tripped", vendor_error_code="E17", is_fault=False)
    report = status(evse_id=2, connector_id=3, connector_status=word, event_id=8, error=error)
    (request,) = dialect_of(v21.PROTOCOL).messages(report)
    # BOOT-09.
    assert isinstance(request, v21.NotifyEventRequest)
    (event,) = request.event_data
    assert (event.component.name, event.variable.name) == ("Connector", "AvailabilityState")
    assert (event.trigger, event.event_notification_type) == ("Delta", "HardWiredNotification")
    assert over_the_wire(v21.PROTOCOL, report) == [report]


def test_a_status_that_was_asked_for_by_name_is_a_status_notification_in_2_1() -> None:  # F06
    report = status(triggered=True)
    (request,) = dialect_of(v21.PROTOCOL).messages(report)
    assert isinstance(request, v21.StatusNotificationRequest)
    assert over_the_wire(v21.PROTOCOL, report) == [status()]


@pytest.mark.parametrize(
    "word",
    [
        "Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Reserved",
        "Unavailable",
    ],
)  # fmt: skip
def test_a_status_of_1_6(word: str) -> None:  # G01
    report = status(evse_id=2, connector_status=word, error=StatusError(is_fault=False))
    assert over_the_wire(v16.PROTOCOL, report) == [report]


def test_a_fault_of_1_6_has_all_that_is_known_of_it() -> None:
    error = StatusError(
        error_code="GroundFailure", info="RCD", vendor_id="ACME", vendor_error_code="E17"
    )
    report = status(connector_status="Faulted", error=error)
    assert over_the_wire(v16.PROTOCOL, report) == [report]


def test_an_error_that_1_6_has_no_word_for_is_another_error() -> None:
    report = status(connector_status="Faulted", error=StatusError(error_code="FloodFailure"))
    (read,) = over_the_wire(v16.PROTOCOL, report)
    assert isinstance(read, StatusReport)
    assert read.error.error_code == "OtherError"


def test_the_station_is_connector_0_in_1_6() -> None:
    report = status(evse_id=0, connector_id=0, error=StatusError(is_fault=False))
    (request,) = dialect_of(v16.PROTOCOL).messages(report)
    assert isinstance(request, v16.StatusNotificationRequest)
    assert request.connector_id == 0
    assert over_the_wire(v16.PROTOCOL, report) == [report]


def test_a_status_of_1_6_may_have_no_time() -> None:
    request = decode_payload(
        v16.StatusNotificationRequest,
        b'{"connectorId": 1, "errorCode": "NoError", "status": "Available"}',
    )
    mapping = dialect_of(v16.PROTOCOL).report_of[v16.StatusNotificationRequest]
    report = mapping.read_request(request)
    assert isinstance(report, StatusReport)
    assert (report.timestamp, report.error.is_fault) == (None, False)


@WITH_EVSES
def test_a_status_without_its_time_cannot_be_said_in_2_x(protocol: Protocol) -> None:
    with pytest.raises(LocalProtocolError, match="give timestamp"):
        dialect_of(protocol).messages(status(timestamp=None))


@WITH_EVSES
def test_an_event_arrives_with_all_that_it_has(protocol: Protocol) -> None:  # G05
    event = ReportedEvent(
        event_id=5,
        timestamp=NOON,
        component="ConnectorPlugRetentionLock",
        component_instance="left",
        evse_id=1,
        connector_id=2,
        variable="Problem",
        variable_instance="x",
        actual_value="true",
        trigger="Alerting",
        event_notification_type="HardWiredMonitor",
        cause=4,
        tech_code="E17",
        tech_info="stuck",
        cleared=True,
        transaction_id="T1",
        variable_monitoring_id=3,
        severity=2 if protocol is v21.PROTOCOL else None,
    )
    report = VariableEventReport(generated_at=NOON, events=(event, event), seq_no=1, tbc=True)
    assert over_the_wire(protocol, report) == [report]
    assert list(statuses_of(report)) == []


@WITH_EVSES
def test_an_event_of_the_station_has_no_evse(protocol: Protocol) -> None:
    event = ReportedEvent(
        event_id=0,
        timestamp=NOON,
        component="ChargingStation",
        variable="AvailabilityState",
        actual_value="Faulted",
    )
    (read,) = over_the_wire(protocol, VariableEventReport(generated_at=NOON, events=(event,)))
    assert isinstance(read, StatusReport)
    assert (read.evse_id, read.connector_id, read.connector_status) == (0, 0, "Faulted")


@WITH_EVSES
def test_statuses_among_other_events_are_found(protocol: Protocol) -> None:
    event = ReportedEvent(
        event_id=1, timestamp=NOON, component="Connector", evse_id=1, connector_id=2,
        variable="AvailabilityState", actual_value="Occupied",
    )  # fmt: skip
    other = ReportedEvent(
        event_id=2, timestamp=NOON, component="Connector", variable="Problem", actual_value="true"
    )
    report = VariableEventReport(generated_at=NOON, events=(event, other))
    (read,) = over_the_wire(protocol, report)
    assert isinstance(read, VariableEventReport)
    (found,) = statuses_of(read)
    assert (found.evse_id, found.connector_id, found.connector_status) == (1, 2, "Occupied")


def test_1_6_has_no_events_of_variables() -> None:
    report = VariableEventReport(generated_at=NOON, events=())
    assert dialect_of(v16.PROTOCOL).messages(report) == ()


@ALL
def test_a_csms_answers_every_status(protocol: Protocol) -> None:
    dialect = dialect_of(protocol)
    (request,) = dialect.messages(status())
    mapping = dialect.report_of[type(request)]
    response = mapping.write_response(request, ReportReply())
    # STA-12.
    assert mapping.read_response(response) == ReportReply()


def test_statuses_of_a_status_report_is_that_report() -> None:
    assert list(statuses_of(status())) == [status()]
