"""Ping intervals, changed while a connection is open, as the other end of the connection sees it."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from types import ModuleType
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from websockets.utils import accept_key

from ocppkit.core import Limits
from ocppkit.station import Disconnected
from ocppkit.transports import aiohttp, starlette, websockets
from support.servers import SERVERS, running

Make = Callable[..., Any]

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
CLIENTS = pytest.mark.parametrize(
    "client", [pytest.param(websockets, id="websockets"), pytest.param(aiohttp, id="aiohttp")]
)


class PingCounter:
    """A server that opens WebSockets, answers pings and counts them, by the last segment of the path."""

    def __init__(self, *, answers: bool = True) -> None:
        self.pings: Counter[str] = Counter()
        self._answers = answers
        self._more = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        (key,) = re.findall(r"Sec-WebSocket-Key: (.*)\r\n", head)
        identity = head.split()[1].rpartition("/")[2]
        writer.write(
            b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: ocpp2.0.1\r\n"
            b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n"
        )
        try:
            while True:
                await self._read(identity, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _read(
        self, identity: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        opcode, length = await reader.readexactly(2)
        size = length & 0x7F
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2), "big")
        mask = await reader.readexactly(4)
        data = await reader.readexactly(size)
        if opcode & 0x0F == CLOSE:
            raise ConnectionAbortedError
        if opcode & 0x0F == PING:
            plain = bytes(each ^ mask[place % 4] for place, each in enumerate(data))
            if self._answers:
                writer.write(bytes([0x80 | PONG, len(plain)]) + plain)
            async with self._more:
                self.pings[identity] += 1
                self._more.notify_all()

    async def wait(self, identity: str, count: int) -> None:
        """Waits until so many pings of a station have come."""
        async with asyncio.timeout(20), self._more:
            await self._more.wait_for(lambda: self.pings[identity] >= count)


@pytest.mark.asyncio
@CLIENTS
async def test_a_change_acts_on_the_open_connection(
    client: ModuleType, make_station: Make, until: Make
) -> None:
    counter = PingCounter()
    server = await asyncio.start_server(counter.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, AsyncExitStack() as stack:
        changing = make_station(identity="changing", limits=Limits(ping_interval=0))
        steady = make_station(identity="steady", limits=Limits(ping_interval=0.064))
        for station in (changing, steady):
            await stack.enter_async_context(client.connect(station, f"ws://127.0.0.1:{port}"))
        await until(lambda: changing.connected and steady.connected)
        # Time is measured by the pings of a connection with the same interval.
        await counter.wait("steady", 3)
        assert counter.pings["changing"] == 0

        changing.controls.ping_interval = 0.064
        await counter.wait("changing", 3)

        changing.controls.ping_interval = 0
        # One that had been written before may still come.
        await counter.wait("steady", counter.pings["steady"] + 2)
        seen = counter.pings["changing"]
        await counter.wait("steady", counter.pings["steady"] + 5)
        assert counter.pings["changing"] == seen
        assert changing.connected


HEARTBEAT = '[2,"%d","Heartbeat",{}]'


def by_own_server(csms: Any) -> AbstractAsyncContextManager[int]:
    return SERVERS["websockets"](csms)


@asynccontextmanager
async def by_uvicorn(csms: Any) -> AsyncGenerator[int]:
    app = Starlette(routes=[Mount("/", starlette.endpoint(csms))])
    # As the guide has it, but sooner.
    async with running(app, ws_ping_interval=0.064, ws_ping_timeout=None) as port:
        yield port


@pytest.mark.asyncio
@pytest.mark.parametrize("serve", [by_own_server, by_uvicorn])
async def test_a_station_that_answers_no_pings_stays_as_long_as_it_talks(
    serve: Make, make_csms: Make, raw: Make
) -> None:
    csms = make_csms(limits=Limits(ping_interval=0.064), unknown="serve")
    async with serve(csms) as port, raw(port, "/CP001") as station:
        await csms.stations.wait_connected("CP001")
        pings = answers = 0
        while pings < 8:
            station.text(HEARTBEAT % pings)
            opcode, _ = await station.next_frame()
            pings += opcode == PING
            answers += opcode == TEXT
            await asyncio.sleep(0.01)
        assert answers > 8
        assert csms.stations.get("CP001").connected


@pytest.mark.asyncio
async def test_each_station_of_a_csms_has_its_ping_interval(make_csms: Make, raw: Make) -> None:
    csms = make_csms(limits=Limits(ping_interval=0))
    async with (
        by_own_server(csms) as port,
        raw(port, "/dear") as dear,
        raw(port, "/impatient") as impatient,
    ):
        for identity in ("dear", "impatient"):
            await csms.stations.wait_connected(identity)
        csms.stations.get("impatient").set_ping_interval(0.064)
        for _ in range(2):
            opcode, data = await impatient.next_frame()
            assert opcode == PING
            impatient.frame(PONG, data)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await dear.reader.read(1)


@pytest.mark.asyncio
@CLIENTS
async def test_a_csms_that_does_not_answer_pings_is_left(
    client: ModuleType, make_station: Make, until: Make
) -> None:
    counter = PingCounter(answers=False)
    server = await asyncio.start_server(counter.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    station = make_station(identity="alone", limits=Limits(ping_interval=0.064))
    events = station.events()
    async with server, client.connect(station, f"ws://127.0.0.1:{port}"):
        async with asyncio.timeout(20):
            async for event in events:
                if isinstance(event, Disconnected):
                    break
        assert event.end.reason == "no answer to pings"
        assert counter.pings["alone"] == 2
