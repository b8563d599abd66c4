# csms.py
import asyncio

from ocppkit import v201
from ocppkit.core import utcnow
from ocppkit.csms import Csms, SqliteRegistrations
from ocppkit.transports import websockets
from ocppkit.v201.roles import ConnectedStation

csms = Csms(  # add v16.PROTOCOL to speak both
    v201.PROTOCOL, insecure=True, registrations=SqliteRegistrations("stations.db")
)


@csms.on(v201.BootNotificationRequest)
async def boot(
    station: ConnectedStation, request: v201.BootNotificationRequest
) -> v201.BootNotificationResponse:
    return v201.BootNotificationResponse(
        current_time=utcnow(), interval=300, status=v201.RegistrationStatusEnumType.ACCEPTED
    )


async def main() -> None:
    async with websockets.serve(csms, "127.0.0.1", 9000):
        station = await csms.stations.wait("CP001", ConnectedStation)
        print(await station.reset(type=v201.ResetEnumType.IMMEDIATE))


asyncio.run(main())
