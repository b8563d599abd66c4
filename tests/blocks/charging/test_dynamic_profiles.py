"""Dynamic charging profiles, whose values the CSMS sends, and the station asks for (2.1)."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from ocppkit import v21
from ocppkit.blocks import dialect_of
from ocppkit.blocks.charging import (
    ChargingBlock,
    ChargingProfile,
    ChargingRules,
    ChargingSchedule,
    ChargingSchedulePeriod,
    DynamicUpdateReply,
    GetProfiles,
    LimitChanged,
    ProfileKind,
    ProfilesReport,
    PullDynamicUpdate,
    Purpose,
    RateUnit,
    ScheduleUpdate,
    SetProfile,
    SetProfileAnswer,
    UpdateDynamicProfile,
)
from ocppkit.blocks.variables import SUPPORTS_DYNAMIC_PROFILES, DeviceModel
from ocppkit.core import LocalProtocolError, Protocol
from ocppkit.csms import StationHandle
from ocppkit.csms.blocks import ReportReceived
from ocppkit.testing.block_bench import BlockBench
from support.block_messages import answered_over_the_wire, ordered_over_the_wire, over_the_wire
from support.memory_store import MemoryStore

ONLY_21 = pytest.mark.parametrize("protocol", [v21.PROTOCOL], ids=["2.1"])
VALUES = ScheduleUpdate(limit=6.0, limit_l2=7.0, limit_l3=8.0, discharge_limit=-2.0, setpoint=5.0)


def block_of(protocol: Protocol, model: DeviceModel | None = None) -> ChargingBlock:
    return ChargingBlock(
        (1,),
        DeviceModel() if model is None else model,
        lambda most: 0,
        maximum=32.0,
        rules=dialect_of(protocol).rules(ChargingRules),
    )


def dynamic(limit: float = 16.0, duration: int | None = None, **more: Any) -> SetProfile:
    schedule = ChargingSchedule(
        id=1,
        charging_rate_unit=RateUnit.AMPERES,
        charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=limit),),
        duration=duration,
    )
    given: dict[str, Any] = {
        "id": 1,
        "stack_level": 0,
        "charging_profile_purpose": Purpose.TX_DEFAULT,
        "charging_profile_kind": ProfileKind.DYNAMIC,
        "charging_schedule": (schedule,),
    }
    return SetProfile(evse_id=1, charging_profile=ChargingProfile(**(given | more)))


def update(limit: float, number: int = 1) -> UpdateDynamicProfile:
    return UpdateDynamicProfile(
        charging_profile_id=number, schedule_update=ScheduleUpdate(limit=limit)
    )


def limits(bench: BlockBench) -> list[float]:
    return [each.limit for each in bench.events if isinstance(each, LimitChanged)]


@ONLY_21
@pytest.mark.asyncio
async def test_new_values_count_at_once_and_are_reported(protocol: Protocol) -> None:  # K28
    async with BlockBench(protocol, block_of(protocol)) as bench:
        assert (await bench.call(dynamic())).status == "Accepted"
        assert limits(bench) == [32.0, 16.0]
        await bench.advance(100)
        assert (await bench.call(update(8.0))).status == "Accepted"
        assert limits(bench) == [32.0, 16.0, 8.0]
        told: list[ProfilesReport] = []
        bench.csms_blocks.on(ReportReceived)(
            lambda event: (
                told.append(event.report) if isinstance(event.report, ProfilesReport) else None
            )
        )
        await bench.call(GetProfiles(request_id=1))
        (installed,) = told[0].profiles
        assert installed.profile.charging_schedule[0].charging_schedule_period[0].limit == 8.0
        assert installed.profile.dyn_update_time == bench.now()


@ONLY_21
@pytest.mark.asyncio
async def test_values_that_fit_no_dynamic_profile_are_refused(protocol: Protocol) -> None:  # K28
    async with BlockBench(protocol, block_of(protocol)) as bench:
        assert (await bench.call(update(8.0))).reason_code == "NotFound"
        absolute = dynamic(charging_profile_kind=ProfileKind.ABSOLUTE)
        schedule = absolute.charging_profile.charging_schedule[0]
        begun = ChargingSchedule(
            id=1,
            charging_rate_unit=schedule.charging_rate_unit,
            charging_schedule_period=schedule.charging_schedule_period,
            start_schedule=datetime(2025, 1, 1, tzinfo=UTC),
        )
        await bench.call(
            dynamic(charging_profile_kind=ProfileKind.ABSOLUTE, charging_schedule=(begun,))
        )
        refused = await bench.call(update(8.0))
        assert (refused.status, refused.reason_code) == ("Rejected", "InvalidProfile")
        with pytest.raises(LocalProtocolError, match="a limit is below 0"):
            await bench.call(update(-1.0))
        refused = await bench.call(update(-1.0), checked=False)
        assert (refused.status, refused.reason_code) == ("Rejected", "InvalidSchedule")
        assert limits(bench) == [32.0, 16.0]


@ONLY_21
@pytest.mark.asyncio
async def test_values_that_are_not_renewed_end_and_the_next_ones_count_again(
    protocol: Protocol,
) -> None:  # K28
    async with BlockBench(protocol, block_of(protocol)) as bench:
        await bench.call(dynamic(duration=60))
        await bench.advance(50)
        await bench.call(update(8.0))
        await bench.advance(50)
        assert limits(bench) == [32.0, 16.0, 8.0]
        await bench.advance(30)
        assert limits(bench) == [32.0, 16.0, 8.0, 32.0]
        await bench.call(update(10.0))
        assert limits(bench) == [32.0, 16.0, 8.0, 32.0, 10.0]


@ONLY_21
@pytest.mark.asyncio
async def test_a_station_asks_for_values_whenever_the_interval_is_over(
    protocol: Protocol,
) -> None:  # K28
    answers = iter([12.0, None, 10.0])
    async with BlockBench(protocol, block_of(protocol)) as bench:

        @bench.csms_blocks.answer(PullDynamicUpdate)
        def pulled(station: StationHandle, report: PullDynamicUpdate) -> DynamicUpdateReply:
            assert report.charging_profile_id == 1
            limit = next(answers)
            if limit is None:
                return DynamicUpdateReply(status="Rejected")
            return DynamicUpdateReply(
                status="Accepted", schedule_update=ScheduleUpdate(limit=limit)
            )

        await bench.call(dynamic(dyn_update_interval=60))
        await bench.advance(59)
        assert limits(bench) == [32.0, 16.0]
        await bench.advance(2)
        assert limits(bench) == [32.0, 16.0, 12.0]
        # Refused: the values stay, and the station asks again an interval later.
        await bench.advance(60)
        assert limits(bench) == [32.0, 16.0, 12.0]
        await bench.advance(60)
        assert limits(bench) == [32.0, 16.0, 12.0, 10.0]
        assert Counter(bench.actions)["PullDynamicScheduleUpdate"] == 3


@ONLY_21
@pytest.mark.asyncio
async def test_a_station_asks_nothing_offline_and_at_once_when_it_is_back(
    protocol: Protocol,
) -> None:  # K28
    async with BlockBench(protocol, block_of(protocol)) as bench:
        await bench.call(dynamic(dyn_update_interval=60))
        await bench.go_offline()
        await bench.advance(600)
        assert "PullDynamicScheduleUpdate" not in bench.actions
        await bench.go_online(within=59)
        assert Counter(bench.actions)["PullDynamicScheduleUpdate"] == 1
        # A CSMS whose program says nothing refuses.
        assert limits(bench) == [32.0, 16.0]


@ONLY_21
@pytest.mark.asyncio
async def test_values_are_kept_over_a_power_cut(protocol: Protocol) -> None:  # K28
    store = MemoryStore()
    async with BlockBench(protocol, block_of(protocol), journal=store) as bench:
        await bench.call(dynamic(duration=600))
        await bench.call(update(8.0))
        cut = store.copy()
    later = block_of(protocol)
    async with BlockBench(protocol, later, journal=cut) as bench:
        await bench.advance(1)
        assert limits(bench) == [8.0]


@ONLY_21
@pytest.mark.asyncio
async def test_a_station_without_dynamic_profiles_says_so(protocol: Protocol) -> None:  # K28
    model = DeviceModel()
    model[SUPPORTS_DYNAMIC_PROFILES] = False
    async with BlockBench(protocol, block_of(protocol, model)) as bench:
        assert (await bench.call(dynamic())).reason_code == "UnsupportedKind"


@ONLY_21
def test_messages_about_dynamic_profiles_keep_what_they_say(protocol: Protocol) -> None:  # K28
    command = UpdateDynamicProfile(charging_profile_id=7, schedule_update=VALUES)
    assert ordered_over_the_wire(protocol, command) == command
    answer = SetProfileAnswer(status="Rejected", reason_code="NotFound")
    assert answered_over_the_wire(protocol, command, answer) == answer
    report = PullDynamicUpdate(charging_profile_id=7)
    assert over_the_wire(protocol, report) == [report]
    dialect = dialect_of(protocol)
    mapping = dialect.report_of[v21.PullDynamicScheduleUpdateRequest]
    (request,) = dialect.messages(report)
    for reply in (
        DynamicUpdateReply(status="Accepted", schedule_update=VALUES),
        DynamicUpdateReply(status="Rejected"),
    ):
        assert mapping.read_response(mapping.write_response(request, reply)) == reply
