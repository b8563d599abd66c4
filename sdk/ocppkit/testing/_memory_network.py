"""Connects a station to a CSMS in memory, including the handshake."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import ConnectRequest, OpenedConnection, Reject, running_beside
from ocppkit.core import HandshakeRefused
from ocppkit.csms import Csms
from ocppkit.station import NetworkProfiles, Station

from ._memory_wire import MemoryWire, wire_pair

__all__ = ["MemoryNetwork", "connected"]

_URL: Final = "ws://memory"


class MemoryNetwork:
    """A network in memory that leads to one CSMS. Stations take its `connect` for a transport."""

    def __init__(self, csms: Csms) -> None:
        self._csms = csms

        self.up = True
        """Set it to false and nobody can connect; call `cut` to end what is there."""

        self.handshakes: list[Handshake] = []
        """Every attempt to connect, the latest last."""

        self.wires: list[MemoryWire] = []
        """The stations' ends of all connections, the latest last; `peer` of each is the CSMS's end.

        ```python
        network.wires[-1].peer.write('[3,"1"')  # what no CSMS would send
        network.wires[-1].peer.close(1001, "maintenance")
        network.wires[-1].cut()
        ```

        What went over a wire is in its `frames`.
        """

    async def connect(self, request: ConnectRequest) -> OpenedConnection:
        """Opens a connection for a station's request."""
        handshake = _handshake(request)
        self.handshakes.append(handshake)
        if not self.up:
            raise HandshakeRefused("the network is down", by="network")
        decision = await self._csms.accept(handshake)
        if isinstance(decision, Reject):
            raise HandshakeRefused(decision.reason, status=decision.status)
        ours, theirs = wire_pair()
        self.wires.append(ours)
        self._csms.attach(decision, theirs)
        return OpenedConnection(ours, decision.subprotocol)

    def cut(self) -> None:
        """Breaks all connections."""
        for wire in self.wires:
            wire.cut()


def _handshake(request: ConnectRequest) -> Handshake:
    parts = urlsplit(request.url)
    return Handshake(
        path=f"{parts.path}?{parts.query}" if parts.query else parts.path,
        headers=(
            *request.headers,
            (b"Sec-WebSocket-Protocol", ", ".join(request.subprotocols).encode()),
        ),
        secure=parts.scheme == "wss",
        remote_address="memory",
    )


@asynccontextmanager
async def connected(
    station: Station, csms: Csms, *, url: NetworkProfiles = _URL
) -> AsyncGenerator[MemoryNetwork, None]:
    """Runs a station against a CSMS in memory until the `async with` block is left.

    ```python
    async with connected(station, csms):
        handle = await csms.stations.wait("CP001", ConnectedStation)
        await handle.reset(type=v201.ResetEnumType.IMMEDIATE)
    ```

    Args:
        station: it boots, and does all else that it does in life.
        csms: it needs a handler for BootNotification.
        url: what the station connects to; `wss` makes the connection count as encrypted.
    """
    network = MemoryNetwork(csms)
    async with running_beside(station.run(url, network.connect)):
        yield network
