"""Reads meters at regular times: during a transaction, and aligned to the clock.

Theory of operation: each interval is looked at anew whenever time has passed, and tells by calculation
which moment was due last. If that is later than the moment that was reported last, the meter is read.
So samples do not drift, an interval may be changed at any time, and moments that have been missed
are left out, as nobody can read a meter in the past.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from ocppkit.core import IntegerKey, ListKey

from .._moment import Moment
from ..variables import (
    ALIGNED_DATA_ENABLED,
    ALIGNED_DATA_INTERVAL,
    ALIGNED_DATA_MEASURANDS,
    ALIGNED_DATA_SEND_DURING_IDLE,
    ALIGNED_DATA_TX_ENDED_INTERVAL,
    ALIGNED_DATA_TX_ENDED_MEASURANDS,
    SAMPLED_DATA_ENABLED,
    SAMPLED_DATA_TX_ENDED_INTERVAL,
    SAMPLED_DATA_TX_ENDED_MEASURANDS,
    SAMPLED_DATA_TX_UPDATED_INTERVAL,
    SAMPLED_DATA_TX_UPDATED_MEASURANDS,
    DeviceModel,
)
from ._evse import Evse
from ._meter_reader import MeterReader
from ._reporter import TransactionReporter
from ._reports import MeterValuesReport
from ._sample_times import latest_aligned, latest_periodic, next_aligned
from ._transaction_rules import TransactionRules
from ._words import ReadingContext, TriggerReason

__all__ = ["Metering"]

_MOST_LATE: Final = 10.0
"""Seconds after which a moment counts as missed."""


class Metering:
    """Reads the meters of one station at regular times."""

    def __init__(
        self,
        evses: Mapping[int, Evse],
        model: DeviceModel,
        rules: TransactionRules,
        meters: MeterReader,
        reporter: TransactionReporter,
        *,
        report: Callable[[MeterValuesReport], None],
        has_main_meter: bool,
    ) -> None:
        """Creates an object that reads nothing until `begin` is called.

        Args:
            evses: the EVSEs.
            model: the settings.
            rules: in what the version differs.
            meters: reads the meters.
            reporter: reports what belongs to transactions.
            report: takes a report of what does not.
            has_main_meter: whether there is a meter for all EVSEs together.
        """
        self._evses = evses
        self._model = model
        self._rules = rules
        self._meters = meters
        self._reporter = reporter
        self._report = report
        self._has_main_meter = has_main_meter
        self._aligned: datetime | None = None
        self._aligned_ended: datetime | None = None

    def begin(self, now: Moment) -> None:
        """Starts the intervals of clock-aligned readings anew at this time. Called at the start, and
        when the clock was set.
        """
        self._aligned = self._aligned_ended = now.wall

    def next_deadline(self, now: Moment) -> float | None:
        """Returns the time of the next reading, on the monotonic clock."""
        return min(self._deadlines(now), default=None)

    def handle_timeout(self, now: Moment) -> bool:
        """Takes the readings that are due; returns whether one of them was in a transaction."""
        changed = False
        for evse in self._evses.values():
            if evse.transaction is not None:
                changed |= self._sample(evse, now)
        if self._aligned is not None and self._aligned_ended is not None:
            changed |= self._sample_aligned(self._aligned, now)
            changed |= self._sample_aligned_ended(self._aligned_ended, now)
        return changed

    def trigger_transaction(self, evse: Evse, now: Moment) -> None:
        """Reports the meter values of a transaction at the request of the CSMS. # F06.FR.07"""
        key = SAMPLED_DATA_TX_UPDATED_MEASURANDS
        samples, context = self._meters.read(evse.evse_id), ReadingContext.TRIGGER
        values = self._meters.select(samples, key, context, now.wall)
        self._reporter.note_register(evse, samples, now.wall)
        self._reporter.updated(evse, TriggerReason.TRIGGER, now.wall, values=values)

    def trigger_meter_values(self, evse_id: int, now: Moment) -> bool:
        """Reports meter values as the CSMS asks; returns whether there are any. # F06.FR.06"""
        evse = self._evses.get(evse_id)
        # MET-13, MET-03.
        in_transaction = self._rules.samples_in_meter_values
        if in_transaction and evse is not None and evse.transaction is not None:
            self.trigger_transaction(evse, now)
            return True
        key = SAMPLED_DATA_TX_UPDATED_MEASURANDS if in_transaction else ALIGNED_DATA_MEASURANDS
        return self._report_values(evse_id, key, ReadingContext.TRIGGER, now.wall)

    def meters(self) -> Iterator[int]:
        """Yields the numbers of all meters; 0 is the meter for all EVSEs together, if there is one."""
        if self._has_main_meter:
            yield 0
        yield from self._evses

    def _deadlines(self, now: Moment) -> Iterator[float]:
        for evse in self._evses.values():
            if evse.transaction is not None:
                updated, ended = self._updated_interval(), self._ended_interval()
                if updated > 0:
                    yield latest_periodic(evse.began, updated, evse.last_sample) + updated
                if ended > 0:
                    yield latest_periodic(evse.began, ended, evse.last_ended_sample) + ended
        interval = self._aligned_interval(ALIGNED_DATA_INTERVAL)
        if self._aligned is not None and interval > 0:
            yield now.due_at(next_aligned(interval, self._aligned))
        interval = self._aligned_ended_interval()
        has_transaction = any(evse.transaction is not None for evse in self._evses.values())
        if self._aligned_ended is not None and interval > 0 and has_transaction:
            yield now.due_at(next_aligned(interval, self._aligned_ended))

    def _sample(self, evse: Evse, now: Moment) -> bool:
        """Reads the meter of a transaction, if that is due. # J02.FR.11"""
        updated, ended = self._updated_interval(), self._ended_interval()
        due = _latest_due(evse.began, updated, evse.last_sample, now)
        ended_due = _latest_due(evse.began, ended, evse.last_ended_sample, now)
        is_due = _is_new(due, evse.last_sample, now)
        is_ended_due = _is_new(ended_due, evse.last_ended_sample, now)
        evse.last_sample, evse.last_ended_sample = due, ended_due
        if not is_due and not is_ended_due:
            return False
        samples, context = self._meters.read(evse.evse_id), ReadingContext.SAMPLE_PERIODIC
        if is_ended_due:
            at = now.after(ended_due - now.monotonic).wall
            key = SAMPLED_DATA_TX_ENDED_MEASURANDS
            self._reporter.keep_for_end(evse, self._meters.select(samples, key, context, at))
        if is_due:
            at = now.after(due - now.monotonic).wall
            self._reporter.note_register(evse, samples, at)
            key = SAMPLED_DATA_TX_UPDATED_MEASURANDS
            values = self._meters.select(samples, key, context, at)
            if values:
                trigger = TriggerReason.METER_VALUE_PERIODIC
                self._reporter.updated(evse, trigger, at, values=values)
        return True

    def _sample_aligned(self, last: datetime, now: Moment) -> bool:
        """Reads all meters, if an aligned reading is due. # J01"""
        interval = self._aligned_interval(ALIGNED_DATA_INTERVAL)
        self._aligned = due = latest_aligned(interval, now.wall) if interval > 0 else last
        if due <= last or -now.seconds_until(due) > _MOST_LATE:
            return False
        changed = False
        busy = {evse.evse_id for evse in self._evses.values() if evse.transaction is not None}
        # J01.FR.20: the whole station counts as busy for its main meter.
        is_silent = bool(busy) and self._model.get(ALIGNED_DATA_SEND_DURING_IDLE, False)
        for evse_id in self.meters():
            if is_silent and (evse_id in busy or evse_id == 0):
                continue
            if evse_id in busy:
                changed |= self._update_aligned(self._evses[evse_id], due)
            else:
                key = ALIGNED_DATA_MEASURANDS
                self._report_values(evse_id, key, ReadingContext.SAMPLE_CLOCK, due)
        return changed

    def _update_aligned(self, evse: Evse, at: datetime) -> bool:
        samples, context = self._meters.read(evse.evse_id), ReadingContext.SAMPLE_CLOCK
        self._reporter.note_register(evse, samples, at)
        values = self._meters.select(samples, ALIGNED_DATA_MEASURANDS, context, at)
        if values:
            # MET-07.
            self._reporter.updated(evse, TriggerReason.METER_VALUE_CLOCK, at, values=values)
        return True

    def _sample_aligned_ended(self, last: datetime, now: Moment) -> bool:
        """Reads the meters of transactions for the reports of their ends, if an aligned reading is
        due.
        """
        interval = self._aligned_ended_interval()
        self._aligned_ended = due = latest_aligned(interval, now.wall) if interval > 0 else last
        if due <= last or -now.seconds_until(due) > _MOST_LATE:
            return False
        key, context = ALIGNED_DATA_TX_ENDED_MEASURANDS, ReadingContext.SAMPLE_CLOCK
        busy = [
            evse
            for evse in self._evses.values()
            if evse.transaction is not None and evse.transaction.started_at < due
        ]
        for evse in busy:
            samples = self._meters.read(evse.evse_id)
            values = self._meters.select(samples, key, context, due)
            self._reporter.keep_for_end(evse, values)
        return bool(busy)

    def _report_values(
        self, evse_id: int, measurands: ListKey, context: ReadingContext, at: datetime
    ) -> bool:
        values = self._meters.select(self._meters.read(evse_id), measurands, context, at)
        if values:
            self._report(MeterValuesReport(evse_id=evse_id, meter_values=values))
        return bool(values)

    def _updated_interval(self) -> int:
        return self._sampled_interval(SAMPLED_DATA_TX_UPDATED_INTERVAL)

    def _ended_interval(self) -> int:
        both = self._rules.samples_in_meter_values
        key = SAMPLED_DATA_TX_UPDATED_INTERVAL if both else SAMPLED_DATA_TX_ENDED_INTERVAL
        return self._sampled_interval(key)

    def _sampled_interval(self, key: IntegerKey) -> int:
        return self._model.setting(key) if self._model.get(SAMPLED_DATA_ENABLED, True) else 0

    def _aligned_interval(self, key: IntegerKey) -> int:
        return self._model.setting(key) if self._model.get(ALIGNED_DATA_ENABLED, True) else 0

    def _aligned_ended_interval(self) -> int:
        both = self._rules.samples_in_meter_values
        return self._aligned_interval(
            ALIGNED_DATA_INTERVAL if both else ALIGNED_DATA_TX_ENDED_INTERVAL
        )


def _latest_due(began: float, interval: int, last: float, now: Moment) -> float:
    """Returns the latest time at which a reading was due; the known one if the interval is off."""
    return max(last, latest_periodic(began, interval, now.monotonic)) if interval > 0 else last


def _is_new(due: float, last: float, now: Moment) -> bool:
    return due > last and now.monotonic - due < _MOST_LATE
