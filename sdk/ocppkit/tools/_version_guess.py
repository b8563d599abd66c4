"""Finds out which version of OCPP a station speaks, from what it and its CSMS send.

Theory of operation: as long as several versions are possible, the first frames are read by each of
them, and the versions that refuse a frame which another one accepts are ruled out. A BootNotification
tells OCPP 1.6 from 2.x, and 2.0.1 and 2.1 differ in few messages: where both remain, the older one is
taken, until a frame comes that only the newer one accepts. A frame that no version accepts rules out
none, but the version with the fewest objections comes first.
"""

from collections.abc import Callable, Sequence
from typing import Final

from ocppkit.core import CallResult, Protocol

from ._frame_reading import FrameReading

__all__ = ["VersionGuess"]

_TRIED: Final = 32
"""Frames of a station that are read by every version that is possible."""

_TRIED_IN_VAIN: Final = 256
"""Frames beyond these that may be read so because the likeliest version refuses them: it takes long."""

ReadAs = Callable[[Protocol], FrameReading]


class VersionGuess:
    """The versions that one station may speak, the likeliest first.

    Args:
        protocols: the versions to choose from, the oldest first; a single one is no guess.
    """

    __slots__ = ("_left", "because", "protocols")

    def __init__(self, protocols: Sequence[Protocol]) -> None:
        self.protocols = list(protocols)
        self.because = ""
        """Which frame ruled out other versions, in words; empty if none did."""

        self._left = _TRIED

    @property
    def protocol(self) -> Protocol:
        """The version by which frames are read now: the likeliest one."""
        return self.protocols[0]

    def read(self, read: ReadAs, source: str, line: int) -> FrameReading:
        """Updates the guess with this frame, then returns the frame as the likeliest version reads it.

        Args:
            read: reads the frame by a version.
            source: the file that the frame stands in.
            line: the line.
        """
        reading = read(self.protocols[0])
        least = 0 if reading.is_clean else -_TRIED_IN_VAIN
        if len(self.protocols) == 1 or self._left <= least:
            return reading
        self._left -= 1
        readings = [reading, *map(read, self.protocols[1:])]
        possible = [
            protocol
            for protocol, each in zip(self.protocols, readings, strict=True)
            if each.is_clean
        ]
        if not possible:
            if not self.because:
                self._sort(readings)
        elif len(possible) < len(self.protocols):
            others = " and ".join(each.version for each in self.protocols if each not in possible)
            self.because = (
                f"by {reading.action or 'the frame'} in line {line} of {source}, which {others} "
                f"{'refuses' if len(self.protocols) - len(possible) == 1 else 'refuse'}"
            )
            self.protocols = possible
        return next((each for each in readings if each.protocol is self.protocols[0]), reading)

    def _sort(self, readings: Sequence[FrameReading]) -> None:
        if isinstance(readings[0].frame, CallResult):
            return
        objections = {each.protocol.version: each.objections for each in readings}
        # Stable: with the same objections the older version stays before the newer one.
        self.protocols.sort(key=lambda protocol: objections[protocol.version])
