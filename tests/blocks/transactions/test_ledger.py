"""The ledger of transactions: order, doubles, gaps, numbers of 1.6, and restarts."""

import itertools
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocppkit.blocks.transactions import (
    IdToken,
    LedgerEvent,
    MeterValue,
    SampledValue,
    TransactionClosed,
    TransactionEventType,
    TransactionLedger,
    TransactionOpened,
    TransactionRecord,
    TransactionReport,
    TransactionUnmatched,
    TransactionUpdated,
)

ZERO = datetime(2024, 1, 1, tzinfo=UTC)
CARD = IdToken("04E91C5A", "ISO14443")
STARTED, UPDATED, ENDED = TransactionEventType


def at(seconds: float) -> datetime:
    return ZERO + timedelta(seconds=seconds)


def shown(when: datetime, register: float) -> tuple[MeterValue, ...]:
    return (MeterValue(when, (SampledValue(register),)),)


def report(kind: TransactionEventType, seq_no: int | None, **more: Any) -> TransactionReport:
    seconds = 60 * (seq_no or 0)
    given: dict[str, Any] = {
        "event_type": kind,
        "transaction_id": "T1",
        "seq_no": seq_no,
        "timestamp": at(seconds),
    }
    return TransactionReport(**(given | more))


def session(count: int = 5) -> list[TransactionReport]:
    """Returns the reports of a transaction, with a reading in each."""
    kinds = [STARTED, *[UPDATED] * (count - 2), ENDED]
    states = ["EVConnected", *["Charging"] * (count - 2), "Idle"]
    return [
        report(
            kind,
            number,
            charging_state=state,
            id_token=CARD if kind is STARTED else None,
            evse_id=1 if kind is STARTED else None,
            stopped_reason="Local" if kind is ENDED else None,
            meter_values=shown(at(60 * number), 1000.0 + 10 * number),
        )
        for number, (kind, state) in enumerate(zip(kinds, states, strict=True))
    ]


def heard(
    ledger: TransactionLedger, reports: Sequence[TransactionReport], station: str = "CP001"
) -> list[LedgerEvent]:
    return [event for each in reports for event in ledger.add_report(station, each)]


def closed(events: Sequence[LedgerEvent]) -> list[TransactionRecord]:
    return [each.record for each in events if isinstance(each, TransactionClosed)]


def test_tev_03_a_transaction_in_order() -> None:
    ledger = TransactionLedger()
    events = heard(ledger, session(4))
    assert [type(each) for each in events] == [
        TransactionOpened,
        TransactionUpdated,
        TransactionUpdated,
        TransactionUpdated,
        TransactionClosed,
    ]
    (record,) = closed(events)
    assert record.is_complete
    assert (record.started_at, record.ended_at) == (at(0), at(180))
    assert (record.evse_id, record.id_token, record.stopped_reason) == (1, CARD, "Local")
    assert record.energy == 30.0
    assert list(ledger) == []


def test_tev_03_any_order_gives_the_same_record() -> None:
    wanted = closed(heard(TransactionLedger(), session()))
    for order in itertools.permutations(session()):
        ledger = TransactionLedger()
        events = heard(ledger, order)
        assert closed(events) == wanted
        assert list(ledger) == []


def test_any_order_gives_the_same_record_of_reports_that_say_little() -> None:
    other = IdToken("FFFFFFFF")
    reports = [
        report(STARTED, 0),
        report(UPDATED, 1, id_token=CARD, charging_state="EVConnected"),
        report(UPDATED, 2, charging_state="Charging"),
        report(UPDATED, 3),
        report(ENDED, 4, id_token=other),
    ]
    (wanted,) = closed(heard(TransactionLedger(), reports))
    assert (wanted.id_token, wanted.charging_state) == (CARD, "Charging")
    for order in itertools.permutations(reports):
        assert closed(heard(TransactionLedger(), order)) == [wanted]


@pytest.mark.parametrize("seed", range(100))
def test_doubles_and_losses(seed: int) -> None:
    chance = random.Random(seed)
    reports = session(12)
    lost = chance.sample(reports, chance.choice([0, 0, 1, 3]))
    sent = [each for each in reports if each not in lost]
    arriving = sent + chance.choices(sent, k=chance.randrange(6))
    chance.shuffle(arriving)
    ledger = TransactionLedger()
    done = closed(heard(ledger, arriving))
    if not lost:
        (record,) = done
        assert record.energy == 110.0
        assert list(ledger) == []
        return
    assert done == []
    (record,) = ledger
    places = {each.seq_no for each in lost}
    inner = {n for gap in record.missing for n in gap}
    present = [each.seq_no for each in sent if each.seq_no is not None]
    assert inner == {n for n in places if n is not None and min(present) < n < max(present)}
    assert heard(ledger, lost)
    assert list(ledger) == []


def test_a_report_that_arrives_again_is_counted_and_changes_nothing() -> None:
    ledger = TransactionLedger()
    first = session()[0]
    heard(ledger, [first])
    assert ledger.add_report("CP001", first) == []
    record = ledger.get("CP001", "T1")
    assert record is not None
    assert record.duplicates == 1
    (record,) = closed(heard(ledger, session()[1:]))
    assert ledger.add_report("CP001", session()[-1]) == []


def test_a_late_report_does_not_change_the_present_state() -> None:
    ledger = TransactionLedger()
    reports = session()
    heard(ledger, [reports[0], report(UPDATED, 3, charging_state="SuspendedEV")])
    (event,) = ledger.add_report("CP001", reports[1])
    assert isinstance(event, TransactionUpdated)
    assert event.late
    assert event.record.charging_state == "SuspendedEV"
    assert event.record.missing == [range(2, 3)]


def test_the_token_of_the_beginning_counts() -> None:
    reports = [report(ENDED, 1, id_token=IdToken("FFFFFFFF")), report(STARTED, 0, id_token=CARD)]
    (record,) = closed(heard(TransactionLedger(), reports))
    assert record.id_token == CARD


def test_a_reading_of_0_is_a_reading() -> None:
    reports = [
        report(STARTED, 0, meter_values=shown(at(0), 0.0), connector_id=0),
        report(ENDED, 1, meter_values=shown(at(60), 5.0)),
    ]
    (record,) = closed(heard(TransactionLedger(), reports))
    assert (record.energy, record.connector_id) == (5.0, 0)
    (record,) = closed(heard(TransactionLedger(), [report(STARTED, 0), report(ENDED, 1)]))
    assert record.energy is None


def contexts(*values: tuple[float, float, str]) -> tuple[MeterValue, ...]:
    return tuple(
        MeterValue(at(seconds), (SampledValue(register, context=context),))
        for seconds, register, context in values
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_a_clock_that_is_set_back_in_a_transaction_changes_no_bill(order: Sequence[int]) -> None:
    # It began offline with a clock that was two hours ahead, until a boot set it.
    begin, end = (7200.0, 100.0, "Transaction.Begin"), (600.0, 900.0, "Transaction.End")
    middle = [(7500.0, 300.0, "Sample.Periodic"), (300.0, 600.0, "Sample.Periodic")]
    reports = [
        report(STARTED, 0, meter_values=contexts(begin)),
        *(
            report(UPDATED, number, meter_values=contexts(each))
            for number, each in enumerate(middle, 1)
        ),
        report(ENDED, 3, meter_values=contexts(begin, *middle, end)),
    ]
    (record,) = closed(heard(TransactionLedger(), [reports[number] for number in order]))
    assert record.energy == 800.0


def test_a_clock_that_is_set_back_in_a_transaction_of_1_6_changes_no_bill() -> None:
    ledger = TransactionLedger()
    start = start_16(7200)
    ledger.add_report("CP001", start)
    name = str(ledger.number("CP001", start))
    middle = report(
        UPDATED,
        None,
        transaction_id=name,
        meter_values=contexts((300.0, 5000.0, "Sample.Periodic")),
    )
    end = report(ENDED, None, transaction_id=name, timestamp=at(600), register=9000.0)
    ledger.add_report("CP001", middle)
    (record,) = closed(ledger.add_report("CP001", end))
    assert record.energy == 8000.0


def test_what_happened_offline_is_noted() -> None:
    reports = [report(STARTED, 0, offline=True), report(ENDED, 1)]
    (record,) = closed(heard(TransactionLedger(), reports))
    assert record.was_offline


def test_a_wild_place_costs_nothing() -> None:
    ledger = TransactionLedger()
    heard(ledger, [report(STARTED, 0), report(UPDATED, 2_000_000_000)])
    (record,) = ledger
    assert record.missing == [range(1, 2_000_000_000)]


def test_stations_have_transactions_of_their_own() -> None:
    ledger = TransactionLedger()
    heard(ledger, session()[:2], "CP001")
    heard(ledger, session()[-1:], "CP002")
    assert [each.station for each in ledger] == ["CP001", "CP002"]
    assert [each.station for each in ledger.of_station("CP002")] == ["CP002"]
    record = ledger.get("CP001", "T1")
    assert record is not None
    assert record.ended_at is None


def start_16(seconds: int = 0, card: str = "04E91C5A") -> TransactionReport:
    return TransactionReport(
        event_type=STARTED,
        timestamp=at(seconds),
        evse_id=1,
        id_token=IdToken(card),
        meter_values=shown(at(seconds), 1000.0),
    )


def test_tx6_02_each_transaction_of_1_6_has_a_number_and_keeps_it() -> None:
    ledger = TransactionLedger(first_number=7)
    assert ledger.number("CP001", start_16()) == 7
    events = heard(ledger, [start_16()])
    assert isinstance(events[0], TransactionOpened)
    assert events[0].record.transaction_id == "7"
    assert ledger.number("CP001", start_16()) == 7
    assert ledger.add_report("CP001", start_16()) == []
    assert ledger.number("CP001", start_16(60)) == 8
    assert ledger.number("CP002", start_16()) == 9
    assert ledger.number("CP001", start_16(card="0000")) == 10


def test_a_transaction_of_1_6() -> None:
    ledger = TransactionLedger()
    values = report(UPDATED, None, transaction_id="1", meter_values=shown(at(60), 1040.0))
    stop = report(
        ENDED, None, transaction_id="1", timestamp=at(90), meter_values=shown(at(90), 1050.0)
    )
    events = heard(ledger, [start_16(), values, values, stop])
    (record,) = closed(events)
    assert record.energy == 50.0
    assert ledger.add_report("CP001", stop) == []


def test_the_end_in_1_6_arrives_before_the_meter_values() -> None:
    ledger = TransactionLedger()
    stop = report(ENDED, None, transaction_id="1", timestamp=at(90))
    assert closed(heard(ledger, [stop])) == []
    assert ledger.add_report("CP001", stop) == []
    (event,) = ledger.add_report("CP001", report(UPDATED, None, transaction_id="1"))
    assert isinstance(event, TransactionUpdated)
    assert event.late


def test_tx6_04_a_transaction_without_a_number_is_for_a_person() -> None:
    ledger = TransactionLedger()
    lost = report(ENDED, None, transaction_id="-1")
    assert ledger.add_report("CP001", lost) == [TransactionUnmatched(station="CP001", report=lost)]
    assert list(ledger) == []


def test_only_a_beginning_can_be_without_an_id() -> None:
    with pytest.raises(ValueError, match="must have a transaction id"):
        TransactionLedger().add_report("CP001", report(UPDATED, 1, transaction_id=None))


def test_a_transaction_can_be_given_up() -> None:
    ledger = TransactionLedger()
    heard(ledger, session()[:2])
    record = ledger.give_up("CP001", "T1")
    assert record is not None
    assert record.missing == []
    assert ledger.give_up("CP001", "T1") is None
    assert heard(ledger, session()) == []


def test_only_so_many_closed_transactions_and_numbers_are_remembered() -> None:
    ledger = TransactionLedger(remembered=1)
    for name in ("T1", "T2"):
        reports = [report(STARTED, 0, transaction_id=name), report(ENDED, 1, transaction_id=name)]
        assert len(closed(heard(ledger, reports))) == 1
    assert ledger.add_report("CP001", report(ENDED, 1, transaction_id="T2")) == []
    assert ledger.add_report("CP001", report(ENDED, 1, transaction_id="T1")) != []
    assert [ledger.number("CP001", start_16(n)) for n in (0, 60, 0)] == [1, 2, 3]


def test_a_restart_loses_nothing() -> None:
    ledger = TransactionLedger()
    heard(ledger, session()[:3])
    heard(ledger, [report(STARTED, 0, transaction_id="T2"), report(ENDED, 1, transaction_id="T2")])
    number = ledger.number("CP001", start_16())
    again = TransactionLedger()
    again.restore(ledger.state())
    assert list(again) == list(ledger)
    assert again.number("CP001", start_16()) == number
    assert again.number("CP001", start_16(60)) == number + 1
    assert again.add_report("CP001", report(ENDED, 1, transaction_id="T2")) == []
    assert closed(heard(again, session()[3:])) == closed(heard(ledger, session()[3:]))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda state: state[:-1], "this is not a ledger"),
        (lambda state: b"[]", "this is not a ledger"),
        (lambda state: state.replace(b'"format":1', b'"format":9'), "a newer release"),
    ],
)
def test_a_foreign_state_is_refused_and_nothing_changes(
    damage: Callable[[bytes], bytes], said: str
) -> None:
    ledger = TransactionLedger()
    heard(ledger, session()[:2])
    before = list(ledger)
    with pytest.raises(ValueError, match=said):
        ledger.restore(damage(ledger.state()))
    assert list(ledger) == before
