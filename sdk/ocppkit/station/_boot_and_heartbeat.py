"""Sends BootNotification until the CSMS accepts it, and then heartbeats."""

import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import Endpoint, loggable, wait_until
from ocppkit.core import (
    CallFailed,
    CallTimedOut,
    ConnectionClosed,
    LocalProtocolError,
    OcppError,
    QueueFull,
    RemoteProtocolError,
    Request,
)

from ._controls import DAY, Controls
from ._delivery_queue import FULL_QUEUE_WAIT
from ._registration_state import RegistrationState

__all__ = ["BootAndHeartbeat"]

logger = logging.getLogger("ocppkit.station")

_MESSAGE_FAILED: Final = (CallFailed, LocalProtocolError, RemoteProtocolError)
"""What says that a message or its answer is at fault, and not the connection."""


class BootAndHeartbeat:
    """Sends boots and heartbeats on one connection.

    A message that fails is logged and tried again; all else that is raised ends the connection.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        registration_state: RegistrationState,
        controls: Controls,
        clock: Clock,
        *,
        identity: str,
        boot: Callable[[], Request[Any]],
        heartbeat: Callable[[], Request[Any]],
    ) -> None:
        self._endpoint = endpoint
        self._registration_state = registration_state
        self._controls = controls
        self._clock = clock
        self._name = loggable(identity)
        self._boot = boot
        self._heartbeat = heartbeat
        self._last_heartbeat = clock.time()

    async def run(self) -> None:
        """Sends boots and heartbeats when they are due, until the connection ends.

        A station that is registered does not boot again on a new connection. # REC-04
        """
        while self._endpoint.connected:
            now = self._clock.time()
            if now >= self._registration_state.boot_again_at:
                self._registration_state.register_again()
            registered = self._registration_state.registration.accepted
            due = self._next_heartbeat_time() if registered else self._registration_state.boot_at
            if now < due:
                changed = self._registration_state.next_change()
                await wait_until(self._clock, due, self._endpoint.ended, changed)
                self._registration_state.clock.detect_jump()
            else:
                await self._try_to_send(self._send_heartbeat if registered else self._send_boot)

    def _next_heartbeat_time(self) -> float:
        # HB-01: any other message serves as well; HB-03: once a day it must be a heartbeat. One that
        # could not be sent is no message, and must not be tried again at once.
        latest = max(self._endpoint.last_sent, self._last_heartbeat)
        by_silence = latest + self._controls.heartbeat_interval
        return min(by_silence, self._last_heartbeat + DAY, self._registration_state.boot_again_at)

    async def _try_to_send(self, send: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await send()
        except ConnectionClosed:
            if self._endpoint.connected:
                # It tells of something else, in a function of the user's for instance.
                raise
        except QueueFull:
            # Others talk enough for the moment.
            await wait_until(
                self._clock, self._clock.time() + FULL_QUEUE_WAIT, self._endpoint.ended
            )
        except CallTimedOut:
            # CON-10: a connection on which nobody answers is replaced.
            logger.warning(
                "%s: no answer from the CSMS: closing the connection and connecting again",
                self._name,
            )
            self._endpoint.close(reason="no answer")
            await self._endpoint.wait_ended()

    async def _send_boot(self) -> None:
        try:
            # The station connection notes the answer before anything else is read.
            await self._endpoint.call(self._boot())
        except QueueFull:
            raise
        except _MESSAGE_FAILED as problem:
            self._log_failure("BootNotification", problem)
            self._registration_state.boot_failed(self._clock.time())
        else:
            logger.info(
                "%s: the CSMS answered the boot with %s",
                self._name,
                self._registration_state.registration.status,
            )

    async def _send_heartbeat(self) -> None:
        before, self._last_heartbeat = self._last_heartbeat, self._clock.time()
        try:
            await self._endpoint.call(self._heartbeat())
        except QueueFull:
            self._last_heartbeat = before
            raise
        except _MESSAGE_FAILED as problem:
            self._log_failure("Heartbeat", problem)

    def _log_failure(self, action: str, problem: OcppError) -> None:
        level = logging.ERROR if isinstance(problem, LocalProtocolError) else logging.WARNING
        logger.log(level, "%s: %s failed: %s [will be tried again]", self._name, action, problem)
