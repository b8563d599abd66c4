"""The connections of a CSMS inside a web server, which passes each of them on as a request."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Accept, AttachedConnection, Reject, Served, Transport

from ._proxies import Proxies, unchanged_handshake
from ._transport_wire import TransportWire

__all__ = ["NO_WEBSOCKET", "HostedConnections"]

logger = logging.getLogger("ocppkit.transports")

_GOING_AWAY = 1001

NO_WEBSOCKET: Final = Reject(
    status=426,
    reason="stations connect here by WebSocket",
    headers=((b"Upgrade", b"websocket"), (b"Connection", b"Upgrade")),
)
"""The answer to a request for something else than a WebSocket."""


class HostedConnections:
    """The open connections that a web server has passed on to a CSMS."""

    def __init__(self, csms: Served, proxies: Proxies = unchanged_handshake) -> None:
        """Starts without connections.

        Raises:
            LocalProtocolError: the CSMS has no authenticator, and `insecure=True` is not written.
        """
        csms.check_startable()
        self._csms = csms
        self._proxies = proxies
        self._attached: set[AttachedConnection] = set()
        self._closed = False

    def refuse(self, reject: Reject, handshake: Handshake) -> Reject:
        """Reports that a handshake is refused without asking the CSMS; returns the refusal."""
        self._csms.report_refusal(
            reject.reason, status=reject.status, handshake=self._proxies(handshake)
        )
        return reject

    async def admit(self, handshake: Handshake) -> Accept | Reject:
        """Returns the CSMS's decision on a handshake; refuses with 503 if the decision takes too
        long.
        """
        try:
            async with asyncio.timeout(self._csms.limits.handshake_timeout):
                decision = await self._csms.accept(self._proxies(handshake))
        except TimeoutError:
            decision = self.refuse(Reject(status=503, reason="no decision in time"), handshake)
        if self._closed and isinstance(decision, Accept):
            decision = self.refuse(Reject(status=503, reason="going away"), handshake)
        return decision

    async def serve(
        self,
        accept: Accept,
        transport: Transport,
        *,
        abort: Callable[[], None] = lambda: None,
    ) -> None:
        """Passes an open connection to the CSMS, and returns when all its tasks have ended.

        Cancelled, it ends the connection and what runs on its behalf first.

        Args:
            accept: what the CSMS decided.
            transport: the connection.
            abort: ends it at once, without a close frame.
        """
        finished = asyncio.Event()
        wire = TransportWire(transport, self._csms.limits, abort=abort)
        attachment = self._csms.attach(accept, wire, finished=finished.set)
        self._attached.add(attachment)
        if self._closed:
            wire.close(_GOING_AWAY, "going away")
        try:
            await wire.run()
            await finished.wait()
        except BaseException:
            await attachment.drain(0.0)
            raise
        finally:
            self._attached.discard(attachment)

    async def close(self, grace: float) -> None:
        """Refuses new connections, and shuts down the open ones.

        Args:
            grace: seconds that running handlers have.
        """
        self._closed = True
        draining = [attachment.drain(grace) for attachment in self._attached]
        for problem in await asyncio.gather(*draining, return_exceptions=True):
            if problem is not None:
                # The others are shut down all the same.
                logger.error(
                    "shutting down a connection failed [the other connections are shut down all "
                    "the same]",
                    exc_info=problem,
                )
