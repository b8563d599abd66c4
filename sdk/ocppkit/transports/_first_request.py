"""Ends connections on which no request comes in time, in front of the HTTP of another library.

aiohttp and uvicorn wait for the first request of a connection for ever, so that anybody can fill up a
server with connections that are silent, or stop in the middle of a header.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from ._bounds import LONGEST_HEAD
from ._limited_reads import READ_BYTES, LimitedReads
from ._shared_reading import SharedReading
from ._tls_handshake import ReportRefusal, peer_address

__all__ = ["FirstRequest"]


class FirstRequest(SharedReading):
    """One connection until the head of its first request is there; then another protocol takes it over."""

    def __init__(
        self, then: Callable[[], asyncio.Protocol], seconds: float, report: ReportRefusal
    ) -> None:
        """Waits for the first request of a new connection.

        Args:
            then: makes the protocol that reads requests.
            seconds: how long the head of the first request may take.
            report: is told of a connection on which it takes longer.
        """
        super().__init__()
        self._then = then
        self._seconds = seconds
        self._report = report
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for a request, but not for ever."""
        self._transport = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._give_up)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Returns the buffer to read into; it is short, so that little beyond the head is read."""
        return self._shared.buffer[:READ_BYTES]

    def data_received(self, data: bytes) -> None:
        """Collects bytes, and hands them over once the head is complete."""
        self._head += data
        # What is too long is for the library to refuse.
        if b"\r\n\r\n" in self._head or len(self._head) > LONGEST_HEAD:
            self._timer.cancel()
            protocol = self._then()
            self._transport.set_protocol(LimitedReads(protocol))
            protocol.connection_made(self._transport)
            protocol.data_received(self._head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Learns that the connection ended early."""
        self._timer.cancel()

    def _give_up(self) -> None:
        self._report(
            f"no handshake within {self._seconds:g} s",
            remote_address=peer_address(self._transport),
        )
        self._transport.abort()
