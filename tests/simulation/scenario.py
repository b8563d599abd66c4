"""One run: stations charge and are commanded while the network fails and the CSMS restarts; then all is well again."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, Final

from ocppkit import v16, v21, v201
from ocppkit.aio.lowlevel import running_beside
from ocppkit.core import OcppError
from ocppkit.csms import Csms
from ocppkit.testing import (
    Conditions,
    SimulatedNetwork,
    Simulation,
    StationPlace,
    violations,
)
from ocppkit.v16.roles import ChargePoint
from ocppkit.v21.roles import ChargingStation as ChargingStation21
from ocppkit.v201.roles import ChargingStation

__all__ = ["SimulatedFleet", "run"]

HOURS: Final = 2
CALM: Final = Conditions()


class SimulatedFleet:
    """Stations, their CSMS, and what the CSMS was told of each station's transactions."""

    def __init__(self, seed: int, stations: int) -> None:
        self.simulation = Simulation(seed)
        self.told: dict[str, list[int]] = defaultdict(list)
        self.sent: dict[str, int] = defaultdict(int)
        self.commands = 0
        self.csms = self.make_csms()
        versions = [v16, v201, v21]
        self.stations = [
            self.make_station(f"CP{number:03}", versions[number % 3]) for number in range(stations)
        ]

    def make_csms(self) -> Csms:
        """Returns a CSMS that knows nothing of another that ran before it."""
        csms = Csms(
            v16.PROTOCOL,
            v201.PROTOCOL,
            v21.PROTOCOL,
            insecure=True,
            boot_gate=False,
            new_id=self.simulation.ids("csms"),
            wall_clock=self.simulation.wall_clock,
        )
        for version in (v16, v201, v21):
            self._add_handlers(csms, version)
        return csms

    def _add_handlers(self, csms: Csms, version: Any) -> None:
        words: Any = getattr(version, "RegistrationStatus", None)
        words = words or version.RegistrationStatusEnumType

        @csms.on(version.BootNotificationRequest)
        async def boot(station: Any, request: Any) -> Any:
            await asyncio.sleep(self.simulation.random.uniform(0, 1))
            return version.BootNotificationResponse(
                current_time=self.simulation.wall_clock(), interval=600, status=words.ACCEPTED
            )

        if version is v16:

            @csms.on(v16.StartTransactionRequest)
            async def start(station: Any, request: v16.StartTransactionRequest) -> Any:
                await asyncio.sleep(self.simulation.random.uniform(0, 2))
                self.told[station.identity].append(request.meter_start)
                accepted = v16.IdTagInfo(status=v16.AuthorizationStatus.ACCEPTED)
                return v16.StartTransactionResponse(id_tag_info=accepted, transaction_id=1)

        else:

            @csms.on(version.TransactionEventRequest)
            async def event(station: Any, request: Any) -> Any:
                await asyncio.sleep(self.simulation.random.uniform(0, 2))
                self.told[station.identity].append(request.seq_no)
                return version.TransactionEventResponse()

    def make_station(self, identity: str, version: Any) -> Any:
        """Returns a station that answers ClearCache after a moment."""
        common: dict[str, Any] = {
            "insecure": True,
            "clock": self.simulation.clock,
            "new_id": self.simulation.ids(identity),
            "random": self.simulation.random.random,
            "wall_clock": self.simulation.wall_clock,
        }
        if version is v16:
            station: Any = ChargePoint(
                identity, charge_point_model="M", charge_point_vendor="V", **common
            )
        else:
            role: Any = ChargingStation if version is v201 else ChargingStation21
            station = role(identity, model="M", vendor_name="V", **common)

        @station.on(version.ClearCacheRequest)
        async def clear(request: Any) -> Any:
            await asyncio.sleep(self.simulation.random.uniform(0, 20))
            words = getattr(version, "ClearCacheStatus", None) or version.ClearCacheStatusEnumType
            return version.ClearCacheResponse(status=words.ACCEPTED)

        return station

    async def play(self) -> None:
        """Runs everything for some hours, then ends the faults and waits until all is delivered."""
        random = self.simulation.random
        rough = Conditions(loss=0.02, half_open=0.5, refused=0.2, latency=(0.01, 1.0))
        network = self.simulation.network(self.csms, rough)
        async with AsyncExitStack() as running:
            for number, station in enumerate(self.stations):
                place = StationPlace(address=f"192.0.2.{number + 1}")
                connect = network.connector(place)
                await running.enter_async_context(
                    running_beside(station.run("ws://csms.example/ocpp", connect))
                )
            async with asyncio.TaskGroup() as group:
                for station in self.stations:
                    group.create_task(self._charge(station))
                group.create_task(self._command())
                for _ in range(2):
                    await asyncio.sleep(random.uniform(0.2, 0.4) * HOURS * 3600)
                    await self._restart(network)
                network.conditions = CALM
            self.end = self.simulation.wall_clock()

    async def _restart(self, network: SimulatedNetwork) -> None:
        network.stop_server()
        await asyncio.sleep(self.simulation.random.uniform(1, 120))
        self.csms = self.make_csms()
        network.start_server(self.csms)

    async def _charge(self, station: Any) -> None:
        """Sends messages of transactions, one after the other, until the hours are over."""
        until = self.simulation.wall_clock() + timedelta(hours=HOURS)
        while self.simulation.wall_clock() < until:
            await asyncio.sleep(self.simulation.random.uniform(1, 600))
            self.sent[station.identity] += 1
            await station.call(self._message(station, self.sent[station.identity]))

    def _message(self, station: Any, number: int) -> Any:
        now = self.simulation.wall_clock()
        if isinstance(station, ChargePoint):
            return v16.StartTransactionRequest(
                connector_id=1, id_tag="A", meter_start=number, timestamp=now
            )
        version: Any = v201 if isinstance(station, ChargingStation) else v21
        return version.TransactionEventRequest(
            event_type=version.TransactionEventEnumType.UPDATED,
            timestamp=now,
            trigger_reason=version.TriggerReasonEnumType.METER_VALUE_PERIODIC,
            seq_no=number,
            transaction_info=version.TransactionType(transaction_id="T"),
        )

    async def _command(self) -> None:
        """Asks one station after the other to clear its cache; many of them are away."""
        until = self.simulation.wall_clock() + timedelta(hours=HOURS)
        while self.simulation.wall_clock() < until:
            await asyncio.sleep(self.simulation.random.uniform(1, 120))
            handle: Any = self.csms.stations.get(
                self.simulation.random.choice(self.stations).identity
            )
            if handle is not None:
                try:
                    await handle.clear_cache()
                    self.commands += 1
                except OcppError as error:
                    # Connections end under commands here; each failure must be one of ours.
                    self.simulation.trace.note("command", type(error).__name__)

    def faults(self) -> Iterator[str]:
        """Yields what is wrong after a run."""
        yield from violations(self.simulation.trace)
        for station in self.stations:
            told, sent = self.told[station.identity], self.sent[station.identity]
            # A message is delivered again after a connection that broke before its answer came. # QUE-09
            firsts = list(dict.fromkeys(told))
            if firsts != list(range(1, sent + 1)):
                yield f"{station.identity}: sent 1 to {sent}, told {told}"
            if told != sorted(told):
                yield f"{station.identity}: out of order: {told}"


def run(seed: int, stations: int = 6) -> SimulatedFleet:
    """Runs one seed to its end."""
    fleet = SimulatedFleet(seed, stations)
    fleet.simulation.run(fleet.play())
    return fleet
