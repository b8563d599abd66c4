"""Ends connections on which no request comes in time, in front of the HTTP of another library.

aiohttp and uvicorn wait for the first request of a connection for ever, so that anybody can fill up a
server with connections that are silent, or stop in the middle of a header.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from ._bounds import LONGEST_HEAD

__all__ = ["FirstRequest"]


class FirstRequest(asyncio.Protocol):
    """One connection until the head of its first request is there; then another protocol takes it over."""

    def __init__(self, then: Callable[[], asyncio.Protocol], seconds: float) -> None:
        """Takes a new connection.

        Args:
            then: makes the protocol that reads requests.
            seconds: how long the head of the first request may take.
        """
        self._then = then
        self._seconds = seconds
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for a request, but not for ever."""
        self._transport = cast(asyncio.Transport, transport)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._seconds, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Takes bytes, and hands them over with the end of the head."""
        self._head += data
        # What is too long is for the library to refuse.
        if b"\r\n\r\n" in self._head or len(self._head) > LONGEST_HEAD:
            self._timer.cancel()
            protocol = self._then()
            self._transport.set_protocol(protocol)
            protocol.connection_made(self._transport)
            protocol.data_received(self._head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Takes an early end."""
        self._timer.cancel()
