"""The life of a station that is run: it connects, does its duty, and connects again."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import (
    Connector,
    ConnectRequest,
    Endpoint,
    HandlerTable,
    Opened,
    loggable,
    running_beside,
    wait_until,
)
from ocppkit.core import ConnectionClosed, Protocol, Request

from ._boot_and_heartbeat import BootAndHeartbeat
from ._network_order import NetworkOrder
from ._network_profiles import NetworkProfile
from ._options import StationSettings
from ._outbox import Outbox
from ._registration_state import HEARTBEAT, RegistrationState
from ._station_connection import StationConnection
from ._tls_events import TlsEvents

__all__ = ["ConnectLoop"]

logger = logging.getLogger("ocppkit.station")


class ConnectLoop:
    """Keeps one station connected."""

    def __init__(
        self,
        identity: str,
        protocol: Protocol,
        settings: StationSettings,
        *,
        boot: Callable[[], Request[Any]],
        handlers: HandlerTable,
        registration_state: RegistrationState,
        outbox: Outbox,
        network_order: NetworkOrder,
    ) -> None:
        self._identity = identity
        self._protocol = protocol
        self._settings = settings
        self._boot = boot
        self._handlers = handlers
        self._registration_state = registration_state
        self._outbox = outbox
        self._network_order = network_order
        self._tls_events = TlsEvents(protocol, registration_state.now)
        self._served: NetworkProfile | None = None
        self._links: set[StationConnection] = set()
        self._restarting = False
        self.endpoint: Endpoint | None = None
        """The latest connection, which may have ended."""

    @property
    def online(self) -> Endpoint | None:
        """Where messages that must arrive can be sent, if anywhere."""
        endpoint = self.endpoint
        registered = self._registration_state.registration.accepted
        return endpoint if endpoint is not None and endpoint.connected and registered else None

    def restart(self) -> None:
        """Connects anew, without waiting, and boots."""
        self._restarting = True
        self._network_order.begin()
        self._registration_state.restarted()
        if self.endpoint is not None:
            self.endpoint.close(reason="restarting")

    async def run(
        self, open_request: Callable[[NetworkProfile], ConnectRequest], connect: Connector
    ) -> None:
        """Lives until it is cancelled, or something fails that should not."""
        clock = self._settings.clock or asyncio.get_running_loop()
        try:
            async with running_beside(self._outbox.deliver(lambda: self.online, clock)):
                await self._stay_connected(open_request, connect, clock)
        finally:
            for link in list(self._links):
                await link.endpoint.cancel_handlers()

    async def _stay_connected(
        self,
        open_request: Callable[[NetworkProfile], ConnectRequest],
        connect: Connector,
        clock: Clock,
    ) -> None:
        while True:
            self._restarting = False
            profile = self._network_order.profile
            try:
                opened = await connect(open_request(profile))
            except ConnectionClosed as problem:
                logger.warning("%s: cannot connect: %s", loggable(self._identity), problem)
                self._failed(profile)
                await self._report(problem)
            else:
                await self._serve(opened, profile, clock)
            await self._rest(clock)

    async def _report(self, problem: ConnectionClosed) -> None:
        report = self._tls_events.report_on(problem)
        if report is not None and self._settings.raise_security_events:
            await self._outbox.keep(report)

    def _failed(self, profile: NetworkProfile) -> None:
        # After a restart in the meantime it may be another one's turn.
        if profile is self._network_order.profile:
            self._network_order.failed()

    async def _rest(self, clock: Clock) -> None:
        seconds = 0.0 if self._restarting else self._network_order.wait()
        if seconds == 0:
            return
        logger.info("%s: connects again in %.1f s", loggable(self._identity), seconds)
        deadline = clock.time() + seconds
        while clock.time() < deadline and not self._restarting:
            await wait_until(clock, deadline, self._registration_state.changed())

    async def _serve(self, opened: Opened, profile: NetworkProfile, clock: Clock) -> None:
        link = self._link(opened)
        endpoint = link.endpoint
        opened.wire.start(endpoint)
        try:
            if not self._speaks_our_version(opened):
                self._failed(profile)
            elif profile is self._network_order.profile:
                self._arrived(profile)
                self.endpoint = endpoint
                self._registration_state.tell()
                await self._boot_and_heartbeat(endpoint, clock).run()
        finally:
            if endpoint.connected:
                await endpoint.drain(self._settings.grace)

    def _arrived(self, profile: NetworkProfile) -> None:
        self._network_order.connected()
        self._tls_events.connected()
        if self._served not in (None, profile):
            self._registration_state.forget()  # BOOT-26
        self._served = profile

    def _link(self, opened: Opened) -> StationConnection:
        link = StationConnection(
            self._identity,
            self._protocol,
            opened.wire,
            self._settings,
            handlers=self._handlers,
            registration_state=self._registration_state,
            finished=self._links.discard,
        )
        self._links.add(link)
        return link

    def _boot_and_heartbeat(self, endpoint: Endpoint, clock: Clock) -> BootAndHeartbeat:
        heartbeat: Any = self._protocol.actions[HEARTBEAT].request
        return BootAndHeartbeat(
            endpoint,
            self._registration_state,
            clock,
            identity=self._identity,
            boot=self._boot,
            heartbeat=heartbeat,
        )

    def _speaks_our_version(self, opened: Opened) -> bool:
        if opened.subprotocol is None and self._settings.assume_subprotocol:
            return True
        same = opened.subprotocol == self._protocol.subprotocol
        if not same:
            logger.error(
                "%s: the CSMS does not speak our version", loggable(self._identity)
            )  # SUB-07
        return same
