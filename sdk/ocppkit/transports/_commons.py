"""What transports share: bounds of a connection, a buffer to read into, and one timer for all pings."""

import asyncio
from abc import ABC, abstractmethod
from typing import Final, Protocol
from weakref import WeakKeyDictionary

__all__ = [
    "CLOSE_TIMEOUT",
    "MOST_MISSED",
    "UNSENT_FRAMES",
    "Beating",
    "Commons",
    "Pulse",
    "Seat",
    "SharedReading",
    "commons",
    "cut_reason",
]

CLOSE_TIMEOUT: Final = 10.0
"""Seconds for what is still to be sent, and for the peer to say goodbye."""

UNSENT_FRAMES: Final = 4
"""How many frames of the longest kind may wait for a slow reader before nothing more is read."""

MOST_MISSED: Final = 2
"""Pings without an answer until the connection counts as dead."""

_ROOM_FOR_REASON: Final = 123
"""Bytes that a close frame has for its reason, RFC 6455 section 5.5."""

_READ_BYTES: Final = 1 << 14
"""Bytes that are read in one go. With compression they may hold a thousand times as much, and
nothing can be stopped within them."""

_SLOTS: Final = 64
"""Into how many steps a pulse divides its interval."""


def cut_reason(reason: str) -> str:
    """Returns as much of a reason as a close frame has room for."""
    return reason.encode()[:_ROOM_FOR_REASON].decode(errors="ignore")


class Beating(Protocol):
    """A connection that wants to be called regularly."""

    def beat(self) -> None:
        """Is called once per interval."""
        ...


Seat = set[Beating]
"""Where a member of a pulse sits; it leaves by taking itself out."""


class Pulse:
    """Calls each member once per interval, by one timer for all of them."""

    def __init__(self, interval: float) -> None:
        self._step = interval / _SLOTS
        self._seats: list[Seat] = [set() for _ in range(_SLOTS)]
        self._next = 0
        self._ticking = False

    def join(self, member: Beating) -> Seat:
        """Calls this member too, for the first time after one interval, less a step at most."""
        seat = self._seats[self._next - 1]
        seat.add(member)
        if not self._ticking:
            self._ticking = True
            self._wind()
        return seat

    def _wind(self) -> None:
        # No handle is kept: it would keep the loop alive, whose end is to be the end of this.
        asyncio.get_running_loop().call_later(self._step, self._tick)

    def _tick(self) -> None:
        seat = self._seats[self._next]
        self._next = (self._next + 1) % _SLOTS
        for member in tuple(seat):
            member.beat()
        self._ticking = any(self._seats)
        if self._ticking:
            self._wind()


class Commons:
    """What one event loop's connections share."""

    def __init__(self) -> None:
        self.memory = bytearray(_READ_BYTES)
        """Holds what was read until it has been taken out, which is before anything else is read."""

        self.buffer = memoryview(self.memory)
        """The same to read to, and to take out of."""

        self._pulses: dict[float, Pulse] = {}

    def pulse(self, interval: float) -> Pulse:
        """Returns the pulse of this interval."""
        pulse = self._pulses.get(interval)
        if pulse is None:
            pulse = self._pulses[interval] = Pulse(interval)
        return pulse


_COMMONS: WeakKeyDictionary[asyncio.AbstractEventLoop, Commons] = WeakKeyDictionary()


def commons() -> Commons:
    """Returns what the connections of the running event loop share."""
    loop = asyncio.get_running_loop()
    found = _COMMONS.get(loop)
    if found is None:
        found = _COMMONS[loop] = Commons()
    return found


class SharedReading(asyncio.BufferedProtocol, ABC):
    """A protocol that reads by way of the shared buffer.

    A plain `asyncio.Protocol` would have the event loop ask for 256 KiB with every read, which costs
    more than all that is done with a message.
    """

    __slots__ = ("_commons",)

    def __init__(self) -> None:
        self._commons = commons()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Says where to read to."""
        return self._commons.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Takes what was read."""
        self.data_received(self._commons.buffer[:nbytes].tobytes())

    @abstractmethod
    def data_received(self, data: bytes) -> None:
        """Takes bytes."""
