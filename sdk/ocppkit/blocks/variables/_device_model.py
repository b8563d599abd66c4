"""The variables of a station, by typed keys, for all OCPP versions.

Names are those of OCPP 2.1. A configuration key of OCPP 1.6 that means the same stands here under the name
that 2.1 has for it.
"""

from typing import Any, TypeVar

from ocppkit.core import VariableKey

__all__ = ["DeviceModel"]

T = TypeVar("T")


class DeviceModel:
    """The variables of one station."""

    def __init__(self) -> None:
        self._values: dict[tuple[str | None, str, str | None], str] = {}

    def get(self, key: VariableKey[T], default: T) -> T:
        """Returns the value of a variable, or a default if the station does not have it."""
        text = self._values.get(_place(key))
        return default if text is None else key.parse(text)

    def __setitem__(self, key: VariableKey[T], value: T) -> None:
        """Sets a variable, by the program; also one that a CSMS cannot write."""
        self._values[_place(key)] = key.format(value)


def _place(key: VariableKey[Any]) -> tuple[str | None, str, str | None]:
    return key.component, key.name, key.instance
