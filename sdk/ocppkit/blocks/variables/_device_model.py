"""The device model: the variables of a station, by typed keys, for all versions of OCPP.

Names are those of OCPP 2.1. A configuration key of OCPP 1.6 that means the same stands here under the name
that 2.1 has for it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from ocppkit.core import Mutability, VariableKey

from ._addresses import VariableAddress
from ._declared_variables import (
    AttributeType,
    DeclaredVariable,
    KeptValue,
    StoredAttribute,
    ValueRefusal,
    VariableCharacteristics,
    data_type_of,
    mutability_of,
)
from ._questions import (
    ChangeOrigin,
    GetVariableResult,
    KeptValueRefused,
    ReportData,
    SetVariableResult,
    VariableChanged,
    VariableStatus,
)
from ._standard_defaults import standard_value
from ._variable_table import VariableTable

__all__ = ["DeviceModel"]

T = TypeVar("T")

_ACTUAL: Final = AttributeType.ACTUAL


class DeviceModel:
    """The device model of one station: its variables and their values.

    The program and the blocks use it by typed keys, and may also set what a CSMS may only read. The CSMS
    comes through `read` and `write`, which the `VariablesBlock` calls.
    """

    def __init__(self, aliases: Mapping[str, VariableKey[Any]] | None = None) -> None:
        """Starts without variables.

        Args:
            aliases: the keys that stand for keys without component, by name: how the configuration keys
                of OCPP 1.6 are called here.
        """
        self._aliases = {name.casefold(): key for name, key in (aliases or {}).items()}
        self._table = VariableTable()
        self._kept: dict[tuple[object, str], KeptValue] = {}
        self._observers: list[Callable[[VariableChanged | KeptValueRefused], object]] = []

    # What the program and the blocks use.

    def declare(
        self,
        key: VariableKey[T],
        value: T | None = None,
        *,
        mutability: Mutability | None = None,
        min_limit: float | None = None,
        max_limit: float | None = None,
        max_elements: int | None = None,
        values: Iterable[str] | None = None,
        persistent: bool | None = None,
        constant: bool = False,
        reboot_required: bool = False,
        supports_monitoring: bool = False,
    ) -> None:
        """Declares a variable. It can be called at any time; a variable that was declared before is
        declared again.

        Args:
            key: where it stands, and of which type it is.
            value: the value that it has until another is set; `None` for none.
            mutability: what a CSMS may do with it. By default the most that the key allows; a key that
                says nothing is only read.
            min_limit: the least value.
            max_limit: the greatest value; of texts and lists, the greatest length of the text.
            max_elements: the greatest number of items of a list.
            values: the values, or the items of lists, that it takes; by default those of the key.
            persistent: whether another value is kept over a restart; by default, whether a CSMS may write it.
            constant: whether the value never changes.
            reboot_required: whether a value that a CSMS writes takes effect at the next start only.
            supports_monitoring: whether a CSMS may be told of its changes.

        Raises:
            ValueError: the value breaks a limit, or is none of the values.
        """
        address = self._address_of(key)
        known = VariableCharacteristics(
            data_type=data_type_of(key),
            unit=key.units[0] if key.units else None,
            min_limit=min_limit,
            max_limit=max_limit,
            max_elements=max_elements,
            values=key.values if values is None else tuple(values),
            supports_monitoring=supports_monitoring,
        )
        variable = DeclaredVariable(key, address, known, reboot_required=reboot_required)
        text = variable.text_of(key, value, _ACTUAL)
        may = mutability_of(key) if mutability is None else mutability
        variable.attributes[_ACTUAL] = StoredAttribute(
            text,
            may,
            persistent=may is not Mutability.READ_ONLY if persistent is None else persistent,
            constant=constant,
        )
        old = self._table.find(address)
        if old is not None:
            self._keep_changed(old, _ACTUAL)
            variable.checks = old.checks
            for type_, attribute in old.attributes.items():
                variable.attributes.setdefault(type_, attribute)
        self._table.put(variable)
        self._restore_attribute(
            variable, _ACTUAL, text if old is None else old.attributes[_ACTUAL].active
        )

    def declare_attribute(
        self,
        key: VariableKey[T],
        attribute_type: str,
        value: T | None = None,
        *,
        mutability: Mutability = Mutability.READ_WRITE,
        persistent: bool = True,
    ) -> None:
        """Declares a further attribute of a variable, such as its target.

        A MinSet and a MaxSet limit what may be written as the actual value and the target.

        Raises:
            KeyError: the station does not have the variable.
            ValueError: the value breaks a limit, or is none of the values.
        """
        variable = self._variable_of(key)
        text = variable.text_of(key, value, attribute_type)
        variable.attributes[attribute_type] = StoredAttribute(
            text, mutability, persistent=persistent, constant=False
        )
        self._restore_attribute(variable, attribute_type, text)

    def remove(self, key: VariableKey[Any]) -> None:
        """Removes a variable, for example one of a vehicle that has left.

        Raises:
            KeyError: the station does not have it.
        """
        self._table.remove(self._variable_of(key).address)

    def check(
        self, key: VariableKey[T], function: Callable[[T], ValueRefusal | str | None]
    ) -> None:
        """Adds a function that can refuse values which a CSMS writes, after data type and limits
        have been checked.

        Args:
            key: a variable that has been declared.
            function: takes the value and returns `None`, or why it is refused.

        Raises:
            KeyError: the station does not have the variable.
        """
        self._variable_of(key).checks.append((key, function))

    def observe(self, observer: Callable[[VariableChanged | KeptValueRefused], object]) -> None:
        """Calls a function with each change from now on."""
        self._observers.append(observer)

    def get(self, key: VariableKey[T], default: T, *, attribute_type: str = _ACTUAL) -> T:
        """Returns the value of a variable, or the default if the station does not have it."""
        variable = self._table.find(self._address_of(key))
        attribute = None if variable is None else variable.attributes.get(attribute_type)
        text = None if attribute is None else attribute.active
        return default if text is None else key.parse(text)

    def setting(self, key: VariableKey[T]) -> T:
        """Returns the value of a standard setting, or the one that `model_of` declares if the
        station does not have it.

        Raises:
            KeyError: `model_of` declares no value for it.
        """
        return self.get(key, standard_value(key))

    def set(
        self,
        key: VariableKey[T],
        value: T,
        *,
        attribute_type: str = _ACTUAL,
        is_told: bool = True,
    ) -> None:
        """Sets a value for the program or a block. It takes effect at once.

        A variable that has not been declared is declared with what its key says.

        Args:
            key: where it stands.
            value: the new value.
            attribute_type: which of the values of the variable is set.
            is_told: whether observers are told, if it differs.

        Raises:
            KeyError: the variable does not have such an attribute.
            ValueError: the value breaks a limit, or is none of the values.
        """
        address = self._address_of(key)
        variable = self._table.find(address)
        if variable is None:
            self.declare(key)
            variable = self._variable_of(key)
        attribute = variable.attributes.get(attribute_type)
        if attribute is None:
            raise KeyError(f"{key} has no {attribute_type} [declare it]")
        text = variable.text_of(key, value, attribute_type)
        if (attribute.value, attribute.active) != (text, text):
            attribute.value = attribute.active = text
            if is_told:
                self._tell_change(variable, attribute_type, ChangeOrigin.STATION)

    def set_default(self, key: VariableKey[T], value: T) -> None:
        """Sets the value that a variable has until another one is set. It is not kept over a
        restart.

        Raises:
            KeyError: the station does not have the variable.
            ValueError: the value breaks a limit, or is none of the values.
        """
        variable = self._variable_of(key)
        attribute = variable.attributes[_ACTUAL]
        text = variable.text_of(key, value, _ACTUAL)
        if attribute.value == attribute.declared:
            attribute.value = attribute.active = text
        attribute.declared = text

    def __getitem__(self, key: VariableKey[T]) -> T:
        """Returns the actual value of a variable.

        Raises:
            KeyError: the station does not have the variable, or it is not set.
        """
        text = self._variable_of(key).attributes[_ACTUAL].active
        if text is None:
            raise KeyError(f"{key} is not set")
        return key.parse(text)

    def __setitem__(self, key: VariableKey[T], value: T) -> None:
        """Sets the actual value of a variable, like `set`."""
        self.set(key, value)

    def __contains__(self, key: VariableKey[Any]) -> bool:
        """Returns whether the station has the variable, with or without a value."""
        return self._table.find(self._address_of(key)) is not None

    def __len__(self) -> int:
        """Returns the number of variables."""
        return len(self._table)

    def characteristics(self, key: VariableKey[Any]) -> VariableCharacteristics:
        """Returns the rules for the values of a variable.

        Raises:
            KeyError: the station does not have it.
        """
        return self._variable_of(key).characteristics

    def max_limit(self, key: VariableKey[Any], default: float) -> float:
        """Returns the maximum of a variable, or the default if the station does not have one.

        Of the variables named Entries, that is the capacity of what they count.
        """
        variable = self._table.find(self._address_of(key))
        limit = None if variable is None else variable.characteristics.max_limit
        return default if limit is None else limit

    # What the block of variables uses.

    def read(self, address: VariableAddress, attribute_type: str = _ACTUAL) -> GetVariableResult:
        """Returns the result for one item of GetVariables: the value, or a status that says why
        there is none. # B06
        """
        found = self._table.look_up(address, attribute_type)
        if isinstance(found, VariableStatus):
            return GetVariableResult(address=address, attribute_type=attribute_type, status=found)
        variable, attribute = found
        if attribute.mutability is Mutability.WRITE_ONLY:
            # B06.FR.09.
            return GetVariableResult(
                address=address,
                attribute_type=attribute_type,
                status=VariableStatus.REJECTED,
                reason_code="WriteOnly",
            )
        return GetVariableResult(
            address=address,
            attribute_type=attribute_type,
            status=VariableStatus.ACCEPTED,
            value=attribute.value,
            mutability=attribute.mutability,
            characteristics=variable.characteristics,
        )

    def write(
        self,
        address: VariableAddress,
        text: str,
        attribute_type: str = _ACTUAL,
        *,
        longest: int | None = None,
    ) -> SetVariableResult:
        """Sets a value for one item of SetVariables; returns the status. # B05

        Args:
            address: where it stands, as the CSMS names it.
            text: the value.
            attribute_type: which of the values of the variable is meant.
            longest: how long a value may be at most.
        """
        found = self._table.look_up(address, attribute_type)
        if isinstance(found, VariableStatus):
            return SetVariableResult(address=address, attribute_type=attribute_type, status=found)
        variable, attribute = found
        refusal = variable.write_refusal(text, attribute_type, longest)
        if refusal is not None:
            return SetVariableResult(
                address=address,
                attribute_type=attribute_type,
                status=VariableStatus.REJECTED,
                reason_code=refusal.reason_code,
                additional_info=refusal.text,
            )
        self._accept_value(variable, attribute_type, variable.key.format(variable.key.parse(text)))
        # B05.FR.08, B05.FR.10.
        waits = attribute.value != attribute.active
        status = VariableStatus.REBOOT_REQUIRED if waits else VariableStatus.ACCEPTED
        return SetVariableResult(address=address, attribute_type=attribute_type, status=status)

    def activate(self) -> None:
        """Puts values into effect that have waited for a restart."""
        for variable, type_, attribute in self._table.attributes():
            if attribute.active != attribute.value:
                attribute.active = attribute.value
                self._tell_change(variable, type_, ChangeOrigin.EARLIER_RUN)

    def addresses(self) -> tuple[VariableAddress, ...]:
        """Returns the addresses of all variables, sorted by component."""
        return tuple(variable.address for variable in self._table)

    def report(self) -> Iterator[ReportData]:
        """Yields all variables as a report contains them, sorted by component."""
        for variable in self._table:
            yield ReportData(
                address=variable.address,
                attributes=tuple(
                    each.as_reported(type_) for type_, each in variable.attributes.items()
                ),
                characteristics=variable.characteristics,
            )

    def kept(self) -> tuple[KeptValue, ...]:
        """Returns the values to keep over a restart, which are those that differ from the declared
        ones.
        """
        changed = [
            KeptValue(address=variable.address, attribute_type=type_, value=attribute.value)
            for variable, type_, attribute in self._table.attributes()
            if attribute.persistent and attribute.value != attribute.declared
        ]
        return (*changed, *self._kept.values())

    def restore(self, kept: Iterable[KeptValue]) -> None:
        """Restores the values of an earlier run, also of variables that are declared later."""
        self._kept = {(each.address.place, each.attribute_type): each for each in kept}
        for variable, type_, attribute in tuple(self._table.attributes()):
            self._restore_attribute(variable, type_, attribute.active)

    def _keep_changed(self, variable: DeclaredVariable, type_: str) -> None:
        """Keeps a value that differs from the declared one, for the next declaration of the
        variable.
        """
        attribute = variable.attributes[type_]
        if attribute.persistent and attribute.value != attribute.declared:
            self._kept[variable.address.place, type_] = KeptValue(
                address=variable.address, attribute_type=type_, value=attribute.value
            )

    def _restore_attribute(
        self, variable: DeclaredVariable, type_: str, before: str | None
    ) -> None:
        """Restores the kept value of an attribute, if there is one, and tells observers of a
        change.
        """
        attribute = variable.attributes[type_]
        origin = ChangeOrigin.STATION
        kept = (
            self._kept.pop((variable.address.place, type_), None) if attribute.persistent else None
        )
        if kept is not None:
            refusal = None if kept.value is None else variable.refusal(kept.value, type_)
            if refusal is None:
                attribute.value = attribute.active = kept.value
                origin = ChangeOrigin.EARLIER_RUN
            else:
                self._notify_observers(
                    KeptValueRefused(
                        variable=variable.address, attribute_type=type_, reason=refusal.text
                    )
                )
        if attribute.active != before:
            self._tell_change(variable, type_, origin)

    def _accept_value(self, variable: DeclaredVariable, type_: str, text: str) -> None:
        attribute = variable.attributes[type_]
        if attribute.value == text:
            return
        attribute.value = text
        if not variable.reboot_required:
            attribute.active = text
        self._tell_change(variable, type_, ChangeOrigin.CSMS)

    def _tell_change(self, variable: DeclaredVariable, type_: str, origin: ChangeOrigin) -> None:
        attribute = variable.attributes[type_]
        self._notify_observers(
            VariableChanged(
                variable=variable.address,
                attribute_type=type_,
                origin=origin,
                is_kept=attribute.persistent,
                needs_reboot=attribute.active != attribute.value,
            )
        )

    def _notify_observers(self, event: VariableChanged | KeptValueRefused) -> None:
        for observer in tuple(self._observers):
            observer(event)

    def _address_of(self, key: VariableKey[Any]) -> VariableAddress:
        alias = self._aliases.get(key.name.casefold()) if key.component is None else None
        return VariableAddress.of(key if alias is None else alias)

    def _variable_of(self, key: VariableKey[Any]) -> DeclaredVariable:
        variable = self._table.find(self._address_of(key))
        if variable is None:
            raise KeyError(f"{key} is not a variable of this station [declare it]")
        return variable
