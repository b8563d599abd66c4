"""Power cuts: a transaction that was interrupted is ended or resumed, and no ledger is left incomplete."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import PowerPathChanged, TransactionBegan, dialect_of
from ocppkit.blocks.transactions import (
    SuspendedBy,
    TransactionClosed,
    TransactionLedger,
    TransactionReport,
    TransactionRules,
    TransactionsBlock,
)
from ocppkit.blocks.variables import (
    EV_CONNECTION_TIME_OUT,
    SAMPLED_DATA_TX_ENDED_INTERVAL,
    SAMPLED_DATA_TX_UPDATED_INTERVAL,
    TX_ALLOW_ENERGY_TRANSFER_RESUMPTION,
    TX_RESUMPTION_TIMEOUT,
)
from ocppkit.core import LocalProtocolError, Protocol, decode_payload, encode_payload
from support.transaction_bench import CARD, TransactionBench

SESSIONS = 20
SAMPLES: dict[Any, Any] = {SAMPLED_DATA_TX_UPDATED_INTERVAL: 60, SAMPLED_DATA_TX_ENDED_INTERVAL: 60}
RESUMES: dict[Any, Any] = {
    **SAMPLES,
    TX_RESUMPTION_TIMEOUT: 300,
    TX_ALLOW_ENERGY_TRANSFER_RESUMPTION: True,
}

Step = Callable[[TransactionBench], None]


def begun(settings: dict[Any, Any] | None = None, **more: Any) -> TransactionBench:
    bench = TransactionBench(settings=settings or SAMPLES, **more)
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    bench.do(bench.block.energy, 1, True, phases=3)
    bench.advance(60)
    return bench


def test_a_transaction_that_was_interrupted_is_ended() -> None:  # E17
    bench = begun()
    bench.registers[1] = 1100.0
    bench.power_cut(seconds=30)
    last = bench.transactions[-1]
    assert (last.event_type, last.trigger_reason) == ("Ended", "AbnormalCondition")
    assert (last.stopped_reason, last.seq_no, last.transaction_id) == ("PowerLoss", 3, "T1")
    assert last.register == 1100.0
    # What was sampled before the cut is not lost.
    assert len(last.meter_values) == 3
    assert bench.of(PowerPathChanged)[-1].closed is False
    assert bench.block.has_changed
    assert bench.block.state() is None
    bench.power_cut()
    assert bench.transactions[-1] is last


def test_the_facts_of_a_vehicle_that_is_still_there_are_told_anew() -> None:
    bench = begun()
    bench.power_cut()
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.authorized, 1, CARD)
    last = bench.transactions[-1]
    assert (last.event_type, last.transaction_id, last.seq_no) == ("Started", "T2", 0)


def test_a_transaction_can_be_resumed() -> None:  # E17
    bench = begun(RESUMES)
    bench.power_cut(seconds=90)
    resumed = bench.transactions[-1]
    assert (resumed.event_type, resumed.trigger_reason) == ("Updated", "TxResumed")
    assert (resumed.seq_no, resumed.charging_state) == (3, "EVConnected")
    assert bench.of(TransactionBegan)[-1].resumed is True
    path = [each for each in bench.of(PowerPathChanged) if each.evse_id == 1][-1]
    assert (path.closed, path.transaction_id) == (True, "T1")
    assert path.since == bench.of(PowerPathChanged)[0].since
    bench.do(bench.block.plugged_in, 1)
    bench.do(bench.block.energy, 1, True)
    bench.advance(60)
    bench.do(bench.block.stopped, 1)
    *_, sample, ended = bench.transactions
    # The samples keep their distance from the beginning.
    began = bench.transactions[0].timestamp
    assert (sample.meter_values[0].timestamp - began).total_seconds() % 60 == 0
    assert [each.seq_no for each in bench.transactions] == list(range(len(bench.transactions)))
    assert ended.event_type == "Ended"


def test_a_resumed_transaction_may_get_no_energy() -> None:  # E17
    bench = begun({**RESUMES, TX_ALLOW_ENERGY_TRANSFER_RESUMPTION: False})
    bench.power_cut(seconds=90)
    assert bench.transactions[-1].charging_state == "SuspendedEVSE"
    assert bench.block.state_of(1).power_path_closed is False
    assert [each.closed for each in bench.of(PowerPathChanged) if each.evse_id == 1] == [
        True,
        False,
    ]


def test_an_outage_that_is_too_long_ends_a_transaction() -> None:  # E17
    bench = begun(RESUMES)
    bench.power_cut(seconds=301)
    assert bench.transactions[-1].stopped_reason == "PowerLoss"


def test_versions_before_2_1_do_not_resume() -> None:  # E17
    bench = begun(RESUMES, rules=TransactionRules(can_resume=False))
    bench.power_cut(seconds=1)
    assert bench.transactions[-1].stopped_reason == "PowerLoss"


def test_a_resumed_driver_who_has_not_plugged_in_is_waited_for_anew() -> None:  # E17
    settings = {TX_RESUMPTION_TIMEOUT: 300, EV_CONNECTION_TIME_OUT: 120}
    bench = TransactionBench(start="Authorized", settings=settings)
    bench.do(bench.block.authorized, 1, CARD)
    bench.power_cut(seconds=100)
    bench.advance(119)
    assert bench.transactions[-1].trigger_reason == "TxResumed"
    bench.advance(2)
    assert bench.transactions[-1].trigger_reason == "EVConnectTimeout"


@pytest.mark.parametrize("state", [b"{", b'{"format": 99}', b'{"format": 1, "evses": 3}'])
def test_a_state_that_cannot_be_used_is_refused(state: bytes) -> None:
    bench = TransactionBench()
    with pytest.raises(ValueError, match="a state of transactions"):
        bench.block.restore(state, bench.now)
    assert bench.block.state() is None


def test_the_state_of_an_evse_that_is_no_longer_there_ends_its_transaction() -> None:
    bench = begun()
    state = bench.block.state()
    assert state is not None
    bench.block = TransactionsBlock((2,), bench.model, bench.samples, bench.new_id)
    bench.block.restore(state, bench.now)
    bench.power_cut()
    assert bench.transactions[-1].stopped_reason == "PowerLoss"


# A day with many transactions, cut at each of its calls.


def quietly(action: Callable[[], Any]) -> None:
    """Does what a program does after a cut, too: what no longer fits is refused."""
    with suppress(LocalProtocolError):
        action()


def a_day() -> Iterator[Step]:
    """Yields what happens at a station, call by call."""

    def call(name: str, *args: Any, **more: Any) -> Step:
        def step(bench: TransactionBench) -> None:
            method = getattr(bench.block, name)
            quietly(partial(bench.do, method, *args, **more))

        return step

    def used(bench: TransactionBench) -> None:
        bench.registers[1] += 700.0
        bench.advance(70)

    for session in range(SESSIONS):
        first, second = call("plugged_in", 1), call("authorized", 1, CARD)
        yield from (second, first) if session % 2 else (first, second)
        yield call("energy", 1, True)
        yield used
        if session % 3 == 0:
            yield call("suspended", 1, SuspendedBy.EV)
            yield used
        if session % 5:
            yield call("stopped", 1, id_token=CARD)
        yield call("unplugged", 1)


STEPS = tuple(a_day())


def day_cut_at(position: int, settings: dict[Any, Any], **more: Any) -> TransactionBench:
    bench = TransactionBench(settings=settings, **more)
    for number, step in enumerate(STEPS):
        if number == position:
            bench.power_cut(seconds=20)
        step(bench)
    return bench


def closed_of(ledger: TransactionLedger, reports: list[TransactionReport]) -> int:
    events = [event for each in reports for event in ledger.add_report("CP001", each)]
    return sum(isinstance(each, TransactionClosed) for each in events)


@pytest.mark.parametrize("stop", ["EVConnected,Authorized", "EnergyTransfer", "EVConnected"])
@pytest.mark.parametrize("settings", [SAMPLES, RESUMES], ids=["ended", "resumed"])
def test_no_cut_of_a_day_leaves_an_incomplete_transaction(
    settings: dict[Any, Any], stop: str
) -> None:  # E17
    for position in range(0, len(STEPS), 1 if "Authorized" in stop else 4):
        bench = day_cut_at(position, settings, stop=stop)
        ledger = TransactionLedger()
        ids = {each.transaction_id for each in bench.transactions}
        assert closed_of(ledger, bench.transactions) == len(ids)
        assert list(ledger) == []
        assert len(ids) >= SESSIONS - 1


@pytest.mark.parametrize(
    "protocol",
    [
        pytest.param(v16.PROTOCOL, id="1.6"),
        pytest.param(v201.PROTOCOL, id="2.0.1"),
        pytest.param(v21.PROTOCOL, id="2.1"),
    ],
)
def test_no_cut_leaves_an_incomplete_transaction_in_the_words_of_a_version(
    protocol: Protocol,
) -> None:  # E17 TX6-04
    rules = dialect_of(protocol).rules(TransactionRules)
    for position in range(0, len(STEPS), 7):
        bench = day_cut_at(position, SAMPLES, rules=rules)
        ledger = TransactionLedger()
        reports = heard(protocol, bench.transactions, ledger)
        assert closed_of(ledger, reports) >= SESSIONS - 1
        assert list(ledger) == []


def heard(
    protocol: Protocol, reports: list[TransactionReport], ledger: TransactionLedger
) -> list[TransactionReport]:
    """Returns what a CSMS reads, once the station has put the numbers of 1.6 in."""
    dialect, numbers = dialect_of(protocol), dict[str | None, str]()
    result: list[TransactionReport] = []
    for report in reports:
        for request in dialect.messages(report):
            message = decode_payload(type(request), encode_payload(request))
            read = dialect.report_of[type(message)].read_request(message)
            assert isinstance(read, TransactionReport)
            if read.transaction_id is None:
                numbers[report.journal_note] = str(ledger.number("CP001", read))
            elif read.transaction_id == "-1":
                read = read.with_journal_note(numbers[report.journal_note])
            result.append(read)
    return result
