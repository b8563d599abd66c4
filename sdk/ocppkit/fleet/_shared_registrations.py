"""Boots in the records of a fleet: what one node has accepted, all know."""

import logging
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import loggable
from ocppkit.csms import StationRecord

from ._bus import Bus, BusError
from ._keys import key_of
from ._presence_writer import PresenceWriter
from ._replica import Replica

__all__ = ["SharedRegistrations"]

logger = logging.getLogger("ocppkit.fleet")


class SharedRegistrations:
    """The `Registrations` of a node.

    While the bus is down nobody is refused: a station whose boot is not known to have been accepted may
    have been accepted by another node meanwhile.
    """

    def __init__(
        self, bus: Bus, replica: Replica, writer: PresenceWriter, now: Callable[[], datetime]
    ) -> None:
        self.unsaved: set[str] = set()
        """Stations whose boot was answered, or is about to be, before the bus has acknowledged its record."""

        self.unread: int = 0
        """How many times a station was taken for accepted as its record could not be read."""

        self._bus = bus
        self._replica = replica
        self._writer = writer
        self._now = now

    async def find(self, identity: str) -> StationRecord | None:
        """Returns how the last boot of a station was answered, by any node."""
        boot = self._known(identity)
        if boot is not None and boot.status is RegistrationStatus.ACCEPTED:
            return boot
        try:
            # Another node may have accepted it a moment ago.
            entry = await self._replica.stations_table.get(key_of(identity))
        except BusError as error:
            self.unread += 1
            logger.warning(
                "%s: served as if its boot had been accepted: its record cannot be read: %s",
                loggable(identity),
                error,
            )
            return StationRecord(
                identity=identity,
                status=RegistrationStatus.ACCEPTED,
                version="",
                time=self._now(),
            )
        if entry is not None:
            self._replica.learn(entry)
        return self._known(identity)

    def save(self, record: StationRecord) -> Coroutine[Any, Any, None] | None:
        """Writes a boot to the station's record; returns what waits for the acknowledgement, if the bus is up."""
        held = self._writer.held(record.identity)
        if held is None:
            # A newer connection has its record already.
            return None
        held.boot, held.new_boot = record, True
        self.unsaved.add(record.identity)
        self._writer.want(record.identity)
        saved = self._saved(record.identity)
        if self._bus.up:
            return saved
        saved.close()
        return None

    def written(self, identity: str) -> None:
        """Notes that all that is known of a station is acknowledged."""
        self.unsaved.discard(identity)

    async def _saved(self, identity: str) -> None:
        await self._writer.written(identity)

    def _known(self, identity: str) -> StationRecord | None:
        held = self._writer.held(identity)
        if held is not None and held.boot is not None:
            return held.boot
        known = self._replica.find(identity)
        return None if known is None else known.presence.boot
