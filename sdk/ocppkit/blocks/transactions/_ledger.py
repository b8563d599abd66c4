"""The transactions of all stations of a CSMS: which are open, which are complete, and which reports
are missing.

Theory of operation: messages about a transaction may arrive late, twice, in any order or never. Each
report is entered once, by its sequence number. A transaction is complete when its beginning,
its end and all between have arrived (TEV-03); then it is told as closed, once. What is known of a
transaction never depends on the order of arrival: readings count by where they were taken, at the
beginning, in between or at the end, then by their own times.

Transactions are kept by station, so no station can end those of another.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from .._kept_state import KeptState, restored
from ._id_tokens import IdToken
from ._meter_values import EnergyReading, energy_register
from ._number_ranges import Ranges, gaps, holds, with_number
from ._reports import TransactionReport
from ._words import ReadingContext, TransactionEventType

__all__ = [
    "LedgerEvent",
    "TransactionClosed",
    "TransactionLedger",
    "TransactionOpened",
    "TransactionRecord",
    "TransactionUnmatched",
    "TransactionUpdated",
]

T = TypeVar("T")

_AT_BEGIN, _BETWEEN, _AT_END = range(3)
"""Where in a transaction the meter was read."""

_OF_EVENTS: Final = {
    TransactionEventType.STARTED: _AT_BEGIN,
    TransactionEventType.ENDED: _AT_END,
}
_OF_CONTEXTS: Final[Mapping[str | None, int]] = {
    ReadingContext.TRANSACTION_BEGIN: _AT_BEGIN,
    ReadingContext.TRANSACTION_END: _AT_END,
}

_NO_NUMBER: Final = "-1"
"""The number in 1.6 of a transaction whose StartTransaction was never answered. # TX6-04"""


class TransactionRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is known about one transaction."""

    station: str
    transaction_id: str
    evse_id: int | None = None
    connector_id: int | None = None
    id_token: IdToken | None = None
    """The token of the earliest report that has one: that by which it was authorized."""

    started_at: datetime | None = None
    ended_at: datetime | None = None
    charging_state: str | None = None
    stopped_reason: str | None = None
    remote_start_id: int | None = None
    reservation_id: int | None = None
    first_reading: EnergyReading | None = None
    last_reading: EnergyReading | None = None
    first_from: int = _BETWEEN
    """Where the first reading was taken: 0 at the beginning, 1 in between, 2 at the end."""

    last_from: int = _BETWEEN
    """Where the last reading was taken."""

    was_offline: bool = False
    """Whether a part of it happened while the station was offline."""

    duplicates: int = 0
    """How many reports arrived again."""

    seen: Ranges = ()
    """The sequence numbers of the reports that have arrived, as first and last of each range."""

    newest: int = -1
    """The place of the latest report that has arrived; see `_position_of`."""

    token_from: int | None = None
    """The place of the report that told the token."""

    state_from: int | None = None
    """The place of the report that told the charging state."""

    @property
    def energy(self) -> float | None:
        """The energy in Wh from the first reading to the last; below 0 if the meter was set back or
        replaced.
        """
        if self.first_reading is None or self.last_reading is None:
            return None
        return self.last_reading.register - self.first_reading.register

    @property
    def missing(self) -> Sequence[range]:
        """The sequence numbers of missing reports, between the first and the last one that have
        arrived.
        """
        return gaps(self.seen)

    @property
    def is_complete(self) -> bool:
        """Whether all reports from the beginning to the end have arrived."""
        return self.started_at is not None and self.ended_at is not None and not self.missing


class TransactionOpened(Struct, frozen=True):
    """Event: the first report of a transaction has arrived. It need not be the one of the
    beginning.
    """

    record: TransactionRecord


class TransactionUpdated(Struct, frozen=True, kw_only=True):
    """Event: another report of a transaction has arrived."""

    record: TransactionRecord
    report: TransactionReport
    late: bool
    """Whether later ones had arrived before: it tells nothing about how the transaction is now."""


class TransactionClosed(Struct, frozen=True):
    """Event: a transaction is complete. Told once."""

    record: TransactionRecord


class TransactionUnmatched(Struct, frozen=True, kw_only=True):
    """Event: a report cannot be assigned to a transaction for certain, so a person must look at it.
    # TX6-04
    """

    station: str
    report: TransactionReport


LedgerEvent: TypeAlias = (
    TransactionOpened | TransactionUpdated | TransactionClosed | TransactionUnmatched
)


class _Start(Struct, frozen=True):
    """What distinguishes a StartTransaction of OCPP 1.6 from others."""

    station: str
    evse_id: int | None
    id_token: IdToken | None
    timestamp: datetime
    reading: EnergyReading | None


class _NumberedStart(Struct, frozen=True):
    start: _Start
    number: int


class _KeptLedger(KeptState, frozen=True):
    next_number: int
    records: list[TransactionRecord]
    closed: list[tuple[str, str]]
    numbers: list[_NumberedStart]


class TransactionLedger:
    """Joins reports to transactions, for a CSMS."""

    def __init__(self, *, first_number: int = 1, remembered: int = 10_000) -> None:
        """Starts without transactions.

        Args:
            first_number: the first number for transactions of 1.6.
            remembered: how many closed transactions, and how many numbers of 1.6, are kept, so that what
                arrives again is known.
        """
        self._next_number = first_number
        self._remembered = remembered
        self._records: dict[tuple[str, str], TransactionRecord] = {}
        self._closed: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._numbers: OrderedDict[_Start, int] = OrderedDict()

    def __iter__(self) -> Iterator[TransactionRecord]:
        """Iterates over the transactions that are not complete."""
        return iter(tuple(self._records.values()))

    def get(self, station: str, transaction_id: str) -> TransactionRecord | None:
        """Returns a transaction that is not complete, or `None`."""
        return self._records.get((station, transaction_id))

    def of_station(self, station: str) -> Sequence[TransactionRecord]:
        """Returns the transactions of a station that are not complete."""
        return [each for each in self._records.values() if each.station == station]

    def number(self, station: str, report: TransactionReport) -> int:
        """Returns the transaction number for the response to a StartTransaction of OCPP 1.6.

        One that arrives again gets the same number. # TX6-02
        """
        start = _start_key(station, report)
        number = self._numbers.get(start)
        if number is None:
            number = self._numbers[start] = self._next_number
            self._next_number += 1
            if len(self._numbers) > self._remembered:
                self._numbers.popitem(last=False)
        return number

    def add_report(self, station: str, report: TransactionReport) -> Sequence[LedgerEvent]:
        """Adds a report to its transaction, and returns the events that follow.

        Args:
            station: the identity of the station that sent it.
            report: what it says.

        Raises:
            ValueError: the report has no transaction id, and begins no transaction.
        """
        name = report.transaction_id
        if name == _NO_NUMBER:
            return [TransactionUnmatched(station=station, report=report)]
        if name is None:
            if report.event_type is not TransactionEventType.STARTED:
                raise ValueError(
                    "a report that does not begin a transaction must have a transaction id"
                )
            name = str(self.number(station, report))
        key = station, name
        if key in self._closed:
            return []
        record = self._records.get(key)
        events: list[LedgerEvent] = []
        if record is None:
            record = _with_report(TransactionRecord(station=station, transaction_id=name), report)
            events.append(TransactionOpened(record))
        elif _was_entered(record, report):
            self._records[key] = replace(record, duplicates=record.duplicates + 1)
            return []
        else:
            late = _position_of(report) < record.newest
            record = _with_report(record, report)
            events.append(TransactionUpdated(record=record, report=report, late=late))
        self._records[key] = record
        if record.is_complete:
            events.append(TransactionClosed(record))
            self._close_transaction(key)
        return events

    def give_up(self, station: str, transaction_id: str) -> TransactionRecord | None:
        """Removes a transaction that will not become complete, and returns its record."""
        record = self._records.get((station, transaction_id))
        if record is not None:
            self._close_transaction((station, transaction_id))
        return record

    def state(self) -> bytes:
        """Returns all that must be kept over a restart."""
        kept = _KeptLedger(
            next_number=self._next_number,
            records=list(self._records.values()),
            closed=list(self._closed),
            numbers=[_NumberedStart(start, number) for start, number in self._numbers.items()],
        )
        return msgspec.json.encode(kept)

    def restore(self, state: bytes) -> None:
        """Restores the stored state.

        Raises:
            ValueError: the state is torn, of another program, or of a later format; nothing changes.
        """
        kept = restored(_KeptLedger, state, "a ledger of transactions")
        self._next_number = kept.next_number
        self._records = {(each.station, each.transaction_id): each for each in kept.records}
        self._closed = OrderedDict.fromkeys(kept.closed)
        self._numbers = OrderedDict((each.start, each.number) for each in kept.numbers)

    def _close_transaction(self, key: tuple[str, str]) -> None:
        del self._records[key]
        self._closed[key] = None
        if len(self._closed) > self._remembered:
            self._closed.popitem(last=False)


def _start_key(station: str, report: TransactionReport) -> _Start:
    reading = report.readings[0] if report.readings else None
    return _Start(station, report.evse_id, report.id_token, report.timestamp, reading)


def _was_entered(record: TransactionRecord, report: TransactionReport) -> bool:
    """Returns whether a report has arrived before."""
    if report.seq_no is not None:
        return holds(record.seen, report.seq_no)
    if report.event_type is TransactionEventType.STARTED:
        return record.started_at is not None
    # Meter values of 1.6 cannot be told apart, and to enter them twice changes nothing.
    return report.event_type is TransactionEventType.ENDED and record.ended_at is not None


def _position_of(report: TransactionReport) -> int:
    """Returns the position of a report in its transaction. OCPP 1.6 has only beginning, middle and
    end.
    """
    if report.seq_no is not None:
        return report.seq_no
    return list(TransactionEventType).index(report.event_type)


def _with_report(record: TransactionRecord, report: TransactionReport) -> TransactionRecord:
    """Returns a record with the content of a report added."""
    place = _position_of(report)
    readings = [*_placed_readings(report)]
    if record.first_reading is not None and record.last_reading is not None:
        readings.append((record.first_from, record.first_reading))
        readings.append((record.last_from, record.last_reading))
    first_from, first_reading = min(readings, default=(_BETWEEN, None))
    last_from, last_reading = max(readings, default=(_BETWEEN, None))
    begins = report.event_type is TransactionEventType.STARTED
    ends = report.event_type is TransactionEventType.ENDED
    tells_token = report.id_token is not None and (
        record.token_from is None or place < record.token_from
    )
    tells_state = report.charging_state is not None and (
        record.state_from is None or place > record.state_from
    )
    return TransactionRecord(
        station=record.station,
        transaction_id=record.transaction_id,
        evse_id=_first_known(record.evse_id, report.evse_id),
        connector_id=_first_known(record.connector_id, report.connector_id),
        id_token=report.id_token if tells_token else record.id_token,
        token_from=place if tells_token else record.token_from,
        started_at=report.timestamp if begins else record.started_at,
        ended_at=report.timestamp if ends else record.ended_at,
        charging_state=report.charging_state if tells_state else record.charging_state,
        state_from=place if tells_state else record.state_from,
        stopped_reason=_first_known(record.stopped_reason, report.stopped_reason),
        remote_start_id=_first_known(record.remote_start_id, report.remote_start_id),
        reservation_id=_first_known(record.reservation_id, report.reservation_id),
        first_reading=first_reading,
        last_reading=last_reading,
        first_from=first_from,
        last_from=last_from,
        was_offline=record.was_offline or report.offline,
        duplicates=record.duplicates,
        seen=record.seen if report.seq_no is None else with_number(record.seen, report.seq_no),
        newest=max(record.newest, place),
    )


def _placed_readings(report: TransactionReport) -> Iterator[tuple[int, EnergyReading]]:
    """Yields the readings with the position of their reports, as times can go back when a station's
    clock is set.
    """
    of_event = _OF_EVENTS.get(report.event_type, _BETWEEN)
    if report.register is not None:
        yield of_event, EnergyReading(report.timestamp, report.register)
    begins = report.event_type is TransactionEventType.STARTED
    for each in report.meter_values:
        for value in each.sampled_value:
            register = energy_register(value)
            if register is not None:
                # The end may tell samples of all the time before.
                place = _AT_BEGIN if begins else _OF_CONTEXTS.get(value.context, _BETWEEN)
                yield place, EnergyReading(each.timestamp, register)


def _first_known(one: T | None, other: T | None) -> T | None:
    """Returns the first value that is not `None`."""
    return other if one is None else one
