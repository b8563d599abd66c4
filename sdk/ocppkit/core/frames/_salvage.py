"""Reads the head of a text that is no frame: type, message id and action, so that an answer can go out.

The text may be broken anywhere behind them, so this is a pattern over its first kilobytes and no
JSON parser: bounded, linear, and exact in what it returns, as each string found is then decoded by
the real thing.
"""

import re
from typing import Final

import msgspec
from msgspec import Struct

from ..model._json import Data

__all__ = ["Head", "read_head"]

_HEAD_BYTES: Final = 4096

_MAX_LENGTH: Final = 255
"""Longer ids and actions count as unreadable."""

# 255 characters are at most 1,530 bytes: six for an escape such as \u00e9.
_STRING = rb'("(?:[^"\\\x00-\x1f]|\\.){0,1530}")'
_ANY_SCALAR = rb'(-?\d{1,9})|"[^"\\\x00-\x1f]{0,40}"|[^\s",\[\]{}]{1,40}'
_HEAD = (
    rb"\s*\[\s*(?:" + _ANY_SCALAR + rb")\s*(?=[,\]])"
    rb"(?:,\s*" + _STRING + rb"(?:\s*,\s*" + _STRING + rb")?)?"
)

_WITH_ACTION: Final = (2, 6)


class Head(Struct, frozen=True):
    """What stands at the front of a frame; `None` for what cannot be read."""

    message_type: int | None = None
    message_id: str | None = None
    action: str | None = None


def read_head(data: Data) -> Head:
    """Returns what can be read at the front of a text, however the rest looks."""
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
