"""Two hours of charging with a CSMS made with the package `ocpp` that is restarted and forgets its stations."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import ocpp.v16
import ocpp.v21
import ocpp.v201
import pytest
from ocpp.exceptions import SecurityError
from ocpp.routing import on
from websockets.asyncio.server import Server, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from ocppkit import v16, v21, v201
from ocppkit.core import utcnow
from ocppkit.station import BackOff
from ocppkit.transports import websockets
from station.test_csms_restarts import MINUTES, NUMBER, make_station, message
from support.memory_store import MemoryStore

PACKAGES: dict[Any, Any] = {v16: ocpp.v16, v201: ocpp.v201, v21: ocpp.v21}


class Ledger:
    """What a CSMS was told over all its restarts."""

    def __init__(self) -> None:
        self.minutes: list[int] = []
        self.numbers: set[int] = set()
        self.boots = 0


class Forgetful:
    """A CSMS that refuses all of a station that has not booted since it was started."""

    def __init__(self, version: Any, ledger: Ledger) -> None:
        self._subprotocol = Subprotocol(version.PROTOCOL.subprotocol)
        self._kind = charge_point_class(PACKAGES[version], ledger)
        self._server: Server | None = None
        self.port = 0

    async def start(self) -> None:
        known: set[str] = set()

        async def work(connection: Any) -> None:
            peer = self._kind("CP001", connection)
            peer.known = known
            with suppress(ConnectionClosed):
                await peer.start()

        self._server = await serve(
            work, "127.0.0.1", self.port, subprotocols=[self._subprotocol], close_timeout=5
        )
        self.port = cast(int, next(iter(self._server.sockets)).getsockname()[1])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()


def charge_point_class(package: Any, ledger: Ledger) -> Any:
    base: Any = package.ChargePoint
    results: Any = package.call_result

    class ForgetfulEnd(base):  # type: ignore[misc]
        known: set[str]

        def check(self) -> None:
            if self.id not in self.known:
                raise SecurityError("who are you?")

        @on("BootNotification")  # type: ignore[untyped-decorator]
        def boot(self, **members: Any) -> Any:
            ledger.boots += 1
            self.known.add(self.id)
            now = utcnow().isoformat()
            return results.BootNotification(current_time=now, interval=86_400, status="Accepted")

        @on("Heartbeat")  # type: ignore[untyped-decorator]
        def heartbeat(self) -> Any:
            self.check()
            return results.Heartbeat(current_time=utcnow().isoformat())

        if package is ocpp.v16:

            @on("StartTransaction")  # type: ignore[untyped-decorator]
            def started(self, **members: Any) -> Any:
                self.check()
                ledger.minutes.append(0)
                accepted = {"status": "Accepted"}
                return results.StartTransaction(transaction_id=NUMBER, id_tag_info=accepted)

            @on("MeterValues")  # type: ignore[untyped-decorator]
            def metered(self, transaction_id: int, meter_value: Any, **members: Any) -> Any:
                self.check()
                ledger.minutes.append(int(meter_value[0]["sampled_value"][0]["value"]))
                ledger.numbers.add(transaction_id)
                return results.MeterValues()

            @on("StopTransaction")  # type: ignore[untyped-decorator]
            def stopped(self, transaction_id: int, meter_stop: int, **members: Any) -> Any:
                self.check()
                ledger.minutes.append(meter_stop)
                ledger.numbers.add(transaction_id)
                return results.StopTransaction()

        else:

            @on("TransactionEvent")  # type: ignore[untyped-decorator]
            def charged(self, seq_no: int, **members: Any) -> Any:
                self.check()
                ledger.minutes.append(seq_no)
                return results.TransactionEvent()

    return ForgetfulEnd


@asynccontextmanager
async def running(csms: Forgetful) -> AsyncGenerator[None, None]:
    await csms.start()
    try:
        yield
    finally:
        await csms.stop()


@pytest.mark.asyncio
@pytest.mark.parametrize("version", PACKAGES, ids=lambda each: each.PROTOCOL.version)
async def test_err_19_que_01_no_event_is_lost_or_out_of_order(version: Any) -> None:
    ledger, store = Ledger(), MemoryStore()
    csms = Forgetful(version, ledger)
    deliveries: list[Any] = []
    station = make_station(
        version, store, back_off=BackOff(wait_minimum=0.01, random_range=0, repeat_times=0)
    )
    async with (
        asyncio.timeout(60),
        running(csms),
        websockets.connect(station, f"ws://127.0.0.1:{csms.port}"),
    ):
        await station.wait_accepted()
        for minute in range(MINUTES):
            if minute % 7 == 3:
                await csms.stop()
                await csms.start()
            deliveries.append(await station.keep(message(version, minute), note="T1"))
            # Every other event is waited for, so that restarts find the queue empty and not empty.
            if minute % 2:
                await deliveries[-1].answer()
        for delivery in deliveries:
            await delivery.answer()
    # One whose answer was lost with the connection comes twice, in its place.
    assert list(dict.fromkeys(ledger.minutes)) == list(range(MINUTES))
    assert ledger.boots == 1 + len(range(3, MINUTES, 7))
    assert ledger.numbers == ({NUMBER} if version is v16 else set())
    assert len(store) == len(store.dead) == station.undelivered == 0
