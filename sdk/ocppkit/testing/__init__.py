"""For tests of your own: a CSMS and stations in memory, and a clock that you move."""

from ._clock import FakeClock, settle
from ._network import MemoryNetwork, connected
from ._wires import MemoryWire, SeenFrame, wire_pair

__all__ = [
    "FakeClock",
    "MemoryNetwork",
    "MemoryWire",
    "SeenFrame",
    "connected",
    "settle",
    "wire_pair",
]
