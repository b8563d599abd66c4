"""A connection whose station named no version: its first message tells."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import Accept, Settings, Wire, loggable
from ocppkit.core import (
    LENIENT,
    ConnectionClosed,
    InvalidFrame,
    InvalidMessage,
    Protocol,
    decode_message,
)

from ._session import StationSession

__all__ = ["Sniffing"]

logger = logging.getLogger("ocppkit.csms")

_GOING_AWAY = 1001
_PROTOCOL_ERROR = 1002


class Sniffing:
    """Waits for the first message, which is a BootNotification as a rule, and begins a session.

    The first version, in the order of preference, whose schemas the message keeps to is taken. The
    boots of 1.6 and 2.x have nothing in common, those of 2.0.1 and 2.1 are the same.
    """

    def __init__(
        self,
        accept: Accept,
        wire: Wire,
        protocols: Sequence[Protocol],
        open_session: Callable[[Protocol], StationSession],
        settings: Settings,
        clock: Clock,
        finished: Callable[[], None],
    ) -> None:
        self._identity = accept.identity
        self._wire = wire
        self._protocols = protocols
        self._open_session = open_session
        self._session: StationSession | None = None
        self._when_finished = finished
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        deadline = clock.time() + settings.limits.handshake_timeout
        self._timer = clock.call_at(deadline, self._too_late)

    def begin(self) -> None:
        """Reads from now on."""
        self._wire.start(self)

    async def drain(self, grace: float) -> None:
        """Shuts the connection down, as `Endpoint.drain` does."""
        if self._session is not None:
            await self._session.drain(grace)
        else:
            self._wire.close(_GOING_AWAY, "going away")
            await asyncio.shield(self._ended)

    # What the wire calls.

    def data_received(self, data: str | bytes) -> None:
        """Takes the first message."""
        spoken = [protocol for protocol in self._protocols if _fits(protocol, data)]
        if not spoken:
            self._give_up("the first message is of no known version")
            return
        self._timer.cancel()
        self._session = self._open_session(spoken[0])
        self._session.begin()
        self._session.data_received(data)

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Takes an end before any message."""
        self._timer.cancel()
        self._ended.set_result(None)
        self._when_finished()

    def _too_late(self) -> None:
        self._give_up("no message came that would tell the version")

    def _give_up(self, why: str) -> None:
        logger.warning("%s: %s", loggable(self._identity), why)
        self._wire.close(_PROTOCOL_ERROR, why)


def _fits(protocol: Protocol, data: str | bytes) -> bool:
    # What is repaired or refused, the connection decides by its own policy afterwards.
    try:
        decode_message(protocol, data, policy=LENIENT)
    except (InvalidFrame, InvalidMessage):
        return False
    return True
