"""A station's standing with its CSMS: registration, heartbeat interval and clock; it outlives connections."""

import asyncio
import logging
from math import inf
from typing import Any, Final

from ocppkit.aio.lowlevel import BOOT, EventStreams, Registration
from ocppkit.core import CallFailed, ErrorCode, Protocol, Response

from ._controls import Controls
from ._lifecycle_events import Accepted, Booted
from ._lost_registration import LostRegistration
from ._station_clock import StationClock

__all__ = ["HEARTBEAT", "RegistrationState"]

logger = logging.getLogger("ocppkit.station")

HEARTBEAT: Final = "Heartbeat"
"""The action that shows life; the same word in every version."""

_OWN_WAIT: Final = 60.0
"""Before the next boot, where the CSMS gives no interval or no usable answer. # BOOT-10"""


class RegistrationState:
    """What a station knows of its standing."""

    def __init__(
        self,
        protocol: Protocol,
        controls: Controls,
        clock: StationClock,
        events: EventStreams[Any],
        *,
        name: str,
    ) -> None:
        self._protocol = protocol
        self._controls = controls
        self._events = events
        self._name = name
        self.clock = clock
        self._changed: asyncio.Future[None] | None = None
        self._lost_registration = LostRegistration()

        self.refused_actions = self._lost_registration.waits
        """Actions that were refused with SecurityError and not answered since."""

        self.registration = Registration(protocol)

        self.boot_at = -inf
        """The earliest time of the next boot, while the station is not registered."""

        self.boot_again_at = inf
        """When the station, though registered, boots again because the CSMS refused a call."""

        self.boot_reported = False
        """Whether the CSMS has accepted a boot since the station started; its reason is told then."""

        self.boot_answered_before = False
        """Whether the CSMS has answered a boot since the station started."""

        self.registering_again = False
        """Whether the CSMS has lost our registration and we have not heard yet how it answers the boot."""

        controls.observe(lambda _: self.tell())

    @property
    def _schedule(self) -> tuple[str, float, float]:
        """What others wait for to change."""
        return self.registration.status, self._controls.heartbeat_interval, self.boot_at

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
        first, self.boot_answered_before = not self.boot_answered_before, True
        self.registration.boot_answered(response)
        self.registering_again = False
        self.clock.set(response.current_time)
        if self.registration.accepted:
            self.boot_reported = True
            self.boot_again_at = inf
            self._controls.heartbeat_interval = response.interval
        else:
            self.boot_at = now + (response.interval if response.interval > 0 else _OWN_WAIT)
        if self._events.streams:
            self._tell_boot(response, first)
        if self._schedule != before:
            # To wake whoever waits costs more than the boot itself.
            self.tell()

    def _tell_boot(self, response: Response, first: bool) -> None:
        self._events.tell(Booted(response=response, first=first))
        if self.registration.accepted:
            self._events.tell(Accepted(interval=self._controls.heartbeat_interval))

    def boot_now(self) -> None:
        """Makes the station boot at once, unless it is registered. # BOOT-27"""
        self.boot_at = -inf
        self.tell()

    def boot_failed(self, now: float) -> None:
        """Notes that a boot was not answered with anything usable."""
        self.boot_at = now + _OWN_WAIT

    def restarted(self) -> None:
        """Begins anew, as after a start: the next thing to do is to boot, for a new reason."""
        self.boot_reported = False
        self.boot_answered_before = False
        self.forget()

    def forget(self) -> None:
        """Ends the registration: the next thing to do is to boot."""
        self.registration = Registration(self._protocol)
        self.boot_at = -inf
        self.boot_again_at = inf
        self.registering_again = False
        self.tell()

    def register_again(self) -> None:
        """Ends a registration that the CSMS knows nothing of."""
        self.forget()
        self.registering_again = True

    def call_failed(self, error: CallFailed, now: float) -> None:
        """Notes an error answer: SecurityError to a registered station asks for a boot. # ERR-19

        The first one is followed by a boot at once. See `LostRegistration` for later ones. While a
        later boot is waited for, the refusal of an action that was answered before is a first one
        again: the CSMS does not refuse a single action for good, it was restarted.
        """
        action = error.action
        if action is None or action == BOOT or error.code != ErrorCode.SECURITY_ERROR:
            return
        if not self.registration.accepted:
            return
        if self.boot_again_at < inf and action in self.refused_actions:
            return
        wait = self._lost_registration.refused(action)
        logger.warning(
            "%s: %s refused with SecurityError: the CSMS may have lost our registration [boots %s]",
            self._name,
            action,
            f"in {wait:.0f} s" if wait else "now",
        )
        if wait == 0:
            self.register_again()
        else:
            self.boot_again_at = now + wait
            self.tell()

    def call_answered(self, action: str) -> None:
        """Notes that the CSMS answers such calls: it knows us."""
        self._lost_registration.answered(action)
        if not self.refused_actions:
            self.boot_again_at = inf

    def was_refused_unregistered(self, error: CallFailed) -> bool:
        """Whether this call was refused only because the CSMS has lost our registration."""
        return (
            error.code == ErrorCode.SECURITY_ERROR
            and error.action != BOOT
            and self.registering_again
        )
