"""Where a variable stands, as a command names it; names are the same in capital and small letters."""

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
    """Where a variable stands, in the letters of who named it."""

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
        """Returns the address that a key stands for; a key without component is one of the charge point."""
        return cls(
            component=CHARGE_POINT if key.component is None else key.component,
            name=key.name,
            instance=key.instance,
            component_instance=key.component_instance,
            evse_id=key.evse_id,
            connector_id=key.connector_id,
        )

    def is_of(self, key: VariableKey[Any]) -> bool:
        """Returns whether a key stands for the same variable."""
        return self.place == VariableAddress.of(key).place

    @property
    def component_place(self) -> ComponentPlace:
        """What all addresses of the component have in common."""
        return (
            self.component.casefold(),
            _folded(self.component_instance),
            self.evse_id,
            self.connector_id,
        )

    @property
    def variable_place(self) -> VariablePlace:
        """What all addresses of the variable within its component have in common."""
        return self.name.casefold(), _folded(self.instance)

    @property
    def place(self) -> tuple[ComponentPlace, VariablePlace]:
        """What all addresses of the variable have in common."""
        return self.component_place, self.variable_place

    def __str__(self) -> str:
        """Returns the address as an error or a log line shows it."""
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
