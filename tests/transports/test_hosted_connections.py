"""Hosted connections are closed once, also those that were accepted but are not open yet."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import Accept, Reject
from ocppkit.core import ConnectionClosed, Limits
from ocppkit.transports._hosted_connections import HostedConnections

HANDSHAKE = Handshake(path="/CP001", headers=[(b"Sec-WebSocket-Protocol", b"ocpp2.0.1")])


class Silent:
    """A transport on which nothing comes."""

    def __init__(self) -> None:
        self.closed: list[tuple[int, str]] = []
        self.gone = asyncio.Event()

    async def receive(self) -> str:
        await self.gone.wait()
        raise ConnectionClosed("gone")

    async def send(self, text: str) -> None:
        raise AssertionError(text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.closed.append((code, reason))


@pytest.mark.asyncio
async def test_closing(make_csms: Callable[..., Any]) -> None:
    csms = make_csms()
    connections = HostedConnections(csms)
    accept = await connections.admit(HANDSHAKE)
    assert isinstance(accept, Accept)
    early, late = Silent(), Silent()
    attending = asyncio.create_task(connections.serve(accept, early))
    await csms.stations.wait_connected("CP001")
    await connections.close(0.0)
    await attending
    await connections.serve(accept, late)
    assert early.closed == late.closed == [(1001, "going away")]
    assert len(csms.stations) == 0
    refused = await connections.admit(HANDSHAKE)
    assert isinstance(refused, Reject)
    assert refused.status == 503


@pytest.mark.asyncio
async def test_a_connection_that_goes_by_itself(make_csms: Callable[..., Any]) -> None:
    csms = make_csms()
    connections = HostedConnections(csms)
    accept = await connections.admit(HANDSHAKE)
    assert isinstance(accept, Accept)
    transport = Silent()
    transport.gone.set()
    await connections.serve(accept, transport)
    await connections.close(0.0)
    assert transport.closed == []
    assert len(csms.stations) == 0


@pytest.mark.asyncio
async def test_a_decision_that_takes_too_long_is_reported(
    make_csms: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def hang(handshake: Handshake) -> None:
        await asyncio.get_running_loop().create_future()

    csms = make_csms(limits=Limits(handshake_timeout=0.01))
    monkeypatch.setattr(csms, "accept", hang)
    decision = await HostedConnections(csms).admit(HANDSHAKE)
    assert isinstance(decision, Reject)
    assert (decision.status, decision.reason) == (503, "no decision in time")
    (line,) = [each.message for each in caplog.records]
    assert line.startswith("CP001 (")
    assert line.endswith("refused 503: no decision in time")
