"""A connection whose station named no version: its messages tell.

Theory of operation: a message is compared with each version that is spoken. It decides if only one
version has its action, or if one version's schema suits it better than the others; a BootNotification that suits several
decides for the preferred one of them, as the boots of 2.0.1 and 2.1 are the same. A message that suits
several (a Heartbeat suits all) is kept until another one tells, and answered then. Stations send one
call at a time, so that may not happen: when the time for a handshake is over, the preferred one of the
versions that suited so far is taken.

What was found is remembered by identity, and decides in all of these cases but one: a message that
only another version can be. Stations get new firmware.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Final

from ocppkit.aio import Clock
from ocppkit.aio.lowlevel import BOOT, Accept, Settings, Wire, loggable
from ocppkit.core import (
    LENIENT,
    ConnectionClosed,
    Failure,
    InvalidFrame,
    InvalidMessage,
    Issue,
    Protocol,
    decode_message,
)

from ._session import StationSession

__all__ = ["Sniffing", "VersionMemory"]

logger = logging.getLogger("ocppkit.csms")

_GOING_AWAY: Final = 1001
_PROTOCOL_ERROR: Final = 1002

_MOST_KEPT: Final = 16
"""Messages that are kept until one tells the version."""


class _Fit(IntEnum):
    """How well a message suits a version."""

    UNREADABLE = 0
    """It is no message of any version."""

    FOREIGN = 1
    """The version has no such action."""

    NAMED = 2
    """The version has the action, but another schema for it."""

    REPAIRED = 3
    """It keeps to the version's schema but for what lenient reading repairs."""

    SUITS = 4


class VersionMemory:
    """The versions that stations spoke, by identity, for those that do not name them."""

    STATIONS: Final = 16_384
    """Stations that are remembered; those not seen for longest make room."""

    def __init__(self, protocols: Sequence[Protocol]) -> None:
        self._by_version = {protocol.version: protocol for protocol in protocols}
        self._found: OrderedDict[str, Protocol] = OrderedDict()

    def find(self, accept: Accept) -> Protocol | None:
        """Returns the version that a station spoke last, here or, by its record, before a restart."""
        found = self._found.get(accept.identity)
        if found is None and accept.record is not None:
            found = self._by_version.get(accept.record.version)
        return found

    def remember(self, identity: str, protocol: Protocol) -> None:
        """Notes what a station speaks."""
        self._found[identity] = protocol
        self._found.move_to_end(identity)
        if len(self._found) > self.STATIONS:
            self._found.popitem(last=False)


class Sniffing:
    """Waits for a message that tells the version, and begins a session."""

    def __init__(
        self,
        accept: Accept,
        wire: Wire,
        protocols: Sequence[Protocol],
        memory: VersionMemory,
        open_session: Callable[[Protocol], StationSession],
        settings: Settings,
        clock: Clock,
        finished: Callable[[], None],
    ) -> None:
        self._identity = accept.identity
        self._wire = wire
        self._protocols = protocols
        self._memory = memory
        self._remembered = memory.find(accept)
        self._open_session = open_session
        self._session: StationSession | None = None
        self._when_finished = finished
        self._kept: list[str | bytes] = []
        self._suited = list(protocols)
        """The versions that all kept messages suit, as far as they suit any."""

        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        deadline = clock.time() + settings.limits.handshake_timeout
        self._timer = clock.call_at(deadline, self._time_is_over)

    def begin(self) -> None:
        """Reads from now on."""
        self._wire.start(self)

    async def drain(self, grace: float) -> None:
        """Shuts the connection down, as `Endpoint.drain` does."""
        if self._session is not None:
            await self._session.drain(grace)
        else:
            self._close(_GOING_AWAY, "going away")
            await asyncio.shield(self._ended)

    # What the wire calls.

    def data_received(self, data: str | bytes) -> None:
        """Reads a message, and begins a session if the version is clear now."""
        if self._session is not None:
            # The wire had read it before it knew of the session.
            self._session.data_received(data)
            return
        fits = {protocol.subprotocol: _fit(protocol, data) for protocol in self._protocols}
        self._kept.append(data)
        decided = self._decided(fits, data)
        if decided is not None:
            self._decide(decided)
        elif max(fits.values()) is _Fit.UNREADABLE:
            self._give_up("the message is of no known version")
        elif len(self._kept) >= _MOST_KEPT:
            self._decide(self._suited[0])

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Learns that the connection ended before the version was clear."""
        self._timer.cancel()
        self._ended.set_result(None)
        self._when_finished()

    # What is decided.

    def _decided(self, fits: dict[str, _Fit], data: str | bytes) -> Protocol | None:
        """Returns the version, if this message tells it."""
        best = max(fits.values())
        suited = self._with(fits, best) if best >= _Fit.REPAIRED else []
        named = self._with(fits, _Fit.NAMED)
        for certain in (named, suited):
            if len(certain) == 1:
                return certain[0]
        candidates = suited or named or self._protocols
        if self._remembered in candidates:
            return self._remembered
        if suited:
            self._suited = [protocol for protocol in self._suited if protocol in suited] or suited
            if _is_boot(suited[0], data):
                return self._suited[0]
        return None

    def _with(self, fits: dict[str, _Fit], least: _Fit) -> list[Protocol]:
        return [each for each in self._protocols if fits[each.subprotocol] >= least]

    def _decide(self, protocol: Protocol) -> None:
        self._timer.cancel()
        self._memory.remember(self._identity, protocol)
        self._session = session = self._open_session(protocol)
        session.begin()
        kept, self._kept = self._kept, []
        for data in kept:
            session.data_received(data)

    def _time_is_over(self) -> None:
        if self._kept:
            version = self._suited[0].version
            logger.info(
                "%s: OCPP %s is assumed: no message shows the version [let the station offer a "
                "subprotocol]",
                loggable(self._identity),
                version,
            )
            self._decide(self._suited[0])
        else:
            self._give_up("no message came that would tell the version")

    def _give_up(self, why: str) -> None:
        logger.warning("%s: %s", loggable(self._identity), why)
        self._close(_PROTOCOL_ERROR, why)

    def _close(self, code: int, reason: str) -> None:
        # No session may begin on a connection that is being closed.
        self._timer.cancel()
        self._wire.close(code, reason)


def _fit(protocol: Protocol, data: str | bytes) -> _Fit:
    # What is repaired or refused, the connection decides by its own policy afterwards.
    issues: list[Issue] = []
    try:
        decode_message(protocol, data, policy=LENIENT, issues=issues)
    except InvalidMessage:
        return _Fit.NAMED
    except InvalidFrame as error:
        foreign = error.failure in (Failure.UNKNOWN_ACTION, Failure.STRAY)
        return _Fit.FOREIGN if foreign else _Fit.UNREADABLE
    return _Fit.REPAIRED if issues else _Fit.SUITS


def _is_boot(protocol: Protocol, data: str | bytes) -> bool:
    return getattr(decode_message(protocol, data, policy=LENIENT), "action", None) == BOOT
