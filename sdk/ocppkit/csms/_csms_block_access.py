"""Gives the functional blocks of a CSMS access to what is not public in `Csms`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import AnyHandler
from ocppkit.core import Message

__all__ = ["CsmsBlockAccess"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsmsBlockAccess:
    """Functions of one CSMS that the driver of functional blocks calls."""

    clock: Callable[[], Clock]
    """Returns the clock of its timers."""

    now: Callable[[], datetime]
    """Tells the date and time."""

    set_default_handler: Callable[[type[Message], AnyHandler], None]
    """Registers a handler for a request that the program has no handler of its own for."""
