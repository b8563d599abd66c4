"""The variables of a station as a CSMS knows them, to check values before they are sent."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ocppkit.core import (
    BooleanKey,
    DataType,
    DateTimeKey,
    DecimalKey,
    IntegerKey,
    ListKey,
    Mutability,
    TextKey,
    VariableKey,
)

from ._addresses import VariableAddress
from ._declared_variables import (
    DeclaredVariable,
    StoredAttribute,
    ValueRefusal,
    VariableAttribute,
    VariableCharacteristics,
    data_type_of,
    mutability_of,
)
from ._device_model import DeviceModel
from ._passwords import password_refusal
from ._questions import ReportData, SetVariableData, VariableStatus
from ._setting_keys import BASIC_AUTH_PASSWORD, CONFIGURATION_VALUE_SIZE
from ._standard_settings import VariableRules

__all__ = ["ReportedVariables"]

_KEYS: Final[Mapping[str, type[VariableKey[Any]]]] = {
    DataType.BOOLEAN: BooleanKey,
    DataType.DATE_TIME: DateTimeKey,
    DataType.DECIMAL: DecimalKey,
    DataType.INTEGER: IntegerKey,
    DataType.MEMBER_LIST: ListKey,
    DataType.SEQUENCE_LIST: ListKey,
}


class ReportedVariables(DeviceModel):
    """The variables of a station, as far as a CSMS knows them from reports.

    Of the variables of OCPP it knows the type and what a CSMS may do with them; of those that the station
    has reported it knows the limits and the values too.
    """

    def __init__(self, rules: VariableRules, reported: Iterable[ReportData] = ()) -> None:
        """Sets the variables that were reported.

        Args:
            rules: those of the OCPP version.
            reported: what the station has reported.
        """
        super().__init__({each.key.name: each.variable for each in rules.configuration_keys})
        self._rules = rules
        for key in rules.standard:
            known = VariableCharacteristics(data_type=data_type_of(key))
            may = Mutability.READ_WRITE if key.mutability is None else mutability_of(key)
            actual = VariableAttribute(mutability=may)
            self._put(key, VariableAddress.of(key), known, (actual,))
        for each in reported:
            self._put_reported(each)
        if BASIC_AUTH_PASSWORD in self:
            self.check(BASIC_AUTH_PASSWORD, lambda text: password_refusal(text, rules))

    def write_refusal(self, data: SetVariableData) -> ValueRefusal | None:
        """Returns the reason why a station would refuse a value; `None` if nothing known forbids
        it.
        """
        found = self._table.look_up(data.address, data.attribute_type)
        if isinstance(found, VariableStatus):
            return None
        longest = self.get(CONFIGURATION_VALUE_SIZE, self._rules.set_value_size)
        return found[0].write_refusal(data.value, data.attribute_type, longest)

    def _put_reported(self, data: ReportData) -> None:
        standard = self._table.find(data.address)
        known = data.characteristics
        if standard is not None:
            key = standard.key
            known = known or standard.characteristics
        else:
            data_type = DataType.STRING if known is None else known.data_type
            key = _KEYS.get(data_type, TextKey)(
                component=data.address.component, name=data.address.name
            )
            known = known or VariableCharacteristics(data_type=data_type)
        self._put(key, data.address, known, data.attributes)

    def _put(
        self,
        key: VariableKey[Any],
        address: VariableAddress,
        known: VariableCharacteristics,
        attributes: Iterable[VariableAttribute],
    ) -> None:
        variable = DeclaredVariable(key, address, known, reboot_required=False)
        for each in attributes:
            # A station may use words that OCPP does not have.
            may = each.mutability if each.mutability in list(Mutability) else Mutability.READ_WRITE
            variable.attributes[each.type] = StoredAttribute(
                each.value if _is_value(key, each.value) else None,
                Mutability(may),
                persistent=each.persistent,
                constant=each.constant,
            )
        self._table.put(variable)


def _is_value(key: VariableKey[Any], text: str | None) -> bool:
    try:
        return text is not None and key.parse(text) is not None
    except ValueError:
        return False
