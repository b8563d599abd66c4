"""Group 7: what functional blocks cost, as shares of decoding the messages that they work on."""

import json
from datetime import UTC, datetime
from random import Random
from typing import Final

from ocppkit import v201
from ocppkit.blocks.charging import (
    Circumstances,
    InstalledProfile,
    RunningTransaction,
    composite,
)
from ocppkit.core import decode_message, decode_payload
from ocppkit.v201.blocks import charging

from .findings import Book
from .measure import Work, measure_in_turns
from .scale import Scale

__all__ = ["run"]

_GROUP: Final = "blocks"
_OURS: Final = "composite"
_FLOOR: Final = "decode the profiles"
_START: Final = datetime(2024, 1, 1, tzinfo=UTC)
_DAY: Final = 86_400
_PROFILES: Final = (
    ("ChargingStationMaxProfile", 0, None),
    ("ChargingStationMaxProfile", 1, 20_000),
    ("ChargingStationExternalConstraints", 0, None),
    ("TxDefaultProfile", 0, None),
    ("TxDefaultProfile", 1, 60_000),
    ("TxDefaultProfile", 2, 40_000),
    ("TxProfile", 0, _DAY),
    ("TxProfile", 1, 50_000),
    ("TxProfile", 2, 30_000),
    ("TxProfile", 3, 10_000),
)
"""Purpose, stack level and duration of each."""


def run(scale: Scale, book: Book) -> None:
    """Measures composite schedules of ten profiles, with few periods and with many."""
    for periods in (24, 240):
        payloads = [_payload(number, *profile, periods) for number, profile in enumerate(_PROFILES)]
        requests = [decode_payload(v201.SetChargingProfileRequest, each) for each in payloads]
        frames = [f'[2,"1","SetChargingProfile",{each}]' for each in payloads]
        installed = [
            InstalledProfile(
                profile=charging.read_profile(each.charging_profile), evse_id=each.evse_id
            )
            for each in requests
        ]
        costs = measure_in_turns(
            {_OURS: Work(_composite, installed), _FLOOR: Work(_decode, frames)},
            rounds=scale.rounds,
            seconds=scale.turn,
        )
        what = f"composite schedule of 10 profiles of {periods} periods"
        book.microseconds(_GROUP, what, costs)
        # With ten times the periods it must stay about the same, as both grow in a straight line.
        target = "composite" if periods == 24 else None
        book.share(_GROUP, what, costs, _OURS, _FLOOR, target)


def _composite(installed: list[InstalledProfile]) -> None:
    around = Circumstances(transactions={1: RunningTransaction(transaction_id="T1")})
    composite(installed, around, evse_id=1, start=_START, duration=_DAY)


def _decode(frames: list[str]) -> None:
    for each in frames:
        decode_message(v201.PROTOCOL, each)


def _payload(number: int, purpose: str, level: int, duration: int | None, periods: int) -> str:
    chance = Random(number)
    step = _DAY // periods
    # Each begins at a moment of its own, so that no two changes fall together.
    starts = [0, *(index * step + chance.randrange(step - 1) for index in range(1, periods))]
    schedule = {
        "id": 1,
        "chargingRateUnit": "A",
        "startSchedule": "2024-01-01T00:00:00Z",
        "chargingSchedulePeriod": [
            {"startPeriod": start, "limit": float(chance.randrange(6, 32)), "numberPhases": 3}
            for start in starts
        ],
    }
    if duration is not None:
        schedule["duration"] = duration
    profile = {
        "id": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
    }
    evse_id = 0 if purpose == "ChargingStationMaxProfile" else 1
    return json.dumps({"evseId": evse_id, "chargingProfile": profile}, separators=(",", ":"))
