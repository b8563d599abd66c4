"""Resources that the connections of one event loop share: a buffer to read into, and timer wheels."""

import asyncio
from abc import ABC, abstractmethod
from typing import Final
from weakref import WeakKeyDictionary

from ._timer_wheel import TimerWheel

__all__ = ["SharedReading"]

_READ_BYTES: Final = 1 << 14
"""Bytes that are read in one go. Compressed, they may hold a thousand times as much, and the work on
one read cannot be interrupted."""


class _LoopResources:
    """The resources that the connections of one event loop share."""

    def __init__(self) -> None:
        self.memory = bytearray(_READ_BYTES)
        """Holds what was read until it has been taken out, which is before anything else is read."""

        self.buffer = memoryview(self.memory)
        """The same memory, to read into and to slice without a copy."""

        self._wheels: dict[float, TimerWheel] = {}

    def wheel(self, interval: float) -> TimerWheel:
        """Returns the timer wheel of this interval, in seconds."""
        wheel = self._wheels.get(interval)
        if wheel is None:
            wheel = self._wheels[interval] = TimerWheel(interval)
        return wheel


_RESOURCES: WeakKeyDictionary[asyncio.AbstractEventLoop, _LoopResources] = WeakKeyDictionary()


def _loop_resources() -> _LoopResources:
    """Returns the shared resources of the running event loop."""
    loop = asyncio.get_running_loop()
    found = _RESOURCES.get(loop)
    if found is None:
        found = _RESOURCES[loop] = _LoopResources()
    return found


class SharedReading(asyncio.BufferedProtocol, ABC):
    """An asyncio protocol that reads into the buffer of its event loop.

    With a plain `asyncio.Protocol`, the event loop allocates 256 KiB for every read, which costs more
    than everything else that is done with a message.
    """

    __slots__ = ("_shared",)

    def __init__(self) -> None:
        self._shared = _loop_resources()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Returns the shared buffer to read into."""
        return self._shared.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Passes the bytes in the buffer on."""
        self.data_received(self._shared.buffer[:nbytes].tobytes())

    @abstractmethod
    def data_received(self, data: bytes) -> None:
        """Handles received bytes."""
