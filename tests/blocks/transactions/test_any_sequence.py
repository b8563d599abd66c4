"""Whatever a program and a CSMS do, in any order: the reports of each transaction are complete and in order."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ocppkit.blocks import PowerPathChanged
from ocppkit.blocks.transactions import (
    IdToken,
    StoppedReason,
    SuspendedBy,
    TokenInfo,
    TransactionLedger,
    TransactionLimit,
    TransactionReport,
)
from ocppkit.blocks.variables import (
    ALIGNED_DATA_INTERVAL,
    EV_CONNECTION_TIME_OUT,
    MAX_ENERGY_ON_INVALID_ID,
    SAMPLED_DATA_TX_ENDED_INTERVAL,
    SAMPLED_DATA_TX_UPDATED_INTERVAL,
    STOP_TX_ON_EV_SIDE_DISCONNECT,
    STOP_TX_ON_INVALID_ID,
    TX_ALLOW_ENERGY_TRANSFER_RESUMPTION,
    TX_RESUMPTION_TIMEOUT,
    TX_STOP_POINT,
)
from ocppkit.core import LocalProtocolError
from support.transaction_bench import CARD, TransactionBench

OTHER = IdToken("OTHER", "ISO14443")
POINTS = ["ParkingBayOccupancy", "EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"]

Step = Callable[[TransactionBench], Any]

some_points = st.lists(st.sampled_from(POINTS), min_size=1, max_size=3, unique=True)
evses = st.sampled_from([1, 2])
tokens = st.sampled_from([CARD, OTHER])
limits = st.builds(
    TransactionLimit,
    max_energy=st.sampled_from([None, 0.0, 500.0]),
    max_time=st.sampled_from([None, 30]),
)


def call(name: str, *args: Any, **more: Any) -> Step:
    def step(bench: TransactionBench) -> None:
        with suppress(LocalProtocolError):
            bench.do(getattr(bench.block, name), *args, **more)

    return step


def reply(status: str, number: int | None) -> Step:
    def step(bench: TransactionBench) -> None:
        if bench.transactions:
            last = bench.transactions[-1]
            bench.reply(last, id_token_info=TokenInfo(status=status), number=number)

    return step


def use(bench: TransactionBench) -> None:
    bench.registers[1] += 400.0


def set_stop_points(points: list[str]) -> Step:
    def step(bench: TransactionBench) -> None:
        bench.model[TX_STOP_POINT] = tuple(points)

    return step


steps = st.one_of(
    st.builds(call, st.sampled_from(["parked", "left", "plugged_in", "unplugged"]), evses),
    st.builds(call, st.just("authorized"), evses, tokens),
    st.builds(call, st.just("remote_start"), evses, tokens, st.just(7)),
    st.builds(call, st.just("energy"), evses, st.booleans(), phases=st.sampled_from([None, 1, 3])),
    st.builds(call, st.just("suspended"), evses, st.sampled_from(SuspendedBy)),
    st.builds(call, st.just("stopped"), evses, reason=st.sampled_from(StoppedReason)),
    st.builds(call, st.just("limit"), evses, limits),
    st.builds(call, st.sampled_from(["interrupt", "resume"]), evses),
    st.builds(call, st.just("report_transactions"), st.sampled_from([None, 1, 2])),
    st.builds(call, st.just("report_meter_values"), st.sampled_from([None, 0, 1])),
    st.builds(reply, st.sampled_from(["Accepted", "Invalid"]), st.sampled_from([None, 5])),
    st.builds(set_stop_points, some_points),
    st.sampled_from([5.0, 61.0, 400.0]).map(lambda seconds: lambda bench: bench.advance(seconds)),
    st.just(use),
    st.sampled_from([1.0, 1000.0]).map(lambda seconds: lambda bench: bench.power_cut(seconds)),
)

configurations = st.fixed_dictionaries(
    {
        SAMPLED_DATA_TX_UPDATED_INTERVAL: st.sampled_from([0, 60]),
        SAMPLED_DATA_TX_ENDED_INTERVAL: st.sampled_from([0, 45]),
        ALIGNED_DATA_INTERVAL: st.sampled_from([0, 900]),
        EV_CONNECTION_TIME_OUT: st.sampled_from([0, 120]),
        MAX_ENERGY_ON_INVALID_ID: st.sampled_from([0, 500]),
        STOP_TX_ON_EV_SIDE_DISCONNECT: st.booleans(),
        STOP_TX_ON_INVALID_ID: st.booleans(),
        TX_RESUMPTION_TIMEOUT: st.sampled_from([0, 300]),
        TX_ALLOW_ENERGY_TRANSFER_RESUMPTION: st.booleans(),
    }
)


@settings(max_examples=300, deadline=None)
@given(some_points, some_points, configurations, st.lists(steps, max_size=40))
def test_any_sequence_gives_complete_transactions(
    start: list[str], stop: list[str], configuration: dict[Any, Any], sequence: list[Step]
) -> None:
    bench = TransactionBench(
        start=",".join(start), stop=",".join(stop), settings=configuration, fixed_cables=[2]
    )
    for step in sequence:
        before = bench.block.state()
        bench.block.has_changed = False
        step(bench)
        # What changed must be kept.
        assert bench.block.has_changed or bench.block.state() == before
        check_power_paths(bench)
    bench.model[TX_RESUMPTION_TIMEOUT] = 0
    bench.power_cut(1)
    check_transactions(bench.transactions)
    assert bench.block.state() is None


def check_power_paths(bench: TransactionBench) -> None:
    """Contactors are as they were told last."""
    for evse_id in (1, 2):
        told = [each.closed for each in bench.of(PowerPathChanged) if each.evse_id == evse_id]
        assert bench.block.state_of(evse_id).power_path_closed is (told[-1] if told else False)


def check_transactions(reports: list[TransactionReport]) -> None:
    ledger = TransactionLedger()
    for name in {each.transaction_id for each in reports}:
        own = [each for each in reports if each.transaction_id == name]
        assert [each.seq_no for each in own] == list(range(len(own)))
        kinds = [str(each.event_type) for each in own]
        assert kinds == ["Started", *["Updated"] * (len(own) - 2), "Ended"]
        assert [each.evse_id is not None for each in own].count(True) <= 1
        assert own[-1].stopped_reason is not None
        assert all(each.timestamp >= own[0].timestamp for each in own)
    for report in reports:
        ledger.add_report("CP001", report)
    assert list(ledger) == []
