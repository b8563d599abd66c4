"""The oracle: jsonschema on the original files, with numbers exact and formats checked.

Three traps of the packages below it are closed here, each with a test in `test_corpus.py`:

* A format whose package is missing is skipped without a word: `Oracle` plants bad values first.
* A `Decimal` is no integer to jsonschema even where draft 6 says so.
* The format packages use `$`, which lets a newline stand at the end.
"""

import decimal
import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, Draft6Validator, FormatChecker
from jsonschema.validators import extend  # pyright: ignore[reportUnknownVariableType]

from corpus.literals import Json
from corpus.sources import Source

__all__ = ["NoJson", "Oracle", "oracle", "parse"]

# Enough for every number that the corpus writes, so that no remainder is rounded. What stands
# beyond this exponent is far beyond every bound and every double, so it is read as if at it.
_EXACT = decimal.Context(prec=4000, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
_LARGEST_EXPONENT = 3000

_PLANTED = {"date-time": "2024-05-06 07:08:09", "uri": "no scheme"}


class NoJson(ValueError):
    """The text is no JSON."""


def _refuse_constant(token: str) -> None:
    raise NoJson(f"{token} is no JSON number")


def _number(token: str) -> Decimal:
    digits, _, exponent = token.lower().partition("e")
    bounded = max(-_LARGEST_EXPONENT, min(int(exponent or 0), _LARGEST_EXPONENT))
    return Decimal(f"{digits}e{bounded}")


def parse(data: bytes) -> Json:
    """Returns the value of a JSON text.

    Raises:
        NoJson: the bytes are not UTF-8 or not JSON (RFC 8259).
    """
    try:
        value: Json = json.loads(
            data.decode(), parse_float=_number, parse_constant=_refuse_constant
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NoJson(str(error)) from error
    return value


def _whole(_: object, value: object) -> bool:
    if isinstance(value, Decimal):
        return value == value.to_integral_value(context=_EXACT)
    return isinstance(value, int) and not isinstance(value, bool)


_VALIDATORS: dict[int, Callable[..., Any]] = {
    4: Draft4Validator,
    6: extend(
        Draft6Validator, type_checker=Draft6Validator.TYPE_CHECKER.redefine("integer", _whole)
    ),
}


def _format_checker() -> FormatChecker:
    library = FormatChecker(list(_PLANTED))
    strict = FormatChecker(())

    def on_one_line(name: str) -> Callable[[object], bool]:
        return lambda value: library.conforms(value, name) and not str(value).endswith("\n")

    for name in _PLANTED:
        strict.checks(name)(on_one_line(name))
    return strict


class Oracle:
    """Says what the original schema of one message allows."""

    def __init__(self, source: Source) -> None:
        checker = _format_checker()
        for name, planted in _PLANTED.items():
            if checker.conforms(planted, name):
                raise RuntimeError(f"the format {name} goes unchecked: its package is missing")
        self._validator = _VALIDATORS[source.draft](source.document, format_checker=checker)

    def allows(self, value: Json) -> bool:
        """Whether the schema allows a parsed value."""
        with decimal.localcontext(_EXACT):
            return bool(self._validator.is_valid(value))

    def accepts(self, data: bytes) -> bool:
        """Whether a text is JSON that the schema allows."""
        try:
            value = parse(data)
        except NoJson:
            return False
        return self.allows(value)


@cache
def oracle(source: Source) -> Oracle:
    """Returns the oracle of one message."""
    return Oracle(source)
