"""Events about a station as a whole, which its driver sends to the blocks."""

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
    """Event: the program has started, and the states of the blocks have been restored."""


class CsmsConnected(Event, frozen=True):
    """Event: the station has connected to the CSMS. Before the first accepted boot, messages cannot
    be sent yet.
    """

    offline_for: float | None = None
    """Seconds since the last connection ended; `None` for the first connection."""

    slot: int | None = None
    """The slot of the network profile that was used; `None` if it has none."""


class CsmsDisconnected(Event, frozen=True):
    """Event: the connection to the CSMS has ended."""


class BootAccepted(Event, frozen=True):
    """Event: the CSMS has accepted a boot, so messages can be sent. # B01"""


class BootNotAccepted(Event, frozen=True):
    """Event: the station boots again, or its boot was answered with Pending or Rejected, so only
    requested messages can be sent. # B02, B03
    """


class ClockChanged(Event, frozen=True):
    """Event: date and time were set. The driver asks for deadlines again."""

    change: timedelta
    """How far they went forward; negative if they went back."""
