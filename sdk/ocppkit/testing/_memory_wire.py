"""Connections in memory: two wires, each of which delivers what is written to the other."""

import asyncio
from collections import deque
from typing import Final, Literal, NamedTuple

from ocppkit.aio.lowlevel import Receiver
from ocppkit.core import ConnectionClosed

__all__ = ["MemoryWire", "SeenFrame", "wire_pair"]


class SeenFrame(NamedTuple):
    """A frame that went over a `MemoryWire`, as seen by one end."""

    direction: Literal["in", "out"]
    data: str | bytes


class MemoryWire:
    """One end of a connection in memory. Nothing is lost or reordered unless `cut` is called.

    `wire_pair` makes the two ends.
    """

    KEPT: Final = 1024
    """Frames that are remembered; older ones are forgotten."""

    def __init__(self) -> None:
        self._peer: MemoryWire
        self._receiver: Receiver | None = None
        self._inbox: deque[str | bytes] = deque()
        self._end: ConnectionClosed | None = None
        self._paused = False
        self._scheduled = False

        self.frames: deque[SeenFrame] = deque(maxlen=self.KEPT)
        """What this end wrote (`out`) and what was handed to its receiver (`in`), the latest last.

        ```python
        wire = network.wires[-1]
        wire.write('[2,"1","Heartbeat",{}]')
        await settle()
        assert wire.frames[-1] == ("in", '[3,"1",{"currentTime":"2025-06-01T12:00:00Z"}]')
        ```
        """

    @property
    def peer(self) -> "MemoryWire":
        """The other end of the connection."""
        return self._peer

    @property
    def end(self) -> ConnectionClosed | None:
        """How the connection ended on this side; `None` while it is open."""
        return self._end

    def join(self, peer: "MemoryWire") -> None:
        """Connects this end to the other one."""
        self._peer = peer

    def start(self, receiver: Receiver) -> None:
        """Delivers messages to this receiver from now on."""
        self._receiver = receiver
        self._schedule()

    def write(self, text: str) -> None:
        """Sends a text to the other end."""
        self._send(text)

    def write_binary(self, data: bytes) -> None:
        """Sends a binary message, which OCPP-J does not use."""
        self._send(data)

    def pause_reading(self) -> None:
        """Holds messages back."""
        self._paused = True

    def resume_reading(self) -> None:
        """Delivers messages again."""
        self._paused = False
        self._schedule()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Ends the connection after everything that was written before."""
        self._set_end("us", code, reason)
        self._peer._set_end("peer", code, reason)

    def cut(self) -> None:
        """Ends the connection like a broken cable: messages on the way are lost."""
        for wire in (self, self._peer):
            wire._inbox.clear()
            wire._set_end("network", None, "connection lost")

    def _send(self, data: str | bytes) -> None:
        if self._end is None:
            self.frames.append(SeenFrame("out", data))
            self._peer._receive(data)

    def _receive(self, data: str | bytes) -> None:
        self._inbox.append(data)
        self._schedule()

    def _set_end(self, by: Literal["us", "peer", "network"], code: int | None, reason: str) -> None:
        if self._end is None:
            self._end = ConnectionClosed(reason, by=by, code=code)
            self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled and self._receiver is not None:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        self._scheduled = False
        while self._inbox and not self._paused and self._receiver is not None:
            data = self._inbox.popleft()
            self.frames.append(SeenFrame("in", data))
            self._receiver.data_received(data)
        if self._end is not None and self._receiver is not None:
            # Like a socket: what was held back is lost with the connection.
            self._inbox.clear()
            receiver, self._receiver = self._receiver, None
            receiver.connection_lost(self._end)


def wire_pair() -> tuple[MemoryWire, MemoryWire]:
    """Returns the two ends of a connection in memory."""
    one, other = MemoryWire(), MemoryWire()
    one.join(other)
    other.join(one)
    return one, other
