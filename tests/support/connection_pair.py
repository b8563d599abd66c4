"""Two connected engines without a network, and helpers that tests of the engine share."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeVar

from ocppkit import v16, v21, v201
from ocppkit.core import CallReceived, Connection, Event, Protocol, Role

__all__ = [
    "ANSWER",
    "HEARTBEAT",
    "NOW",
    "PROTOCOLS",
    "VERSIONS",
    "Duplex",
    "called",
    "calling",
    "connect",
    "events_of",
    "frames_of",
    "numbered",
    "only",
    "stream",
]

PROTOCOLS: dict[str, Protocol] = {
    protocol.version: protocol for protocol in (v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL)
}

VERSIONS = tuple(PROTOCOLS)

NOW = datetime(2025, 6, 1, 10, tzinfo=UTC)

HEARTBEAT = '[2,"a","Heartbeat",{}]'
ANSWER = v201.HeartbeatResponse(current_time=NOW)
"""What answers it in 2.0.1."""

T = TypeVar("T")


def numbered(prefix: str) -> Callable[[], str]:
    """Returns a function that returns the message ids `s1`, `s2` and so on."""
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers)}"


def connect(role: Role, version: str = "2.0.1", **options: Any) -> Connection:
    """Returns one end, which counts its message ids from `s1` (station) or `c1` (CSMS)."""
    options.setdefault("new_id", numbered(role[0]))
    return Connection(role, PROTOCOLS[version], **options)


def events_of(connection: Connection) -> list[Event]:
    """Takes every event that a connection has."""
    return list(iter(connection.next_event, None))


def frames_of(connection: Connection) -> list[Any]:
    """Takes every frame that a connection wants to send, as JSON."""
    return [json.loads(text) for text in connection.data_to_send()]


def only(kind: type[T], events: Iterable[Event]) -> T:
    """Returns the only event, after checking its type."""
    (event,) = events
    assert isinstance(event, kind)
    return event


class Duplex:
    """The engines of a station and a CSMS; the test decides when one receives the frames of the other."""

    def __init__(self, version: str = "2.0.1", **options: Any) -> None:
        self.station = connect(Role.STATION, version, **options)
        self.csms = connect(Role.CSMS, version, **options)

    def pump(self, now: float = 0.0) -> None:
        """Carries frames both ways until nobody has any."""
        while self._carry(self.station, self.csms, now) + self._carry(self.csms, self.station, now):
            pass

    def _carry(self, sender: Connection, receiver: Connection, now: float) -> int:
        texts = sender.data_to_send()
        for text in texts:
            receiver.receive_data(text, now)
        return len(texts)


def calling(version: str = "2.0.1", **options: Any) -> Connection:
    """Returns a station whose Heartbeat `s1` is outstanding."""
    station = connect(Role.STATION, version, **options)
    request: Any = PROTOCOLS[version].actions["Heartbeat"].request
    station.send_call(request(), 0.0)
    station.data_to_send()
    return station


def called(version: str = "2.0.1", **options: Any) -> Connection:
    """Returns a CSMS that owes a reply to the Heartbeat `a`."""
    csms = connect(Role.CSMS, version, **options)
    csms.receive_data(HEARTBEAT, 0.0)
    only(CallReceived, events_of(csms))
    return csms


def stream() -> v21.NotifyPeriodicEventStream:
    """Returns a message that is never answered."""
    data = [v21.StreamDataElementType(t=0, v="1")]
    return v21.NotifyPeriodicEventStream(id=3, pending=0, basetime=NOW, data=data)
