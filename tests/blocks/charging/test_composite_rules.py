"""Composite schedules: the rules that the ready-made vectors leave out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ocppkit.blocks.charging import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    Circumstances,
    InstalledProfile,
    LimitAtSoC,
    ProfileKind,
    Purpose,
    RateUnit,
    Recurrency,
    RunningTransaction,
    composite,
)

ZERO = datetime(2024, 1, 1, tzinfo=UTC)
RUNNING = RunningTransaction(transaction_id="T1", energy_since=ZERO)
ONE = Circumstances(transactions={1: RUNNING})


def period(start: int, limit: float | None, **more: Any) -> ChargingSchedulePeriod:
    return ChargingSchedulePeriod(start_period=start, limit=limit, **more)


def schedule(*periods: ChargingSchedulePeriod, **more: Any) -> ChargingSchedule:
    given: dict[str, Any] = {"charging_rate_unit": RateUnit.AMPERES, "start_schedule": ZERO}
    return ChargingSchedule(charging_schedule_period=periods, **(given | more))


def installed(
    purpose: Purpose,
    *schedules: ChargingSchedule,
    evse_id: int = 1,
    stack_level: int = 0,
    delays: Sequence[int] = (),
    **more: Any,
) -> InstalledProfile:
    given: dict[str, Any] = {"charging_profile_kind": ProfileKind.ABSOLUTE}
    profile = ChargingProfile(
        id=1,
        stack_level=stack_level,
        charging_profile_purpose=purpose,
        charging_schedule=schedules,
        **(given | more),
    )
    return InstalledProfile(profile=profile, evse_id=evse_id, delays=tuple(delays))


def steps(
    profiles: Sequence[InstalledProfile],
    around: Circumstances = ONE,
    *,
    evse_id: int = 1,
    start: datetime = ZERO,
    duration: int = 1000,
    **more: Any,
) -> list[tuple[int, float | None]]:
    """Returns start and limit of each period."""
    got = composite(profiles, around, evse_id=evse_id, start=start, duration=duration, **more)
    return [(each.start_period, each.limit) for each in got]


def test_without_profiles_nothing_is_limited() -> None:
    assert composite([], ONE, evse_id=1, start=ZERO, duration=60) == (
        ChargingSchedulePeriod(start_period=0),
    )


def test_chp_12_at_one_level_the_profile_of_the_evse_hides_that_of_all() -> None:
    both = [
        installed(Purpose.TX_DEFAULT, schedule(period(0, 10)), evse_id=0, stack_level=1),
        installed(Purpose.TX_DEFAULT, schedule(period(0, 16), duration=500), stack_level=1),
    ]
    assert steps(both) == [(0, 16), (500, 10)]
    assert steps(both, evse_id=2) == [(0, 10)]


@pytest.mark.parametrize("purpose", [Purpose.TX_DEFAULT, Purpose.TX])
def test_k02_a_profile_of_another_transaction_does_not_count(purpose: Purpose) -> None:
    other = [installed(purpose, schedule(period(0, 10)), transaction_id="T2")]
    assert steps(other) == [(0, 10 if purpose is Purpose.TX_DEFAULT else None)]


def test_cmp_11_the_whole_station_is_the_sum_of_its_evses() -> None:
    around = Circumstances(transactions={1: RUNNING}, evses=(1, 2))
    profiles = [
        installed(Purpose.TX, schedule(period(0, 16), period(100, 8))),
        installed(Purpose.TX_DEFAULT, schedule(period(0, 10)), evse_id=0),
    ]
    assert steps(profiles, around, evse_id=0) == [(0, 26), (100, 18)]
    station = installed(Purpose.STATION_MAX, schedule(period(0, 20)), evse_id=0)
    assert steps([*profiles, station], around, evse_id=0) == [(0, 20), (100, 18)]
    external = installed(Purpose.EXTERNAL_CONSTRAINTS, schedule(period(0, 6)), evse_id=2)
    assert steps([*profiles, station, external], around, evse_id=0) == [(0, 20), (100, 14)]
    local = installed(Purpose.LOCAL_GENERATION, schedule(period(0, 5)), evse_id=2)
    assert steps([*profiles, station, local], around, evse_id=0) == [(0, 25), (100, 23)]


def test_cmp_11_an_evse_without_limit_counts_with_what_it_can_give() -> None:
    profiles = [installed(Purpose.TX, schedule(period(0, 16)))]
    around = Circumstances(transactions={1: RUNNING}, evses=(1, 2))
    assert steps(profiles, around, evse_id=0) == [(0, None)]
    known = Circumstances(transactions={1: RUNNING}, evses=(1, 2), maximum=32)
    assert steps(profiles, known, evse_id=0) == [(0, 48)]
    watts = [installed(Purpose.TX, schedule(period(0, 1000), charging_rate_unit=RateUnit.WATTS))]
    assert steps(watts, known, evse_id=0, unit=RateUnit.WATTS) == [(0, 1000 + 32 * 230 * 3)]


def test_no_limit_is_above_what_the_evse_can_give() -> None:
    around = Circumstances(transactions={1: RUNNING}, maximum=32)
    assert steps([], around) == [(0, 32)]
    assert steps([installed(Purpose.TX, schedule(period(0, 16), period(60, 63)))], around) == [
        (0, 16),
        (60, 32),
    ]


def test_a_window_begins_at_a_whole_second() -> None:
    profiles = [installed(Purpose.TX, schedule(period(0, 16), period(100, 8)))]
    late = ZERO + timedelta(seconds=10, milliseconds=900)
    assert steps(profiles, start=late) == [(0, 16), (90, 8)]


def test_what_begins_within_a_second_counts_from_the_next() -> None:
    begin = ZERO + timedelta(milliseconds=1)
    profiles = [
        installed(Purpose.TX, schedule(period(0, 16), period(100, 8), start_schedule=begin)),
    ]
    assert steps(profiles) == [(0, None), (1, 16), (101, 8)]


AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def daily(*periods: ChargingSchedulePeriod) -> InstalledProfile:
    """Returns a profile by the local clock, from midnight on."""
    local = schedule(*periods, use_local_time=True, start_schedule=datetime(2024, 1, 1, tzinfo=UTC))
    return installed(
        Purpose.TX_DEFAULT,
        local,
        charging_profile_kind=ProfileKind.RECURRING,
        recurrency_kind=Recurrency.DAILY,
    )


HOUR = 3600
NIGHT = daily(period(0, 32), period(2 * HOUR, 10), period(3 * HOUR, 16))
"""10 A from 2 to 3 in the morning by the local clock."""


def by_local_clock(day: datetime, hours: int) -> list[tuple[float, float | None]]:
    around = Circumstances(zone=AMSTERDAM)
    got = steps([NIGHT], around, start=day, duration=hours * HOUR)
    return [(start / HOUR, limit) for start, limit in got]


def test_cmp_16_local_time_in_winter() -> None:
    assert by_local_clock(datetime(2024, 1, 9, 23, tzinfo=UTC), 25) == [
        (0, 32),
        (2, 10),
        (3, 16),
        (24, 32),
    ]


def test_cmp_16_the_hour_that_summer_time_skips() -> None:
    # At 2 o'clock of 31 March 2024 it became 3 o'clock; the day had 23 hours.
    assert by_local_clock(datetime(2024, 3, 30, 23, tzinfo=UTC), 25) == [
        (0, 32),
        (2, 16),
        (23, 32),
    ]


def test_cmp_16_the_hour_that_winter_time_repeats() -> None:
    # At 3 o'clock of 27 October 2024 it became 2 o'clock; the day had 25 hours.
    assert by_local_clock(datetime(2024, 10, 26, 22, tzinfo=UTC), 26) == [
        (0, 32),
        (2, 10),
        (4, 16),
        (25, 32),
    ]


def test_without_a_zone_local_time_is_that_of_the_schedule() -> None:
    got = steps([NIGHT], Circumstances(), start=ZERO, duration=4 * HOUR)
    assert got == [(0, 32), (2 * HOUR, 10), (3 * HOUR, 16)]


def test_cmp_15_delays_skip_the_periods_that_they_overtake() -> None:
    late = installed(
        Purpose.TX,
        schedule(period(0, 6), period(300, 8), period(600, 10), period(900, 12)),
        delays=(753, 123, 87),
    )
    assert steps([late], duration=2000) == [(0, 6), (723, 10), (987, 12)]
    short = installed(
        Purpose.TX,
        schedule(period(0, 6), period(300, 8), period(600, 10), duration=700),
        delays=(10, 100),
    )
    assert steps([short], duration=2000) == [(0, 6), (310, 8), (700, None)]


def test_k28_a_dynamic_profile_counts_from_its_update_on() -> None:
    dynamic = installed(
        Purpose.TX,
        schedule(period(0, 13), start_schedule=None, duration=120),
        charging_profile_kind=ProfileKind.DYNAMIC,
        dyn_update_time=ZERO + timedelta(seconds=60),
    )
    default = installed(Purpose.TX_DEFAULT, schedule(period(0, 6)))
    # K28.FR.13: not updated again, it ends with its duration.
    assert steps([dynamic, default]) == [(0, 6), (60, 13), (180, 6)]


def test_cmp_17_each_of_three_schedules_is_combined_for_itself() -> None:
    choice = installed(
        Purpose.TX, schedule(period(0, 16)), schedule(period(0, 20)), schedule(period(0, 24))
    )
    station = installed(Purpose.STATION_MAX, schedule(period(0, 22)), evse_id=0)
    got = [steps([choice, station], schedule=index)[0][1] for index in range(3)]
    assert got == [16, 20, 22]
    one = installed(Purpose.TX, schedule(period(0, 16)))
    assert steps([one, station], schedule=1) == [(0, 22)]


@pytest.mark.parametrize("fraction", [0.0, 0.5])
def test_cmp_01_a_profile_ends_when_the_station_is_offline_for_longer(fraction: float) -> None:
    profile = installed(Purpose.TX, schedule(period(0, 16)), max_offline_duration=100)
    lost = ZERO + timedelta(seconds=30 + fraction)
    offline = Circumstances(transactions={1: RUNNING}, offline_since=lost)
    # At 130 s it is offline for 100 s at most, at 131 s for longer.
    assert steps([profile], offline) == [(0, 16), (131, None)]
    assert steps([profile]) == [(0, 16)]


def test_cmp_16_a_limit_at_a_state_of_charge() -> None:
    profile = installed(
        Purpose.TX,
        schedule(
            period(0, 16, setpoint=12.0, limit_l2=14.0, limit_l3=5.0),
            period(100, None),
            limit_at_soc=LimitAtSoC(soc=80, limit=6),
        ),
    )
    found: list[list[float | None]] = []
    for soc in (79.9, 80.0):
        running = RunningTransaction(transaction_id="T1", energy_since=ZERO, state_of_charge=soc)
        around = Circumstances(transactions={1: running})
        first, second = composite([profile], around, evse_id=1, start=ZERO, duration=200)
        found.append([first.limit, first.limit_l2, first.limit_l3, first.setpoint, second.limit])
    assert found == [[16, 14, 5, 12, None], [6, 6, 5, 6, 6]]


def test_limits_of_single_phases_are_compared_phase_by_phase() -> None:
    phases = installed(Purpose.TX, schedule(period(0, 16, limit_l2=10.0, limit_l3=8.0)))
    watts = schedule(period(0, 6900), charging_rate_unit=RateUnit.WATTS)
    station = installed(Purpose.STATION_MAX, watts, evse_id=0)
    (got,) = composite([phases, station], ONE, evse_id=1, start=ZERO, duration=10)
    assert (got.limit, got.limit_l2, got.limit_l3) == (10, 10, 8)
    (got,) = composite(
        [phases, station], ONE, evse_id=1, start=ZERO, duration=10, unit=RateUnit.WATTS
    )
    assert (got.limit, got.limit_l2, got.limit_l3) == (2300, 2300, 1840)
    local = installed(Purpose.LOCAL_GENERATION, schedule(period(0, 2, limit_l3=1.0)))
    (got,) = composite([phases, local], ONE, evse_id=1, start=ZERO, duration=10)
    assert (got.limit, got.limit_l2, got.limit_l3) == (18, 12, 9)


def test_k08_08_a_setpoint_lies_between_the_limits() -> None:
    wish = installed(
        Purpose.TX,
        schedule(
            period(0, 32, setpoint=30.0, operation_mode="CentralSetpoint"),
            period(100, 32, setpoint=-30.0, discharge_limit=-20.0),
            period(200, None, setpoint=5.0),
        ),
    )
    station = installed(Purpose.STATION_MAX, schedule(period(0, 16)), evse_id=0)
    external = installed(
        Purpose.EXTERNAL_CONSTRAINTS, schedule(period(0, None, discharge_limit=-10.0)), evse_id=0
    )
    got = composite([wish, station, external], ONE, evse_id=1, start=ZERO, duration=300)
    assert [(each.setpoint, each.discharge_limit, each.operation_mode) for each in got] == [
        (16, -10, "CentralSetpoint"),
        (-10, -10, None),
        (5, -10, None),
    ]
    free, _, _ = composite([wish], ONE, evse_id=1, start=ZERO, duration=300)
    assert free.setpoint == 30
    around = Circumstances(transactions={1: RUNNING}, evses=(1, 2))
    totals = composite([wish, station, external], around, evse_id=0, start=ZERO, duration=300)
    assert [each.setpoint for each in totals] == [None]


def test_the_phase_to_use_is_told() -> None:
    single = installed(Purpose.TX, schedule(period(0, 16, number_phases=1, phase_to_use=2)))
    (got,) = composite([single], ONE, evse_id=1, start=ZERO, duration=10)
    assert (got.number_phases, got.phase_to_use) == (1, 2)


def test_a_schedule_may_begin_with_a_gap() -> None:
    assert steps([installed(Purpose.TX, schedule(period(50, 6)))]) == [(0, None), (50, 6)]


def test_a_long_schedule_is_cut() -> None:
    profile = daily(*(period(hour * HOUR, 6.0 + hour) for hour in range(24)))
    years = composite([profile], Circumstances(), evse_id=1, start=ZERO, duration=1 << 31)
    assert len(years) == 1024
    assert years[-1].start_period == 1023 * HOUR
    few = composite(
        [profile], Circumstances(), evse_id=1, start=ZERO, duration=1 << 31, max_periods=3
    )
    assert few == years[:3]
