"""The measure of frames, and the short way for most of them: a whole text, uncompressed.

The sans-IO core of `websockets` checks everything about a frame, and takes three times as long as all
that is done with the message in it. So frames are measured here first: one that is a whole message
and in no way special is read here, all others, piece by piece, by the core. RFC 6455 section 5.2.
"""

from os import urandom
from typing import Final

from websockets.frames import apply_mask  # type: ignore[attr-defined]

__all__ = ["Measure", "masked_text_frame", "measured", "text_frame", "text_in"]

_WHOLE_TEXT: Final = 0x81
_MASKED: Final = 0x80
_SHORT: Final = 126
_LONG: Final = 127

_MASKS: Final = 64
"""How many masks are made at a time: to ask the system for each would cost more than the frame."""

_masks: Final[list[bytes]] = []

Measure = tuple[int, int]
"""Where the mask of a frame begins, or its payload where there is none, and where the frame ends."""


def measured(data: bytes, at: int) -> Measure | None:
    """Measures the frame that begins here; `None` while too little of it is there to tell."""
    body = at + 2
    if len(data) < body:
        return None
    second = data[at + 1]
    size = second & ~_MASKED
    if size >= _SHORT:
        body += 2 if size == _SHORT else 8
        if len(data) < body:
            return None
        size = int.from_bytes(data[at + 2 : body], "big")
    return body, body + size + (4 if second & _MASKED else 0)


def text_in(data: bytes, at: int, measure: Measure, masked: bool) -> bytes | None:
    """Returns the payload of a frame, if it is a whole text that came from the right side."""
    body, end = measure
    second = data[at + 1]
    if data[at] != _WHOLE_TEXT or (second >= _MASKED) is not masked:
        return None
    if second & ~_MASKED == _LONG:
        return None
    if not masked:
        return data[body:end]
    begin = body + 4
    plain: bytes = apply_mask(data[begin:end], data[body:begin])
    return plain


def _new_mask() -> bytes:
    while True:
        try:
            # One step, whatever other threads do.
            return _masks.pop()
        except IndexError:
            chance = urandom(_MASKS * 4)
            _masks.extend(chance[at : at + 4] for at in range(0, len(chance), 4))


def text_frame(data: bytes) -> bytes:
    """Returns a text as one frame without a mask."""
    size = len(data)
    if size < _SHORT:
        return b"\x81%c%b" % (size, data)
    if size < 1 << 16:
        return b"\x81\x7e%b%b" % (size.to_bytes(2, "big"), data)
    return b"\x81\x7f%b%b" % (size.to_bytes(8, "big"), data)


def masked_text_frame(data: bytes) -> bytes:
    """Returns a text as one frame with a mask, as a station sends it."""
    size = len(data)
    mask = _new_mask()
    masked: bytes = apply_mask(data, mask)
    if size < _SHORT:
        return b"\x81%c%b%b" % (size | _MASKED, mask, masked)
    if size < 1 << 16:
        return b"\x81\xfe%b%b%b" % (size.to_bytes(2, "big"), mask, masked)
    return b"\x81\xff%b%b%b" % (size.to_bytes(8, "big"), mask, masked)
