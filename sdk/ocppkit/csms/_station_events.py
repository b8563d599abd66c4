"""What `stations.events()` tells of the coming and going of stations."""

from typing import TypeAlias

from msgspec import Struct

from ocppkit.core import ConnectionClosed

from ._handle import StationHandle
from ._refused_stations import StationRefused

__all__ = [
    "Missed",
    "StationAccepted",
    "StationChange",
    "StationConnected",
    "StationDisconnected",
    "StationEvent",
]


class StationConnected(Struct, frozen=True):
    """A station has connected; whether it is registered, `station.accepted` says."""

    station: StationHandle


class StationAccepted(Struct, frozen=True):
    """A station's boot was accepted."""

    station: StationHandle


class StationDisconnected(Struct, frozen=True):
    """A station's connection has ended."""

    station: StationHandle
    end: ConnectionClosed

    replaced: bool
    """Whether the station had another connection already: it is still there."""


class Missed(Struct, frozen=True):
    """The listener was too slow, and events were dropped: whoever keeps a list takes this one."""

    count: int
    """How many events were dropped."""

    stations: tuple[StationHandle, ...]
    """The stations that are connected now. The events that follow came after that."""


StationChange: TypeAlias = StationAccepted | StationConnected | StationDisconnected
"""The coming and going of one station."""

StationEvent: TypeAlias = StationChange | StationRefused | Missed
