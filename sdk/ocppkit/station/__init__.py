"""The station's side: the charging station that you run, its boot procedure and its reconnecting."""

from ._back_off import BackOff
from ._connect_request import SecurityProfile
from ._deliveries import Delivered, Delivery, DeliveryEvent, Dropped, GivenUp, MessageDropped
from ._delivery_queue import Retries
from ._journal import (
    Entry,
    Journal,
    JournalError,
    JournalFull,
    MemoryJournal,
    Store,
    Stored,
)
from ._network_profiles import NetworkProfile, NetworkProfiles
from ._options import StationOptions
from ._registrar import StationRegistrar
from ._station import Station

__all__ = [
    "BackOff",
    "Delivered",
    "Delivery",
    "DeliveryEvent",
    "Dropped",
    "Entry",
    "GivenUp",
    "Journal",
    "JournalError",
    "JournalFull",
    "MemoryJournal",
    "MessageDropped",
    "NetworkProfile",
    "NetworkProfiles",
    "Retries",
    "SecurityProfile",
    "Station",
    "StationOptions",
    "StationRegistrar",
    "Store",
    "Stored",
]
