"""The events of `station.events()` about connections, boots and the clock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from ocppkit.core import ConnectionClosed, Request, Response

from ._network_profiles import NetworkProfile

__all__ = [
    "Accepted",
    "Booted",
    "ClockJumped",
    "ClockSet",
    "Connected",
    "Disconnected",
    "EventsMissed",
    "LifecycleEvent",
    "Restarting",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """Event: the station has connected to the CSMS. It may still have to boot before it can send
    other messages.
    """

    profile: NetworkProfile
    """The network profile that worked."""

    offline_for: float | None
    """Seconds since the last connection ended; `None` for the first connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booted:
    """Event: the CSMS answered a BootNotification."""

    response: Response
    """The answer, whatever its status is."""

    first: bool
    """Whether it is the first answer since the station was started or restarted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Event: the CSMS accepted the station's boot; from now on the station may send messages."""

    interval: float
    """Seconds between heartbeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSet:
    """Event: the CSMS told the time, and `station.now()` was set to it."""

    time: datetime
    """What it told."""

    change: timedelta
    """How far `station.now()` went forward by it; negative if it went back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJumped:
    """Event: the system's clock was set while the station ran, by NTP or by hand."""

    change: timedelta
    """How far it went forward; negative if it went back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """Event: the connection has ended. The station connects again by itself."""

    end: ConnectionClosed
    """Who closed it, and why."""

    connected_for: float
    """Seconds that it lasted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarting:
    """Event: `station.restart()` was called, so the station connects again and boots."""

    boot: Request[Any]
    """What it sends then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsMissed:
    """Event: the listener was too slow, so events were dropped. Ask the station for its state."""

    count: int
    """How many events were dropped. The events that follow came after them."""


LifecycleEvent: TypeAlias = (
    Accepted
    | Booted
    | ClockJumped
    | ClockSet
    | Connected
    | Disconnected
    | EventsMissed
    | Restarting
)
"""What happens to a station, apart from the messages that must arrive."""
