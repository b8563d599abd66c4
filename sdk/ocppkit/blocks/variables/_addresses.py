"""Addresses of variables, as commands write them; upper and lower case are equal."""

from typing import Any, Self

from msgspec import Struct

from ocppkit.core import TextKey, VariableKey

from ._setting_keys import CHARGE_POINT

__all__ = ["ComponentPlace", "VariableAddress", "VariablePlace"]

ComponentPlace = tuple[str, str | None, int | None, int | None]
"""What two names of one component have in common."""

VariablePlace = tuple[str, str | None]
"""What two names of one variable of a component have in common."""


class VariableAddress(Struct, frozen=True, kw_only=True):
    """The address of a variable: component, instance, EVSE and variable, in the case in which it
    was written.
    """

    component: str
    name: str
    """Name of the variable."""

    instance: str | None = None
    """Which of several variables of that name."""

    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None

    @classmethod
    def of(cls, key: VariableKey[Any]) -> Self:
        """Returns the address of a key. A key without component belongs to the charge point."""
        return cls(
            component=CHARGE_POINT if key.component is None else key.component,
            name=key.name,
            instance=key.instance,
            component_instance=key.component_instance,
            evse_id=key.evse_id,
            connector_id=key.connector_id,
        )

    def is_of(self, key: VariableKey[Any]) -> bool:
        """Returns whether the address and a key mean the same variable."""
        return self.place == VariableAddress.of(key).place

    @property
    def component_place(self) -> ComponentPlace:
        """The part of the address that names the component, with case removed."""
        return (
            self.component.casefold(),
            _folded(self.component_instance),
            self.evse_id,
            self.connector_id,
        )

    @property
    def variable_place(self) -> VariablePlace:
        """The part of the address that names the variable in its component, with case removed."""
        return self.name.casefold(), _folded(self.instance)

    @property
    def place(self) -> tuple[ComponentPlace, VariablePlace]:
        """The whole address, with case removed."""
        return self.component_place, self.variable_place

    def __str__(self) -> str:
        """Returns the address as text for an error or a log line."""
        return str(
            TextKey(
                component=self.component,
                component_instance=self.component_instance,
                evse_id=self.evse_id,
                connector_id=self.connector_id,
                name=self.name,
                instance=self.instance,
            )
        )


def _folded(text: str | None) -> str | None:
    return None if text is None else text.casefold()
