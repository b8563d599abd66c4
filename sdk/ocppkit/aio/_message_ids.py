"""Message ids by default: random UUIDs, made in batches.

To ask the system for each of them would take a fifteenth of all the time that a call of a station's takes.
"""

import os
import sys
from collections.abc import Iterator
from typing import Final

__all__ = ["new_id"]

_BATCH: Final = 64

_DIGITS: Final = 32
"""Hexadecimal digits of a UUID."""

_VARIANTS: Final = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
"""The digit that names the variant, of which two bits are random: RFC 9562 section 5.4."""

_ready: Final[list[str]] = []

if sys.platform != "win32":
    # A child would hand out the ids that its parent has.
    os.register_at_fork(after_in_child=_ready.clear)


def new_id() -> str:
    """Returns a random UUID as text."""
    while True:
        try:
            # One step, whatever other threads do.
            return _ready.pop()
        except IndexError:
            _ready.extend(_uuids())


def _uuids() -> Iterator[str]:
    digits = os.urandom(_BATCH * _DIGITS // 2).hex()
    for at in range(0, len(digits), _DIGITS):
        text = digits[at : at + _DIGITS]
        variant = _VARIANTS[text[16]]
        yield f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
