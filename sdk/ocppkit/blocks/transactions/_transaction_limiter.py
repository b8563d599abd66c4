"""Stops the energy of a transaction that has used up its cost, energy, time or charge. [E16]"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from ocppkit.core import LocalProtocolError

from .._moment import Moment
from ._evse import Evse
from ._meter_reader import MeterReader
from ._meter_values import SampledValue
from ._open_transaction import OpenTransaction
from ._reporter import TransactionReporter
from ._sequencer import TransactionSequencer
from ._transaction_limit import TransactionLimit
from ._transaction_rules import TransactionRules
from ._words import StoppedReason, SuspendedBy, TriggerReason, TxPoint

__all__ = ["TransactionLimiter"]

_METER_CHECK: Final = 5.0
"""Seconds between two looks at the meter while energy or charge is limited."""

_STATE_OF_CHARGE: Final = "SoC"


class _Reached(NamedTuple):
    trigger: TriggerReason
    reason: StoppedReason


_COST: Final = _Reached(TriggerReason.COST_LIMIT_REACHED, StoppedReason.LOCAL_OUT_OF_CREDIT)
_ENERGY: Final = _Reached(TriggerReason.ENERGY_LIMIT_REACHED, StoppedReason.ENERGY_LIMIT_REACHED)
_TIME: Final = _Reached(TriggerReason.TIME_LIMIT_REACHED, StoppedReason.TIME_LIMIT_REACHED)
_CHARGE: Final = _Reached(TriggerReason.SOC_LIMIT_REACHED, StoppedReason.SOC_LIMIT_REACHED)


class TransactionLimiter:
    """Limits the transactions of one station, as its drivers and the CSMS want."""

    def __init__(
        self,
        rules: TransactionRules,
        meters: MeterReader,
        reporter: TransactionReporter,
        sequencer: TransactionSequencer,
        *,
        touch: Callable[[Moment], None],
    ) -> None:
        """Begins without limits.

        Args:
            rules: in what the version differs.
            meters: reads the meters.
            reporter: confirms limits.
            sequencer: stops the energy.
            touch: called when what must be kept of transactions has changed.
        """
        self._rules = rules
        self._meters = meters
        self._reporter = reporter
        self._sequencer = sequencer
        self._touch = touch

    def set(self, evse: Evse, limit: TransactionLimit, now: Moment, *, by_csms: bool) -> None:
        """Limits the transaction of an EVSE.

        Args:
            evse: where, with the transaction.
            limit: the limit, in place of the one that the same side has set.
            now: the present moment.
            by_csms: whether the CSMS has set it, whose limit goes before one of the station.
        """
        transaction = evse.transaction_required()
        if limit == (transaction.csms_limit if by_csms else transaction.own_limit):
            return
        before = transaction.limit
        if by_csms:
            transaction.csms_limit = limit
        else:
            transaction.own_limit = limit
        self._touch(now)
        if transaction.limit == before:
            return
        if self._rules.confirms_limits:
            # TEV-24: once.
            self._reporter.updated(evse, TriggerReason.LIMIT_SET, now.wall, limit=transaction.limit)
        self.check(evse, now)

    def set_own(self, evse: Evse, limit: TransactionLimit, now: Moment) -> None:
        """Limits the transaction of an EVSE, as its driver wants.

        Raises:
            LocalProtocolError: there is none.
        """
        if evse.transaction is None:
            raise LocalProtocolError(
                f"EVSE {evse.evse_id} has no transaction [limit it when it has begun]"
            )
        self.set(evse, limit, now, by_csms=False)

    def set_cost(self, evse: Evse, cost: float, now: Moment) -> None:
        """Notes what the transaction of an EVSE has cost so far, as the CSMS says."""
        transaction = evse.transaction_required()
        if transaction.cost != cost:
            transaction.cost = cost
            self._touch(now)
            self.check(evse, now)

    def check(self, evse: Evse, now: Moment) -> None:
        """Stops the energy of a transaction whose limit is reached, or lets it flow again.

        Args:
            evse: where.
            now: the present moment.
        """
        transaction = evse.transaction
        if transaction is None or not (transaction.has_limit or evse.state.limit_reached):
            evse.limit_check = None
            return
        # Also if the meter raises.
        evse.limit_check = now.monotonic + _METER_CHECK
        reached = self._reached(evse, transaction, now)
        evse.limit_check = None if reached else self._next_check(evse, transaction.limit, now)
        if reached is not None and not evse.state.limit_reached:
            self._stop(evse, transaction, reached, now)
        elif reached is None and evse.state.limit_reached:
            # TEV-24: a higher limit lets it go on.
            after = replace(evse.state, limit_reached=False, suspended_by=None)
            self._sequencer.change(evse, after, TriggerReason.CHARGING_STATE_CHANGED, now)

    def _stop(
        self, evse: Evse, transaction: OpenTransaction, reached: _Reached, now: Moment
    ) -> None:
        after = replace(
            evse.state, limit_reached=True, energy_flows=False, suspended_by=SuspendedBy.EVSE
        )
        if TxPoint.ENERGY_TRANSFER in transaction.stop_points:
            # It ends, and another one must not begin by itself.
            after = replace(after, authorized=False)
        self._sequencer.change(evse, after, reached.trigger, now, reason=reached.reason)

    def _reached(self, evse: Evse, transaction: OpenTransaction, now: Moment) -> _Reached | None:
        limit = transaction.limit
        samples: Sequence[SampledValue] = ()
        if limit.needs_meter:
            samples = self._meters.read(evse.evse_id)
            self._reporter.note_register(evse, samples, now.wall)
        pairs = (
            (_COST, transaction.cost, limit.max_cost),
            (_ENERGY, transaction.energy, limit.max_energy),
            (_TIME, now.monotonic - evse.began, limit.max_time),
            (_CHARGE, _state_of_charge(samples), limit.max_soc),
        )
        for reached, used, most in pairs:
            if used is not None and most is not None and used >= most:
                return reached
        return None

    def _next_check(self, evse: Evse, limit: TransactionLimit, now: Moment) -> float | None:
        dues = (
            now.monotonic + _METER_CHECK if limit.needs_meter else None,
            None if limit.max_time is None else evse.began + limit.max_time,
        )
        return min((each for each in dues if each is not None), default=None)


def _state_of_charge(samples: Iterable[SampledValue]) -> float | None:
    charges = (each.value for each in samples if each.measurand == _STATE_OF_CHARGE)
    return next((each for each in charges if each is not None), None)
