"""Decides when a station boots again because the CSMS answers SecurityError, as a CSMS does that
does not know the station.
"""

from typing import Final

__all__ = ["LostRegistrationBackOff"]

_FIRST_WAIT: Final = 60.0
_LONGEST_WAIT: Final = 3600.0


class LostRegistrationBackOff:
    """Computes the seconds to wait before a boot that follows a SecurityError, for each refused
    action.

    A CSMS that was restarted without its memory refuses every call until the station has booted. One
    that refuses a single action for good looks the same, so a boot that did not help is repeated
    after 60 seconds at the earliest, and then after twice as long each time, up to an hour.
    """

    __slots__ = ("waits",)

    def __init__(self) -> None:
        self.waits: dict[str, float] = {}
        """Seconds before the next boot, by action that was refused and not answered since."""

    def seconds_before_boot(self, action: str) -> float:
        """Notes that an action was refused; returns the seconds to wait before the next boot."""
        wait = self.waits.get(action, 0.0)
        self.waits[action] = min(max(2 * wait, _FIRST_WAIT), _LONGEST_WAIT)
        return wait

    def note_answered(self, action: str) -> None:
        """Notes that an action was answered, so the next refusal of it is a first one again."""
        self.waits.pop(action, None)
