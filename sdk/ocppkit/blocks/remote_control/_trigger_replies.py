"""Handles requests of the CSMS for messages."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Final

from .._commands_and_reports import Event, Report
from .._moment import Moment
from ..availability import AvailabilityBlock
from ..transactions import TransactionsBlock
from ..variables import CUSTOM_TRIGGERS, DeviceModel
from ._remote_messages import (
    BackgroundJob,
    HeartbeatReport,
    JobStatusReport,
    MessageTrigger,
    MessageTriggered,
    RequestTrigger,
    TriggerAnswer,
    TriggerStatus,
)

__all__ = ["TriggerReplies"]

_IDLE: Final = "Idle"

# REM-17: after its last success, a job is told as Idle.
_SUCCESSES: Final[Mapping[BackgroundJob, str]] = {
    BackgroundJob.DIAGNOSTICS: "Uploaded",
    BackgroundJob.FIRMWARE: "Installed",
    BackgroundJob.LOG: "Uploaded",
    BackgroundJob.PUBLISH_FIRMWARE: "Published",
    BackgroundJob.SIGNED_FIRMWARE: "Installed",
}

_ACCEPTED: Final = TriggerAnswer(status=TriggerStatus.ACCEPTED)
_NOT_IMPLEMENTED: Final = TriggerAnswer(status=TriggerStatus.NOT_IMPLEMENTED)


class TriggerReplies:
    """Answers requests for messages, and queues the requested messages."""

    def __init__(
        self,
        model: DeviceModel,
        availability: AvailabilityBlock,
        transactions: TransactionsBlock | None,
        *,
        jobs: Collection[BackgroundJob],
        messages: Collection[str],
        report: Callable[[Report[Any]], None],
        tell: Callable[[Event], None],
    ) -> None:
        """Sets the sources of the messages.

        Args:
            model: the variables of the station.
            availability: sends statuses.
            transactions: sends meter values and reports of transactions.
            jobs: what the station can do beside charging.
            messages: what the program sends itself.
            report: leaves a report for the CSMS.
            tell: leaves an event for the program.
        """
        self._model = model
        self._availability = availability
        self._messages = frozenset(messages)
        self._report = report
        self._tell = tell
        self._jobs = {each: JobStatusReport(job=each, status=_IDLE) for each in jobs}
        self._replies: dict[str, Callable[[RequestTrigger, Moment], TriggerAnswer]] = {
            MessageTrigger.HEARTBEAT: self._heartbeat,
            MessageTrigger.STATUS_NOTIFICATION: self._status,
            MessageTrigger.CUSTOM_TRIGGER: self._custom,
        }
        if transactions is not None:
            self._replies[MessageTrigger.METER_VALUES] = partial(self._meter_values, transactions)
            self._replies[MessageTrigger.TRANSACTION_EVENT] = partial(
                self._transaction_event, transactions
            )
        self._replies.update(dict.fromkeys(self._jobs, self._job_status))

    def set_job_status(self, job: BackgroundJob, status: str, request_id: int | None) -> None:
        """Stores the status of a job.

        Raises:
            ValueError: the station does not have it.
        """
        if job not in self._jobs:
            raise ValueError(f"the station has no {job} [name it when you create the block]")
        is_over = status in (_IDLE, _SUCCESSES[job])
        self._jobs[job] = JobStatusReport(
            job=job,
            status=_IDLE if is_over else status,
            request_id=None if is_over else request_id,
        )

    def answer(self, command: RequestTrigger, is_accepted: bool, now: Moment) -> TriggerAnswer:
        """Answers a request, and queues the requested message.

        Args:
            command: the request.
            is_accepted: whether the CSMS has accepted the boot.
            now: the present moment.
        """
        message = command.requested_message
        if message == MessageTrigger.BOOT_NOTIFICATION:
            return self._boot(command, is_accepted)
        reply = self._replies.get(message)
        if reply is not None:
            return reply(command, now)
        # F06.FR.08.
        return self._leave_to_program(command) if message in self._messages else _NOT_IMPLEMENTED

    def _leave_to_program(self, command: RequestTrigger) -> TriggerAnswer:
        self._tell(
            MessageTriggered(
                requested_message=command.requested_message,
                evse_id=command.evse_id,
                connector_id=command.connector_id,
                custom_trigger=command.custom_trigger,
            )
        )
        return _ACCEPTED

    def _boot(self, command: RequestTrigger, is_accepted: bool) -> TriggerAnswer:
        # F06.FR.17, BOOT-27.
        if is_accepted:
            return TriggerAnswer(status=TriggerStatus.REJECTED)
        return self._leave_to_program(command)

    def _heartbeat(self, command: RequestTrigger, now: Moment) -> TriggerAnswer:
        self._report(HeartbeatReport())
        return _ACCEPTED

    def _custom(self, command: RequestTrigger, now: Moment) -> TriggerAnswer:
        # F06.FR.18, F06.FR.19.
        if command.custom_trigger not in self._model.get(CUSTOM_TRIGGERS, ()):
            return _NOT_IMPLEMENTED
        return self._leave_to_program(command)

    def _job_status(self, command: RequestTrigger, now: Moment) -> TriggerAnswer:
        # F06.FR.14 to F06.FR.16.
        self._report(self._jobs[BackgroundJob(command.requested_message)])
        return _ACCEPTED

    def _status(self, command: RequestTrigger, now: Moment) -> TriggerAnswer:
        evse_id, connector_id = command.evse_id, command.connector_id
        if evse_id and not self._availability.has(evse_id, None):
            return _rejected("UnknownEvse")
        if evse_id and not self._availability.has(evse_id, connector_id):
            return _rejected("UnknownConnectorId")
        self._availability.report_status(evse_id, connector_id, now)
        return _ACCEPTED

    def _meter_values(
        self, transactions: TransactionsBlock, command: RequestTrigger, now: Moment
    ) -> TriggerAnswer:
        if command.evse_id and not self._availability.has(command.evse_id, None):
            return _rejected("UnknownEvse")
        # F06.FR.06, F06.FR.11.
        has_any = transactions.report_meter_values(command.evse_id, now)
        return _ACCEPTED if has_any else _rejected("NotFound")

    def _transaction_event(
        self, transactions: TransactionsBlock, command: RequestTrigger, now: Moment
    ) -> TriggerAnswer:
        if command.evse_id and not self._availability.has(command.evse_id, None):
            return _rejected("UnknownEvse")
        # F06.FR.07, F06.FR.11.
        has_any = transactions.report_transactions(command.evse_id or None, now)
        return _ACCEPTED if has_any else _rejected("TxNotFound")


def _rejected(reason_code: str) -> TriggerAnswer:
    return TriggerAnswer(status=TriggerStatus.REJECTED, reason_code=reason_code)
