"""The sizes of a benchmark run: a full run for real figures, and a quick run to see that everything works."""

from dataclasses import dataclass
from typing import Final

__all__ = ["FULL", "QUICK", "Scale"]


@dataclass(frozen=True, slots=True)
class Scale:
    """The number of rounds, seconds and connections of a run."""

    rounds: int
    load_rounds: int
    """How many where servers or stations are loaded with the mix, at 100 connections."""

    short_rounds: int
    """How many where a round is short, and much of what is measured would else be chance."""

    turn: float
    """Seconds that one contestant has for one figure of the groups without a network."""

    load: float
    """Seconds that one server is under load in one round."""

    short_load: float
    """The same for a single connection."""

    connections: tuple[int, ...]
    """With how many connections servers are loaded."""

    idle: tuple[int, ...]
    """With how many idle connections memory is looked at."""

    idle_tls: tuple[int, ...]
    storm: int
    """How many stations come back at once."""

    storm_tls: int

    fleet: int
    """How many stations there are on two cores."""

    fleet_interval: int
    """Seconds between two heartbeats of a station; in life it is minutes."""


FULL: Final = Scale(
    rounds=5,
    load_rounds=9,
    short_rounds=15,
    turn=0.04,
    load=0.4,
    short_load=0.25,
    connections=(1, 100, 1000),
    idle=(1000, 5000, 10000),
    idle_tls=(1000, 5000, 10000),
    storm=5000,
    storm_tls=1000,
    fleet=10000,
    fleet_interval=30,
)

QUICK: Final = Scale(
    rounds=3,
    load_rounds=3,
    short_rounds=3,
    turn=0.02,
    load=0.5,
    short_load=0.25,
    connections=(1, 100),
    idle=(500, 1000),
    idle_tls=(500,),
    storm=500,
    storm_tls=200,
    fleet=300,
    fleet_interval=5,
)
