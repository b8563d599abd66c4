"""A CSMS inside a FastAPI application. Run it with `uvicorn fastapi_app:app --ws websockets-sansio`.

Stations connect to `ws://127.0.0.1:8000/ocpp/<identity>`; `POST /stations/<identity>/reset` resets one.
"""

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

from ocppkit import v201
from ocppkit.core import OcppError, utcnow
from ocppkit.csms import Csms
from ocppkit.transports.starlette import endpoint
from ocppkit.v201.roles import ConnectedStation

csms = Csms(v201.PROTOCOL, insecure=True)


@csms.on(v201.BootNotificationRequest)
async def boot(
    station: ConnectedStation, request: v201.BootNotificationRequest
) -> v201.BootNotificationResponse:
    return v201.BootNotificationResponse(
        current_time=utcnow(), interval=300, status=v201.RegistrationStatusEnumType.ACCEPTED
    )


app = FastAPI()
app.mount("/ocpp", endpoint(csms))


@app.get("/stations")
async def stations() -> dict[str, str]:
    return {station.identity: station.protocol.version for station in csms.stations}


@app.post("/stations/{identity}/reset")
async def reset(identity: str) -> dict[str, str]:
    response = await connected(identity).reset(type=v201.ResetEnumType.IMMEDIATE)
    return {"status": response.status}


def connected(identity: str) -> ConnectedStation:
    station = csms.stations.get(identity, ConnectedStation)
    if station is None:
        raise HTTPException(404, f"{identity} is not connected")
    return station


@app.exception_handler(OcppError)
async def failed(request: Request, error: OcppError) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 502)
