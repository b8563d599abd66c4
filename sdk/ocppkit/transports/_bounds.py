"""Limits that all transports share, and the shortening of close reasons."""

from typing import Final

__all__ = [
    "BACKLOG",
    "CLOSE_TIMEOUT",
    "FRAME_COST",
    "LONGEST_HEAD",
    "MOST_FIELDS",
    "SLICE_COST",
    "STALL_TIMEOUT",
    "UNSENT_BYTES",
    "UNSENT_BYTES_TO_PAUSE",
    "cut_reason",
]

BACKLOG: Final = 4096
"""Connections that may wait to be taken: after an outage, all stations come at once."""

LONGEST_HEAD: Final = 1 << 16
"""Bytes of the first line of a handshake, or of its answer, and the headers."""

MOST_FIELDS: Final = 128
"""Headers of a handshake, or of its answer."""

CLOSE_TIMEOUT: Final = 10.0
"""Seconds for sending what is still waiting, and for the peer's close frame."""

UNSENT_BYTES_TO_PAUSE: Final = 3 << 18
"""While more bytes than these wait for a slow peer, nothing is read from it.

Together with the buffers of the sockets this is more than the longest frame: two ends that send each
other such a frame at the same time must not wait for each other for ever."""

UNSENT_BYTES: Final = 1 << 20
"""A peer for which more bytes than these wait already is disconnected when another frame is sent."""

STALL_TIMEOUT: Final = 60.0
"""Seconds after which a peer is disconnected that reads nothing of what waits for it."""

FRAME_COST: Final = 512
"""What a frame of any length costs, in bytes: half a kilobyte of a long one is as much work."""

SLICE_COST: Final = 1 << 16
"""The work of one callback, in bytes as `FRAME_COST` counts them. Then other connections have a turn."""

_REASON_BYTES: Final = 123
"""Bytes of a close frame that its reason may take, RFC 6455 section 5.5."""


def cut_reason(reason: str) -> str:
    """Returns a reason, cut to the size that a close frame allows."""
    return reason.encode()[:_REASON_BYTES].decode(errors="ignore")
