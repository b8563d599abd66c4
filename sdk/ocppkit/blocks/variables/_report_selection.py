"""Selects the variables of a report, for base reports and for criteria of a CSMS. [B07, B08]"""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from ocppkit.core import Mutability

from ._addresses import ComponentPlace
from ._declared_variables import AttributeType
from ._device_model import DeviceModel
from ._questions import BaseReportKind, ComponentCriterion, GetReport, ReportData

__all__ = ["base_report", "selected_report"]

_PROBLEMS: Final = frozenset({"problem", "tripped", "overload", "fallback"})
"""Variables that tell of a problem if they are true."""


def base_report(model: DeviceModel, kind: str) -> tuple[ReportData, ...] | None:
    """Returns the variables of a base report; `None` if there is no report of this kind.

    Args:
        model: the variables of the station.
        kind: a `BaseReportKind`.
    """
    match kind:
        case BaseReportKind.FULL_INVENTORY:
            # B07.FR.08.
            return tuple(model.report())
        case BaseReportKind.CONFIGURATION_INVENTORY:
            # B07.FR.07.
            return tuple(filter(_can_be_written, model.report()))
        case BaseReportKind.SUMMARY_INVENTORY:
            # B07.FR.09.
            return tuple(filter(_is_about_availability, model.report()))
        case _:
            return None


def selected_report(model: DeviceModel, command: GetReport) -> tuple[ReportData, ...] | None:
    """Returns the variables that a CSMS selects; `None` if a criterion is unknown. # B08"""
    if not set(command.component_criteria) <= set(ComponentCriterion):
        return None
    return tuple(
        each
        for component in _components(model)
        if _meets(component, command.component_criteria)
        for each in component
        if _is_selected(each, command)
    )


def _components(model: DeviceModel) -> Iterator[tuple[ReportData, ...]]:
    for _, found in groupby(model.report(), _component_place):
        yield tuple(found)


def _component_place(data: ReportData) -> ComponentPlace:
    return data.address.component_place


def _meets(component: tuple[ReportData, ...], criteria: tuple[str, ...]) -> bool:
    """Returns whether a component meets one of the criteria. # B08.FR.05"""
    values = {each.address.name.casefold(): _actual_value(each) for each in component}
    return not criteria or any(_criterion_holds(each, values) for each in criteria)


def _criterion_holds(criterion: str, values: dict[str, str | None]) -> bool:
    value = values.get(criterion.casefold())
    # B08.FR.07, 08, 09: a component without the variable counts as if it were true; B08.FR.10: but
    # for problems.
    is_missing = criterion.casefold() not in values and criterion != ComponentCriterion.PROBLEM
    return is_missing or value == "true"


def _is_selected(data: ReportData, command: GetReport) -> bool:
    selections = command.component_variables
    return not selections or any(each.match(data.address) for each in selections)


def _can_be_written(data: ReportData) -> bool:
    return any(each.mutability != Mutability.READ_ONLY for each in data.attributes)


def _is_about_availability(data: ReportData) -> bool:
    name = data.address.name.casefold()
    return name == "availabilitystate" or (name in _PROBLEMS and _actual_value(data) == "true")


def _actual_value(data: ReportData) -> str | None:
    for each in data.attributes:
        if each.type == AttributeType.ACTUAL:
            return each.value
    return None
