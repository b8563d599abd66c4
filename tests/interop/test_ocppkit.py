"""Two ends of ocppkit's over real sockets: 2.1 as a whole, what only 2.1 has, and the sessions that others play."""

import asyncio
from typing import Any

import pytest

from interop.ends import PATIENCE, our_csms, our_station, play
from interop.script import PROTOCOLS, steps
from interop.security import IDENTITY, MODES, Files, SecurityMode
from ocppkit import v21
from ocppkit.core import (
    OFF,
    CallResultError,
    ErrorCode,
    Event,
    InvalidMessage,
    ResultRefused,
    Role,
    decode_frame,
    utcnow,
)
from ocppkit.csms import Csms
from ocppkit.transports import websockets
from ocppkit.v21.roles import ChargingStation, ConnectedStation
from roles.bench import members
from roles.cases import ALLOWED, Case, exchanges

CASES = [case for case in ALLOWED if case.roles.protocol.version == "2.1"]


@pytest.mark.asyncio
@pytest.mark.parametrize("version", PROTOCOLS)
@pytest.mark.parametrize("mode", MODES.values(), ids=lambda mode: mode.name)
async def test_a_whole_session(version: str, mode: SecurityMode, files: Files) -> None:
    protocol = PROTOCOLS[version]
    boot, *others = steps(protocol)
    async with asyncio.timeout(PATIENCE), our_csms(protocol, mode, files) as csms:
        csms.inbox.response = boot.response
        async with our_station(protocol, mode, files, csms.port, boot=boot.request) as station:
            await station.station.wait_accepted()
            assert csms.inbox.heard == [(boot.action, boot.request)]
            await play(tuple(others), station, csms)


class _Recorder:
    """Writes down the events of one end, and tells of a kind that is waited for."""

    def __init__(self, wanted: type[Any]) -> None:
        self.found: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.frames: list[Any] = []
        self._wanted = wanted

    def frame(self, identity: str, direction: str, data: str | bytes) -> None:
        self.frames.append(decode_frame(data))

    def event(self, identity: str, event: Event) -> None:
        if isinstance(event, self._wanted):
            self.found.set_result(event)


def _station(**options: Any) -> ChargingStation:
    return ChargingStation(IDENTITY, model="Wall-22", vendor_name="ACME", insecure=True, **options)


def _csms(**options: Any) -> Csms:
    csms = Csms(v21.PROTOCOL, insecure=True, any_identity=True, **options)

    @csms.on(v21.BootNotificationRequest)
    def boot(
        station: ConnectedStation, request: v21.BootNotificationRequest
    ) -> v21.BootNotificationResponse:
        return v21.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=v21.RegistrationStatusEnumType.ACCEPTED
        )

    return csms


@pytest.mark.asyncio
async def test_sends_arrive_in_order_and_are_never_answered(files: Files) -> None:
    received: asyncio.Queue[v21.NotifyPeriodicEventStream] = asyncio.Queue()
    observer = _Recorder(ResultRefused)
    csms, station = _csms(observer=observer), _station()

    @csms.on(v21.NotifyPeriodicEventStream)
    async def notify(station: ConnectedStation, message: v21.NotifyPeriodicEventStream) -> None:
        received.put_nowait(message)

    sent = [
        v21.NotifyPeriodicEventStream(
            id=number,
            pending=0,
            basetime=utcnow().replace(microsecond=0),
            data=[v21.StreamDataElementType(t=0.5, v=str(number))] * 100,
        )
        for number in range(20)
    ]
    async with (
        asyncio.timeout(PATIENCE),
        websockets.serve(csms, "127.0.0.1") as server,
        websockets.connect(station, f"ws://127.0.0.1:{server.port}"),
    ):
        await station.wait_accepted()
        for message in sent[:10]:
            await station.send(message)
        for message in sent[10:]:
            await station.notify_periodic_event_stream(**members(message))

        assert [await received.get() for _ in sent] == sent
    # The boot, its answer, and what was sent.
    assert len(observer.frames) == 2 + len(sent)


@pytest.mark.asyncio
async def test_a_csms_learns_that_its_result_was_unusable() -> None:
    observer = _Recorder(ResultRefused)
    csms, station = _csms(observer=observer, outbound=OFF), _station()

    @csms.on(v21.DataTransferRequest)
    def answer(
        station: ConnectedStation, request: v21.DataTransferRequest
    ) -> v21.DataTransferResponse:
        wrong: Any = "Perhaps"
        return v21.DataTransferResponse(status=wrong)

    async with (
        asyncio.timeout(PATIENCE),
        websockets.serve(csms, "127.0.0.1") as server,
        websockets.connect(station, f"ws://127.0.0.1:{server.port}"),
    ):
        await station.wait_accepted()
        with pytest.raises(InvalidMessage):
            await station.data_transfer(vendor_id="com.acme")
        refused = await observer.found

        assert refused.error.code == ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
        assert isinstance(observer.frames[-1], CallResultError)
        assert station.connected


@pytest.mark.asyncio
async def test_a_station_learns_that_its_result_was_unusable() -> None:
    observer = _Recorder(ResultRefused)
    csms, station = _csms(), _station(observer=observer, outbound=OFF)

    @station.on(v21.ResetRequest)
    async def reset(request: v21.ResetRequest) -> v21.ResetResponse:
        wrong: Any = "Perhaps"
        return v21.ResetResponse(status=wrong)

    async with (
        asyncio.timeout(PATIENCE),
        websockets.serve(csms, "127.0.0.1") as server,
        websockets.connect(station, f"ws://127.0.0.1:{server.port}"),
    ):
        handle = await csms.stations.wait(IDENTITY, ConnectedStation)
        with pytest.raises(InvalidMessage):
            await handle.reset(type=v21.ResetEnumType.IMMEDIATE)
        refused = await observer.found

        assert refused.error.code == ErrorCode.PROPERTY_CONSTRAINT_VIOLATION
        assert isinstance(observer.frames[-1], CallResultError)
        assert station.connected


def test_every_action_of_2_1_is_exchanged_below() -> None:
    assert len(CASES) == 92


@pytest.mark.asyncio
@pytest.mark.parametrize("sender", Role)
async def test_every_action_of_2_1_over_one_socket(sender: Role) -> None:
    csms, station = _csms(), _station()
    cases = [case for case in CASES if case.sender is sender]
    received: asyncio.Queue[Any] = asyncio.Queue()
    responses: dict[str, Any] = {}

    def enrol(case: Case, peer: Any) -> None:
        @peer.on(case.action.request)  # type: ignore[untyped-decorator]
        async def handler(*arguments: Any) -> Any:
            received.put_nowait(arguments[-1])
            return responses[case.action.name]

    others = [case for case in cases if case.action.name != "BootNotification"]
    for case in others:
        enrol(case, csms if sender is Role.STATION else station)
    async with (
        asyncio.timeout(PATIENCE),
        websockets.serve(csms, "127.0.0.1") as server,
        websockets.connect(station, f"ws://127.0.0.1:{server.port}"),
    ):
        handle = await csms.stations.wait(IDENTITY, ConnectedStation)
        await station.wait_accepted()
        end: Any = station if sender is Role.STATION else handle
        for case in others:
            for request, response in exchanges(case.action):
                responses[case.action.name] = response
                if response is None:
                    await end.send(request)
                else:
                    assert await end.call(request) == response
                assert await received.get() == request
    assert received.empty()
