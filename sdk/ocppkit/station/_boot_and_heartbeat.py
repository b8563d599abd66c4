"""What a station does by itself on a connection: it boots, and then sends heartbeats."""

import logging
from collections.abc import Callable
from typing import Any

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import Endpoint, loggable, wait_until
from ocppkit.core import (
    CallFailed,
    CallTimedOut,
    ConnectionClosed,
    QueueFull,
    RemoteProtocolError,
    Request,
)

from ._delivery_queue import FULL_QUEUE_WAIT
from ._registration_state import DAY, RegistrationState

__all__ = ["BootAndHeartbeat"]

logger = logging.getLogger("ocppkit.station")


class BootAndHeartbeat:
    """Boot procedure and heartbeats on one connection."""

    def __init__(
        self,
        endpoint: Endpoint,
        registration_state: RegistrationState,
        clock: Clock,
        *,
        identity: str,
        boot: Callable[[], Request[Any]],
        heartbeat: Callable[[], Request[Any]],
    ) -> None:
        self._endpoint = endpoint
        self._registration_state = registration_state
        self._clock = clock
        self._name = loggable(identity)
        self._boot = boot
        self._heartbeat = heartbeat
        self._last_heartbeat = clock.time()

    async def run(self) -> None:
        """Does what is due until the connection ends.

        A station that is registered does not boot again on a new connection. # REC-04
        """
        while self._endpoint.connected:
            now = self._clock.time()
            if now >= self._registration_state.boot_again_at:
                self._registration_state.register_again()
            registered = self._registration_state.registration.accepted
            due = self._next_duty() if registered else self._registration_state.boot_at
            if now < due:
                changed = self._registration_state.changed()
                await wait_until(self._clock, due, self._endpoint.ended, changed)
                continue
            try:
                await (self._send_heartbeat() if registered else self._send_boot())
            except ConnectionClosed:
                continue
            except QueueFull:
                # Others talk enough for the moment.
                await wait_until(
                    self._clock, self._clock.time() + FULL_QUEUE_WAIT, self._endpoint.ended
                )
            except CallTimedOut:
                # CON-10: a connection on which nobody answers is replaced.
                logger.warning("%s: no answer, so the connection is replaced", self._name)
                self._endpoint.close(reason="no answer")
                await self._endpoint.wait_ended()

    def _next_duty(self) -> float:
        # HB-01: any other message serves as well; HB-03: once a day it must be a heartbeat.
        by_silence = self._endpoint.last_sent + self._registration_state.heartbeat_interval
        return min(by_silence, self._last_heartbeat + DAY, self._registration_state.boot_again_at)

    async def _send_boot(self) -> None:
        try:
            # The answer is noted by the link, before anything else is read.
            await self._endpoint.call(self._boot())
        except (CallFailed, RemoteProtocolError) as problem:
            logger.warning("%s: the boot failed: %s", self._name, problem)
            self._registration_state.boot_failed(self._clock.time())
        else:
            logger.info("%s: boot %s", self._name, self._registration_state.registration.status)

    async def _send_heartbeat(self) -> None:
        self._last_heartbeat = self._clock.time()
        try:
            await self._endpoint.call(self._heartbeat())
        except (CallFailed, RemoteProtocolError) as problem:
            logger.warning("%s: the heartbeat failed: %s", self._name, problem)
