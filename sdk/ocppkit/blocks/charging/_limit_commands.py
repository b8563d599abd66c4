"""Creates the commands with which a CSMS limits a station, an EVSE or a transaction to one current
or power.
"""

from datetime import datetime, timedelta
from typing import Final

from ocppkit.core import LocalProtocolError

from ._profile_messages import ClearProfiles, SetProfile
from ._profiles import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    ProfileKind,
    Purpose,
    RateUnit,
)

__all__ = ["lift_command", "limit_command"]

_IDS: Final = 1_000_000
_IDS_OF_TRANSACTIONS: Final = 2_000_000
"""Where the ids of these profiles begin; the number of the EVSE is added, 0 for the station."""

_BEFORE: Final = timedelta(hours=1)
"""How long before the present moment the schedule begins, so that it counts where a clock is slow."""


def limit_command(
    *,
    now: datetime,
    amps: float | None = None,
    watts: float | None = None,
    evse_id: int = 0,
    transaction_id: str | None = None,
    until: datetime | None = None,
    number_phases: int | None = None,
    stack_level: int = 0,
) -> SetProfile:
    """Returns the command that sets one limit; replaces the limit that an earlier such command has
    set there.

    The limit of a station is a ChargingStationMaxProfile, that of an EVSE a TxDefaultProfile, and that of a
    transaction a TxProfile, which goes before that of its EVSE.

    Args:
        now: the present moment.
        amps: the greatest current of each phase.
        watts: the greatest power of all phases together, in place of `amps`.
        evse_id: the EVSE; 0 for the whole station.
        transaction_id: the transaction on that EVSE that is limited, if it is not the EVSE itself.
        until: when the limit ends; without it, when it is lifted.
        number_phases: how many phases may be used; 3 by default.
        stack_level: among profiles of one purpose, that of the highest level counts.

    Raises:
        LocalProtocolError: not just one of `amps` and `watts` is given, the limit has ended already, or a
            transaction has no EVSE.
    """
    if (amps is None) == (watts is None):
        raise LocalProtocolError(
            f"the limit has amps={amps} and watts={watts} [give exactly one of them]"
        )
    if until is not None and until <= now:
        raise LocalProtocolError(
            f"the limit would end at {until}, which has passed [give a later `until`]"
        )
    period = ChargingSchedulePeriod(
        start_period=0, limit=watts if amps is None else amps, number_phases=number_phases
    )
    schedule = ChargingSchedule(
        id=1,
        charging_rate_unit=RateUnit.WATTS if amps is None else RateUnit.AMPERES,
        charging_schedule_period=(period,),
        start_schedule=now.replace(microsecond=0) - _BEFORE,
    )
    profile_id, purpose = _target(evse_id, transaction_id)
    profile = ChargingProfile(
        id=profile_id,
        stack_level=stack_level,
        charging_profile_purpose=purpose,
        charging_profile_kind=ProfileKind.ABSOLUTE,
        charging_schedule=(schedule,),
        valid_to=until,
        transaction_id=transaction_id,
    )
    return SetProfile(evse_id=evse_id, charging_profile=profile)


def lift_command(*, evse_id: int = 0, transaction_id: str | None = None) -> ClearProfiles:
    """Returns the command that removes a limit which `limit_command` has set.

    Args:
        evse_id: the EVSE; 0 for the whole station.
        transaction_id: the transaction on that EVSE that is limited, if it is not the EVSE itself.

    Raises:
        LocalProtocolError: a transaction has no EVSE.
    """
    profile_id, _ = _target(evse_id, transaction_id)
    return ClearProfiles(charging_profile_id=profile_id)


def _target(evse_id: int, transaction_id: str | None) -> tuple[int, Purpose]:
    """Returns the id and the purpose of the profile."""
    if transaction_id is not None:
        if evse_id < 1:
            raise LocalProtocolError(
                f"the EVSE of transaction {transaction_id!r} is not known [give evse_id]"
            )
        return _IDS_OF_TRANSACTIONS + evse_id, Purpose.TX
    return _IDS + evse_id, Purpose.TX_DEFAULT if evse_id else Purpose.STATION_MAX
