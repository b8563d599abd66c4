"""A vendor's request names the class of its answer, in both roles and in every version."""

from typing import assert_type

from ocppkit import v16, v201
from ocppkit.aio import VendorRequest, VendorResponse
from ocppkit.csms import Csms
from ocppkit.v16.roles import ConnectedChargePoint
from ocppkit.v201.roles import ChargingStation, ConnectedStation


class Pong(VendorResponse):
    """What a ping is answered with."""

    uptime: int


class Ping(VendorRequest[Pong], vendor_id="com.acme", message_id="Ping"):
    """Asks whether the meter lives."""

    times: int = 1


csms = Csms(v201.PROTOCOL, v16.PROTOCOL, insecure=True)


@csms.on(Ping)
async def later(station: ConnectedStation, ping: Ping) -> Pong:
    """Answers."""
    return Pong(uptime=ping.times)


async def call(
    station: ChargingStation, handle: ConnectedStation, old: ConnectedChargePoint
) -> None:
    """Calls."""
    assert_type(await station.call(Ping(times=2)), Pong)
    assert_type(await handle.call(Ping()), Pong)
    assert_type(await old.call(Ping(), call_timeout=3), Pong)
    assert_type(await handle.call(v201.ClearCacheRequest()), v201.ClearCacheResponse)

    @station.on(Ping)
    def at_once(ping: Ping) -> Pong:
        return Pong(uptime=ping.times)

    await handle.call(v16.ClearCacheRequest())  # E: of another version
    await handle.call(Pong(uptime=1))  # E: an answer
    Ping(times="2")  # E: a number

    @station.on(Ping)  # E: it must answer with Pong
    def wrong(ping: Ping) -> VendorResponse:
        return VendorResponse()


class Nobody(VendorRequest[Pong]):  # E: whose?
    """Has no vendor."""
