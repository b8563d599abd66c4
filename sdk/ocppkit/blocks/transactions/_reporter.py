"""Creates the reports of transactions, with their sequence numbers."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from .._commands_and_reports import Event
from .._transaction_life import TransactionBegan, TransactionEnded
from ..variables import (
    SAMPLED_DATA_TX_ENDED_MEASURANDS,
    SAMPLED_DATA_TX_STARTED_MEASURANDS,
    STOP_TRANSACTION_MAX_METER_VALUES,
    DeviceModel,
)
from ._evse import Evse
from ._evse_events import MeterWentBack
from ._id_tokens import IdToken
from ._meter_reader import MeterReader, register_of
from ._meter_values import MeterValue, SampledValue
from ._reports import TransactionReport
from ._transaction_limit import TransactionLimit
from ._transaction_rules import TransactionRules
from ._words import ReadingContext, TransactionEventType, TriggerReason

__all__ = ["TransactionReporter"]

_MOST_ENDED_VALUES: Final = 100
_LEAST_ENDED_VALUES: Final = 2
"""The beginning and the end, which are never dropped. [TX6-09]"""


class TransactionReporter:
    """Reports the transactions of one station."""

    def __init__(
        self,
        model: DeviceModel,
        rules: TransactionRules,
        meters: MeterReader,
        *,
        report: Callable[[TransactionReport], None],
        tell: Callable[[Event], None],
    ) -> None:
        """Creates a reporter for the station's settings.

        Args:
            model: the settings.
            rules: in what the version differs.
            meters: selects what is told of a reading.
            report: takes a report.
            tell: takes an event.
        """
        self._model = model
        self._rules = rules
        self._meters = meters
        self._report = report
        self._tell = tell

    def started(
        self, evse: Evse, trigger: TriggerReason, samples: Sequence[SampledValue], at: datetime
    ) -> None:
        """Reports that a transaction has begun.

        Args:
            evse: where, with the transaction.
            trigger: why.
            samples: what the meter shows.
            at: when.
        """
        transaction = evse.transaction_required()
        remote_start_id = evse.remote_start_id
        context = ReadingContext.TRANSACTION_BEGIN
        # E01.FR.09.
        values = self._meters.select(samples, SAMPLED_DATA_TX_STARTED_MEASURANDS, context, at)
        transaction.ended_values += self._meters.select(
            samples, SAMPLED_DATA_TX_ENDED_MEASURANDS, context, at
        )
        self.note_register(evse, samples, at)
        if transaction.last_register is None:
            # Without a transaction no energy flows.
            transaction.last_register = self._meters.last_register(evse.evse_id)
        transaction.first_register = transaction.last_register
        self._add_report(evse, TransactionEventType.STARTED, trigger, at, values=values)
        self._tell(
            TransactionBegan(
                evse_id=evse.evse_id,
                transaction_id=transaction.transaction_id,
                at=at,
                energy_since=transaction.energy_since,
                remote_start_id=remote_start_id,
            )
        )

    def updated(
        self,
        evse: Evse,
        trigger: TriggerReason,
        at: datetime,
        *,
        values: tuple[MeterValue, ...] = (),
        id_token: IdToken | None = None,
        limit: TransactionLimit | None = None,
    ) -> None:
        """Reports a change in a transaction, or meter values.

        Args:
            evse: where, with the transaction.
            trigger: why.
            at: when.
            values: what the meter shows.
            id_token: the token that was presented to stop.
            limit: what limits the transaction, if that has changed.
        """
        kind = TransactionEventType.UPDATED
        self._add_report(evse, kind, trigger, at, values=values, id_token=id_token, limit=limit)

    def ended(
        self,
        evse: Evse,
        trigger: TriggerReason,
        reason: str,
        samples: Sequence[SampledValue],
        at: datetime,
        *,
        id_token: IdToken | None = None,
    ) -> None:
        """Reports that a transaction has ended.

        Args:
            evse: where, still with the transaction.
            trigger: why.
            reason: why it was stopped.
            samples: what the meter shows.
            at: when.
            id_token: the token that was presented to stop.
        """
        transaction = evse.transaction_required()
        self.note_register(evse, samples, at)
        # E06.FR.11.
        last = self._meters.select(
            samples, SAMPLED_DATA_TX_ENDED_MEASURANDS, ReadingContext.TRANSACTION_END, at
        )
        self._add_report(
            evse,
            TransactionEventType.ENDED,
            trigger,
            at,
            values=(*transaction.ended_values, *last),
            reason=reason,
            id_token=id_token,
        )
        self._tell(
            TransactionEnded(
                evse_id=evse.evse_id,
                transaction_id=transaction.transaction_id,
                at=at,
                stopped_reason=reason,
                energy=transaction.energy,
            )
        )

    def keep_for_end(self, evse: Evse, values: tuple[MeterValue, ...]) -> None:
        """Keeps meter values for the report of the end; drops others if they become too many.

        Args:
            evse: where, with the transaction.
            values: what the meter shows.
        """
        kept = evse.transaction_required().ended_values
        kept += values
        most = self._model.get(STOP_TRANSACTION_MAX_METER_VALUES, _MOST_ENDED_VALUES)
        if len(kept) >= max(most, _LEAST_ENDED_VALUES):
            # QUE-10, TX6-09: the first, third, fifth ... between the beginning and the end.
            del kept[1::2]

    def note_register(self, evse: Evse, samples: Sequence[SampledValue], at: datetime) -> None:
        """Notes the value of the energy register in a transaction.

        Args:
            evse: where, with the transaction.
            samples: what the meter shows.
            at: when.
        """
        transaction, register = evse.transaction_required(), register_of(samples)
        if register is None:
            return
        before = transaction.last_register
        if before is not None and register < before:
            # MET-11: the transaction goes on with the readings as they are.
            self._tell(
                MeterWentBack(
                    evse_id=evse.evse_id,
                    transaction_id=transaction.transaction_id,
                    at=at,
                    before=before,
                    after=register,
                )
            )
        transaction.last_register = register

    def _add_report(
        self,
        evse: Evse,
        kind: TransactionEventType,
        trigger: TriggerReason,
        at: datetime,
        *,
        values: tuple[MeterValue, ...] = (),
        reason: str | None = None,
        id_token: IdToken | None = None,
        limit: TransactionLimit | None = None,
    ) -> None:
        transaction, state = evse.transaction_required(), evse.state
        # TEV-07: told once.
        tells_evse = state.connected and not transaction.has_told_evse
        tells_token = id_token is None and state.authorized and not transaction.has_told_token
        if tells_token and evse.is_remote:
            # F01.FR.25.
            trigger = TriggerReason.REMOTE_START
        phases = evse.phases if evse.phases != transaction.phases else None
        names_evse = tells_evse or self._rules.repeats_evse
        was_read = kind is not TransactionEventType.UPDATED
        register = transaction.last_register if was_read else None
        self._report(
            TransactionReport(
                event_type=kind,
                transaction_id=transaction.transaction_id,
                seq_no=transaction.next_seq_no,
                timestamp=at,
                trigger_reason=trigger,
                charging_state=state.charging_state,
                stopped_reason=reason,
                evse_id=evse.evse_id if names_evse else None,
                connector_id=state.connector_id if tells_evse else None,
                id_token=state.id_token if tells_token else id_token,
                remote_start_id=evse.remote_start_id if tells_token else None,
                reservation_id=evse.reservation_id if tells_token else None,
                number_of_phases_used=phases,
                register=register,
                transaction_limit=limit,
                meter_values=values,
            )
        )
        transaction.next_seq_no += 1
        transaction.phases = evse.phases
        transaction.has_told_evse |= tells_evse
        if tells_token:
            transaction.has_told_token = True
            evse.is_remote, evse.remote_start_id, evse.reservation_id = False, None, None
