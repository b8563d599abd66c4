"""Texts and numbers with a format of their own: date-times, URIs, multiples of a decimal.

RFC 3339, which the schemas name, allows more than msgspec parses, and chargers write less than it
demands. `read_datetime` reads both and says which it was.

Decisions:

* A leap second (`23:59:60` UTC at the end of a month) is the first second of the next day, as POSIX
  time has it: the same instant, and Python has no other way to say it.
* Digits beyond microseconds are rounded by msgspec, and cut where rounding would leave year 9999.
* `2024-01-01 00:00:00Z` and `+0100` pass, as msgspec lets them: a documented deviation.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta, ValidationError, convert

__all__ = ["is_multiple", "is_rfc3339", "is_uri", "read_datetime", "utc_text"]

_Aware = Annotated[datetime, Meta(tz=True)]

# Patterns stay texts, compiled by `re` when first needed: few processes need them, and each process
# that imports this module would wait.
_RFC3339: Final = (
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
)
_CLEAN: Final = r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,40})?(?:[Zz]|[+-]\d\d:\d\d)"
"""What the codec reads without an issue, if msgspec did not."""

# Behind the offset some write a second one, or the name of a zone in brackets (RFC 9557).
_PLAIN: Final = (
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,40}))?)?"
    r"\s?(?:([+-]00:?00)Z|([Zz]|[+-]\d\d(?::?\d\d)?)?)((?:\[[^\[\]]{1,64}\])*)"
)
_LONGEST: Final = 200
"""A date-time with the longest fraction and zone is shorter."""


def is_rfc3339(text: str) -> bool:
    """Returns whether a text is a date-time exactly as in RFC 3339: with `T`, seconds, and `Z` or an
    offset of hours and minutes.
    """
    if re.fullmatch(_RFC3339, text, re.ASCII) is None:
        return False
    found = read_datetime(text, UTC)
    return found is not None and found[1]


def read_datetime(text: str, naive: tzinfo) -> tuple[datetime, bool] | None:
    """Reads a date-time as in RFC 3339, or in the forms that chargers send.

    Args:
        text: a string from the wire.
        naive: the zone of a text that names none.

    Returns:
        The aware value and whether the codec reads the text without an issue, or `None` if it names no
        instant, or not plainly.
    """
    try:
        return convert(text, _Aware), True
    except ValidationError:
        pass
    if len(text) > _LONGEST:
        return None
    found = re.fullmatch(_PLAIN, text.strip(), re.ASCII)
    if found is None:
        return None
    date, clock, second, fraction, zero, offset, zones = found.groups()
    if offset is None and zero is None and zones:
        # The offset of a zone that is only named depends on laws.
        return None
    try:
        value, is_leap = _datetime_of(
            date, clock, second or "00", fraction, _time_zone_of(zero or offset, naive)
        )
        is_clean = re.fullmatch(_CLEAN, text, re.ASCII) is not None and not clock.startswith("24")
        return value, is_clean and (not is_leap or _is_first_second_of_month(value))
    except (ValueError, OverflowError):
        return None


def _datetime_of(
    date: str, clock: str, second: str, fraction: str | None, zone: tzinfo
) -> tuple[datetime, bool]:
    """Returns a date-time and whether it was a leap second; raises `ValueError` if there is no such
    time.
    """
    is_leap = second == "60"
    is_midnight = clock == "24:00" and not int(second) and not int(fraction or "0")
    if is_midnight:
        # ISO 8601: the end of a day, which is the start of the next.
        clock = "00:00"
    digits = (fraction or "").ljust(6, "0")[:6]
    value = datetime.fromisoformat(f"{date}T{clock}:{'59' if is_leap else second}.{digits}")
    value = value.replace(tzinfo=zone)
    if is_leap:
        value += timedelta(seconds=1)
    return value + timedelta(days=1) if is_midnight else value, is_leap


def _time_zone_of(offset: str | None, naive: tzinfo) -> tzinfo:
    if offset is None:
        return naive
    if offset in "Zz":
        return UTC
    minutes = int(offset[-2:]) if len(offset) > 3 else 0
    if minutes > 59:
        raise ValueError(offset)
    span = timedelta(hours=int(offset[1:3]), minutes=minutes)
    return timezone(-span if offset[0] == "-" else span)


def _is_first_second_of_month(value: datetime) -> bool:
    # RFC 3339 section 5.7: leap seconds stand at the end of a month, in UTC.
    utc = value.astimezone(UTC)
    return (utc.day, utc.hour, utc.minute, utc.second) == (1, 0, 0, 0)


def utc_text(value: datetime) -> str:
    """Returns the text of an aware date-time in OCPP's form: in UTC, with `Z`, and with
    milliseconds if there are any.

    The same instant is the same text, whatever zone it has. What lies beyond the milliseconds is cut, so
    that no text names a time after its value.

    Raises:
        OverflowError: the value has no UTC equivalent between the years 1 and 9999.
        ValueError: the value is naive.
    """
    if value.tzinfo is not UTC:
        if value.utcoffset() is None:
            # Python would take it for local time of the machine.
            raise ValueError(f"{value!r} names no time zone [give it one, such as tzinfo=UTC]")
        value = value.astimezone(UTC)
    precision = "milliseconds" if value.microsecond >= 1000 else "seconds"
    return value.isoformat(timespec=precision)[:-6] + "Z"


# RFC 3986 appendix A, "URI". Escapes are checked apart, so each part repeats one class of characters:
# time and memory are linear in the text, whatever a peer writes.
_BAD_ESCAPE = r"%(?![0-9A-Fa-f]{2})"
_NAME = r"A-Za-z0-9\-._~!$&'()*+,;=%"
_USER = _NAME + ":"
_PATH = _USER + "@"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_H16 = r"[0-9A-Fa-f]{1,4}"
_LS32 = rf"(?:{_H16}:{_H16}|{_IPV4})"
_IPV6 = "|".join(
    [
        rf"(?:{_H16}:){{6}}{_LS32}",
        rf"::(?:{_H16}:){{5}}{_LS32}",
        rf"(?:{_H16})?::(?:{_H16}:){{4}}{_LS32}",
        rf"(?:(?:{_H16}:){{0,1}}{_H16})?::(?:{_H16}:){{3}}{_LS32}",
        rf"(?:(?:{_H16}:){{0,2}}{_H16})?::(?:{_H16}:){{2}}{_LS32}",
        rf"(?:(?:{_H16}:){{0,3}}{_H16})?::{_H16}:{_LS32}",
        rf"(?:(?:{_H16}:){{0,4}}{_H16})?::{_LS32}",
        rf"(?:(?:{_H16}:){{0,5}}{_H16})?::{_H16}",
        rf"(?:(?:{_H16}:){{0,6}}{_H16})?::",
    ]
)
_LITERAL = rf"\[(?:{_IPV6}|[vV][0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+)\]"
_URI = (
    rf"[A-Za-z][A-Za-z0-9+\-.]*:"
    rf"(?://(?:[{_USER}]*@)?(?:{_LITERAL}|[{_NAME}]*)(?::\d*)?(?:/[{_PATH}/]*)?"
    rf"|/(?:[{_PATH}][{_PATH}/]*)?"
    rf"|[{_PATH}][{_PATH}/]*"
    rf"|)"
    rf"(?:\?[{_PATH}/?]*)?"
    rf"(?:#[{_PATH}/?]*)?"
)


def is_uri(text: str) -> bool:
    """Returns whether a text is a URI with a scheme, as in RFC 3986."""
    if re.search(_BAD_ESCAPE, text):
        return False
    return re.fullmatch(_URI, text, re.ASCII) is not None


_EXACT: Final = 1e14


def is_multiple(value: float, step: float) -> bool:
    """Returns whether a finite number is a multiple of a decimal step.

    So `1.7` is a multiple of 0.1 and `1.7000000000000002` is not, though ten times either is 17.0.
    """
    if step == 0.1 and -_EXACT < value < _EXACT:
        # Division rounds correctly, and doubles tell all decimals of 15 digits apart.
        return round(value * 10.0) / 10.0 == value
    a, b = Decimal(repr(value)).as_integer_ratio()
    c, d = Decimal(repr(step)).as_integer_ratio()
    return a * d % (b * c) == 0
