"""A slow reference implementation of the composite schedule: it evaluates each second as the specification defines it.

It shares no code with the product but the profiles themselves, and serves as its oracle.
"""

from datetime import datetime, timedelta

from ocppkit.blocks.charging import (
    ChargingProfile,
    ChargingSchedulePeriod,
    Circumstances,
    InstalledProfile,
    ProfileKind,
    Purpose,
    RateUnit,
)

__all__ = ["limit_at"]


def limit_at(
    installed: list[InstalledProfile],
    around: Circumstances,
    evse_id: int,
    moment: datetime,
    window: datetime,
    unit: RateUnit,
) -> tuple[float | None, int | None]:
    """Returns limit and number of phases at one moment."""
    running = around.transactions.get(evse_id)
    anchor = window if running is None or running.energy_since is None else running.energy_since

    def leading(purpose: Purpose, places: tuple[int, ...]) -> tuple[float | None, int] | None:
        best: tuple[tuple[int, int], tuple[float | None, int]] | None = None
        for each in installed:
            profile = each.profile
            if profile.charging_profile_purpose is not purpose or each.evse_id not in places:
                continue
            if purpose is Purpose.TX and (
                running is None or profile.transaction_id not in (None, running.transaction_id)
            ):
                continue
            period = period_at(profile, moment, anchor)
            rank = profile.stack_level, each.evse_id
            if period is not None and (best is None or rank > best[0]):
                best = rank, converted(period, profile, around.voltage, unit)
        return None if best is None else best[1]

    here = (0, evse_id)
    transaction = leading(Purpose.TX, here) if running is not None else None
    if running is not None and running.priority:
        transaction = leading(Purpose.PRIORITY_CHARGING, here) or transaction
    transaction = transaction or leading(Purpose.TX_DEFAULT, here)
    leading_periods = [
        transaction,
        leading(Purpose.STATION_MAX, (0,)),
        leading(Purpose.EXTERNAL_CONSTRAINTS, here),
    ]
    added = leading(Purpose.LOCAL_GENERATION, here)
    counted = [each for each in (*leading_periods, added) if each is not None]
    if not counted:
        return None, None
    limits = [each[0] for each in leading_periods if each is not None and each[0] is not None]
    limit = min(limits, default=None)
    if limit is not None and added is not None and added[0] is not None:
        limit += added[0]
    return limit, min(each[1] for each in counted)


def period_at(
    profile: ChargingProfile, moment: datetime, anchor: datetime
) -> ChargingSchedulePeriod | None:
    """Returns the period of a profile that counts at a moment."""
    if profile.valid_from is not None and moment < profile.valid_from:
        return None
    if profile.valid_to is not None and moment >= profile.valid_to:
        return None
    schedule = profile.charging_schedule[0]
    relative = profile.charging_profile_kind is ProfileKind.RELATIVE
    begin = anchor if relative else schedule.start_schedule
    assert begin is not None
    since = (moment - begin) / timedelta(seconds=1)
    if since < 0:
        return None
    if profile.recurrency_kind is not None:
        since %= profile.recurrency_kind.seconds
    if schedule.duration is not None and since >= schedule.duration:
        return None
    begun = [each for each in schedule.charging_schedule_period if each.start_period <= since]
    return begun[-1] if begun else None


def converted(
    period: ChargingSchedulePeriod, profile: ChargingProfile, voltage: float, unit: RateUnit
) -> tuple[float | None, int]:
    """Returns the limit of a period in a unit, and its phases."""
    phases = period.number_phases or 3
    limit, given = period.limit, profile.charging_schedule[0].charging_rate_unit
    if limit is None or given is unit:
        return limit, phases
    factor = voltage * phases
    return (limit / factor if unit is RateUnit.AMPERES else limit * factor), phases
