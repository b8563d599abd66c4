"""Calculates when meters are read: at regular intervals from a beginning, or aligned to the day."""

from datetime import datetime, timedelta
from math import floor
from typing import Final

__all__ = ["latest_aligned", "latest_periodic", "next_aligned"]

_TOLERANCE: Final = 1e-3
"""Seconds by which a timer may be early."""

_DAY: Final = timedelta(days=1)


def latest_periodic(began: float, interval: int, now: float) -> float:
    """Returns the latest of the times `began + n * interval` that is not after now.

    Counted from the beginning each time, so that samples do not drift. [MET-01]
    """
    return began + floor((now - began + _TOLERANCE) / interval) * interval


def latest_aligned(interval: int, now: datetime) -> datetime:
    """Returns the latest multiple of an interval, counted from 00:00:00, that is not after now.

    Args:
        interval: in seconds.
        now: date and time.
    """
    now += timedelta(seconds=_TOLERANCE)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (now - midnight) // timedelta(seconds=interval) * timedelta(seconds=interval)


def next_aligned(interval: int, after: datetime) -> datetime:
    """Returns the first multiple of an interval after a time, counted from midnight of the day."""
    latest = latest_aligned(interval, after)
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    return min(latest + timedelta(seconds=interval), midnight + _DAY)
