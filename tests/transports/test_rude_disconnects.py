"""Peers that reset their connections at the worst moments harm nobody else, and no command hangs."""

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.core import Limits, OcppError
from ocppkit.transports import websockets
from support.event_loops import LOOPS, Run
from support.servers import Serving

Make = Callable[..., Any]

ROUNDS = int(os.environ.get("ROUNDS", "5"))
"""How many peers leave in each way; `make trial-rude-disconnects` takes more."""

RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: closing sends a reset, and drops what was not sent."""

GOOD_BYE = b"\x88\x82\0\0\0\0\x03\xe8"
PARTINGS = [
    GOOD_BYE,
    b"",
    b"\x83\x80\0\0\0\0",
    b"\x81\xfe\x10",
    b"\x89\x80\0\0\0\0" * 200 + GOOD_BYE,
    b"\x81\x80\0\0\0\0" * 50,
]
"""What is sent before the reset: a close frame, nothing, a violation, half a frame, pings, texts."""


INTERVAL = 0.25
"""Seconds between two pings."""


class Bystander:
    """A station that answers its pings, and counts them."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.pings = 0
        self.texts: asyncio.Queue[bytes] = asyncio.Queue()

    async def run(self) -> None:
        while True:
            opcode, data = await self._client.next_frame(60)
            if opcode == 9:
                self.pings += 1
                self._client.frame(10, data)
            else:
                assert opcode == 1
                self.texts.put_nowait(data)

    async def hears_more(self) -> None:
        """Waits until three pings have come."""
        before = self.pings
        async with asyncio.timeout(20 * INTERVAL):
            while self.pings < before + 3:
                await asyncio.sleep(INTERVAL)


async def leave_rudely(client: Any, parting: bytes) -> None:
    connection: socket.socket = client.writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    client.send(parting)
    # What is sent arrives in one read with the reset, or in one of its own.
    await asyncio.sleep(0)
    client.writer.transport.abort()


async def commands_end(handle: Any, client: Any, parting: bytes) -> None:
    """Leaves while two commands are on their way, and looks at how they end."""
    commands = [
        asyncio.create_task(handle.call(v201.ClearCacheRequest()), name=f"command {number}")
        for number in range(2)
    ]
    assert (await client.next_frame())[0] in (1, 9)
    await leave_rudely(client, parting)
    async with asyncio.timeout(10):
        problems = await asyncio.gather(*commands, return_exceptions=True)
    assert all(isinstance(problem, OcppError) for problem in problems), problems


@pytest.mark.asyncio
@pytest.mark.timeout(60 + ROUNDS)
@pytest.mark.parametrize("parting", PARTINGS, ids=lambda parting: f"{parting[:6]!r}")
async def test_commands_in_flight_end_as_an_ocpp_error(
    serving: Serving, parting: bytes, make_csms: Make, raw: Make
) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port, "/ocpp/bystander") as by:
        bystander = Bystander(by)
        running = asyncio.create_task(bystander.run())
        for number in range(ROUNDS):
            async with raw(port, f"/ocpp/CP{number}") as client:
                handle = await csms.stations.wait_connected(f"CP{number}")
                await commands_end(handle, client, parting)
        by.text('[2,"h","Nonsense",{}]')
        assert b"NotImplemented" in await asyncio.wait_for(bystander.texts.get(), 10)
        running.cancel()
        await asyncio.wait({running})


async def say_goodbye_without_reading(transport: Any, client: Any) -> None:
    """Says goodbye while so much waits for the peer that the server cannot end the connection.

    Whatever is written to such a connection raises, as its last byte is there already.

    Args:
        transport: the server's.
        client: reads nothing any more.
    """
    client.writer.transport.pause_reading()
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    async with asyncio.timeout(20):
        while transport.get_write_buffer_size() < 100_000:
            client.send((b"\x89\xfd\0\0\0\0" + b"x" * 125) * 200)
            await asyncio.sleep(0.001)
    client.send(GOOD_BYE)


@pytest.mark.timeout(60 + ROUNDS)
@LOOPS
def test_pings_go_on_whoever_leaves(run: Run, make_csms: Make, raw: Make) -> None:
    async def main() -> None:
        csms = make_csms(limits=Limits(ping_interval=INTERVAL))
        async with (
            websockets.serve(csms, "127.0.0.1") as server,
            raw(server.port, "/bystander") as client,
            AsyncExitStack() as stack,
        ):
            bystander = Bystander(client)
            running = asyncio.create_task(bystander.run())
            known = set(server._connections)
            for number in range(3):
                rude = await stack.enter_async_context(raw(server.port, f"/STAYS{number}"))
                (connection,) = server._connections - known
                known.add(connection)
                await say_goodbye_without_reading(connection._transport, rude)
            await bystander.hears_more()
            assert known <= server._connections
            for number in range(max(60, ROUNDS)):
                async with raw(server.port, f"/CP{number}") as leaving:
                    await leave_rudely(leaving, PARTINGS[number % len(PARTINGS)])
            await bystander.hears_more()
            left = [each.identity for each in csms.stations if each.identity.startswith("CP")]
            assert not left
            assert "bystander" in csms.stations
            running.cancel()
            await asyncio.wait({running})

    run(main())
