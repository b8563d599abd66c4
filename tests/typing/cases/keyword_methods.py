"""Keyword methods and constructors: what must be given, what may be, and of which type."""

from datetime import datetime
from typing import assert_type

from ocppkit import v16, v21, v201
from ocppkit.v16.roles import ChargePoint, ConnectedChargePoint
from ocppkit.v21.roles import ChargingStation as ChargingStation21
from ocppkit.v201.roles import ChargingStation, ConnectedStation

IMMEDIATE = v201.ResetEnumType.IMMEDIATE


async def results(
    station: ChargingStation, connected: ConnectedStation, point: ConnectedChargePoint
) -> None:
    assert_type(await station.heartbeat(), v201.HeartbeatResponse)
    assert_type((await station.heartbeat()).current_time, datetime)
    assert_type(await connected.reset(type=IMMEDIATE), v201.ResetResponse)
    assert_type(await point.reset(type=v16.ResetType.HARD), v16.ResetResponse)
    assert_type(await station.data_transfer(vendor_id="org.example"), v201.DataTransferResponse)


async def arguments(connected: ConnectedStation) -> None:
    await connected.reset(type=IMMEDIATE, evse_id=None)
    await connected.reset(type=IMMEDIATE, evse_id=1, call_timeout=5.0)
    await connected.reset()  # E: type is required
    await connected.reset(type=None)  # E: required means that it is there
    await connected.reset(type="Immediate")  # E: a text is no member of the enum
    await connected.reset(type=v201.ResetStatusEnumType.ACCEPTED)  # E: another enum
    await connected.reset(type=v21.ResetEnumType.IMMEDIATE)  # E: another version
    await connected.reset(type=IMMEDIATE, evse_id="1")  # E: a text is no number
    await connected.reset(type=IMMEDIATE, evseId=1)  # E: a name on the wire
    await connected.reset(IMMEDIATE)  # E: by keyword only
    await connected.reset(type=IMMEDIATE, timeout=5.0)  # E: it is call_timeout
    await connected.heartbeat()  # E: a station sends it


async def a_send(station: ChargingStation21, element: v21.StreamDataElementType) -> None:
    now = datetime.now().astimezone()
    send = station.notify_periodic_event_stream
    await send(data=[element], id=1, pending=0, basetime=now)
    await send(data=[element], id=1, pending=0)  # E: basetime
    await send(data=[element], id=1, pending=0, basetime=now, call_timeout=1.0)  # E: no answer


def constructors() -> None:
    ChargingStation("CP001", model="Wall-11", vendor_name="ACME", insecure=True)
    ChargingStation(
        "CP001",
        model="Wall-11",
        vendor_name="ACME",
        modem=v201.ModemType(iccid="894"),
        reason=v201.BootReasonEnumType.WATCHDOG,
        password="secret",
    )
    ChargePoint("CP001", charge_point_vendor="ACME", charge_point_model="Wall-11")
    ChargePoint("CP001", charge_point_vendor="ACME", charge_point_model="Wall-11", imsi="26201")
    ChargePoint("CP001", charge_point_vendor="ACME")  # E: charge_point_model
    ChargePoint("CP001", vendor_name="ACME", model="Wall-11")  # E: names of 2.0.1
    ChargePoint("CP001", charge_point_vendor=None, charge_point_model="Wall-11")  # E: required
    ChargingStation("CP001", model="Wall-11")  # E: vendor_name
    ChargingStation(b"CP001", model="Wall-11", vendor_name="ACME")  # E: the identity is a text
    ChargingStation("CP001", model="Wall-11", vendor_name="ACME", reason="Watchdog")  # E: a text
    ChargingStation("CP001", model="Wall-11", vendor_name="ACME", secure=False)  # E: no option
    ChargingStation("CP001", model="Wall-11", vendor_name="ACME", insecure=1)  # E: no boolean
