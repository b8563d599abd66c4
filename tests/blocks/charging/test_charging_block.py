"""`ChargingBlock`: profiles between a CSMS and a station, and the limits they lead to over time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import (
    Block,
    Event,
    Moment,
    PowerPathChanged,
    ReportReply,
    TransactionBegan,
    TransactionEnded,
    TransactionNumbered,
    dialect_of,
)
from ocppkit.blocks.charging import (
    ChargingAbilities,
    ChargingBlock,
    ChargingProfile,
    ChargingRules,
    ChargingSchedule,
    ChargingSchedulePeriod,
    ClearProfiles,
    ExternalLimitCleared,
    ExternalLimitSet,
    GetComposite,
    GetProfiles,
    LimitChanged,
    ProfileKind,
    ProfilesReport,
    Purpose,
    RateUnit,
    SetProfile,
)
from ocppkit.blocks.variables import (
    LIMIT_CHANGE_SIGNIFICANCE,
    NOTIFY_CHARGING_LIMIT_WITH_SCHEDULES,
    PERIODS_PER_SCHEDULE,
    DeviceModel,
)
from ocppkit.core import LocalProtocolError, Protocol
from ocppkit.testing.block_bench import BlockBench
from support.memory_store import MemoryStore

PROTOCOLS = [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL]
EACH = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda each: each.version)
EVSES = pytest.mark.parametrize("protocol", PROTOCOLS[1:], ids=lambda each: each.version)
START = datetime(2025, 1, 1, 12, tzinfo=UTC)


class Teller(Block):
    """Tells the events of a block of transactions, when a test says so."""

    name = "teller"

    def tell(self, event: Event) -> None:
        self._tell(event)


def block_of(
    protocol: Protocol, *, model: DeviceModel | None = None, **options: Any
) -> ChargingBlock:
    options.setdefault("rules", dialect_of(protocol).rules(ChargingRules))
    return ChargingBlock(
        (1, 2), DeviceModel() if model is None else model, lambda most: 0, maximum=32.0, **options
    )


def profile(number: int, *limits: float, **more: Any) -> ChargingProfile:
    """Returns a profile whose limit, in amperes, changes each minute."""
    periods = tuple(
        ChargingSchedulePeriod(start_period=60 * index, limit=limit)
        for index, limit in enumerate(limits)
    )
    schedule = ChargingSchedule(
        id=1,
        charging_rate_unit=RateUnit.AMPERES,
        charging_schedule_period=periods,
        start_schedule=START if more.get("charging_profile_kind") is None else None,
    )
    given: dict[str, Any] = {
        "id": number,
        "stack_level": 0,
        "charging_profile_purpose": Purpose.TX_DEFAULT,
        "charging_profile_kind": ProfileKind.ABSOLUTE,
        "charging_schedule": (schedule,),
    }
    return ChargingProfile(**(given | more))


def limits(bench: BlockBench, evse_id: int = 1) -> list[float]:
    return [
        event.limit
        for event in bench.events
        if isinstance(event, LimitChanged) and event.evse_id == evse_id
    ]


def began(evse_id: int = 1) -> TransactionBegan:
    return TransactionBegan(evse_id=evse_id, transaction_id="T1", at=START)


@EACH
@pytest.mark.asyncio
async def test_the_limit_is_told_whenever_a_schedule_changes_it(protocol: Protocol) -> None:  # K01
    async with BlockBench(protocol, block_of(protocol)) as bench:
        assert limits(bench) == [32.0]
        answer = await bench.call(SetProfile(evse_id=0, charging_profile=profile(1, 16, 10, 6)))
        assert answer.status == "Accepted"
        assert limits(bench) == [32.0, 16.0]
        await bench.advance(59)
        assert limits(bench) == [32.0, 16.0]
        await bench.advance(1)
        assert limits(bench) == [32.0, 16.0, 10.0]
        await bench.advance(3600)
        assert limits(bench) == limits(bench, evse_id=2) == [32.0, 16.0, 10.0, 6.0]


@EACH
@pytest.mark.asyncio
async def test_a_cleared_profile_limits_no_more(protocol: Protocol) -> None:  # K10
    async with BlockBench(protocol, block_of(protocol)) as bench:
        await bench.call(SetProfile(evse_id=1, charging_profile=profile(1, 16)))
        cleared = await bench.call(ClearProfiles(evse_id=1))
        assert cleared.status == "Accepted"
        again = await bench.call(ClearProfiles(charging_profile_id=1))
        assert again.status == "Unknown"
        assert limits(bench) == [32.0, 16.0, 32.0]
        assert limits(bench, evse_id=2) == [32.0]


@EACH
@pytest.mark.asyncio
async def test_the_composite_schedule_is_asked_for(protocol: Protocol) -> None:  # K08
    async with BlockBench(protocol, block_of(protocol)) as bench:
        await bench.call(SetProfile(evse_id=1, charging_profile=profile(1, 16, 10)))
        answer = await bench.call(GetComposite(evse_id=1, duration=90))
        assert answer.status == "Accepted"
        assert answer.schedule is not None
        assert answer.schedule.schedule_start == START
        periods = answer.schedule.charging_schedule_period
        assert [(each.start_period, each.limit) for each in periods] == [(0, 16.0), (60, 10.0)]
        refused = await bench.call(GetComposite(evse_id=9, duration=90))
        assert refused.status == "Rejected"
        assert refused.schedule is None
        assert refused.reason_code == (None if protocol is v16.PROTOCOL else "UnknownEvse")
        for duration in (0, -1):
            # CMP-12: 2.x cannot say a schedule without periods.
            refused = await bench.call(GetComposite(evse_id=1, duration=duration), checked=False)
            assert refused.status == "Rejected"
            assert refused.schedule is None


@EVSES
@pytest.mark.asyncio
async def test_installed_profiles_are_reported_after_the_response(
    protocol: Protocol,
) -> None:  # K09
    reports: list[ProfilesReport] = []
    async with BlockBench(protocol, block_of(protocol)) as bench:

        @bench.csms_blocks.answer(ProfilesReport)
        def take(station: object, report: ProfilesReport) -> Any:
            reports.append(report)
            return ReportReply()

        await bench.call(SetProfile(evse_id=1, charging_profile=profile(1, 16)))
        await bench.call(SetProfile(evse_id=2, charging_profile=profile(2, 10)))
        answer = await bench.call(GetProfiles(request_id=7))
        assert answer.status == "Accepted"
        none = await bench.call(GetProfiles(request_id=8, ids=[3]))
        assert none.status == "NoProfiles"
    assert [(each.request_id, each.evse_id, each.tbc) for each in reports] == [
        (7, 1, True),
        (7, 2, False),
    ]
    assert reports[1].profiles[0].profile == profile(2, 10)


@EACH
@pytest.mark.asyncio
async def test_a_profile_that_breaks_a_rule_is_refused_and_nothing_changes(
    protocol: Protocol,
) -> None:  # K01
    model = DeviceModel()
    model.declare(PERIODS_PER_SCHEDULE, 2)
    block = block_of(protocol, model=model)
    async with BlockBench(protocol, block) as bench:
        answer = await bench.call(SetProfile(evse_id=1, charging_profile=profile(1, 16, 10, 6)))
        assert answer.status == "Rejected"
        if protocol is not v16.PROTOCOL:
            assert answer.reason_code == "InvalidSchedule"
            assert answer.additional_info == "the schedule has too many periods"
        assert list(block) == []
        assert limits(bench) == [32.0]


@EACH
@pytest.mark.asyncio
async def test_the_profile_of_a_transaction_begins_with_the_energy_and_ends_with_it(
    protocol: Protocol,
) -> None:  # K02, K05
    teller, block = Teller(), block_of(protocol)
    own = profile(
        1,
        16,
        10,
        charging_profile_purpose=Purpose.TX,
        charging_profile_kind=ProfileKind.RELATIVE,
        transaction_id="42" if protocol is v16.PROTOCOL else "T1",
    )
    async with BlockBench(protocol, teller, block) as bench:
        refused = await bench.call(SetProfile(evse_id=1, charging_profile=own))
        assert refused.status == "Rejected"
        bench.do(lambda now: teller.tell(began()))
        if protocol is v16.PROTOCOL:
            numbered = TransactionNumbered(evse_id=1, transaction_id="T1", number=42)
            bench.do(lambda now: teller.tell(numbered))
        accepted = await bench.call(SetProfile(evse_id=1, charging_profile=own))
        assert accepted.status == "Accepted"
        path = PowerPathChanged(evse_id=1, closed=True, transaction_id="T1", since=bench.now())
        bench.do(lambda now: teller.tell(path))
        await bench.advance(60)
        assert limits(bench)[-2:] == [16.0, 10.0]
        ended = TransactionEnded(
            evse_id=1, transaction_id="T1", at=bench.now(), stopped_reason="Local"
        )
        bench.do(lambda now: teller.tell(ended))
        assert list(block) == []
        await bench.advance(1)
        assert limits(bench)[-1] == 32.0


@EACH
@pytest.mark.asyncio
async def test_profiles_outlive_a_power_cut(protocol: Protocol) -> None:
    store, first = MemoryStore(), block_of(protocol)
    async with BlockBench(protocol, first, journal=store) as bench:
        await bench.call(SetProfile(evse_id=1, charging_profile=profile(1, 16)))
        left = store.copy()
    second = block_of(protocol)
    async with BlockBench(protocol, second, journal=left) as bench:
        assert [each.profile.id for each in second] == [1]
        assert limits(bench) == [16.0]


@EVSES
@pytest.mark.asyncio
async def test_an_external_limit_is_reported_set_and_cleared(protocol: Protocol) -> None:
    # K11, K12, K13
    model = DeviceModel()
    model.declare(NOTIFY_CHARGING_LIMIT_WITH_SCHEDULES, True)
    block = block_of(protocol, model=model)
    told: list[ExternalLimitSet | ExternalLimitCleared] = []
    limit = profile(-1, 8, charging_profile_purpose=Purpose.EXTERNAL_CONSTRAINTS)
    async with BlockBench(protocol, block) as bench:

        @bench.csms_blocks.answer(ExternalLimitSet)
        def set_(station: object, report: ExternalLimitSet) -> Any:
            told.append(report)
            return ReportReply()

        @bench.csms_blocks.answer(ExternalLimitCleared)
        def cleared(station: object, report: ExternalLimitCleared) -> Any:
            told.append(report)
            return ReportReply()

        bench.do(lambda now: block.limit_externally(limit, 0, now, is_grid_critical=True))
        await bench.advance(1)
        # CHP-15: the CSMS cannot clear it.
        assert (await bench.call(ClearProfiles())).status == "Unknown"
        assert bench.do(lambda now: block.remove_external_limit(-1, now))
        assert not bench.do(lambda now: block.remove_external_limit(-1, now))
        await bench.advance(1)
        assert limits(bench) == [32.0, 8.0, 32.0]
    assert told == [
        ExternalLimitSet(source="EMS", schedules=limit.charging_schedule, is_grid_critical=True),
        ExternalLimitCleared(source="EMS"),
    ]


@EACH
def test_an_external_limit_that_changes_little_is_not_reported(protocol: Protocol) -> None:
    model = DeviceModel()
    model.declare(LIMIT_CHANGE_SIGNIFICANCE, 50.0)
    block = block_of(protocol, model=model)
    now = Moment(0.0, START)
    limit = profile(-1, 20, charging_profile_purpose=Purpose.EXTERNAL_CONSTRAINTS)
    block.limit_externally(limit, 0, now)
    assert block.next_report() is None


def test_wrong_use_raises_and_changes_nothing() -> None:
    block, now = block_of(v201.PROTOCOL), Moment(0.0, START)
    for wrong, match in (
        (lambda: block.transaction_began(9, "T1", now), r"no EVSE 9 \[use one of 1, 2\]"),
        (lambda: block.energy_can_flow(1, now), "no transaction is running on EVSE 1"),
        (lambda: block.limit_externally(profile(1, 8), 0, now), "an external limit must have"),
        (lambda: block.schedule(9, 60, now), "no EVSE 9"),
    ):
        with pytest.raises(LocalProtocolError, match=match):
            wrong()
    assert list(block) == []
    assert block.next_event() is None


@pytest.mark.asyncio
async def test_a_profile_that_does_not_survive_being_offline_is_gone_afterwards() -> None:
    block = block_of(v21.PROTOCOL)
    fragile = profile(1, 16, max_offline_duration=60, invalid_after_offline_duration=True)
    async with BlockBench(v21.PROTOCOL, block) as bench:
        await bench.call(SetProfile(evse_id=1, charging_profile=fragile))
        await bench.go_offline()
        await bench.advance(61)
        assert limits(bench) == [32.0, 16.0, 32.0]
        await bench.advance(1)
        await bench.go_online()
        assert list(block) == []
        assert limits(bench) == [32.0, 16.0, 32.0]


@pytest.mark.asyncio
async def test_the_limit_follows_a_clock_that_is_set() -> None:
    block = block_of(v201.PROTOCOL)
    now = Moment(0.0, START)
    assert (
        block.commands[SetProfile](
            SetProfile(evse_id=1, charging_profile=profile(1, 16, 10)), now
        ).status  # type: ignore[attr-defined]
        == "Accepted"
    )
    assert block.next_deadline(now) == 60.0
    later = Moment(0.0, START + timedelta(seconds=45))
    assert block.next_deadline(later) == 15.0


def test_a_profile_of_a_remote_start_waits_for_its_transaction() -> None:  # K05
    block = block_of(v201.PROTOCOL, abilities=ChargingAbilities())
    own = profile(
        1, 16, charging_profile_purpose=Purpose.TX, charging_profile_kind=ProfileKind.RELATIVE
    )
    assert block.set_for_remote_start(own, 1) is None
    refused = block.set_for_remote_start(profile(2, 16, stack_level=99), 1)
    assert refused is not None
    assert refused.reason_code == "InvalidStackLevel"
    assert [each.profile.id for each in block] == [1]


@EACH
@pytest.mark.asyncio
async def test_a_limit_of_the_whole_station_is_shared_by_the_evses_that_charge(
    protocol: Protocol,
) -> None:  # K04
    teller, block = Teller(), block_of(protocol)
    whole = profile(1, 32, charging_profile_purpose=Purpose.STATION_MAX)
    low = profile(2, 6)
    async with BlockBench(protocol, teller, block) as bench:
        await bench.call(SetProfile(evse_id=0, charging_profile=whole))
        bench.do(lambda now: teller.tell(began(1)))
        assert limits(bench, 1)[-1] == 32.0
        bench.do(lambda now: teller.tell(began(2)))
        await bench.advance(1)
        assert (limits(bench, 1)[-1], limits(bench, 2)[-1]) == (16.0, 16.0)
        # Who wants less than a share leaves the rest to the other.
        await bench.call(SetProfile(evse_id=2, charging_profile=low))
        assert (limits(bench, 1)[-1], limits(bench, 2)[-1]) == (26.0, 6.0)
        ended = TransactionEnded(
            evse_id=2, transaction_id="T1", at=bench.now(), stopped_reason="Local"
        )
        bench.do(lambda now: teller.tell(ended))
        await bench.advance(1)
        assert limits(bench, 1)[-1] == 32.0
