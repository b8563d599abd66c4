"""Messages that a CSMS asks for: which are sent, refused and not implemented."""

from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import BootNotAccepted, CsmsConnected, StationStarted, dialect_of
from ocppkit.blocks.availability import AvailabilityBlock, AvailabilityRules, StatusReport
from ocppkit.blocks.remote_control import (
    BackgroundJob,
    HeartbeatReport,
    JobStatusReport,
    MessageTrigger,
    MessageTriggered,
    RemoteControlBlock,
    RemoteControlRules,
    RequestTrigger,
    StartRemotely,
)
from ocppkit.blocks.transactions import MeterValuesReport, TransactionReport
from ocppkit.blocks.variables import CUSTOM_TRIGGERS, DeviceModel
from ocppkit.core import Protocol
from support.remote_bench import RemoteBench

ALL = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=["1.6", "2.0.1", "2.1"]
)
WITH_EVSES = pytest.mark.parametrize(
    "protocol", [v201.PROTOCOL, v21.PROTOCOL], ids=["2.0.1", "2.1"]
)


def booted(protocol: Protocol, **more: Any) -> RemoteBench:
    bench = RemoteBench(protocol, **more)
    bench.boot()
    return bench


def trigger(bench: RemoteBench, message: str, **members: Any) -> tuple[str, str | None]:
    answer = bench.steps.order(RequestTrigger(requested_message=message, **members))
    return answer.status, answer.reason_code


@ALL
def test_a_boot_is_refused_once_one_was_accepted(protocol: Protocol) -> None:  # F06
    bench = booted(protocol)
    # F06.FR.17, BOOT-27.
    assert trigger(bench, "BootNotification") == ("Rejected", None)
    assert bench.steps.take_events(MessageTriggered) == []


@ALL
def test_a_boot_is_repeated_if_a_later_one_was_not_accepted(protocol: Protocol) -> None:  # F06, B02
    bench = booted(protocol)
    bench.steps.notice(BootNotAccepted())
    assert trigger(bench, "BootNotification") == ("Accepted", None)
    start = StartRemotely(id_token=bench.card, evse_id=1, remote_start_id=1)
    assert bench.steps.order(start).status == "Rejected"


@ALL
def test_a_boot_that_is_not_accepted_yet_is_repeated_by_the_program(  # F06, B02
    protocol: Protocol,
) -> None:
    bench = RemoteBench(protocol)
    bench.steps.notice(StationStarted())
    bench.steps.notice(CsmsConnected())
    assert trigger(bench, "BootNotification") == ("Accepted", None)
    assert bench.steps.take_events(MessageTriggered) == [
        MessageTriggered(requested_message="BootNotification")
    ]


@ALL
def test_a_heartbeat_is_sent(protocol: Protocol) -> None:  # F06, G02
    bench = booted(protocol)
    # F06.FR.03: an EVSE means nothing here.
    assert trigger(bench, "Heartbeat", evse_id=7) == ("Accepted", None)
    assert bench.steps.take_reports(HeartbeatReport) == [HeartbeatReport()]


@ALL
def test_the_status_of_a_connector_is_sent(protocol: Protocol) -> None:  # F06
    bench = booted(protocol)
    bench.transactions.plugged_in(2, bench.steps.now)
    bench.forget()
    for evse_id, status in [(1, "Available"), (2, "Preparing" if bench.is_16 else "Occupied")]:
        assert trigger(bench, "StatusNotification", evse_id=evse_id, connector_id=1) == (
            "Accepted",
            None,
        )
        (report,) = bench.steps.take_reports(StatusReport)
        assert (report.evse_id, report.connector_status) == (evse_id, status)
        assert report.triggered


@ALL
def test_the_statuses_of_all_connectors_are_sent(protocol: Protocol) -> None:  # F06
    bench = booted(protocol)
    assert trigger(bench, "StatusNotification") == ("Accepted", None)
    # REM-14.
    station = [(0, "Available")] if bench.is_16 else []
    assert bench.statuses() == [*station, (1, "Available"), (2, "Available")]


@ALL
def test_a_status_of_what_does_not_exist_is_refused(protocol: Protocol) -> None:  # F06
    bench = booted(protocol)
    assert trigger(bench, "StatusNotification", evse_id=3) == ("Rejected", "UnknownEvse")
    assert trigger(bench, "StatusNotification", evse_id=1, connector_id=2) == (
        "Rejected",
        "UnknownConnectorId",
    )
    assert bench.statuses() == []


@ALL
def test_the_meter_values_of_an_evse_are_sent(protocol: Protocol) -> None:  # F06
    bench = booted(protocol)
    assert trigger(bench, "MeterValues", evse_id=2) == ("Accepted", None)
    (report,) = bench.steps.take_reports(MeterValuesReport)
    assert report.evse_id == 2
    assert {value.context for each in report.meter_values for value in each.sampled_value} == {
        "Trigger"
    }


@ALL
def test_the_meter_values_of_all_evses_are_sent(protocol: Protocol) -> None:  # F06
    bench = booted(protocol)
    assert trigger(bench, "MeterValues") == ("Accepted", None)
    reports = bench.steps.take_reports(MeterValuesReport)
    # F06.FR.11.
    assert sorted(each.evse_id for each in reports) == [1, 2]
    assert trigger(bench, "MeterValues", evse_id=3) == ("Rejected", "UnknownEvse")


@WITH_EVSES
def test_a_transaction_is_reported(protocol: Protocol) -> None:  # F06
    bench = booted(protocol)
    assert trigger(bench, "TransactionEvent") == ("Rejected", "TxNotFound")
    first, second = bench.charge(1), bench.charge(2)
    assert trigger(bench, "TransactionEvent", evse_id=2) == ("Accepted", None)
    (report,) = bench.steps.take_reports(TransactionReport)
    # F06.FR.07.
    assert (report.transaction_id, report.event_type, report.trigger_reason) == (
        second,
        "Updated",
        "Trigger",
    )
    assert report.charging_state == "Charging"
    # F06.FR.11.
    assert trigger(bench, "TransactionEvent") == ("Accepted", None)
    reports = bench.steps.take_reports(TransactionReport)
    assert [each.transaction_id for each in reports] == [first, second]
    assert trigger(bench, "TransactionEvent", evse_id=3) == ("Rejected", "UnknownEvse")


@ALL
@pytest.mark.parametrize("job", list(BackgroundJob))
def test_a_job_is_told_as_it_stands(protocol: Protocol, job: BackgroundJob) -> None:  # F06
    bench = booted(protocol, jobs=[job])
    now = bench.steps.now
    idle = JobStatusReport(job=job, status="Idle")
    # F06.FR.15, F06.FR.16: nothing goes on yet.
    assert trigger(bench, job) == ("Accepted", None)
    assert bench.steps.take_reports(JobStatusReport) == [idle]
    bench.remote.set_job_status(job, "Working", 5, now)
    # F06.FR.14, F06.FR.03: an EVSE means nothing here.
    assert trigger(bench, job, evse_id=1) == ("Accepted", None)
    assert bench.steps.take_reports(JobStatusReport) == [
        JobStatusReport(job=job, status="Working", request_id=5)
    ]
    is_upload = job in (BackgroundJob.DIAGNOSTICS, BackgroundJob.LOG)
    is_publication = job is BackgroundJob.PUBLISH_FIRMWARE
    success = "Uploaded" if is_upload else "Published" if is_publication else "Installed"
    # REM-17.
    bench.remote.set_job_status(job, success, 5, now)
    trigger(bench, job)
    assert bench.steps.take_reports(JobStatusReport) == [idle]
    bench.remote.set_job_status(job, "Failed", 6, now)
    trigger(bench, job)
    (report,) = bench.steps.take_reports(JobStatusReport)
    assert (report.status, report.request_id) == ("Failed", 6)


def test_a_job_that_the_station_does_not_have_is_an_error_of_the_program() -> None:
    bench = booted(v201.PROTOCOL)
    with pytest.raises(ValueError, match=r"has no LogStatusNotification .name it"):
        bench.remote.set_job_status(BackgroundJob.LOG, "Uploading", 1, bench.steps.now)


SENT_BY_BLOCKS = {
    MessageTrigger.BOOT_NOTIFICATION,
    MessageTrigger.CUSTOM_TRIGGER,
    MessageTrigger.HEARTBEAT,
    MessageTrigger.METER_VALUES,
    MessageTrigger.STATUS_NOTIFICATION,
    MessageTrigger.TRANSACTION_EVENT,
}


@ALL
@pytest.mark.parametrize("message", sorted(set(MessageTrigger) - SENT_BY_BLOCKS))
def test_what_the_program_sends_is_left_to_it_if_it_says_so(  # F06
    protocol: Protocol, message: MessageTrigger
) -> None:
    bench = booted(protocol)
    # F06.FR.08.
    assert trigger(bench, message) == ("NotImplemented", None)
    assert bench.steps.take_events(MessageTriggered) == []
    bench = booted(protocol, messages=[message])
    assert trigger(bench, message, evse_id=1, connector_id=1) == ("Accepted", None)
    assert bench.steps.take_events(MessageTriggered) == [
        MessageTriggered(requested_message=message, evse_id=1, connector_id=1)
    ]


@ALL
def test_an_unknown_word_is_not_implemented(protocol: Protocol) -> None:  # F06
    assert trigger(booted(protocol), "MoonNotification") == ("NotImplemented", None)


def test_a_custom_message_is_left_to_the_program_if_it_is_known() -> None:  # F06
    bench = booted(v21.PROTOCOL)
    bench.model[CUSTOM_TRIGGERS] = ("acme.moon", "acme.sun")
    # F06.FR.18.
    assert trigger(bench, "CustomTrigger", custom_trigger="acme.sun") == ("Accepted", None)
    (event,) = bench.steps.take_events(MessageTriggered)
    assert event.custom_trigger == "acme.sun"
    # F06.FR.19.
    assert trigger(bench, "CustomTrigger", custom_trigger="acme.star") == ("NotImplemented", None)
    assert trigger(bench, "CustomTrigger") == ("NotImplemented", None)


@ALL
def test_without_the_transactions_block_its_messages_are_the_programs(  # F06
    protocol: Protocol,
) -> None:
    dialect, model = dialect_of(protocol), DeviceModel()
    availability = AvailabilityBlock(dialect.rules(AvailabilityRules), model, {1: 1})
    remote = RemoteControlBlock(
        dialect.rules(RemoteControlRules), model, availability, messages=["MeterValues"]
    )
    now = booted(protocol).steps.now
    handler = remote.commands[RequestTrigger]
    answers: list[Any] = [
        handler(RequestTrigger(requested_message=message), now)
        for message in ("MeterValues", "TransactionEvent")
    ]
    assert [each.status for each in answers] == ["Accepted", "NotImplemented"]
    assert StartRemotely not in remote.commands
