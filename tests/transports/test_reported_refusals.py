"""What a server refuses before there is a WebSocket stands in the log, at every server that a CSMS can stand in."""

import logging
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from ocppkit.transports import aiohttp
from support.servers import Serving, by_starlette

Make = Callable[..., Any]


def refusals(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if each.levelno == logging.WARNING]


@pytest.mark.asyncio
async def test_a_request_for_something_else_is_reported(
    serving: Serving, make_csms: Make, raw: Make, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(make_csms()) as port, raw(port) as client:
        client.send(b"GET /ocpp/CP001 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await client.head()).startswith(b"HTTP/1.1 426")
    (line,) = refusals(caplog)
    assert "127.0.0.1" in line
    assert line.endswith("refused 426: stations connect here by WebSocket")


@pytest.mark.asyncio
async def test_a_bad_opening_handshake_is_reported(
    serving: Serving,
    make_csms: Make,
    raw: Make,
    handshake: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(make_csms()) as port, raw(port) as client:
        client.send(handshake("/ocpp/CP001").replace(b"Version: 13", b"Version: 12"))
        status = int((await client.head()).split()[1])
        assert status in (400, 426)
    lines = [line for line in refusals(caplog) if f"refused {status}: " in line]
    # uvicorn refuses it without asking the application.
    assert len(lines) == (0 if serving is by_starlette else 1)


@pytest.mark.asyncio
async def test_a_failing_tls_handshake_is_reported_on_aiohttp(
    make_csms: Make, raw: Make, tls: Make, caplog: pytest.LogCaptureFixture
) -> None:
    csms, context = make_csms(), tls("server", own="server")
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    app = web.Application()
    aiohttp.mount(app, "/ocpp", csms)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = aiohttp.BoundedSite(runner, "127.0.0.1", ssl_context=context, csms=csms)
        await site.start()
        async with raw(runner.addresses[0][1]) as client:
            client.send(b"GET /ocpp/CP001 HTTP/1.1\r\n\r\n")
            await client.rest()
    finally:
        await runner.cleanup()
    (line,) = refusals(caplog)
    assert "127.0.0.1): refused: the TLS handshake failed: " in line
