"""Bounds that all transports keep, and the text of a close frame cut to its size."""

from typing import Final

__all__ = ["CLOSE_TIMEOUT", "UNSENT_FRAMES", "cut_reason"]

CLOSE_TIMEOUT: Final = 10.0
"""Seconds for sending what is still waiting, and for the peer's close frame."""

UNSENT_FRAMES: Final = 4
"""How many frames of the longest kind may wait for a slow reader before reading stops."""

_REASON_BYTES: Final = 123
"""Bytes of a close frame that its reason may take, RFC 6455 section 5.5."""


def cut_reason(reason: str) -> str:
    """Returns as much of a reason as a close frame has room for."""
    return reason.encode()[:_REASON_BYTES].decode(errors="ignore")
