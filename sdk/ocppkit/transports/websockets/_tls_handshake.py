"""The TLS handshake of a connection at a server, counted from the moment the connection is there.

asyncio would tell of a connection only once its TLS is established: one that never gets so far would
count for no limit, and nothing could end it when the server stops.
"""

import asyncio
from collections.abc import Sequence
from ssl import SSLContext, SSLError
from typing import cast

from ocppkit.aio.lowlevel import start_task
from ocppkit.csms import Csms

from ._listening_server import ServerConnection
from ._shared_reading import SharedReading

__all__ = ["TlsHandshake"]


class TlsHandshake(asyncio.Protocol):
    """One connection until TLS is established; then another protocol takes it over."""

    def __init__(
        self, csms: Csms, connection: ServerConnection, tls: SSLContext, then: SharedReading
    ) -> None:
        """Takes a new connection.

        Args:
            csms: is told of handshakes that fail.
            connection: the connection.
            tls: how TLS is spoken.
            then: the protocol of the connection once TLS is established.
        """
        self._csms = csms
        self._connection = connection
        self._tls = tls
        self._then = then
        self._early = b""

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins with TLS if there is room for the connection, else ends it."""
        self._transport = cast(asyncio.Transport, transport)
        if self._connection.begin(self._transport):
            self._transport.pause_reading()
            self._establishing = start_task(self._establish())
        else:
            # An answer would cost a TLS handshake.
            self._report("too many connections")
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Keeps what came in one read with the end of the TLS handshake."""
        self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        """Takes an early end."""
        self._connection.lost()

    # The work.

    async def _establish(self) -> None:
        seconds = self._csms.limits.handshake_timeout
        try:
            secured = await asyncio.get_running_loop().start_tls(
                self._transport,
                self,
                self._tls,
                server_side=True,
                ssl_handshake_timeout=seconds,
            )
        except SSLError as problem:
            self._report(f"the TLS handshake failed: {problem}")
            secured = None
        except ConnectionAbortedError:
            self._report(f"no TLS handshake within {seconds:g} s")
            secured = None
        except OSError:
            # Who connects and leaves, as monitors do, is not refused.
            secured = None
        if secured is None or self._transport.is_closing():
            # uvloop returns a transport for a connection that was lost in the meantime, too.
            self._connection.lost()
        else:
            self._hand_over(secured)

    def _hand_over(self, secured: asyncio.Transport) -> None:
        secured.set_protocol(self._then)
        self._then.connection_made(secured)
        if self._early:
            self._then.data_received(self._early)

    def _report(self, reason: str) -> None:
        peer: Sequence[str] | None = self._transport.get_extra_info("peername")
        self._csms.report_refusal(reason, remote_address=peer[0] if peer else "")
