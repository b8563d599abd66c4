"""The life of a station that is run: it connects, does its duty, and connects again."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

from ocppkit.aio import (
    Clock,
    Connector,
    ConnectRequest,
    Endpoint,
    HandlerTable,
    Opened,
    beside,
    shown,
    wait_until,
)
from ocppkit.core import ConnectionClosed, Protocol, Request

from ._duty import Duty
from ._link import Link
from ._membership import HEARTBEAT, Membership
from ._options import StationSettings
from ._outbox import Outbox

__all__ = ["Life"]

logger = logging.getLogger("ocppkit.station")


class Life:
    """Keeps one station connected."""

    def __init__(
        self,
        identity: str,
        protocol: Protocol,
        settings: StationSettings,
        *,
        boot: Callable[[], Request[Any]],
        handlers: HandlerTable,
        membership: Membership,
        outbox: Outbox,
    ) -> None:
        self._identity = identity
        self._protocol = protocol
        self._settings = settings
        self._boot = boot
        self._handlers = handlers
        self._membership = membership
        self._outbox = outbox
        self._links: set[Link] = set()
        self._restarting = False
        self.endpoint: Endpoint | None = None
        """The latest connection, which may have ended."""

    @property
    def online(self) -> Endpoint | None:
        """Where messages that must arrive can be sent, if anywhere."""
        endpoint = self.endpoint
        registered = self._membership.registration.accepted
        return endpoint if endpoint is not None and endpoint.connected and registered else None

    def restart(self) -> None:
        """Connects anew, without waiting, and boots."""
        self._restarting = True
        self._membership.forget()
        if self.endpoint is not None:
            self.endpoint.close(reason="restarting")

    async def run(self, open_request: Callable[[], ConnectRequest], connect: Connector) -> None:
        """Lives until it is cancelled, or something fails that should not."""
        clock = self._settings.clock or asyncio.get_running_loop()
        try:
            async with beside(self._outbox.deliver(lambda: self.online, clock)):
                await self._stay_connected(open_request, connect, clock)
        finally:
            for link in list(self._links):
                await link.endpoint.cancel_handlers()

    async def _stay_connected(
        self, open_request: Callable[[], ConnectRequest], connect: Connector, clock: Clock
    ) -> None:
        waits = self._waits()
        while True:
            self._restarting = False
            try:
                opened = await connect(open_request())
            except ConnectionClosed as problem:
                logger.warning("%s: cannot connect: %s", shown(self._identity), problem)
            else:
                waits = self._waits()  # REC-03
                await self._serve(opened, clock)
            await self._rest(waits, clock)

    def _waits(self) -> Iterator[float]:
        return self._settings.back_off.waits(self._settings.random)

    async def _rest(self, waits: Iterator[float], clock: Clock) -> None:
        if self._restarting:
            return
        seconds = next(waits)
        logger.info("%s: connects again in %.1f s", shown(self._identity), seconds)
        deadline = clock.time() + seconds
        while clock.time() < deadline and not self._restarting:
            await wait_until(clock, deadline, self._membership.changed())

    async def _serve(self, opened: Opened, clock: Clock) -> None:
        link = self._link(opened)
        endpoint = link.endpoint
        opened.wire.start(endpoint)
        try:
            if self._speaks_our_version(opened):
                self.endpoint = endpoint
                self._membership.tell()
                await self._duty(endpoint, clock).run()
        finally:
            if endpoint.connected:
                await endpoint.drain(self._settings.grace)

    def _link(self, opened: Opened) -> Link:
        link = Link(
            self._identity,
            self._protocol,
            opened.wire,
            self._settings,
            handlers=self._handlers,
            membership=self._membership,
            finished=self._links.discard,
        )
        self._links.add(link)
        return link

    def _duty(self, endpoint: Endpoint, clock: Clock) -> Duty:
        heartbeat: Any = self._protocol.actions[HEARTBEAT].request
        return Duty(
            endpoint,
            self._membership,
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
            logger.error("%s: the CSMS does not speak our version", shown(self._identity))  # SUB-07
        return same
