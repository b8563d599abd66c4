"""Commands, reports and events about variables, in one form for all versions of OCPP."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, Self, TypeVar

from msgspec import Struct

from ocppkit.core import ErrorCode, VariableKey

from .._commands_and_reports import Command, CommandAnswer, Event, Report, ReportReply
from ._addresses import VariableAddress
from ._declared_variables import AttributeType, VariableAttribute, VariableCharacteristics

__all__ = [
    "BaseReportKind",
    "ChangeOrigin",
    "ComponentCriterion",
    "GetBaseReport",
    "GetReport",
    "GetVariableResult",
    "GetVariables",
    "GetVariablesAnswer",
    "KeptValueRefused",
    "ReportAnswer",
    "ReportData",
    "ReportSelection",
    "ReportStatus",
    "SetVariableData",
    "SetVariableResult",
    "SetVariables",
    "SetVariablesAnswer",
    "VariableChanged",
    "VariableQuery",
    "VariableStatus",
    "VariablesReport",
]

T = TypeVar("T")


class VariableStatus(StrEnum):
    """The result of reading or writing a variable."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    UNKNOWN_COMPONENT = "UnknownComponent"
    UNKNOWN_VARIABLE = "UnknownVariable"
    NOT_SUPPORTED_ATTRIBUTE_TYPE = "NotSupportedAttributeType"
    REBOOT_REQUIRED = "RebootRequired"
    """Stored; it takes effect at the next start."""


class VariableQuery(Struct, frozen=True, kw_only=True):
    """One value that a CSMS wants to read."""

    address: VariableAddress
    attribute_type: str = AttributeType.ACTUAL


class GetVariableResult(Struct, frozen=True, kw_only=True):
    """One value that was read, or the reason why there is none."""

    address: VariableAddress
    """As it was asked for."""

    attribute_type: str = AttributeType.ACTUAL
    status: str
    """A `VariableStatus`."""

    value: str | None = None
    """`None` if it is not set."""

    reason_code: str | None = None
    additional_info: str | None = None
    mutability: str | None = None
    """What a CSMS may do with it; OCPP 2.x tells it in reports only."""

    characteristics: VariableCharacteristics | None = None
    """What is known of its values; OCPP 2.x tells it in reports only, OCPP 1.6 at most the greatest value."""


class GetVariablesAnswer(CommandAnswer, frozen=True, kw_only=True):
    """The station's answer to `GetVariables`."""

    results: tuple[GetVariableResult, ...] = ()
    """In the order of the query."""

    error: ErrorCode | None = None
    """The error code that the whole query is answered with, such as for too many items."""

    def value(self, key: VariableKey[T]) -> T | None:
        """Returns a value that was read; `None` if it was not asked for, not accepted, or is not
        set.

        Raises:
            ValueError: the station sent a text that is no value of the key.
        """
        place = VariableAddress.of(key).place
        for each in self.results:
            if (
                each.address.place == place
                and each.status == VariableStatus.ACCEPTED
                and each.value
            ):
                return key.parse(each.value)
        return None


class GetVariables(Command[GetVariablesAnswer], frozen=True, kw_only=True):
    """Command: reads values of variables or configuration keys. # B06"""

    data: tuple[VariableQuery, ...] | None
    """`None` for all; only OCPP 1.6 can ask for that, OCPP 2.x has reports."""

    @classmethod
    def of(cls, *keys: VariableKey[Any]) -> Self:
        """Returns the command that reads the actual values of the keys."""
        return cls(data=tuple(VariableQuery(address=VariableAddress.of(key)) for key in keys))

    def split(self, most: int) -> tuple[Self, ...]:
        """Returns several commands that read the same values, each with a limited number of items.
        # B06.FR.05

        Args:
            most: the greatest number: ItemsPerMessage, or GetConfigurationMaxKeys in 1.6.
        """
        if self.data is None:
            return (self,)
        return tuple(type(self)(data=data) for data in _split_items(self.data, most))


class SetVariableData(Struct, frozen=True, kw_only=True):
    """One value that a CSMS wants to write."""

    address: VariableAddress
    value: str
    attribute_type: str = AttributeType.ACTUAL

    @classmethod
    def of(cls, key: VariableKey[T], value: T) -> Self:
        """Returns an item that writes the actual value of a key.

        Raises:
            ValueError: the value has no text, such as an infinite number.
        """
        return cls(address=VariableAddress.of(key), value=key.format(value))


class SetVariableResult(Struct, frozen=True, kw_only=True):
    """The result for one item of `SetVariables`."""

    address: VariableAddress
    """As it was named."""

    attribute_type: str = AttributeType.ACTUAL
    status: str
    """A `VariableStatus`."""

    reason_code: str | None = None
    additional_info: str | None = None


class SetVariablesAnswer(CommandAnswer, frozen=True, kw_only=True):
    """The station's answer to `SetVariables`."""

    results: tuple[SetVariableResult, ...] = ()
    """In the order of the command."""

    error: ErrorCode | None = None
    """The error code that the whole command is answered with, such as for too many items."""

    def status(self, key: VariableKey[Any]) -> str | None:
        """Returns the status of a variable; `None` if the command did not write it."""
        place = VariableAddress.of(key).place
        return next((each.status for each in self.results if each.address.place == place), None)


class SetVariables(Command[SetVariablesAnswer], frozen=True, kw_only=True):
    """Command: writes values of variables, or one configuration key. # B05"""

    data: tuple[SetVariableData, ...]

    def split(self, most: int) -> tuple[Self, ...]:
        """Returns several commands that write the same values, each with a limited number of items.
        # B05.FR.11

        Args:
            most: the greatest number: ItemsPerMessage; 1 in OCPP 1.6.
        """
        return tuple(type(self)(data=data) for data in _split_items(self.data, most))


class ReportStatus(StrEnum):
    """The station's answer to a request for a report."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    NOT_SUPPORTED = "NotSupported"
    EMPTY_RESULT_SET = "EmptyResultSet"


class ReportAnswer(CommandAnswer, frozen=True, kw_only=True):
    """The station's answer to `GetBaseReport` and `GetReport`. The report follows."""

    status: str
    """A `ReportStatus`."""

    reason_code: str | None = None
    additional_info: str | None = None
    error: ErrorCode | None = None
    """The error code that the command is answered with instead, such as for too many items."""


class BaseReportKind(StrEnum):
    """The kinds of reports without a selection of variables."""

    CONFIGURATION_INVENTORY = "ConfigurationInventory"
    """What a CSMS may write."""

    FULL_INVENTORY = "FullInventory"
    """All variables."""

    SUMMARY_INVENTORY = "SummaryInventory"
    """Availability and problems."""


class GetBaseReport(Command[ReportAnswer], frozen=True, kw_only=True):
    """Command: asks for a report without a selection of variables. # B07"""

    request_id: int
    report_base: str
    """A `BaseReportKind`."""


class ComponentCriterion(StrEnum):
    """Selects components by one of their variables."""

    ACTIVE = "Active"
    AVAILABLE = "Available"
    ENABLED = "Enabled"
    PROBLEM = "Problem"


class ReportSelection(Struct, frozen=True, kw_only=True):
    """Selects variables by name. An absent member matches anything."""

    component: str
    component_instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    name: str | None = None
    """Name of the variable."""

    instance: str | None = None

    @classmethod
    def of(cls, key: VariableKey[Any]) -> Self:
        """Returns a selection of the variables of a key, on all EVSEs if the key names none."""
        address = VariableAddress.of(key)
        return cls(
            component=address.component,
            component_instance=address.component_instance,
            evse_id=address.evse_id,
            connector_id=address.connector_id,
            name=address.name,
            instance=address.instance,
        )

    def match(self, address: VariableAddress) -> bool:
        """Returns whether an address matches all given members. # B08.FR.20-25"""
        texts = (
            (self.component, address.component),
            (self.component_instance, address.component_instance),
            (self.name, address.name),
            (self.instance, address.instance),
        )
        return (
            all(_matches(wanted, found) for wanted, found in texts)
            and self.evse_id in (None, address.evse_id)
            and self.connector_id in (None, address.connector_id)
        )


class GetReport(Command[ReportAnswer], frozen=True, kw_only=True):
    """Command: asks for a report of selected components and variables. # B08"""

    request_id: int
    component_criteria: tuple[str, ...] = ()
    """Of the type `ComponentCriterion`; a component must meet one of them. Empty for all components."""

    component_variables: tuple[ReportSelection, ...] = ()
    """A variable must fit one of them. Empty for all variables."""


class ReportData(Struct, frozen=True, kw_only=True):
    """One variable in a report."""

    address: VariableAddress
    attributes: tuple[VariableAttribute, ...]
    characteristics: VariableCharacteristics | None = None


class VariablesReport(Report[ReportReply], frozen=True, kw_only=True):
    """Report: one part of a report of variables that the CSMS has asked for. # B07, B08"""

    request_id: int
    generated_at: datetime
    seq_no: int
    """Begins with 0 in each report."""

    tbc: bool = False
    """Whether more parts follow."""

    data: tuple[ReportData, ...] = ()


class ChangeOrigin(StrEnum):
    """Who has set the value of a variable."""

    CSMS = "CSMS"
    STATION = "Station"
    """The program, or a block."""

    EARLIER_RUN = "EarlierRun"
    """It was kept over a restart."""


class VariableChanged(Event, frozen=True, kw_only=True):
    """Event: a variable has another value. The new value can be read from the device model."""

    variable: VariableAddress
    attribute_type: str = AttributeType.ACTUAL
    origin: ChangeOrigin = ChangeOrigin.STATION
    is_kept: bool = False
    """Whether such values are kept over a restart."""

    needs_reboot: bool = False
    """Whether it takes effect at the next start only."""

    def is_of(self, key: VariableKey[Any]) -> bool:
        """Returns whether the event is about the actual value of a key."""
        return self.attribute_type == AttributeType.ACTUAL and self.variable.is_of(key)


class KeptValueRefused(Event, frozen=True, kw_only=True):
    """Event: a value that was kept over a restart does not fit the variable any more, so the
    declared one is used.
    """

    variable: VariableAddress
    attribute_type: str
    reason: str


def _split_items(items: tuple[T, ...], most: int) -> Iterator[tuple[T, ...]]:
    for start in range(0, len(items), most):
        yield items[start : start + most]


def _matches(wanted: str | None, found: str | None) -> bool:
    return wanted is None or (found is not None and wanted.casefold() == found.casefold())
