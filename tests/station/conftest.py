"""A station in memory, and a CSMS that a test plays in frames."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from ocppkit.aio.lowlevel import ConnectRequest, OpenedConnection, running_beside
from ocppkit.core import ConnectionClosed, HandshakeRefused, utcnow
from ocppkit.station import Station
from ocppkit.testing import FakeClock, MemoryWire, settle, wire_pair

__all__ = ["fake_csms"]


@dataclass
class FakeCsms:
    """A CSMS that answers boots and heartbeats by itself, and everything else as a test says."""

    clock: FakeClock
    subprotocol: str | None = "ocpp2.0.1"
    up: bool = True
    boot: dict[str, Any] = field(default_factory=lambda: {"status": "Accepted", "interval": 300})
    answers: dict[str, Any] = field(default_factory=dict)
    """By action: a payload, a list for an error frame's tail, or `None` for no answer."""

    attempts: list[float] = field(default_factory=list)
    requests: list[ConnectRequest] = field(default_factory=list)
    received: list[Any] = field(default_factory=list)
    ends: list[ConnectionClosed] = field(default_factory=list)
    wire: MemoryWire | None = None

    async def connect(self, request: ConnectRequest) -> OpenedConnection:
        self.attempts.append(self.clock.time())
        self.requests.append(request)
        if not self.up:
            raise HandshakeRefused("not now", status=503)
        ours, theirs = wire_pair()
        self.wire = ours
        ours.start(self)
        return OpenedConnection(theirs, self.subprotocol)

    def data_received(self, data: str | bytes) -> None:
        frame = json.loads(data)
        self.received.append(frame)
        if frame[0] == 2:
            self.answer(frame)

    def connection_lost(self, end: ConnectionClosed) -> None:
        self.ends.append(end)

    def answer(self, frame: list[Any]) -> None:
        _, message_id, action, _ = frame
        now = utcnow().isoformat()
        ready: dict[str, Any] = {
            "BootNotification": {"currentTime": now, **self.boot},
            "Heartbeat": {"currentTime": now},
            **self.answers,
        }
        answer = ready.get(action)
        if isinstance(answer, dict):
            self.says([3, message_id, answer])
        elif isinstance(answer, list):
            self.says([4, message_id, *answer])

    def says(self, frame: Any) -> None:
        assert self.wire is not None
        self.wire.write(json.dumps(frame))

    async def calls(self) -> list[str]:
        """Returns the actions that came since it was last asked."""
        await settle()
        received, self.received = self.received, []
        return [frame[2] for frame in received if frame[0] == 2]

    @asynccontextmanager
    async def running(self, station: Station) -> AsyncIterator[None]:
        async with running_beside(station.run("ws://csms", self.connect)):
            await settle()
            yield
        assert len(asyncio.all_tasks()) == 1


@pytest.fixture
def fake_csms() -> Callable[..., FakeCsms]:
    """Returns what makes a CSMS."""
    return FakeCsms
