"""One endpoint, a wire to it, and a clock: a test speaks for the peer, in frames."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ocppkit import core, v201
from ocppkit.aio.lowlevel import AnyHandler, Endpoint, Settings
from ocppkit.core import Action, CallReceived, ConnectionClosed, Failure, Response, Role
from ocppkit.testing import FakeClock, MemoryWire, settle, wire_pair

__all__ = ["bench"]


@dataclass
class Host:
    """A host that writes down what it is told."""

    identity: str = "CP001"
    protocol: core.Protocol = v201.PROTOCOL
    handlers: dict[str, AnyHandler] = field(default_factory=dict)
    refused: dict[str, Failure] = field(default_factory=dict)
    station: object = None
    told: list[Any] = field(default_factory=list)
    fast_path: core.FastPath = field(default_factory=core.FastPath)

    def handles(self, action: Action) -> bool:
        return self.handler_or_failure(action) is not Failure.NOT_HANDLED

    def handler_or_failure(self, action: Action) -> AnyHandler | Failure:
        refused = self.refused.get(action.name)
        return refused or self.handlers.get(action.name) or Failure.NOT_HANDLED

    def call_answered(self, call: CallReceived, response: Response) -> None:
        self.told.append(("answered", call.message_id))

    def call_failed(self, error: core.CallFailed) -> None:
        self.told.append(("failed", error.code))

    def invalid_received(self, error: core.RemoteProtocolError) -> None:
        self.told.append(("invalid", error.error_code))

    def result_received(self, result: core.ResultReceived) -> None:
        self.told.append(("result", result.action.name))

    def disconnected(self, end: ConnectionClosed) -> None:
        self.told.append(("disconnected", end.by, end.code))

    def finished(self) -> None:
        self.told.append("finished")


@dataclass
class PeerEnd:
    """The other end of the wire, as frames."""

    wire: MemoryWire
    received: list[Any] = field(default_factory=list)
    end: ConnectionClosed | None = None

    def data_received(self, data: str | bytes) -> None:
        self.received.append(json.loads(data))

    def connection_lost(self, end: ConnectionClosed) -> None:
        self.end = end

    async def says(self, *frames: Any) -> list[Any]:
        """Sends frames, or raw texts, and returns what came by then, once."""
        for frame in frames:
            self.wire.write(frame if isinstance(frame, str) else json.dumps(frame))
        await settle()
        received, self.received = self.received, []
        return received


@dataclass
class Bench:
    """Everything that a test of the endpoint needs."""

    endpoint: Endpoint
    host: Host
    peer: PeerEnd
    clock: FakeClock


@pytest.fixture
def bench() -> Callable[..., Bench]:
    """Returns what makes a bench; call it inside the event loop."""

    def make(role: Role = Role.CSMS, **options: Any) -> Bench:
        host = Host(protocol=options.pop("protocol", v201.PROTOCOL))
        clock = FakeClock()
        ids = iter(range(1, 1000))
        ours, theirs = wire_pair()
        settings = Settings(clock=clock, new_id=lambda: f"our-{next(ids)}", **options)
        endpoint = Endpoint(role, host, ours, settings)
        ours.start(endpoint)
        peer = PeerEnd(theirs)
        theirs.start(peer)
        return Bench(endpoint, host, peer, clock)

    return make
