"""A CSMS's handlers: `(station, request) -> response`, for stations of every version."""

from typing import assert_type

from ocppkit import v16, v21, v201
from ocppkit.core import Message, Response, StationRequest, utcnow
from ocppkit.csms import Csms, StationHandle
from ocppkit.v16.roles import ConnectedChargePoint
from ocppkit.v21.roles import ConnectedStation as ConnectedStation21
from ocppkit.v201.roles import ConnectedStation

csms = Csms(v16.PROTOCOL, v201.PROTOCOL, v21.PROTOCOL, insecure=True)

BOOTED = v201.BootNotificationResponse(
    current_time=utcnow(), interval=300, status=v201.RegistrationStatusEnumType.ACCEPTED
)


@csms.on(v201.BootNotificationRequest)
async def coroutine(
    station: ConnectedStation, request: v201.BootNotificationRequest
) -> v201.BootNotificationResponse:
    assert_type(request.charging_station.model, str)
    assert_type(await station.call(v201.ClearCacheRequest()), v201.ClearCacheResponse)
    return BOOTED


@csms.on(v16.HeartbeatRequest)
def plain(station: ConnectedChargePoint, request: v16.HeartbeatRequest) -> v16.HeartbeatResponse:
    return v16.HeartbeatResponse(current_time=utcnow())


@csms.on(v201.BootNotificationRequest)
def untyped_station(
    station: StationHandle, request: v201.BootNotificationRequest
) -> v201.BootNotificationResponse:
    assert_type(station.identity, str)
    if isinstance(station, ConnectedStation):
        assert_type(station, ConnectedStation)
    return BOOTED


@csms.on(v21.NotifyPeriodicEventStream)
async def a_send(station: ConnectedStation21, message: v21.NotifyPeriodicEventStream) -> None:
    assert_type(message.pending, int)


@csms.on(v21.NotifyPeriodicEventStream)
def a_plain_send(station: ConnectedStation21, message: v21.NotifyPeriodicEventStream) -> None:
    assert_type(message.data[0].v, str)


@csms.on(v21.NotifyPeriodicEventStream)  # E: nobody reads the answer
async def an_answered_send(
    station: ConnectedStation21, message: v21.NotifyPeriodicEventStream
) -> v21.HeartbeatResponse: ...


@csms.on(v201.BootNotificationRequest)  # E: wrong response
async def wrong_return(
    station: ConnectedStation, request: v201.BootNotificationRequest
) -> v201.HeartbeatResponse: ...


@csms.on(v201.BootNotificationRequest)  # E: no response
def no_return(station: ConnectedStation, request: v201.BootNotificationRequest) -> None: ...


@csms.on(v201.BootNotificationRequest)  # E: wrong request
def wrong_request(
    station: ConnectedStation, request: v16.BootNotificationRequest
) -> v201.BootNotificationResponse: ...


@csms.on(v201.BootNotificationRequest)  # E: no station
def no_station(request: v201.BootNotificationRequest) -> v201.BootNotificationResponse: ...


@csms.on(v201.BootNotificationRequest)  # E: the station is no text
def no_handle(
    station: str, request: v201.BootNotificationRequest
) -> v201.BootNotificationResponse: ...


csms.on(v201.ResetRequest)  # E: the CSMS sends it itself
csms.on(v16.ResetRequest)  # E: the Central System sends it itself
csms.on(v201.BootNotificationResponse)  # E: a response
csms.on(coroutine)  # E: the decorator without its request


def one_handler_for_all(request: type[StationRequest]) -> None:
    csms.on(request)


async def the_registry() -> None:
    assert_type(csms.stations.get("CP001"), StationHandle | None)
    assert_type(csms.stations.get("CP001", ConnectedStation), ConnectedStation | None)
    assert_type(await csms.stations.wait("CP001"), StationHandle)
    assert_type(await csms.stations.wait("CP001", ConnectedStation), ConnectedStation)
    assert_type(
        await csms.stations.wait_connected("CP001", ConnectedChargePoint), ConnectedChargePoint
    )
    for station in csms.stations:
        assert_type(station, StationHandle)
        if isinstance(station, ConnectedStation21):
            assert_type(await station.call(v21.ClearCacheRequest()), v21.ClearCacheResponse)
        await station.call(v21.ClearCacheRequest())  # E: of which version is it?
    csms.stations.get("CP001", Csms)  # E: no handle
    print(csms.stations.get("CP001").identity)  # E: it may be away


async def what_a_csms_is_not() -> None:
    await csms.call(v201.ClearCacheRequest())  # E: its handles call
    Csms(v201, insecure=True)  # E: the module, not its PROTOCOL
    Csms(v201.PROTOCOL, insecure="yes")  # E: no boolean
    Csms(v201.PROTOCOL, unsafe=True)  # E: no such option


@csms.fallback
async def forward(station: StationHandle, request: Message) -> Response:
    assert_type(request.__ocpp_action__, str)
    return BOOTED


@csms.fallback
def log_only(station: StationHandle, request: Message) -> None:
    assert_type(station.identity, str)


@csms.fallback  # E: it returns no response
def counts(station: StationHandle, request: Message) -> int:
    return 1


@csms.fallback  # E: no station
def stationless(request: Message) -> None: ...
