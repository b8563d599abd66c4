"""What a station may send until its boot was accepted, in each version."""

from types import ModuleType
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import Registration
from ocppkit.core import utcnow

VERSIONS = [v16, v201, v21]


def answer(version: ModuleType, status: str) -> Any:
    kind = getattr(version, "RegistrationStatus", None) or version.RegistrationStatusEnumType
    return version.BootNotificationResponse(
        current_time=utcnow(), interval=1, status=kind.unknown(status)
    )


def sendable(registration: Registration, version: ModuleType) -> set[str]:
    actions = version.PROTOCOL.actions.values()
    return {action.name for action in actions if registration.may_send(action)}


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_but_a_boot_before_an_answer(version: ModuleType) -> None:
    registration = Registration(version.PROTOCOL)
    assert registration.status is RegistrationStatus.UNKNOWN
    assert sendable(registration, version) == {"BootNotification"}


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_once_accepted(version: ModuleType) -> None:
    registration = Registration(version.PROTOCOL)
    registration.boot_answered(answer(version, "Accepted"))
    assert registration.accepted
    assert sendable(registration, version) == set(version.PROTOCOL.actions)
    assert Registration(version.PROTOCOL, status=RegistrationStatus.ACCEPTED).accepted


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("word", ["Rejected", "Pending", "Whatever"])
def test_acceptance_can_be_taken_back(version: ModuleType, word: str) -> None:
    registration = Registration(version.PROTOCOL, status=RegistrationStatus.ACCEPTED)
    registration.boot_answered(answer(version, word))
    assert sendable(registration, version) == {"BootNotification"}


def test_an_unknown_word_lets_nobody_in() -> None:
    registration = Registration(v201.PROTOCOL)
    registration.boot_answered(answer(v201, "Whatever"))
    assert registration.status is RegistrationStatus.REJECTED


@pytest.mark.parametrize(
    ("version", "request_", "expected"),
    [
        (
            v16,
            v16.TriggerMessageRequest(requested_message=v16.MessageTrigger.STATUS_NOTIFICATION),
            {"StatusNotification"},
        ),
        (
            v201,
            v201.TriggerMessageRequest(requested_message=v201.MessageTriggerEnumType.HEARTBEAT),
            {"Heartbeat"},
        ),
        (
            v201,
            v201.GetBaseReportRequest(
                request_id=1, report_base=v201.ReportBaseEnumType.FULL_INVENTORY
            ),
            {"NotifyReport"},
        ),
        (v21, v21.GetReportRequest(request_id=1), {"NotifyReport"}),
        (v201, v201.ClearCacheRequest(), set[str]()),
    ],
)
def test_while_pending_what_the_csms_asked_for(
    version: ModuleType, request_: Any, expected: set[str]
) -> None:
    registration = Registration(version.PROTOCOL)
    registration.boot_answered(answer(version, "Pending"))
    registration.csms_asked(request_)
    assert expected <= sendable(registration, version)
    if not expected:
        assert sendable(registration, version) == {"BootNotification"}
    assert "Authorize" not in sendable(registration, version)


def test_what_was_asked_for_is_over_with_the_next_answer() -> None:
    registration = Registration(v201.PROTOCOL)
    registration.boot_answered(answer(v201, "Pending"))
    registration.csms_asked(
        v201.TriggerMessageRequest(requested_message=v201.MessageTriggerEnumType.HEARTBEAT)
    )
    registration.boot_answered(answer(v201, "Rejected"))
    assert sendable(registration, v201) == {"BootNotification"}


@pytest.mark.parametrize("before", [RegistrationStatus.UNKNOWN, RegistrationStatus.ACCEPTED])
def test_what_was_asked_for_while_a_boot_was_being_answered_may_be_sent_while_pending(
    before: RegistrationStatus,
) -> None:
    registration = Registration(v201.PROTOCOL, before)
    registration.boot_received()
    registration.csms_asked(v201.GetReportRequest(request_id=1))
    registration.boot_answered(answer(v201, "Pending"))
    assert "NotifyReport" in sendable(registration, v201)
    registration.boot_answered(answer(v201, "Pending"))
    assert sendable(registration, v201) == {"BootNotification"}
