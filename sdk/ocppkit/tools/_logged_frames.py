"""A frame as a log has it: its text, and what the line around it tells of station, direction and time."""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

__all__ = ["Direction", "LoggedFrame", "TimeReader", "time_text"]


class Direction(StrEnum):
    """Which way a frame went, as far as its line tells."""

    RECEIVED = "received"
    """By the program that wrote the log."""

    SENT = "sent"
    """By the program that wrote the log."""

    FROM_STATION = "from station"
    FROM_CSMS = "from CSMS"
    UNKNOWN = "unknown"

    @property
    def opposite(self) -> "Direction":
        """The direction of an answer."""
        return _OPPOSITES[self]


_OPPOSITES: Final = {
    Direction.RECEIVED: Direction.SENT,
    Direction.SENT: Direction.RECEIVED,
    Direction.FROM_STATION: Direction.FROM_CSMS,
    Direction.FROM_CSMS: Direction.FROM_STATION,
    Direction.UNKNOWN: Direction.UNKNOWN,
}


class LoggedFrame(Struct, kw_only=True, frozen=True, gc=False):
    """One frame of a log."""

    text: str
    """The frame as it was logged; it may be no frame at all."""

    source: str
    """The file."""

    line: int
    """The number of the line, from 1."""

    station: str
    """The identity of the station; where the log does not tell it, the name of the file."""

    direction: Direction = Direction.UNKNOWN

    time: float | None = None
    """Seconds since 1970, in UTC where the log names no zone; since midnight if it has no date."""

    version: str | None = None
    """The OCPP version, if the log tells it."""

    whole: bool = True
    """False if the logger has cut off the end."""

    problem: str | None = None
    """What is wrong with the record around the frame, if anything is."""


_DATE_TIME: Final = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d[T ])?(?<!\d)\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?P<zone>Z|[+-]\d\d:?\d\d)?"
)
_NUMBER: Final = re.compile(r"\d{1,16}(?:\.\d{1,9})?")
_LONGEST_TIME: Final = 64
"""Characters at the beginning of a line in which its time is looked for."""

_DAY: Final = 86_400
_MILLISECONDS_FROM: Final = 1e11
"""Larger numbers of a clock that counts since 1970 are milliseconds: in seconds it would be the year 5138."""


class TimeReader:
    """Reads the times of the lines of one log, in their order."""

    def __init__(self) -> None:
        self._days = 0
        self._last = 0.0

    def find(self, text: str) -> float | None:
        """Returns the first time in the beginning of a line; `None` if there is none.

        Times without a date are those of one day after the other.
        """
        match = _DATE_TIME.search(text, 0, _LONGEST_TIME)
        if match is None:
            return None
        try:
            if match["date"]:
                return _seconds(match[0])
            return self._of_day(_seconds(f"1970-01-01T{match[0]}"))
        except ValueError:
            return None

    def read(self, value: object) -> float | None:
        """Returns the time in a member of a JSON object or a group: a text, or seconds since 1970."""
        if isinstance(value, str):
            if not _NUMBER.fullmatch(value):
                return self.find(value)
            value = float(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value / 1000 if value > _MILLISECONDS_FROM else float(value)
        return None

    def _of_day(self, seconds: float) -> float:
        # Half a day back is not disorder, but the next day.
        if seconds < self._last - _DAY / 2:
            self._days += 1
        self._last = seconds
        return seconds + self._days * _DAY


def _seconds(text: str) -> float:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def time_text(seconds: float) -> str:
    """Returns a time of a log for people: date and time, or the time alone where the log has no dates."""
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{seconds:g}"
    if at.year == 1970:
        return f"{at:%H:%M:%S}"
    return f"{at:%Y-%m-%d %H:%M:%S}"
