"""Reports of variables: base reports, selected reports, and the parts that they are sent in."""

from datetime import UTC, datetime
from typing import cast

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import CallRefused
from ocppkit.blocks import Moment, dialect_of
from ocppkit.blocks.variables import (
    BASIC_AUTH_PASSWORD,
    EVSE_POWER,
    HEARTBEAT_INTERVAL,
    ITEMS_PER_GET_REPORT,
    ITEMS_PER_GET_VARIABLES,
    LOCAL_AUTH_LIST_ENTRIES,
    SMART_CHARGING_ENABLED,
    STATION_SUPPLY_PHASES,
    TX_START_POINT,
    AttributeType,
    ComponentCriterion,
    GetBaseReport,
    GetReport,
    ReportData,
    ReportSelection,
    ReportStatus,
    VariableRules,
    VariablesBlock,
    VariablesReport,
    model_of,
)
from ocppkit.core import (
    BooleanKey,
    ErrorCode,
    IntegerKey,
    Mutability,
    Protocol,
    TextKey,
)
from support.block_exchange import ask, reports

NOW = Moment(0.0, datetime(2026, 5, 6, 12, tzinfo=UTC))
WITH_EVSES = pytest.mark.parametrize("protocol", [v201.PROTOCOL, v21.PROTOCOL])

PROBLEM = BooleanKey(component="Lamp", name="Problem")
LAMP = IntegerKey(component="Lamp", name="Brightness", mutability=(Mutability.READ_WRITE,))


def block_of(protocol: Protocol) -> VariablesBlock:
    rules = dialect_of(protocol).rules(VariableRules)
    return VariablesBlock(model_of(rules, evses={1: (1,), 2: (1, 2)}), rules)


def told(protocol: Protocol, block: VariablesBlock) -> list[VariablesReport]:
    return [cast(VariablesReport, each) for each in reports(protocol, block)]


def names(parts: list[VariablesReport]) -> list[str]:
    return [str(each.address) for part in parts for each in part.data]


def selected(
    protocol: Protocol,
    block: VariablesBlock,
    *selections: ReportSelection,
    criteria: tuple[str, ...] = (),
) -> list[str]:
    command = GetReport(request_id=1, component_criteria=criteria, component_variables=selections)
    assert ask(protocol, block, command, NOW).status == "Accepted"
    return names(told(protocol, block))


@WITH_EVSES
def test_a_full_inventory_has_all_that_is_required_with_what_is_known_of_it(  # B07
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    block.model[BASIC_AUTH_PASSWORD] = "never-to-be-told"
    command = GetBaseReport(request_id=42, report_base="FullInventory")
    assert ask(protocol, block, command, NOW).status == "Accepted"
    parts = told(protocol, block)
    found = {str(each.address): each for part in parts for each in part.data}
    # TC_B_13, TC_B_53.
    required = {
        str(each)
        for each in dialect_of(protocol).rules(VariableRules).standard
        if each.required and each.component in ("AuthCtrlr", "DeviceDataCtrlr", "OCPPCommCtrlr")
    }
    assert required - {"OCPPCommCtrlr.ActiveNetworkProfile"} <= set(found)
    assert len(found) == len(block.model)
    assert "Connector(EVSE 2, connector 2).Available" in found
    heartbeat = found["OCPPCommCtrlr.HeartbeatInterval"]
    assert heartbeat.characteristics is not None
    assert heartbeat.characteristics.data_type == "integer"
    assert (heartbeat.characteristics.unit, heartbeat.characteristics.min_limit) == ("s", 1)
    (attribute,) = heartbeat.attributes
    assert (attribute.value, attribute.mutability, attribute.persistent) == (
        "86400", "ReadWrite", True,
    )  # fmt: skip
    limit = found["LocalAuthListCtrlr.Entries"].characteristics
    assert limit is not None
    assert limit.max_limit == 1000
    points = found["TxCtrlr.TxStartPoint"].characteristics
    assert points is not None
    assert "EVConnected" in points.values
    # B07.FR.13: what is only written is there without its value.
    (password,) = found["SecurityCtrlr.BasicAuthPassword"].attributes
    assert (password.value, password.mutability) == (None, "WriteOnly")


@WITH_EVSES
def test_parts_are_numbered_from_0_and_all_but_the_last_say_that_more_follow(  # B07
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    block.model[ITEMS_PER_GET_REPORT] = 20
    for request_id in (7, 8):
        command = GetBaseReport(request_id=request_id, report_base="FullInventory")
        ask(protocol, block, command, NOW)
        parts = told(protocol, block)
        assert [part.seq_no for part in parts] == list(range(len(parts)))
        assert [part.tbc for part in parts] == [True] * (len(parts) - 1) + [False]
        assert {part.request_id for part in parts} == {request_id}
        assert {part.generated_at for part in parts} == {NOW.wall}
        assert all(len(part.data) == 20 for part in parts[:-1])
        assert sum(len(part.data) for part in parts) == len(block.model)


@WITH_EVSES
def test_a_configuration_inventory_has_what_the_csms_may_write(protocol: Protocol) -> None:  # B07
    block = block_of(protocol)
    command = GetBaseReport(request_id=1, report_base="ConfigurationInventory")
    assert ask(protocol, block, command, NOW).status == "Accepted"
    found = names(told(protocol, block))
    assert str(HEARTBEAT_INTERVAL) in found
    assert str(BASIC_AUTH_PASSWORD) in found
    assert str(ITEMS_PER_GET_VARIABLES) not in found


@WITH_EVSES
def test_a_summary_inventory_has_availability_and_problems(protocol: Protocol) -> None:  # B07
    block = block_of(protocol)
    block.model.declare(PROBLEM, False)
    command = GetBaseReport(request_id=1, report_base="SummaryInventory")
    assert ask(protocol, block, command, NOW).status == "Accepted"
    found = names(told(protocol, block))
    assert "EVSE(EVSE 1).AvailabilityState" in found
    assert "Lamp.Problem" not in found
    block.model[PROBLEM] = True
    ask(protocol, block, command, NOW)
    assert "Lamp.Problem" in names(told(protocol, block))
    assert str(HEARTBEAT_INTERVAL) not in found


@WITH_EVSES
def test_an_unknown_base_is_not_supported_and_nothing_follows(protocol: Protocol) -> None:  # B07
    block = block_of(protocol)
    command = GetBaseReport(request_id=1, report_base="Everything")
    assert block.get_base_report(command, NOW).status == ReportStatus.NOT_SUPPORTED
    assert block.next_report() is None


@WITH_EVSES
def test_a_variable_is_selected_with_all_its_instances_and_evses(protocol: Protocol) -> None:  # B08
    block = block_of(protocol)
    items = ReportSelection(component="DeviceDataCtrlr", name="itemspermessage")
    # TC_B_54: no instance means all.
    assert selected(protocol, block, items) == [
        f"DeviceDataCtrlr.ItemsPerMessage[{each}]"
        for each in ("GetReport", "GetVariables", "SetVariables")
    ]
    # TC_B_55.
    one = ReportSelection.of(ITEMS_PER_GET_VARIABLES)
    assert selected(protocol, block, one) == ["DeviceDataCtrlr.ItemsPerMessage[GetVariables]"]
    # TC_B_56: no EVSE means all.
    assert selected(protocol, block, ReportSelection.of(EVSE_POWER)) == [
        "EVSE(EVSE 1).Power",
        "EVSE(EVSE 2).Power",
    ]
    assert selected(protocol, block, ReportSelection.of(EVSE_POWER.on_evse(2))) == [
        "EVSE(EVSE 2).Power"
    ]
    # An EVSE without a connector means all its connectors.
    connectors = ReportSelection(component="Connector", evse_id=2, name="Available")
    assert selected(protocol, block, connectors) == [
        "Connector(EVSE 2, connector 1).Available",
        "Connector(EVSE 2, connector 2).Available",
    ]
    # A component without a variable means all its variables.
    everything = selected(protocol, block, ReportSelection(component="evse", evse_id=1))
    assert set(everything) >= {"EVSE(EVSE 1).Power", "EVSE(EVSE 1).Available"}
    both = selected(protocol, block, one, ReportSelection.of(TX_START_POINT))
    assert both == ["DeviceDataCtrlr.ItemsPerMessage[GetVariables]", "TxCtrlr.TxStartPoint"]


@WITH_EVSES
def test_criteria_select_components_and_one_is_enough(protocol: Protocol) -> None:  # B08
    block = block_of(protocol)
    block.model[SMART_CHARGING_ENABLED] = False
    block.model.declare(PROBLEM, True)
    block.model.declare(LAMP, 5)
    enabled = selected(protocol, block, criteria=(ComponentCriterion.ENABLED,))
    # TC_B_16: what lacks the variable counts as enabled.
    assert str(HEARTBEAT_INTERVAL) in enabled
    assert str(LAMP) in enabled
    assert str(SMART_CHARGING_ENABLED) not in enabled
    # Of problems, it does not.
    problems = selected(protocol, block, criteria=(ComponentCriterion.PROBLEM,))
    assert problems == ["Lamp.Problem", "Lamp.Brightness"]
    both = selected(
        protocol, block, criteria=(ComponentCriterion.ENABLED, ComponentCriterion.PROBLEM)
    )
    assert set(both) == set(enabled) | set(problems)
    # TC_B_18: criteria and variables must both fit.
    wanted = (ReportSelection.of(LAMP), ReportSelection.of(SMART_CHARGING_ENABLED))
    assert selected(protocol, block, *wanted, criteria=(ComponentCriterion.ENABLED,)) == [
        "Lamp.Brightness"
    ]


@WITH_EVSES
def test_nothing_that_fits_is_an_empty_result_set(protocol: Protocol) -> None:  # B08
    block = block_of(protocol)
    for command in (
        GetReport(request_id=1, component_variables=(ReportSelection(component="Nothing"),)),
        GetReport(request_id=1, component_criteria=(ComponentCriterion.PROBLEM,)),
    ):
        assert ask(protocol, block, command, NOW).status == ReportStatus.EMPTY_RESULT_SET
        assert block.next_report() is None


@WITH_EVSES
def test_an_unknown_criterion_is_not_supported(protocol: Protocol) -> None:  # B08
    block = block_of(protocol)
    command = GetReport(request_id=1, component_criteria=("Active", "Lovely"))
    assert block.get_report(command, NOW).status == ReportStatus.NOT_SUPPORTED
    assert block.next_report() is None


@WITH_EVSES
def test_more_selections_than_the_station_takes_are_an_error(protocol: Protocol) -> None:  # B08
    block = block_of(protocol)
    block.model[ITEMS_PER_GET_REPORT] = 1
    one = ReportSelection.of(HEARTBEAT_INTERVAL)
    with pytest.raises(CallRefused) as refused:
        ask(protocol, block, GetReport(request_id=1, component_variables=(one, one)), NOW)
    assert refused.value.code == ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
    assert block.next_report() is None


@WITH_EVSES
def test_all_attributes_and_limits_of_a_variable_are_told(protocol: Protocol) -> None:  # B07
    block = block_of(protocol)
    items = TextKey(component="Lamp", component_instance="left", name="Colour", values=("r", "g"))
    block.model.declare(items, "r", max_limit=20, max_elements=2, constant=True)
    block.model.declare_attribute(items, AttributeType.TARGET, "g", persistent=False)
    selection = ReportSelection.of(items)
    ask(protocol, block, GetReport(request_id=1, component_variables=(selection,)), NOW)
    ((data,),) = (part.data for part in told(protocol, block))
    assert isinstance(data, ReportData)
    assert data.address.component_instance == "left"
    assert [(each.type, each.value, each.constant) for each in data.attributes] == [
        ("Actual", "r", True),
        ("Target", "g", False),
    ]
    known = data.characteristics
    assert known is not None
    assert (known.values, known.max_limit) == (("r", "g"), 20)
    assert known.max_elements == (2 if protocol is v21.PROTOCOL else None)


@WITH_EVSES
def test_a_long_list_of_values_is_told_as_far_as_it_fits(protocol: Protocol) -> None:  # B07
    block = block_of(protocol)
    key = TextKey(component="Lamp", name="Colour")
    block.model.declare(key, values=[f"colour-{number:04}" for number in range(200)])
    ask(
        protocol,
        block,
        GetReport(request_id=1, component_variables=(ReportSelection.of(key),)),
        NOW,
    )
    ((data,),) = (part.data for part in told(protocol, block))
    known = data.characteristics
    assert known is not None
    assert known.values == tuple(f"colour-{number:04}" for number in range(83))


def test_the_greatest_number_of_tokens_is_a_limit_of_the_variable() -> None:
    model = block_of(v201.PROTOCOL).model
    assert model.characteristics(LOCAL_AUTH_LIST_ENTRIES).max_limit == 1000
    assert model[LOCAL_AUTH_LIST_ENTRIES] == 0
    assert STATION_SUPPLY_PHASES in model


def test_1_6_has_no_reports() -> None:
    assert GetBaseReport not in dialect_of(v16.PROTOCOL).request_of
    block = block_of(v16.PROTOCOL)
    block.get_base_report(GetBaseReport(request_id=1, report_base="FullInventory"), NOW)
    assert list(reports(v16.PROTOCOL, block)) == []
