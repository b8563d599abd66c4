"""The current time, for programs that fill in timestamps. Nothing else in this package reads a
clock.
"""

from datetime import UTC, datetime

__all__ = ["utcnow"]


def utcnow() -> datetime:
    """Returns the current time in UTC, with milliseconds, as OCPP 2.x allows no more."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
