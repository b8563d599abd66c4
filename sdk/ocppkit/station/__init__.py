"""The charging station that you run: its boot procedure, its connections, and messages that must
arrive.
"""

from ._back_off import BackOff
from ._connect_request import SecurityProfile
from ._controls import ClockSource, Controls
from ._deliveries import (
    Delivered,
    Delivery,
    DeliveryEvent,
    DeliveryGivenUp,
    MessageDropped,
    MessagesDropped,
    MeterValuesLeftOut,
)
from ._journal import (
    Entry,
    Journal,
    JournalError,
    JournalFull,
    MemoryJournal,
    Store,
    Stored,
)
from ._lifecycle_events import (
    Accepted,
    Booted,
    ClockJumped,
    ClockSet,
    Connected,
    Disconnected,
    EventsMissed,
    LifecycleEvent,
    Restarting,
)
from ._network_profiles import NetworkProfile, NetworkProfiles
from ._options import StationOptions
from ._registrar import StationRegistrar
from ._retries import Retries
from ._station import Station

__all__ = [
    "Accepted",
    "BackOff",
    "Booted",
    "ClockJumped",
    "ClockSet",
    "ClockSource",
    "Connected",
    "Controls",
    "Delivered",
    "Delivery",
    "DeliveryEvent",
    "DeliveryGivenUp",
    "Disconnected",
    "Entry",
    "EventsMissed",
    "Journal",
    "JournalError",
    "JournalFull",
    "LifecycleEvent",
    "MemoryJournal",
    "MessageDropped",
    "MessagesDropped",
    "MeterValuesLeftOut",
    "NetworkProfile",
    "NetworkProfiles",
    "Restarting",
    "Retries",
    "SecurityProfile",
    "Station",
    "StationOptions",
    "StationRegistrar",
    "Store",
    "Stored",
]
