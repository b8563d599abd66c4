"""When meters are read: at regular distances from a beginning, or at full multiples of the day."""

from datetime import datetime, timedelta
from math import floor
from typing import Final

__all__ = ["latest_aligned", "latest_periodic", "next_aligned"]

_TOLERANCE: Final = 1e-3
"""Seconds by which a timer may be early."""

_DAY: Final = timedelta(days=1)


def latest_periodic(began: float, interval: int, now: float) -> float:
    """Returns the latest of the moments `began + n * interval` up to now.

    Counted from the beginning each time, so that samples do not drift. [MET-01]
    """
    return began + floor((now - began + _TOLERANCE) / interval) * interval


def latest_aligned(interval: int, now: datetime) -> datetime:
    """Returns the latest full multiple of an interval, counted from 00:00:00, up to now.

    Args:
        interval: in seconds.
        now: date and time.
    """
    now += timedelta(seconds=_TOLERANCE)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (now - midnight) // timedelta(seconds=interval) * timedelta(seconds=interval)


def next_aligned(interval: int, after: datetime) -> datetime:
    """Returns the first full multiple of an interval after a moment; each day begins anew."""
    latest = latest_aligned(interval, after)
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    return min(latest + timedelta(seconds=interval), midnight + _DAY)
