"""Decides when a station boots again because the CSMS answers SecurityError, as if it did not know it."""

from typing import Final

__all__ = ["LostRegistration"]

_FIRST_WAIT: Final = 60.0
_LONGEST_WAIT: Final = 3600.0


class LostRegistration:
    """The waits before a boot that follows a SecurityError, in seconds, by refused action.

    A CSMS that was restarted without its memory refuses every call until the station has booted. One
    that refuses a single action for good looks the same, so a boot that did not help is repeated
    after 60 seconds at the earliest, and then after twice as long each time, up to an hour.
    """

    __slots__ = ("waits",)

    def __init__(self) -> None:
        self.waits: dict[str, float] = {}
        """Seconds before the next boot, by action that was refused and not answered since."""

    def refused(self, action: str) -> float:
        """Returns the seconds to wait before the boot that this refusal asks for."""
        wait = self.waits.get(action, 0.0)
        self.waits[action] = min(max(2 * wait, _FIRST_WAIT), _LONGEST_WAIT)
        return wait

    def answered(self, action: str) -> None:
        """Notes that an action was answered: the boot has helped, or none was needed."""
        self.waits.pop(action, None)
