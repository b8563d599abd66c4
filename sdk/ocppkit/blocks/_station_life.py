"""What happens to a station as a whole, as its driver tells the blocks."""

from datetime import timedelta

from ._commands_and_reports import Event

__all__ = [
    "BootAccepted",
    "BootNotAccepted",
    "ClockChanged",
    "CsmsConnected",
    "CsmsDisconnected",
    "StationStarted",
]


class StationStarted(Event, frozen=True):
    """The program has started; told once states have been restored."""


class CsmsConnected(Event, frozen=True):
    """There is a connection to the CSMS; before the first boot, messages cannot be sent yet."""

    offline_for: float | None = None
    """Seconds since the last connection ended; `None` for the first connection."""

    slot: int | None = None
    """The slot of the network profile that was used; `None` if it has none."""


class CsmsDisconnected(Event, frozen=True):
    """The connection to the CSMS has ended."""


class BootAccepted(Event, frozen=True):
    """The CSMS has accepted a boot: messages can be sent. # B01"""


class BootNotAccepted(Event, frozen=True):
    """The station boots anew, or the CSMS has answered Pending or Rejected: only what it asks for can be sent. # B02, B03"""


class ClockChanged(Event, frozen=True):
    """Date and time were set; deadlines that stand on them have been asked for again."""

    change: timedelta
    """How far they went forward; negative if they went back."""
