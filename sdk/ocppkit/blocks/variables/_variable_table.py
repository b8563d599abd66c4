"""The declared variables of a station, by address."""

from collections.abc import Iterator

from ._addresses import ComponentPlace, VariableAddress, VariablePlace
from ._declared_variables import DeclaredVariable, StoredAttribute
from ._questions import VariableStatus

__all__ = ["VariableTable"]


class VariableTable:
    """Variables sorted by component, and within a component in the order of declaration."""

    def __init__(self) -> None:
        self._components: dict[ComponentPlace, dict[VariablePlace, DeclaredVariable]] = {}

    def __iter__(self) -> Iterator[DeclaredVariable]:
        for component in self._components.values():
            yield from component.values()

    def __len__(self) -> int:
        return sum(map(len, self._components.values()))

    def attributes(self) -> Iterator[tuple[DeclaredVariable, str, StoredAttribute]]:
        """Iterates over all attributes of all variables."""
        for variable in self:
            for type_, attribute in variable.attributes.items():
                yield variable, type_, attribute

    def put(self, variable: DeclaredVariable) -> None:
        """Adds a variable; replaces the one at the same address."""
        address = variable.address
        component = self._components.setdefault(address.component_place, {})
        component[address.variable_place] = variable

    def remove(self, address: VariableAddress) -> None:
        """Removes a variable."""
        component = self._components[address.component_place]
        del component[address.variable_place]
        if not component:
            del self._components[address.component_place]

    def find(self, address: VariableAddress) -> DeclaredVariable | None:
        """Returns the variable at an address, or `None`."""
        return self._components.get(address.component_place, {}).get(address.variable_place)

    def look_up(
        self, address: VariableAddress, type_: str
    ) -> tuple[DeclaredVariable, StoredAttribute] | VariableStatus:
        """Returns an attribute, or the status that says which part of its address the station does
        not have.
        """
        component = self._components.get(address.component_place)
        if component is None:
            # B05.FR.04, B06.FR.06, B06.FR.14.
            return VariableStatus.UNKNOWN_COMPONENT
        variable = component.get(address.variable_place)
        if variable is None:
            # B05.FR.05, B06.FR.07, B06.FR.15.
            return VariableStatus.UNKNOWN_VARIABLE
        attribute = variable.attributes.get(type_)
        if attribute is None:
            # B05.FR.06, B06.FR.08.
            return VariableStatus.NOT_SUPPORTED_ATTRIBUTE_TYPE
        return variable, attribute
