"""Events that tell a program which stations connect, boot and disconnect."""

from typing import TypeAlias

from msgspec import Struct

from ocppkit.core import ConnectionClosed

from ._handle import StationHandle
from ._refused_stations import StationRefused

__all__ = [
    "StationAccepted",
    "StationChange",
    "StationConnected",
    "StationDisconnected",
    "StationEvent",
    "StationEventsMissed",
]


class StationConnected(Struct, frozen=True):
    """Event: a station has connected. Its boot may not be accepted yet: see `station.accepted`."""

    station: StationHandle


class StationAccepted(Struct, frozen=True):
    """Event: a station's boot was accepted."""

    station: StationHandle


class StationDisconnected(Struct, frozen=True):
    """Event: a station's connection has ended."""

    station: StationHandle
    end: ConnectionClosed

    replaced: bool
    """Whether the station had another connection already: it is still there."""


class StationEventsMissed(Struct, frozen=True):
    """Event: the listener was too slow, so events were dropped. It has a list of the stations that
    are connected now.
    """

    count: int
    """How many events were dropped."""

    stations: tuple[StationHandle, ...]
    """The stations that are connected now. The events that follow came after that."""


StationChange: TypeAlias = StationAccepted | StationConnected | StationDisconnected
"""The coming and going of one station."""

StationEvent: TypeAlias = StationChange | StationRefused | StationEventsMissed
