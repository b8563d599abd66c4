"""Closes a connection right after it opens, as OCPP-J asks when a station offers no version that
the CSMS speaks.
"""

import asyncio
from collections.abc import Callable

from ocppkit.aio.lowlevel import Wire
from ocppkit.core import ConnectionClosed

__all__ = ["RejectAfterOpen"]

_PROTOCOL_ERROR = 1002


class RejectAfterOpen:
    """Closes a connection with a reason, and ignores the messages that arrive."""

    def __init__(self, wire: Wire, reason: str, finished: Callable[[], None]) -> None:
        self._wire = wire
        self._reason = reason
        self._when_finished = finished
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def begin(self) -> None:
        """Closes the connection."""
        self._wire.start(self)
        self._wire.close(_PROTOCOL_ERROR, self._reason)

    async def drain(self, grace: float) -> None:
        """Waits for the end of the connection, which is closing already."""
        await asyncio.shield(self._ended)

    def data_received(self, data: str | bytes) -> None:
        """Ignores a message that the station sent before it saw the close frame."""

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Notes the end of the connection."""
        self._ended.set_result(None)
        self._when_finished()
