"""Finds the version of a station that named none in its handshake, from its first messages.

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

__all__ = ["VersionMemory", "VersionSniffer"]

logger = logging.getLogger("ocppkit.csms")

_GOING_AWAY: Final = 1001
_PROTOCOL_ERROR: Final = 1002

_MOST_KEPT: Final = 16
"""Messages that are kept until one tells the version."""


class _FitLevel(IntEnum):
    """How well a message fits a version."""

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
    """Remembers the last version of each station, for stations that name none in their handshake."""

    STATIONS: Final = 16_384
    """Stations that are remembered; those not seen for longest make room."""

    def __init__(self, protocols: Sequence[Protocol]) -> None:
        self._by_version = {protocol.version: protocol for protocol in protocols}
        self._found: OrderedDict[str, Protocol] = OrderedDict()

    def find(self, accept: Accept) -> Protocol | None:
        """Returns the version that a station spoke last, also before a restart if there is a record
        of it; else `None`.
        """
        found = self._found.get(accept.identity)
        if found is None and accept.record is not None:
            found = self._by_version.get(accept.record.version)
        return found

    def remember(self, identity: str, protocol: Protocol) -> None:
        """Remembers the version of a station."""
        self._found[identity] = protocol
        self._found.move_to_end(identity)
        if len(self._found) > self.STATIONS:
            self._found.popitem(last=False)


class VersionSniffer:
    """Reads the first messages of a station until they show its version, then starts a session."""

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
        self._timer = clock.call_at(deadline, self._on_timeout)

    def begin(self) -> None:
        """Starts reading messages."""
        self._wire.start(self)

    async def drain(self, grace: float) -> None:
        """Closes the connection, as `Endpoint.drain` does."""
        if self._session is not None:
            await self._session.drain(grace)
        else:
            self._close(_GOING_AWAY, "going away")
            await asyncio.shield(self._ended)

    # What the wire calls.

    def data_received(self, data: str | bytes) -> None:
        """Reads a message, and starts a session if the version is clear now."""
        if self._session is not None:
            # The wire had read it before it knew of the session.
            self._session.data_received(data)
            return
        fits = {protocol.subprotocol: _fit(protocol, data) for protocol in self._protocols}
        self._kept.append(data)
        decided = self._version_shown_by(fits, data)
        if decided is not None:
            self._start_session(decided)
        elif max(fits.values()) is _FitLevel.UNREADABLE:
            self._give_up("the message fits no version of OCPP")
        elif len(self._kept) >= _MOST_KEPT:
            self._start_session(self._suited[0])

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Notes that the connection ended before the version was clear."""
        self._timer.cancel()
        self._ended.set_result(None)
        self._when_finished()

    # What is decided.

    def _version_shown_by(self, fits: dict[str, _FitLevel], data: str | bytes) -> Protocol | None:
        """Returns the version, if this message shows it; else `None`."""
        best = max(fits.values())
        suited = self._fitting(fits, best) if best >= _FitLevel.REPAIRED else []
        named = self._fitting(fits, _FitLevel.NAMED)
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

    def _fitting(self, fits: dict[str, _FitLevel], least: _FitLevel) -> list[Protocol]:
        return [each for each in self._protocols if fits[each.subprotocol] >= least]

    def _start_session(self, protocol: Protocol) -> None:
        self._timer.cancel()
        self._memory.remember(self._identity, protocol)
        self._session = session = self._open_session(protocol)
        session.begin()
        kept, self._kept = self._kept, []
        for data in kept:
            session.data_received(data)

    def _on_timeout(self) -> None:
        if self._kept:
            version = self._suited[0].version
            logger.info(
                "%s: OCPP %s is assumed, as no message shows the version [configure the station to "
                "offer a subprotocol such as ocpp1.6]",
                loggable(self._identity),
                version,
            )
            self._start_session(self._suited[0])
        else:
            self._give_up("no message came that shows the version of OCPP")

    def _give_up(self, why: str) -> None:
        logger.warning(
            "%s: closing the connection: %s [configure the station to offer a subprotocol such as "
            "ocpp1.6]",
            loggable(self._identity),
            why,
        )
        self._close(_PROTOCOL_ERROR, why)

    def _close(self, code: int, reason: str) -> None:
        # No session may begin on a connection that is being closed.
        self._timer.cancel()
        self._wire.close(code, reason)


def _fit(protocol: Protocol, data: str | bytes) -> _FitLevel:
    # What is repaired or refused, the connection decides by its own policy afterwards.
    issues: list[Issue] = []
    try:
        decode_message(protocol, data, policy=LENIENT, issues=issues)
    except InvalidMessage:
        return _FitLevel.NAMED
    except InvalidFrame as error:
        foreign = error.failure in (Failure.UNKNOWN_ACTION, Failure.STRAY)
        return _FitLevel.FOREIGN if foreign else _FitLevel.UNREADABLE
    return _FitLevel.REPAIRED if issues else _FitLevel.SUITS


def _is_boot(protocol: Protocol, data: str | bytes) -> bool:
    return getattr(decode_message(protocol, data, policy=LENIENT), "action", None) == BOOT
