"""A peer that sends and never reads is cut, and the server keeps nothing of it."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.core import ConnectionClosed
from ocppkit.transports import _transport_wire, aiohttp, websockets
from ocppkit.transports.websockets import _wire
from support.answering_server import key_in, opening
from support.servers import Serving, by_starlette

ROUNDS = int(os.environ.get("ROUNDS", "1"))
"""How many of them come at once; `make trial-never-reads` takes more."""

Make = Callable[..., Any]

BOOT = (
    '[2,"b","BootNotification",'
    '{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'
)
TRANSFER = '[2,"1","DataTransfer",{"vendorId":"V"}]'


@pytest.mark.asyncio
@pytest.mark.timeout(25 + 5 * ROUNDS)
async def test_a_peer_that_never_reads_is_cut_by_time(
    serving: Serving, make_csms: Make, raw: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (_transport_wire, _wire):
        monkeypatch.setattr(module, "STALL_TIMEOUT", 0.2)
    csms = make_csms()

    @csms.on(v201.DataTransferRequest)
    def transfer(station: object, request: v201.DataTransferRequest) -> v201.DataTransferResponse:
        return v201.DataTransferResponse(
            status=v201.DataTransferStatusEnumType.ACCEPTED, data="x" * 100_000
        )

    async def never_read(port: int, identity: str) -> None:
        async with raw(port, f"/ocpp/{identity}") as client:
            await be_cut(await csms.stations.wait_connected(identity), client)

    async def be_cut(handle: Any, client: Any) -> None:
        client.text(BOOT)
        await client.next_frame()
        client.reader._limit = 1024
        for _ in range(1000):
            client.text(TRANSFER)
        async with asyncio.timeout(5 + 5 * ROUNDS):
            end = await handle.wait_disconnected()
        # Where many are cut, pings may notice it before the bounds do.
        noticed = ("read nothing", "does not read", *(("ping",) if ROUNDS > 1 else ()))
        assert any(how in end.reason for how in noticed), end
        # The network connection ends too; what was still waiting in the server is dropped.
        assert await client.rest() is not None

    async with serving(csms) as port:
        await asyncio.gather(*(never_read(port, f"CP{number}") for number in range(ROUNDS)))


class LongAnswers:
    """A receiver that answers every text with a long one."""

    def __init__(self) -> None:
        self.wire: Any = None
        self.end: asyncio.Future[ConnectionClosed] = asyncio.get_running_loop().create_future()

    def data_received(self, data: str | bytes) -> None:
        self.wire.write("x" * 100_000)

    def connection_lost(self, end: ConnectionClosed) -> None:
        self.end.set_result(end)


@pytest.mark.asyncio
@pytest.mark.parametrize("library", [websockets, aiohttp], ids=["websockets", "aiohttp"])
async def test_a_csms_that_never_reads_is_cut(
    library: Any, make_station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (_transport_wire, _wire):
        monkeypatch.setattr(module, "STALL_TIMEOUT", 0.2)
    lost = asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(opening(key_in(head)))
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        with suppress(ConnectionError):
            while True:
                writer.write(b"\x81\x02[]")
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()
        lost.set()

    listener = await asyncio.start_server(flood, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    station = make_station()
    async with listener, asyncio.timeout(20):
        connector = library._client.connector(station.limits, False)
        opened = await connector(station.open(f"ws://127.0.0.1:{port}"))
        answers = LongAnswers()
        answers.wire = opened.wire
        opened.wire.start(answers)
        end = await answers.end
        assert "read nothing" in end.reason or "does not read" in end.reason
        # What waited for it is dropped, and the network connection with it.
        await lost.wait()


@pytest.mark.asyncio
async def test_head_is_no_upgrade(
    serving: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port) as client:
        client.send(handshake("/ocpp/CP001").replace(b"GET ", b"HEAD ", 1))
        if serving is by_starlette and int(version("websockets").partition(".")[0]) < 17:
            # uvicorn leaves it without an answer then, and asks nobody.
            client.send(b"\x89\x80\0\0\0\0")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.head(), 0.5)
        else:
            assert int((await client.head()).split()[1]) >= 400
        assert len(csms.stations) == 0
