"""64 KiB from one station never stop the event loop: what may be built is bounded before it is built."""

import asyncio
import gc
import json
import logging
import os
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from ocppkit import v201
from support.attacks import ATTACKS, NOISE, compressed_frames
from support.servers import Serving

Make = Callable[..., Any]

MOST_SECONDS = 0.1
"""CPU time of one callback of the event loop."""

ROUNDS = int(os.environ.get("ROUNDS", "1"))
"""How often each attack is repeated; `make trial-burst` takes more."""

STAY = 0.5
"""Seconds of an attack."""

TRIES = 3
"""How often a cost is measured: what neighbours of the machine's caches add to it is not the cost."""

BOOT = (
    '[2,"b","BootNotification",'
    '{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'
)


class Slowest:
    """Measures the longest callback of the event loop, in seconds of CPU time."""

    def __init__(self) -> None:
        self.seconds = 0.0


@pytest.fixture
def slowest(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Slowest:
    """Measures every callback of asyncio while a test runs."""
    # Records of the log are kept for the report of a test, and what they speak of with them: the more of
    # them there are, the longer a collection takes.
    caplog.set_level(logging.CRITICAL)
    measured = Slowest()
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> None:
        begun = time.thread_time()
        run(handle)
        measured.seconds = max(measured.seconds, time.thread_time() - begun)

    monkeypatch.setattr(asyncio.Handle, "_run", timed)
    # A collection in a callback would count as well, and here is much to look through.
    gc.collect()
    gc.freeze()
    return measured


async def attack(port: int, raw: Make, handshake: Make, data: bytes) -> None:
    """Sends what is to be inflated, and stays until it was worked off or for half a second.

    A server whose library inflates reads its share of the attack and lets the rest wait.
    """
    async with raw(port) as client:
        client.send(handshake("/ocpp/attacker", "Sec-WebSocket-Extensions: permessage-deflate"))
        assert b"permessage-deflate" in await client.head()
        client.send(data)
        client.send(b"\x88\x82\0\0\0\0\x03\xe8")
        with suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
            async with asyncio.timeout(STAY):
                while (await client.next_frame())[0] != 8:
                    pass
        client.writer.transport.abort()


@pytest.mark.asyncio
@pytest.mark.timeout(30 + 10 * ROUNDS)
@pytest.mark.parametrize("name", ATTACKS)
async def test_no_callback_takes_long(
    serving: Serving, name: str, make_csms: Make, raw: Make, handshake: Make, slowest: Slowest
) -> None:
    text = ATTACKS[name]
    repeated = compressed_frames([text])
    # Behind what does not compress, the text shrinks to no two hundredth, and is inflated.
    disguised = compressed_frames([f"{text} {NOISE}", text + NOISE])
    async with serving(make_csms()) as port, raw(port, "/ocpp/bystander") as bystander:
        bystander.text(BOOT)
        assert (await bystander.next_frame())[0] == 1
        tries: list[float] = []
        while len(tries) < TRIES and min(tries, default=MOST_SECONDS) >= MOST_SECONDS:
            slowest.seconds = 0.0
            for data in (repeated, disguised) * ROUNDS:
                await attack(port, raw, handshake, data)
            tries.append(slowest.seconds)
        bystander.text('[2,"h","Heartbeat",{}]')
        assert json.loads((await bystander.next_frame())[1])[:2] == [3, "h"]
    assert min(tries) < MOST_SECONDS, tries


@pytest.mark.asyncio
async def test_memory_comes_back(
    serving: Serving,
    make_csms: Make,
    raw: Make,
    handshake: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Records of the log are kept for the report of this test, and what they speak of with them.
    caplog.set_level(logging.CRITICAL)
    data = compressed_frames([ATTACKS["details-within-bounds"], NOISE])
    async with serving(make_csms()) as port:
        await attack(port, raw, handshake, data)
        gc.collect()
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(3):
                await attack(port, raw, handshake, data)
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert after - before < 5 << 20


@pytest.mark.asyncio
async def test_a_large_honest_report_is_handled(
    serving: Serving, make_csms: Make, raw: Make, handshake: Make, slowest: Slowest
) -> None:
    csms = make_csms()
    sizes: list[int] = []

    @csms.on(v201.NotifyReportRequest)
    def report(station: object, request: v201.NotifyReportRequest) -> v201.NotifyReportResponse:
        sizes.append(len(request.report_data or ()))
        return v201.NotifyReportResponse()

    items = [
        {
            "component": {"name": f"Connector{number}"},
            "variable": {"name": f"Variable{number}"},
            "variableAttribute": [{"value": f"{number}"}],
        }
        for number in range(8000)
    ]
    payload = {"requestId": 1, "generatedAt": "2024-01-01T00:00:00Z", "seqNo": 0}
    text = json.dumps(
        [2, "r", "NotifyReport", payload | {"reportData": items}], separators=(",", ":")
    )
    assert len(text) > 850_000
    async with serving(csms) as port, raw(port) as client:
        client.send(handshake("/ocpp/CP001", "Sec-WebSocket-Extensions: permessage-deflate"))
        await client.head()
        client.text(BOOT)
        await client.next_frame()
        slowest.seconds = 0.0
        client.send(compressed_frames([text], 1 << 18))
        assert (await client.next_frame())[0] == 1
        client.text(text)
        assert (await client.next_frame())[0] == 1
    assert sizes[-1] == 8000
    assert slowest.seconds < MOST_SECONDS
