"""OCPP 1.6: a session with one StartTransaction and one StopTransaction, which the Central System stops."""

import asyncio

from ocppkit import v16
from ocppkit.core import utcnow
from ocppkit.csms import Csms
from ocppkit.transports import websockets
from ocppkit.v16.roles import ChargePoint, ConnectedChargePoint, CsmsHandlers

ACCEPTED = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)


class Handlers(CsmsHandlers):
    """Handlers of the Central System for requests of the Charge Point."""

    def __init__(self) -> None:
        self.charging = asyncio.Event()
        """Set when the session has begun."""

    def boot_notification(
        self, station: ConnectedChargePoint, request: v16.BootNotificationRequest
    ) -> v16.BootNotificationResponse:
        return v16.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=v16.RegistrationStatus.ACCEPTED
        )

    def status_notification(
        self, station: ConnectedChargePoint, request: v16.StatusNotificationRequest
    ) -> v16.StatusNotificationResponse:
        return v16.StatusNotificationResponse()

    def authorize(
        self, station: ConnectedChargePoint, request: v16.AuthorizeRequest
    ) -> v16.AuthorizeResponse:
        return v16.AuthorizeResponse(id_tag_info=ACCEPTED)

    def start_transaction(
        self, station: ConnectedChargePoint, request: v16.StartTransactionRequest
    ) -> v16.StartTransactionResponse:
        self.charging.set()
        return v16.StartTransactionResponse(id_tag_info=ACCEPTED, transaction_id=1)

    def meter_values(
        self, station: ConnectedChargePoint, request: v16.MeterValuesRequest
    ) -> v16.MeterValuesResponse:
        return v16.MeterValuesResponse()

    def stop_transaction(
        self, station: ConnectedChargePoint, request: v16.StopTransactionRequest
    ) -> v16.StopTransactionResponse:
        return v16.StopTransactionResponse(id_tag_info=ACCEPTED)


async def play(csms: Csms, url: str) -> None:
    """Runs both sides of a session."""
    handlers = Handlers()
    csms.add_handlers(handlers)
    station, stopped = charge_point()
    async with websockets.connect(station, url):
        await station.wait_accepted()
        await asyncio.gather(charge(station, stopped), command(csms, handlers.charging))


def charge_point() -> tuple[ChargePoint, asyncio.Event]:
    """Returns a Charge Point, and an event that is set when the Central System stops the session."""
    station = ChargePoint(
        "CP16", charge_point_vendor="ACME", charge_point_model="Wall-11", insecure=True
    )
    stopped = asyncio.Event()

    @station.on(v16.RemoteStopTransactionRequest)
    def stop(request: v16.RemoteStopTransactionRequest) -> v16.RemoteStopTransactionResponse:
        stopped.set()
        return v16.RemoteStopTransactionResponse(status=v16.RemoteStartStopStatus.ACCEPTED)

    @station.on(v16.SetChargingProfileRequest)
    def limit(request: v16.SetChargingProfileRequest) -> v16.SetChargingProfileResponse:
        return v16.SetChargingProfileResponse(status=v16.ChargingProfileStatus.ACCEPTED)

    return station, stopped


async def charge(station: ChargePoint, stopped: asyncio.Event) -> None:
    """Sends the messages of the Charge Point in a session."""
    await _report(station, v16.ChargePointStatus.PREPARING)
    await station.authorize(id_tag="04E91C5A")
    started = await station.start_transaction(
        connector_id=1, id_tag="04E91C5A", meter_start=1200, timestamp=utcnow()
    )
    await _report(station, v16.ChargePointStatus.CHARGING)
    sample = v16.SampledValue(value="1450", measurand=v16.Measurand.ENERGY_ACTIVE_IMPORT_REGISTER)
    await station.meter_values(
        connector_id=1,
        transaction_id=started.transaction_id,
        meter_value=[v16.MeterValue(timestamp=utcnow(), sampled_value=[sample])],
    )
    await stopped.wait()
    await station.stop_transaction(
        transaction_id=started.transaction_id,
        meter_stop=1700,
        timestamp=utcnow(),
        reason=v16.Reason.REMOTE,
    )
    await _report(station, v16.ChargePointStatus.AVAILABLE)


async def command(csms: Csms, charging: asyncio.Event) -> None:
    """Sends the commands of the Central System: sets a limit, then stops the session."""
    station = await csms.stations.wait("CP16", ConnectedChargePoint)
    period = v16.ChargingSchedulePeriod(start_period=0, limit=16.0, number_phases=3)
    await station.set_charging_profile(
        connector_id=1,
        cs_charging_profiles=v16.ChargingProfile(
            charging_profile_id=1,
            stack_level=0,
            charging_profile_purpose=v16.ChargingProfilePurposeType.TX_DEFAULT_PROFILE,
            charging_profile_kind=v16.ChargingProfileKindType.RELATIVE,
            charging_schedule=v16.ChargingSchedule(
                charging_rate_unit=v16.ChargingRateUnitType.A, charging_schedule_period=[period]
            ),
        ),
    )
    await charging.wait()
    await station.remote_stop_transaction(transaction_id=1)


async def _report(station: ChargePoint, status: v16.ChargePointStatus) -> None:
    await station.status_notification(
        connector_id=1, error_code=v16.ChargePointErrorCode.NO_ERROR, status=status
    )
