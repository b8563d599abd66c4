"""Functional blocks on a station: the driver that gives them time, the CSMS and a store."""

from ._controls_of_variables import follow_variables
from ._station_blocks import StationBlocks

__all__ = ["StationBlocks", "follow_variables"]
