"""Creates the default message ids: random UUIDs, made in batches.

Asking the operating system for random bytes for each id would take a fifteenth of the time of a call.
"""

import os
import sys
from collections.abc import Iterator
from typing import Final

__all__ = ["new_id"]

_BATCH: Final = 64

_DIGITS: Final = 32
"""Number of hexadecimal digits in a UUID."""

_VARIANTS: Final = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
"""The variant digit for a random digit: its first two bits are fixed. RFC 9562, section 5.4."""

_ready: Final[list[str]] = []

if sys.platform != "win32":
    # A forked child would otherwise use the same ids as its parent.
    os.register_at_fork(after_in_child=_ready.clear)


def new_id() -> str:
    """Returns a random UUID as text."""
    while True:
        try:
            # `pop` is atomic, so that threads never get the same id.
            return _ready.pop()
        except IndexError:
            _ready.extend(_create_uuids())


def _create_uuids() -> Iterator[str]:
    digits = os.urandom(_BATCH * _DIGITS // 2).hex()
    for at in range(0, len(digits), _DIGITS):
        text = digits[at : at + _DIGITS]
        variant = _VARIANTS[text[16]]
        yield f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
