"""Reads from a station's variables what it can do in smart charging."""

from msgspec.structs import replace

from ..variables import (
    CHARGING_PROFILE_ENTRIES,
    PERIODS_PER_SCHEDULE,
    PROFILE_STACK_LEVEL,
    RATE_UNIT,
    SUPPORTS_DYNAMIC_PROFILES,
    DeviceModel,
)
from ._charging_rules import ChargingAbilities
from ._profiles import RateUnit

__all__ = ["abilities_of"]


def abilities_of(model: DeviceModel, default: ChargingAbilities) -> ChargingAbilities:
    """Returns the abilities of a station in smart charging. # CHP-17

    Args:
        model: its variables.
        default: what counts where they say nothing.
    """
    units = model.get(RATE_UNIT, ())
    return replace(
        default,
        rate_units=frozenset(each for each in RateUnit if each in units) or default.rate_units,
        max_stack_level=model.get(PROFILE_STACK_LEVEL, default.max_stack_level),
        max_periods=model.get(PERIODS_PER_SCHEDULE, default.max_periods),
        dynamic=model.get(SUPPORTS_DYNAMIC_PROFILES, default.dynamic),
        # Its value is how many there are.
        max_profiles=int(model.max_limit(CHARGING_PROFILE_ENTRIES, default.max_profiles)),
    )
