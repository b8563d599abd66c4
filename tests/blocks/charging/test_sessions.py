"""Smart charging between a station and a CSMS, by the messages of each version."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import RegistrationStatus
from ocppkit.blocks import Moment, dialect_of
from ocppkit.blocks.charging import (
    ChargingAbilities,
    ChargingBlock,
    ChargingRules,
    ChargingSchedulePeriod,
    CompositeAnswer,
    CompositeSchedule,
    GetComposite,
    RateUnit,
)
from ocppkit.blocks.variables import DeviceModel
from ocppkit.core import CallFailed, ErrorCode, LocalProtocolError, Protocol
from ocppkit.csms import Csms
from ocppkit.station.blocks import StationBlocks
from ocppkit.testing import FakeClock, connected, settle
from ocppkit.v16 import roles as roles16
from ocppkit.v21 import roles as roles21
from ocppkit.v201 import roles as roles201

NOW = datetime(2024, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)


class Bench:
    """A station that answers with its profiles, a transaction on EVSE 1, and a CSMS's handle of it."""

    def __init__(self, package: Any, abilities: Mapping[str, Any]) -> None:
        self.block = ChargingBlock(
            (1, 2),
            DeviceModel(),
            lambda most: 0,
            maximum=32.0,
            rules=dialect_of(package.PROTOCOL).rules(ChargingRules),
            abilities=ChargingAbilities(**abilities),
        )
        self.reports: list[Any] = []
        self.handle: Any = None


@asynccontextmanager
async def bench_of(package: Any, roles: Any, **abilities: Any) -> AsyncGenerator[Bench]:
    bench, clock = Bench(package, abilities), FakeClock()
    options = {"insecure": True, "clock": clock, "wall_clock": lambda: NOW}
    station = (
        roles.ChargePoint("CP001", charge_point_model="M", charge_point_vendor="V", **options)
        if package is v16
        else roles.ChargingStation("CP001", model="M", vendor_name="V", **options)
    )
    csms = Csms(package.PROTOCOL, insecure=True, clock=clock)

    @csms.on(package.BootNotificationRequest)
    def boot(station: object, request: object) -> Any:
        return package.BootNotificationResponse(
            current_time=NOW, interval=300, status=RegistrationStatus.ACCEPTED
        )

    if package is not v16:

        @csms.on(package.ReportChargingProfilesRequest)
        def report(station: object, request: object) -> Any:
            bench.reports.append(request)
            return package.ReportChargingProfilesResponse()

    blocks = StationBlocks(station, bench.block)
    async with blocks, connected(station, csms):
        await station.wait_accepted()
        blocks.do(lambda now: bench.block.transaction_began(1, "17", now))
        handle = roles.ConnectedChargePoint if package is v16 else roles.ConnectedStation
        bench.handle = csms.stations.get("CP001", handle)
        yield bench


bench_16 = partial(bench_of, v16, roles16)
bench_201 = partial(bench_of, v201, roles201)
bench_21 = partial(bench_of, v21, roles21)


def profile_16(number: int, limit: float = 16.0, unit: str = "A", **more: Any) -> Any:
    given: dict[str, Any] = {
        "charging_profile_id": number,
        "stack_level": 0,
        "charging_profile_purpose": v16.ChargingProfilePurposeType.TX_DEFAULT_PROFILE,
        "charging_profile_kind": v16.ChargingProfileKindType.ABSOLUTE,
        "charging_schedule": v16.ChargingSchedule(
            start_schedule=NOW,
            charging_rate_unit=v16.ChargingRateUnitType(unit),
            charging_schedule_period=[v16.ChargingSchedulePeriod(start_period=0, limit=limit)],
        ),
    }
    return v16.ChargingProfile(**(given | more))


def profile_2(package: Any, number: int, limit: float = 16.0, **more: Any) -> Any:
    given: dict[str, Any] = {
        "id": number,
        "stack_level": 0,
        "charging_profile_purpose": package.ChargingProfilePurposeEnumType.TX_DEFAULT_PROFILE,
        "charging_profile_kind": package.ChargingProfileKindEnumType.ABSOLUTE,
        "charging_schedule": [schedule_2(package, limit)],
    }
    return package.ChargingProfileType(**(given | more))


def schedule_2(package: Any, limit: float, **more: Any) -> Any:
    given: dict[str, Any] = {
        "id": 1,
        "start_schedule": NOW,
        "charging_rate_unit": package.ChargingRateUnitEnumType.A,
        "charging_schedule_period": [
            package.ChargingSchedulePeriodType(start_period=0, limit=limit)
        ],
    }
    return package.ChargingScheduleType(**(given | more))


@pytest.mark.asyncio
async def test_k01_k08_k10_in_1_6() -> None:
    async with bench_16() as bench:
        handle = bench.handle
        answer = await handle.set_charging_profile(
            connector_id=0, cs_charging_profiles=profile_16(1)
        )
        assert answer.status == "Accepted"
        got = await handle.get_composite_schedule(connector_id=1, duration=60)
        assert got.status == "Accepted"
        assert (got.connector_id, got.schedule_start) == (1, NOW.replace(microsecond=0))
        assert got.charging_schedule.start_schedule is None
        assert got.charging_schedule.charging_schedule_period == [
            # The profile begins half a second after the schedule.
            v16.ChargingSchedulePeriod(start_period=0, limit=32.0),
            v16.ChargingSchedulePeriod(start_period=1, limit=16.0, number_phases=3),
        ]
        # CHP-05: the same level replaces.
        await handle.set_charging_profile(connector_id=0, cs_charging_profiles=profile_16(2))
        assert [each.profile.id for each in bench.block] == [2]
        assert (await handle.clear_charging_profile(id=1)).status == "Unknown"
        assert (await handle.clear_charging_profile(id=2, connector_id=9)).status == "Accepted"
        assert list(bench.block) == []


@pytest.mark.asyncio
async def test_the_profile_of_a_numbered_transaction_in_1_6() -> None:
    purpose = v16.ChargingProfilePurposeType.TX_PROFILE
    async with bench_16() as bench:
        for number, status in ((16, "Rejected"), (17, "Accepted")):
            profile = profile_16(1, charging_profile_purpose=purpose, transaction_id=number)
            answer = await bench.handle.set_charging_profile(
                connector_id=1, cs_charging_profiles=profile
            )
            assert answer.status == status
        (each,) = bench.block
        assert each.profile.transaction_id == "17"


@pytest.mark.asyncio
async def test_a_limit_in_1_6_has_one_decimal_and_is_never_higher() -> None:
    async with bench_16() as bench:
        watts = profile_16(1, limit=5000.0, unit="W")
        await bench.handle.set_charging_profile(connector_id=1, cs_charging_profiles=watts)
        got = await bench.handle.get_composite_schedule(
            connector_id=1, duration=60, charging_rate_unit=v16.ChargingRateUnitType.A
        )
        # 5000 / (230 * 3) = 7.246...
        assert got.charging_schedule.charging_schedule_period[-1].limit == 7.2


@pytest.mark.asyncio
async def test_chp_02_an_unknown_connector_in_1_6() -> None:
    async with bench_16(rate_units=frozenset({RateUnit.WATTS})) as bench:
        with pytest.raises(CallFailed) as failed:
            await bench.handle.set_charging_profile(
                connector_id=9, cs_charging_profiles=profile_16(1)
            )
        assert failed.value.code is ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
        got = await bench.handle.get_composite_schedule(connector_id=9, duration=60)
        assert got.status == "Rejected"
        got = await bench.handle.get_composite_schedule(connector_id=1, duration=60)
        assert got.status == "Rejected"


EVSES = [pytest.param(bench_201, v201, id="2.0.1"), pytest.param(bench_21, v21, id="2.1")]


@pytest.mark.asyncio
@pytest.mark.parametrize(("bench_of", "package"), EVSES)
async def test_k01_k08_k09_k10(bench_of: Any, package: Any) -> None:
    async with bench_of() as bench:
        handle = bench.handle
        for evse_id, number in ((1, 1), (2, 2)):
            profile = profile_2(package, number, limit=6.0 + number)
            answer = await handle.set_charging_profile(evse_id=evse_id, charging_profile=profile)
            assert answer.status == "Accepted"
        refused = await handle.set_charging_profile(
            evse_id=0, charging_profile=profile_2(package, 3)
        )
        assert refused.status == "Rejected"
        assert refused.status_info.reason_code == "DuplicateProfile"

        got = await handle.get_composite_schedule(evse_id=1, duration=60)
        assert got.status == "Accepted"
        assert got.schedule.schedule_start == NOW.replace(microsecond=0)
        periods = got.schedule.charging_schedule_period
        assert [(each.start_period, each.limit) for each in periods] == [(0, 32.0), (1, 7.0)]
        total = await handle.get_composite_schedule(evse_id=0, duration=60)
        assert total.schedule.charging_schedule_period[-1].limit == 15.0

        criterion = package.ChargingProfileCriterionType()
        found = await handle.get_charging_profiles(request_id=5, charging_profile=criterion)
        assert found.status == "Accepted"
        await settle()
        assert [(each.request_id, each.evse_id, each.tbc) for each in bench.reports] == [
            (5, 1, True),
            (5, 2, False),
        ]
        assert bench.reports[0].charging_limit_source == "CSO"
        assert bench.reports[1].charging_profile == [profile_2(package, 2, limit=8.0)]

        criteria = package.ClearChargingProfileType(evse_id=1)
        for status in ("Accepted", "Unknown"):
            cleared = await handle.clear_charging_profile(charging_profile_criteria=criteria)
            assert cleared.status == status
        assert (await handle.clear_charging_profile(charging_profile_id=2)).status == "Accepted"
        none = await handle.get_charging_profiles(
            request_id=6, evse_id=1, charging_profile=criterion
        )
        assert none.status == "NoProfiles"
        await settle()
        assert len(bench.reports) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(("bench_of", "package"), EVSES)
async def test_cmp_12_a_schedule_that_cannot_be_given(bench_of: Any, package: Any) -> None:
    async with bench_of(rate_units=frozenset({RateUnit.AMPERES})) as bench:
        watts = package.ChargingRateUnitEnumType.W
        for evse_id, unit, reason in ((9, None, "UnknownEvse"), (1, watts, "UnsupportedRateUnit")):
            got = await bench.handle.get_composite_schedule(
                evse_id=evse_id, duration=60, charging_rate_unit=unit
            )
            assert got.status == "Rejected"
            assert got.status_info.reason_code == reason


@pytest.mark.asyncio
async def test_what_2_1_adds() -> None:
    modes = frozenset({"ChargingOnly", "CentralSetpoint"})
    abilities = {
        "operation_modes": modes,
        "limit_at_soc": True,
        "local_time": True,
        "dynamic": True,
    }
    period = v21.ChargingSchedulePeriodType(
        start_period=0,
        limit=20.0,
        limit_l2=10.0,
        setpoint=25.0,
        operation_mode=v21.OperationModeEnumType.CENTRAL_SETPOINT,
    )
    schedule = schedule_2(
        v21,
        0,
        charging_schedule_period=[period],
        limit_at_soc=v21.LimitAtSoCType(soc=80, limit=6.0),
        use_local_time=True,
        start_schedule=NOW.replace(hour=0),
    )
    profile = profile_2(
        v21,
        1,
        charging_schedule=[schedule],
        max_offline_duration=60,
        valid_from=NOW.replace(hour=0),
    )
    async with bench_21(**abilities) as bench:
        answer = await bench.handle.set_charging_profile(evse_id=1, charging_profile=profile)
        assert answer.status == "Accepted"
        got = await bench.handle.get_composite_schedule(evse_id=1, duration=60)
        (first,) = got.schedule.charging_schedule_period
        assert (first.limit, first.limit_l2, first.limit_l3) == (20.0, 10.0, 20.0)
        assert (first.setpoint, first.operation_mode) == (20.0, "CentralSetpoint")
        (each,) = bench.block
        assert each.profile.max_offline_duration == 60


@pytest.mark.parametrize("protocol", [v16.PROTOCOL, v201.PROTOCOL], ids=["1.6", "2.0.1"])
def test_a_schedule_without_a_limit_cannot_be_said_in_every_version(protocol: Protocol) -> None:
    mapping = dialect_of(protocol).request_of[GetComposite]
    command = GetComposite(evse_id=1, duration=60)
    schedule = CompositeSchedule(
        evse_id=1,
        schedule_start=NOW,
        duration=60,
        charging_rate_unit=RateUnit.AMPERES,
        charging_schedule_period=(ChargingSchedulePeriod(start_period=0),),
    )
    with pytest.raises(LocalProtocolError, match="has a limit in each period"):
        mapping.write_response(
            mapping.write_request(command), CompositeAnswer(status="Accepted", schedule=schedule)
        )


@pytest.mark.asyncio
async def test_profiles_are_reported_as_they_came() -> None:
    custom = v201.CustomDataType(vendor_id="com.acme")
    schedule = schedule_2(v201, 16.0, custom_data=custom)
    profile = profile_2(v201, 1, charging_schedule=[schedule], custom_data=custom)
    async with bench_201() as bench:
        await bench.handle.set_charging_profile(evse_id=1, charging_profile=profile)
        await bench.handle.get_charging_profiles(
            request_id=1, charging_profile=v201.ChargingProfileCriterionType()
        )
        await settle()
        (report,) = bench.reports
    assert report.charging_profile == [profile]
    assert report.tbc is False


@pytest.mark.asyncio
@pytest.mark.parametrize(("bench_of", "package"), EVSES)
async def test_k09_a_limit_that_the_program_has_set_is_reported(
    bench_of: Any, package: Any
) -> None:
    dialect = dialect_of(package.PROTOCOL)
    wanted = profile_2(
        package,
        -1,
        charging_profile_purpose=(
            package.ChargingProfilePurposeEnumType.CHARGING_STATION_EXTERNAL_CONSTRAINTS
        ),
        charging_profile_kind=package.ChargingProfileKindEnumType.RECURRING,
        recurrency_kind=package.RecurrencyKindEnumType.DAILY,
    )
    set_request = package.SetChargingProfileRequest(evse_id=0, charging_profile=wanted)
    read = dialect.command_of[package.SetChargingProfileRequest].read_request(set_request)
    async with bench_of() as bench:
        bench.block.limit_externally(read.charging_profile, 0, Moment(0.0, NOW), source="EMS")
        await bench.handle.get_charging_profiles(
            request_id=1, charging_profile=package.ChargingProfileCriterionType()
        )
        await settle()
        (report,) = bench.reports
    assert (report.charging_limit_source, report.evse_id) == ("EMS", 0)
    assert report.charging_profile == [wanted]
