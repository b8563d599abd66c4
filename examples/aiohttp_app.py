"""A CSMS inside an aiohttp application. Run it with `python aiohttp_app.py`.

Stations connect to `ws://127.0.0.1:8080/ocpp/<identity>`; `POST /stations/<identity>/reset` resets one.
"""

import asyncio

from aiohttp import web

from ocppkit import v201
from ocppkit.core import utcnow
from ocppkit.csms import Csms
from ocppkit.transports.aiohttp import mount, run_server
from ocppkit.v201.roles import ConnectedStation

csms = Csms(v201.PROTOCOL, insecure=True)
routes = web.RouteTableDef()


@csms.on(v201.BootNotificationRequest)
async def boot(
    station: ConnectedStation, request: v201.BootNotificationRequest
) -> v201.BootNotificationResponse:
    return v201.BootNotificationResponse(
        current_time=utcnow(), interval=300, status=v201.RegistrationStatusEnumType.ACCEPTED
    )


@routes.get("/stations")
async def stations(request: web.Request) -> web.Response:
    return web.json_response(
        {station.identity: station.protocol.version for station in csms.stations}
    )


@routes.post("/stations/{identity}/reset")
async def reset(request: web.Request) -> web.Response:
    response = await connected(request).reset(type=v201.ResetEnumType.IMMEDIATE)
    return web.json_response({"status": response.status})


def connected(request: web.Request) -> ConnectedStation:
    station = csms.stations.get(request.match_info["identity"], ConnectedStation)
    if station is None:
        raise web.HTTPNotFound(text="not connected")
    return station


def make_app() -> web.Application:
    app = web.Application()
    app.add_routes(routes)
    mount(app, "/ocpp", csms)
    return app


if __name__ == "__main__":
    asyncio.run(run_server(make_app(), "127.0.0.1", 8080))
