"""What the messages of each version say about remote control, read and written at both ends."""

from typing import Any

import pytest
from msgspec.structs import replace

from ocppkit import v16, v21, v201
from ocppkit.blocks import Command, ReportReply, dialect_of
from ocppkit.blocks.charging import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    ProfileKind,
    Purpose,
    RateUnit,
    Recurrency,
)
from ocppkit.blocks.remote_control import (
    BackgroundJob,
    CsmsTime,
    HeartbeatReport,
    JobStatusReport,
    MessageTrigger,
    RemoteAnswer,
    RequestReset,
    RequestTrigger,
    RequestUnlock,
    ResetAnswer,
    ResetType,
    StartRemotely,
    StopRemotely,
    TriggerAnswer,
    UnlockAnswer,
    UnlockStatus,
)
from ocppkit.blocks.transactions import IdToken
from ocppkit.core import LocalProtocolError, Protocol
from support.block_messages import answered_over_the_wire, ordered_over_the_wire, over_the_wire
from support.block_steps import NOON

V16, V201, V21 = v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL
ALL = pytest.mark.parametrize("protocol", [V16, V201, V21], ids=["1.6", "2.0.1", "2.1"])
WITH_EVSES = pytest.mark.parametrize("protocol", [V201, V21], ids=["2.0.1", "2.1"])

PROFILE = ChargingProfile(
    id=1,
    stack_level=0,
    charging_profile_purpose=Purpose.TX,
    charging_profile_kind=ProfileKind.RECURRING,
    recurrency_kind=Recurrency.DAILY,
    valid_from=NOON,
    valid_to=NOON.replace(hour=13),
    charging_schedule=(
        ChargingSchedule(
            id=1,
            charging_rate_unit=RateUnit.AMPERES,
            start_schedule=NOON,
            duration=600,
            min_charging_rate=6.0,
            charging_schedule_period=(
                ChargingSchedulePeriod(start_period=0, limit=16.0, number_phases=3),
                ChargingSchedulePeriod(start_period=60, limit=8.5),
            ),
        ),
    ),
)


@pytest.mark.parametrize(
    ("protocol", "command"),
    [
        (V16, RequestReset(type=ResetType.IMMEDIATE)),
        (V16, RequestReset(type=ResetType.ON_IDLE)),
        (V201, RequestReset(type=ResetType.IMMEDIATE)),
        (V201, RequestReset(type=ResetType.ON_IDLE, evse_id=1)),
        (V21, RequestReset(type=ResetType.ON_IDLE)),
        (V21, RequestReset(type=ResetType.IMMEDIATE_AND_RESUME, evse_id=1)),
    ],
)
def test_a_reset_arrives_as_it_was_sent(protocol: Protocol, command: RequestReset) -> None:  # B11
    assert ordered_over_the_wire(protocol, command) == command


@ALL
def test_an_unlock_arrives_as_it_was_sent(protocol: Protocol) -> None:  # F05
    command = RequestUnlock(evse_id=2, connector_id=1)
    assert ordered_over_the_wire(protocol, command) == command


TRIGGERS = {
    V16.version: {
        MessageTrigger.BOOT_NOTIFICATION,
        MessageTrigger.DIAGNOSTICS_STATUS_NOTIFICATION,
        MessageTrigger.FIRMWARE_STATUS_NOTIFICATION,
        MessageTrigger.HEARTBEAT,
        MessageTrigger.LOG_STATUS_NOTIFICATION,
        MessageTrigger.METER_VALUES,
        MessageTrigger.SIGN_CHARGING_STATION_CERTIFICATE,
        MessageTrigger.SIGNED_FIRMWARE_STATUS_NOTIFICATION,
        MessageTrigger.STATUS_NOTIFICATION,
    },
    V201.version: {
        MessageTrigger.BOOT_NOTIFICATION,
        MessageTrigger.FIRMWARE_STATUS_NOTIFICATION,
        MessageTrigger.HEARTBEAT,
        MessageTrigger.LOG_STATUS_NOTIFICATION,
        MessageTrigger.METER_VALUES,
        MessageTrigger.PUBLISH_FIRMWARE_STATUS_NOTIFICATION,
        MessageTrigger.SIGN_CHARGING_STATION_CERTIFICATE,
        MessageTrigger.SIGN_COMBINED_CERTIFICATE,
        MessageTrigger.SIGN_V2G_CERTIFICATE,
        MessageTrigger.STATUS_NOTIFICATION,
        MessageTrigger.TRANSACTION_EVENT,
    },
}
TRIGGERS[V21.version] = TRIGGERS[V201.version] | {
    MessageTrigger.CUSTOM_TRIGGER,
    MessageTrigger.SIGN_V2G20_CERTIFICATE,
}


@ALL
@pytest.mark.parametrize("message", list(MessageTrigger))
def test_every_message_that_a_version_can_ask_for_is_asked_for(  # F06
    protocol: Protocol, message: MessageTrigger
) -> None:
    command = RequestTrigger(requested_message=message, evse_id=1, connector_id=1)
    if message in TRIGGERS[protocol.version]:
        assert ordered_over_the_wire(protocol, command) == command
    else:
        with pytest.raises(LocalProtocolError, match=f"cannot ask for {message}"):
            ordered_over_the_wire(protocol, command)


@ALL
def test_a_message_is_asked_of_all_evses(protocol: Protocol) -> None:  # F06
    command = RequestTrigger(requested_message="StatusNotification")
    assert ordered_over_the_wire(protocol, command) == command


def test_a_custom_message_is_asked_for_in_2_1() -> None:  # F06
    command = RequestTrigger(requested_message="CustomTrigger", custom_trigger="acme.moon")
    assert ordered_over_the_wire(V21, command) == command


@pytest.mark.parametrize(
    ("message", "request_type"),
    [
        ("FirmwareStatusNotification", v16.TriggerMessageRequest),
        ("Heartbeat", v16.TriggerMessageRequest),
        ("SignedFirmwareStatusNotification", v16.ExtendedTriggerMessageRequest),
        ("LogStatusNotification", v16.ExtendedTriggerMessageRequest),
        ("SignChargingStationCertificate", v16.ExtendedTriggerMessageRequest),
    ],
)
def test_1_6_has_two_ways_to_ask_for_a_message(message: str, request_type: type) -> None:
    mapping = dialect_of(V16).request_of[RequestTrigger]
    request = mapping.write_request(RequestTrigger(requested_message=message))
    assert type(request) is request_type
    answer = TriggerAnswer(status="NotImplemented")
    command = RequestTrigger(requested_message=message)
    assert answered_over_the_wire(V16, command, answer) == answer


def test_an_extended_trigger_of_1_6_can_ask_for_plain_messages() -> None:
    mapping = dialect_of(V16).command_of[v16.ExtendedTriggerMessageRequest]
    request = v16.ExtendedTriggerMessageRequest(
        requested_message=v16.MessageTriggerEnumType.METER_VALUES, connector_id=2
    )
    assert mapping.read_request(request) == RequestTrigger(
        requested_message="MeterValues", evse_id=2, connector_id=1
    )


START = StartRemotely(
    id_token=IdToken("04E91C5A", "ISO14443"),
    evse_id=2,
    remote_start_id=9,
    group_id_token=IdToken("G1", "Central"),
    charging_profile=PROFILE,
)


@WITH_EVSES
def test_a_remote_start_arrives_as_it_was_sent(protocol: Protocol) -> None:  # F01, F02
    read = ordered_over_the_wire(protocol, START)
    assert isinstance(read, StartRemotely)
    assert read.profile_as_sent is not None
    assert replace(read, profile_as_sent=None) == START
    bare = StartRemotely(id_token=IdToken("04E91C5A", "ISO14443"), remote_start_id=0)
    assert ordered_over_the_wire(protocol, bare) == bare


def test_a_remote_start_of_1_6_has_a_tag_and_a_profile() -> None:  # F01, F02
    read = ordered_over_the_wire(V16, START)
    assert isinstance(read, StartRemotely)
    schedule = replace(PROFILE.charging_schedule[0], id=0)
    assert read.charging_profile == replace(PROFILE, charging_schedule=(schedule,))
    assert (read.id_token, read.evse_id, read.remote_start_id) == (IdToken("04E91C5A"), 2, None)
    bare = StartRemotely(id_token=IdToken("04E91C5A"))
    assert ordered_over_the_wire(V16, bare) == bare


@ALL
def test_a_remote_stop_arrives_as_it_was_sent(protocol: Protocol) -> None:  # F03
    command = StopRemotely(transaction_id="17")
    assert ordered_over_the_wire(protocol, command) == command


UNSAYABLE: list[Any] = [
    (V16, RequestReset(type=ResetType.IMMEDIATE_AND_RESUME), "no reset of the type"),
    (V201, RequestReset(type=ResetType.IMMEDIATE_AND_RESUME), "no reset of the type"),
    (V16, RequestReset(type=ResetType.IMMEDIATE, evse_id=1), "leave evse_id out"),
    (V16, RequestUnlock(evse_id=1, connector_id=2), "connector_id 1"),
    (V16, RequestTrigger(requested_message="Heartbeat", evse_id=1, connector_id=2), "connector_id"),
    (V201, StartRemotely(id_token=IdToken("A", "ISO14443")), "give remote_start_id"),
    (V21, StartRemotely(id_token=IdToken("A"), remote_start_id=1), "must have a type"),
    (V16, StopRemotely(transaction_id="T1"), "is not a transaction number"),
    (
        V16,
        replace(
            START, charging_profile=replace(PROFILE, charging_profile_kind=ProfileKind.DYNAMIC)
        ),
        "cannot say charging profile 1",
    ),
    (
        V16,
        replace(START, charging_profile=replace(PROFILE, transaction_id="T1")),
        "cannot say charging profile 1",
    ),
]


@pytest.mark.parametrize(("protocol", "command", "cure"), UNSAYABLE)
def test_a_command_that_a_version_cannot_say_is_an_error(
    protocol: Protocol, command: Command[Any], cure: str
) -> None:
    with pytest.raises(LocalProtocolError, match=cure):
        dialect_of(protocol).request_of[type(command)].write_request(command)


ANSWERS: list[Any] = [
    (RequestReset(type=ResetType.IMMEDIATE), ResetAnswer(status="Accepted")),
    (RequestReset(type=ResetType.IMMEDIATE), ResetAnswer(status="Rejected")),
    (RequestUnlock(evse_id=1), UnlockAnswer(status="Unlocked")),
    (RequestUnlock(evse_id=1), UnlockAnswer(status="UnlockFailed")),
    (RequestTrigger(requested_message="Heartbeat"), TriggerAnswer(status="Accepted")),
    (RequestTrigger(requested_message="Heartbeat"), TriggerAnswer(status="Rejected")),
    (RequestTrigger(requested_message="Heartbeat"), TriggerAnswer(status="NotImplemented")),
    (START, RemoteAnswer(status="Accepted")),
    (START, RemoteAnswer(status="Rejected")),
    (StopRemotely(transaction_id="1"), RemoteAnswer(status="Accepted")),
    (StopRemotely(transaction_id="1"), RemoteAnswer(status="Rejected")),
]


@ALL
@pytest.mark.parametrize(("command", "answer"), ANSWERS)
def test_an_answer_arrives_as_it_was_given(protocol: Protocol, command: Any, answer: Any) -> None:
    assert answered_over_the_wire(protocol, command, answer) == answer


@WITH_EVSES
@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (RequestReset(type=ResetType.ON_IDLE), ResetAnswer(status="Scheduled")),
        (
            RequestReset(type=ResetType.ON_IDLE),
            ResetAnswer(status="Rejected", reason_code="UnsupportedRequest"),
        ),
        (RequestUnlock(evse_id=1), UnlockAnswer(status="OngoingAuthorizedTransaction")),
        (RequestUnlock(evse_id=1), UnlockAnswer(status="UnknownConnector")),
        (
            RequestTrigger(requested_message="MeterValues"),
            TriggerAnswer(status="Rejected", reason_code="UnknownEvse"),
        ),
        (START, RemoteAnswer(status="Accepted", transaction_id="T1")),
        (
            START,
            RemoteAnswer(status="Rejected", reason_code="TxInProgress", additional_info="busy"),
        ),
        (
            StopRemotely(transaction_id="T1"),
            RemoteAnswer(status="Rejected", reason_code="TxNotFound", additional_info="none"),
        ),
    ],
)
def test_what_only_2_x_answers_arrives_as_it_was_given(
    protocol: Protocol, command: Any, answer: Any
) -> None:
    assert answered_over_the_wire(protocol, command, answer) == answer


@pytest.mark.parametrize(
    ("protocol", "status", "said"),
    [
        (V16, UnlockStatus.UNKNOWN_CONNECTOR, "NotSupported"),
        (V16, UnlockStatus.NOT_SUPPORTED, "NotSupported"),
        (V201, UnlockStatus.NOT_SUPPORTED, "UnlockFailed"),
        (V21, UnlockStatus.NOT_SUPPORTED, "UnlockFailed"),
    ],
)
def test_a_connector_that_cannot_be_unlocked_is_said_as_the_version_can(  # F05
    protocol: Protocol, status: UnlockStatus, said: str
) -> None:
    answer = answered_over_the_wire(protocol, RequestUnlock(evse_id=1), UnlockAnswer(status=status))
    assert answer.status == said


JOBS: dict[str, list[tuple[BackgroundJob, str, int | None]]] = {
    V16.version: [
        (BackgroundJob.DIAGNOSTICS, "Uploading", None),
        (BackgroundJob.FIRMWARE, "Downloading", None),
        (BackgroundJob.LOG, "Uploading", 3),
        (BackgroundJob.SIGNED_FIRMWARE, "SignatureVerified", 4),
    ],
    V201.version: [
        (BackgroundJob.FIRMWARE, "Downloading", 2),
        (BackgroundJob.LOG, "Uploading", 3),
        (BackgroundJob.PUBLISH_FIRMWARE, "Published", 4),
    ],
}
JOBS[V21.version] = JOBS[V201.version]


@ALL
def test_how_far_a_job_is_arrives_as_it_was_told(protocol: Protocol) -> None:  # F06
    for job, status, request_id in JOBS[protocol.version]:
        for report in (
            JobStatusReport(job=job, status=status, request_id=request_id),
            JobStatusReport(job=job, status="Idle"),
        ):
            assert over_the_wire(protocol, report) == [report]
            dialect = dialect_of(protocol)
            (request,) = dialect.messages(report)
            mapping = dialect.report_of[type(request)]
            response = mapping.write_response(request, ReportReply())
            assert mapping.read_response(response) == ReportReply()


def test_a_job_that_a_version_does_not_have_is_no_message() -> None:
    report = JobStatusReport(job=BackgroundJob.DIAGNOSTICS, status="Idle")
    assert dialect_of(V201).messages(report) == ()
    report = JobStatusReport(job=BackgroundJob.PUBLISH_FIRMWARE, status="Idle")
    assert dialect_of(V16).messages(report) == ()


@ALL
def test_a_heartbeat_is_answered_with_the_time(protocol: Protocol) -> None:  # G02
    dialect = dialect_of(protocol)
    (request,) = dialect.messages(HeartbeatReport())
    mapping = dialect.report_of[type(request)]
    assert mapping.read_request(request) == HeartbeatReport()
    response = mapping.write_response(request, CsmsTime(current_time=NOON))
    assert mapping.read_response(response) == CsmsTime(current_time=NOON)
