"""A wire that sends pings itself, because aiohttp cannot change its ping interval on an open
connection.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from ocppkit.aio.lowlevel import Transport
from ocppkit.core import ConnectionClosed, Limits

from .._transport_wire import TransportWire

__all__ = ["PingingWire"]

_MOST_UNANSWERED: Final = 2
"""A connection is dead when so many pings in a row got no answer."""


class PingingWire(TransportWire):
    """A wire that sends pings, and ends the connection if the peer does not answer them."""

    def __init__(
        self,
        transport: Transport,
        limits: Limits,
        *,
        ping: Callable[[], Awaitable[None]],
        abort: Callable[[], None],
    ) -> None:
        """Takes over an open connection.

        Args:
            transport: the connection; it calls `note_frame` for each frame that comes in.
            limits: its bounds, with the time between two pings.
            ping: sends a ping.
            abort: ends the connection at once.
        """
        super().__init__(transport, limits, abort=abort)
        self._ping = ping
        self._interval = limits.ping_interval
        self._interval_changed = asyncio.Event()
        self._unanswered = 0

    async def run(self) -> None:
        """Reads, writes and sends pings until the connection ends. What a receiver raises is raised
        here.
        """
        pinging = asyncio.create_task(self._ping_regularly())
        try:
            await super().run()
        finally:
            pinging.cancel()

    def note_frame(self) -> None:
        """Notes that the peer has sent a frame, so it is alive."""
        self._unanswered = 0

    def set_ping_interval(self, seconds: float) -> None:
        """Changes how often pings are sent, in seconds; zero turns them off."""
        self._interval = seconds
        self._interval_changed.set()

    async def _ping_regularly(self) -> None:
        while True:
            if not await self._interval_is_over():
                continue
            if self._unanswered >= _MOST_UNANSWERED:
                self._abort_connection("no answer to pings")
                return
            self._unanswered += 1
            # What the ping cannot do shows: a full buffer leaves it unanswered, and the reader tells
            # that the connection is lost.
            with suppress(ConnectionClosed, TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._ping()

    async def _interval_is_over(self) -> bool:
        """Waits until the next ping is due; returns False if the interval was changed meanwhile."""
        self._interval_changed.clear()
        try:
            async with asyncio.timeout(self._interval if self._interval > 0 else None):
                await self._interval_changed.wait()
        except TimeoutError:
            return True
        return False
