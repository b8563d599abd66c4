"""The responses that every measured CSMS sends. It imports none of the libraries, so that none is loaded with another."""

from datetime import UTC, datetime
from typing import Any, Final

__all__ = ["INTERVAL", "NOW", "answers"]

NOW: Final = datetime(2025, 6, 1, 10, tzinfo=UTC)
INTERVAL: Final = 300


def answers(interval: int = INTERVAL) -> dict[str, dict[str, Any]]:
    """Returns the members of each response, by action; a status is a word.

    Args:
        interval: how often stations shall send a heartbeat, in seconds.
    """
    return {
        "BootNotification": {"current_time": NOW, "interval": interval, "status": "Accepted"},
        "Heartbeat": {"current_time": NOW},
        "MeterValues": {},
    }
