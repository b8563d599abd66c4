"""Controls of a station follow variables, and variables begin with the controls."""

from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import dialect_of
from ocppkit.blocks.variables import (
    HEARTBEAT_INTERVAL,
    MESSAGE_ATTEMPT_INTERVAL,
    MESSAGE_ATTEMPTS,
    MESSAGE_TIMEOUT,
    NETWORK_PROFILE_CONNECTION_ATTEMPTS,
    OFFLINE_QUEUING_SEVERITY,
    QUEUE_ALL_MESSAGES,
    RETRY_BACK_OFF_RANDOM_RANGE,
    RETRY_BACK_OFF_REPEAT_TIMES,
    RETRY_BACK_OFF_WAIT_MINIMUM,
    TIME_SOURCE,
    WEB_SOCKET_PING_INTERVAL,
    DeviceModel,
    VariableAddress,
    VariableRules,
    VariablesBlock,
    model_of,
)
from ocppkit.core import Mutability, Protocol, VariableKey
from ocppkit.station import BackOff, Controls, Retries
from ocppkit.station.blocks import follow_variables

ALL = pytest.mark.parametrize("protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL])


def model_for(protocol: Protocol) -> DeviceModel:
    return model_of(dialect_of(protocol).rules(VariableRules))


@pytest.mark.parametrize(
    ("key", "text", "control", "value"),
    [
        (HEARTBEAT_INTERVAL, "300", "heartbeat_interval", 300.0),
        (WEB_SOCKET_PING_INTERVAL, "0", "ping_interval", 0.0),
        (NETWORK_PROFILE_CONNECTION_ATTEMPTS, "7", "connection_attempts", 7),
        (MESSAGE_ATTEMPTS, "9", "retries", Retries(attempts=9, interval=60)),
        (MESSAGE_ATTEMPT_INTERVAL, "5", "retries", Retries(attempts=3, interval=5)),
        (RETRY_BACK_OFF_WAIT_MINIMUM, "1", "back_off", BackOff(wait_minimum=1)),
        (RETRY_BACK_OFF_RANDOM_RANGE, "2", "back_off", BackOff(random_range=2)),
        (RETRY_BACK_OFF_REPEAT_TIMES, "3", "back_off", BackOff(repeat_times=3)),
        (QUEUE_ALL_MESSAGES, "true", "queue_all_messages", True),
        (TIME_SOURCE, "RealTimeClock", "clock_source", "system"),
    ],
)
def test_a_variable_that_the_csms_writes_changes_the_control(  # B05
    key: VariableKey[Any], text: str, control: str, value: object
) -> None:
    model, controls = model_for(v201.PROTOCOL), Controls()
    follow_variables(model, controls)
    assert model.write(VariableAddress.of(key), text).status == "Accepted"
    assert getattr(controls, control) == value


@pytest.mark.parametrize(
    ("key", "text", "control", "value"),
    [
        (HEARTBEAT_INTERVAL, "300", "heartbeat_interval", 300.0),
        (WEB_SOCKET_PING_INTERVAL, "10", "ping_interval", 10.0),
        (MESSAGE_TIMEOUT, "12", "call_timeout", 12.0),
        (MESSAGE_ATTEMPTS, "9", "retries", Retries(attempts=9, interval=60)),
        (MESSAGE_ATTEMPT_INTERVAL, "5", "retries", Retries(attempts=3, interval=5)),
    ],
)
def test_a_configuration_key_that_the_csms_writes_changes_the_control(  # B05
    key: VariableKey[Any], text: str, control: str, value: object
) -> None:
    model, controls = model_for(v16.PROTOCOL), Controls()
    follow_variables(model, controls)
    assert model.write(VariableAddress.of(key), text).status == "Accepted"
    assert getattr(controls, control) == value


def test_the_severity_of_kept_events_follows_where_the_station_has_it() -> None:
    model, controls = model_for(v201.PROTOCOL), Controls()
    model.declare(OFFLINE_QUEUING_SEVERITY, 4, min_limit=0, max_limit=9)
    follow_variables(model, controls)
    # Nothing else was chosen, so the variable counts.
    assert model[OFFLINE_QUEUING_SEVERITY] == 4
    model[OFFLINE_QUEUING_SEVERITY] = 2
    assert controls.queued_severity == 2


@ALL
def test_controls_are_what_variables_begin_with(protocol: Protocol) -> None:
    model = model_for(protocol)
    controls = Controls(retries=Retries(attempts=8, interval=7), ping_interval=33.0)
    follow_variables(model, controls)
    assert model[MESSAGE_ATTEMPTS] == 8
    assert model[MESSAGE_ATTEMPT_INTERVAL] == 7
    assert model[WEB_SOCKET_PING_INTERVAL] == 33
    # What is no value of a variable stays as it is in the control.
    odd = Controls(ping_interval=0.25, call_timeout=0.25)
    follow_variables(model_for(protocol), odd)
    assert (odd.ping_interval, odd.call_timeout) == (0.25, 0.25)


@ALL
def test_what_the_program_or_an_earlier_run_has_set_counts_more_than_the_controls(
    protocol: Protocol,
) -> None:
    model, controls = model_for(protocol), Controls(ping_interval=33.0)
    model[WEB_SOCKET_PING_INTERVAL] = 5
    follow_variables(model, controls)
    assert controls.ping_interval == 5.0
    kept = model.kept()
    later, new_controls = model_for(protocol), Controls(ping_interval=33.0)
    follow_variables(later, new_controls)
    later.restore(kept)
    assert new_controls.ping_interval == 5.0


@ALL
def test_the_interval_that_a_boot_sets_is_the_one_that_is_read(protocol: Protocol) -> None:  # B01
    model, controls = model_for(protocol), Controls()
    rules = dialect_of(protocol).rules(VariableRules)
    block = VariablesBlock(model, rules)
    follow_variables(model, controls)
    block.has_changed = False
    controls.heartbeat_interval = 120
    assert model[HEARTBEAT_INTERVAL] == 120
    assert block.has_changed
    # What is less than the variable can say is told as its least.
    controls.heartbeat_interval = 0.01
    assert model[HEARTBEAT_INTERVAL] == 1
    assert controls.heartbeat_interval in (0.01, 1.0)


def test_a_value_that_waits_for_a_restart_changes_no_control_until_then() -> None:
    model, controls = model_for(v201.PROTOCOL), Controls()
    follow_variables(model, controls)
    model.declare(
        WEB_SOCKET_PING_INTERVAL, 54, mutability=Mutability.READ_WRITE, reboot_required=True
    )
    assert model.write(VariableAddress.of(WEB_SOCKET_PING_INTERVAL), "9").status == "RebootRequired"
    assert controls.ping_interval == 54.0
    model.activate()
    assert controls.ping_interval == 9.0


def test_a_station_without_the_variables_keeps_its_controls() -> None:
    model, controls = DeviceModel(), Controls(ping_interval=33.0)
    follow_variables(model, controls)
    assert len(model) == 0
    controls.heartbeat_interval = 5
    assert (len(model), controls.ping_interval) == (0, 33.0)


def test_a_value_that_the_control_cannot_follow_is_rejected() -> None:  # B05
    model, controls = DeviceModel(), Controls()
    model.declare(WEB_SOCKET_PING_INTERVAL, 20)
    model.declare(MESSAGE_ATTEMPTS, 3)
    follow_variables(model, controls)
    before = (controls.ping_interval, controls.retries)
    refused = model.write(VariableAddress.of(WEB_SOCKET_PING_INTERVAL), "-1")
    assert refused.status == "Rejected"
    assert "from 0 on" in (refused.additional_info or "")
    assert model.write(VariableAddress.of(MESSAGE_ATTEMPTS), "0").status == "Rejected"
    assert (controls.ping_interval, controls.retries) == before
