"""What a call of a station's costs, with all that a station puts around the engine."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.aio.lowlevel import ConnectRequest, OpenedConnection
from ocppkit.core import ConnectionClosed, Response, encode_message
from ocppkit.v201.roles import ChargingStation
from support.call_counts import calls_of
from support.connection_pair import NOW

BOOT = v201.BootNotificationRequest(
    charging_station=v201.ChargingStationType(model="M", vendor_name="V"),
    reason=v201.BootReasonEnumType.POWER_UP,
)
BOOTED = v201.BootNotificationResponse(
    current_time=NOW, interval=300, status=v201.RegistrationStatusEnumType.ACCEPTED
)
ALIVE = v201.HeartbeatResponse(current_time=NOW)

MOST_CALLS = 54
"""Python functions of ours: 49 when this was written, three of them to write the answer."""


class CountingWire:
    """Answers the first boot by itself, and then what it is told to."""

    def __init__(self) -> None:
        self.receiver: Any = None
        self.written = ""

    def start(self, receiver: Any) -> None:
        self.receiver = receiver

    def write(self, text: str) -> None:
        if not self.written:
            asyncio.get_running_loop().call_soon(self.answer, BOOTED)
        self.written = text

    def answer(self, response: Response) -> None:
        message_id = self.written.split('"')[1]
        self.receiver.data_received(encode_message(message_id, response).decode())

    def pause_reading(self) -> None:
        raise AssertionError("an answer is not too much")

    def resume_reading(self) -> None:
        raise AssertionError("it was never paused")

    def close(self, code: int = 1000, reason: str = "") -> None:
        self.receiver.connection_lost(ConnectionClosed(reason, by="us", code=code))


@pytest.mark.asyncio
async def test_a_call() -> None:
    wire = CountingWire()

    async def connect(request: ConnectRequest) -> OpenedConnection:
        return OpenedConnection(wire, "ocpp2.0.1")

    station = ChargingStation("CP1", model="M", vendor_name="V", insecure=True)
    running = asyncio.create_task(station.run("ws://csms", connect))
    await station.wait_accepted()

    def turn(call: Coroutine[Any, Any, object], response: Response) -> None:
        call.send(None)
        wire.answer(response)
        with pytest.raises(StopIteration):
            call.send(None)

    turn(station.heartbeat(), ALIVE)
    calls = calls_of(lambda: turn(station.heartbeat(), ALIVE))
    ours = {name: count for name, count in calls.items() if name.startswith("ocppkit.")}
    assert sum(ours.values()) <= MOST_CALLS, ours

    # A boot that changes nothing wakes nobody, which would cost more than all else.
    turn(station.call(BOOT), BOOTED)
    calls = calls_of(lambda: turn(station.call(BOOT), BOOTED))
    assert calls["C Future.set_result"] == 1, calls
    running.cancel()
    await asyncio.wait({running})
