"""Ways to a CSMS that a CSMS sets: stored by slot, checked, put in order, and reached."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import Moment, StationStarted, dialect_of
from ocppkit.blocks.variables import (
    ACTIVE_NETWORK_PROFILE,
    ALLOW_SECURITY_PROFILE_DOWNGRADE,
    NETWORK_CONFIGURATION_PRIORITY,
    SECURITY_PROFILE,
    AccessPoint,
    GetVariables,
    NetworkConnectionProfile,
    NetworkProfileSet,
    SetNetworkProfile,
    SetVariableData,
    SetVariables,
    VariableRules,
    VariablesBlock,
    VirtualNetwork,
    model_of,
)
from ocppkit.core import Protocol, TextKey
from ocppkit.station.blocks import FullStation, network_profiles
from ocppkit.v21 import variables as v21_keys
from ocppkit.v201.roles import ChargingStation
from support.block_exchange import ask

NOW = Moment(0.0, datetime(2026, 5, 6, 12, tzinfo=UTC))
WITH_EVSES = pytest.mark.parametrize("protocol", [v201.PROTOCOL, v21.PROTOCOL])

HOME = NetworkConnectionProfile(
    ocpp_csms_url="ws://csms.example/ocpp",
    security_profile=1,
    message_timeout=30,
    ocpp_interface="Wired0",
    ocpp_version="OCPP20",
)
AWAY = msgspec.structs.replace(
    HOME, ocpp_csms_url="wss://elsewhere.example/ocpp", security_profile=2
)


def block_of(protocol: Protocol) -> VariablesBlock:
    rules = dialect_of(protocol).rules(VariableRules)
    model = model_of(rules)
    model[SECURITY_PROFILE] = 1
    model[NETWORK_CONFIGURATION_PRIORITY] = ("1",)
    block = VariablesBlock(model, rules, network_profiles={1: HOME})
    block.has_changed = False
    return block


def set_profile(
    protocol: Protocol, block: VariablesBlock, slot: int, profile: NetworkConnectionProfile
) -> str:
    command = SetNetworkProfile(configuration_slot=slot, connection_data=profile)
    return ask(protocol, block, command, NOW).status


def set_order(protocol: Protocol, block: VariablesBlock, *slots: str) -> str:
    data = SetVariableData.of(NETWORK_CONFIGURATION_PRIORITY, slots)
    return ask(protocol, block, SetVariables(data=(data,)), NOW).results[0].status


@WITH_EVSES
def test_a_new_profile_is_stored_told_and_used_from_the_next_start_on(  # B09, B10
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    assert set_profile(protocol, block, 2, AWAY) == "Accepted"
    assert block.has_changed
    assert block.next_event() == NetworkProfileSet(slot=2, profile=AWAY)
    # TC_B_45, TC_A_19.
    assert set_order(protocol, block, "2", "1") == "RebootRequired"
    assert block.network_order() == ((1, HOME),)
    again = VariablesBlock(
        model_of(dialect_of(protocol).rules(VariableRules)),
        dialect_of(protocol).rules(VariableRules),
        network_profiles={1: HOME},
    )
    again.restore(block.state(), NOW)
    again.notice(StationStarted(), NOW)
    assert again.network_order() == ((2, AWAY), (1, HOME))


@WITH_EVSES
@pytest.mark.parametrize(
    ("slot", "changes"),
    [
        (3, {}),
        (-1, {}),
        (2, {"ocpp_transport": "SOAP"}),
        (2, {"ocpp_csms_url": "https://csms.example"}),
        (2, {"ocpp_csms_url": "csms.example"}),
        (2, {"ocpp_csms_url": "wss://"}),
        (2, {"ocpp_csms_url": "ws://csms.example"}),
        (2, {"security_profile": 4}),
        # TC_A_22.
        (2, {"security_profile": 0, "ocpp_csms_url": "ws://csms.example"}),
    ],
)
def test_a_profile_that_cannot_be_used_is_rejected_and_changes_nothing(  # B09
    protocol: Protocol, slot: int, changes: dict[str, object]
) -> None:
    block = block_of(protocol)
    profile = msgspec.structs.replace(AWAY, **changes)
    assert set_profile(protocol, block, slot, profile) == "Rejected"
    assert block.network_profiles == {1: HOME}
    assert block.next_event() is None
    assert not block.has_changed


@WITH_EVSES
def test_a_lower_security_profile_is_only_taken_if_the_station_allows_it(  # B09
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    block.model[SECURITY_PROFILE] = 3
    assert set_profile(protocol, block, 2, AWAY) == "Rejected"
    block.model[ALLOW_SECURITY_PROFILE_DOWNGRADE] = True
    assert set_profile(protocol, block, 2, AWAY) == "Accepted"
    # Never to profile 1.
    assert set_profile(protocol, block, 2, HOME) == "Rejected"


@WITH_EVSES
@pytest.mark.parametrize("slots", [("2",), ("1", "2"), ("x",), ("7",), ()])
def test_an_order_with_slots_that_hold_no_profile_is_rejected(  # B10
    protocol: Protocol, slots: tuple[str, ...]
) -> None:
    block = block_of(protocol)
    assert set_order(protocol, block, *slots) == "Rejected"
    assert block.model[NETWORK_CONFIGURATION_PRIORITY] == ("1",)


@WITH_EVSES
def test_a_higher_security_profile_counts_once_the_station_has_connected(  # A05
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    set_profile(protocol, block, 2, AWAY)
    set_order(protocol, block, "2", "1")
    block.notice(StationStarted(), NOW)
    block.model.declare(ACTIVE_NETWORK_PROFILE)
    block.connected_by(1, NOW)
    assert (block.model[SECURITY_PROFILE], block.model[ACTIVE_NETWORK_PROFILE]) == (1, 1)
    assert block.network_order() == ((2, AWAY), (1, HOME))
    block.connected_by(2, NOW)
    # TC_A_19: the lower slot leaves the order.
    assert (block.model[SECURITY_PROFILE], block.model[ACTIVE_NETWORK_PROFILE]) == (2, 2)
    assert block.model[NETWORK_CONFIGURATION_PRIORITY] == ("2",)
    again = block_of(protocol)
    again.restore(block.state(), NOW)
    assert again.model[SECURITY_PROFILE] == 2
    with pytest.raises(ValueError, match="no network profile in slot 9"):
        block.connected_by(9, NOW)


@WITH_EVSES
def test_all_members_of_a_profile_are_told(protocol: Protocol) -> None:  # B09
    block = block_of(protocol)
    whole = msgspec.structs.replace(
        AWAY,
        apn=AccessPoint(
            apn="internet",
            apn_authentication="PAP",
            apn_user_name="user",
            apn_password="pass",
            sim_pin=1234,
            preferred_network="20404",
            use_only_preferred_network=True,
        ),
        vpn=VirtualNetwork(
            type="IKEv2", server="vpn.example", user="u", password="p", key="k", group="g"
        ),
    )
    if protocol is v21.PROTOCOL:
        whole = msgspec.structs.replace(
            whole, identity="CP9", basic_auth_password="secret-secret-16"
        )
    assert set_profile(protocol, block, 2, whole) == "Accepted"
    assert block.network_profiles[2] == whole
    assert "1234" not in repr(whole)
    assert "secret-secret" not in repr(whole)


def test_2_1_tells_profiles_as_variables_without_their_passwords() -> None:  # B09
    block = block_of(v21.PROTOCOL)
    secret = msgspec.structs.replace(AWAY, basic_auth_password="secret-secret-16")
    set_profile(v21.PROTOCOL, block, 2, secret)
    url = TextKey(component="NetworkConfiguration", component_instance="2", name="OcppCsmsUrl")
    password = replace(url, name="BasicAuthPassword")
    answer = ask(v21.PROTOCOL, block, GetVariables.of(url, password), NOW)
    assert [each.status for each in answer.results] == ["Accepted", "Rejected"]
    assert answer.value(url) == AWAY.ocpp_csms_url
    data = (SetVariableData.of(url, "ws://x"), SetVariableData.of(password, "p" * 20))
    refused = ask(v21.PROTOCOL, block, SetVariables(data=data), NOW)
    assert [each.status for each in refused.results] == ["Rejected", "Rejected"]
    required = {
        each.name
        for each in v21_keys.STANDARD
        if each.component == "NetworkConfiguration" and each.required
    }
    for name in required:
        assert replace(url, name=name) in block.model
        assert replace(url, component_instance="1", name=name) in block.model
    again = VariablesBlock(
        model_of(dialect_of(v21.PROTOCOL).rules(VariableRules)),
        dialect_of(v21.PROTOCOL).rules(VariableRules),
    )
    again.restore(block.state(), NOW)
    assert again.model[url] == AWAY.ocpp_csms_url
    assert url not in block_of(v201.PROTOCOL).model


def test_1_6_has_no_network_profiles() -> None:
    rules = dialect_of(v16.PROTOCOL).rules(VariableRules)
    block = VariablesBlock(model_of(rules), rules)
    assert SetNetworkProfile not in dialect_of(v16.PROTOCOL).request_of
    answer = block.set_network_profile(
        SetNetworkProfile(configuration_slot=1, connection_data=HOME), NOW
    )
    assert (answer.status, answer.reason_code) == ("Rejected", "NotEnabled")
    assert block.network_order() == ()


def test_a_full_station_knows_its_ways_from_the_beginning() -> None:  # B10
    station = ChargingStation("CP001", model="Wall-11", vendor_name="ACME", insecure=True)
    full = FullStation(
        station, read_meter=lambda evse_id: (), maximum=32.0, network_profiles={1: HOME}
    )
    full.model[NETWORK_CONFIGURATION_PRIORITY] = ("1",)
    assert [each.url for each in network_profiles(full.variables)] == [HOME.ocpp_csms_url]
