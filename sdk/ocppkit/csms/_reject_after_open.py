"""A connection that is opened only to be closed, as OCPP-J has it for a version that nobody speaks."""

import asyncio
from collections.abc import Callable

from ocppkit.aio.lowlevel import Wire
from ocppkit.core import ConnectionClosed

__all__ = ["RejectAfterOpen"]

_PROTOCOL_ERROR = 1002


class RejectAfterOpen:
    """Says goodbye, and hears nothing."""

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
        """Waits for the end, which is on its way."""
        await asyncio.shield(self._ended)

    def data_received(self, data: str | bytes) -> None:
        """Ignores what was on its way already."""

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Takes the end."""
        self._ended.set_result(None)
        self._when_finished()
