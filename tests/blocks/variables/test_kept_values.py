"""What a station keeps of its variables over a restart, and what it makes of what was kept."""

from datetime import UTC, datetime

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import Moment, dialect_of
from ocppkit.blocks.variables import (
    BASIC_AUTH_PASSWORD,
    EV_CONNECTION_TIME_OUT,
    EVSE_AVAILABLE,
    EVSE_POWER,
    HEARTBEAT_INTERVAL,
    MESSAGE_ATTEMPTS,
    AttributeType,
    BasicAuthPasswordChanged,
    ChangeOrigin,
    DeviceModel,
    KeptValueRefused,
    SetVariableData,
    SetVariables,
    ValueRefusal,
    VariableAddress,
    VariableChanged,
    VariableRules,
    VariablesBlock,
    declare_standard,
    model_of,
)
from ocppkit.core import DateTimeKey, IntegerKey, ListKey, Mutability, Protocol, TextKey
from support.block_exchange import ask

NOW = Moment(0.0, datetime(2026, 5, 6, 12, tzinfo=UTC))
ALL = pytest.mark.parametrize("protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL])

WIDTH = IntegerKey(component="Display", name="Width", mutability=(Mutability.READ_WRITE,))


def rules_of(protocol: Protocol) -> VariableRules:
    return dialect_of(protocol).rules(VariableRules)


def block_of(protocol: Protocol) -> VariablesBlock:
    return VariablesBlock(model_of(rules_of(protocol), evses={1: (1,)}), rules_of(protocol))


def after_a_restart(protocol: Protocol, state: bytes) -> VariablesBlock:
    block = block_of(protocol)
    block.restore(state, NOW)
    return block


@ALL
def test_what_the_csms_wrote_is_there_after_a_restart(protocol: Protocol) -> None:  # B05
    block = block_of(protocol)
    command = SetVariables(data=(SetVariableData.of(HEARTBEAT_INTERVAL, 300),))
    ask(protocol, block, command, NOW)
    again = after_a_restart(protocol, block.state())
    assert again.model[HEARTBEAT_INTERVAL] == 300
    event = again.next_event()
    assert isinstance(event, VariableChanged)
    assert event.is_of(HEARTBEAT_INTERVAL)
    # It need not be written again.
    assert not again.has_changed
    assert again.state() == block.state()


@ALL
def test_a_password_is_told_again_after_a_restart(protocol: Protocol) -> None:  # A01
    block = block_of(protocol)
    command = SetVariables(data=(SetVariableData.of(BASIC_AUTH_PASSWORD, "a" * 40),))
    ask(protocol, block, command, NOW)
    again = after_a_restart(protocol, block.state())
    assert isinstance(again.next_event(), VariableChanged)
    event = again.next_event()
    assert isinstance(event, BasicAuthPasswordChanged)
    # What the program sets itself, it is not told.
    again.model[BASIC_AUTH_PASSWORD] = "b" * 40
    assert isinstance(again.next_event(), VariableChanged)
    assert again.next_event() is None


def test_what_nobody_set_follows_the_next_release_of_the_program() -> None:
    block = block_of(v201.PROTOCOL)
    state = block.state()
    again = block_of(v201.PROTOCOL)
    again.model.set_default(EV_CONNECTION_TIME_OUT, 120)
    again.restore(state, NOW)
    assert again.model[EV_CONNECTION_TIME_OUT] == 120


def test_a_default_does_not_displace_what_was_set() -> None:
    model = block_of(v201.PROTOCOL).model
    model[EV_CONNECTION_TIME_OUT] = 90
    model.set_default(EV_CONNECTION_TIME_OUT, 120)
    assert model[EV_CONNECTION_TIME_OUT] == 90
    with pytest.raises(ValueError, match="more than 86400"):
        model.set_default(EV_CONNECTION_TIME_OUT, 100_000)


def test_readings_are_not_kept() -> None:
    block = block_of(v201.PROTOCOL)
    block.has_changed = False
    block.model[EVSE_POWER.on_evse(1)] = 11000.0
    assert not block.has_changed
    assert b"11000" not in block.state()


def test_a_reading_is_kept_if_the_program_wants_it() -> None:
    block = block_of(v201.PROTOCOL)
    block.model.declare(EVSE_AVAILABLE.on_evse(1), True, persistent=True)
    block.model[EVSE_AVAILABLE.on_evse(1)] = False
    assert block.has_changed
    again = block_of(v201.PROTOCOL)
    again.model.declare(EVSE_AVAILABLE.on_evse(1), True, persistent=True)
    again.restore(block.state(), NOW)
    assert again.model[EVSE_AVAILABLE.on_evse(1)] is False


def test_what_is_declared_later_gets_its_kept_value_then() -> None:
    block = block_of(v201.PROTOCOL)
    block.model.declare(WIDTH, 5)
    block.model.declare_attribute(WIDTH, AttributeType.TARGET, 6)
    block.model[WIDTH] = 7
    block.model.set(WIDTH, 8, attribute_type=AttributeType.TARGET)
    again = after_a_restart(v201.PROTOCOL, block.state())
    # It is kept on, as long as the variable is not there.
    assert again.state() == block.state()
    again.model.declare(WIDTH, 5)
    again.model.declare_attribute(WIDTH, AttributeType.TARGET, 6)
    assert again.model[WIDTH] == 7
    assert again.model.get(WIDTH, 0, attribute_type=AttributeType.TARGET) == 8
    events = [again.next_event(), again.next_event(), again.next_event()]
    assert [each.origin for each in events if isinstance(each, VariableChanged)] == [
        ChangeOrigin.EARLIER_RUN,
        ChangeOrigin.EARLIER_RUN,
    ]


def test_only_a_value_that_differs_is_told_when_a_variable_is_declared_anew() -> None:
    block = block_of(v201.PROTOCOL)
    block.model.declare(WIDTH, 5)
    block.model[WIDTH] = 7
    assert isinstance(block.next_event(), VariableChanged)
    block.model.declare(WIDTH, 6)
    assert block.next_event() is None
    block.model.remove(WIDTH)
    block.model.declare(WIDTH, 5)
    assert block.next_event() is None
    block.model.declare(WIDTH, 6)
    event = block.next_event()
    assert isinstance(event, VariableChanged)
    assert event.origin is ChangeOrigin.STATION


def test_a_variable_that_is_declared_anew_keeps_its_value_and_its_checks() -> None:
    block = block_of(v201.PROTOCOL)
    block.model.check(MESSAGE_ATTEMPTS, lambda value: "no" if value == 13 else None)
    block.model.declare_attribute(MESSAGE_ATTEMPTS, AttributeType.MAX_SET, 20)
    block.model[MESSAGE_ATTEMPTS] = 7
    block.model.declare(MESSAGE_ATTEMPTS, 3, max_limit=15)
    assert block.model[MESSAGE_ATTEMPTS] == 7
    assert block.model.characteristics(MESSAGE_ATTEMPTS).max_limit == 15
    address = VariableAddress.of(MESSAGE_ATTEMPTS)
    assert block.model.write(address, "13").status == "Rejected"
    assert block.model.get(MESSAGE_ATTEMPTS, 0, attribute_type=AttributeType.MAX_SET) == 20


def test_a_kept_value_that_does_not_fit_any_more_is_told_and_the_default_counts() -> None:
    block = block_of(v201.PROTOCOL)
    block.model[EV_CONNECTION_TIME_OUT] = 900
    state = block.state()
    again = block_of(v201.PROTOCOL)
    again.model.declare(EV_CONNECTION_TIME_OUT, 60, max_limit=600)
    again.restore(state, NOW)
    assert again.next_event() == KeptValueRefused(
        variable=VariableAddress.of(EV_CONNECTION_TIME_OUT),
        attribute_type="Actual",
        reason="more than 600",
    )
    assert again.model[EV_CONNECTION_TIME_OUT] == 60


@pytest.mark.parametrize("state", [b"", b"{", b"[]", b'{"format":2}', b'{"format":1,"values":5}'])
def test_a_torn_or_foreign_state_is_refused_and_changes_nothing(state: bytes) -> None:
    block = block_of(v201.PROTOCOL)
    with pytest.raises(ValueError, match="the state of variables"):
        block.restore(state, NOW)
    assert block.model[EV_CONNECTION_TIME_OUT] == 60


def test_a_program_that_breaks_limits_is_told_so_and_changes_nothing() -> None:
    model = block_of(v201.PROTOCOL).model
    with pytest.raises(ValueError, match=r"HeartbeatInterval cannot be 0: less than 1"):
        model[HEARTBEAT_INTERVAL] = 0
    assert model[HEARTBEAT_INTERVAL] == 86400
    with pytest.raises(
        KeyError, match=r"Display.Width is not a variable of this station .declare it"
    ):
        model.check(WIDTH, lambda value: ValueRefusal("never"))
    with pytest.raises(KeyError, match="declare it"):
        model.set(HEARTBEAT_INTERVAL, 5, attribute_type=AttributeType.TARGET)
    with pytest.raises(ValueError, match="not one of red"):
        model.declare(TextKey(component="Lamp", name="Colour", values=("red",)), "blue")


def test_a_date_that_has_no_text_in_utc_is_rejected() -> None:  # B05
    model = DeviceModel()
    key = DateTimeKey(component="Lamp", name="Since", mutability=(Mutability.READ_WRITE,))
    model.declare(key)
    address = VariableAddress.of(key)
    assert model.write(address, "0001-01-01T00:00:00+14:00").status == "Rejected"
    assert model.write(address, "2026-01-01T00:00:00+01:00").status == "Accepted"
    assert model.read(address).value == "2025-12-31T23:00:00Z"


def test_a_variable_is_used_by_keys_of_several_classes() -> None:
    model = DeviceModel()
    text = TextKey(component="Lamp", name="Colours")
    colours = ListKey(component="Lamp", name="Colours")
    model.declare(text, "red", mutability=Mutability.READ_WRITE)
    model.check(colours, lambda values: "no blue" if "blue" in values else None)
    model[colours] = ("red", "green")
    assert model[text] == "red,green"
    assert model.write(VariableAddress.of(text), "red,blue").status == "Rejected"
    assert model.write(VariableAddress.of(text), "red").status == "Accepted"


def test_a_model_without_declarations_takes_what_its_keys_say() -> None:
    model = DeviceModel()
    model[HEARTBEAT_INTERVAL] = 60
    model[EVSE_POWER.on_evse(1)] = 7400.0
    assert model.write(VariableAddress.of(HEARTBEAT_INTERVAL), "30").status == "Accepted"
    power = VariableAddress.of(EVSE_POWER.on_evse(1))
    assert model.write(power, "30").status == "Rejected"
    assert len(model) == 2


def test_standard_variables_leave_alone_what_the_program_has_declared() -> None:
    model = DeviceModel()
    model.declare(EV_CONNECTION_TIME_OUT, 30, mutability=Mutability.READ_ONLY)
    declare_standard(model, rules_of(v201.PROTOCOL), ("transactions",))
    assert model[EV_CONNECTION_TIME_OUT] == 30
    assert HEARTBEAT_INTERVAL not in model
    assert model.characteristics(EV_CONNECTION_TIME_OUT).max_limit is None


@ALL
def test_a_station_begins_with_the_variables_of_its_blocks_alone(protocol: Protocol) -> None:
    alone = model_of(rules_of(protocol), ("variables",))
    assert HEARTBEAT_INTERVAL in alone
    assert EV_CONNECTION_TIME_OUT not in alone
    more = model_of(rules_of(protocol), ("variables", "transactions"))
    assert EV_CONNECTION_TIME_OUT in more
