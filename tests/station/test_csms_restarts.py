"""Two hours of charging while the CSMS is restarted again and again and forgets the station each time.

The CSMS is ours, without a store of registrations, in its default and in the mode that refuses every
station of whose boot it does not know. Nothing may be lost, and nothing may come out of order.
"""

import asyncio
from importlib import import_module
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio.lowlevel import ConnectRequest, OpenedConnection, running_beside
from ocppkit.core import utcnow
from ocppkit.csms import Csms
from ocppkit.station import BackOff
from ocppkit.testing import FakeClock, MemoryNetwork, settle
from support.memory_store import MemoryStore

MINUTES = 120
NUMBER = 4711


def make_station(version: Any, store: MemoryStore, **options: Any) -> Any:
    roles: Any = import_module(f"{version.PROTOCOL.package}.roles")
    options |= {"insecure": True, "journal": store}
    if version is v16:
        return roles.ChargePoint(
            "CP001", charge_point_model="M", charge_point_vendor="V", **options
        )
    return roles.ChargingStation("CP001", model="M", vendor_name="V", **options)


def message(version: Any, minute: int) -> Any:
    """Returns what the station sends in one minute of a transaction."""
    first, last = minute == 0, minute == MINUTES - 1
    if version is not v16:
        kind = "Started" if first else "Ended" if last else "Updated"
        return version.TransactionEventRequest(
            event_type=version.TransactionEventEnumType(kind),
            timestamp=utcnow(),
            trigger_reason=version.TriggerReasonEnumType.METER_VALUE_PERIODIC,
            seq_no=minute,
            transaction_info=version.TransactionType(transaction_id="T1"),
        )
    if first:
        return v16.StartTransactionRequest(
            connector_id=1, id_tag="T", meter_start=0, timestamp=utcnow()
        )
    if last:
        return v16.StopTransactionRequest(transaction_id=-1, meter_stop=minute, timestamp=utcnow())
    value = v16.MeterValue(timestamp=utcnow(), sampled_value=[v16.SampledValue(value=str(minute))])
    return v16.MeterValuesRequest(connector_id=1, transaction_id=-1, meter_value=[value])


class ForgetfulCsms:
    """A CSMS that is restarted: what it was told of stations is lost, what was charged is not."""

    def __init__(self, version: Any, clock: FakeClock, unknown: Any) -> None:
        self.version = version
        self.clock = clock
        self.options = {} if unknown is None else {"unknown": unknown}
        self.minutes: list[int] = []
        self.numbers: set[int] = set()
        self.boots = 0
        self.started_again = asyncio.Event()
        self.started_again.set()
        self.network = self.start()

    def start(self) -> MemoryNetwork:
        csms = Csms(self.version.PROTOCOL, insecure=True, clock=self.clock, **self.options)
        csms.on(self.version.BootNotificationRequest)(self.boot)
        if self.version is v16:
            csms.on(v16.StartTransactionRequest)(self.started)
            csms.on(v16.MeterValuesRequest)(self.metered)
            csms.on(v16.StopTransactionRequest)(self.stopped)
        else:
            csms.on(self.version.TransactionEventRequest)(self.charged)
        return MemoryNetwork(csms)

    def stop_answering(self) -> None:
        """Handles no message until the next restart; then it is too late to answer."""
        self.started_again = asyncio.Event()

    def restart(self, end: str) -> None:
        before, self.network = self.network, self.start()
        if end == "goodbye":
            for wire in before.wires:
                wire.peer.close(1012, "service restart")
        else:
            before.cut()
        self.started_again.set()

    async def connect(self, request: ConnectRequest) -> OpenedConnection:
        return await self.network.connect(request)

    def boot(self, station: Any, request: Any) -> Any:
        self.boots += 1
        enum = getattr(self.version, "RegistrationStatusEnumType", None) or v16.RegistrationStatus
        return self.version.BootNotificationResponse(
            current_time=utcnow(), interval=86_400, status=enum.ACCEPTED
        )

    async def charged(self, station: Any, request: Any) -> Any:
        await self.started_again.wait()
        self.minutes.append(request.seq_no)
        return self.version.TransactionEventResponse()

    async def started(self, station: Any, request: Any) -> v16.StartTransactionResponse:
        await self.started_again.wait()
        self.minutes.append(0)
        info = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)
        return v16.StartTransactionResponse(transaction_id=NUMBER, id_tag_info=info)

    async def metered(
        self, station: Any, request: v16.MeterValuesRequest
    ) -> v16.MeterValuesResponse:
        await self.started_again.wait()
        self.minutes.append(int(request.meter_value[0].sampled_value[0].value))
        assert request.transaction_id is not None
        self.numbers.add(request.transaction_id)
        return v16.MeterValuesResponse()

    async def stopped(
        self, station: Any, request: v16.StopTransactionRequest
    ) -> v16.StopTransactionResponse:
        await self.started_again.wait()
        self.minutes.append(request.meter_stop)
        self.numbers.add(request.transaction_id)
        return v16.StopTransactionResponse()


@pytest.mark.asyncio
@pytest.mark.parametrize("end", ["cut", "goodbye", "goodbye without an answer"])
@pytest.mark.parametrize("every", [1, 7])
@pytest.mark.parametrize(
    ("version", "unknown"),
    [(v16, None), (v16, "refuse"), (v201, None), (v21, None)],
    ids=["1.6", "1.6 refusing", "2.0.1", "2.1"],
)
async def test_err_19_que_01_no_event_is_lost_or_out_of_order(
    version: Any, every: int, unknown: Any, end: str
) -> None:
    clock, store = FakeClock(), MemoryStore()
    csms = ForgetfulCsms(version, clock, unknown)
    back_off = BackOff(wait_minimum=20, random_range=0, repeat_times=0)
    station = make_station(version, store, clock=clock, back_off=back_off)
    deliveries: list[Any] = []
    async with running_beside(station.run("ws://csms", csms.connect)):
        await settle()
        for minute in range(MINUTES):
            restarts = minute % every == every - 1
            if restarts and end == "goodbye without an answer":
                csms.stop_answering()
            elif restarts:
                csms.restart(end)
            deliveries.append(await station.keep(message(version, minute), note="T1"))
            await clock.advance(1)
            if restarts and end == "goodbye without an answer":
                csms.restart("goodbye")
            await clock.advance(59)
        for _ in range(10):
            await clock.advance(60)
        assert station.undelivered == len(store) == 0
        assert all(delivery.done for delivery in deliveries)
        for delivery in deliveries:
            await delivery.answer()
    # One whose answer was lost with the connection comes twice, in its place.
    assert list(dict.fromkeys(csms.minutes)) == list(range(MINUTES))
    assert not store.dead
    assert csms.numbers == ({NUMBER} if version is v16 else set())
    refuses = unknown == "refuse" or version is not v16
    assert csms.boots > 1 if refuses else csms.boots == 1
