"""Converts scalars of a wrong type whose meaning is clear, such as a number in a text."""

import re
from decimal import Decimal
from typing import Any, Final

__all__ = ["boolean_of", "integer_in", "number_in"]

# Lengths are bounded, as integers of any length are slow to read. The pattern is compiled by `re` when
# it is first needed: most processes never need it.
_NUMBER: Final = r"\s*[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,2})?\s*"
_LONGEST: Final = 200

_BOOLEANS: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def number_in(text: str) -> float | None:
    """Returns the number in a text, or `None`. A decimal comma is refused, as it may also group
    digits.
    """
    return float(text) if _is_number(text) else None


def integer_in(value: Any) -> int | None:
    """Returns the integer that a text or a float stands for, or `None` if there is none or it has a
    fraction.
    """
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if not isinstance(value, str) or not _is_number(value):
        return None
    number = Decimal(value.strip())
    whole = number.to_integral_value()
    return int(whole) if number == whole else None


def boolean_of(value: Any) -> bool | None:
    """Returns the boolean that 0, 1 or a word stands for, or `None`."""
    if isinstance(value, str):
        return _BOOLEANS.get(value.strip().lower()) if len(value) < _LONGEST else None
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def _is_number(text: str) -> bool:
    return len(text) < _LONGEST and re.fullmatch(_NUMBER, text, re.ASCII) is not None
