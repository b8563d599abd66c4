"""The guide about metrics counts what happens, and its OpenTelemetry part starts."""

import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY, generate_latest

from ocppkit import v201
from ocppkit.core import CallFailed, utcnow
from ocppkit.csms import Csms
from ocppkit.testing import FakeClock, connected
from ocppkit.v201.roles import ChargingStation, ConnectedStation
from support.guide_code import executed


def boot(
    station: ConnectedStation, request: v201.BootNotificationRequest
) -> v201.BootNotificationResponse:
    return v201.BootNotificationResponse(
        current_time=utcnow(), interval=300, status=v201.RegistrationStatusEnumType.ACCEPTED
    )


async def session(csms: Csms) -> str:
    """Boots a station, has a reset refused, and returns what was counted while it was connected."""
    csms.on(v201.BootNotificationRequest)(boot)
    station = ChargingStation("CP001", model="M", vendor_name="V", insecure=True, clock=FakeClock())
    async with connected(station, csms):
        handle = await csms.stations.wait("CP001", ConnectedStation)
        with pytest.raises(CallFailed):
            await handle.reset(type=v201.ResetEnumType.IMMEDIATE)
        return generate_latest().decode()


def test_the_guide() -> None:
    names: dict[str, Any] = executed("guides/observability.md")
    try:
        page = asyncio.run(session(names["csms"]))
        assert 'ocpp_stations{version="2.0.1"} 1.0' in page
        boots = 'ocpp_call_seconds_count{action="BootNotification",outcome="answered",way="in"} 1.0'
        assert boots in page
        assert 'ocpp_call_seconds_count{action="Reset",outcome="refused",way="out"} 1.0' in page
        assert 'ocpp_stations{version="2.0.1"} 0.0' in generate_latest().decode()
    finally:
        REGISTRY.unregister(names["CALLS"])
        REGISTRY.unregister(names["STATIONS"])
    asyncio.run(session(names["traced"]))
