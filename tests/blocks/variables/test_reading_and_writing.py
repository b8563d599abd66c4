"""What a station answers to a CSMS that reads and writes variables, in all versions."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import CallRefused
from ocppkit.blocks import Moment, StationStarted, dialect_of
from ocppkit.blocks.variables import (
    BASIC_AUTH_PASSWORD,
    CONFIGURATION_VALUE_SIZE,
    DATE_TIME,
    EV_CONNECTION_TIME_OUT,
    EVSE_POWER,
    HEARTBEAT_INTERVAL,
    ITEMS_PER_GET_VARIABLES,
    ITEMS_PER_SET_VARIABLES,
    LOCAL_AUTH_LIST_ENTRIES,
    MESSAGE_ATTEMPTS,
    ORGANIZATION_NAME,
    RATE_UNIT,
    REPORTING_VALUE_SIZE,
    SAMPLED_DATA_TX_UPDATED_MEASURANDS,
    SECURITY_PROFILE,
    TX_START_POINT,
    WEB_SOCKET_PING_INTERVAL,
    AttributeType,
    BasicAuthPasswordChanged,
    ChangeOrigin,
    DeviceModel,
    GetVariables,
    SetVariableData,
    SetVariables,
    ValueRefusal,
    VariableAddress,
    VariableChanged,
    VariableQuery,
    VariableRules,
    VariablesBlock,
    model_of,
)
from ocppkit.core import (
    ErrorCode,
    IntegerKey,
    LocalProtocolError,
    Mutability,
    Protocol,
    TextKey,
    VariableKey,
)
from ocppkit.v16 import variables as v16_keys
from ocppkit.v16.blocks.variables import CONFIGURATION_KEYS
from support.block_exchange import ask

NOW = Moment(0.0, datetime(2026, 5, 6, 12, tzinfo=UTC))
ALL = pytest.mark.parametrize("protocol", [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL])
WITH_EVSES = pytest.mark.parametrize("protocol", [v201.PROTOCOL, v21.PROTOCOL])

EVSES = {1: (1,), 2: (1, 2)}
WIDTH = IntegerKey(component="Display", name="Width", mutability=(Mutability.READ_WRITE,))


def block_of(protocol: Protocol) -> VariablesBlock:
    rules = dialect_of(protocol).rules(VariableRules)
    return VariablesBlock(model_of(rules, evses=EVSES), rules)


def read(protocol: Protocol, block: VariablesBlock, key: VariableKey[Any]) -> tuple[str, str]:
    (result,) = ask(protocol, block, GetVariables.of(key), NOW).results
    return result.status, result.value or ""


def write(
    protocol: Protocol, block: VariablesBlock, key: VariableKey[Any], text: str
) -> tuple[str, str | None]:
    data = SetVariableData(address=VariableAddress.of(key), value=text)
    (result,) = ask(protocol, block, SetVariables(data=(data,)), NOW).results
    return result.status, result.reason_code


@ALL
def test_a_value_that_the_csms_writes_counts_at_once_and_is_read_back(  # B05, B06
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    block.has_changed = False
    assert write(protocol, block, HEARTBEAT_INTERVAL, "300") == ("Accepted", None)
    assert block.model[HEARTBEAT_INTERVAL] == 300
    assert read(protocol, block, HEARTBEAT_INTERVAL) == ("Accepted", "300")
    assert block.has_changed
    event = block.next_event()
    assert isinstance(event, VariableChanged)
    assert event.is_of(HEARTBEAT_INTERVAL)
    assert event.origin is ChangeOrigin.CSMS
    assert not event.needs_reboot
    # The same value again is accepted, and nothing happens.
    block.has_changed = False
    assert write(protocol, block, HEARTBEAT_INTERVAL, "300") == ("Accepted", None)
    assert block.next_event() is None
    assert not block.has_changed


@ALL
def test_values_are_read_by_key_and_several_at_once(protocol: Protocol) -> None:  # B06
    block = block_of(protocol)
    block.model[ITEMS_PER_GET_VARIABLES] = 3
    keys = (EV_CONNECTION_TIME_OUT, SAMPLED_DATA_TX_UPDATED_MEASURANDS, MESSAGE_ATTEMPTS)
    answer = ask(protocol, block, GetVariables.of(*keys), NOW)
    assert answer.value(EV_CONNECTION_TIME_OUT) == 60
    assert answer.value(SAMPLED_DATA_TX_UPDATED_MEASURANDS) == ("Energy.Active.Import.Register",)
    assert answer.value(MESSAGE_ATTEMPTS) == 3
    assert answer.value(HEARTBEAT_INTERVAL) is None


@ALL
@pytest.mark.parametrize(
    ("key", "text"),
    [
        (HEARTBEAT_INTERVAL, "abc"),
        (HEARTBEAT_INTERVAL, ""),
        (HEARTBEAT_INTERVAL, "0"),
        (WEB_SOCKET_PING_INTERVAL, "-1"),
        (EV_CONNECTION_TIME_OUT, "1e99"),
        (EV_CONNECTION_TIME_OUT, "99999999"),
    ],
)
def test_a_malformed_or_excessive_value_is_rejected_and_changes_nothing(  # B05
    protocol: Protocol, key: IntegerKey, text: str
) -> None:
    block = block_of(protocol)
    before = block.model[key]
    status, _ = write(protocol, block, key, text)
    assert (status, block.model[key], block.next_event()) == ("Rejected", before, None)


@ALL
def test_what_is_only_read_is_not_written(protocol: Protocol) -> None:  # B05
    block = block_of(protocol)
    status, code = write(protocol, block, ITEMS_PER_GET_VARIABLES, "5")
    assert status == "Rejected"
    assert code == (None if protocol is v16.PROTOCOL else "ReadOnly")
    # The program sets it all the same.
    block.model[ITEMS_PER_GET_VARIABLES] = 5
    assert read(protocol, block, ITEMS_PER_GET_VARIABLES) == ("Accepted", "5")


@WITH_EVSES
def test_component_variable_and_attribute_are_looked_for_in_this_order(  # B05, B06
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    unknown: list[tuple[VariableKey[Any], str]] = [
        (IntegerKey(component="Nothing", name="Power"), "UnknownComponent"),
        (EVSE_POWER, "UnknownComponent"),
        (EVSE_POWER.on_evse(3), "UnknownComponent"),
        (IntegerKey(component="TxCtrlr", name="Nothing"), "UnknownVariable"),
        # There is one for each instance only.
        (IntegerKey(component="DeviceDataCtrlr", name="ItemsPerMessage"), "UnknownVariable"),
        (MESSAGE_ATTEMPTS.of("Nothing"), "UnknownVariable"),
    ]
    for key, status in unknown:
        assert read(protocol, block, key) == (status, "")
        assert write(protocol, block, key, "nonsense") == (status, None)
    address = VariableAddress.of(HEARTBEAT_INTERVAL)
    query = VariableQuery(address=address, attribute_type=AttributeType.TARGET)
    (result,) = ask(protocol, block, GetVariables(data=(query,)), NOW).results
    assert result.status == "NotSupportedAttributeType"
    assert result.attribute_type == "Target"
    data = SetVariableData(address=address, attribute_type=AttributeType.TARGET, value="abc")
    (written,) = ask(protocol, block, SetVariables(data=(data,)), NOW).results
    assert written.status == "NotSupportedAttributeType"
    assert written.attribute_type == "Target"


@WITH_EVSES
def test_names_are_found_in_any_letters_and_repeated_as_asked(protocol: Protocol) -> None:  # B06
    block = block_of(protocol)
    key = IntegerKey(component="ocppcommctrlr", name="MESSAGEATTEMPTS", instance="transactionevent")
    (result,) = ask(protocol, block, GetVariables.of(key), NOW).results
    assert (result.status, result.value) == ("Accepted", "3")
    assert result.address == VariableAddress.of(key)
    (written,) = ask(protocol, block, SetVariables(data=(SetVariableData.of(key, 4),)), NOW).results
    assert written.address == VariableAddress.of(key)
    assert block.model[MESSAGE_ATTEMPTS] == 4


@WITH_EVSES
def test_variables_of_evses_and_connectors_are_apart(protocol: Protocol) -> None:  # B06
    block = block_of(protocol)
    block.model[EVSE_POWER.on_evse(2)] = 22000.0
    assert read(protocol, block, EVSE_POWER.on_evse(1)) == ("Accepted", "")
    assert read(protocol, block, EVSE_POWER.on_evse(2)) == ("Accepted", "22000")
    # B06.FR.13: on the wire, what is not set is an empty text.
    mapping = dialect_of(protocol).request_of[GetVariables]
    command = GetVariables.of(EVSE_POWER.on_evse(1))
    request = mapping.write_request(command)
    response = mapping.write_response(request, block.get_variables(command, NOW))
    assert response.get_variable_result[0].attribute_value == ""


@WITH_EVSES
def test_the_clock_is_read_at_the_moment_of_the_question(protocol: Protocol) -> None:  # B06
    block = block_of(protocol)
    assert read(protocol, block, DATE_TIME) == ("Accepted", "2026-05-06T12:00:00Z")
    assert block.next_event() is None


@ALL
def test_a_password_is_written_told_to_the_program_and_never_read(  # A01
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    password = (
        "0123456789abcdef0123456789ABCDEF" if protocol is v16.PROTOCOL else "pa55-w0rd-16-long"
    )
    assert write(protocol, block, BASIC_AUTH_PASSWORD, password) == ("Accepted", None)
    assert isinstance(block.next_event(), VariableChanged)
    event = block.next_event()
    assert isinstance(event, BasicAuthPasswordChanged)
    is_hexadecimal = protocol is v16.PROTOCOL
    assert event.password == (bytes.fromhex(password) if is_hexadecimal else password)
    assert password not in repr(event)
    status, value = read(protocol, block, BASIC_AUTH_PASSWORD)
    assert (status, value) == ("Accepted" if protocol is v16.PROTOCOL else "Rejected", "")
    assert password.encode() in block.state()


@pytest.mark.parametrize(
    ("protocol", "password"),
    [
        (v16.PROTOCOL, "a" * 31),
        (v16.PROTOCOL, "a" * 42),
        (v16.PROTOCOL, "g" * 40),
        (v201.PROTOCOL, "x" * 15),
        (v201.PROTOCOL, "x" * 41),
        (v21.PROTOCOL, "x" * 15),
        (v21.PROTOCOL, "x" * 65),
    ],
)
def test_a_password_of_a_wrong_length_or_alphabet_is_rejected(  # A01
    protocol: Protocol, password: str
) -> None:
    block = block_of(protocol)
    assert write(protocol, block, BASIC_AUTH_PASSWORD, password)[0] == "Rejected"
    assert BASIC_AUTH_PASSWORD in block.model
    with pytest.raises(KeyError, match="is not set"):
        block.model[BASIC_AUTH_PASSWORD]


@ALL
def test_a_program_refuses_a_value_with_a_reason(protocol: Protocol) -> None:  # B05
    block = block_of(protocol)
    block.model.check(EV_CONNECTION_TIME_OUT, lambda value: "too short" if value < 10 else None)
    block.model.check(
        EV_CONNECTION_TIME_OUT,
        lambda value: ValueRefusal("odd", "UnsupportedParam") if value % 2 else None,
    )
    command = SetVariables(data=(SetVariableData.of(EV_CONNECTION_TIME_OUT, 5),))
    (result,) = ask(protocol, block, command, NOW).results
    assert result.status == "Rejected"
    if protocol is not v16.PROTOCOL:
        assert (result.reason_code, result.additional_info) == ("InvalidValue", "too short")
        odd = write(protocol, block, EV_CONNECTION_TIME_OUT, "11")
        assert odd == ("Rejected", "UnsupportedParam")
    assert write(protocol, block, EV_CONNECTION_TIME_OUT, "12") == ("Accepted", None)


@ALL
def test_a_value_that_needs_a_reboot_waits_for_the_next_start(protocol: Protocol) -> None:  # B05
    block = block_of(protocol)
    block.model.declare(EV_CONNECTION_TIME_OUT, 60, reboot_required=True)
    assert write(protocol, block, EV_CONNECTION_TIME_OUT, "90") == ("RebootRequired", None)
    event = block.next_event()
    assert isinstance(event, VariableChanged)
    assert event.needs_reboot
    assert block.model[EV_CONNECTION_TIME_OUT] == 60
    assert read(protocol, block, EV_CONNECTION_TIME_OUT) == ("Accepted", "90")
    block.notice(StationStarted(), NOW)
    assert block.model[EV_CONNECTION_TIME_OUT] == 90


@ALL
def test_more_items_than_the_station_takes_are_an_error_and_change_nothing(  # B05, B06
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    block.model[ITEMS_PER_GET_VARIABLES] = 1
    with pytest.raises(CallRefused) as refused:
        ask(protocol, block, GetVariables.of(HEARTBEAT_INTERVAL, MESSAGE_ATTEMPTS), NOW)
    assert refused.value.code == ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
    if protocol is v16.PROTOCOL:
        return
    block.model[ITEMS_PER_SET_VARIABLES] = 1
    data = (SetVariableData.of(HEARTBEAT_INTERVAL, 1), SetVariableData.of(MESSAGE_ATTEMPTS, 1))
    with pytest.raises(CallRefused) as refused:
        ask(protocol, block, SetVariables(data=data), NOW)
    assert refused.value.code == ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION
    assert block.model[MESSAGE_ATTEMPTS] == 3


@WITH_EVSES
def test_several_values_are_written_each_with_its_own_result(protocol: Protocol) -> None:  # B05
    block = block_of(protocol)
    data = (
        SetVariableData.of(HEARTBEAT_INTERVAL, 77),
        SetVariableData.of(ITEMS_PER_GET_VARIABLES, 1),
        SetVariableData.of(MESSAGE_ATTEMPTS, 7),
    )
    answer = ask(protocol, block, SetVariables(data=data), NOW)
    assert [each.status for each in answer.results] == ["Accepted", "Rejected", "Accepted"]
    assert answer.status(MESSAGE_ATTEMPTS) == "Accepted"
    assert answer.status(RATE_UNIT) is None
    assert (block.model[HEARTBEAT_INTERVAL], block.model[MESSAGE_ATTEMPTS]) == (77, 7)


@WITH_EVSES
def test_a_value_longer_than_the_station_takes_is_rejected(protocol: Protocol) -> None:  # B05
    block = block_of(protocol)
    block.model[CONFIGURATION_VALUE_SIZE] = 10
    assert write(protocol, block, ORGANIZATION_NAME, "x" * 11) == ("Rejected", "TooLargeElement")
    assert write(protocol, block, ORGANIZATION_NAME, "x" * 10) == ("Accepted", None)


@ALL
def test_a_long_value_is_cut_to_what_the_station_tells(protocol: Protocol) -> None:  # B06
    block = block_of(protocol)
    block.model.declare(ORGANIZATION_NAME, "x" * 3000, mutability=Mutability.READ_WRITE)
    longest = 500 if protocol is v16.PROTOCOL else 2500
    assert read(protocol, block, ORGANIZATION_NAME) == ("Accepted", "x" * longest)
    block.model[REPORTING_VALUE_SIZE] = 20
    assert read(protocol, block, ORGANIZATION_NAME) == ("Accepted", "x" * 20)


@WITH_EVSES
def test_items_of_a_list_must_be_of_its_values(protocol: Protocol) -> None:  # B05
    block = block_of(protocol)
    assert write(protocol, block, TX_START_POINT, "EVConnected, Authorized") == ("Accepted", None)
    assert block.model[TX_START_POINT] == ("EVConnected", "Authorized")
    wrong = write(protocol, block, TX_START_POINT, "EVConnected,Moon")
    assert wrong == ("Rejected", "ValueOutOfRange")
    block.model.declare(TX_START_POINT, ("EVConnected",), max_elements=1)
    many = write(protocol, block, TX_START_POINT, "EVConnected,Authorized")
    assert many == ("Rejected", "TooManyElements")


@WITH_EVSES
def test_a_min_set_and_a_max_set_limit_the_actual_value(protocol: Protocol) -> None:  # B05
    block = block_of(protocol)
    model = block.model
    model.declare(WIDTH, 50, min_limit=0, max_limit=100, mutability=Mutability.READ_WRITE)
    model.declare_attribute(WIDTH, AttributeType.MIN_SET, 20)
    model.declare_attribute(WIDTH, AttributeType.MAX_SET, 80)
    assert write(protocol, block, WIDTH, "19") == ("Rejected", "ValueTooLow")
    assert write(protocol, block, WIDTH, "81") == ("Rejected", "ValueTooHigh")
    assert write(protocol, block, WIDTH, "80") == ("Accepted", None)
    data = SetVariableData(
        address=VariableAddress.of(WIDTH), attribute_type=AttributeType.MAX_SET, value="90"
    )
    assert ask(protocol, block, SetVariables(data=(data,)), NOW).results[0].status == "Accepted"
    assert model.get(WIDTH, 0, attribute_type=AttributeType.MAX_SET) == 90
    assert write(protocol, block, WIDTH, "85") == ("Accepted", None)


@ALL
def test_what_the_program_declares_at_run_time_is_there_at_once(protocol: Protocol) -> None:  # B05
    block = block_of(protocol)
    key = TextKey(name="Slogan", mutability=(Mutability.READ_WRITE,))
    assert read(protocol, block, key)[0] in ("UnknownComponent", "UnknownVariable")
    block.model.declare(key, "Hello", max_limit=10)
    assert write(protocol, block, key, "Good day") == ("Accepted", None)
    assert read(protocol, block, key) == ("Accepted", "Good day")
    assert write(protocol, block, key, "x" * 11)[0] == "Rejected"
    block.model.remove(key)
    assert key not in block.model
    assert read(protocol, block, key)[0] in ("UnknownComponent", "UnknownVariable")


def test_a_security_profile_of_1_6_is_not_lowered() -> None:  # A05
    block = block_of(v16.PROTOCOL)
    block.model[SECURITY_PROFILE] = 2
    assert write(v16.PROTOCOL, block, SECURITY_PROFILE, "1")[0] == "Rejected"
    assert write(v16.PROTOCOL, block, SECURITY_PROFILE, "3")[0] == "Accepted"


def test_1_6_tells_known_and_unknown_keys_as_they_were_asked_for() -> None:  # B06
    block = block_of(v16.PROTOCOL)
    mapping = dialect_of(v16.PROTOCOL).request_of[GetVariables]
    request = v16.GetConfigurationRequest(
        key=["heartbeatinterval", "Nothing", "LocalAuthListMaxLength", "AuthorizationKey"]
    )
    command = mapping.read_request(request)
    response = mapping.write_response(request, block.get_variables(command, NOW))
    assert response == v16.GetConfigurationResponse(
        configuration_key=[
            v16.KeyValue(key="heartbeatinterval", readonly=False, value="86400"),
            v16.KeyValue(key="LocalAuthListMaxLength", readonly=True, value="1000"),
            v16.KeyValue(key="AuthorizationKey", readonly=False),
        ],
        unknown_key=["Nothing"],
    )


@pytest.mark.parametrize(
    "request_", [v16.GetConfigurationRequest(), v16.GetConfigurationRequest(key=[])]
)
def test_1_6_tells_all_keys_but_what_is_only_written(  # B06
    request_: v16.GetConfigurationRequest,
) -> None:
    block = block_of(v16.PROTOCOL)
    block.model.declare(TextKey(name="Slogan"), "Hello")
    mapping = dialect_of(v16.PROTOCOL).request_of[GetVariables]
    response = mapping.write_response(
        request_, block.get_variables(mapping.read_request(request_), NOW)
    )
    found = {each.key: each for each in response.configuration_key or ()}
    required = {each.name for each in v16_keys.STANDARD if each.required}
    assert required <= set(found)
    assert "AuthorizationKey" not in found
    assert found["Slogan"] == v16.KeyValue(key="Slogan", readonly=True, value="Hello")
    assert found["NumberOfConnectors"].value == "2"
    assert found["ChargingScheduleAllowedChargingRateUnit"].value == "Current,Power"
    assert response.unknown_key is None
    # A CSMS reads them under the names of OCPP 2.1.
    answer = mapping.read_response(GetVariables(data=None), response)
    assert answer.value(RATE_UNIT) == ("A", "W")
    (limit,) = [each for each in answer.results if each.address.is_of(LOCAL_AUTH_LIST_ENTRIES)]
    assert limit.characteristics is not None
    assert limit.characteristics.max_limit == 1000
    assert limit.value is None


def test_1_6_says_not_supported_of_an_unknown_key() -> None:  # B05
    block = block_of(v16.PROTOCOL)
    mapping = dialect_of(v16.PROTOCOL).request_of[SetVariables]
    request = v16.ChangeConfigurationRequest(key="Nothing", value="1")
    response = mapping.write_response(
        request, block.set_variables(mapping.read_request(request), NOW)
    )
    assert response.status is v16.ConfigurationStatus.NOT_SUPPORTED
    command = SetVariables(data=(SetVariableData.of(IntegerKey(name="Nothing"), 1),))
    assert mapping.read_response(command, response).results[0].status == "UnknownVariable"


def test_1_6_cannot_say_what_it_has_no_key_for() -> None:
    mapping = dialect_of(v16.PROTOCOL).request_of
    with pytest.raises(
        LocalProtocolError, match=r"TxCtrlr.TxStartPoint is not a configuration key"
    ):
        mapping[GetVariables].write_request(GetVariables.of(TX_START_POINT))
    query = VariableQuery(
        address=VariableAddress.of(HEARTBEAT_INTERVAL), attribute_type=AttributeType.TARGET
    )
    with pytest.raises(LocalProtocolError, match=r"HeartbeatInterval has no Target"):
        mapping[GetVariables].write_request(GetVariables(data=(query,)))
    two = (SetVariableData.of(HEARTBEAT_INTERVAL, 1), SetVariableData.of(MESSAGE_ATTEMPTS, 1))
    with pytest.raises(LocalProtocolError, match=r"one key with each message"):
        mapping[SetVariables].write_request(SetVariables(data=two))


@ALL
def test_a_csms_splits_commands_into_messages_that_the_station_takes(  # B05, B06
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    block.model[ITEMS_PER_GET_VARIABLES] = 2
    keys = (HEARTBEAT_INTERVAL, MESSAGE_ATTEMPTS, EV_CONNECTION_TIME_OUT)
    # TC_B_08_CSMS.
    parts = GetVariables.of(*keys).split(2)
    read_values = [ask(protocol, block, part, NOW) for part in parts]
    assert [len(each.results) for each in read_values] == [2, 1]
    assert read_values[1].value(EV_CONNECTION_TIME_OUT) == 60
    data = (SetVariableData.of(HEARTBEAT_INTERVAL, 9), SetVariableData.of(MESSAGE_ATTEMPTS, 9))
    for part in SetVariables(data=data).split(1):
        assert ask(protocol, block, part, NOW).results[0].status == "Accepted"
    assert (block.model[HEARTBEAT_INTERVAL], block.model[MESSAGE_ATTEMPTS]) == (9, 9)
    everything = GetVariables(data=None)
    assert everything.split(2) == (everything,)


@WITH_EVSES
def test_a_csms_does_not_write_a_value_twice_in_one_message(protocol: Protocol) -> None:  # B05
    mapping = dialect_of(protocol).request_of[SetVariables]
    loud = IntegerKey(component="OCPPCOMMCTRLR", name="HEARTBEATINTERVAL")
    data = (SetVariableData.of(HEARTBEAT_INTERVAL, 9), SetVariableData.of(loud, 9))
    with pytest.raises(LocalProtocolError, match="one value is written twice"):
        mapping.write_request(SetVariables(data=data))


@WITH_EVSES
def test_2_x_cannot_ask_for_all_values(protocol: Protocol) -> None:
    mapping = dialect_of(protocol).request_of[GetVariables]
    with pytest.raises(LocalProtocolError, match=r"use GetBaseReport"):
        mapping.write_request(GetVariables(data=None))


def test_the_keys_of_1_6_lead_a_program_to_the_same_variables() -> None:
    model = block_of(v16.PROTOCOL).model
    model[v16_keys.METER_VALUE_SAMPLE_INTERVAL] = 15
    assert model[v16_keys.METER_VALUE_SAMPLE_INTERVAL] == 15
    assert len(CONFIGURATION_KEYS) == 52
    assert sum(each.component != "ChargePoint" for each in CONFIGURATION_KEYS) == 39


def test_a_model_without_a_variable_gives_the_default() -> None:
    assert DeviceModel().get(HEARTBEAT_INTERVAL, 5) == 5
