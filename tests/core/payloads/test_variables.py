"""Keys of settings lead from texts on the wire to typed values and back."""

from datetime import UTC, datetime
from importlib import import_module
from math import inf, nan

import pytest

from ocppkit.core import (
    BooleanKey,
    DateTimeKey,
    DecimalKey,
    IntegerKey,
    ListKey,
    Mutability,
    TextKey,
    VariableKey,
)

NOON = datetime(2026, 5, 6, 12, tzinfo=UTC)
VERSIONS = {"v16": 52, "v201": 254, "v21": 437}


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        (IntegerKey(name="A"), "300", 300),
        (IntegerKey(name="A"), " -5 ", -5),
        (DecimalKey(name="A"), "1e3", 1000.0),
        (DecimalKey(name="A"), "-0.25", -0.25),
        (BooleanKey(name="A"), "true", True),
        (BooleanKey(name="A"), "FALSE", False),
        (DateTimeKey(name="A"), "2026-05-06T14:00:00+02:00", NOON),
        (ListKey(name="A"), "Voltage, Current.Import", ("Voltage", "Current.Import")),
        (ListKey(name="A"), "", ()),
        (TextKey(name="A"), " as it is ", " as it is "),
    ],
)
def test_a_text_becomes_a_value(key: VariableKey[object], text: str, value: object) -> None:
    assert key.parse(text) == value
    assert type(key.parse(text)) is type(value)
    assert key.parse(key.format(value)) == value


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        (IntegerKey(name="A"), 300, "300"),
        (DecimalKey(name="A"), 0.1, "0.1"),
        (DecimalKey(name="A"), 5.0, "5"),
        (DecimalKey(name="A"), 1e22, "10000000000000000000000"),
        (DecimalKey(name="A"), -1.25e-07, "-0.000000125"),
        (BooleanKey(name="A"), True, "true"),
        (DateTimeKey(name="A"), NOON, "2026-05-06T12:00:00Z"),
        (ListKey(name="A"), ("Voltage", "Frequency"), "Voltage,Frequency"),
    ],
)
def test_a_value_becomes_a_text(key: VariableKey[object], value: object, text: str) -> None:
    assert key.format(value) == text


@pytest.mark.parametrize(
    ("key", "text", "problem"),
    [
        (IntegerKey(component="C", name="A"), "1.5", "C.A: '1.5' is not an integer"),
        (IntegerKey(name="A"), "٣", "A: '٣' is not an integer"),
        (DecimalKey(name="A", instance="x"), "NaN", "A[x]: 'NaN' is not a number"),
        (DecimalKey(name="A"), "much", "A: 'much' is not a number"),
        (DecimalKey(name="A"), "1_0", "A: '1_0' is not a number"),
        (BooleanKey(name="A"), "1", "A: '1' is not true or false"),
        (
            DateTimeKey(name="A"),
            "2026-05-06",
            "A: '2026-05-06' is not a date-time with an offset from UTC",
        ),
    ],
)
def test_a_text_of_another_type_is_refused(
    key: VariableKey[object], text: str, problem: str
) -> None:
    with pytest.raises(ValueError, match="is not") as caught:
        key.parse(text)
    assert str(caught.value) == problem


def test_an_integer_has_no_more_digits_than_python_converts() -> None:
    key, longest = IntegerKey(name="A"), "9" * 4300
    assert key.format(key.parse(longest)) == longest
    with pytest.raises(ValueError, match=r"^A: '9{80}'\.\.\. is not an integer$"):
        key.parse(longest + "9")
    with pytest.raises(ValueError, match=r"^A: .*4300 digits"):
        key.format(10**4300)


@pytest.mark.parametrize("value", [inf, -inf, nan])
def test_a_number_that_cannot_be_read_back_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match=r"A: '-?(inf|nan)' is not a number"):
        DecimalKey(name="A").format(value)


def test_a_key_moves_to_a_component_and_to_an_instance() -> None:
    key = IntegerKey(name="Count", units=("s",))
    there = key.at("Sensor").of("left")
    assert (str(key), str(there), there.units) == ("Count", "Sensor.Count[left]", ("s",))
    assert type(there) is IntegerKey


def test_the_base_class_knows_no_type() -> None:
    key: VariableKey[int] = VariableKey(name="A")
    with pytest.raises(NotImplementedError):
        key.parse("1")
    with pytest.raises(NotImplementedError):
        key.format(1)


@pytest.mark.parametrize(("package", "count"), VERSIONS.items())
def test_each_standard_key_is_there_once(package: str, count: int) -> None:
    keys: tuple[VariableKey[object], ...] = import_module(f"ocppkit.{package}.variables").STANDARD
    assert len(keys) == len({str(key) for key in keys})
    assert len(keys) == count


def test_mutability_is_left_out_where_no_source_says_it() -> None:
    keys: tuple[VariableKey[object], ...] = import_module("ocppkit.v21.variables").STANDARD
    assert sum(key.mutability is None for key in keys) == 285
    heartbeat = import_module("ocppkit.v21.variables").OCPPCommCtrlr.HEARTBEAT_INTERVAL
    assert heartbeat.mutability == (Mutability.READ_WRITE,)
    assert heartbeat.units == ("s",)


def test_a_key_names_an_evse_a_connector_and_an_instance_of_a_component() -> None:
    key = IntegerKey(component="Connector", name="SupplyPhases")
    assert str(key.on_evse(2)) == "Connector(EVSE 2).SupplyPhases"
    assert str(key.on_evse(2, 1).of("x")) == "Connector(EVSE 2, connector 1).SupplyPhases[x]"
    named = TextKey(component="NetworkConfiguration", component_instance="1", name="OcppCsmsUrl")
    assert str(named) == "NetworkConfiguration[1].OcppCsmsUrl"
