"""The configuration keys of OCPP 1.6, and the variables that they stand for."""

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
    """A configuration key of OCPP 1.6, and the variable that it stands for."""

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
        """The key under which blocks read it."""
        return replace(
            self.key,
            component=self.component,
            name=self.key.name if self.name is None else self.name,
            instance=self.instance,
        )


class ConfigurationKeys:
    """All configuration keys of a station, by name and by variable."""

    def __init__(self, keys: Iterable[ConfigurationKey]) -> None:
        """Indexes the keys."""
        self._by_name = {each.key.name.casefold(): each for each in keys}
        self._by_place = {
            VariableAddress.of(each.variable).place: each for each in self._by_name.values()
        }

    def address(self, name: str) -> VariableAddress:
        """Returns where the variable of a key stands; also of a key that only this charge point has."""
        known = self._by_name.get(name.casefold())
        if known is None:
            return VariableAddress(component=CHARGE_POINT, name=name)
        return VariableAddress.of(known.variable)

    def name(self, address: VariableAddress) -> str | None:
        """Returns the key of a variable; `None` if it has none."""
        known = self._by_place.get(address.place)
        if known is not None:
            return known.key.name
        is_own = address.component.casefold() == CHARGE_POINT.casefold()
        return address.name if is_own else None

    def wanted_name(
        self, address: VariableAddress, attribute_type: str = AttributeType.ACTUAL
    ) -> str:
        """Returns the key of a variable that a CSMS names.

        Raises:
            LocalProtocolError: it has no key, or another value than the actual one is meant.
        """
        name = self.name(address)
        if name is None:
            raise LocalProtocolError(f"{address} is no configuration key")
        if attribute_type != AttributeType.ACTUAL:
            raise LocalProtocolError(f"{name} has no {attribute_type}: a key has one value")
        return name

    def is_limit(self, address: VariableAddress) -> bool:
        """Returns whether the key of a variable tells its greatest value."""
        known = self._by_place.get(address.place)
        return known is not None and known.is_limit

    def told(self, result: GetVariableResult) -> str | None:
        """Returns the value of a key, of what was read of its variable."""
        if self.is_limit(result.address):
            known = result.characteristics
            limit = None if known is None else known.max_limit
            return None if limit is None else str(round(limit))
        return None if result.value is None else self.written(result.address, result.value)

    def heard(self, address: VariableAddress, value: str) -> str:
        """Returns the value of a variable, of the value of its key."""
        return _translated(value, self._words(address))

    def written(self, address: VariableAddress, value: str) -> str:
        """Returns the value of a key, of the value of its variable."""
        return _translated(value, {new: old for old, new in self._words(address).items()})

    def _words(self, address: VariableAddress) -> Mapping[str, str]:
        known = self._by_place.get(address.place)
        return {} if known is None else known.words


def _translated(value: str, words: Mapping[str, str]) -> str:
    if not words:
        return value
    return ",".join(words.get(each.strip(), each.strip()) for each in value.split(","))
