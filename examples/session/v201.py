"""OCPP 2.0.1: a session reported with TransactionEvent, which the CSMS stops."""

import asyncio

from ocppkit import v201
from ocppkit.core import utcnow
from ocppkit.csms import Csms
from ocppkit.transports import websockets
from ocppkit.v201.roles import ChargingStation, ConnectedStation, CsmsHandlers

TOKEN = v201.IdTokenType(id_token="04E91C5A", type=v201.IdTokenEnumType.ISO14443)
ACCEPTED = v201.IdTokenInfoType(status=v201.AuthorizationStatusEnumType.ACCEPTED)


class Handlers(CsmsHandlers):
    """Handlers of the CSMS for requests of the station."""

    def __init__(self) -> None:
        self.charging = asyncio.Event()
        """Set when the session has begun."""

    def boot_notification(
        self, station: ConnectedStation, request: v201.BootNotificationRequest
    ) -> v201.BootNotificationResponse:
        return v201.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=v201.RegistrationStatusEnumType.ACCEPTED
        )

    def status_notification(
        self, station: ConnectedStation, request: v201.StatusNotificationRequest
    ) -> v201.StatusNotificationResponse:
        return v201.StatusNotificationResponse()

    def authorize(
        self, station: ConnectedStation, request: v201.AuthorizeRequest
    ) -> v201.AuthorizeResponse:
        return v201.AuthorizeResponse(id_token_info=ACCEPTED)

    def transaction_event(
        self, station: ConnectedStation, request: v201.TransactionEventRequest
    ) -> v201.TransactionEventResponse:
        if request.event_type == v201.TransactionEventEnumType.STARTED:
            self.charging.set()
        return v201.TransactionEventResponse(
            id_token_info=ACCEPTED if request.id_token is not None else None
        )


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
    station = ChargingStation("CS201", model="Wall-11", vendor_name="ACME", insecure=True)
    stopped = asyncio.Event()

    @station.on(v201.RequestStopTransactionRequest)
    def stop(request: v201.RequestStopTransactionRequest) -> v201.RequestStopTransactionResponse:
        stopped.set()
        return v201.RequestStopTransactionResponse(
            status=v201.RequestStartStopStatusEnumType.ACCEPTED
        )

    @station.on(v201.GetVariablesRequest)
    async def get(request: v201.GetVariablesRequest) -> v201.GetVariablesResponse:
        return v201.GetVariablesResponse(
            get_variable_result=[
                v201.GetVariableResultType(
                    attribute_status=v201.GetVariableStatusEnumType.ACCEPTED,
                    attribute_value="300",
                    component=wanted.component,
                    variable=wanted.variable,
                )
                for wanted in request.get_variable_data
            ]
        )

    return station, stopped


async def charge(station: ChargingStation, stopped: asyncio.Event) -> None:
    """Sends the messages of the Charging Station in a session."""
    await _report(station, v201.ConnectorStatusEnumType.OCCUPIED)
    await station.authorize(id_token=TOKEN)
    await station.transaction_event(
        event_type=v201.TransactionEventEnumType.STARTED,
        timestamp=utcnow(),
        trigger_reason=v201.TriggerReasonEnumType.AUTHORIZED,
        seq_no=0,
        transaction_info=_transaction(v201.ChargingStateEnumType.CHARGING),
        id_token=TOKEN,
        evse=v201.EVSEType(id=1, connector_id=1),
    )
    sample = v201.SampledValueType(
        value=1450.0, measurand=v201.MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER
    )
    await station.transaction_event(
        event_type=v201.TransactionEventEnumType.UPDATED,
        timestamp=utcnow(),
        trigger_reason=v201.TriggerReasonEnumType.METER_VALUE_PERIODIC,
        seq_no=1,
        transaction_info=_transaction(v201.ChargingStateEnumType.CHARGING),
        meter_value=[v201.MeterValueType(timestamp=utcnow(), sampled_value=[sample])],
    )
    await stopped.wait()
    await station.transaction_event(
        event_type=v201.TransactionEventEnumType.ENDED,
        timestamp=utcnow(),
        trigger_reason=v201.TriggerReasonEnumType.REMOTE_STOP,
        seq_no=2,
        transaction_info=_transaction(v201.ChargingStateEnumType.IDLE),
    )
    await _report(station, v201.ConnectorStatusEnumType.AVAILABLE)


async def command(csms: Csms, charging: asyncio.Event) -> None:
    """Sends the commands of the CSMS: reads a variable, then stops the session."""
    station = await csms.stations.wait("CS201", ConnectedStation)
    wanted = v201.GetVariableDataType(
        component=v201.ComponentType(name="OCPPCommCtrlr"),
        variable=v201.VariableType(name="HeartbeatInterval"),
    )
    await station.get_variables(get_variable_data=[wanted])
    await charging.wait()
    await station.request_stop_transaction(transaction_id="T-1")


def _transaction(state: v201.ChargingStateEnumType) -> v201.TransactionType:
    return v201.TransactionType(transaction_id="T-1", charging_state=state)


async def _report(station: ChargingStation, status: v201.ConnectorStatusEnumType) -> None:
    await station.status_notification(
        timestamp=utcnow(), connector_status=status, evse_id=1, connector_id=1
    )
