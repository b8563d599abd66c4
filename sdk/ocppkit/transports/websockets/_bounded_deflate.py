"""Permessage-deflate that refuses frames which inflate to very many bytes (RFC 7692)."""

from typing import Final

from websockets.extensions import Extension
from websockets.frames import Frame

__all__ = ["BoundedDeflate"]

_INFLATED_FREELY: Final = 1 << 16
"""Bytes that a frame may become, however short it is."""

_INFLATED_PER_BYTE: Final = 200
"""Bytes that each compressed byte may become in a longer frame. Repeated MeterValues reach 86."""


class BoundedDeflate(Extension):
    """Wraps the permessage-deflate of `websockets`, and fails with 1009 if a frame inflates too
    much.
    """

    def __init__(self, deflate: Extension) -> None:
        """Sets the negotiated extension."""
        self.name = deflate.name
        self._deflate = deflate

    def decode(self, frame: Frame, *, max_size: int | None = None) -> Frame:
        """Decodes a received frame.

        Args:
            frame: the frame.
            max_size: how many bytes it may have at most.

        Raises:
            PayloadTooBig: it inflates to more than that, or to 200 times its size.
        """
        bound = max(_INFLATED_FREELY, len(frame.data) * _INFLATED_PER_BYTE)
        if max_size is not None:
            bound = min(bound, max_size)
        return self._deflate.decode(frame, max_size=bound)

    def encode(self, frame: Frame) -> Frame:
        """Encodes a frame to send."""
        return self._deflate.encode(frame)
