"""What a server refuses before there is a WebSocket stands in the log, at every server that a CSMS can stand in."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit.transports.starlette._undocumented_uvicorn import connections_of, find_refusal
from support.servers import BOUNDED, Serving, by_aiohttp

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
@pytest.mark.parametrize("server", [*BOUNDED.values(), by_aiohttp])
async def test_a_bad_opening_handshake_is_reported(
    server: Serving,
    make_csms: Make,
    raw: Make,
    handshake: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    opening = handshake("/ocpp/CP001?token=secret")
    async with server(make_csms()) as port:
        for good, wrong in ((b"Version: 13", b"Version: 12"), (b"Key: ", b"Key: x")):
            caplog.clear()
            async with raw(port) as client:
                client.send(opening.replace(good, wrong))
                status = int((await client.head()).split()[1])
                assert status in (400, 426)
            (line,) = refusals(caplog)
            assert "127.0.0.1" in line
            assert f"refused {status}: " in line
            assert "secret" not in line


@pytest.mark.asyncio
@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize(
    "head",
    [
        b"\x16\x03\x01 TLS where there is none\r\n\r\n",
        b"GET /ocpp/CP001 HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /ocpp/CP001 HTTP/1.1\r\nno header\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_reported(
    head: bytes, name: str, make_csms: Make, raw: Make, caplog: pytest.LogCaptureFixture
) -> None:
    async with BOUNDED[name](make_csms()) as port:
        for _ in range(3):
            async with raw(port) as client:
                client.send(head)
                assert (await client.head()).startswith(b"HTTP/1.1 400")
    # Others of this minute are counted.
    (record,) = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert record.getMessage().startswith("unknown station (127.0.0.1): refused 400: no ")


@pytest.mark.asyncio
@pytest.mark.parametrize("name", BOUNDED)
async def test_a_failing_tls_handshake_is_reported(
    name: str, make_csms: Make, raw: Make, tls: Make, caplog: pytest.LogCaptureFixture
) -> None:
    context = tls("server", own="server")
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    async with BOUNDED[name](make_csms(), context) as port, raw(port) as client:
        client.send(b"GET /ocpp/CP001 HTTP/1.1\r\n\r\n")
        await client.rest()
    (line,) = refusals(caplog)
    assert "127.0.0.1): refused: the TLS handshake failed: " in line


def test_a_uvicorn_that_has_changed_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert find_refusal(asyncio.Protocol()) == ("no valid request", None)
    assert connections_of({"server_state": object()}) == set()
    connections_of({})
    (line,) = refusals(caplog)
    assert line.startswith("the connections of this uvicorn cannot be found")
