"""The station's side: the charging station that you run, its boot procedure and its reconnecting."""

from ._back_off import BackOff
from ._journal import Entry, Journal, MemoryJournal
from ._opening import SecurityProfile
from ._options import StationOptions
from ._outbox import Retries
from ._registrar import StationRegistrar
from ._station import Station

__all__ = [
    "BackOff",
    "Entry",
    "Journal",
    "MemoryJournal",
    "Retries",
    "SecurityProfile",
    "Station",
    "StationOptions",
    "StationRegistrar",
]
