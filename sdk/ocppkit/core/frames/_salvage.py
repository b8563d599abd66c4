"""Reads message type, message id and action from a text that is not a valid frame, so that it can
be answered.

The rest of the text may be anything, so a regular expression over its first kilobytes is used instead
of a JSON parser. It takes linear time, and each string that it finds is then decoded by msgspec.
"""

import re
from typing import Final

import msgspec
from msgspec import Struct

from ..model._json import Data

__all__ = ["Head", "read_head"]

_HEAD_BYTES: Final = 4096

_MAX_LENGTH: Final = 255
"""Longest message id or action, in characters; longer ones count as unreadable."""

# 255 characters are at most 1,530 bytes: six for an escape such as \u00e9.
_STRING = rb'("(?:[^"\\\x00-\x1f]|\\.){0,1530}")'
_ANY_SCALAR = rb'(-?\d{1,9})|"[^"\\\x00-\x1f]{0,40}"|[^\s",\[\]{}]{1,40}'
_HEAD = (
    rb"\s*\[\s*(?:" + _ANY_SCALAR + rb")\s*(?=[,\]])"
    rb"(?:,\s*" + _STRING + rb"(?:\s*,\s*" + _STRING + rb")?)?"
)

_WITH_ACTION: Final = (2, 6)


class Head(Struct, frozen=True):
    """The first elements of a frame; `None` for each that cannot be read."""

    message_type: int | None = None
    message_id: str | None = None
    action: str | None = None


def read_head(data: Data) -> Head:
    """Returns the elements that can be read at the beginning of a text, whatever follows."""
    found = re.match(_HEAD, _front(data))
    if found is None:
        return Head()
    number, message_id, action = found.groups()
    message_type = None if number is None else int(number)
    return Head(
        message_type, _text(message_id), _text(action) if message_type in _WITH_ACTION else None
    )


def _front(data: Data) -> bytes:
    if isinstance(data, str):
        return data[:_HEAD_BYTES].encode("utf-8", "surrogatepass")
    return bytes(memoryview(data)[:_HEAD_BYTES])


def _text(literal: bytes | None) -> str | None:
    if literal is None:
        return None
    try:
        text = msgspec.json.decode(literal, type=str)
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return text if 0 < len(text) <= _MAX_LENGTH else None
