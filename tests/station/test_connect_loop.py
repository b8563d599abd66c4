"""The life of a station: boot procedure, heartbeats, clock, reconnecting, restarting."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import msgspec
import pytest

from ocppkit import v21, v201
from ocppkit.aio import RegistrationStatus, current_call
from ocppkit.core import (
    CallFailed,
    ConnectionClosed,
    InvalidOutgoing,
    Limits,
    LocalProtocolError,
    WrongVersion,
)
from ocppkit.station import BackOff
from ocppkit.testing import FakeClock, settle
from ocppkit.v16.roles import ChargePoint
from ocppkit.v201.roles import ChargingStation, ChargingStationHandlers

Make = Callable[..., Any]

BACK_OFF = BackOff(wait_minimum=10, random_range=0, repeat_times=2)


def make(clock: FakeClock, **options: Any) -> ChargingStation:
    options.setdefault("back_off", BACK_OFF)
    options.setdefault("insecure", True)
    return ChargingStation("CP001", model="M", vendor_name="V", clock=clock, **options)


@pytest.mark.asyncio
async def test_it_boots_first_and_then_sends_heartbeats(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    accepted = asyncio.create_task(station.wait_accepted())
    async with csms.running(station):
        assert csms.received[0][2:] == [
            "BootNotification",
            {"chargingStation": {"model": "M", "vendorName": "V"}, "reason": "PowerUp"},
        ]
        assert await csms.calls() == ["BootNotification"]
        assert accepted.done()
        assert station.connected
        assert station.status is RegistrationStatus.ACCEPTED
        assert station.heartbeat_interval == 300
        await clock.advance(299)
        assert await csms.calls() == []
        await clock.advance(1)
        assert await csms.calls() == ["Heartbeat"]
        await clock.advance(300)
        assert await csms.calls() == ["Heartbeat"]
    assert not station.connected
    assert csms.ends[-1].by == "peer"


@pytest.mark.asyncio
async def test_hb_01_another_message_puts_the_heartbeat_off(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted"}}
    async with csms.running(station):
        await clock.advance(200)
        token = v201.IdTokenType(id_token="A", type=v201.IdTokenEnumType.CENTRAL)
        await station.authorize(id_token=token)
        await csms.calls()
        await clock.advance(299)
        assert await csms.calls() == []
        await clock.advance(1)
        assert await csms.calls() == ["Heartbeat"]


@pytest.mark.asyncio
async def test_hb_03_once_a_day_it_is_a_heartbeat(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, boot={"status": "Accepted", "interval": 40_000}), make(clock)
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted"}}
    token = v201.IdTokenType(id_token="A", type=v201.IdTokenEnumType.CENTRAL)
    seen: list[str] = []
    async with csms.running(station):
        for _ in range(3):
            await clock.advance(30_000)
            await station.authorize(id_token=token)
            seen += await csms.calls()
    assert seen.count("Heartbeat") == 1


@pytest.mark.asyncio
async def test_an_interval_of_zero_is_a_day(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, boot={"status": "Accepted", "interval": 0}), make(clock)
    async with csms.running(station):
        await csms.calls()
        await clock.advance(86_399)
        assert await csms.calls() == []
        await clock.advance(2)
        assert await csms.calls() == ["Heartbeat"]


@pytest.mark.asyncio
async def test_hb_04_the_interval_can_be_written(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    async with csms.running(station):
        await csms.calls()
        station.heartbeat_interval = 20
        await clock.advance(20)
        assert await csms.calls() == ["Heartbeat"]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
@pytest.mark.parametrize(("interval", "wait"), [(5, 5), (0, 60)])
async def test_boot_10_the_next_boot_keeps_its_interval(
    status: str, interval: int, wait: int, fake_csms: Make
) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, boot={"status": status, "interval": interval}), make(clock)
    async with csms.running(station):
        assert await csms.calls() == ["BootNotification"]
        assert station.status == status
        await clock.advance(wait - 1)
        assert await csms.calls() == []
        # A new connection is no reason to boot earlier.
        csms.wire.cut()
        csms.boot = {"status": "Accepted", "interval": 300}
        await clock.advance(1)
        await clock.advance(10)
        assert await csms.calls() == ["BootNotification"]
        assert station.status is RegistrationStatus.ACCEPTED


@pytest.mark.asyncio
async def test_boot_19_a_rejected_station_refuses_calls(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, boot={"status": "Rejected", "interval": 60}), make(clock)

    @station.on(v201.ResetRequest)
    def reset(request: v201.ResetRequest) -> v201.ResetResponse:
        raise AssertionError("must not run")

    async with csms.running(station):
        await csms.calls()
        csms.says([2, "1", "Reset", {"type": "Immediate"}])
        await settle()
        assert csms.received[0][:3] == [4, "1", "SecurityError"]


@pytest.mark.asyncio
@pytest.mark.parametrize("status", ["Pending", "Rejected", None])
async def test_boot_12_nothing_else_is_sent_before_acceptance(
    status: str | None, fake_csms: Make
) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, boot={"status": status, "interval": 60}), make(clock)
    if status is None:
        csms.answers["BootNotification"] = None
    async with csms.running(station):
        with pytest.raises(LocalProtocolError, match="accepted the boot"):
            await station.heartbeat()
        assert await csms.calls() == ["BootNotification"]


@pytest.mark.asyncio
async def test_boot_12_while_pending_what_was_triggered_is_sent(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, boot={"status": "Pending", "interval": 60}), make(clock)

    @station.on(v201.TriggerMessageRequest)
    def trigger(request: v201.TriggerMessageRequest) -> v201.TriggerMessageResponse:
        current_call().after_response(station.heartbeat)
        return v201.TriggerMessageResponse(status=v201.TriggerMessageStatusEnumType.ACCEPTED)

    async with csms.running(station):
        await csms.calls()
        csms.says([2, "1", "TriggerMessage", {"requestedMessage": "Heartbeat"}])
        await settle()
        assert csms.received[0] == [3, "1", {"status": "Accepted"}]
        assert csms.received[1][2] == "Heartbeat"


@pytest.mark.asyncio
async def test_a_triggered_boot_counts(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, boot={"status": "Pending", "interval": 60}), make(clock)
    async with csms.running(station):
        csms.boot = {"status": "Accepted", "interval": 7}
        await csms.calls()
        await station.call(station.boot)  # type: ignore[call-overload]
        assert station.status is RegistrationStatus.ACCEPTED
        await csms.calls()
        await clock.advance(7)
        assert await csms.calls() == ["Heartbeat"]


@pytest.mark.asyncio
@pytest.mark.parametrize("answer", [["InternalError", "", {}], {"status": "Perhaps"}])
async def test_a_boot_that_fails_is_tried_again(answer: Any, fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, raise_security_events=False)
    csms.answers["BootNotification"] = answer
    async with csms.running(station):
        assert await csms.calls() == ["BootNotification"]
        del csms.answers["BootNotification"]
        await clock.advance(59)
        assert await csms.calls() == []
        await clock.advance(1)
        assert await csms.calls() == ["BootNotification"]
        assert station.status is RegistrationStatus.ACCEPTED


@pytest.mark.asyncio
@pytest.mark.parametrize("action", ["BootNotification", "Heartbeat"])
async def test_con_10_no_answer_replaces_the_connection(action: str, fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    csms.answers[action] = None
    async with csms.running(station):
        if action == "Heartbeat":
            await clock.advance(300)
        await clock.advance(31)
        assert csms.ends[-1].reason == "no answer"
        del csms.answers[action]
        await clock.advance(10)
        assert len(csms.attempts) == 2
        assert station.status is RegistrationStatus.ACCEPTED


@pytest.mark.asyncio
async def test_a_heartbeat_that_fails_is_no_end(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, raise_security_events=False)
    async with csms.running(station):
        for answer in (["InternalError", "", {}], {"currentTime": "yesterday"}):
            csms.answers["Heartbeat"] = answer
            await csms.calls()
            await clock.advance(300)
            assert await csms.calls() == ["Heartbeat"]
        assert station.status is RegistrationStatus.ACCEPTED
        assert len(csms.attempts) == 1


@pytest.mark.asyncio
async def test_a_csms_that_has_forgotten_us_is_told_who_we_are(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    async with csms.running(station):
        csms.answers["Heartbeat"] = ["SecurityError", "", {}]
        await csms.calls()
        await clock.advance(300)
        assert await csms.calls() == ["Heartbeat", "BootNotification"]


@pytest.mark.asyncio
async def test_rec_04_a_mere_reconnect_does_not_boot(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    async with csms.running(station):
        await csms.calls()
        csms.wire.cut()
        await settle()
        assert not station.connected
        with pytest.raises(ConnectionClosed) as caught:
            await station.heartbeat()
        assert caught.value.delivered == "no"
        await clock.advance(10)
        assert station.connected
        assert await csms.calls() == []
        await station.heartbeat()


@pytest.mark.asyncio
async def test_it_keeps_trying_and_begins_anew_after_a_success(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, up=False), make(clock)
    async with csms.running(station):
        await clock.advance(150)
        assert csms.attempts == [0, 10, 30, 70, 110, 150]
        csms.up = True
        await clock.advance(40)
        assert station.connected
        csms.attempts.clear()
        csms.wire.cut()
        csms.up = False
        await clock.advance(30)
        assert csms.attempts == [200, 220]


@pytest.mark.asyncio
async def test_calls_before_the_first_connection(fake_csms: Make) -> None:
    station = make(FakeClock())
    with pytest.raises(ConnectionClosed, match="the station is not connected"):
        await station.heartbeat()


@pytest.mark.asyncio
@pytest.mark.parametrize("chosen", [None, "ocpp1.6"])
async def test_sub_07_a_csms_of_another_version(chosen: str | None, fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, subprotocol=chosen), make(clock)
    async with csms.running(station):
        assert await csms.calls() == []
        assert not station.connected
        assert len(csms.ends) == 1
        await clock.advance(10)
        assert len(csms.attempts) == 2


@pytest.mark.asyncio
async def test_a_csms_that_names_no_version_may_be_trusted(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, subprotocol=None), make(clock, assume_subprotocol=True)
    async with csms.running(station):
        assert await csms.calls() == ["BootNotification"]


@pytest.mark.asyncio
async def test_a_restart_connects_at_once_and_boots(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)

    @station.on(v201.ResetRequest)
    async def reset(request: v201.ResetRequest) -> v201.ResetResponse:
        charging_station = v201.ChargingStationType(model="M", vendor_name="V")
        boot = v201.BootNotificationRequest(
            charging_station=charging_station, reason=v201.BootReasonEnumType.REMOTE_RESET
        )
        current_call().after_response(lambda: station.restart(boot))
        return v201.ResetResponse(status=v201.ResetStatusEnumType.ACCEPTED)

    async with csms.running(station):
        await csms.calls()
        csms.says([2, "1", "Reset", {"type": "Immediate"}])
        await settle()
        assert csms.received[0] == [3, "1", {"status": "Accepted"}]
        assert csms.received[1][2:] == [
            "BootNotification",
            {"chargingStation": {"model": "M", "vendorName": "V"}, "reason": "RemoteReset"},
        ]
        assert csms.attempts == [0, 0]


@pytest.mark.asyncio
@pytest.mark.parametrize("version", [v201, v21])
async def test_boot_02_a_restart_with_a_reason(version: Any, fake_csms: Make) -> None:
    reasons = version.BootReasonEnumType
    clock = FakeClock()
    csms = fake_csms(clock, subprotocol=version.PROTOCOL.subprotocol)
    station = import_module(f"{version.PROTOCOL.package}.roles").ChargingStation(
        "CP001", model="M", vendor_name="V", firmware_version="1", clock=clock, insecure=True
    )
    async with csms.running(station):
        station.restart(reason=reasons.REMOTE_RESET)
        await settle()
        other = msgspec.structs.replace(station.boot, reason=reasons.WATCHDOG)
        station.restart(other, reason=reasons.FIRMWARE_UPDATE)
        await settle()
        station.restart()
        await settle()
        boots = [frame[3] for frame in csms.received if frame[2] == "BootNotification"]
    assert [boot["reason"] for boot in boots] == [
        "PowerUp",
        "RemoteReset",
        "FirmwareUpdate",
        "FirmwareUpdate",
    ]
    about = {"model": "M", "vendorName": "V", "firmwareVersion": "1"}
    assert [boot["chargingStation"] for boot in boots] == [about] * 4


@pytest.mark.asyncio
async def test_boot_02_a_boot_without_a_reason(fake_csms: Make) -> None:
    clock = FakeClock()
    csms = fake_csms(clock, subprotocol="ocpp1.6")
    station = ChargePoint(
        "CP001", charge_point_vendor="V", charge_point_model="M", clock=clock, insecure=True
    )
    async with csms.running(station):
        boot = station.boot
        with pytest.raises(LocalProtocolError, match="has no member for a reason"):
            station.restart(network="ws://other", reason="RemoteReset")
        assert station.boot is boot
        await settle()
        assert len(csms.attempts) == 1
        assert station.connected


@pytest.mark.asyncio
async def test_a_restart_while_it_waits_to_connect(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock, up=False), make(clock)
    async with csms.running(station):
        csms.up = True
        station.restart()
        assert await csms.calls() == ["BootNotification"]


@pytest.mark.asyncio
async def test_disconnecting_is_followed_by_a_connection(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    station.disconnect()
    async with csms.running(station):
        station.disconnect("maintenance")
        await settle()
        assert csms.ends[-1].reason == "maintenance"
        await clock.advance(10)
        assert station.connected


@pytest.mark.asyncio
async def test_boot_05_the_clock_follows_the_csms(fake_csms: Make) -> None:
    clock = FakeClock()
    ours = datetime(2024, 1, 1, 12, tzinfo=UTC)
    csms, station = fake_csms(clock), make(clock, wall_clock=lambda: ours)
    csms.boot["currentTime"] = "2024-01-01T12:00:07.5004Z"
    async with csms.running(station):
        assert station.clock_offset == timedelta(seconds=7, microseconds=500_400)
        assert station.now() == datetime(2024, 1, 1, 12, 0, 7, 500_000, tzinfo=UTC)
        csms.answers["Heartbeat"] = {"currentTime": "2024-01-01T13:59:58+02:00"}
        await clock.advance(300)
        assert station.clock_offset == timedelta(seconds=-2)


@pytest.mark.asyncio
async def test_the_answer_to_the_boot_counts_before_the_next_call_is_handled(
    fake_csms: Make,
) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    seen: list[RegistrationStatus] = []

    @station.on(v201.ResetRequest)
    def reset(request: v201.ResetRequest) -> v201.ResetResponse:
        seen.append(station.status)
        return v201.ResetResponse(status=v201.ResetStatusEnumType.ACCEPTED)

    original = csms.answer

    def answer(frame: list[Any]) -> None:
        original(frame)
        csms.says([2, "1", "Reset", {"type": "Immediate"}])

    csms.answer = answer
    async with csms.running(station):
        assert seen == [RegistrationStatus.ACCEPTED]


@pytest.mark.asyncio
async def test_a_station_runs_once(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    async with csms.running(station):
        with pytest.raises(LocalProtocolError, match="is running already"):
            await station.run("ws://csms", csms.connect)
    async with csms.running(station):
        assert station.connected


@pytest.mark.asyncio
async def test_a_station_without_credentials_does_not_run(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, insecure=False)
    with pytest.raises(LocalProtocolError, match="insecure=True"):
        await station.run("ws://csms", csms.connect)
    assert csms.attempts == []


@pytest.mark.asyncio
async def test_a_boot_message_that_breaks_its_schema_is_an_error_of_ours(fake_csms: Make) -> None:
    clock = FakeClock()
    csms = fake_csms(clock)
    station = ChargingStation("CP001", model="M" * 100, vendor_name="V", clock=clock, insecure=True)
    with pytest.raises(InvalidOutgoing):
        await station.run("ws://csms", csms.connect)
    assert csms.attempts == []


@pytest.mark.asyncio
async def test_requests_of_another_version(fake_csms: Make) -> None:
    from ocppkit import v16

    station = make(FakeClock())
    with pytest.raises(WrongVersion):
        await station._call(v16.HeartbeatRequest())


@pytest.mark.asyncio
async def test_stopping_waits_for_handlers(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    gate = asyncio.Event()

    @station.on(v201.ResetRequest)
    async def reset(request: v201.ResetRequest) -> v201.ResetResponse:
        await gate.wait()
        return v201.ResetResponse(status=v201.ResetStatusEnumType.REJECTED)

    running = asyncio.create_task(station.run("ws://csms", csms.connect))
    await csms.calls()
    csms.says([2, "1", "Reset", {"type": "Immediate"}])
    await settle()
    running.cancel()
    await settle()
    assert not running.done()
    gate.set()
    await asyncio.wait({running})
    assert csms.received == [[3, "1", {"status": "Rejected"}]]
    assert csms.ends[-1].code == 1001


@pytest.mark.asyncio
async def test_a_failed_call_is_raised(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    csms.answers["Authorize"] = ["NotSupported", "", {}]
    token = v201.IdTokenType(id_token="A", type=v201.IdTokenEnumType.CENTRAL)
    async with csms.running(station):
        with pytest.raises(CallFailed):
            await station.authorize(id_token=token)


@pytest.mark.asyncio
async def test_stopping_ends_the_handlers_of_lost_connections(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    seen: list[str] = []

    class Mine(ChargingStationHandlers):
        async def reset(self, request: v201.ResetRequest) -> v201.ResetResponse:
            try:
                return await asyncio.get_running_loop().create_future()
            finally:
                seen.append("cancelled")

    station.add_handlers(Mine())
    async with csms.running(station):
        csms.says([2, "1", "Reset", {"type": "Immediate"}])
        await settle()
        csms.wire.cut()
        await settle()
        assert seen == []
    assert seen == ["cancelled"]


@pytest.mark.asyncio
async def test_a_crowd_of_calls_does_not_end_the_station(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock, limits=Limits(queue=1, call_timeout=1000))
    async with csms.running(station):
        csms.answers["Authorize"] = None
        token = v201.IdTokenType(id_token="A", type=v201.IdTokenEnumType.CENTRAL)
        crowd = [asyncio.create_task(station.authorize(id_token=token)) for _ in range(2)]
        await csms.calls()
        await clock.advance(310)
        assert await csms.calls() == []
        assert station.connected
        for each in crowd:
            each.cancel()
        # The answer to the first is still owed, and the slot is taken until its time is over.
        await clock.advance(700)
        assert await csms.calls() == ["Heartbeat"]


@pytest.mark.asyncio
async def test_a_heartbeat_interval_of_zero_is_a_day(fake_csms: Make) -> None:
    clock = FakeClock()
    csms, station = fake_csms(clock), make(clock)
    async with csms.running(station):
        await csms.calls()
        station.heartbeat_interval = 0
        await clock.advance(86_000)
        assert await csms.calls() == []
