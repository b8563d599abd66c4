"""The trace of a simulation, line by line. The same seed gives the same lines."""

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["Trace", "TraceLine"]


class TraceLine(NamedTuple):
    """One line of a trace: something that happened in a simulation."""

    time: float
    """Seconds since the simulation began."""

    connection: int
    """The number of the connection, from 1; 0 if it belongs to none."""

    what: str
    """`connect`, `again` (a handshake that arrives twice), `refused`, `station` and `csms` (who sent `text`, when it
    arrived), `lost`, `closed`, `stopped` and `started` (the CSMS), or a program's own."""

    text: str

    def __str__(self) -> str:
        return f"{self.time:12.6f} {self.connection:4} {self.what:8} {self.text}"


class Trace:
    """The trace of one simulation. A program may add its own by `note`."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self.lines: list[TraceLine] = []

    def note(self, what: str, text: str, connection: int = 0) -> None:
        """Adds a line with the present time."""
        self.lines.append(TraceLine(self._time(), connection, what, text))

    def __str__(self) -> str:
        return "\n".join(map(str, self.lines))
