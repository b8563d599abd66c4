"""A call's result is inferred from its request; a request goes in its own direction and version."""

from typing import assert_type

from ocppkit import v16, v21, v201
from ocppkit.core import CsmsRequest, Response, StationRequest
from ocppkit.v16.roles import ChargePoint, ConnectedChargePoint
from ocppkit.v21.roles import ChargingStation as ChargingStation21
from ocppkit.v21.roles import ConnectedStation as ConnectedStation21
from ocppkit.v201.bases import Response as Response201
from ocppkit.v201.bases import StationRequest as StationRequest201
from ocppkit.v201.roles import ChargingStation, ConnectedStation


async def a_call_gives_its_response(
    point: ChargePoint,
    station: ChargingStation,
    station21: ChargingStation21,
    connected_point: ConnectedChargePoint,
    connected: ConnectedStation,
    connected21: ConnectedStation21,
) -> None:
    assert_type(await point.call(v16.HeartbeatRequest()), v16.HeartbeatResponse)
    assert_type(await station.call(v201.HeartbeatRequest()), v201.HeartbeatResponse)
    assert_type(await station21.call(v21.HeartbeatRequest()), v21.HeartbeatResponse)
    assert_type(await connected_point.call(v16.ClearCacheRequest()), v16.ClearCacheResponse)
    assert_type(await connected.call(v201.ClearCacheRequest()), v201.ClearCacheResponse)
    assert_type(await connected21.call(v21.ClearCacheRequest()), v21.ClearCacheResponse)
    answer: v16.HeartbeatResponse = await station.call(v201.HeartbeatRequest())  # E: another class
    assert_type(answer, v16.HeartbeatResponse)


async def the_wrong_direction(
    point: ChargePoint,
    station: ChargingStation,
    connected_point: ConnectedChargePoint,
    connected: ConnectedStation,
) -> None:
    await point.call(v16.ClearCacheRequest())  # E: a Charge Point does not send it
    await station.call(v201.ClearCacheRequest())  # E: a Charging Station does not send it
    await connected_point.call(v16.HeartbeatRequest())  # E: a Central System does not send it
    await connected.call(v201.HeartbeatRequest())  # E: a CSMS does not send it


async def both_directions(station: ChargingStation, connected: ConnectedStation) -> None:
    request = v201.DataTransferRequest(vendor_id="org.example")
    assert_type(await station.call(request), v201.DataTransferResponse)
    assert_type(await connected.call(request), v201.DataTransferResponse)


async def the_wrong_version(
    point: ChargePoint,
    station: ChargingStation,
    station21: ChargingStation21,
    connected: ConnectedStation,
) -> None:
    await point.call(v201.HeartbeatRequest())  # E: of 2.0.1
    await station.call(v16.HeartbeatRequest())  # E: of 1.6
    await station.call(v21.HeartbeatRequest())  # E: of 2.1
    await station21.call(v201.HeartbeatRequest())  # E: of 2.0.1
    await connected.call(v21.ClearCacheRequest())  # E: of 2.1


async def no_request_at_all(station: ChargingStation, connected: ConnectedStation) -> None:
    await station.call(v201.HeartbeatRequest)  # E: the class, not an instance
    await station.call(v201.BootNotificationResponse)  # E: a response
    await connected.call({"type": "Immediate"})  # E: a dictionary
    await connected.call(v201.ClearCacheRequest(), timeout=5.0)  # E: it is call_timeout
    await connected.call(v201.ClearCacheRequest(), call_timeout=5.0)


async def a_send_has_no_answer(
    station: ChargingStation21,
    connected: ConnectedStation21,
    old: ChargingStation,
    message: v21.NotifyPeriodicEventStream,
) -> None:
    await station.send(message)
    await station.call(message)  # E: nobody answers it
    await station.send(v21.HeartbeatRequest())  # E: it would be answered
    await connected.send(message)  # E: a CSMS sends none in 2.1
    await old.send(message)  # E: 2.0.1 has none


async def a_request_of_any_type(
    station: ChargingStation, request: StationRequest201[Response201]
) -> None:
    assert_type(await station.call(request), Response201)
    await station.call(request.__ocpp_action__)  # E: a name


def what_the_bases_say(
    boot: v201.BootNotificationRequest, reset: v201.ResetRequest, data: v201.DataTransferRequest
) -> None:
    asked: StationRequest[v201.BootNotificationResponse] = boot
    told: CsmsRequest[Response] = reset
    both: tuple[StationRequest, CsmsRequest] = data, data
    wrong: CsmsRequest = boot  # E: a station sends it
    print(asked, told, both, wrong)
