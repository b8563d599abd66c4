"""Meter values, in one form for all versions of OCPP. Names are those of OCPP 2.1."""

from collections.abc import Iterable
from datetime import datetime
from math import isfinite
from typing import Final

from msgspec import Struct

__all__ = [
    "ENERGY_REGISTER",
    "EnergyReading",
    "MeterValue",
    "SampledValue",
    "SignedMeterValue",
    "energy_readings",
    "energy_register",
]

ENERGY_REGISTER: Final = "Energy.Active.Import.Register"
"""The measurand of a value that names none."""

_OUTLET: Final = "Outlet"
_WATT_HOURS: Final = {None: 1.0, "Wh": 1.0, "kWh": 1000.0}


class SignedMeterValue(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A signed meter value."""

    signed_meter_data: str
    signing_method: str | None = None
    encoding_method: str = ""
    public_key: str | None = None


class SampledValue(Struct, frozen=True, omit_defaults=True):
    """One value of a meter. What is `None` has the default of OCPP: imported energy, at the outlet,
    in Wh.
    """

    value: float | None
    """`None` if only `signed_meter_value` tells it, as in OCPP 1.6."""

    measurand: str | None = None
    phase: str | None = None
    location: str | None = None
    unit: str | None = None
    multiplier: int = 0
    """The power of ten that the value is to be multiplied by."""

    context: str | None = None
    """Why it was read; the block of transactions sets it."""

    signed_meter_value: SignedMeterValue | None = None


class MeterValue(Struct, frozen=True, omit_defaults=True):
    """Several values that were read at the same time."""

    timestamp: datetime
    sampled_value: tuple[SampledValue, ...]


class EnergyReading(Struct, frozen=True, order=True):
    """A reading of the energy register of all phases at the outlet (Energy.Active.Import.Register)."""

    at: datetime
    register: float
    """In watt-hours."""


def energy_register(value: SampledValue) -> float | None:
    """Returns the energy in Wh if a value is the energy register of all phases at the outlet, else
    `None`.
    """
    factor = _WATT_HOURS.get(value.unit)
    is_energy = value.measurand in (None, ENERGY_REGISTER) and value.phase is None
    if value.value is None or factor is None or not is_energy:
        return None
    if value.location not in (None, _OUTLET) or not isfinite(value.value):
        return None
    return value.value * factor * 10.0**value.multiplier


def energy_readings(meter_values: Iterable[MeterValue]) -> tuple[EnergyReading, ...]:
    """Returns the readings of the energy register in meter values."""
    registers = ((each.timestamp, value) for each in meter_values for value in each.sampled_value)
    return tuple(
        EnergyReading(timestamp, register)
        for timestamp, value in registers
        if (register := energy_register(value)) is not None
    )
