"""Composite schedules: vectors with known results, and a slow evaluation at every second."""

import json
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ocppkit.blocks.charging import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    Circumstances,
    InstalledProfile,
    ProfileKind,
    Purpose,
    RateUnit,
    Recurrency,
    RunningTransaction,
    composite,
)
from support.every_second import limit_at

ZERO = datetime(2024, 1, 1, tzinfo=UTC)
COUNT = int(os.environ.get("COMPOSITES", "300"))
"""Sets of random profiles; `make fuzz-composite` takes more."""

VECTORS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("composite_vectors.json").read_text("utf-8")
)


def at(seconds: float | None) -> datetime | None:
    return None if seconds is None else ZERO + timedelta(seconds=seconds)


def profile_of(number: int, raw: dict[str, Any]) -> InstalledProfile:
    periods = tuple(
        ChargingSchedulePeriod(
            start_period=each["startPeriod"],
            limit=each["limit"],
            number_phases=each.get("numberPhases"),
        )
        for each in raw["periods"]
    )
    schedule = ChargingSchedule(
        charging_rate_unit=RateUnit(raw["unit"]),
        duration=raw["duration"],
        start_schedule=at(raw.get("start")),
        charging_schedule_period=periods,
    )
    profile = ChargingProfile(
        id=number,
        stack_level=raw["stack"],
        charging_profile_purpose=Purpose(raw["purpose"]),
        charging_profile_kind=ProfileKind(raw["kind"]),
        recurrency_kind=Recurrency(raw["recurrency"]) if "recurrency" in raw else None,
        valid_from=at(raw.get("validFrom")),
        valid_to=at(raw.get("validTo")),
        charging_schedule=(schedule,),
    )
    return InstalledProfile(profile=profile, evse_id=raw["evse"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector: dict[str, Any]) -> None:
    running = RunningTransaction(
        transaction_id="T1",
        energy_since=at(vector.get("anchor", vector["t0"])),
        priority=vector.get("priority", False),
    )
    got = composite(
        [profile_of(number, raw) for number, raw in enumerate(vector["profiles"])],
        Circumstances(
            transactions={vector["evseId"]: running} if vector["transaction_active"] else {},
            voltage=vector["line_voltage"],
        ),
        evse_id=vector["evseId"],
        start=ZERO + timedelta(seconds=vector["t0"]),
        duration=vector["duration"],
        unit=RateUnit(vector["unit"]),
    )
    assert [
        {"startPeriod": each.start_period, "limit": each.limit, "numberPhases": each.number_phases}
        for each in got
    ] == vector["expected"]


def random_profile(chance: random.Random, number: int) -> InstalledProfile:
    """Returns a profile with boundaries at any fraction of a second around the window."""

    def moment() -> datetime:
        return ZERO + timedelta(
            seconds=chance.choice([0, 0.5, 0.999]) + chance.randrange(-300, 300)
        )

    purpose = chance.choice(list(Purpose))
    kinds = [ProfileKind.ABSOLUTE, ProfileKind.RECURRING, ProfileKind.RELATIVE]
    # CHP-09: the limit of the station is not relative to a transaction.
    kind = chance.choice(kinds[:2] if purpose is Purpose.STATION_MAX else kinds)
    recurs = kind is ProfileKind.RECURRING
    starts = sorted({0, *(chance.randrange(1, 300) for _ in range(chance.randrange(5)))})
    start = moment()
    if recurs:
        start -= timedelta(seconds=86_400 * chance.randrange(8))
    schedule = ChargingSchedule(
        charging_rate_unit=chance.choice(list(RateUnit)),
        start_schedule=None if kind is ProfileKind.RELATIVE else start,
        duration=chance.choice([None, chance.randrange(1, 400)]),
        charging_schedule_period=tuple(
            ChargingSchedulePeriod(
                start_period=each,
                limit=float(chance.randrange(0, 40)),
                number_phases=chance.choice([None, 1, 2, 3]),
            )
            for each in starts
        ),
    )
    profile = ChargingProfile(
        id=number,
        # No two levels are equal, as the specification wants it within a purpose.
        stack_level=number,
        charging_profile_purpose=purpose,
        charging_profile_kind=kind,
        recurrency_kind=chance.choice(list(Recurrency)) if recurs else None,
        valid_from=chance.choice([None, moment()]),
        valid_to=chance.choice([None, moment()]),
        transaction_id=chance.choice([None, "T1", "T2"]),
        charging_schedule=(schedule,),
    )
    return InstalledProfile(profile=profile, evse_id=chance.choice([0, 1, 1, 2]))


@pytest.mark.parametrize("seed", range(COUNT))
def test_any_profiles_give_what_holds_at_each_second(seed: int) -> None:
    chance = random.Random(seed)
    installed = [random_profile(chance, number) for number in range(chance.randrange(1, 12))]
    running = RunningTransaction(
        transaction_id="T1",
        energy_since=ZERO + timedelta(seconds=chance.randrange(-100, 200) + 0.25),
        priority=chance.random() < 0.5,
    )
    around = Circumstances(transactions=chance.choice([{}, {1: running}]))
    unit = chance.choice(list(RateUnit))
    got = composite(installed, around, evse_id=1, start=ZERO, duration=300, unit=unit)
    assert [each.start_period for each in got] == sorted({each.start_period for each in got})
    assert got[0].start_period == 0
    for second in range(300):
        moment = ZERO + timedelta(seconds=second)
        wanted, phases = limit_at(installed, around, 1, moment, ZERO, unit)
        held = [each for each in got if each.start_period <= second][-1]
        assert held.number_phases == phases, second
        assert held.limit == pytest.approx(wanted), second
