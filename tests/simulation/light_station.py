"""A station of few lines that roams between the nodes of a fleet, answers late or never, and leaves half-open connections."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any, Final

from ocppkit import v201
from ocppkit.aio.lowlevel import Connector, ConnectRequest
from ocppkit.core import ConnectionClosed, HandshakeRefused
from ocppkit.testing import DelayedWire, Simulation

from .simulated_processes import Gate

__all__ = ["LightStation"]

_CALL: Final = 2
_ERROR: Final = 4
_SLOW: Final = 0.15
"""The part of the commands that are answered late."""

_SILENT: Final = 0.05
"""The part of the commands that are never answered."""


class LightStation:
    """A station of OCPP 2.0.1. It boots once, as stations do, and again when it is told that its boot is not known."""

    def __init__(self, simulation: Simulation, identity: str, gates: list[Gate]) -> None:
        self.identity = identity
        self.ran: Counter[int] = Counter()
        """How often each command ran, by its number."""

        self.is_accepted = False
        """Whether a CSMS has accepted its boot."""

        self.when_connecting: Callable[[LightStation], None] = _ignore
        """Called before it connects. From then on a node may read what is known of its boot."""

        self.when_refused: Callable[[LightStation], None] = _ignore
        """Called when it is told that its boot is not known, although it was accepted."""

        self.address = ""
        """Where its connection comes from: another address each time."""

        self.is_calm = False
        """Whether all commands are answered, soon."""

        self._simulation = simulation
        self._random: Random = simulation.random
        self._gates = gates
        self._wire: DelayedWire | None = None
        self._new_id = simulation.ids(identity)
        self._connections = 0
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Connects to one node after another, for ever."""
        while True:
            gate = self._random.choice(self._gates)
            self._connections += 1
            address = f"{self.identity}-{self._connections}"
            with suppress(HandshakeRefused):
                await self._stay(gate.connector(address), address)
            await asyncio.sleep(self._random.uniform(0.05, 0.5))

    def roam(self, *, half_open: bool) -> None:
        """Loses its connection; if it is half-open, the CSMS does not know for a while."""
        if self._wire is not None:
            self._wire.cut(half_open=half_open)

    async def _stay(self, connect: Connector, address: str) -> None:
        self.when_connecting(self)
        url = f"ws://csms/ocpp/{self.identity}"
        opened = await connect(ConnectRequest(url=url, subprotocols=(v201.PROTOCOL.subprotocol,)))
        assert isinstance(opened.wire, DelayedWire)
        self._over = asyncio.Event()
        self._wire, self.address = opened.wire, address
        self._wire.start(_Receiver(self, self._wire, self._over))
        self._tell(self._wire)
        await self._over.wait()
        self._wire, self.address = None, ""

    def _tell(self, wire: DelayedWire) -> None:
        if self.is_accepted:
            self._write(wire, [_CALL, self._new_id(), "Heartbeat", {}])
        else:
            boot = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
            self._write(wire, [_CALL, f"{self._new_id()}-boot", "BootNotification", boot])

    def received(self, wire: DelayedWire, frame: list[Any]) -> None:
        """Answers a command, or learns of an answer."""
        if frame[0] == _CALL:
            self._run(wire, frame[1], frame[3]["reservationId"])
        elif frame[0] == _ERROR:
            if self.is_accepted:
                self.when_refused(self)
            self.is_accepted = False
            self._tell(wire)
        elif frame[1].endswith("-boot"):
            self.is_accepted = True

    def _run(self, wire: DelayedWire, message_id: str, number: int) -> None:
        self.ran[number] += 1
        chance = 1.0 if self.is_calm else self._random.random()
        if chance < _SILENT:
            return
        delay = self._random.uniform(0.0, 10.0 if chance < _SILENT + _SLOW else 0.3)
        answer = [3, message_id, {"status": "Accepted"}]
        asyncio.get_running_loop().call_later(delay, self._write, wire, answer)

    def _write(self, wire: DelayedWire, frame: list[Any]) -> None:
        wire.write(json.dumps(frame))


def _ignore(station: LightStation) -> None:
    del station


class _Receiver:
    def __init__(self, station: LightStation, wire: DelayedWire, over: asyncio.Event) -> None:
        self._station = station
        self._wire = wire
        self._over = over

    def data_received(self, data: str | bytes) -> None:
        self._station.received(self._wire, json.loads(data))

    def connection_lost(self, end: ConnectionClosed) -> None:
        del end
        self._over.set()
