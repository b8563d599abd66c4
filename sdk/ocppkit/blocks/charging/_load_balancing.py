"""Shares the limit of a whole station among the EVSEs that are charging. # K04"""

from collections.abc import Mapping

from msgspec.structs import replace

from ._profiles import ChargingSchedulePeriod

__all__ = ["share_limit"]


def share_limit(
    own: Mapping[int, ChargingSchedulePeriod], total: ChargingSchedulePeriod
) -> Mapping[int, ChargingSchedulePeriod]:
    """Returns the limits of EVSEs, lowered so that their sum is at most the limit of the station.

    An EVSE that wants less than an equal share leaves the rest to the others.

    Args:
        own: the limit of each EVSE that charges, in amperes on each phase.
        total: what they may take together, in amperes on each phase.
    """
    if total.limit is None:
        return own
    given: dict[int, ChargingSchedulePeriod] = {}
    left = total.limit
    for evse_id, period in sorted(own.items(), key=lambda each: each[1].limit or 0.0):
        share = left / (len(own) - len(given))
        given[evse_id] = _at_most(period, share)
        left -= given[evse_id].limit or 0.0
    return given


def _at_most(period: ChargingSchedulePeriod, limit: float) -> ChargingSchedulePeriod:
    if period.limit is not None and period.limit <= limit:
        return period
    lower = {
        name: min(value, limit)
        for name in ("limit_l2", "limit_l3")
        if (value := getattr(period, name)) is not None
    }
    return replace(period, limit=limit, **lower)
