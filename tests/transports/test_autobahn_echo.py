"""The echo that the Autobahn test suite plays against; `make autobahn` needs Python 2.7, this does not."""

import random
from typing import Any

import pytest
import websockets

from ocppkit.transports import _transport_wire
from support import autobahn
from support.servers import Serving

LONG = random.Random(1).randbytes(70000)


@pytest.fixture(autouse=True)
def bytes_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Teaches the transports to send bytes for the time of a test."""
    for module in (autobahn.aiohttp_transport, autobahn.starlette_transport):
        # It is set to itself, so that it is set back afterwards.
        monkeypatch.setattr(module.WebSocketTransport, "send", module.WebSocketTransport.send)
    monkeypatch.setattr(_transport_wire, "_byte_length", _transport_wire._byte_length)
    autobahn.teach_bytes()


@pytest.mark.asyncio
@pytest.mark.parametrize("compression", ["deflate", None])
async def test_texts_and_bytes_come_back(serving: Serving, compression: Any) -> None:
    echo: Any = autobahn.Echo()
    async with (
        serving(echo) as port,
        websockets.connect(f"ws://127.0.0.1:{port}/ocpp/echo", compression=compression) as client,
    ):
        for message in ("", "text", "é" + LONG.hex(), b"", LONG):
            await client.send(message)
            assert await client.recv() == message
