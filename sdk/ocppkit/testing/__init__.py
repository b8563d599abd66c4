"""Helps to test programs: a CSMS and stations in memory, a clock that a test moves, and simulations
in virtual time.
"""

from ._delayed_wire import Conditions, DelayedWire
from ._fake_clock import FakeClock, settle
from ._invariants import violations
from ._memory_network import MemoryNetwork, connected
from ._memory_wire import MemoryWire, SeenFrame, wire_pair
from ._simulated_network import SimulatedNetwork, StationPlace
from ._simulation import Simulation
from ._trace import Trace, TraceLine
from ._virtual_loop import NothingLeftToHappen, VirtualLoop

__all__ = [
    "Conditions",
    "DelayedWire",
    "FakeClock",
    "MemoryNetwork",
    "MemoryWire",
    "NothingLeftToHappen",
    "SeenFrame",
    "SimulatedNetwork",
    "Simulation",
    "StationPlace",
    "Trace",
    "TraceLine",
    "VirtualLoop",
    "connected",
    "settle",
    "violations",
    "wire_pair",
]
