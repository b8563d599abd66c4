"""Handles over peers of one's own, and directories that learn of newer connections in other processes."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import msgspec
import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import RegistrationStatus
from ocppkit.aio.lowlevel import Peer
from ocppkit.core import (
    ConnectionClosed,
    ErrorCode,
    LocalProtocolError,
    Policies,
    Protocol,
    Request,
    Response,
    Send,
    utcnow,
)
from ocppkit.csms import (
    MemoryDirectory,
    StationConnected,
    StationDisconnected,
    StationHandle,
    station_handle_class,
)
from ocppkit.testing import settle
from ocppkit.v16.roles import ConnectedChargePoint
from ocppkit.v201.roles import ConnectedStation

Make = Callable[..., Any]
R = TypeVar("R", bound=Response)

BOOT = [
    2,
    "b",
    "BootNotification",
    {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}},
]


class RemotePeer:
    """A connection in another process, as far as a handle can see."""

    def __init__(self, answer: Response | None = None) -> None:
        self.answer = answer
        self.connected = True
        self.status = RegistrationStatus.PENDING
        self.served = False
        self.last_received = 7.0
        self.told: list[Any] = []

    async def call(self, request: Request[R], timeout: float | None = None) -> R:
        self.told.append((request, timeout))
        return cast(R, self.answer)

    def send(self, message: Send) -> None:
        self.told.append(message)

    def refuse_result(
        self,
        response: Response,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self.told.append((response, code, description, details))

    def use_policies(self, policies: Policies) -> None:
        self.told.append(policies)

    def set_ping_interval(self, seconds: float) -> None:
        self.told.append(seconds)

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.connected = False
        self.told.append((code, reason))

    async def wait_ended(self) -> ConnectionClosed:
        return ConnectionClosed("gone", by="peer", code=1000)


@pytest.mark.asyncio
async def test_a_typed_handle_works_over_any_peer() -> None:
    answer = v201.ResetResponse(status=v201.ResetStatusEnumType.ACCEPTED)
    peer = RemotePeer(answer)
    handle = station_handle_class(v201.PROTOCOL)("CP001", v201.PROTOCOL, peer, "192.0.2.1")
    assert isinstance(handle, ConnectedStation)
    assert await handle.reset(type=v201.ResetEnumType.IMMEDIATE, call_timeout=5) is answer
    assert peer.told.pop() == (v201.ResetRequest(type=v201.ResetEnumType.IMMEDIATE), 5)
    assert (handle.status, handle.accepted, handle.served, handle.last_received) == (
        RegistrationStatus.PENDING,
        False,
        False,
        7.0,
    )
    peer.status, peer.served = RegistrationStatus.ACCEPTED, True
    assert (handle.accepted, handle.served) == (True, True)
    handle.use_policies(Policies())
    handle.set_ping_interval(3.0)
    handle.refuse_result(answer, ErrorCode.GENERIC_ERROR, "why")
    handle.close_replaced()
    assert peer.told == [
        Policies(),
        3.0,
        (answer, ErrorCode.GENERIC_ERROR, "why", None),
        (1008, "replaced by a newer connection"),
    ]
    assert not handle.connected
    assert (await handle.wait_disconnected()).reason == "gone"
    assert handle.peer is peer


@pytest.mark.asyncio
async def test_a_local_peer_passes_on_requests_of_any_version(
    make_csms: Make, station: Make
) -> None:
    csms = make_csms()
    raw = await station(csms, subprotocol="ocpp1.6")
    handle: StationHandle = csms.stations.get("CP001")
    peer: Peer = handle.peer
    task = asyncio.create_task(peer.call(v16.ClearCacheRequest(), 5.0))
    ((_, message_id, action, _),) = await raw.says()
    assert action == "ClearCache"
    await raw.says([3, message_id, {"status": "Accepted"}])
    assert await task == v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)


@pytest.mark.asyncio
async def test_a_local_peer_sends_what_a_csms_may_send(make_csms: Make, station: Make) -> None:
    csms = make_csms()
    raw = await station(csms, subprotocol="ocpp2.1")
    peer: Peer = csms.stations.get("CP001").peer
    data = [v21.StreamDataElementType(t=0, v="1")]
    event = v21.NotifyPeriodicEventStream(id=1, pending=0, basetime=utcnow(), data=data)
    with pytest.raises(LocalProtocolError, match="a csms must not send this message"):
        peer.send(event)
    assert await raw.says() == []
    # A wire in memory sends no pings.
    peer.set_ping_interval(3.0)
    assert peer.connected


@pytest.mark.parametrize(
    ("protocol", "cls"), [(v201.PROTOCOL, ConnectedStation), (v16.PROTOCOL, ConnectedChargePoint)]
)
def test_the_class_of_handles_is_found_by_protocol(
    protocol: Protocol, cls: type[StationHandle]
) -> None:
    assert station_handle_class(protocol) is cls


def test_a_version_without_roles_has_no_class_of_handles() -> None:
    selected = msgspec.structs.replace(v21.PROTOCOL, roles=None)
    with pytest.raises(LocalProtocolError, match="add BootNotification to `ocppkit generate"):
        station_handle_class(selected)


@pytest.mark.asyncio
async def test_a_directory_closes_a_connection_that_was_replaced_elsewhere(
    make_csms: Make, station: Make
) -> None:
    directory = MemoryDirectory()
    csms = make_csms(directory=directory)
    events = csms.stations.events()
    raw = await station(csms)
    await raw.says(BOOT)
    handle = csms.stations.get("CP001", ConnectedStation)
    sent, queued = (asyncio.create_task(handle.clear_cache()) for _ in range(2))
    assert len(await raw.says()) == 1
    directory.replace(handle)
    assert "CP001" not in csms.stations
    assert not handle.connected
    ends = await asyncio.gather(sent, queued, return_exceptions=True)
    # Only the first was on its way: a station gets one call at a time.
    assert [(type(end), end.delivered) for end in ends] == [  # type: ignore[union-attr]
        (ConnectionClosed, "unknown"),
        (ConnectionClosed, "no"),
    ]
    with pytest.raises(ConnectionClosed, match="replaced by a newer connection") as later:
        await handle.clear_cache()
    assert later.value.delivered == "no"
    await settle()
    assert (raw.end.code, raw.end.reason) == (1008, "replaced by a newer connection")
    told = [await anext(events) for _ in range(3)]
    assert isinstance(told[0], StationConnected)
    assert isinstance(told[2], StationDisconnected)
    assert (told[2].station, told[2].replaced) == (handle, True)
    assert csms.stations.last_seen("CP001") is not None


@pytest.mark.asyncio
async def test_a_connection_that_was_replaced_here_cannot_remove_the_newer_one(
    make_csms: Make, station: Make
) -> None:
    directory = MemoryDirectory()
    csms = make_csms(directory=directory)
    await station(csms)
    older = csms.stations.get("CP001")
    newer = await station(csms)
    directory.replace(older)
    await settle()
    assert csms.stations.get("CP001") is not older
    assert newer.end is None


@pytest.mark.asyncio
async def test_a_directory_learns_of_every_answer_to_a_boot_and_of_stations_served_without(
    make_csms: Make, station: Make
) -> None:
    class Books(MemoryDirectory):
        def updated(self, station: StationHandle) -> None:
            told.append((station.identity, station.status, station.served))
            super().updated(station)

    told: list[tuple[str, str, bool]] = []
    csms = make_csms(v201.PROTOCOL, directory=Books(), unknown="serve")
    events = csms.stations.events()
    pending = v201.BootNotificationResponse(
        current_time=utcnow(),
        interval=1,
        status=v201.RegistrationStatusEnumType.PENDING,
    )

    def boot(station: object, request: object) -> Response:
        return pending

    csms._handlers._handlers[v201.BootNotificationRequest] = boot
    await (await station(csms, "A")).says(BOOT)
    await (await station(csms, "B")).says([2, "h", "Heartbeat", {}])
    assert told == [("A", "Pending", False), ("B", "Unknown", True)]
    # Only accepted boots are events.
    assert [type(await anext(events)) for _ in range(2)] == [StationConnected] * 2
