"""The variables that a station has declared: their attributes, and the rules for their values."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, cast

from msgspec import Struct

from ocppkit.core import DataType, Mutability, VariableKey

from ._addresses import VariableAddress

__all__ = [
    "AttributeType",
    "DeclaredVariable",
    "KeptValue",
    "StoredAttribute",
    "ValueRefusal",
    "VariableAttribute",
    "VariableCharacteristics",
    "data_type_of",
    "mutability_of",
]


_VALUES_LIST_SIZE: Final = 1000


class AttributeType(StrEnum):
    """The attribute of a variable: its actual value, target or a limit."""

    ACTUAL = "Actual"
    TARGET = "Target"
    MIN_SET = "MinSet"
    MAX_SET = "MaxSet"


class ValueRefusal(Struct, frozen=True):
    """The reason why a value is refused."""

    text: str
    """For people."""

    reason_code: str = "InvalidValue"
    """For programs: a reason code of OCPP 2.x."""


ValueCheck = Callable[[Any], ValueRefusal | str | None]
"""Takes a value that a CSMS writes, and returns why it is refused, or `None`."""


class VariableCharacteristics(Struct, frozen=True, kw_only=True):
    """The rules for the values of a variable."""

    data_type: str
    unit: str | None = None
    min_limit: float | None = None
    """Least value."""

    max_limit: float | None = None
    """Greatest value; where values are no numbers, the greatest length of the text."""

    max_elements: int | None = None
    """Greatest number of items of a list; OCPP 2.1 only tells it."""

    values: tuple[str, ...] = ()
    """The values, or items of lists, that the station takes; empty if any."""

    supports_monitoring: bool = False

    @property
    def values_list(self) -> str | None:
        """The allowed values with commas between them, as many as fit into a report; `None` if
        there is no list.
        """
        text = ",".join(self.values)
        if len(text) > _VALUES_LIST_SIZE:
            text = text[: _VALUES_LIST_SIZE + 1].rpartition(",")[0]
        return text or None


class VariableAttribute(Struct, frozen=True, kw_only=True):
    """An attribute of a variable in a report."""

    type: str = AttributeType.ACTUAL
    value: str | None = None
    """`None` if it is not set, or may not be told."""

    mutability: str = Mutability.READ_WRITE
    persistent: bool = False
    constant: bool = False


class KeptValue(Struct, frozen=True, kw_only=True):
    """A value that is kept over a restart."""

    address: VariableAddress
    attribute_type: str = AttributeType.ACTUAL
    value: str | None


class StoredAttribute:
    """An attribute of a variable in the device model."""

    __slots__ = ("active", "constant", "declared", "mutability", "persistent", "value")

    def __init__(
        self, declared: str | None, mutability: Mutability, *, persistent: bool, constant: bool
    ) -> None:
        self.declared = declared
        """The value that it was declared with."""

        self.value = declared
        """The value that the CSMS sees."""

        self.active = declared
        """The value that counts; another one where a new value waits for the next start."""

        self.mutability = mutability
        self.persistent = persistent
        self.constant = constant

    def as_reported(self, type_: str) -> VariableAttribute:
        """Returns the attribute as a report contains it."""
        # B07.FR.13, B08: what is only written is not told.
        hidden = self.mutability is Mutability.WRITE_ONLY
        return VariableAttribute(
            type=type_,
            value=None if hidden else self.value,
            mutability=self.mutability,
            persistent=self.persistent,
            constant=self.constant,
        )


class DeclaredVariable:
    """A variable of the station."""

    __slots__ = ("address", "attributes", "characteristics", "checks", "key", "reboot_required")

    def __init__(
        self,
        key: VariableKey[Any],
        address: VariableAddress,
        characteristics: VariableCharacteristics,
        *,
        reboot_required: bool,
    ) -> None:
        self.key = key
        self.address = address
        self.characteristics = characteristics
        self.reboot_required = reboot_required
        self.attributes: dict[str, StoredAttribute] = {}
        self.checks: list[tuple[VariableKey[Any], ValueCheck]] = []
        """Functions that refuse values, each with the key that says what they take."""

    def refusal(self, text: str, type_: str) -> ValueRefusal | None:
        """Returns the reason why a text cannot be the value, or `None`."""
        try:
            value = self.key.parse(text)
            # A date far away has no text.
            self.key.format(value)
        except (ValueError, OverflowError) as error:
            return ValueRefusal(str(error))
        return self._limit_refusal(value, text, type_) or self._list_refusal(value)

    def text_of(self, key: VariableKey[Any], value: Any, type_: str) -> str | None:
        """Returns the text of a value that the program sets.

        Args:
            key: the key by which the program sets it, which may be of another class than the own one.
            value: the value; `None` for none.
            type_: which of the values it is.

        Raises:
            ValueError: the value breaks a limit, or is none of the values.
        """
        if value is None:
            return None
        text = str(key.format(value))
        refusal = self.refusal(text, type_)
        if refusal is not None:
            raise ValueError(f"{self.key} cannot be {value!r}: {refusal.text}")
        return text

    def write_refusal(self, text: str, type_: str, longest: int | None) -> ValueRefusal | None:
        """Returns the reason why a CSMS cannot write a text to an attribute, or `None`."""
        attribute = self.attributes[type_]
        # B05.FR.09.
        if attribute.mutability is Mutability.READ_ONLY or attribute.constant:
            return ValueRefusal("it can only be read", "ReadOnly")
        if longest is not None and len(text) > longest:
            return ValueRefusal(f"longer than {longest} characters", "TooLargeElement")
        # B05.FR.07: format and limits first; then what blocks and the program refuse.
        return self.refusal(text, type_) or self._check_refusal(text)

    def _check_refusal(self, text: str) -> ValueRefusal | None:
        for key, check in self.checks:
            found = check(key.parse(text))
            if found is not None:
                return ValueRefusal(found) if isinstance(found, str) else found
        return None

    def _limit_refusal(self, value: object, text: str, type_: str) -> ValueRefusal | None:
        known = self.characteristics
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        measured = float(text) if is_number else float(len(text))
        low, high = known.min_limit, known.max_limit
        if is_number and type_ in (AttributeType.ACTUAL, AttributeType.TARGET):
            low = _known_limit(max, low, self._number(AttributeType.MIN_SET))
            high = _known_limit(min, high, self._number(AttributeType.MAX_SET))
        code = "ValueTooHigh" if is_number else "TooLargeElement"
        if high is not None and measured > high:
            return ValueRefusal(f"more than {high:g}", code)
        if low is not None and measured < low:
            return ValueRefusal(
                f"less than {low:g}", "ValueTooLow" if is_number else "InvalidValue"
            )
        return None

    def _number(self, type_: str) -> float | None:
        attribute = self.attributes.get(type_)
        if attribute is None or not attribute.value:
            return None
        return float(self.key.parse(attribute.value))

    def _list_refusal(self, value: object) -> ValueRefusal | None:
        known, most = self.characteristics.values, self.characteristics.max_elements
        items = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
        if most is not None and len(items) > most:
            return ValueRefusal(f"more than {most} items", "TooManyElements")
        if known and isinstance(value, str | tuple):
            for each in items:
                if each not in known:
                    return ValueRefusal(f"not one of {', '.join(known)}"[:500], "ValueOutOfRange")
        return None


def _known_limit(
    choose: Callable[[float, float], float], one: float | None, other: float | None
) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)


def mutability_of(key: VariableKey[Any]) -> Mutability:
    """Returns whether a CSMS may read and write a variable, if the station does not say it: all
    that OCPP allows.
    """
    allowed = key.mutability or (Mutability.READ_ONLY,)
    return Mutability.READ_WRITE if Mutability.READ_WRITE in allowed else allowed[0]


def data_type_of(key: VariableKey[Any]) -> str:
    """Returns the data type of a key; that of a text if OCPP does not define it."""
    return DataType.STRING if key.data_type is None else key.data_type
