"""Refuses, schedules and starts the resets of a station and of its EVSEs."""

from collections.abc import Callable, Iterable

from .._commands_and_reports import Event
from .._moment import Moment
from ..availability import AvailabilityBlock
from ..transactions import EvseState, StoppedReason, TransactionsBlock
from ..variables import ALLOW_RESET, RESET_RETRIES, DeviceModel
from ._remote_messages import (
    RequestReset,
    ResetAnswer,
    ResetDue,
    ResetFailed,
    ResetScheduled,
    ResetStatus,
    ResetType,
)
from ._remote_rules import RemoteControlRules
from ._resets import Resets

__all__ = ["StationResets"]


class StationResets:
    """Handles the resets of one station. # B11, B12"""

    def __init__(
        self,
        rules: RemoteControlRules,
        model: DeviceModel,
        availability: AvailabilityBlock,
        transactions: TransactionsBlock | None,
        *,
        may_reset: Callable[[int | None], bool] | None,
        tell: Callable[[Event], None],
        note_change: Callable[[], None],
    ) -> None:
        """Starts without resets.

        Args:
            rules: in what the version differs.
            model: the settings.
            availability: takes EVSEs out of service and back.
            transactions: stops transactions.
            may_reset: returns whether an EVSE, or with `None` the station, can be reset at all now.
            tell: takes an event.
            note_change: called when the reason of the next boot has changed.
        """
        self._rules = rules
        self._model = model
        self._availability = availability
        self._transactions = transactions
        self._may_reset = may_reset
        self._tell = tell
        self._note_change = note_change
        self._resets = Resets()
        self._boot_reason: str | None = None

    @property
    def boot_reason(self) -> str | None:
        """The boot reason of this or the next boot, or `None`."""
        return self._boot_reason

    def restore(self, boot_reason: str | None) -> None:
        """Restores the boot reason of this boot."""
        self._boot_reason = boot_reason

    def handle_command(self, command: RequestReset, now: Moment) -> ResetAnswer:
        """Handles a reset command: refuses, schedules or starts the reset; returns the answer."""
        evse_id = command.evse_id or None
        refused = self._refusal(evse_id, command.type)
        if refused is not None:
            return ResetAnswer(status=ResetStatus.REJECTED, reason_code=refused)
        waits = command.type is ResetType.ON_IDLE and self._rules.waits_for_idle
        if waits and self._is_busy(evse_id):
            # B12.FR.01: nobody may begin to charge meanwhile, or the station would never be idle.
            self._resets.schedule(evse_id)
            self._availability.withdraw(evse_id, now)
            self._tell(ResetScheduled(evse_id=evse_id))
            return ResetAnswer(status=ResetStatus.SCHEDULED)
        self._begin(evse_id, command.type, "RemoteReset", now)
        return ResetAnswer(status=ResetStatus.ACCEPTED)

    def has_reset_of(self, evse_id: int) -> bool:
        """Returns whether a reset of the EVSE or station is due or waits."""
        return self._resets.has_reset_of(evse_id)

    def begin_what_is_idle(self, now: Moment) -> None:
        """Starts the waiting resets of the station and EVSEs that are idle now."""
        for each in self._resets.waiting:
            if not self._is_busy(each):
                # B12.FR.03, B12.FR.07.
                self._begin(each, ResetType.ON_IDLE, "ScheduledReset", now)
                if each is None:
                    return

    def set_work(self, name: str, goes_on: bool, now: Moment) -> None:
        """Notes that some work has begun or ended, during which the station is not idle. # RST-05"""
        self._resets.set_work(name, goes_on)
        if not goes_on:
            self.begin_what_is_idle(now)

    def done(self, evse_id: int, now: Moment) -> None:
        """Notes that an EVSE was reset, so that it can be used again.

        Raises:
            ValueError: no reset of it was due.
        """
        if self._resets.end(evse_id):
            self._return_to_service(evse_id, now)
        elif not self._resets.was_included(evse_id):
            raise ValueError(f"no reset of EVSE {evse_id} was due")

    def failed(self, evse_id: int | None, now: Moment) -> None:
        """Notes that a reset has failed: it is tried again, or given up. # RST-07

        Raises:
            ValueError: no reset of it was due.
        """
        due, failures = self._resets.fail(evse_id)
        if failures <= self._model.setting(RESET_RETRIES):
            self._tell(due)
            return
        self._resets.end(evse_id)
        if evse_id is None:
            self._forget_boot_reason()
        self._return_to_service(evse_id, now)
        self._tell(ResetFailed(evse_id=evse_id))

    def accepted(self, now: Moment) -> None:
        """Notes that a boot was accepted, which ends the reset of the station."""
        self._forget_boot_reason()
        if self._resets.end(None):
            self._return_to_service(None, now)

    def _refusal(self, evse_id: int | None, kind: ResetType) -> str | None:
        if evse_id is not None and not self._availability.has(evse_id, None):
            return "UnknownEvse"
        # B11.FR.09, B12.FR.09.
        if evse_id is not None and not self._model.get(ALLOW_RESET.on_evse(evse_id), False):
            return "UnsupportedRequest"
        if kind is ResetType.IMMEDIATE_AND_RESUME and not self._can_resume():
            # RST-08.
            return "UnsupportedParam"
        # B11.FR.06.
        if self._may_reset is not None and not self._may_reset(evse_id):
            return "Unspecified"
        return None

    def _can_resume(self) -> bool:
        return self._transactions is not None and self._transactions.can_resume

    def _is_busy(self, evse_id: int | None) -> bool:
        """Returns whether the EVSE or station is busy. # RST-05"""
        return self._resets.is_working or any(
            self._state_of(each).transaction_id is not None
            or self._state_of(each).authorized
            or self._availability.holder_of(each) is not None
            for each in self._evse_ids(evse_id)
        )

    def _begin(self, evse_id: int | None, kind: ResetType, boot_reason: str, now: Moment) -> None:
        due = ResetDue(evse_id=evse_id, type=kind, boot_reason=boot_reason)
        self._resets.begin(due)
        reason = self._rules.reset_reasons.get(kind)
        if reason is not None:
            # B12.FR.02, B12.FR.04, B12.FR.08, RST-01.
            self._stop_transactions(evse_id, reason, now)
        elif kind is ResetType.IMMEDIATE_AND_RESUME and self._transactions is not None:
            # RST-08.
            for each in self._evse_ids(evse_id):
                self._transactions.interrupt(each, now)
        if evse_id is None:
            self._boot_reason = boot_reason
            self._note_change()
        self._availability.withdraw(evse_id, now)
        self._tell(due)

    def _stop_transactions(self, evse_id: int | None, reason: StoppedReason, now: Moment) -> None:
        if self._transactions is not None:
            for each in self._evse_ids(evse_id):
                if self._transactions.state_of(each).transaction_id is not None:
                    self._transactions.stopped(each, now, reason=reason)

    def _return_to_service(self, evse_id: int | None, now: Moment) -> None:
        """Puts the EVSE or station back into service, and lets interrupted transactions go on."""
        self._availability.readmit(evse_id, now)
        if self._transactions is not None:
            for each in self._evse_ids(evse_id):
                self._transactions.resume(each, now)

    def _forget_boot_reason(self) -> None:
        if self._boot_reason is not None:
            self._boot_reason = None
            self._note_change()

    def _evse_ids(self, evse_id: int | None) -> Iterable[int]:
        return self._availability.evse_ids if evse_id is None else (evse_id,)

    def _state_of(self, evse_id: int) -> EvseState:
        source = self._availability if self._transactions is None else self._transactions
        return source.state_of(evse_id)
