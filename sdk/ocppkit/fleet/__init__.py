"""One CSMS over several processes: commands from any of them, and one live connection per station."""

from ._bus import (
    Bus,
    BusDown,
    BusError,
    BusMessage,
    BusNotAllowed,
    BusSubscription,
    BusTable,
    NewerRevision,
    NotAcknowledged,
    TableEntry,
    TableWatcher,
)
from ._fleet import Fleet
from ._fleet_stations import FleetStations
from ._memory_broker import MemoryBroker
from ._memory_bus import MemoryBus
from ._node import FleetNode

__all__ = [
    "Bus",
    "BusDown",
    "BusError",
    "BusMessage",
    "BusNotAllowed",
    "BusSubscription",
    "BusTable",
    "Fleet",
    "FleetNode",
    "FleetStations",
    "MemoryBroker",
    "MemoryBus",
    "NewerRevision",
    "NotAcknowledged",
    "TableEntry",
    "TableWatcher",
]
