"""OCPP 2.1: a session with a periodic event stream, whose messages (SENDs) have no response."""

import asyncio

from ocppkit import v21
from ocppkit.core import utcnow
from ocppkit.csms import Csms
from ocppkit.transports import websockets
from ocppkit.v21.roles import ChargingStation, ConnectedStation, CsmsHandlers

TOKEN = v21.IdTokenType(id_token="04E91C5A", type="ISO14443")
ACCEPTED = v21.IdTokenInfoType(status=v21.AuthorizationStatusEnumType.ACCEPTED)


class Handlers(CsmsHandlers):
    """Handlers of the CSMS for requests of the station."""

    def __init__(self) -> None:
        self.charging = asyncio.Event()
        """Set when the session has begun."""

    def boot_notification(
        self, station: ConnectedStation, request: v21.BootNotificationRequest
    ) -> v21.BootNotificationResponse:
        return v21.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=v21.RegistrationStatusEnumType.ACCEPTED
        )

    def transaction_event(
        self, station: ConnectedStation, request: v21.TransactionEventRequest
    ) -> v21.TransactionEventResponse:
        if request.event_type == v21.TransactionEventEnumType.STARTED:
            self.charging.set()
        return v21.TransactionEventResponse(
            id_token_info=ACCEPTED if request.id_token is not None else None
        )

    def open_periodic_event_stream(
        self, station: ConnectedStation, request: v21.OpenPeriodicEventStreamRequest
    ) -> v21.OpenPeriodicEventStreamResponse:
        return v21.OpenPeriodicEventStreamResponse(status=v21.GenericStatusEnumType.ACCEPTED)

    def notify_periodic_event_stream(
        self, station: ConnectedStation, message: v21.NotifyPeriodicEventStream
    ) -> None:
        """A SEND: it has no answer."""

    def close_periodic_event_stream(
        self, station: ConnectedStation, request: v21.ClosePeriodicEventStreamRequest
    ) -> v21.ClosePeriodicEventStreamResponse:
        return v21.ClosePeriodicEventStreamResponse()


async def play(csms: Csms, url: str) -> None:
    """Runs both sides of a session."""
    handlers = Handlers()
    csms.add_handlers(handlers)
    station, stopped = charging_station()
    async with websockets.connect(station, url):
        await station.wait_accepted()
        await asyncio.gather(charge(station, stopped), command(csms, handlers.charging))


def charging_station() -> tuple[ChargingStation, asyncio.Event]:
    """Returns a Charging Station, and an event that is set when the CSMS stops the session."""
    station = ChargingStation("CS21", model="Wall-22", vendor_name="ACME", insecure=True)
    stopped = asyncio.Event()

    @station.on(v21.RequestStopTransactionRequest)
    def stop(request: v21.RequestStopTransactionRequest) -> v21.RequestStopTransactionResponse:
        stopped.set()
        return v21.RequestStopTransactionResponse(
            status=v21.RequestStartStopStatusEnumType.ACCEPTED
        )

    return station, stopped


async def charge(station: ChargingStation, stopped: asyncio.Event) -> None:
    """Sends the messages of the Charging Station in a session."""
    await station.transaction_event(
        event_type=v21.TransactionEventEnumType.STARTED,
        timestamp=utcnow(),
        trigger_reason=v21.TriggerReasonEnumType.AUTHORIZED,
        seq_no=0,
        transaction_info=v21.TransactionType(transaction_id="T-1"),
        id_token=TOKEN,
    )
    stream = v21.ConstantStreamDataType(
        id=1, variable_monitoring_id=1, params=v21.PeriodicEventStreamParamsType(interval=1)
    )
    await station.open_periodic_event_stream(constant_stream_data=stream)
    await station.notify_periodic_event_stream(
        id=1,
        pending=0,
        basetime=utcnow(),
        data=[v21.StreamDataElementType(t=0.0, v="10.4"), v21.StreamDataElementType(t=1.0, v="11")],
    )
    await station.close_periodic_event_stream(id=1)
    await stopped.wait()
    await station.transaction_event(
        event_type=v21.TransactionEventEnumType.ENDED,
        timestamp=utcnow(),
        trigger_reason=v21.TriggerReasonEnumType.REMOTE_STOP,
        seq_no=1,
        transaction_info=v21.TransactionType(transaction_id="T-1"),
    )


async def command(csms: Csms, charging: asyncio.Event) -> None:
    """Sends the commands of the CSMS: stops the session."""
    station = await csms.stations.wait("CS21", ConnectedStation)
    await charging.wait()
    await station.request_stop_transaction(transaction_id="T-1")
