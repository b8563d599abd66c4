"""Smart charging between a station and a CSMS, by the messages of each version."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import RegistrationStatus
from ocppkit.blocks.charging import (
    ChargingAbilities,
    Circumstances,
    InstalledProfiles,
    RateUnit,
    RunningTransaction,
)
from ocppkit.core import CallFailed, ErrorCode, LocalProtocolError, utcnow
from ocppkit.csms import Csms
from ocppkit.testing import connected
from ocppkit.v16 import roles as roles16
from ocppkit.v16.blocks import charging as charging16
from ocppkit.v21 import roles as roles21
from ocppkit.v21.blocks import charging as charging21
from ocppkit.v201 import roles as roles201
from ocppkit.v201.blocks import charging as charging201

NOW = datetime(2024, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)
AROUND = Circumstances(
    evses=(1, 2), transactions={1: RunningTransaction(transaction_id="17")}, maximum=32.0
)


def installed(charging: Any, **abilities: Any) -> InstalledProfiles:
    return InstalledProfiles(charging.RULES, ChargingAbilities(**abilities), uniform=lambda most: 0)


class Bench:
    """A station that answers with its profiles, and a CSMS's handle of it."""

    def __init__(self, charging: Any, **abilities: Any) -> None:
        self.profiles = installed(charging, **abilities)
        self.around = AROUND
        self.reports: list[Any] = []
        self.handle: Any = None


def accepting(csms: Csms, package: Any) -> None:
    @csms.on(package.BootNotificationRequest)
    def boot(station: object, request: object) -> Any:
        return package.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=RegistrationStatus.ACCEPTED
        )


@asynccontextmanager
async def bench_16(**abilities: Any) -> AsyncGenerator[Bench]:
    bench = Bench(charging16, **abilities)
    station = roles16.ChargePoint(
        "CP001", charge_point_model="M", charge_point_vendor="V", insecure=True
    )

    @station.on(v16.SetChargingProfileRequest)
    def set_profile(request: v16.SetChargingProfileRequest) -> v16.SetChargingProfileResponse:
        return charging16.set_profile(bench.profiles, request, bench.around)

    @station.on(v16.ClearChargingProfileRequest)
    def clear(request: v16.ClearChargingProfileRequest) -> v16.ClearChargingProfileResponse:
        return charging16.clear_profiles(bench.profiles, request)

    @station.on(v16.GetCompositeScheduleRequest)
    def schedule(request: v16.GetCompositeScheduleRequest) -> v16.GetCompositeScheduleResponse:
        return charging16.composite_schedule(bench.profiles, request, bench.around, NOW)

    csms = Csms(v16.PROTOCOL, insecure=True)
    accepting(csms, v16)
    async with connected(station, csms):
        await station.wait_accepted()
        bench.handle = csms.stations.get("CP001", roles16.ConnectedChargePoint)
        yield bench


@asynccontextmanager
async def bench_2(
    package: Any, roles: Any, charging: Any, **abilities: Any
) -> AsyncGenerator[Bench]:
    bench = Bench(charging, **abilities)
    station = roles.ChargingStation("CP001", model="M", vendor_name="V", insecure=True)

    def set_profile(request: Any) -> Any:
        return charging.set_profile(bench.profiles, request, bench.around)

    def clear(request: Any) -> Any:
        return charging.clear_profiles(bench.profiles, request)

    def schedule(request: Any) -> Any:
        return charging.composite_schedule(bench.profiles, request, bench.around, NOW)

    def report(request: Any) -> Any:
        response, bench.reports[:] = charging.report_profiles(bench.profiles, request)
        return response

    station.on(package.SetChargingProfileRequest)(set_profile)
    station.on(package.ClearChargingProfileRequest)(clear)
    station.on(package.GetCompositeScheduleRequest)(schedule)
    station.on(package.GetChargingProfilesRequest)(report)
    csms = Csms(package.PROTOCOL, insecure=True)
    accepting(csms, package)
    async with connected(station, csms):
        await station.wait_accepted()
        bench.handle = csms.stations.get("CP001", roles.ConnectedStation)
        yield bench


bench_201 = partial(bench_2, v201, roles201, charging201)
bench_21 = partial(bench_2, v21, roles21, charging21)


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
        assert [each.profile.id for each in bench.profiles] == [2]
        assert (await handle.clear_charging_profile(id=1)).status == "Unknown"
        assert (await handle.clear_charging_profile(id=2, connector_id=9)).status == "Accepted"
        assert len(bench.profiles) == 0


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
        (each,) = bench.profiles
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
        assert bench.reports == []


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
        (each,) = bench.profiles
        assert each.profile.max_offline_duration == 60
        # Without a limit there is none: 2.1 can say so.
        bench.around = Circumstances()
        await bench.handle.clear_charging_profile(charging_profile_id=1)
        got = await bench.handle.get_composite_schedule(evse_id=1, duration=60)
        assert [each.limit for each in got.schedule.charging_schedule_period] == [None]


@pytest.mark.parametrize(
    ("charging", "request_"),
    [
        (charging16, v16.GetCompositeScheduleRequest(connector_id=1, duration=60)),
        (charging201, v201.GetCompositeScheduleRequest(evse_id=1, duration=60)),
    ],
)
def test_without_any_limit_the_station_must_know_what_it_can_give(
    charging: Any, request_: Any
) -> None:
    with pytest.raises(LocalProtocolError, match=r"set Circumstances\.maximum"):
        charging.composite_schedule(installed(charging), request_, Circumstances(), NOW)


def test_profiles_are_reported_as_they_came_after_a_restart() -> None:
    custom = v201.CustomDataType(vendor_id="com.acme")
    schedule = schedule_2(v201, 16.0, custom_data=custom)
    profile = profile_2(v201, 1, charging_schedule=[schedule], custom_data=custom)
    profiles = installed(charging201)
    request = v201.SetChargingProfileRequest(evse_id=1, charging_profile=profile)
    answer = charging201.set_profile(profiles, request, AROUND)
    assert answer.status == "Accepted"
    again = installed(charging201)
    again.restore(profiles.state())
    criterion = v201.ChargingProfileCriterionType()
    _, (report,) = charging201.report_profiles(
        again, v201.GetChargingProfilesRequest(request_id=1, charging_profile=criterion)
    )
    assert report.charging_profile == [profile]
    assert report.tbc is False


@pytest.mark.parametrize(
    ("package", "charging"), [(v201, charging201), (v21, charging21)], ids=["2.0.1", "2.1"]
)
def test_k09_a_limit_that_the_program_has_set_is_reported(package: Any, charging: Any) -> None:
    profiles = installed(charging)
    purpose = package.ChargingProfilePurposeEnumType.CHARGING_STATION_EXTERNAL_CONSTRAINTS
    wanted = profile_2(
        package,
        -1,
        charging_profile_purpose=purpose,
        charging_profile_kind=package.ChargingProfileKindEnumType.RECURRING,
        recurrency_kind=package.RecurrencyKindEnumType.DAILY,
        valid_to=NOW,
    )
    profiles.set_external(charging.read_profile(wanted), 0)
    criterion = package.ChargingProfileCriterionType()
    _, (report,) = charging.report_profiles(
        profiles, package.GetChargingProfilesRequest(request_id=1, charging_profile=criterion)
    )
    assert (report.charging_limit_source, report.evse_id) == ("EMS", 0)
    assert report.charging_profile == [wanted]
