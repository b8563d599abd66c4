"""A CSMS on the fast transport. Run it with `python picows_app.py`.

Stations connect to `ws://127.0.0.1:9000/ocpp/<identity>`. Each that has booted is asked for its base
report, and what comes and goes is printed. Only the import of `serve` makes it fast; for many `wss`
connections on another transport, `uvloop.run(main())` is the switch.
"""

import asyncio

from ocppkit import v201
from ocppkit.core import OcppError, utcnow
from ocppkit.csms import Csms, StationAccepted
from ocppkit.transports.picows import serve
from ocppkit.v201.roles import ConnectedStation

csms = Csms(v201.PROTOCOL, insecure=True)


@csms.on(v201.BootNotificationRequest)
def boot(
    station: ConnectedStation, request: v201.BootNotificationRequest
) -> v201.BootNotificationResponse:
    return v201.BootNotificationResponse(
        current_time=utcnow(), interval=300, status=v201.RegistrationStatusEnumType.ACCEPTED
    )


@csms.on(v201.HeartbeatRequest)
def heartbeat(station: ConnectedStation, request: v201.HeartbeatRequest) -> v201.HeartbeatResponse:
    return v201.HeartbeatResponse(current_time=utcnow())


async def ask(station: ConnectedStation) -> None:
    try:
        answer = await station.get_base_report(
            request_id=1, report_base=v201.ReportBaseEnumType.SUMMARY_INVENTORY
        )
    except OcppError as error:
        print(f"{station.identity}: {error}", flush=True)
    else:
        print(f"{station.identity}: {answer.status}", flush=True)


async def main() -> None:
    async with serve(csms, "127.0.0.1", 9000), asyncio.TaskGroup() as group:
        async for event in csms.stations.events():
            print(f"{type(event).__name__}: {event.station.identity}", flush=True)
            if isinstance(event, StationAccepted) and isinstance(event.station, ConnectedStation):
                group.create_task(ask(event.station))


if __name__ == "__main__":
    asyncio.run(main())
