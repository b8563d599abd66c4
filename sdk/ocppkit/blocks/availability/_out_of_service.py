"""The places that a CSMS has taken out of service: the station, EVSEs and connectors, independently
of each other.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from ._connectors import ALL, EvseRecord, Evses
from ._status_messages import OperationalStatus

__all__ = ["OutOfService", "Place"]

Place: TypeAlias = tuple[int, int]
"""EVSE and connector; connector 0 is the whole EVSE, EVSE 0 the station."""


class OutOfService:
    """The places that are out of service, or will be when their transactions have ended.

    Each place keeps its own state, so that a connector that was taken out of service stays so when
    its station comes back. # G03.FR.07, G04.FR.08
    """

    def __init__(self, evses: Evses, *, station_overrides: bool) -> None:
        """Starts with all places in service.

        Args:
            evses: the EVSEs of the station.
            station_overrides: whether the state of the station lies over those of its EVSEs; if not,
                changing it changes theirs.
        """
        self._evses = evses
        self._station_overrides = station_overrides
        self._places: set[Place] = set()

    def __iter__(self) -> Iterator[Place]:
        return iter(sorted(self._places))

    def set(self, place: Place, status: OperationalStatus) -> None:
        """Takes a place out of service, or back into service."""
        places = {place}
        if place == (ALL, ALL) and not self._station_overrides:
            # AVA-04: in 1.6, connector 0 means the station and all its connectors.
            places |= {(evse.evse_id, ALL) for evse in self._evses}
        if status is OperationalStatus.INOPERATIVE:
            self._places |= places
        else:
            self._places -= places

    def restore(self, places: Iterable[Place]) -> None:
        """Restores the stored places. Places that the station no longer has are ignored."""
        self._places = {
            (evse_id, connector_id)
            for evse_id, connector_id in places
            if evse_id == ALL or self._evses.has(evse_id, connector_id or None)
        }

    def waits_for_transaction(self, place: Place) -> bool:
        """Returns whether a transaction is running at a place, so that it cannot be taken out of
        service yet.
        """
        evse_id, connector_id = place
        if evse_id == ALL:
            return any(evse.has_transaction for evse in self._evses)
        evse = self._evses.evse(evse_id)
        return (
            evse.has_transaction if connector_id == ALL else evse.has_transaction_on(connector_id)
        )

    def has_station(self) -> bool:
        """Returns whether the station as a whole is out of service now."""
        return (ALL, ALL) in self._places and not self.waits_for_transaction((ALL, ALL))

    def has_evse(self, evse: EvseRecord) -> bool:
        """Returns whether an EVSE as a whole is out of service now, itself or with the station."""
        is_out = (
            evse.is_withdrawn
            or (evse.evse_id, ALL) in self._places
            or (self._station_overrides and (ALL, ALL) in self._places)
        )
        # AVA-02.
        return is_out and not evse.has_transaction

    def has_connector(self, evse: EvseRecord, connector_id: int) -> bool:
        """Returns whether a connector is out of service now, itself or with its EVSE or the
        station.
        """
        is_out = (evse.evse_id, connector_id) in self._places
        return self.has_evse(evse) or (is_out and not evse.has_transaction_on(connector_id))
