"""The facts about a station on which decisions about tokens depend: connection, service and
reservations.
"""

from typing import ClassVar

from .._commands_and_reports import Event
from .._station_life import (
    BootAccepted,
    BootNotAccepted,
    CsmsConnected,
    CsmsDisconnected,
    StationStarted,
)
from ._authorization_events import EvseReservationEnded, EvseReserved, EvseServiceChanged

__all__ = ["StationCircumstances"]


class StationCircumstances:
    """The facts about a station on which decisions about tokens depend, updated by events."""

    EVENTS: ClassVar[tuple[type[Event], ...]] = (
        BootAccepted,
        BootNotAccepted,
        CsmsConnected,
        CsmsDisconnected,
        EvseReservationEnded,
        EvseReserved,
        EvseServiceChanged,
    )
    """What `take` takes, beside `StationStarted`."""

    def __init__(self) -> None:
        self._is_registered = False
        self._is_connected = False
        self._reserved: dict[int, EvseReserved] = {}
        self._out_of_service: set[int] = set()

    @property
    def is_online(self) -> bool:
        """Whether the CSMS can be asked now."""
        return self._is_connected and self._is_registered

    def is_in_service(self, evse_id: int) -> bool:
        """Returns whether an EVSE is in service."""
        return evse_id not in self._out_of_service

    def reservation_of(self, evse_id: int) -> EvseReserved | None:
        """Returns the reservation of an EVSE, or `None`."""
        return self._reserved.get(evse_id)

    def take(self, event: Event) -> None:
        """Updates the facts by an event."""
        match event:
            case StationStarted() | BootNotAccepted():
                self._is_registered = False
            case BootAccepted():
                self._is_registered = True
            case CsmsConnected():
                self._is_connected = True
            case CsmsDisconnected():
                self._is_connected = False
            case EvseServiceChanged(evse_id=evse_id, in_service=True):
                self._out_of_service.discard(evse_id)
            case EvseServiceChanged(evse_id=evse_id):
                self._out_of_service.add(evse_id)
            case EvseReserved(evse_id=evse_id):
                self._reserved[evse_id] = event
            case EvseReservationEnded(evse_id=evse_id, reservation_id=reservation_id):
                reserved = self._reserved.get(evse_id)
                if reserved is not None and reserved.reservation_id == reservation_id:
                    del self._reserved[evse_id]
            case _:
                pass
