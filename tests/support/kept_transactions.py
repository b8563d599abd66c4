"""Checks that a CSMS knows the same about transactions as the store of the station."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from ocppkit.blocks import Report, dialect_of
from ocppkit.blocks.transactions import (
    TransactionClosed,
    TransactionLedger,
    TransactionRecord,
    TransactionReport,
)
from ocppkit.core import OFF, Protocol, decode_payload
from ocppkit.station import Stored
from support.memory_store import MemoryStore

__all__ = ["KeptTransactions"]


class _Bill(Struct, frozen=True, order=True):
    """What must be equal in the store of the station and in the ledger of the CSMS."""

    evse_id: int | None
    card: str | None
    started_at: str
    ended_at: str
    energy_from: float | None
    energy_to: float | None
    stopped_reason: str | None


class KeptTransactions:
    """Compares the transactions in the store of a station with those in the ledger of the CSMS."""

    def __init__(self, protocol: Protocol, identity: str) -> None:
        self._protocol = protocol
        self._identity = identity
        self._report_of = dialect_of(protocol).report_of
        self._ledger = TransactionLedger()
        self._closed: list[TransactionRecord] = []
        self._up_to = 0
        self._owners: dict[float, str] = {}
        """By what the meter showed, the transaction; it never shows the same twice."""

        self._received: list[tuple[str, TransactionReport]] = []

    def note_kept(self, store: MemoryStore) -> None:
        """Notes what a store has kept since it was last looked at."""
        for stored in store.waiting.values():
            if stored.seq > self._up_to:
                self._up_to = stored.seq
                report = self._report(stored)
                if isinstance(report, TransactionReport):
                    self._note_transaction(report)

    def note_received(self, report: Report[Any], ledger: TransactionLedger) -> None:
        """Notes what the CSMS has received, and of which transaction it takes it to be."""
        if isinstance(report, TransactionReport):
            name = report.transaction_id
            if name is None:
                name = str(ledger.number(self._identity, report))
            self._received.append((name, report))

    def faults(
        self, closed: Iterable[TransactionRecord], begun: Iterable[str] = ()
    ) -> Iterator[str]:
        """Says what the CSMS knows otherwise.

        Args:
            closed: the complete transactions of this station, as the CSMS knows them.
            begun: the ids of the transactions that the station has told its program as begun.
        """
        for record in self._ledger:
            yield f"not kept as a whole: {record}"
        for record in self._closed:
            if record.duplicates:
                yield f"a sequence number was given twice: {record}"
        known = {record.transaction_id for record in self._closed}
        if not set(begun) <= known:
            yield f"told as begun, never kept: {set(begun) - known}"
        theirs, ours = sorted(map(_bill, closed)), sorted(map(_bill, self._closed))
        if theirs != ours:
            yield f"the CSMS bills {theirs}, the station has kept {ours}"
        yield from self._numbering_faults()

    def _note_transaction(self, report: TransactionReport) -> None:
        assert report.transaction_id is not None
        for reading in report.readings:
            self._owners[reading.register] = report.transaction_id
        for event in self._ledger.add_report(self._identity, report):
            if isinstance(event, TransactionClosed):
                self._closed.append(event.record)

    def _report(self, stored: Stored) -> Report[Any]:
        entry = stored.entry
        request: Any = self._protocol.actions[entry.action].request
        mapping = self._report_of[request]
        read = mapping.read_request(decode_payload(request, entry.payload, policy=OFF))
        return read.with_journal_note(entry.note)

    def _numbering_faults(self) -> Iterator[str]:
        names = {
            (name, self._owners.get(reading.register))
            for name, report in self._received
            for reading in report.readings
        }
        for position, what in enumerate(("the CSMS's name", "the station's id")):
            counted = Counter(pair[position] for pair in names)
            for name, times in counted.items():
                if times > 1:
                    yield f"{what} {name} stands for {times} transactions: {sorted(map(str, names))}"


def _bill(record: TransactionRecord) -> _Bill:
    first, last = record.first_reading, record.last_reading
    return _Bill(
        evse_id=record.evse_id,
        card=None if record.id_token is None else record.id_token.id_token,
        started_at=str(record.started_at),
        ended_at=str(record.ended_at),
        energy_from=None if first is None else first.register,
        energy_to=None if last is None else last.register,
        stopped_reason=record.stopped_reason,
    )
