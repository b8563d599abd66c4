"""Functional blocks on a station: connects them to time, CSMS and journal."""

from ._controls_of_variables import follow_variables
from ._full_station import FullStation
from ._network_of_variables import network_profiles
from ._station_blocks import StationBlocks

__all__ = ["FullStation", "StationBlocks", "follow_variables", "network_profiles"]
