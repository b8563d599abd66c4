# station.py
import asyncio

from ocppkit import v201
from ocppkit.transports import websockets
from ocppkit.v201.roles import ChargingStation

station = ChargingStation("CP001", model="Wall-11", vendor_name="ACME", insecure=True)


@station.on(v201.ResetRequest)
def reset(request: v201.ResetRequest) -> v201.ResetResponse:
    return v201.ResetResponse(status=v201.ResetStatusEnumType.ACCEPTED)


asyncio.run(websockets.run(station, "ws://127.0.0.1:9000"))  # boots, sends heartbeats, reconnects
