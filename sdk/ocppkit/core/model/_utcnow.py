"""The one place in the core that reads a clock, for users who stamp messages."""

from datetime import UTC, datetime

__all__ = ["utcnow"]


def utcnow() -> datetime:
    """Returns the current time, aware, in UTC, cut to the milliseconds that OCPP 2.x allows."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
