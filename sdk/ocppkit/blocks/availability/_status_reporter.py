"""Decides when the status of a connector is reported: after boots, on changes, and after being
offline.
"""

from collections.abc import Callable, Iterable
from itertools import count
from math import inf

from .._moment import Moment
from ..variables import MINIMUM_STATUS_DURATION, OFFLINE_THRESHOLD, DeviceModel
from ._connector_states import AvailabilityRules, ConnectorStatus, ConnectorUse, statuses_between
from ._connectors import ConnectorRecord
from ._status_messages import (
    NO_ERROR,
    ReportedEvent,
    StatusError,
    StatusReport,
    VariableEventReport,
)

__all__ = ["StatusReporter", "shown_error"]

_EV_SIDE = StatusError(info="EV side disconnected", is_fault=False)


def shown_error(record: ConnectorRecord, rules: AvailabilityRules) -> StatusError:
    """Returns the error to report together with the status of a connector."""
    error = record.error
    if error == NO_ERROR and record.use is ConnectorUse.INTERRUPTED:
        # STA-05.
        return _EV_SIDE
    statuses = rules.statuses_of_errors.get(error.error_code)
    # STA-06.
    return error if statuses is None or record.status in statuses else NO_ERROR


class StatusReporter:
    """Reports the statuses of connectors to the CSMS."""

    def __init__(
        self,
        rules: AvailabilityRules,
        model: DeviceModel,
        records: Iterable[ConnectorRecord],
        report: Callable[[StatusReport | VariableEventReport], None],
    ) -> None:
        """Sets the connectors, and the function that takes reports."""
        self._rules = rules
        self._model = model
        self._records = tuple(records)
        self._report = report
        self._event_ids = count()
        self._is_accepted = False
        self._is_online = False

    @property
    def is_open(self) -> bool:
        """Whether reports can be sent now."""
        return self._is_accepted and self._is_online

    def start(self) -> None:
        """Prepares for a boot after a start of the station: nothing is reported until the boot is
        accepted.
        """
        self._is_accepted = False
        for each in self._records:
            each.told = None
            each.lock_failure_told = False

    def accept(self, now: Moment) -> None:
        """Reports all statuses, because the CSMS has accepted a boot. # B01.FR.05, BOOT-07"""
        self._is_accepted = self._is_online = True
        for each in self._records:
            self.tell(each, now)
        self._tell_lock_failures(now)

    def suspend(self) -> None:
        """Stops reporting until the next boot is accepted."""
        self._is_accepted = False

    def connect(self, offline_for: float | None, now: Moment) -> None:
        """Reports changes since the connection was lost, or all statuses after a long time. # B04"""
        self._is_online = True
        if not self._is_accepted:
            return
        threshold = self._model.setting(OFFLINE_THRESHOLD)
        # B04.FR.01, B04.FR.02.
        is_long = offline_for is not None and offline_for > threshold
        everything = is_long and self._rules.all_after_offline
        for each in self._records:
            if each.lock_report_lost:
                each.lock_failure_told = not each.lock_failed
            # STA-07: only how it is now; what it was in between is not reported.
            if everything or each.is_lost or self._is_changed(each):
                self.tell(each, now)
        self._tell_lock_failures(now)

    def disconnect(self) -> None:
        """Notes that the connection to the CSMS has ended."""
        self._is_online = False

    def tell(self, record: ConnectorRecord, now: Moment, *, triggered: bool = False) -> None:
        """Reports the status of a connector."""
        self._send(record, record.status, record.shown_error, now, triggered=triggered)
        record.told = (record.status, record.shown_error)
        record.is_lost = False

    def tell_changes(self, now: Moment) -> None:
        """Reports the changes that have lasted for long enough."""
        if not self.is_open:
            return
        for each in self._records:
            if self._is_changed(each) and self._settles_at(each) <= now.monotonic:
                self._tell_change(each, each.since or now)
        self._tell_lock_failures(now)

    def next_deadline(self) -> float | None:
        """Returns the time at which a change has lasted for long enough, or `None`."""
        waiting = (self._settles_at(each) for each in self._records if self._is_changed(each))
        first = min(waiting, default=inf) if self.is_open else inf
        return None if first == inf else first

    def _is_changed(self, record: ConnectorRecord) -> bool:
        return record.told != (record.status, record.shown_error)

    def _settles_at(self, record: ConnectorRecord) -> float:
        # STA-01: OCPP 2.x does not have the setting, and reports at once.
        least = self._model.get(MINIMUM_STATUS_DURATION, 0)
        return -inf if record.since is None else record.since.monotonic + least

    def _tell_change(self, record: ConnectorRecord, since: Moment) -> None:
        old = None if record.told is None else record.told[0]
        if old is not None and old is not record.status:
            *between, _ = statuses_between(old, record.status, self._rules)
            for each in between:
                self._send(record, each, NO_ERROR, since)
        self.tell(record, since)

    def _send(
        self,
        record: ConnectorRecord,
        status: ConnectorStatus,
        error: StatusError,
        at: Moment,
        *,
        triggered: bool = False,
    ) -> None:
        self._report(
            StatusReport(
                evse_id=record.evse_id,
                connector_id=record.connector_id,
                connector_status=status,
                timestamp=at.wall,
                error=error,
                event_id=next(self._event_ids),
                triggered=triggered,
            )
        )

    def _tell_lock_failures(self, now: Moment) -> None:
        """Reports the locks that have failed or work again. # G05"""
        if self._rules.lock_failure_is_fault:
            return
        for each in self._records:
            if each.lock_failed != each.lock_failure_told:
                each.lock_failure_told = each.lock_failed
                each.lock_report_lost = False
                self._report(self._lock_report(each, now))

    def _lock_report(self, record: ConnectorRecord, now: Moment) -> VariableEventReport:
        event = ReportedEvent(
            event_id=next(self._event_ids),
            timestamp=now.wall,
            component="ConnectorPlugRetentionLock",
            variable="Problem",
            actual_value="true" if record.lock_failed else "false",
            evse_id=record.evse_id,
            connector_id=record.connector_id,
            cleared=not record.lock_failed,
        )
        return VariableEventReport(generated_at=now.wall, events=(event,))
