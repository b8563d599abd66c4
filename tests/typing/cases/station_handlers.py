"""A station's handlers: `(request) -> response`, plain or async, checked against the request."""

from collections.abc import Callable, Coroutine
from typing import Any, assert_type

from ocppkit import v16, v21, v201
from ocppkit.v16.roles import ChargePoint
from ocppkit.v21.roles import ChargingStation as ChargingStation21
from ocppkit.v201.bases import CsmsRequest
from ocppkit.v201.roles import ChargingStation

station = ChargingStation("CP001", model="Wall-11", vendor_name="ACME", insecure=True)
station21 = ChargingStation21("CP001", model="Wall-11", vendor_name="ACME", insecure=True)
point = ChargePoint(
    "CP001", charge_point_model="Wall-11", charge_point_vendor="ACME", insecure=True
)

ACCEPTED = v201.ResetResponse(status=v201.ResetStatusEnumType.ACCEPTED)


@station.on(v201.ResetRequest)
def plain(request: v201.ResetRequest) -> v201.ResetResponse:
    assert_type(request.type, v201.ResetEnumType)
    return ACCEPTED


@station.on(v201.ResetRequest)
async def coroutine(request: v201.ResetRequest) -> v201.ResetResponse:
    return ACCEPTED


@station21.on(v21.ClearCacheRequest)
async def of_21(request: v21.ClearCacheRequest) -> v21.ClearCacheResponse:
    return v21.ClearCacheResponse(status=v21.ClearCacheStatusEnumType.ACCEPTED)


@point.on(v16.ClearCacheRequest)
def of_16(request: v16.ClearCacheRequest) -> v16.ClearCacheResponse:
    return v16.ClearCacheResponse(status=v16.ClearCacheStatus.ACCEPTED)


# A handler stays what it was: callable and testable by itself.
assert_type(plain, Callable[[v201.ResetRequest], v201.ResetResponse])
assert_type(coroutine, Callable[[v201.ResetRequest], Coroutine[Any, Any, v201.ResetResponse]])


@station.on(v201.ResetRequest)  # E: wrong response
def wrong_return(request: v201.ResetRequest) -> v201.ClearCacheResponse: ...


@station.on(v201.ResetRequest)  # E: wrong response
async def wrong_async_return(request: v201.ResetRequest) -> v201.ClearCacheResponse: ...


@station.on(v201.ResetRequest)  # E: no response
def no_return(request: v201.ResetRequest) -> None: ...


@station.on(v201.ResetRequest)  # E: a response or none
def half_a_return(request: v201.ResetRequest) -> v201.ResetResponse | None: ...


@station.on(v201.ResetRequest)  # E: of another version
def return_of_another_version(request: v201.ResetRequest) -> v21.ResetResponse: ...


@station.on(v201.ResetRequest)  # E: wrong request
def wrong_request(request: v201.ClearCacheRequest) -> v201.ResetResponse: ...


@station.on(v201.ResetRequest)  # E: wrong request
async def wrong_async_request(request: v21.ResetRequest) -> v201.ResetResponse: ...


@station.on(v201.ResetRequest)  # E: a station's handler takes the request alone
def too_much(station: ChargingStation, request: v201.ResetRequest) -> v201.ResetResponse: ...


station.on(v201.BootNotificationRequest)  # E: the station sends it itself
station.on(v16.ResetRequest)  # E: of 1.6
station.on(v201.ResetResponse)  # E: a response
station.on("Reset")  # E: a name
station.on(plain)  # E: the decorator without its request
station21.on(v21.NotifyPeriodicEventStream)  # E: the station sends it itself


@station.on(v201.DataTransferRequest)
def both_directions(request: v201.DataTransferRequest) -> v201.DataTransferResponse:
    return v201.DataTransferResponse(status=v201.DataTransferStatusEnumType.ACCEPTED)


@station.on(v201.ResetRequest)
def a_wider_request(request: CsmsRequest) -> v201.ResetResponse:
    """Takes more than it is given, which is fine."""
    return ACCEPTED
