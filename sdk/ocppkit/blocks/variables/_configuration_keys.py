"""The configuration keys of OCPP 1.6, and the variables that they correspond to."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from msgspec import Struct

from ocppkit.core import LocalProtocolError, VariableKey

from ._addresses import VariableAddress
from ._declared_variables import AttributeType
from ._questions import GetVariableResult
from ._setting_keys import CHARGE_POINT

__all__ = ["ConfigurationKey", "ConfigurationKeys"]


class ConfigurationKey(Struct, frozen=True, kw_only=True):
    """A configuration key of OCPP 1.6, and the variable that it corresponds to."""

    key: VariableKey[Any]
    """As OCPP 1.6 has it."""

    component: str = CHARGE_POINT
    name: str | None = None
    """Name of the variable; the same by default."""

    instance: str | None = None
    is_limit: bool = False
    """Whether its value is the greatest value that the variable may have, not the variable's value."""

    words: Mapping[str, str] = {}
    """The variable's value for each value of OCPP 1.6, where they differ."""

    @property
    def variable(self) -> VariableKey[Any]:
        """The key with which blocks read the variable."""
        return replace(
            self.key,
            component=self.component,
            name=self.key.name if self.name is None else self.name,
            instance=self.instance,
        )


class ConfigurationKeys:
    """All configuration keys of a station, by name and by variable."""

    def __init__(self, keys: Iterable[ConfigurationKey]) -> None:
        """Indexes the keys by name and by variable."""
        self._by_name = {each.key.name.casefold(): each for each in keys}
        self._by_place = {
            VariableAddress.of(each.variable).place: each for each in self._by_name.values()
        }

    def address(self, name: str) -> VariableAddress:
        """Returns the address of the variable for a configuration key, also for one that only this
        charge point has.
        """
        known = self._by_name.get(name.casefold())
        if known is None:
            return VariableAddress(component=CHARGE_POINT, name=name)
        return VariableAddress.of(known.variable)

    def name(self, address: VariableAddress) -> str | None:
        """Returns the configuration key of a variable, or `None`."""
        known = self._by_place.get(address.place)
        if known is not None:
            return known.key.name
        is_own = address.component.casefold() == CHARGE_POINT.casefold()
        return address.name if is_own else None

    def required_name(
        self, address: VariableAddress, attribute_type: str = AttributeType.ACTUAL
    ) -> str:
        """Returns the configuration key of a variable that a CSMS wants to read or write.

        Raises:
            LocalProtocolError: it has no key, or another value than the actual one is meant.
        """
        name = self.name(address)
        if name is None:
            raise LocalProtocolError(f"{address} is not a configuration key of OCPP 1.6")
        if attribute_type != AttributeType.ACTUAL:
            raise LocalProtocolError(f"{name} has no {attribute_type}: a key has one value")
        return name

    def is_limit(self, address: VariableAddress) -> bool:
        """Returns whether the configuration key of a variable tells the variable's maximum."""
        known = self._by_place.get(address.place)
        return known is not None and known.is_limit

    def value_from_result(self, result: GetVariableResult) -> str | None:
        """Returns the value of a configuration key, from the result of reading its variable."""
        if self.is_limit(result.address):
            known = result.characteristics
            limit = None if known is None else known.max_limit
            return None if limit is None else str(round(limit))
        return None if result.value is None else self.key_value(result.address, result.value)

    def variable_value(self, address: VariableAddress, value: str) -> str:
        """Returns the value of a variable, from the value of its configuration key."""
        return _translated(value, self._words(address))

    def key_value(self, address: VariableAddress, value: str) -> str:
        """Returns the value of a configuration key, from the value of its variable."""
        return _translated(value, {new: old for old, new in self._words(address).items()})

    def _words(self, address: VariableAddress) -> Mapping[str, str]:
        known = self._by_place.get(address.place)
        return {} if known is None else known.words


def _translated(value: str, words: Mapping[str, str]) -> str:
    if not words:
        return value
    return ",".join(words.get(each.strip(), each.strip()) for each in value.split(","))
