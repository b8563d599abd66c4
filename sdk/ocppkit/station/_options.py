"""What a station can be told beside its identity and its boot message."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import random as fraction
from ssl import SSLContext
from typing import TypedDict

from ocppkit.aio import Clock, Observer, Settings
from ocppkit.core import Limits, OnInvalid, Policy, utcnow

from ._back_off import BackOff
from ._journal import Journal, MemoryJournal
from ._outbox import Retries

__all__ = ["StationOptions", "StationSettings"]


class StationOptions(TypedDict, total=False):
    """The keyword options that every station takes."""

    insecure: bool
    """Connect without authentication, or with a TLS context that does not verify the CSMS."""

    password: str | bytes | None
    """For Basic authentication: text, or the raw bytes of a 1.6 AuthorizationKey."""

    ssl: SSLContext | None
    """For `wss`: verifies the CSMS, and holds our certificate in security profile 3. By default the
    system's certificates verify."""

    assume_subprotocol: bool
    """Talk to a CSMS that does not say that it speaks our version; OCPP-J forbids it."""

    back_off: BackOff
    """How long to wait before connecting again."""

    journal: Journal
    """Where messages wait that must arrive; in memory by default."""

    retries: Retries
    """How messages that must arrive are retried."""

    grace: float
    """Seconds that running handlers have when the station is stopped; 5 by default."""

    limits: Limits
    inbound: Policy
    """How strictly the messages of the CSMS are read; strict by default."""

    outbound: Policy
    """How strictly our own messages are checked; strict by default."""

    on_invalid: OnInvalid | None
    """May answer a call whose content cannot be used."""

    new_id: Callable[[], str]
    """Makes message ids that were never used before; random UUIDs by default."""

    clock: Clock | None
    """Where time comes from; the running event loop by default."""

    wall_clock: Callable[[], datetime]
    """Tells the date and time, which the CSMS corrects; the system's by default."""

    random: Callable[[], float]
    """Returns a number from 0 up to 1, for the back-off."""

    observer: Observer | None
    """Sees every frame and event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationSettings(Settings):
    """The options with their defaults."""

    insecure: bool = False
    password: str | bytes | None = field(default=None, repr=False)
    ssl: SSLContext | None = None
    assume_subprotocol: bool = False
    back_off: BackOff = field(default_factory=BackOff)
    journal: Journal = field(default_factory=MemoryJournal)
    retries: Retries = field(default_factory=Retries)
    grace: float = 5.0
    wall_clock: Callable[[], datetime] = utcnow
    random: Callable[[], float] = fraction
