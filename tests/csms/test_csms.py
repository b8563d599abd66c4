"""The CSMS as a whole, in memory: registry, boot gate, versions, one live connection per identity."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import CallRefused, RegistrationStatus
from ocppkit.aio.lowlevel import Accept
from ocppkit.core import (
    ConnectionClosed,
    ErrorCode,
    InvalidOutgoing,
    LocalProtocolError,
    WrongVersion,
    encode_payload,
    utcnow,
)
from ocppkit.csms import (
    Csms,
    StationAccepted,
    StationConnected,
    StationDisconnected,
    StationHandle,
)
from ocppkit.testing import FakeClock, settle, wire_pair
from ocppkit.v16.roles import ConnectedChargePoint
from ocppkit.v21.roles import ConnectedStation as ConnectedStation21
from ocppkit.v201.roles import ConnectedStation, CsmsHandlers
from roles.cases import extremes

Make = Callable[..., Any]

BOOT_16 = [2, "b", "BootNotification", {"chargePointModel": "M", "chargePointVendor": "V"}]
BOOT_2 = [
    2,
    "b",
    "BootNotification",
    {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}},
]
BOOTS = {"ocpp1.6": BOOT_16, "ocpp2.0.1": BOOT_2, "ocpp2.1": BOOT_2}
HANDLES = {
    "ocpp1.6": ConnectedChargePoint,
    "ocpp2.0.1": ConnectedStation,
    "ocpp2.1": ConnectedStation21,
}


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", HANDLES)
async def test_one_server_for_all_versions(
    subprotocol: str, make_csms: Make, station: Make
) -> None:
    csms = make_csms()
    raw = await station(csms, subprotocol=subprotocol)
    (answer,) = await raw.says(BOOTS[subprotocol])
    assert answer[0] == 3
    handle = csms.stations.get("CP001", HANDLES[subprotocol])
    assert type(handle) is HANDLES[subprotocol]
    assert handle.protocol.subprotocol == subprotocol
    assert handle.accepted
    call = asyncio.create_task(handle.clear_cache())
    (sent,) = await raw.says()
    assert (sent[0], sent[2:]) == (2, ["ClearCache", {}])
    await raw.says([3, sent[1], {"status": "Accepted"}])
    assert (await call).status == "Accepted"


@pytest.mark.asyncio
async def test_wait_is_for_the_accepted_boot(make_csms: Make, station: Make) -> None:
    csms = make_csms()
    connected = asyncio.create_task(csms.stations.wait_connected("CP001"))
    accepted = asyncio.create_task(csms.stations.wait("CP001", ConnectedStation))
    await settle()
    raw = await station(csms)
    await settle()
    assert connected.done()
    assert not accepted.done()
    await raw.says(BOOT_2)
    assert (await accepted) is (await connected)
    assert (await csms.stations.wait("CP001")) is (await connected)


@pytest.mark.asyncio
async def test_waiting_leaves_nothing_behind(make_csms: Make) -> None:
    csms = make_csms()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await csms.stations.wait("nobody")
    assert csms.stations._waiters == {}


@pytest.mark.asyncio
async def test_who_waits_is_woken_once(make_csms: Make) -> None:
    csms = make_csms()
    waiting = asyncio.create_task(csms.stations.wait("CP001"))
    await settle()
    # Two connections in one turn of the loop, before anybody who waits can run.
    for _ in range(2):
        ours, theirs = wire_pair()
        csms.attach(Accept(subprotocol="ocpp2.0.1", identity="CP001"), theirs)
    await settle()
    assert not waiting.done()
    ours.write(json.dumps(BOOT_2))
    await settle()
    assert waiting.done()


@pytest.mark.asyncio
async def test_another_version_than_asked_for(make_csms: Make, station: Make) -> None:
    csms = make_csms()
    raw = await station(csms, subprotocol="ocpp1.6")
    await raw.says(BOOT_16)
    with pytest.raises(WrongVersion, match=r"'CP001' speaks OCPP 1\.6"):
        csms.stations.get("CP001", ConnectedStation)
    with pytest.raises(WrongVersion):
        await csms.stations.wait("CP001", ConnectedStation)
    with pytest.raises(WrongVersion):
        await csms.stations.wait_connected("CP001", ConnectedStation)
    assert isinstance(csms.stations.get("CP001"), ConnectedChargePoint)
    assert csms.stations.get("nobody", ConnectedStation) is None


@pytest.mark.asyncio
async def test_the_registry_is_a_collection(make_csms: Make, station: Make) -> None:
    csms = make_csms()
    assert (len(csms.stations), list(csms.stations)) == (0, [])
    for identity in ("one", "two"):
        await station(csms, identity)
    assert len(csms.stations) == 2
    assert "one" in csms.stations
    assert "three" not in csms.stations
    assert [handle.identity for handle in csms.stations] == ["one", "two"]
    for handle in csms.stations:
        handle.close()
        await settle()
    assert len(csms.stations) == 0


@pytest.mark.asyncio
async def test_events_tell_the_coming_and_going(make_csms: Make, station: Make) -> None:
    csms = make_csms()
    events = csms.stations.events()
    first = asyncio.create_task(anext(events))
    await settle()
    raw = await station(csms)
    assert isinstance(await first, StationConnected)
    await raw.says(BOOT_2)
    handle = csms.stations.get("CP001")
    assert await anext(events) == StationAccepted(handle)
    raw.wire.cut()
    await settle()
    gone = await anext(events)
    assert isinstance(gone, StationDisconnected)
    assert (gone.station, gone.end.by, gone.replaced) == (handle, "network", False)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("subprotocol", "frame"),
    [
        ("ocpp1.6", [2, "1", "Heartbeat", {}]),
        ("ocpp2.0.1", [2, "1", "Heartbeat", {}]),
        ("ocpp2.1", [2, "1", "Heartbeat", {}]),
    ],
)
async def test_calls_before_the_boot_get_a_security_error(
    subprotocol: str, frame: Any, make_csms: Make, station: Make
) -> None:
    csms = make_csms(unknown="refuse")
    for version in (v16, v201, v21):
        csms.on(version.HeartbeatRequest)(heartbeat_of(version))
    raw = await station(csms, subprotocol=subprotocol)
    (answer,) = await raw.says(frame)
    assert answer[:3] == [4, "1", "SecurityError"]
    await raw.says(BOOTS[subprotocol])
    (answer,) = await raw.says([2, "2", "Heartbeat", {}])
    assert answer[:2] == [3, "2"]


def heartbeat_of(version: Any) -> Callable[..., Any]:
    return lambda station, request: version.HeartbeatResponse(current_time=utcnow())


@pytest.mark.asyncio
async def test_the_gate_stands_before_not_supported_too(make_csms: Make, station: Make) -> None:
    raw = await station(make_csms(answer_heartbeats=False))
    (answer,) = await raw.says([2, "1", "Heartbeat", {}])
    assert answer[:3] == [4, "1", "SecurityError"]
    await raw.says(BOOT_2)
    (answer,) = await raw.says([2, "2", "Heartbeat", {}])
    assert answer[:3] == [4, "2", "NotSupported"]


class Tally(list[object]):
    """A handler that counts as false while it is empty."""

    def __call__(self, station: object, request: object) -> v201.HeartbeatResponse:
        return v201.HeartbeatResponse(current_time=utcnow())


@pytest.mark.asyncio
async def test_a_handler_is_one_whatever_its_truth(make_csms: Make, station: Make) -> None:
    csms = make_csms(boot_gate=False, answer_heartbeats=False)
    csms.on(v201.HeartbeatRequest)(Tally())
    raw = await station(csms)
    (answer,) = await raw.says([2, "1", "Heartbeat", {}])
    assert answer[0] == 3


@pytest.mark.asyncio
async def test_the_gate_can_be_left_open(make_csms: Make, station: Make) -> None:
    csms = make_csms(boot_gate=False)
    csms.on(v201.HeartbeatRequest)(heartbeat_of(v201))
    raw = await station(csms)
    (answer,) = await raw.says([2, "1", "Heartbeat", {}])
    assert answer[:2] == [3, "1"]


@pytest.mark.asyncio
async def test_acceptance_is_remembered_over_connections(make_csms: Make, station: Make) -> None:
    csms = make_csms()
    csms.on(v201.HeartbeatRequest)(heartbeat_of(v201))
    raw = await station(csms)
    await raw.says(BOOT_2)
    raw.wire.cut()
    await settle()
    raw = await station(csms)
    (answer,) = await raw.says([2, "1", "Heartbeat", {}])
    assert answer[:2] == [3, "1"]
    assert (await csms.stations.wait("CP001")).accepted


@pytest.mark.asyncio
async def test_pending_admits_what_was_asked_for(station: Make) -> None:
    csms = Csms(v201.PROTOCOL, insecure=True, clock=FakeClock())
    csms.on(v201.HeartbeatRequest)(heartbeat_of(v201))
    csms.on(v201.BootNotificationRequest)(
        lambda station, request: v201.BootNotificationResponse(
            current_time=utcnow(), interval=5, status=v201.RegistrationStatusEnumType.PENDING
        )
    )
    raw = await station(csms)
    await raw.says(BOOT_2)
    handle = csms.stations.get("CP001", ConnectedStation)
    assert handle is not None
    assert handle.status is RegistrationStatus.PENDING
    (answer,) = await raw.says([2, "1", "Heartbeat", {}])
    assert answer[:3] == [4, "1", "SecurityError"]
    trigger = asyncio.create_task(
        handle.trigger_message(requested_message=v201.MessageTriggerEnumType.HEARTBEAT)
    )
    (sent,) = await raw.says()
    (answer,) = await raw.says([3, sent[1], {"status": "Accepted"}], [2, "2", "Heartbeat", {}])
    assert answer[:2] == [3, "2"]
    assert (await trigger).status == "Accepted"


@pytest.mark.asyncio
async def test_pending_admits_what_was_asked_for_while_the_boot_was_being_answered(
    station: Make,
) -> None:
    csms = Csms(v201.PROTOCOL, insecure=True, clock=FakeClock())
    csms.on(v201.HeartbeatRequest)(heartbeat_of(v201))
    decided: asyncio.Future[v201.RegistrationStatusEnumType] = asyncio.Future()
    decided.set_result(v201.RegistrationStatusEnumType.ACCEPTED)

    @csms.on(v201.BootNotificationRequest)
    async def boot(
        station: StationHandle, request: v201.BootNotificationRequest
    ) -> v201.BootNotificationResponse:
        status = await decided
        return v201.BootNotificationResponse(current_time=utcnow(), interval=5, status=status)

    raw = await station(csms)
    await raw.says(BOOT_2)
    handle = csms.stations.get("CP001", ConnectedStation)
    assert handle is not None
    decided = asyncio.Future()
    assert await raw.says([2, "b2", *BOOT_2[2:]]) == []
    trigger = asyncio.create_task(
        handle.trigger_message(requested_message=v201.MessageTriggerEnumType.HEARTBEAT)
    )
    (sent,) = await raw.says()
    decided.set_result(v201.RegistrationStatusEnumType.PENDING)
    (answer,) = await raw.says()
    assert answer[2]["status"] == "Pending"
    (answer,) = await raw.says([3, sent[1], {"status": "Accepted"}], [2, "1", "Heartbeat", {}])
    assert answer[:2] == [3, "1"]
    assert (await trigger).status == "Accepted"


@pytest.mark.asyncio
async def test_what_was_never_asked_permits_nothing(station: Make) -> None:
    csms = Csms(v201.PROTOCOL, insecure=True, clock=FakeClock())
    csms.on(v201.HeartbeatRequest)(heartbeat_of(v201))
    raw = await station(csms)
    handle = csms.stations.get("CP001", ConnectedStation)
    assert handle is not None
    trigger = v201.TriggerMessageRequest(
        requested_message=v201.MessageTriggerEnumType.HEARTBEAT, evse=cast(Any, "one")
    )
    with pytest.raises(InvalidOutgoing):
        await handle.call(trigger)
    (answer,) = await raw.says([2, "1", "Heartbeat", {}])
    assert answer[:3] == [4, "1", "SecurityError"]
    with pytest.raises(WrongVersion):
        await handle.call(cast(Any, v16.GetConfigurationRequest()))


@pytest.mark.asyncio
async def test_the_newest_connection_wins(make_csms: Make, station: Make) -> None:
    csms = make_csms()
    events = csms.stations.events()
    old = await station(csms)
    await old.says(BOOT_2)
    old_handle = csms.stations.get("CP001", ConnectedStation)
    assert old_handle is not None
    call = asyncio.create_task(old_handle.clear_cache())
    await settle()
    new = await station(csms)
    await settle()
    new_handle = csms.stations.get("CP001")
    assert new_handle is not None
    assert new_handle is not old_handle
    assert old.end is not None
    assert (old.end.by, old.end.code) == ("peer", 1008)
    assert new.end is None
    # The old one's end touched nothing of the new one.
    assert csms.stations.get("CP001") is new_handle
    assert new_handle.connected
    with pytest.raises(ConnectionClosed) as caught:
        await call
    assert caught.value.delivered == "unknown"
    with pytest.raises(ConnectionClosed):
        await old_handle.clear_cache()
    told = [await anext(events) for _ in range(4)]
    assert [type(each) for each in told] == [
        StationConnected,
        StationAccepted,
        StationConnected,
        StationDisconnected,
    ]
    assert isinstance(told[3], StationDisconnected)
    assert told[3].replaced


@pytest.mark.asyncio
@pytest.mark.parametrize(("boot", "version"), [(BOOT_16, "1.6"), (BOOT_2, "2.0.1")])
async def test_the_first_message_tells_the_version(
    boot: Any, version: str, make_csms: Make, station: Make
) -> None:
    csms = make_csms(without_subprotocol="sniff")
    raw = await station(csms, subprotocol=None)
    assert csms.stations.get("CP001") is None
    (answer,) = await raw.says(boot)
    assert answer[0] == 3
    assert csms.stations.get("CP001").protocol.version == version
    (answer,) = await raw.says([2, "2", "ClearCache", {}])
    assert answer[:3] == [4, "2", "NotSupported"]


@pytest.mark.asyncio
async def test_a_first_message_of_no_version(make_csms: Make, station: Make) -> None:
    csms = make_csms(without_subprotocol="sniff")
    raw = await station(csms, subprotocol=None)
    await raw.says("nonsense", "more nonsense")
    assert raw.end is not None
    assert raw.end.code == 1002
    assert list(csms.stations) == []


@pytest.mark.asyncio
async def test_no_first_message(make_csms: Make, station: Make) -> None:
    clock = FakeClock()
    csms = make_csms(without_subprotocol="sniff", clock=clock)
    raw = await station(csms, subprotocol=None)
    await clock.advance(9)
    assert raw.end is None
    await clock.advance(2)
    assert raw.end is not None


@pytest.mark.asyncio
async def test_a_version_taken_for_granted(make_csms: Make, station: Make) -> None:
    csms = make_csms(without_subprotocol=v16.PROTOCOL)
    await station(csms, subprotocol=None)
    assert isinstance(csms.stations.get("CP001"), ConnectedChargePoint)


def test_what_is_not_spoken_is_refused_early() -> None:
    csms = Csms(v201.PROTOCOL, insecure=True)
    with pytest.raises(LocalProtocolError, match="ResetRequest is never sent to a csms"):
        csms.on(cast(Any, v201.ResetRequest))
    with pytest.raises(WrongVersion, match="a version that this csms does not speak"):
        csms.on(v16.HeartbeatRequest)
    with pytest.raises(LocalProtocolError, match="this Csms does not speak"):
        Csms(v201.PROTOCOL, insecure=True, without_subprotocol=v16.PROTOCOL)


@pytest.mark.asyncio
async def test_a_handle_shows_itself(make_csms: Make, station: Make) -> None:
    csms = make_csms()
    raw = await station(csms)
    handle = csms.stations.get("CP001")
    assert isinstance(handle, StationHandle)
    assert repr(handle) == "<ConnectedStation 'CP001', 2.0.1, Unknown>"
    await raw.says(BOOT_2)
    assert repr(handle) == "<ConnectedStation 'CP001', 2.0.1, Accepted>"
    handle.close(1001, "maintenance")
    assert (await handle.wait_disconnected()).by == "us"
    assert repr(handle) == "<ConnectedStation 'CP001', 2.0.1, disconnected>"
    assert raw.end is not None
    assert raw.end.reason == "maintenance"


@pytest.mark.asyncio
async def test_a_handler_class(make_csms: Make, station: Make) -> None:
    class Mine(CsmsHandlers):
        def heartbeat(
            self, station: ConnectedStation, request: v201.HeartbeatRequest
        ) -> v201.HeartbeatResponse:
            return v201.HeartbeatResponse(current_time=utcnow())

    csms = make_csms(v201.PROTOCOL)
    csms.add_handlers(Mine())
    raw = await station(csms)
    await raw.says(BOOT_2)
    (answer,) = await raw.says([2, "1", "Heartbeat", {}])
    assert answer[:2] == [3, "1"]


@pytest.mark.asyncio
async def test_mid_03_a_repeated_call_is_answered_again_and_handled_once(
    make_csms: Make, station: Make
) -> None:
    csms = make_csms(answer_repeats=True)
    seen: list[object] = []
    payload = {"meterStop": 9, "timestamp": "2026-05-01T12:00:00Z", "transactionId": 7}
    stop = [2, "1", "StopTransaction", payload]

    @csms.on(v16.StopTransactionRequest)
    def stopped(
        station: ConnectedChargePoint, request: v16.StopTransactionRequest
    ) -> v16.StopTransactionResponse:
        seen.append(request)
        return v16.StopTransactionResponse()

    raw = await station(csms, subprotocol="ocpp1.6")
    await raw.says(BOOT_16)
    first = await raw.says(stop)
    raw.wire.cut()
    await settle()
    # The station has rebooted, and delivers what it had stored under the same id. # QUE-12
    raw = await station(csms, subprotocol="ocpp1.6")
    await raw.says(BOOT_16)
    assert await raw.says(stop) == first
    assert len(seen) == 1
    await raw.says([2, "1", "StopTransaction", payload | {"meterStop": 10}])
    assert len(seen) == 2
    other = await station(csms, "CP002", "ocpp1.6")
    await other.says(BOOT_16)
    await other.says(stop)
    assert len(seen) == 3


@pytest.mark.asyncio
@pytest.mark.parametrize("subprotocol", HANDLES)
@pytest.mark.parametrize(
    "action", ["BootNotification", "Heartbeat", "Authorize", "StatusNotification"]
)
async def test_mid_03_only_transaction_messages_are_answered_from_memory(
    subprotocol: str, action: str, make_csms: Make, station: Make
) -> None:
    csms = make_csms(answer_repeats=True)
    (protocol,) = (each for each in csms.protocols if each.subprotocol == subprotocol)
    request = protocol.actions[action].request
    seen: list[object] = []
    raw = await station(csms, subprotocol=subprotocol)
    (handle,) = csms.stations

    def refuse(station: StationHandle, request: object) -> Any:
        seen.append(request)
        raise CallRefused(ErrorCode.GENERIC_ERROR)

    csms._handlers._handlers[request] = refuse
    payload = json.loads(encode_payload(extremes(request)[0]))
    await raw.says(BOOTS[subprotocol])
    seen.clear()
    handle.peer._registration.status = RegistrationStatus.ACCEPTED
    for _ in range(2):
        await raw.says([2, "1", action, payload])
    assert len(seen) == 2


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("subprotocol", "options"),
    [("ocpp2.0.1", {}), (None, {"without_subprotocol": "sniff"})],
)
@pytest.mark.parametrize("boots", [True, False])
async def test_a_connection_can_be_drained(
    subprotocol: str | None, options: dict[str, Any], boots: bool, make_csms: Make
) -> None:
    csms = make_csms(**options)
    finished: list[str] = []
    ours, theirs = wire_pair()
    accept = Accept(subprotocol=subprotocol, identity="CP001")
    attachment = csms.attach(accept, theirs, finished=lambda: finished.append("finished"))
    if boots:
        ours.write(json.dumps(BOOT_2))
        await settle()
        assert "CP001" in csms.stations
    await attachment.drain(5)
    assert finished == ["finished"]
    assert "CP001" not in csms.stations


@pytest.mark.asyncio
async def test_a_connection_that_is_closed_once_open_can_be_drained(make_csms: Make) -> None:
    finished: list[str] = []
    ours, theirs = wire_pair()
    accept = Accept(subprotocol=None, identity="CP001", reject_reason="why")
    csms = make_csms(unknown_subprotocol="close")
    attachment = csms.attach(accept, theirs, finished=lambda: finished.append("finished"))
    ours.write("ignored")
    await attachment.drain(5)
    assert finished == ["finished"]


@pytest.mark.asyncio
async def test_a_send_to_a_station_goes_out(make_csms: Make, station: Make) -> None:
    """No version has a SEND of the CSMS yet; a vendor's may."""
    csms = make_csms()
    await station(csms)
    handle = csms.stations.get("CP001")
    with pytest.raises(LocalProtocolError):
        await handle._send(
            v21.NotifyPeriodicEventStream(id=1, pending=0, basetime=utcnow(), data=[])
        )
