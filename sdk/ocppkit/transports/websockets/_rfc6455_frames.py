"""The layout of WebSocket frames (RFC 6455 section 5.2): measures, reads and writes them.

Nearly all frames are texts, whole and not compressed, and most of the others are pings and pongs. These
ordinary ones are read and written here: the sans-IO core of `websockets`, which knows them all, takes
three times as long for a text as all that is done with the message in it.
"""

from os import urandom
from struct import Struct
from typing import Final, TypeAlias

from ._undocumented import apply_mask

__all__ = [
    "CLOSE",
    "OPCODE_BITS",
    "PING",
    "PONG",
    "TEXT",
    "Measure",
    "control_frame",
    "frame_payload",
    "is_ordinary",
    "masked_text_frame",
    "measure_frame",
    "text_frame",
    "whole_text",
]

# How ordinary frames begin: they are whole, and no extension has a say in them.
TEXT: Final = 0x81
PING: Final = 0x89
PONG: Final = 0x8A

OPCODE_BITS: Final = 0x0F
"""The bits of a frame's first byte that are its opcode."""

CLOSE: Final = 0x8
"""The opcode of close frames."""

_MASKED: Final = 0x80
_SHORT: Final = 126
_LONG: Final = 127

_MASKS: Final = 64
"""How many masks are made at a time: to ask the system for each would cost more than the frame."""

_masks: Final[list[bytes]] = []

_SHORT_HEADS: Final = tuple(bytes((TEXT, second)) for second in range(1 << 8))
_HEAD: Final = Struct(">BBH").pack
_LONG_HEAD: Final = Struct(">BBQ").pack

Measure: TypeAlias = tuple[int, int]
"""Where the payload of a frame begins, and where it ends. A mask stands before the payload."""


def measure_frame(data: bytes | bytearray, at: int, end: int) -> Measure | None:
    """Returns the position of a frame's payload and of its end; `None` if too few bytes are there.

    Args:
        data: what was read, and perhaps more.
        at: where the frame begins.
        end: where that ends which was read.
    """
    begin = at + 2
    if end < begin:
        return None
    second = data[at + 1]
    size = second & ~_MASKED
    if size == _SHORT:
        begin += 2
        if end < begin:
            return None
        size = data[at + 2] << 8 | data[at + 3]
    elif size == _LONG:
        begin += 8
        if end < begin:
            return None
        size = int.from_bytes(data[at + 2 : begin], "big")
    if second >= _MASKED:
        begin += 4
    return begin, begin + size


def is_ordinary(data: bytes, at: int, measure: Measure, masked: bool) -> bool:
    """Returns whether a frame is a valid text, ping or pong frame. Its payload is not checked.

    Args:
        data: what was read.
        at: where the frame begins.
        measure: its measure.
        masked: whether the other side has to mask its frames.
    """
    if (data[at + 1] >= _MASKED) is not masked:
        return False
    first = data[at]
    return first == TEXT or (first in (PING, PONG) and data[at + 1] & ~_MASKED < _SHORT)


def frame_payload(data: bytes, measure: Measure, masked: bool) -> bytes:
    """Returns the payload of a complete frame."""
    begin, end = measure
    if not masked:
        return data[begin:end]
    payload: bytes = apply_mask(data[begin:end], data[begin - 4 : begin])
    return payload


def whole_text(data: bytearray, view: memoryview, size: int, masked: bool) -> str | None:
    """Returns the text if the received bytes are exactly one ordinary text frame, else `None`.

    Args:
        data: what was read, and more.
        view: the same.
        size: how much was read.
        masked: whether the other side has to mask its frames.
    """
    if data[0] != TEXT or (data[1] >= _MASKED) is not masked:
        return None
    measure = measure_frame(data, 0, size)
    if measure is None or measure[1] != size:
        return None
    begin = measure[0]
    try:
        if not masked:
            return data[begin:size].decode()
        text: str = apply_mask(view[begin:size], data[begin - 4 : begin]).decode()
        return text
    except UnicodeDecodeError:
        return None


def _new_mask() -> bytes:
    while True:
        try:
            # One step, whatever other threads do.
            return _masks.pop()
        except IndexError:
            chance = urandom(_MASKS * 4)
            _masks.extend(chance[at : at + 4] for at in range(0, len(chance), 4))


def text_frame(data: bytes) -> bytes:
    """Returns a text frame without a mask, as a CSMS sends it."""
    size = len(data)
    return (_SHORT_HEADS[size] if size < _SHORT else _head_of_long(size, 0)) + data


def masked_text_frame(data: bytes) -> bytes:
    """Returns a text frame with a mask, as a station sends it."""
    size = len(data)
    head = _SHORT_HEADS[size | _MASKED] if size < _SHORT else _head_of_long(size, _MASKED)
    mask = _new_mask()
    masked: bytes = apply_mask(data, mask)
    return head + mask + masked


def _head_of_long(size: int, mask_bit: int) -> bytes:
    if size < 1 << 16:
        return _HEAD(TEXT, _SHORT | mask_bit, size)
    return _LONG_HEAD(TEXT, _LONG | mask_bit, size)


def control_frame(first: int, data: bytes, masked: bool) -> bytes:
    """Returns a ping or pong frame.

    Args:
        first: which of them.
        data: what is in it, 125 bytes at most.
        masked: whether it is a station that sends it.
    """
    if not masked:
        return b"%c%c%b" % (first, len(data), data)
    mask = _new_mask()
    return b"%c%c%b%b" % (first, len(data) | _MASKED, mask, apply_mask(data, mask))
