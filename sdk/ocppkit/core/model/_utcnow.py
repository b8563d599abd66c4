"""`utcnow`: the current time, for programs that fill in timestamps; nothing else here reads a clock."""

from datetime import UTC, datetime

__all__ = ["utcnow"]


def utcnow() -> datetime:
    """Returns the current time in UTC, with its time zone, cut to the milliseconds that OCPP 2.x allows."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
