"""A CSMS in memory, and a station that speaks in frames."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Accept, Reject
from ocppkit.core import ConnectionClosed, utcnow
from ocppkit.csms import Csms
from ocppkit.testing import FakeClock, MemoryWire, settle, wire_pair

__all__ = ["make_csms", "station"]


@dataclass
class RawStation:
    """A station's end of a connection, as frames."""

    wire: MemoryWire
    received: list[Any] = field(default_factory=list)
    end: ConnectionClosed | None = None

    def data_received(self, data: str | bytes) -> None:
        self.received.append(json.loads(data))

    def connection_lost(self, end: ConnectionClosed) -> None:
        self.end = end

    async def says(self, *frames: Any) -> list[Any]:
        """Sends frames and returns what came by then, once."""
        for frame in frames:
            self.wire.write(frame if isinstance(frame, str) else json.dumps(frame))
        await settle()
        received, self.received = self.received, []
        return received


@pytest.fixture
def make_csms() -> Callable[..., Csms]:
    """Returns what makes a CSMS that accepts every boot; its clock is at `csms.clock`."""

    def make(*protocols: Any, **options: Any) -> Csms:
        options.setdefault("insecure", True)
        options.setdefault("clock", FakeClock())
        csms = Csms(*(protocols or (v201.PROTOCOL, v16.PROTOCOL, v21.PROTOCOL)), **options)
        for version in (v16, v201, v21):
            if version.PROTOCOL in csms.protocols:
                csms.on(version.BootNotificationRequest)(boot_of(version))
        return csms

    return make


def boot_of(version: Any) -> Callable[..., Any]:
    words = getattr(version, "RegistrationStatus", None) or version.RegistrationStatusEnumType

    def boot(station: Any, request: Any) -> Any:
        return version.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=words.ACCEPTED
        )

    return boot


@pytest.fixture
def station() -> Callable[..., Any]:
    """Returns what connects a raw station to a CSMS."""

    async def connect(
        csms: Csms,
        identity: str = "CP001",
        subprotocol: str | None = "ocpp2.0.1",
        common_names: Sequence[str] = (),
    ) -> RawStation:
        headers = [] if subprotocol is None else [(b"Sec-WebSocket-Protocol", subprotocol.encode())]
        subject = tuple((("commonName", name),) for name in common_names)
        decision = await csms.accept(
            Handshake(
                path=f"/{identity}",
                headers=headers,
                secure=bool(subject),
                peer_certificate={"subject": subject} if subject else None,
            )
        )
        assert not isinstance(decision, Reject)
        return attached(csms, decision)

    return connect


def attached(csms: Csms, accept: Accept) -> RawStation:
    ours, theirs = wire_pair()
    raw = RawStation(ours)
    ours.start(raw)
    csms.attach(accept, theirs)
    return raw
