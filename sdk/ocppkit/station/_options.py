"""The options of a station, beside its identity and its boot message."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import random as fraction
from ssl import SSLContext
from typing import Final

from ocppkit.aio.lowlevel import ConnectionOptions, Settings

from ._back_off import BackOff
from ._controls import ClockSource, Controls
from ._journal import Journal, MemoryJournal, Store
from ._offline_rules import severity_unknown
from ._retries import Retries

__all__ = ["StationOptions", "StationSettings", "controls_of"]

_NOW: Final = partial(datetime.now, UTC)


class StationOptions(ConnectionOptions, total=False):
    """The keyword options of every station, beside those of `ConnectionOptions`."""

    insecure: bool
    """Connect without authentication, or with a TLS context that does not verify the CSMS."""

    password: str | bytes | None
    """For Basic authentication: text, or the raw bytes of a 1.6 AuthorizationKey."""

    ssl: SSLContext | None
    """For `wss`: verifies the CSMS, and holds our certificate in security profile 3. By default the
    system's certificates verify."""

    client_certificate: bool | None
    """Whether `ssl` holds a client certificate (security profile 3). Contexts of `client_context`
    know that by themselves; for others it counts as false."""

    assume_subprotocol: bool
    """Talk to a CSMS that does not say that it speaks our version; OCPP-J forbids it."""

    back_off: BackOff
    """How long to wait before connecting again."""

    connection_attempts: int
    """After how many failed attempts the next network profile is tried, if there are several:
    NetworkProfileConnectionAttempts; 3 by default."""

    journal: Store | Journal
    """Where messages wait that must arrive: in memory by default, `ocppkit.journals.SqliteJournal`
    keeps them on a disk."""

    retries: Retries
    """How messages that must arrive are retried."""

    queue_all_messages: bool
    """Keep every message until it is delivered, as the variable QueueAllMessages has it; by default
    only messages of transactions, critical security events and what `queued_severity` says."""

    queued_severity: int | None
    """Up to which severity events (NotifyEvent) are kept until they are delivered, as the variable
    OfflineMonitoringEventQueuingSeverity has it; by default none is. An event whose severity nobody
    knows is kept with them."""

    monitor_severity: Callable[[int], int | None]
    """Knows the severity of a variable monitor by its id, for events that do not carry it: before
    2.1 none does."""

    raise_security_events: bool
    """Report by SecurityEventNotification what the station itself sees of security events, see the
    guide; true by default."""

    clock_source: ClockSource
    """Whose time `station.now()` tells: `csms` by default, or `system`."""

    monotonic: Callable[[], float] | None
    """Counts the seconds since the CSMS last told the time, also while the machine sleeps; by
    default CLOCK_BOOTTIME where there is one, or `clock` if that is given."""

    grace: float
    """Seconds that running handlers have when the station is stopped; 5 by default."""

    wall_clock: Callable[[], datetime]
    """Tells the date and time, which the CSMS corrects; the system's by default."""

    random: Callable[[], float]
    """Returns a number from 0 up to 1, for the back-off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSettings(Settings):
    """The options of a station, with defaults for those that were not given."""

    insecure: bool = False
    password: str | bytes | None = field(default=None, repr=False)
    ssl: SSLContext | None = None
    client_certificate: bool | None = None
    assume_subprotocol: bool = False
    back_off: BackOff = field(default_factory=BackOff)
    connection_attempts: int = 3
    journal: Store | Journal = field(default_factory=MemoryJournal)
    retries: Retries = field(default_factory=Retries)
    queue_all_messages: bool = False
    queued_severity: int | None = None
    monitor_severity: Callable[[int], int | None] = severity_unknown
    raise_security_events: bool = True
    clock_source: ClockSource = "csms"
    monotonic: Callable[[], float] | None = None
    grace: float = 5.0
    wall_clock: Callable[[], datetime] = _NOW
    random: Callable[[], float] = fraction


def controls_of(settings: StationSettings) -> Controls:
    """Returns controls with the values of the options.

    Raises:
        LocalProtocolError: an option makes no sense.
    """
    return Controls(
        back_off=settings.back_off,
        call_timeout=settings.limits.call_timeout,
        clock_source=settings.clock_source,
        connection_attempts=settings.connection_attempts,
        ping_interval=settings.limits.ping_interval,
        queue_all_messages=settings.queue_all_messages,
        queued_severity=settings.queued_severity,
        raise_security_events=settings.raise_security_events,
        retries=settings.retries,
    )
