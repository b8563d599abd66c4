"""What a CSMS refuses to send, because every station, or the one it is for, would refuse it."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.blocks import Command
from ocppkit.blocks.authorization import LocalListEntry, SendLocalList
from ocppkit.blocks.availability import ChangeAvailability, OperationalStatus
from ocppkit.blocks.charging import (
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    ClearProfiles,
    GetComposite,
    ProfileKind,
    Purpose,
    RateUnit,
    Recurrency,
    SetProfile,
)
from ocppkit.blocks.remote_control import (
    RequestReset,
    RequestTrigger,
    RequestUnlock,
    ResetType,
    StartRemotely,
)
from ocppkit.blocks.transactions import IdToken, TokenInfo
from ocppkit.blocks.variables import (
    BASIC_AUTH_PASSWORD,
    HEARTBEAT_INTERVAL,
    ITEMS_PER_GET_REPORT,
    ITEMS_PER_GET_VARIABLES,
    PERIODS_PER_SCHEDULE,
    PROFILE_STACK_LEVEL,
    RATE_UNIT,
    REPORTING_VALUE_SIZE,
    GetReport,
    GetVariables,
    NetworkConnectionProfile,
    ReportSelection,
    SetNetworkProfile,
    SetVariableData,
    SetVariables,
    VariableAddress,
)
from ocppkit.core import CallFailed, LocalProtocolError, Protocol
from ocppkit.station import Station
from ocppkit.station.blocks import FullStation
from ocppkit.testing.block_bench import BlockBench

VERSIONS = [v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL]
EACH = pytest.mark.parametrize("protocol", VERSIONS, ids=lambda each: each.version)
ZERO = datetime(2024, 1, 1, tzinfo=UTC)
CARD = IdToken("04E91C5A", "ISO14443")


def full(station: Station) -> FullStation:
    return FullStation(station, read_meter=lambda evse_id: [], maximum=32.0)


def period(start: int = 0, **more: Any) -> ChargingSchedulePeriod:
    given: dict[str, Any] = {"start_period": start, "limit": 16.0}
    return ChargingSchedulePeriod(**(given | more))


def schedule(*periods: ChargingSchedulePeriod, **more: Any) -> ChargingSchedule:
    given: dict[str, Any] = {
        "charging_rate_unit": RateUnit.AMPERES,
        "start_schedule": ZERO,
        "charging_schedule_period": periods or (period(),),
    }
    return ChargingSchedule(**(given | more))


def profile(*schedules: ChargingSchedule, **more: Any) -> ChargingProfile:
    given: dict[str, Any] = {
        "id": 7,
        "stack_level": 0,
        "charging_profile_purpose": Purpose.TX_DEFAULT,
        "charging_profile_kind": ProfileKind.ABSOLUTE,
        "charging_schedule": schedules or (schedule(),),
    }
    return ChargingProfile(**(given | more))


def set_profile(evse_id: int, *schedules: ChargingSchedule, **more: Any) -> SetProfile:
    return SetProfile(evse_id=evse_id, charging_profile=profile(*schedules, **more))


def written(name: str, value: str, component: str = "OCPPCommCtrlr") -> SetVariables:
    address = VariableAddress(component=component, name=name)
    return SetVariables(data=(SetVariableData(address=address, value=value),))


def listed(token: IdToken, *, version: int = 1, twice: bool = False) -> SendLocalList:
    entry = LocalListEntry(id_token=token, id_token_info=TokenInfo(status="Accepted"))
    return SendLocalList(
        version_number=version,
        update_type="Full",
        local_authorization_list=(entry, entry) if twice else (entry,),
    )


TX: dict[str, Any] = {"charging_profile_purpose": Purpose.TX}
EXTERNAL = Purpose.EXTERNAL_CONSTRAINTS
STATION_MAX: dict[str, Any] = {"charging_profile_purpose": Purpose.STATION_MAX}
RELATIVE: dict[str, Any] = {"charging_profile_kind": ProfileKind.RELATIVE}

WRONG: list[tuple[str, Command[Any]]] = [
    ("evse_id=0", set_profile(1, **STATION_MAX)),
    ("to the EVSE of the transaction", set_profile(0, **TX, transaction_id="1")),
    ("must name its transaction", set_profile(1, **TX)),
    ("there is no such EVSE", set_profile(-1)),
    ("a CSMS cannot set", set_profile(0, charging_profile_purpose=EXTERNAL)),
    ("the stack level", set_profile(1, stack_level=-1)),
    (
        "Absolute or Recurring",
        set_profile(0, schedule(start_schedule=None), **STATION_MAX | RELATIVE),
    ),
    ("recurrence", set_profile(1, recurrency_kind=Recurrency.DAILY)),
    ("recurrence", set_profile(1, charging_profile_kind=ProfileKind.RECURRING)),
    ("says when it begins", set_profile(1, schedule(start_schedule=None))),
    ("says when it begins", set_profile(1, **RELATIVE)),
    ("sort the periods", set_profile(1, schedule(period(10)))),
    ("sort the periods", set_profile(1, schedule(period(), period(60), period(60)))),
    ("a duration above 0", set_profile(1, schedule(duration=0))),
    ("limits of 0 or more", set_profile(1, schedule(period(limit=-1.0)))),
    ("number_phases from 1 to 3", set_profile(1, schedule(period(number_phases=4)))),
    ("a duration above 0", GetComposite(evse_id=1, duration=0)),
    ("there is no EVSE -1", GetComposite(evse_id=-1, duration=60)),
    ("a CSMS cannot clear", ClearProfiles(charging_profile_purpose=EXTERNAL)),
    ("a version is above 0", listed(CARD, version=0)),
    ("a token occurs twice", listed(CARD, twice=True)),
    ("EVSEs count from 1", RequestUnlock(evse_id=0)),
    ("there is no EVSE -1", RequestReset(type=ResetType.IMMEDIATE, evse_id=-1)),
    (
        "there is no connector 0",
        ChangeAvailability(
            operational_status=OperationalStatus.OPERATIVE, evse_id=1, connector_id=0
        ),
    ),
    ("set evse_id", RequestTrigger(requested_message="MeterValues", connector_id=1)),
    ("only for that", RequestTrigger(requested_message="CustomTrigger")),
    ("only for that", RequestTrigger(requested_message="Heartbeat", custom_trigger="x")),
    ("EVSEs count from 1", StartRemotely(id_token=CARD, evse_id=0, remote_start_id=1)),
    (
        "no transaction_id",
        StartRemotely(
            id_token=CARD,
            evse_id=1,
            remote_start_id=1,
            charging_profile=profile(**TX, transaction_id="1"),
        ),
    ),
    (
        "sort the periods",
        StartRemotely(
            id_token=CARD,
            evse_id=1,
            remote_start_id=1,
            charging_profile=profile(schedule(period(10)), **TX),
        ),
    ),
    ("more than", StartRemotely(id_token=IdToken("x" * 300, "ISO14443"), remote_start_id=1)),
    ("is not an integer", written("HeartbeatInterval", "soon")),
    ("the password must have", written("BasicAuthPassword", "short", "SecurityCtrlr")),
]

WRONG_IN_2: list[tuple[str, Command[Any]]] = [
    ("number_phases=1", set_profile(1, schedule(period(phase_to_use=2)))),
    (
        "set evse_id and connector_id",
        RequestTrigger(requested_message="StatusNotification", evse_id=1),
    ),
    ("must have a type", StartRemotely(id_token=IdToken("04E91C5A"), remote_start_id=1)),
    ("leave it out", written("SecurityProfile", "3", "SecurityCtrlr")),
    (
        "the URL does not fit",
        SetNetworkProfile(
            configuration_slot=1,
            connection_data=NetworkConnectionProfile(
                ocpp_csms_url="ws://csms.example.com",
                security_profile=2,
                message_timeout=30,
                ocpp_interface="Wired0",
            ),
        ),
    ),
]
"""From OCPP 2.0.1 on."""

ABSENT: list[tuple[Protocol, str, SetProfile]] = [
    (
        v16.PROTOCOL,
        "phase_to_use",
        set_profile(1, schedule(period(number_phases=1, phase_to_use=2))),
    ),
    (v16.PROTOCOL, "limit_l2", set_profile(1, schedule(period(limit_l2=8.0)))),
    (v201.PROTOCOL, "limit_l2", set_profile(1, schedule(period(limit_l2=8.0)))),
    (v201.PROTOCOL, "use_local_time", set_profile(1, schedule(use_local_time=True))),
    (v201.PROTOCOL, "max_offline_duration", set_profile(1, max_offline_duration=60)),
]


@EACH
@pytest.mark.asyncio
async def test_what_any_station_refuses_is_not_sent(protocol: Protocol) -> None:  # K01
    wrong = WRONG if protocol is v16.PROTOCOL else [*WRONG, *WRONG_IN_2]
    async with BlockBench(protocol, full=full) as bench:
        before = len(bench.frames)
        for message, command in wrong:
            with pytest.raises(LocalProtocolError, match=re.escape(message)):
                await bench.call(command)
        # The station has answered nothing.
        assert len(bench.frames) == before


@pytest.mark.parametrize(("protocol", "member", "command"), ABSENT)
@pytest.mark.asyncio
async def test_a_member_that_the_version_lacks_is_refused_and_not_left_out(
    protocol: Protocol, member: str, command: SetProfile
) -> None:
    async with BlockBench(protocol, full=full) as bench:
        with pytest.raises(LocalProtocolError, match=f"has no {member} .leave it out."):
            await bench.call(command)


@EACH
@pytest.mark.asyncio
async def test_what_a_station_takes_is_sent(protocol: Protocol) -> None:  # K01
    status = RequestTrigger(requested_message="StatusNotification", evse_id=1, connector_id=1)
    right: list[Command[Any]] = [
        set_profile(1, schedule(period(), period(60, limit=0.0))),
        set_profile(0, **STATION_MAX, id=8),
        set_profile(1, schedule(start_schedule=None), **RELATIVE),
        GetComposite(evse_id=0, duration=60, charging_rate_unit=RateUnit.WATTS),
        ClearProfiles(charging_profile_purpose=Purpose.TX_DEFAULT),
        SetVariables(data=(SetVariableData.of(HEARTBEAT_INTERVAL, 300),)),
        GetVariables.of(HEARTBEAT_INTERVAL),
        status,
    ]
    async with BlockBench(protocol, full=full) as bench:
        for command in right:
            answer: Any = await bench.call(command)
            results = getattr(answer, "results", ())
            statuses = [each.status for each in results] or [answer.status]
            assert statuses == ["Accepted"], command


@pytest.mark.parametrize("protocol", VERSIONS[1:], ids=lambda each: each.version)
@pytest.mark.asyncio
async def test_what_a_station_has_reported_is_checked_until_it_boots_again(
    protocol: Protocol,
) -> None:  # B05, B07
    many = schedule(*(period(start) for start in range(5)))
    wrong: list[tuple[str, Command[Any]]] = [
        ("tells the highest", set_profile(1, stack_level=4)),
        ("too many periods", set_profile(1, many)),
        ("use the other unit", set_profile(1, schedule(charging_rate_unit=RateUnit.WATTS))),
        (
            "use the other unit",
            GetComposite(evse_id=1, duration=60, charging_rate_unit=RateUnit.WATTS),
        ),
        ("more than 500", SetVariables(data=(SetVariableData.of(HEARTBEAT_INTERVAL, 501),))),
        ("where the station takes 1 at once", GetVariables.of(HEARTBEAT_INTERVAL, RATE_UNIT)),
        (
            "where the station takes 4 at once",
            GetReport(request_id=1, component_variables=(ReportSelection(component="EVSE"),) * 5),
        ),
    ]
    async with BlockBench(protocol, full=full) as bench:
        model = bench.full.model
        model.declare(HEARTBEAT_INTERVAL, 60, max_limit=500)
        model.set(PROFILE_STACK_LEVEL, 3)
        model.set(PERIODS_PER_SCHEDULE, 4)
        model.declare(RATE_UNIT, ("A",))
        model.set(ITEMS_PER_GET_REPORT, 4)
        model.set(ITEMS_PER_GET_VARIABLES, 1)
        report = await bench.csms_blocks.report(bench.handle)
        assert report.is_complete
        for _, command in wrong:
            # The station itself refuses it.
            with_refusal: Any = await outcome(bench, command)
            assert with_refusal != "Accepted", command
        await bench.csms_blocks.report(bench.handle, remember=True)
        for message, command in wrong:
            with pytest.raises(LocalProtocolError, match=message):
                await bench.call(command)
        bench.station.restart()
        await bench.advance(120)
        assert await outcome(bench, wrong[0][1]) != "Accepted"


async def outcome(bench: BlockBench, command: Command[Any]) -> str:
    """Returns what a station answers, or that it answers with an error."""
    try:
        answer: Any = await bench.call(command)
    except CallFailed as error:
        return str(error.code)
    results = getattr(answer, "results", ())
    return str(results[0].status if results else answer.status)


@EACH
@pytest.mark.asyncio
async def test_a_report_that_makes_no_sense_stops_no_command(protocol: Protocol) -> None:
    async with BlockBench(protocol, full=full) as bench:
        model = bench.full.model
        model.set(REPORTING_VALUE_SIZE, 1)
        await bench.csms_blocks.report(bench.handle, remember=True)
        answer = await bench.call(SetVariables(data=(SetVariableData.of(HEARTBEAT_INTERVAL, 301),)))
        assert answer.status(HEARTBEAT_INTERVAL) == "Accepted"


@pytest.mark.asyncio
async def test_the_value_of_a_key_of_1_6_is_checked_under_its_own_name() -> None:  # B05
    async with BlockBench(v16.PROTOCOL, full=full) as bench:
        read_only = written("NumberOfConnectors", "3", "ChargePoint")
        with pytest.raises(LocalProtocolError, match="it can only be read"):
            await bench.call(read_only)
        digits = SetVariables(data=(SetVariableData.of(BASIC_AUTH_PASSWORD, "x" * 32),))
        with pytest.raises(LocalProtocolError, match="hexadecimal digits"):
            await bench.call(digits)
