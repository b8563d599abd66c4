"""`FullStation`: all functional blocks together, from the plug to the bill, in each version."""

import copy
from base64 import b64encode
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import PowerPathChanged, TransactionEnded
from ocppkit.blocks.authorization import AuthorizationDecided
from ocppkit.blocks.charging import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    LimitChanged,
    ProfileKind,
    Purpose,
    RateUnit,
    SetProfile,
)
from ocppkit.blocks.remote_control import (
    MessageTrigger,
    RequestReset,
    RequestTrigger,
    ResetDue,
    ResetType,
    StartRemotely,
    StopRemotely,
)
from ocppkit.blocks.transactions import IdToken, SampledValue
from ocppkit.blocks.variables import (
    BASIC_AUTH_PASSWORD,
    HEARTBEAT_INTERVAL,
    SAMPLED_DATA_TX_UPDATED_INTERVAL,
    SAMPLED_DATA_TX_UPDATED_MEASURANDS,
    STOP_TX_ON_EV_SIDE_DISCONNECT,
    TX_STOP_POINT,
    SetVariableData,
    SetVariables,
)
from ocppkit.core import LocalProtocolError, Protocol
from ocppkit.csms.blocks import Provisioning
from ocppkit.station import MemoryJournal, Station
from ocppkit.station.blocks import FullStation
from ocppkit.testing.block_bench import BlockBench
from support.memory_store import MemoryStore

EACH = pytest.mark.parametrize(
    "protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL], ids=lambda each: each.version
)
CARD = IdToken("04E91C5A", "ISO14443")


class Meter:
    """A meter that shows 100 Wh more each time it is read."""

    def __init__(self) -> None:
        self.register = 0.0

    def read(self, evse_id: int) -> list[SampledValue]:
        self.register += 100.0
        return [SampledValue(self.register)]


def full(meter: Meter, **options: Any) -> Callable[[Station], FullStation]:
    numbers = count(1)
    return lambda station: FullStation(
        station,
        read_meter=meter.read,
        maximum=32.0,
        new_id=lambda: f"T{next(numbers)}",
        **options,
    )


def told(bench: BlockBench, kind: type[Any]) -> list[Any]:
    return [each for each in bench.events if isinstance(each, kind)]


@EACH
@pytest.mark.asyncio
async def test_a_driver_charges_and_the_csms_gets_the_bill(protocol: Protocol) -> None:  # E01, E02
    async with BlockBench(protocol, full=full(Meter())) as bench:
        station = bench.full
        station.plugged_in(1)
        station.present(1, CARD)
        await bench.advance(1)
        assert told(bench, AuthorizationDecided)[0].accepted
        assert told(bench, PowerPathChanged)[-1].closed
        station.energy(1, True)
        await bench.advance(600)
        station.present(1, CARD)
        await bench.advance(1)
        assert not told(bench, PowerPathChanged)[-1].closed
        station.energy(1, False)
        station.unplugged(1)
        await bench.advance(1)
    (record,) = bench.closed
    assert record.is_complete
    assert record.id_token is not None
    assert record.id_token.is_same_as(CARD)
    assert record.energy is not None
    assert record.energy > 0
    assert record.stopped_reason in {"Local", "EVDisconnected"}
    assert bench.actions[0] == "BootNotification"
    status = "NotifyEvent" if protocol is v21.PROTOCOL else "StatusNotification"
    assert status in bench.actions
    assert bench.actions.count("Authorize") == 1


@EACH
@pytest.mark.asyncio
async def test_a_refused_card_closes_no_contactor(protocol: Protocol) -> None:  # C01
    bench = BlockBench(protocol, full=full(Meter()), authorize=lambda question: "Invalid")
    async with bench:
        bench.full.plugged_in(1)
        bench.full.present(1, CARD)
        await bench.advance(1)
        assert not told(bench, AuthorizationDecided)[0].accepted
        assert not [each for each in told(bench, PowerPathChanged) if each.closed]


@EACH
@pytest.mark.asyncio
async def test_the_csms_starts_limits_and_stops(protocol: Protocol) -> None:  # F01, F03, K01
    limit = ChargingProfile(
        id=1,
        stack_level=0,
        charging_profile_purpose=Purpose.TX_DEFAULT,
        charging_profile_kind=ProfileKind.RELATIVE,
        charging_schedule=(
            ChargingSchedule(
                id=1,
                charging_rate_unit=RateUnit.AMPERES,
                charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=16.0),),
            ),
        ),
    )
    async with BlockBench(protocol, full=full(Meter())) as bench:
        bench.full.plugged_in(1)
        started = await bench.call(StartRemotely(id_token=CARD, evse_id=1, remote_start_id=7))
        assert started.status == "Accepted"
        assert told(bench, PowerPathChanged)[-1].closed
        bench.full.energy(1, True)
        await bench.advance(1)
        answer = await bench.call(SetProfile(evse_id=1, charging_profile=limit))
        assert answer.status == "Accepted"
        assert told(bench, LimitChanged)[-1].limit == 16.0
        (record,) = bench.csms_blocks.ledger
        stopped = await bench.call(StopRemotely(transaction_id=record.transaction_id))
        assert stopped.status == "Accepted"
        assert not told(bench, PowerPathChanged)[-1].closed
        bench.full.energy(1, False)
        bench.full.unplugged(1)
        await bench.advance(1)
    (record,) = bench.closed
    assert record.stopped_reason == "Remote"


@EACH
@pytest.mark.asyncio
async def test_the_csms_changes_what_the_station_does(protocol: Protocol) -> None:  # B05
    async with BlockBench(protocol, full=full(Meter())) as bench:
        for key, value in ((HEARTBEAT_INTERVAL, 60), (SAMPLED_DATA_TX_UPDATED_INTERVAL, 30)):
            command = SetVariables(data=(SetVariableData.of(key, value),))
            answer = await bench.call(command)
            assert answer.status(key) == "Accepted"
        assert bench.station.controls.heartbeat_interval == 60
        await bench.advance(601)
        assert bench.actions.count("Heartbeat") == 10


@EACH
@pytest.mark.asyncio
async def test_a_reset_is_due_once_its_response_was_sent(protocol: Protocol) -> None:  # B11
    async with BlockBench(protocol, full=full(Meter())) as bench:
        answer = await bench.call(RequestReset(type=ResetType.IMMEDIATE))
        assert answer.status == "Accepted"
        assert len(told(bench, ResetDue)) == 1


@EACH
@pytest.mark.asyncio
async def test_a_power_cut_ends_the_transaction_with_the_next_run(protocol: Protocol) -> None:
    store, meter = MemoryStore(), Meter()
    first = BlockBench(protocol, full=full(meter), journal=store)
    async with first:
        first.full.plugged_in(1)
        first.full.present(1, CARD)
        first.full.energy(1, True)
        await first.advance(60)
        left = store.copy()
    ledger = first.csms_blocks.ledger
    second = BlockBench(protocol, full=full(meter), journal=left, ledger=ledger)
    async with second:
        await second.advance(60)
    (record,) = second.closed
    assert record.is_complete
    assert record.stopped_reason == "PowerLoss"


@pytest.mark.parametrize("protocol", [v201.PROTOCOL, v21.PROTOCOL], ids=lambda each: each.version)
@pytest.mark.asyncio
async def test_undelivered_messages_of_a_transaction_are_told(protocol: Protocol) -> None:  # E14
    async with BlockBench(protocol, full=full(Meter())) as bench:
        has_undelivered = bench.station.block_access.has_undelivered
        await bench.go_offline()
        bench.full.plugged_in(1)
        bench.do(lambda now: bench.full.transactions.authorized(1, CARD, now))
        await bench.full.flush()
        assert has_undelivered(None)
        assert has_undelivered("T1")
        assert not has_undelivered("T2")


@EACH
@pytest.mark.asyncio
async def test_the_csms_chooses_only_what_the_meter_tells(protocol: Protocol) -> None:  # MET-04
    known = ("Energy.Active.Import.Register", "Power.Active.Import")
    key = SAMPLED_DATA_TX_UPDATED_MEASURANDS

    async def answer(bench: BlockBench, *measurands: str) -> str:
        wanted = SetVariableData.of(key, measurands)
        (result,) = (await bench.call(SetVariables(data=(wanted,)))).results
        return result.status

    async with BlockBench(protocol, full=full(Meter(), measurands=known)) as bench:
        assert bench.full.model[key] == known[:1]
        assert await answer(bench, *known) == "Accepted"
        assert await answer(bench, known[0], "SoC") == "Rejected"
        assert bench.full.model[key] == known
    async with BlockBench(protocol, full=full(Meter(), measurands=known[1:])) as bench:
        assert bench.full.model[key] == ()
    async with BlockBench(protocol, full=full(Meter())) as bench:
        assert await answer(bench, "SoC") == "Accepted"


@EACH
@pytest.mark.asyncio
async def test_a_plug_at_an_unknown_connector_raises_and_changes_nothing(
    protocol: Protocol, caplog: pytest.LogCaptureFixture
) -> None:
    async with BlockBench(protocol, full=full(Meter())) as bench:
        before = bench.full.transactions.state_of(1)
        with pytest.raises(LocalProtocolError, match=r"EVSE 1 has no connector 7 \[use one of"):
            bench.full.plugged_in(1, 7)
        with pytest.raises(LocalProtocolError, match="no EVSE 9"):
            bench.full.plugged_in(9)
        assert bench.full.transactions.state_of(1) == before
    assert caplog.text == ""


@EACH
@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"maximum": 0.0}, r"maximum=0.0 A .*\[both must be above 0"),
        ({"maximum": float("nan")}, "maximum=nan A"),
        ({"voltage": -230.0}, "voltage=-230.0 V"),
        ({"fixed_cables": [2]}, r"fixed_cables=\[2\] has ids that are not EVSEs"),
    ],
)
def test_what_no_station_has_is_refused(
    protocol: Protocol, options: dict[str, Any], text: str
) -> None:
    given: dict[str, Any] = {"read_meter": Meter().read, "maximum": 16.0, **options}
    with pytest.raises(ValueError, match=text):
        BlockBench(protocol, full=lambda station: FullStation(station, **given))


@EACH
@pytest.mark.asyncio
@pytest.mark.parametrize("fails_from", ["begin", "middle", "end"])
async def test_a_meter_that_fails_holds_up_no_transaction(
    protocol: Protocol, fails_from: str, caplog: pytest.LogCaptureFixture
) -> None:
    works = True

    def read(evse_id: int) -> list[SampledValue]:
        if not works:
            raise OSError("the meter does not answer")
        return [SampledValue(100.0)]

    bench = BlockBench(
        protocol, full=lambda station: FullStation(station, read_meter=read, maximum=32.0)
    )
    async with bench:
        station = bench.full
        station.plugged_in(1)
        works = fails_from != "begin"
        station.present(1, CARD)
        await bench.advance(1)
        if protocol is v16.PROTOCOL and not works:
            # There a transaction begins with a reading: it waits for one.
            assert not told(bench, PowerPathChanged)[-1].closed
            works = True
            await bench.advance(5)
        assert told(bench, PowerPathChanged)[-1].closed
        works = works and fails_from != "middle"
        await bench.advance(200)
        works = False
        station.present(1, CARD)
        station.unplugged(1)
        await bench.advance(1)
        assert not told(bench, PowerPathChanged)[-1].closed
    (record,) = bench.closed
    assert record.is_complete
    # In 1.6 this is the difference of meterStart and meterStop.
    assert record.energy in (0.0, None)
    assert "CP001: read_meter(1) failed" in caplog.text
    assert "[no meter value is reported" in caplog.text


@EACH
@pytest.mark.asyncio
async def test_a_reset_restarts_the_station_with_its_reason(protocol: Protocol) -> None:  # B11
    async with BlockBench(protocol, full=full(Meter())) as bench:

        @bench.full.on(ResetDue)
        def reset(event: ResetDue) -> None:
            bench.full.restart(event.boot_reason)

        answer = await bench.call(RequestReset(type=ResetType.IMMEDIATE))
        assert answer.status == "Accepted"
        await bench.advance(60)
        boots = [frame[3] for frame in bench.frames if frame[2] == "BootNotification"]
    assert len(boots) == 2
    if protocol is not v16.PROTOCOL:
        assert [each["reason"] for each in boots] == ["PowerUp", "RemoteReset"]


@EACH
@pytest.mark.asyncio
async def test_a_password_that_the_csms_writes_is_used_from_then_on(
    protocol: Protocol,
) -> None:  # A01
    password = "0123456789abcdef0123456789abcdef01234567"
    async with BlockBench(protocol, full=full(Meter())) as bench:
        data = SetVariableData.of(BASIC_AUTH_PASSWORD, password)
        answer = await bench.call(SetVariables(data=(data,)))
        assert answer.status(BASIC_AUTH_PASSWORD) == "Accepted"
        await bench.advance(60)
        headers = dict(bench.network.handshakes[-1].headers)
        as_sent = bytes.fromhex(password) if protocol is v16.PROTOCOL else password.encode()
    assert len(bench.network.handshakes) == 2
    assert headers[b"Authorization"] == b"Basic " + b64encode(b"CP001:" + as_sent)


@EACH
@pytest.mark.asyncio
async def test_a_copy_of_the_journal_in_memory_is_what_a_power_cut_leaves(
    protocol: Protocol,
) -> None:
    journal, meter = MemoryJournal(), Meter()
    first = BlockBench(protocol, full=full(meter), journal=journal)
    async with first:
        first.full.plugged_in(1)
        first.full.present(1, CARD)
        await first.advance(60)
        left = copy.deepcopy(journal)
        first.full.unplugged(1)
        await first.advance(1)
    assert len(first.closed) == 1
    second = BlockBench(protocol, full=full(meter), journal=left, start=first.now())
    async with second:
        await second.advance(60)
    ends = [each for each in told(second, TransactionEnded) if each.stopped_reason == "PowerLoss"]
    assert len(ends) == 1


@pytest.mark.parametrize("protocol", [v201.PROTOCOL, v21.PROTOCOL], ids=lambda each: each.version)
@pytest.mark.asyncio
async def test_a_transaction_stays_at_its_connector(protocol: Protocol) -> None:  # CON-03
    async with BlockBench(protocol, full=full(Meter(), connectors={1: 2})) as bench:
        station = bench.full
        station.plugged_in(1, 1)
        with pytest.raises(LocalProtocolError, match=r"connector 1 of EVSE 1 is in use, not 2 \["):
            station.plugged_in(1, 2)
        station.unplugged(1)
        station.plugged_in(1, 2)
        station.plugged_in(1, 2)
        station.model[STOP_TX_ON_EV_SIDE_DISCONNECT] = False
        station.model[TX_STOP_POINT] = ("Authorized",)
        station.present(1, CARD)
        await bench.advance(1)
        before = station.transactions.state_of(1)
        assert before.transaction_id is not None
        with pytest.raises(LocalProtocolError, match="connector 2 of EVSE 1 is in use"):
            station.plugged_in(1, 1)
        assert station.transactions.state_of(1) == before
        station.unplugged(1)
        with pytest.raises(LocalProtocolError, match="connector 2 of EVSE 1 is in use"):
            station.plugged_in(1, 1)
        station.present(1, CARD)
        await bench.advance(1)
        station.plugged_in(1, 1)


@pytest.mark.parametrize("protocol", [v201.PROTOCOL, v21.PROTOCOL], ids=lambda each: each.version)
@pytest.mark.asyncio
async def test_a_transaction_tells_that_another_system_has_changed_its_rate(
    protocol: Protocol,
) -> None:  # K11, K12, K13
    limit = ChargingProfile(
        id=-1,
        stack_level=0,
        charging_profile_purpose=Purpose.EXTERNAL_CONSTRAINTS,
        charging_profile_kind=ProfileKind.RELATIVE,
        charging_schedule=(
            ChargingSchedule(
                id=1,
                charging_rate_unit=RateUnit.AMPERES,
                charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=6.0),),
            ),
        ),
    )
    async with BlockBench(protocol, full=full(Meter())) as bench:
        station = bench.full
        station.do(lambda now: station.charging.limit_externally(limit, 0, now))
        assert station.do(lambda now: station.charging.remove_external_limit(-1, now))
        await bench.advance(1)
        assert bench.actions.count("TransactionEvent") == 0
        station.plugged_in(1)
        station.present(1, CARD)
        station.energy(1, True)
        await bench.advance(1)
        station.do(lambda now: station.charging.limit_externally(limit, 0, now))
        assert station.do(lambda now: station.charging.remove_external_limit(-1, now))
        await bench.advance(1)
        events = [frame[3] for frame in bench.frames if frame[2] == "TransactionEvent"]
    reasons = [each["triggerReason"] for each in events]
    assert reasons.count("ChargingRateChanged") == 2
    assert bench.actions.count("NotifyChargingLimit") == 2
    assert bench.actions.count("ClearedChargingLimit") == 2


@EACH
@pytest.mark.asyncio
async def test_a_station_that_boots_anew_and_is_pending_boots_when_it_is_asked_to(  # B02, F06
    protocol: Protocol,
) -> None:
    answers = iter(["Accepted", "Pending", "Accepted"])
    provisioning = Provisioning(lambda question: next(answers), retry_interval=3600)
    async with BlockBench(protocol, full=full(Meter()), provisioning=provisioning) as bench:
        bench.full.restart()
        await bench.advance(60)
        before = len(bench.actions)
        trigger = RequestTrigger(requested_message=MessageTrigger.BOOT_NOTIFICATION)
        # BOOT-27
        assert (await bench.call(trigger)).status == "Accepted"
        await bench.advance(1)
        boot, *statuses = bench.actions[before:]
        assert boot == "BootNotification"
        # B01.FR.05
        assert set(statuses) in ({"StatusNotification"}, {"NotifyEvent"})
