"""Installed charging profiles: what is refused, replaced, cleared, found and kept."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ocppkit.blocks.charging import (
    ChargingAbilities,
    ChargingProfile,
    ChargingRules,
    ChargingSchedule,
    ChargingSchedulePeriod,
    Circumstances,
    InstalledProfiles,
    LimitAtSoC,
    ProfileCriteria,
    ProfileKind,
    Purpose,
    RateUnit,
    Recurrency,
    RunningTransaction,
)

ZERO = datetime(2024, 1, 1, tzinfo=UTC)
SET_BY_CSMS = frozenset({Purpose.STATION_MAX, Purpose.TX_DEFAULT, Purpose.TX})
OLD = ChargingRules(purposes=SET_BY_CSMS, same_level_replaces=True, default_pair_refused=False)
"""The rules of 1.6."""

NEW = ChargingRules(purposes=SET_BY_CSMS)
"""The rules of 2.0.1."""

LATEST = ChargingRules(purposes=SET_BY_CSMS | {Purpose.PRIORITY_CHARGING, Purpose.LOCAL_GENERATION})
"""The rules of 2.1."""

AROUND = Circumstances(evses=(1, 2), transactions={1: RunningTransaction(transaction_id="T1")})


def profiles(rules: ChargingRules = NEW, **abilities: Any) -> InstalledProfiles:
    return InstalledProfiles(rules, ChargingAbilities(**abilities), uniform=lambda most: most)


def period(start: int = 0, **more: Any) -> ChargingSchedulePeriod:
    return ChargingSchedulePeriod(**({"start_period": start, "limit": 16.0} | more))


def schedule(*periods: ChargingSchedulePeriod, **more: Any) -> ChargingSchedule:
    given: dict[str, Any] = {
        "charging_rate_unit": RateUnit.AMPERES,
        "start_schedule": ZERO,
        "charging_schedule_period": periods or (period(),),
    }
    return ChargingSchedule(**(given | more))


def profile(number: int = 1, **more: Any) -> ChargingProfile:
    given: dict[str, Any] = {
        "id": number,
        "stack_level": 0,
        "charging_profile_purpose": Purpose.TX_DEFAULT,
        "charging_profile_kind": ProfileKind.ABSOLUTE,
        "charging_schedule": (schedule(),),
    }
    return ChargingProfile(**(given | more))


Refused = tuple[str, str, ChargingProfile, int]
RELATIVE: dict[str, Any] = {"charging_profile_kind": ProfileKind.RELATIVE}
PRIORITY: dict[str, Any] = {"charging_profile_purpose": Purpose.PRIORITY_CHARGING}
DYNAMIC: dict[str, Any] = {"charging_profile_kind": ProfileKind.DYNAMIC}

REFUSED: list[Refused] = [
    ("CHP-03", "UnknownEvse", profile(), 3),
    (
        "CHP-01",
        "UnsupportedPurpose",
        profile(charging_profile_purpose=Purpose.EXTERNAL_CONSTRAINTS),
        1,
    ),
    ("CHP-01", "InvalidProfile", profile(charging_profile_purpose=Purpose.STATION_MAX), 1),
    ("CHP-01", "InvalidProfile", profile(charging_profile_purpose=Purpose.TX), 0),
    ("CHP-02", "TxNotFound", profile(charging_profile_purpose=Purpose.TX), 2),
    ("CHP-03", "TxNotFound", profile(charging_profile_purpose=Purpose.TX, transaction_id="T2"), 1),
    ("CHP-17", "InvalidStackLevel", profile(stack_level=11), 1),
    ("CHP-17", "InvalidStackLevel", profile(stack_level=-1), 1),
    ("CHP-22", "UnsupportedKind", profile(**DYNAMIC), 1),
    (
        "CHP-09",
        "InvalidProfile",
        profile(charging_profile_purpose=Purpose.STATION_MAX, **RELATIVE),
        0,
    ),
    ("CHP-09", "InvalidProfile", profile(charging_profile_kind=ProfileKind.RECURRING), 1),
    ("CHP-09", "InvalidProfile", profile(recurrency_kind=Recurrency.DAILY), 1),
    ("CHP-22", "InvalidProfile", profile(dyn_update_interval=60), 1),
    ("CHP-22", "InvalidProfile", profile(dyn_update_time=ZERO), 1),
    (
        "CHP-17",
        "InvalidSchedule",
        profile(charging_schedule=(schedule(*(period(each) for each in range(25))),)),
        1,
    ),
    ("CHP-09", "InvalidSchedule", profile(charging_schedule=(schedule(start_schedule=None),)), 1),
    ("CHP-09", "InvalidSchedule", profile(**RELATIVE), 1),
    ("CHP-09", "InvalidSchedule", profile(charging_schedule=(schedule(period(10)),)), 1),
    (
        "CHP-09",
        "InvalidSchedule",
        profile(charging_schedule=(schedule(period(0), period(60), period(60)),)),
        1,
    ),
    (
        "CHP-03",
        "InvalidSchedule",
        profile(charging_schedule=(schedule(period(number_phases=4)),)),
        1,
    ),
    (
        "CHP-09",
        "InvalidSchedule",
        profile(charging_schedule=(schedule(period(number_phases=1, phase_to_use=2)),)),
        1,
    ),
    (
        "CHP-09",
        "InvalidSchedule",
        profile(charging_schedule=(schedule(charging_schedule_period=()),)),
        1,
    ),
    ("CHP-09", "InvalidSchedule", profile(charging_schedule=(schedule(duration=0),)), 1),
    ("CHP-09", "InvalidSchedule", profile(charging_schedule=(schedule(duration=-5),)), 1),
    ("CHP-09", "InvalidSchedule", profile(charging_schedule=(schedule(period(limit=-1.0)),)), 1),
    (
        "CHP-03",
        "InvalidSchedule",
        profile(charging_schedule=(schedule(period(number_phases=0)),)),
        1,
    ),
    ("CHP-22", "InvalidSchedule", profile(charging_schedule=(schedule(use_local_time=True),)), 1),
    ("CHP-22", "InvalidSchedule", profile(charging_schedule=(schedule(randomized_delay=60),)), 1),
    (
        "CHP-22",
        "InvalidSchedule",
        profile(charging_schedule=(schedule(limit_at_soc=LimitAtSoC(soc=80, limit=6)),)),
        1,
    ),
    (
        "CHP-22",
        "InvalidSchedule",
        profile(charging_schedule=(schedule(duration=60),), **PRIORITY),
        1,
    ),
    (
        "CHP-22",
        "InvalidOperationMode",
        profile(charging_schedule=(schedule(period(operation_mode="CentralSetpoint")),)),
        1,
    ),
]


@pytest.mark.parametrize(
    ("requirement", "code", "refused", "evse_id"),
    REFUSED,
    ids=[f"{each[0]}-{each[1]}-{number}" for number, each in enumerate(REFUSED)],
)
def test_what_breaks_a_rule_is_refused(
    requirement: str, code: str, refused: ChargingProfile, evse_id: int
) -> None:
    rules = LATEST if refused.charging_profile_purpose is Purpose.PRIORITY_CHARGING else NEW
    store = profiles(rules, dynamic=False)
    reason = store.set(refused, evse_id, AROUND)
    assert reason is not None
    assert reason.reason_code == code
    assert requirement in reason.requirement
    assert reason.text
    assert len(store) == 0


@pytest.mark.parametrize(
    ("taken", "evse_id", "abilities"),
    [
        (profile(), 0, {}),
        (profile(charging_profile_purpose=Purpose.STATION_MAX), 0, {}),
        (profile(charging_profile_purpose=Purpose.TX, transaction_id="T1"), 1, {}),
        (profile(charging_schedule=(schedule(start_schedule=None),), **RELATIVE), 1, {}),
        (
            profile(charging_profile_kind=ProfileKind.RECURRING, recurrency_kind=Recurrency.WEEKLY),
            2,
            {},
        ),
        (
            profile(charging_schedule=(schedule(start_schedule=None),), **DYNAMIC),
            1,
            {"dynamic": True},
        ),
        (profile(charging_schedule=(schedule(period(number_phases=3)),)), 1, {"phases": 0}),
        (
            profile(charging_schedule=(schedule(period(number_phases=1, phase_to_use=2)),)),
            1,
            {"phase_switching": True},
        ),
        (profile(charging_schedule=(schedule(use_local_time=True),)), 1, {"local_time": True}),
        (
            profile(charging_schedule=(schedule(limit_at_soc=LimitAtSoC(soc=80, limit=6)),)),
            1,
            {"limit_at_soc": True},
        ),
        (
            profile(charging_schedule=(schedule(period(operation_mode="CentralSetpoint")),)),
            1,
            {"operation_modes": frozenset({"ChargingOnly", "CentralSetpoint"})},
        ),
    ],
)
def test_what_the_station_can_do_is_taken(
    taken: ChargingProfile, evse_id: int, abilities: dict[str, Any]
) -> None:
    store = profiles(**abilities)
    assert store.set(taken, evse_id, AROUND) is None
    assert [each.profile for each in store] == [taken]


def test_chp_03_an_unknown_unit_is_refused() -> None:
    watts = profile(charging_schedule=(schedule(charging_rate_unit=RateUnit.WATTS),))
    reason = profiles(rate_units=frozenset({RateUnit.AMPERES})).set(watts, 1, AROUND)
    assert reason is not None
    assert reason.reason_code == "UnsupportedRateUnit"


def test_chp_24_a_dynamic_schedule_has_one_period() -> None:
    two = profile(charging_schedule=(schedule(period(0), period(60)),), **DYNAMIC)
    reason = profiles(dynamic=True).set(two, 1, AROUND)
    assert reason is not None
    assert reason.reason_code == "InvalidSchedule"


def test_chp_22_priority_charging_only_charges() -> None:
    mode = profile(
        charging_schedule=(schedule(period(operation_mode="CentralSetpoint")),), **PRIORITY
    )
    able = {"operation_modes": frozenset({"ChargingOnly", "CentralSetpoint"})}
    reason = profiles(LATEST, **able).set(mode, 1, AROUND)
    assert reason is not None
    assert reason.reason_code == "InvalidOperationMode"


def test_chp_03_default_profiles_of_one_level_are_for_all_or_for_one() -> None:
    store = profiles()
    assert store.set(profile(1), 0, AROUND) is None
    reason = store.set(profile(2), 1, AROUND)
    assert reason is not None
    assert reason.reason_code == "DuplicateProfile"
    assert store.set(profile(2, stack_level=1), 1, AROUND) is None
    # The same id replaces it, so nothing is double.
    assert store.set(profile(1), 1, AROUND) is None
    assert [(each.profile.id, each.evse_id) for each in store] == [(2, 1), (1, 1)]


def test_chp_07_a_second_profile_of_the_same_time_is_refused() -> None:
    store = profiles()
    night = profile(1, valid_to=ZERO)
    assert store.set(night, 1, AROUND) is None
    reason = store.set(profile(2), 1, AROUND)
    assert reason is not None
    assert reason.reason_code == "DuplicateProfile"
    assert store.set(profile(2, valid_from=ZERO), 1, AROUND) is None


def test_chp_05_in_1_6_the_same_level_replaces() -> None:
    store = profiles(OLD)
    assert store.set(profile(1), 1, AROUND) is None
    assert store.set(profile(2), 1, AROUND) is None
    assert store.set(profile(3), 0, AROUND) is None
    assert [each.profile.id for each in store] == [2, 3]


def test_chp_17_no_more_than_so_many() -> None:
    store = profiles(max_profiles=1)
    assert store.set(profile(1), 1, AROUND) is None
    reason = store.set(profile(2, stack_level=1), 1, AROUND)
    assert reason is not None
    assert reason.reason_code == "OutOfStorage"
    assert store.set(profile(1, stack_level=1), 1, AROUND) is None


def test_a_remote_start_brings_the_profile_before_its_transaction() -> None:
    store = profiles()
    early = profile(charging_profile_purpose=Purpose.TX)
    assert store.set(early, 2, AROUND, starts_transaction=True) is None


def test_cmp_15_delays_are_drawn_when_the_profile_arrives() -> None:
    store = profiles(randomized_delay=True)
    late = profile(
        charging_schedule=(schedule(period(0), period(60), period(90), randomized_delay=30),)
    )
    assert store.set(late, 1, AROUND) is None
    (installed,) = store
    assert installed.delays == (30, 30)
    station = profile(
        charging_profile_purpose=Purpose.STATION_MAX,
        charging_schedule=(schedule(randomized_delay=30),),
    )
    reason = store.set(station, 0, AROUND)
    assert reason is not None
    assert reason.reason_code == "InvalidSchedule"


def filled() -> InstalledProfiles:
    store = profiles()
    assert store.set(profile(1, charging_profile_purpose=Purpose.TX), 1, AROUND) is None
    assert store.set(profile(2), 0, AROUND) is None
    assert store.set(profile(3, stack_level=2), 1, AROUND) is None
    external = profile(-1, charging_profile_purpose=Purpose.EXTERNAL_CONSTRAINTS)
    store.set_external(external, 0, source="SO")
    return store


@pytest.mark.parametrize(
    ("criteria", "cleared"),
    [
        (ProfileCriteria(), [1, 2, 3]),
        (ProfileCriteria(ids=[3], purpose=Purpose.TX, evse_id=2), [3]),
        (ProfileCriteria(ids=[-1]), []),
        (ProfileCriteria(evse_id=0), [2]),
        (ProfileCriteria(evse_id=1), [1, 3]),
        (ProfileCriteria(purpose=Purpose.TX_DEFAULT), [2, 3]),
        (ProfileCriteria(purpose=Purpose.TX_DEFAULT, stack_level=2, evse_id=1), [3]),
        (ProfileCriteria(purpose=Purpose.EXTERNAL_CONSTRAINTS), []),
        (ProfileCriteria(stack_level=7), []),
    ],
)
def test_chp_14_15_a_csms_clears_what_it_has_set(
    criteria: ProfileCriteria, cleared: list[int]
) -> None:
    store = filled()
    assert [each.profile.id for each in store.clear(criteria)] == cleared
    left = [number for number in (1, 2, 3, -1) if number not in cleared]
    assert [each.profile.id for each in store] == left


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        (ProfileCriteria(), [1, 2, 3, -1]),
        (ProfileCriteria(evse_id=0), [2, -1]),
        (ProfileCriteria(sources=["CSO"]), [1, 2, 3]),
        (ProfileCriteria(sources=["SO", "EMS"]), [-1]),
        (ProfileCriteria(ids=[1, -1]), [1, -1]),
    ],
)
def test_chp_16_profiles_are_found(criteria: ProfileCriteria, found: list[int]) -> None:
    assert [each.profile.id for each in filled().find(criteria)] == found


def test_chp_06_an_external_limit_is_not_replaced_by_the_csms() -> None:
    store = filled()
    assert store.set(profile(-1, stack_level=5), 2, AROUND) is None
    assert [each.profile.id for each in store] == [1, 2, 3, -1, -1]
    external = profile(-1, charging_profile_purpose=Purpose.EXTERNAL_CONSTRAINTS)
    assert store.set_external(external, 0).source == "EMS"
    assert len(store) == 5
    removed = store.remove_external(-1)
    assert removed is not None
    assert removed.is_external
    assert store.remove_external(-1) is None


def test_chp_10_the_profiles_of_a_transaction_end_with_it() -> None:
    store = filled()
    assert [each.profile.id for each in store.end_transaction(1)] == [1]
    assert [each.profile.id for each in store] == [2, 3, -1]
    own = profile(1, charging_profile_purpose=Purpose.TX, transaction_id="T1")
    assert store.set(own, 1, AROUND) is None
    assert store.end_transaction(2) == []
    assert [each.profile for each in store.end_transaction(1)] == [own]


def test_a_profile_that_is_invalid_after_a_time_offline_is_dropped_then_and_no_other() -> None:
    store = profiles()
    for number, more in (
        (1, {"max_offline_duration": 60, "invalid_after_offline_duration": True}),
        (2, {"max_offline_duration": 60}),
    ):
        assert store.set(profile(number, stack_level=number, **more), 1, AROUND) is None
    assert store.drop_offline(60.0) == []
    assert [each.profile.id for each in store.drop_offline(61.0)] == [1]
    assert [each.profile.id for each in store] == [2]


def test_chp_10_profiles_are_kept_over_a_restart() -> None:
    store = filled()
    again = profiles()
    again.restore(store.state())
    assert list(again) == list(store)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda state: state[:-1], "this is not a set of charging profiles"),
        (lambda state: b"{}", "this is not a set of charging profiles"),
        (lambda state: b"", "this is not a set of charging profiles"),
        (lambda state: state.replace(b'"format":1', b'"format":2'), "a newer release"),
    ],
)
def test_a_foreign_state_is_refused_and_nothing_changes(
    damage: Callable[[bytes], bytes], said: str
) -> None:
    store = filled()
    before = list(store)
    with pytest.raises(ValueError, match=said):
        store.restore(damage(store.state()))
    assert list(store) == before
