"""A simulated connection whose messages take time, and which can break or become silent."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Literal

from ocppkit.aio.lowlevel import Receiver
from ocppkit.core import ConnectionClosed

from ._trace import Trace

__all__ = ["Conditions", "DelayedWire", "delayed_wires"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The conditions of a simulated network: its latency and its failures. All times are in
    seconds, all chances from 0 to 1.
    """

    latency: tuple[float, float] = (0.01, 0.1)
    """The least and the most time that a message takes. Messages of one direction keep their order."""

    loss: float = 0.0
    """The chance that a message is lost, and with it, as TCP cannot go on, the connection."""

    half_open: float = 0.0
    """The chance that a lost connection is noticed by one end only. The other learns of it after `notice`."""

    notice: float = 40.0
    """After how much time an end notices that the other is gone, as pings find out."""

    refused: float = 0.0
    """The chance that an attempt to connect fails."""

    duplicated: float = 0.0
    """The chance that a handshake arrives twice. The CSMS gets a second connection of the station within `notice`, which
    no station uses, and learns only `notice` later that nobody is there."""


class DelayedWire:
    """One end of a simulated connection, as a `Wire`."""

    def __init__(self, cable: "_Cable", end: Literal["station", "csms"]) -> None:
        self._cable = cable
        self._name = end
        self._receiver: Receiver | None = None
        self._inbox: list[str | bytes] = []
        self._paused = False
        self._over: ConnectionClosed | None = None
        self._told = False
        self._next_arrival = 0.0
        self.peer: DelayedWire
        """The other end."""

    def start(self, receiver: Receiver) -> None:
        """Delivers messages to this receiver from now on."""
        self._receiver = receiver
        asyncio.get_running_loop().call_soon(self._deliver)

    def write(self, text: str) -> None:
        """Sends a text, which arrives later or never."""
        if self._over is None:
            self._cable.send(self, text)

    def pause_reading(self) -> None:
        """Holds messages back."""
        self._paused = True

    def resume_reading(self) -> None:
        """Delivers messages again."""
        self._paused = False
        asyncio.get_running_loop().call_soon(self._deliver)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Ends the connection: at once on this side; on the other side after everything that was
        written before.
        """
        if self._over is None:
            self.end("us", code, reason)
            self._cable.close(self, code, reason)

    def take(self, data: str | bytes) -> None:
        """Receives a message from the other end."""
        if self._over is None:
            self._cable.note(self.peer._name, str(data))
            self._inbox.append(data)
            self._deliver()

    def end(self, by: Literal["us", "peer", "network"], code: int | None, reason: str) -> None:
        """Ends the connection on this side; the receiver is told in the next iteration of the event
        loop.
        """
        if self._over is None:
            self._over = ConnectionClosed(reason, by=by, code=code)
            asyncio.get_running_loop().call_soon(self._deliver)

    def cut(self, *, half_open: bool = False) -> None:
        """Breaks the connection. With `half_open` the other side notices it only later."""
        self._cable.cut(self, half_open=half_open)

    def arrival(self, delay: float) -> float:
        """Returns the time at which a message sent now arrives, which is not before that of the
        one before.
        """
        now = asyncio.get_running_loop().time()
        self._next_arrival = max(self._next_arrival, now + delay)
        return self._next_arrival

    def _deliver(self) -> None:
        while self._inbox and not self._paused and self._receiver is not None:
            self._receiver.data_received(self._inbox.pop(0))
        if self._over is not None and self._receiver is not None and not self._told:
            self._told = True
            self._inbox.clear()
            self._receiver.connection_lost(self._over)


class _Cable:
    """The simulated network between the two ends of a connection."""

    def __init__(
        self, conditions: Callable[[], Conditions], random: Random, trace: Trace, number: int
    ) -> None:
        self._conditions = conditions
        self._random = random
        self._trace = trace
        self._number = number
        self._broken = False

    def note(self, what: str, text: str) -> None:
        self._trace.note(what, text, self._number)

    def send(self, sender: DelayedWire, text: str) -> None:
        conditions = self._conditions()
        if self._broken:
            return
        if self._random.random() < conditions.loss:
            self.cut(sender, half_open=self._random.random() < conditions.half_open)
            return
        self._schedule_arrival(sender, lambda: sender.peer.take(text))

    def close(self, sender: DelayedWire, code: int, reason: str) -> None:
        self.note("closed", f"{code} {reason}".rstrip())
        if not self._broken:
            self._schedule_arrival(sender, lambda: sender.peer.end("peer", code, reason))

    def cut(self, here: DelayedWire, *, half_open: bool) -> None:
        """Breaks the connection between the ends. Messages on the way are lost."""
        if self._broken:
            return
        self._broken = True
        self.note("lost", "half-open" if half_open else "both ends")
        here.end("network", None, "connection lost")
        if half_open:
            loop = asyncio.get_running_loop()
            loop.call_later(self._conditions().notice, here.peer.end, "network", None, "no pong")
        else:
            here.peer.end("network", None, "connection lost")

    def _schedule_arrival(self, sender: DelayedWire, arrive: Callable[[], None]) -> None:
        def run() -> None:
            if not self._broken:
                arrive()

        when = sender.arrival(self._random.uniform(*self._conditions().latency))
        asyncio.get_running_loop().call_at(when, run)


def delayed_wires(
    conditions: Callable[[], Conditions], random: Random, trace: Trace, number: int
) -> tuple[DelayedWire, DelayedWire]:
    """Returns the two ends of a simulated connection, the station's and the CSMS's."""
    cable = _Cable(conditions, random, trace, number)
    station, csms = DelayedWire(cable, "station"), DelayedWire(cable, "csms")
    station.peer, csms.peer = csms, station
    return station, csms
