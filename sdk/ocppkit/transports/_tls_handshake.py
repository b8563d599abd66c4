"""Runs the TLS handshake at a server so that the server knows of the connection before the
handshake ends.

asyncio would tell of a connection only once its TLS is established: one that never gets so far would
count for no limit, be reported to nobody, and nothing could end it when the server stops.
"""

import asyncio
import logging
from collections.abc import Callable
from ssl import SSLContext, SSLError
from typing import Any, Protocol, cast

from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import start_task

from ._shared_reading import SharedReading

__all__ = ["ReportRefusal", "TlsHandshake", "peer_address"]

logger = logging.getLogger("ocppkit.transports")


class ReportRefusal(Protocol):
    """Reports a connection that was refused before it was a WebSocket, as `Csms.report_refusal`
    does.
    """

    def __call__(
        self,
        reason: str,
        *,
        remote_address: str = "",
        status: int | None = None,
        handshake: Handshake | None = None,
    ) -> None: ...


class TlsHandshake(asyncio.Protocol):
    """The protocol of a new connection until TLS is established; then another protocol takes over."""

    def __init__(
        self,
        tls: SSLContext,
        seconds: float,
        then: SharedReading,
        report: ReportRefusal,
        *,
        begin: Callable[[asyncio.Transport], bool] = lambda transport: True,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        """Creates the protocol of one connection.

        Args:
            tls: how TLS is spoken.
            seconds: how long the TLS handshake may take.
            then: the protocol of the connection once TLS is established.
            report: is told of handshakes that fail.
            begin: takes the connection, and returns whether there is room for it.
            lost: called when the connection has ended before TLS was established.
        """
        self._tls = tls
        self._seconds = seconds
        self._then = then
        self._report = report
        self._begin = begin
        self._lost = lost
        self._early = b""

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Starts TLS if the connection is within the limit of connections, else ends it."""
        self._transport = cast(asyncio.Transport, transport)
        if self._begin(self._transport):
            self._transport.pause_reading()
            self._establishing = start_task(self._establish())
        else:
            # An answer would cost a TLS handshake.
            self._refuse("too many connections")
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Keeps bytes that were read together with the end of the TLS handshake."""
        self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Notes that the connection ended during the TLS handshake."""
        self._lost()

    # The work.

    async def _establish(self) -> None:
        try:
            secured = await asyncio.get_running_loop().start_tls(
                self._transport,
                self,
                self._tls,
                server_side=True,
                ssl_handshake_timeout=self._seconds,
            )
        except SSLError as problem:
            self._refuse(f"the TLS handshake failed: {problem}")
            secured = None
        except ConnectionAbortedError:
            self._refuse(f"no TLS handshake within {self._seconds:g} s")
            secured = None
        except OSError:
            # Who connects and leaves, as monitors do, is not refused.
            secured = None
        if secured is None or self._transport.is_closing():
            # uvloop returns a transport for a connection that was lost in the meantime, too.
            self._lost()
        else:
            try:
                self._hand_over(secured)
            except Exception:
                # What it raises in a task would be seen by nobody, and the connection would stay.
                logger.exception(
                    "%s: starting the connection failed right after the TLS handshake [the "
                    "connection is closed]",
                    peer_address(secured),
                )
                secured.abort()

    def _hand_over(self, secured: asyncio.Transport) -> None:
        secured.set_protocol(self._then)
        self._then.connection_made(secured)
        if self._early:
            self._then.data_received(self._early)

    def _refuse(self, reason: str) -> None:
        self._report(reason, remote_address=peer_address(self._transport))


def peer_address(transport: asyncio.BaseTransport) -> str:
    """Returns the address of the peer, or an empty text if there is none."""
    # A peer at a Unix socket has a name, which is empty as a rule.
    peer: Any = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""
