"""A station's registration with its CSMS: status, time of the next boot, and clock. It outlives
connections.
"""

import asyncio
import logging
from math import inf
from typing import Any, Final

from ocppkit.aio.lowlevel import BOOT, EventStreams, Registration
from ocppkit.core import CallFailed, ErrorCode, Protocol, Response

from ._controls import Controls
from ._lifecycle_events import Accepted, Booted
from ._lost_registration import LostRegistrationBackOff
from ._station_clock import StationClock

__all__ = ["HEARTBEAT", "RegistrationState"]

logger = logging.getLogger("ocppkit.station")

HEARTBEAT: Final = "Heartbeat"
"""The action that shows life; the same word in every version."""

_OWN_WAIT: Final = 60.0
"""Before the next boot, where the CSMS gives no interval or no usable answer. # BOOT-10"""


class RegistrationState:
    """The registration of a station with its CSMS, and when the station boots next."""

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
        self._lost_registration = LostRegistrationBackOff()

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

        controls.observe(lambda _: self.wake_waiters())

    @property
    def _schedule(self) -> tuple[str, float, float]:
        """The values that other tasks wait for: status, heartbeat interval, time of the next boot."""
        return self.registration.status, self._controls.heartbeat_interval, self.boot_at

    def next_change(self) -> asyncio.Future[None]:
        """Returns a future that is done at the next change."""
        if self._changed is None:
            self._changed = asyncio.get_running_loop().create_future()
        return self._changed

    def wake_waiters(self) -> None:
        """Wakes the tasks that wait for a change."""
        changed, self._changed = self._changed, None
        if changed is not None and not changed.done():
            changed.set_result(None)

    def boot_answered(self, response: Any, now: float) -> None:
        """Takes status, interval and time from the answer to a BootNotification. # BOOT-04, BOOT-10"""
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
            self.wake_waiters()

    def _tell_boot(self, response: Response, first: bool) -> None:
        self._events.publish(Booted(response=response, first=first))
        if self.registration.accepted:
            self._events.publish(Accepted(interval=self._controls.heartbeat_interval))

    def boot_now(self) -> None:
        """Makes the station boot at once, unless its boot is accepted already. # BOOT-27"""
        self.boot_at = -inf
        self.wake_waiters()

    def boot_failed(self, now: float) -> None:
        """Notes that a boot failed or had no usable answer."""
        self.boot_at = now + _OWN_WAIT

    def reset_for_restart(self) -> None:
        """Ends the registration as a restart does: the station boots next, and may give another
        reason.
        """
        self.boot_reported = False
        self.boot_answered_before = False
        self.end_registration()

    def end_registration(self) -> None:
        """Ends the registration: the station boots next."""
        self.registration = Registration(self._protocol)
        self.boot_at = -inf
        self.boot_again_at = inf
        self.registering_again = False
        self.wake_waiters()

    def register_again(self) -> None:
        """Ends the registration because the CSMS has lost it."""
        self.end_registration()
        self.registering_again = True

    def call_failed(self, error: CallFailed, now: float) -> None:
        """Notes an error answer: if it is SecurityError although the boot was accepted, the station
        boots again. # ERR-19

        The first one is followed by a boot at once. See `LostRegistrationBackOff` for later ones. While a
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
        wait = self._lost_registration.seconds_before_boot(action)
        logger.warning(
            "%s: %s was refused with SecurityError, so the CSMS may have lost our registration "
            "[booting again %s]",
            self._name,
            action,
            f"in {wait:.0f} s" if wait else "now",
        )
        if wait == 0:
            self.register_again()
        else:
            self.boot_again_at = now + wait
            self.wake_waiters()

    def call_answered(self, action: str) -> None:
        """Notes that the CSMS answered an action, so it knows the station."""
        self._lost_registration.note_answered(action)
        if not self.refused_actions:
            self.boot_again_at = inf

    def was_refused_unregistered(self, error: CallFailed) -> bool:
        """Returns whether this call was refused only because the CSMS has lost the registration."""
        return (
            error.code == ErrorCode.SECURITY_ERROR
            and error.action != BOOT
            and self.registering_again
        )
