"""Variables of a running station: what a CSMS writes is kept, acts, and is reported after the answer."""

import json
from base64 import b64encode
from collections import Counter
from datetime import UTC, datetime
from ssl import create_default_context

import pytest
from msgspec.structs import replace

from ocppkit import v16, v21, v201
from ocppkit.blocks import ReportReply, dialect_of
from ocppkit.blocks.charging import (
    ChargingBlock,
    ChargingProfile,
    ChargingRules,
    ChargingSchedule,
    ChargingSchedulePeriod,
    ProfileKind,
    Purpose,
    RateUnit,
    SetProfile,
)
from ocppkit.blocks.variables import (
    ACTIVE_NETWORK_PROFILE,
    BASIC_AUTH_PASSWORD,
    CHARGING_PROFILE_ENTRIES,
    EV_CONNECTION_TIME_OUT,
    HEARTBEAT_INTERVAL,
    ITEMS_PER_GET_VARIABLES,
    MESSAGE_ATTEMPTS,
    NETWORK_CONFIGURATION_PRIORITY,
    SECURITY_PROFILE,
    BasicAuthPasswordChanged,
    GetBaseReport,
    GetReport,
    GetVariables,
    NetworkConnectionProfile,
    NetworkProfileSet,
    ReportSelection,
    SetNetworkProfile,
    SetVariableData,
    SetVariables,
    VariableChanged,
    VariableRules,
    VariablesBlock,
    VariablesReport,
    model_of,
)
from ocppkit.core import CallFailed, ErrorCode, IntegerKey, Protocol, Response, decode_payload
from ocppkit.csms import StationHandle
from ocppkit.station import NetworkProfile, Station
from ocppkit.station.blocks import network_profiles
from ocppkit.testing.block_bench import BlockBench
from support.memory_store import MemoryStore

PROTOCOLS = [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL]
EACH = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda each: each.version)
EVSES = pytest.mark.parametrize("protocol", PROTOCOLS[1:], ids=lambda each: each.version)


def block_of(protocol: Protocol) -> VariablesBlock:
    rules = dialect_of(protocol).rules(VariableRules)
    return VariablesBlock(model_of(rules, evses={1: (1,), 2: (1,)}), rules)


@EACH
@pytest.mark.asyncio
async def test_heartbeats_follow_the_interval_that_the_csms_writes(  # B05
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    async with BlockBench(protocol, block) as bench:
        # The boot was answered with a day.
        assert block.model[HEARTBEAT_INTERVAL] == 86400
        answer = await bench.call(SetVariables(data=(SetVariableData.of(HEARTBEAT_INTERVAL, 60),)))
        assert answer.status(HEARTBEAT_INTERVAL) == "Accepted"
        await bench.advance(301)
        assert Counter(bench.actions)["Heartbeat"] == 5
        read = await bench.call(GetVariables.of(HEARTBEAT_INTERVAL))
        assert read.value(HEARTBEAT_INTERVAL) == 60
        changes = [each for each in bench.events if isinstance(each, VariableChanged)]
        assert changes[-1].is_of(HEARTBEAT_INTERVAL)


@EACH
@pytest.mark.asyncio
async def test_what_was_accepted_is_there_after_a_power_cut(protocol: Protocol) -> None:  # B05
    store = MemoryStore()
    async with BlockBench(protocol, block_of(protocol), journal=store) as bench:
        await bench.call(SetVariables(data=(SetVariableData.of(EV_CONNECTION_TIME_OUT, 33),)))
        await bench.call(SetVariables(data=(SetVariableData.of(MESSAGE_ATTEMPTS, 9),)))
        # It is in the store before the answer is sent.
        cut = store.copy()
    block = block_of(protocol)
    async with BlockBench(protocol, block, journal=cut) as bench:
        assert block.model[EV_CONNECTION_TIME_OUT] == 33
        assert bench.station.controls.retries.attempts == 9
        read = await bench.call(GetVariables.of(EV_CONNECTION_TIME_OUT))
        assert read.value(EV_CONNECTION_TIME_OUT) == 33


@pytest.mark.parametrize("protocol", [v16.PROTOCOL], ids=["1.6"])
@pytest.mark.asyncio
async def test_a_security_profile_of_1_6_is_raised_by_its_key_and_never_lowered(
    protocol: Protocol,
) -> None:  # A05
    store = MemoryStore()
    block = block_of(protocol)
    block.model[SECURITY_PROFILE] = 1

    def needs_certificate(wanted: int) -> str | None:
        return "there is no client certificate" if wanted == 3 else None

    async def written(bench: BlockBench, wanted: int) -> str | None:
        data = SetVariableData.of(SECURITY_PROFILE, wanted)
        return (await bench.call(SetVariables(data=(data,)))).status(SECURITY_PROFILE)

    block.model.check(SECURITY_PROFILE, needs_certificate)
    async with BlockBench(protocol, block, journal=store) as bench:

        @bench.blocks.on(VariableChanged)
        def changed(event: VariableChanged) -> None:
            if event.is_of(SECURITY_PROFILE):
                # What is needed for it is the program's: here, the way with TLS.
                safe = NetworkProfile("wss://csms.example.com", ssl=create_default_context())
                bench.station.restart(network=safe)

        # CFG-05.
        assert await written(bench, 3) == "Rejected"
        assert await written(bench, 0) == "Rejected"
        assert len(bench.network.wires) == 1
        assert await written(bench, 2) == "Accepted"
        await bench.advance(60)
        assert len(bench.network.wires) == 2
        assert Counter(bench.actions)["BootNotification"] == 2
        assert bench.handle.connected
        read = await bench.call(GetVariables.of(SECURITY_PROFILE))
        assert read.value(SECURITY_PROFILE) == 2
        cut = store.copy()
    later = block_of(protocol)
    async with BlockBench(protocol, later, journal=cut) as bench:
        assert await written(bench, 1) == "Rejected"
        assert later.model[SECURITY_PROFILE] == 2


@EACH
@pytest.mark.asyncio
async def test_a_refused_value_changes_nothing(protocol: Protocol) -> None:  # B05
    store = MemoryStore()
    block = block_of(protocol)
    async with BlockBench(protocol, block, journal=store) as bench:
        before = dict(store.states)
        answer = await bench.call(SetVariables(data=(SetVariableData.of(HEARTBEAT_INTERVAL, -1),)))
        assert answer.status(HEARTBEAT_INTERVAL) == "Rejected"
        await bench.advance(120)
        assert store.states == before
        assert "Heartbeat" not in bench.actions


@EACH
@pytest.mark.asyncio
async def test_too_many_items_are_a_call_error(protocol: Protocol) -> None:  # B06
    block = block_of(protocol)
    block.model[ITEMS_PER_GET_VARIABLES] = 1
    async with BlockBench(protocol, block) as bench:
        with pytest.raises(CallFailed) as failed:
            await bench.call(GetVariables.of(HEARTBEAT_INTERVAL, MESSAGE_ATTEMPTS))
        assert failed.value.code == ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION


@EACH
@pytest.mark.asyncio
async def test_a_new_password_is_told_once_it_is_kept(protocol: Protocol) -> None:  # A01
    store = MemoryStore()
    async with BlockBench(protocol, block_of(protocol), journal=store) as bench:
        kept: list[bool] = []

        @bench.blocks.on(BasicAuthPasswordChanged)
        def changed(event: BasicAuthPasswordChanged) -> None:
            kept.append(b"a" * 32 in store.states["block:variables"])

        data = SetVariableData.of(BASIC_AUTH_PASSWORD, "a" * 32)
        answer = await bench.call(SetVariables(data=(data,)))
        assert answer.status(BASIC_AUTH_PASSWORD) == "Accepted"
        assert kept == [True]


@EVSES
@pytest.mark.asyncio
async def test_a_report_follows_its_answer_and_the_csms_reads_all_parts(  # B07
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    async with BlockBench(protocol, block) as bench:
        heard: list[VariablesReport] = []

        @bench.csms_blocks.answer(VariablesReport)
        def report(station: StationHandle, part: VariablesReport) -> ReportReply:
            heard.append(part)
            return ReportReply()

        sent = len(bench.frames)
        answer = await bench.call(GetBaseReport(request_id=5, report_base="FullInventory"))
        assert answer.status == "Accepted"
        kinds = [frame[0] for frame in bench.frames[sent:]]
        assert kinds[0] == 3
        assert kinds[1:] == [2] * len(heard)
        assert [part.seq_no for part in heard] == list(range(len(heard)))
        assert {part.request_id for part in heard} == {5}
        assert len(heard) > 1
        assert sum(len(part.data) for part in heard) == len(block.model)


@EVSES
@pytest.mark.asyncio
async def test_a_selected_report_of_nothing_is_an_empty_result_set(  # B08
    protocol: Protocol,
) -> None:
    async with BlockBench(protocol, block_of(protocol)) as bench:
        nothing = ReportSelection(component="Nothing")
        answer = await bench.call(GetReport(request_id=5, component_variables=(nothing,)))
        assert answer.status == "EmptyResultSet"
        assert "NotifyReport" not in bench.actions


@EACH
@pytest.mark.asyncio
async def test_standard_variables_leave_room_for_charging_profiles(  # K01
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    rules = dialect_of(protocol).rules(ChargingRules)
    charging = ChargingBlock((1, 2), block.model, lambda most: 0, maximum=32.0, rules=rules)
    period = ChargingSchedulePeriod(start_period=0, limit=16.0)
    schedule = ChargingSchedule(
        id=1,
        charging_rate_unit=RateUnit.AMPERES,
        charging_schedule_period=(period,),
        start_schedule=datetime(2025, 1, 1, tzinfo=UTC),
    )
    profile = ChargingProfile(
        id=1,
        stack_level=0,
        charging_profile_purpose=Purpose.TX_DEFAULT,
        charging_profile_kind=ProfileKind.ABSOLUTE,
        charging_schedule=(schedule,),
    )
    async with BlockBench(protocol, block, charging) as bench:
        assert block.model[CHARGING_PROFILE_ENTRIES] == 0
        answer = await bench.call(SetProfile(evse_id=1, charging_profile=profile))
        assert answer.status == "Accepted"


@EVSES
@pytest.mark.asyncio
async def test_a_pending_station_is_set_up_and_reports(  # B02, B05, B06, B07
    protocol: Protocol,
) -> None:
    block = block_of(protocol)
    bench = BlockBench(protocol, block)
    boot = protocol.actions["BootNotification"]
    pending = {"currentTime": "2025-01-01T12:00:00Z", "interval": 300, "status": "Pending"}
    assert boot.response is not None
    answer = decode_payload(boot.response, json.dumps(pending).encode())

    def keep_pending(station: object, request: object) -> Response:
        return answer

    bench.csms.block_access.set_default_handler(boot.request, keep_pending)
    async with bench:
        # TC_B_02.
        assert bench.station.status == "Pending"
        data = SetVariableData.of(EV_CONNECTION_TIME_OUT, 45)
        written = await bench.call(SetVariables(data=(data,)))
        assert written.status(EV_CONNECTION_TIME_OUT) == "Accepted"
        read = await bench.call(GetVariables.of(EV_CONNECTION_TIME_OUT))
        assert read.value(EV_CONNECTION_TIME_OUT) == 45
        told = await bench.call(GetBaseReport(request_id=1, report_base="FullInventory"))
        assert told.status == "Accepted"
        parts = Counter(bench.actions)["NotifyReport"]
        assert parts > 1


@EVSES
@pytest.mark.asyncio
async def test_a_station_moves_to_the_way_that_the_csms_has_set(
    protocol: Protocol,
) -> None:  # B09, B10
    home = NetworkConnectionProfile(
        ocpp_csms_url="ws://csms.example/ocpp",
        security_profile=0,
        message_timeout=30,
        ocpp_interface="Wired0",
    )
    away = replace(home, ocpp_csms_url="ws://elsewhere.example/ocpp", security_profile=1)
    rules = dialect_of(protocol).rules(VariableRules)
    model = model_of(rules)
    model[NETWORK_CONFIGURATION_PRIORITY] = ("1",)
    model.declare(IntegerKey(component="OCPPCommCtrlr", name="ActiveNetworkProfile"))
    block = VariablesBlock(model, rules, network_profiles={1: home})
    async with BlockBench(protocol, block) as bench:
        command = SetNetworkProfile(configuration_slot=2, connection_data=away)
        assert (await bench.call(command)).status == "Accepted"
        assert any(isinstance(each, NetworkProfileSet) for each in bench.events)
        order = SetVariableData.of(NETWORK_CONFIGURATION_PRIORITY, ("2", "1"))
        answer = await bench.call(SetVariables(data=(order,)))
        assert answer.status(NETWORK_CONFIGURATION_PRIORITY) == "RebootRequired"
        assert [each.slot for each in network_profiles(block)] == [1]
        # TC_B_45: the program does this when a reset is due.
        bench.do(block.restarting)
        network = network_profiles(block)
        assert [(each.slot, each.url) for each in network] == [
            (2, away.ocpp_csms_url),
            (1, home.ocpp_csms_url),
        ]
        bench.station.restart(network=network)
        await bench.advance(60)
        assert Counter(bench.actions)["BootNotification"] == 2
        # TC_A_19: it is the active one, and what is less safe is left.
        assert model[ACTIVE_NETWORK_PROFILE] == 2
        assert model[SECURITY_PROFILE] == 1
        assert model[NETWORK_CONFIGURATION_PRIORITY] == ("2",)


@EACH
@pytest.mark.asyncio
async def test_a_new_password_is_used_at_once_and_after_a_restart(
    protocol: Protocol,
) -> None:  # A01
    store = MemoryStore()
    for is_first in (True, False):
        bench = BlockBench(protocol, block_of(protocol), journal=store)

        @bench.blocks.on(BasicAuthPasswordChanged)
        def changed(event: BasicAuthPasswordChanged, station: Station = bench.station) -> None:
            station.reconnect(password=event.password)

        async with bench:
            if is_first:
                data = SetVariableData.of(BASIC_AUTH_PASSWORD, "ab" * 20)
                answer = await bench.call(SetVariables(data=(data,)))
                assert answer.status(BASIC_AUTH_PASSWORD) == "Accepted"
                await bench.advance(5)
            # TC_A_09: it connects again, without a boot; the next run begins with the password.
            assert len(bench.network.wires) == (2 if is_first else 1)
            assert Counter(bench.actions)["BootNotification"] == 1
            password = bytes.fromhex("ab" * 20) if protocol is v16.PROTOCOL else b"ab" * 20
            basic = b"Basic " + b64encode(b"CP001:" + password)
            assert bench.station.open("ws://csms.example").headers == ((b"Authorization", basic),)
