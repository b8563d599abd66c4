"""The guide on transactions does what it says."""

import pytest

from ocppkit import v16, v201
from ocppkit.core import utcnow
from ocppkit.csms import Csms, StationHandle
from ocppkit.testing import connected, settle
from ocppkit.v16.roles import ChargePoint
from ocppkit.v201.roles import ChargingStation
from support.guide_code import executed


@pytest.mark.asyncio
async def test_the_csms_bills() -> None:
    names = executed("guides/transactions.md")
    station = ChargingStation("CP001", model="M", vendor_name="V", insecure=True)
    kinds = v201.TransactionEventEnumType
    async with connected(station, names["csms"]):
        await station.wait_accepted()
        for number, (kind, energy) in enumerate(((kinds.STARTED, 0.0), (kinds.ENDED, 750.0))):
            value = v201.SampledValueType(value=energy)
            await station.transaction_event(
                event_type=kind,
                timestamp=utcnow(),
                trigger_reason=v201.TriggerReasonEnumType.CABLE_PLUGGED_IN,
                seq_no=number,
                transaction_info=v201.TransactionType(transaction_id="T1"),
                meter_value=[v201.MeterValueType(sampled_value=[value], timestamp=utcnow())],
            )
    (bill,) = names["bills"]
    assert (bill.station, bill.energy) == ("CP001", 750.0)


@pytest.mark.asyncio
async def test_the_central_system_bills() -> None:
    names = executed("guides/transactions.md")
    csms: Csms = names["central_system"]

    @csms.on(v16.BootNotificationRequest)
    def boot(
        station: StationHandle, request: v16.BootNotificationRequest
    ) -> v16.BootNotificationResponse:
        accepted = v16.RegistrationStatus.ACCEPTED
        return v16.BootNotificationResponse(current_time=utcnow(), interval=300, status=accepted)

    station = ChargePoint("CP001", charge_point_model="M", charge_point_vendor="V", insecure=True)
    async with connected(station, csms):
        await station.wait_accepted()
        begun = utcnow()
        for _ in range(2):
            started = await station.start_transaction(
                connector_id=1, id_tag="04E91C5A", meter_start=100, timestamp=begun
            )
        values = v16.MeterValue(timestamp=begun, sampled_value=[v16.SampledValue(value="150")])
        await station.meter_values(
            connector_id=1, transaction_id=started.transaction_id, meter_value=[values]
        )
        await station.stop_transaction(
            meter_stop=300, timestamp=utcnow(), transaction_id=started.transaction_id
        )
    (bill,) = names["bills"]
    assert (bill.transaction_id, bill.energy) == (str(started.transaction_id), 200.0)


@pytest.mark.asyncio
async def test_the_station_charges() -> None:
    names = executed("guides/transactions.md")
    station, registers, contactors = names["station"], names["registers"], names["contactors"]
    async with names["blocks"], connected(station, names["csms"]):
        await station.wait_accepted()
        names["plugged_in"](1)
        names["authorized"](1, "04E91C5A")
        await settle()
        assert contactors == {1: True, 2: False}
        names["energy"](1, True)
        registers[1] += 250.0
        names["paused_by_vehicle"](1)
        names["unplugged"](1)
        await settle()
        assert contactors[1] is False
        names["plugged_in"](2)
        names["authorized"](2, "04E91C5A")
        names["emergency_stop"](2)
        await settle()
    first, second = names["bills"]
    assert (first.energy, first.stopped_reason) == (250.0, "EVDisconnected")
    assert (second.energy, second.stopped_reason) == (0.0, "EmergencyStop")
