"""A simulated network between stations and one CSMS, with latency, loss and restarts."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import urlsplit

from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Connector, ConnectRequest, OpenedConnection, Reject
from ocppkit.core import HandshakeRefused
from ocppkit.csms import Csms

from ._delayed_wire import Conditions, DelayedWire, delayed_wires
from ._trace import Trace

__all__ = ["SimulatedNetwork", "StationPlace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationPlace:
    """The network address from which a station connects."""

    address: str = "192.0.2.1"
    certificate: Mapping[str, Any] | None = None
    """The station's certificate, as `ssl.SSLSocket.getpeercert` returns it."""


class SimulatedNetwork:
    """A simulated network between stations and one CSMS, which can be stopped and started again.

    `Simulation.network` makes one. All chance comes from the simulation's seed.
    """

    def __init__(
        self, csms: Csms | None, random: Random, trace: Trace, conditions: Conditions
    ) -> None:
        self._csms = csms
        self._random = random
        self._trace = trace
        self._count = 0
        self._duplicates: set[asyncio.Task[None]] = set()
        self._wires: list[DelayedWire] = []

        self.conditions = conditions
        """How good the network is; a new value counts from the next message on."""

    @property
    def wires(self) -> list[DelayedWire]:
        """The stations' ends of all connections, the latest last. The attribute `peer` of each is
        the CSMS's end.
        """
        return self._wires

    def connector(self, place: StationPlace | None = None) -> Connector:
        """Returns a connector for a station: `station.run(url, network.connector(...))`."""

        async def connect(request: ConnectRequest) -> OpenedConnection:
            return await self._connect(request, place or StationPlace())

        return connect

    def stop_server(self) -> None:
        """Stops the CSMS like `kill -9`: all connections are lost, and nobody can connect."""
        self._csms = None
        self._trace.note("stopped", "the CSMS")
        for wire in self._wires:
            wire.peer.cut()

    def start_server(self, csms: Csms) -> None:
        """Lets stations connect to this CSMS from now on."""
        self._csms = csms
        self._trace.note("started", "the CSMS")

    async def _connect(self, request: ConnectRequest, place: StationPlace) -> OpenedConnection:
        await asyncio.sleep(2 * self._random.uniform(*self.conditions.latency))
        path = urlsplit(request.url).path
        if self._csms is None or self._random.random() < self.conditions.refused:
            self._trace.note("refused", path)
            raise HandshakeRefused("the network is down", by="network")
        csms, handshake = self._csms, _handshake(request, place)
        wire, subprotocol = await self._open(csms, handshake, path)
        if self._random.random() < self.conditions.duplicated:
            duplicate = asyncio.create_task(self._duplicate(csms, handshake, path))
            self._duplicates.add(duplicate)
            duplicate.add_done_callback(self._duplicates.discard)
        return OpenedConnection(wire, subprotocol)

    async def _open(
        self, csms: Csms, handshake: Handshake, path: str
    ) -> tuple[DelayedWire, str | None]:
        """Returns the station's end of a new connection, and the subprotocol."""
        decision = await csms.accept(handshake)
        if isinstance(decision, Reject):
            self._trace.note("refused", f"{path} {decision.status}")
            raise HandshakeRefused(decision.reason, status=decision.status)
        if csms is not self._csms:
            raise HandshakeRefused("the server went away", by="network")
        self._count += 1
        self._trace.note("connect", path, self._count)
        ours, theirs = delayed_wires(
            lambda: self.conditions, self._random, self._trace, self._count
        )
        self._wires.append(ours)
        csms.attach(decision, theirs)
        return ours, decision.subprotocol

    async def _duplicate(self, csms: Csms, handshake: Handshake, path: str) -> None:
        """Opens a second connection at the CSMS that no station uses, as if a handshake had arrived
        twice.
        """
        await asyncio.sleep(self._random.uniform(0, self.conditions.notice))
        if csms is self._csms:
            self._trace.note("again", path)
            with suppress(HandshakeRefused):
                wire, _ = await self._open(csms, handshake, path)
                wire.cut(half_open=True)


def _handshake(request: ConnectRequest, place: StationPlace) -> Handshake:
    parts = urlsplit(request.url)
    return Handshake(
        path=f"{parts.path}?{parts.query}" if parts.query else parts.path,
        headers=(
            *request.headers,
            (b"Sec-WebSocket-Protocol", ", ".join(request.subprotocols).encode()),
        ),
        secure=parts.scheme == "wss",
        peer_certificate=place.certificate,
        remote_address=place.address,
    )
