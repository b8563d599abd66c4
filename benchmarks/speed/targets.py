"""What the figures must reach, and what they should."""

from dataclasses import dataclass
from typing import Final

__all__ = ["TARGETS", "Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """A line of the table of targets."""

    group: str
    title: str
    must: float
    goal: float
    more_is_better: bool = True

    def reaches(self, value: float, wanted: float) -> bool:
        """Whether a value is as good as wanted."""
        return value >= wanted if self.more_is_better else value <= wanted


def _at_most(group: str, title: str, must: float, goal: float) -> Target:
    return Target(group, title, must, goal, more_is_better=False)


_CODEC: Final = {
    "decode-heartbeat": Target("codec", "decode Heartbeat x mobilityhouse", 20, 30),
    "decode-boot": Target("codec", "decode BootNotification x mobilityhouse", 100, 130),
    "decode-large": Target("codec", "decode large frames x mobilityhouse", 150, 240),
    "decode-floor-large": _at_most(
        "codec", "decode from 1 KB up, of orjson.loads untyped", 1.2, 1.0
    ),
    "decode-floor-small": _at_most("codec", "decode below 1 KB, of orjson.loads untyped", 1.6, 1.6),
    "decode-profile": Target("codec", "decode SetChargingProfile x mobilityhouse", 120, 200),
    "encode-small": Target("codec", "encode small, checked x mobilityhouse", 25, 30),
    "encode-large": Target("codec", "encode large, checked x mobilityhouse", 120, 220),
}

_CALLS: Final = {
    "turn": Target("turn", "one endpoint turn x mobilityhouse", 50, 150),
    "server-100-default": Target(
        "endtoend", "server, 100 connections, default x mobilityhouse", 12, 17
    ),
    "server-100-default-node": Target(
        "endtoend", "server, 100 connections, default x ocpp-rpc strict", 1.0, 1.3
    ),
    "server-100-fast": Target("endtoend", "server, 100 connections, fast x mobilityhouse", 20, 28),
    "server-100-fast-node": Target(
        "endtoend", "server, 100 connections, fast x ocpp-rpc strict", 1.5, 2.1
    ),
    "server-1000-default": Target(
        "endtoend", "server, 1,000 connections, default x mobilityhouse", 10, 14
    ),
    "server-1000-fast": Target(
        "endtoend", "server, 1,000 connections, fast x mobilityhouse", 18, 27
    ),
    "server-11k-fast": Target("endtoend", "server, 11 KB, fast x mobilityhouse", 100, 150),
    "server-11k-fast-node": Target("endtoend", "server, 11 KB, fast x ocpp-rpc strict", 2, 2.5),
    "stations-default": Target("endtoend", "100 stations, default x mobilityhouse", 5, 10),
    "stations-fast": Target("endtoend", "100 stations, fast x mobilityhouse", 12, 15),
    "latency": _at_most("endtoend", "p50 of one connection, of the echo floor's", 1.4, 1.1),
}

_FLEETS: Final = {
    "memory-default": _at_most("idle", "KiB of an idle ws connection, default", 16, 8),
    "memory-fast": _at_most("idle", "KiB of an idle ws connection, fast", 20, 6),
    "memory-tls": _at_most("idle", "KiB of an idle wss connection, as documented", 60, 35),
    "storm": Target("idle", "CPU per connection in a storm x mobilityhouse", 3, 6),
    "fleet-errors": _at_most("idle", "10,000 stations on 2 cores, errors", 0, 0),
    "fleet-p99": _at_most("idle", "10,000 stations on 2 cores, p99 ms", float("inf"), 250),
}

_REST: Final = {
    "import-1.6": _at_most("imports", "import of 1.6, of import msgspec", 1.8, 1.4),
    "import-2.0.1": _at_most("imports", "import of 2.0.1, of import msgspec", 2.5, 2.0),
    "import-2.1": _at_most("imports", "import of 2.1, of import msgspec", 3.5, 2.7),
    "import-pydantic": _at_most("imports", "import of 2.1's pydantic flavour, of 2.1", 3, 2.5),
    "generate": _at_most(
        "imports", "`ocppkit generate`, all versions, of datamodel-codegen for 2.0.1", 0.8, 0.6
    ),
    "composite": _at_most("blocks", "composite of 10 profiles, of decoding these", 8, 5),
    # A straight line's is 1 at most, a square's is 2; caches that run full cost something.
    "growth": _at_most("growth", "exponent of the cost's growth, the steepest step", 1.3, 1.15),
}

TARGETS: Final = _CODEC | _CALLS | _FLEETS | _REST
