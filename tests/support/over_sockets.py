"""A plugin of pytest that lets a `BlockBench` work over WebSockets on the loopback interface, not in memory.

`pytest -p support.over_sockets tests/blocks` runs each test of a module with a `BlockBench` once, with one of its
parameters. Time stays the test's: `settle` waits until what one end has written has come to the other.
"""

import asyncio
import sys
import time
from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit
from zlib import crc32

import pytest

import ocppkit.testing
from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import ConnectRequest, OpenedConnection, Receiver, Wire, running_beside
from ocppkit.core import ConnectionClosed, HandshakeRefused, Limits
from ocppkit.csms import Csms
from ocppkit.station import NetworkProfiles, Station
from ocppkit.testing import FakeClock, MemoryWire, SeenFrame, block_bench
from ocppkit.transports import websockets
from ocppkit.transports.websockets._client import connector

_LIMIT: Final = 20.0
"""Seconds after which what is on its way will not arrive."""

_networks: list["_SocketNetwork"] = []
"""Those of the test that runs."""

_connections: list["_SocketWire"] = []
"""The stations' ends of all connections so far."""


class _SocketWire:
    """One end of a real connection, which counts what it writes and receives."""

    def __init__(self, wire: Wire) -> None:
        self.frames: deque[SeenFrame] = deque(maxlen=MemoryWire.KEPT)
        self.sent = 0
        self.received = 0
        self.is_over = False
        self._wire: Any = wire
        self._receiver: Receiver | None = None

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._wire.start(self)

    def write(self, text: str) -> None:
        if not self.is_over:
            self.sent += 1
            self.frames.append(SeenFrame("out", text))
            self._wire.write(text)

    def pause_reading(self) -> None:
        self._wire.pause_reading()

    def resume_reading(self) -> None:
        self._wire.resume_reading()

    def set_ping_interval(self, seconds: float) -> None:
        self._wire.set_ping_interval(seconds)

    def close(self, code: int = 1000, reason: str = "") -> None:
        self._wire.close(code, reason)

    def data_received(self, data: str | bytes) -> None:
        assert self._receiver is not None
        if not self.is_over:
            self.received += 1
            self.frames.append(SeenFrame("in", data))
            self._receiver.data_received(data)

    def connection_lost(self, end: ConnectionClosed) -> None:
        assert self._receiver is not None
        if not self.is_over:
            self.is_over = True
            self._receiver.connection_lost(end)

    def is_waiting_for(self, peer: "_SocketWire") -> bool:
        """Whether something is on its way between the ends of a connection."""
        if self.is_over or peer.is_over:
            return self.is_over != peer.is_over
        return (self.sent, peer.sent) != (peer.received, self.received)

    def cut(self) -> None:
        """Ends the connection like a broken cable, for this end."""
        if not self.is_over:
            lost = ConnectionClosed("connection lost", by="network")
            asyncio.get_running_loop().call_soon(self.connection_lost, lost)
            self._wire.close()


class _SocketNetwork:
    """The way to one CSMS that listens on the loopback interface; what tests know of a `MemoryNetwork`."""

    def __init__(self, csms: Csms, port: int) -> None:
        self.up = True
        self.handshakes: list[Handshake] = []
        self.wires: list[_SocketWire] = []
        self._theirs: list[_SocketWire] = []
        self._port = port
        self._opening = 0
        self._open = connector(Limits(), True)
        attach = csms.attach

        def attach_counted(accept: Any, wire: Wire, **more: Any) -> Any:
            self._theirs.append(_SocketWire(wire))
            return attach(accept, self._theirs[-1], **more)

        accept = csms.accept

        async def accept_noted(handshake: Handshake, *more: Any, **options: Any) -> Any:
            self.handshakes.append(handshake)
            return await accept(handshake, *more, **options)

        csms.attach = attach_counted  # type: ignore[method-assign]
        csms.accept = accept_noted  # type: ignore[method-assign]

    async def connect(self, request: ConnectRequest) -> OpenedConnection:
        if not self.up:
            raise HandshakeRefused("the network is down", by="network")
        path = urlsplit(request.url).path
        self._opening += 1
        try:
            opened = await self._open(
                replace(request, url=f"ws://127.0.0.1:{self._port}{path}", ssl=None)
            )
        finally:
            self._opening -= 1
        self.wires.append(_SocketWire(opened.wire))
        _connections.append(self.wires[-1])
        return OpenedConnection(self.wires[-1], opened.subprotocol)

    def cut(self) -> None:
        for wire in (*self.wires, *self._theirs):
            wire.cut()

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way."""
        pairs = zip(self.wires, self._theirs, strict=False)
        return self._opening > 0 or any(ours.is_waiting_for(theirs) for ours, theirs in pairs)


@asynccontextmanager
async def _connected(
    station: Station, csms: Csms, *, url: NetworkProfiles = "ws://loopback"
) -> AsyncGenerator[_SocketNetwork, None]:
    async with websockets.serve(csms, "127.0.0.1") as server:
        network = _SocketNetwork(csms, server.port)
        _networks.append(network)
        try:
            async with running_beside(station.run(url, network.connect)):
                yield network
        finally:
            _networks.remove(network)


_settle_in_memory = ocppkit.testing.settle


async def _settle() -> None:
    limit = time.monotonic() + _LIMIT
    while True:
        await _settle_in_memory()
        if not any(network.is_busy for network in _networks):
            return
        if time.monotonic() > limit:
            raise TimeoutError("what is on its way over a socket does not arrive")
        await asyncio.sleep(0.001)


# Before any test is imported, which imports them by name.
for module, name, value in (
    (ocppkit.testing, "settle", _settle),
    (sys.modules[FakeClock.__module__], "settle", _settle),
    (block_bench, "settle", _settle),
    (block_bench, "connected", _connected),
):
    setattr(module, name, value)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps one item of each test function with a bench, of whichever version chance has it."""
    functions: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if hasattr(getattr(item, "module", None), "BlockBench") and item.get_closest_marker(
            "asyncio"
        ):
            functions[item.nodeid.partition("[")[0]].append(item)
    kept = {each[crc32(name.encode()) % len(each)] for name, each in functions.items()}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how much went over sockets."""
    messages = sum(wire.sent + wire.received for wire in _connections)
    terminalreporter.write_line(
        f"over sockets: {len(_connections)} connections, {messages} messages"
    )
