"""What `station.events()` tells: connections, boots, the clock, and messages that must arrive."""

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
    """The station is connected to the CSMS; it may have to boot before it can send messages."""

    profile: NetworkProfile
    """The network profile that worked."""

    offline_for: float | None
    """Seconds since the last connection ended; `None` for the first connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booted:
    """The CSMS answered a BootNotification."""

    response: Response
    """The answer, whatever its status is."""

    first: bool
    """Whether it is the first answer since the station was started or restarted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The CSMS accepted a boot: from now on messages may be sent."""

    interval: float
    """Seconds between heartbeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSet:
    """The CSMS told the time, and `station.now()` follows it."""

    time: datetime
    """What it told."""

    change: timedelta
    """How far `station.now()` went forward by it; negative if it went back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockJumped:
    """The system's clock was set, by NTP or by hand; once the CSMS has told the time, timestamps do not follow."""

    change: timedelta
    """How far it went forward; negative if it went back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnected:
    """The connection has ended; the station connects again."""

    end: ConnectionClosed
    """Who closed it, and why."""

    connected_for: float
    """Seconds that it lasted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarting:
    """`station.restart()` was called: the station connects anew and boots."""

    boot: Request[Any]
    """What it sends then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsMissed:
    """The listener was too slow, and events were dropped: ask the station how it is now."""

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
