"""Keys of a station's settings: variables of OCPP 2.x, configuration keys of OCPP 1.6.

A key knows where a setting stands and of which type its value is. On the wire every value is a text;
`parse` and `format` lead from one to the other, so that `HEARTBEAT_INTERVAL.parse("300")` is an `int` for
type checkers, too. The keys that OCPP defines are in `ocppkit.v16.variables`, `ocppkit.v201.variables` and
`ocppkit.v21.variables`; make your own from the same classes.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Generic, Self, TypeVar

from ..model._quoting import quoted
from ._formats import read_datetime, utc_text

__all__ = [
    "BooleanKey",
    "DataType",
    "DateTimeKey",
    "DecimalKey",
    "IntegerKey",
    "ListKey",
    "Mutability",
    "TextKey",
    "VariableKey",
]

T = TypeVar("T")

_SHOWN_TEXT = 80

# Python converts no more digits than these.
_INTEGER = re.compile(r"[+-]?\d{1,4300}", re.ASCII)


class DataType(StrEnum):
    """How the value of a setting is written, in the terms of OCPP 2.x."""

    STRING = "string"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    BOOLEAN = "boolean"
    OPTION_LIST = "OptionList"
    SEQUENCE_LIST = "SequenceList"
    MEMBER_LIST = "MemberList"


class Mutability(StrEnum):
    """Whether a CSMS may read and write a setting."""

    READ_ONLY = "ReadOnly"
    WRITE_ONLY = "WriteOnly"
    READ_WRITE = "ReadWrite"


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableKey(Generic[T]):
    """The key of a setting: its component and variable, its name in OCPP 1.6, and the rules for its
    value.
    """

    name: str
    """Name of the variable, or of the configuration key."""

    component: str | None = None
    """The component that has the variable; `None` in OCPP 1.6, and for variables that any component may have."""

    instance: str | None = None
    """Which of several variables of one name."""

    component_instance: str | None = None
    """Which of several components of one name."""

    evse_id: int | None = None
    """The EVSE that the component belongs to, or that it is."""

    connector_id: int | None = None
    """The connector of that EVSE that the component belongs to, or that it is."""

    instances: str | None = None
    """What distinguishes several variables of this name, such as `language`, where the station chooses."""

    data_type: DataType | None = None
    """How the value is written; `None` where OCPP does not say."""

    units: tuple[str, ...] = ()
    """The unit of the value, or those that it may have."""

    mutability: tuple[Mutability, ...] | None = None
    """What a CSMS may do with the value, as the station chooses; `None` where no source says it."""

    required: bool = False
    """Whether a station that has the functional block, or the component, must have it."""

    values: tuple[str, ...] = ()
    """The values that OCPP lists, or the items where the value is a list."""

    group: str | None = None
    """The feature profile of a configuration key of OCPP 1.6."""

    def parse(self, text: str) -> T:
        """Returns the value of a text that was received.

        Raises:
            ValueError: the text is not written as the data type wants it.
        """
        raise NotImplementedError

    def format(self, value: T) -> str:
        """Returns the text of a value, as it is sent."""
        raise NotImplementedError

    def at(self, component: str) -> Self:
        """Returns the key of the same variable in another component."""
        return replace(self, component=component)

    def of(self, instance: str) -> Self:
        """Returns the key of one of several variables that have this name."""
        return replace(self, instance=instance)

    def on_evse(self, evse_id: int, connector_id: int | None = None) -> Self:
        """Returns the key of the same variable on an EVSE, or on a connector of an EVSE."""
        return replace(self, evse_id=evse_id, connector_id=connector_id)

    def __str__(self) -> str:
        place = self.component or ""
        if self.component_instance is not None:
            place += f"[{self.component_instance}]"
        if self.evse_id is not None:
            connector = "" if self.connector_id is None else f", connector {self.connector_id}"
            place += f"(EVSE {self.evse_id}{connector})"
        variable = f"{self.name}[{self.instance}]" if self.instance else self.name
        return f"{place}.{variable}" if place else variable

    def _invalid(self, text: str, wanted: str) -> ValueError:
        return ValueError(f"{self}: {quoted(text, _SHOWN_TEXT)} is not {wanted}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextKey(VariableKey[str]):
    """A setting whose value is a text, or one value of a list."""

    def parse(self, text: str) -> str:
        """Returns the text unchanged."""
        return text

    def format(self, value: str) -> str:
        """Returns the value unchanged."""
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerKey(VariableKey[int]):
    """A setting whose value is an integer."""

    def parse(self, text: str) -> int:
        """Returns the integer in a text.

        Raises:
            ValueError: the text is no integer.
        """
        if not _INTEGER.fullmatch(text.strip()):
            raise self._invalid(text, "an integer")
        return int(text)

    def format(self, value: int) -> str:
        """Returns the digits of the value.

        Raises:
            ValueError: it has more than 4,300 digits.
        """
        try:
            return str(int(value))
        except ValueError as error:
            raise ValueError(f"{self}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class DecimalKey(VariableKey[float]):
    """A setting whose value is a decimal number."""

    def parse(self, text: str) -> float:
        """Returns the number in a text.

        Raises:
            ValueError: the text is no number, or an infinite one.
        """
        try:
            value = float(text)
        except ValueError:
            raise self._invalid(text, "a number") from None
        # Python takes underscores between digits.
        if not isfinite(value) or "_" in text:
            raise self._invalid(text, "a number")
        return value

    def format(self, value: float) -> str:
        """Returns the shortest text of the number, without an exponent.

        Raises:
            ValueError: the number is infinite or NaN.
        """
        number = float(value)
        if not isfinite(number):
            raise self._invalid(repr(number), "a number")
        return format(Decimal(repr(number)), "f").removesuffix(".0")


@dataclass(frozen=True, slots=True, kw_only=True)
class BooleanKey(VariableKey[bool]):
    """A setting that is on or off."""

    def parse(self, text: str) -> bool:
        """Returns the boolean in a text, in capital or small letters.

        Raises:
            ValueError: the text is neither `true` nor `false`.
        """
        word = text.strip().lower()
        if word not in ("true", "false"):
            raise self._invalid(text, "true or false")
        return word == "true"

    def format(self, value: bool) -> str:
        """Returns `true` or `false`."""
        return "true" if value else "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTimeKey(VariableKey[datetime]):
    """A setting whose value is a point in time."""

    def parse(self, text: str) -> datetime:
        """Returns the point in time in a text.

        Raises:
            ValueError: the text is no date and time with an offset from UTC.
        """
        match read_datetime(text, UTC):
            case value, True:
                return value
            case _:
                raise self._invalid(text, "a date-time with an offset from UTC")

    def format(self, value: datetime) -> str:
        """Returns the value in UTC, in the form of RFC 3339.

        Raises:
            OverflowError: the value has no UTC equivalent between the years 1 and 9999.
            ValueError: the value is naive.
        """
        return utc_text(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListKey(VariableKey[tuple[str, ...]]):
    """A setting whose value is a list with commas between the items."""

    def parse(self, text: str) -> tuple[str, ...]:
        """Returns the items without blanks around them. An empty text is an empty list."""
        return tuple(item.strip() for item in text.split(",")) if text.strip() else ()

    def format(self, value: tuple[str, ...]) -> str:
        """Returns the items with commas between them."""
        return ",".join(value)
