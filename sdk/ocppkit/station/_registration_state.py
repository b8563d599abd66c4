"""A station's standing with its CSMS: registration, heartbeat interval and clock; it outlives connections."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf
from typing import Any, Final

from ocppkit.aio.lowlevel import Registration
from ocppkit.core import Protocol

__all__ = ["DAY", "HEARTBEAT", "RegistrationState"]

HEARTBEAT: Final = "Heartbeat"
"""The action that shows life; the same word in every version."""

DAY: Final = 86400.0

_OWN_WAIT: Final = 60.0
"""Before the next boot, where the CSMS gives no interval or no usable answer. # BOOT-10"""


class RegistrationState:
    """What a station knows of its standing."""

    def __init__(self, protocol: Protocol, wall_clock: Callable[[], datetime]) -> None:
        self._protocol = protocol
        self._wall_clock = wall_clock
        self._changed: asyncio.Future[None] | None = None
        self.registration = Registration(protocol)

        self.boot_at = -inf
        """The earliest time of the next boot."""

        self.heartbeat_interval = DAY

        self.clock_offset = timedelta()
        """What the CSMS's clock shows more than ours."""

    @property
    def _schedule(self) -> tuple[str, float, float]:
        """What others wait for to change."""
        return self.registration.status, self.heartbeat_interval, self.boot_at

    def changed(self) -> asyncio.Future[None]:
        """Returns a future that is done with the next change."""
        if self._changed is None:
            self._changed = asyncio.get_running_loop().create_future()
        return self._changed

    def tell(self) -> None:
        """Wakes those who wait for a change."""
        changed, self._changed = self._changed, None
        if changed is not None and not changed.done():
            changed.set_result(None)

    def boot_answered(self, response: Any, now: float) -> None:
        """Notes the answer to a BootNotification: status, interval and time. # BOOT-04, BOOT-10"""
        before = self._schedule
        self.registration.boot_answered(response)
        self.set_clock(response)
        if self.registration.accepted:
            self.heartbeat_interval = response.interval if response.interval > 0 else DAY
        else:
            self.boot_at = now + (response.interval if response.interval > 0 else _OWN_WAIT)
        if self._schedule != before:
            # To wake whoever waits costs more than the boot itself.
            self.tell()

    def boot_failed(self, now: float) -> None:
        """Notes that a boot was not answered with anything usable."""
        self.boot_at = now + _OWN_WAIT

    def forget(self) -> None:
        """Begins anew: the next thing to do is to boot."""
        self.registration = Registration(self._protocol)
        self.boot_at = -inf
        self.tell()

    def set_clock(self, response: Any) -> None:
        """Notes the CSMS's time. # BOOT-05, HB-05"""
        current_time: datetime = response.current_time
        self.clock_offset = current_time - self._wall_clock()

    def now(self) -> datetime:
        """Returns the time as the CSMS has it, to the millisecond."""
        now = self._wall_clock() + self.clock_offset
        return now.replace(microsecond=now.microsecond // 1000 * 1000)
