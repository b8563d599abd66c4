"""A peer that sends and never reads is cut, and the server keeps nothing of it."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.transports import _pump
from ocppkit.transports.websockets import _wire
from support.servers import Serving

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
    for module in (_pump, _wire):
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
        # Where many are cut, the pings of the server around us may be the first to notice.
        many = ROUNDS > 1
        assert many or "read nothing" in end.reason or "does not read" in end.reason
        # The network connection ends too; what was still waiting in the server is dropped.
        assert await client.rest() is not None

    async with serving(csms) as port:
        await asyncio.gather(*(never_read(port, f"CP{number}") for number in range(ROUNDS)))


@pytest.mark.asyncio
async def test_head_is_no_upgrade(
    serving: Serving, make_csms: Make, raw: Make, handshake: Make
) -> None:
    csms = make_csms()
    async with serving(csms) as port, raw(port) as client:
        client.send(handshake("/ocpp/CP001").replace(b"GET ", b"HEAD ", 1))
        assert int((await client.head()).split()[1]) >= 400
        assert len(csms.stations) == 0
