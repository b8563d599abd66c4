"""Gives a node of a fleet access to what is not public in `Csms`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ocppkit.aio import Clock
from ocppkit.core import Protocol

from ._attempt_limits import AttemptLimits
from ._registrations import Registrations
from ._stations import Stations

__all__ = ["CsmsFleetAccess"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsmsFleetAccess:
    """Functions of one CSMS that a node of a fleet calls."""

    protocols: Sequence[Protocol]
    stations: Stations
    clock: Callable[[], Clock]
    """Returns the clock of its timers."""

    now: Callable[[], datetime]
    """Tells the date and time."""

    share_registrations: Callable[[Registrations], None]
    """Makes the CSMS keep boots in a store that all nodes share, unless the program gave it a store."""

    share_attempts: Callable[[Callable[[AttemptLimits], AttemptLimits]], None]
    """Replaces the attempt limits of the CSMS by the result of a function, which gets the present ones."""
