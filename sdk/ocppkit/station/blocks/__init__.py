"""Functional blocks on a station: the driver that gives them time, the CSMS and a store."""

from ._station_blocks import StationBlocks

__all__ = ["StationBlocks"]
