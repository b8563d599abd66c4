"""Ends or resumes transactions that a restart or a power cut has interrupted (E17).

Theory of operation: what is kept belongs into one commit with the messages that go with it. So the next
sequence number is always right, and a transaction is ended or resumed as if nothing had happened between.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from .._commands_and_reports import Event
from .._kept_state import KeptState, restored
from .._moment import Moment
from .._transaction_life import TransactionBegan
from ..variables import TX_ALLOW_ENERGY_TRANSFER_RESUMPTION, TX_RESUMPTION_TIMEOUT, DeviceModel
from ._evse import Evse
from ._evse_state import EvseState
from ._open_transaction import KeptEvse
from ._reporter import TransactionReporter
from ._sequencer import TransactionSequencer
from ._transaction_rules import TransactionRules
from ._words import StoppedReason, SuspendedBy, TriggerReason

__all__ = ["Interruptions"]


class _KeptTransactions(KeptState, frozen=True):
    evses: list[KeptEvse]
    at: datetime
    """When it was written, for the length of an outage."""


class Interruptions:
    """Stores the transactions of one station, and ends or resumes them after a restart."""

    def __init__(
        self,
        evses: dict[int, Evse],
        model: DeviceModel,
        rules: TransactionRules,
        reporter: TransactionReporter,
        sequencer: TransactionSequencer,
        *,
        tell: Callable[[Event], None],
    ) -> None:
        """Starts without transactions.

        Args:
            evses: the EVSEs.
            model: the settings.
            rules: in what the version differs.
            reporter: reports transactions.
            sequencer: ends transactions.
            tell: takes an event.
        """
        self._evses = evses
        self._model = model
        self._rules = rules
        self._reporter = reporter
        self._sequencer = sequencer
        self._tell = tell

        self.changed_at: datetime | None = None
        """When transactions last changed, of this run or the one before."""

    def state(self) -> bytes | None:
        """Returns the running transactions, or `None` if there are none."""
        kept = [
            KeptEvse(evse.state, evse.transaction)
            for evse in self._evses.values()
            if evse.transaction is not None
        ]
        if not kept or self.changed_at is None:
            return None
        return msgspec.json.encode(_KeptTransactions(evses=kept, at=self.changed_at))

    def restore(self, state: bytes, now: Moment) -> None:
        """Restores the transactions that were running when the station stopped.

        Args:
            state: what was kept.
            now: the present moment.

        Raises:
            ValueError: it is torn, of another program, or of a later format; nothing changes.
        """
        kept = restored(_KeptTransactions, state, "a state of transactions")
        for each in kept.evses:
            evse = self._evses.setdefault(each.state.evse_id, Evse(each.state.evse_id))
            evse.state = each.state
            elapsed = -now.seconds_until(each.transaction.started_at)
            evse.begin(each.transaction, now.monotonic - max(elapsed, 0.0))
            evse.last_sample = evse.last_ended_sample = now.monotonic
            evse.phases = each.transaction.phases
        self.changed_at = kept.at

    def end(self, now: Moment) -> None:
        """Ends or resumes the restored transactions, once the station has started.

        Args:
            now: the present moment.
        """
        outage = 0.0 if self.changed_at is None else -now.seconds_until(self.changed_at)
        longest = self._model.get(TX_RESUMPTION_TIMEOUT, 0)
        for evse in self._evses.values():
            if evse.transaction is None:
                # What an earlier run of the program closed may still be closed.
                self._sequencer.publish_power_path(evse, now)
            elif self.can_resume and (0 <= outage <= longest or evse.transaction.is_interrupted):
                self._resume(evse, now)
            else:
                # E17.FR.14; before 2.1 always. Facts that still hold are told anew.
                after = EvseState(evse_id=evse.evse_id)
                trigger, reason = TriggerReason.ABNORMAL_CONDITION, StoppedReason.POWER_LOSS
                self._sequencer.change(evse, after, trigger, now, reason=reason)

    @property
    def can_resume(self) -> bool:
        """Whether transactions can be resumed after an interruption. # E17.FR.01, RST-08"""
        return self._rules.can_resume and self._model.get(TX_RESUMPTION_TIMEOUT, 0) > 0

    def begin(self, evse: Evse, now: Moment) -> None:
        """Interrupts the transaction of an EVSE, if there is one, because of a reset after which it
        is resumed.

        Args:
            evse: where.
            now: the present moment.
        """
        before, transaction = evse.state, evse.transaction
        if transaction is None or transaction.is_interrupted:
            return
        transaction.is_interrupted = True
        evse.state = replace(
            before, energy_flows=False, suspended_by=SuspendedBy.EVSE, is_held=True
        )
        self._reporter.updated(evse, TriggerReason.RESET_COMMAND, now.wall)
        self._sequencer.publish_changes(evse, before, now)

    def resume(self, evse: Evse, now: Moment) -> None:
        """Resumes the transaction of an EVSE that a reset has interrupted, if there is one.

        Args:
            evse: where.
            now: the present moment.
        """
        if evse.transaction is not None and evse.transaction.is_interrupted:
            self._resume(evse, now)

    def _resume(self, evse: Evse, now: Moment) -> None:
        transaction, before = evse.transaction_required(), evse.state
        transaction.is_interrupted = False
        # E17.FR.10.
        may_flow = self._model.get(TX_ALLOW_ENERGY_TRANSFER_RESUMPTION, False)
        refused = before.energy_refused or not may_flow
        evse.state = replace(
            before,
            energy_flows=False,
            energy_refused=refused,
            is_held=False,
            suspended_by=SuspendedBy.EVSE if refused else None,
        )
        self._tell(
            TransactionBegan(
                evse_id=evse.evse_id,
                transaction_id=transaction.transaction_id,
                at=transaction.started_at,
                energy_since=transaction.energy_since,
                resumed=True,
            )
        )
        self._reporter.updated(evse, TriggerReason.TX_RESUMED, now.wall)
        self._sequencer.resume(evse, now)
