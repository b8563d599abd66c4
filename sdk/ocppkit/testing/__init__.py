"""For tests of your own: a CSMS and stations in memory, and a clock that you move."""

from ._fake_clock import FakeClock, settle
from ._memory_network import MemoryNetwork, connected
from ._memory_wire import MemoryWire, SeenFrame, wire_pair

__all__ = [
    "FakeClock",
    "MemoryNetwork",
    "MemoryWire",
    "SeenFrame",
    "connected",
    "settle",
    "wire_pair",
]
