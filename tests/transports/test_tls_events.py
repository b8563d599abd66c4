"""A station that meets a CSMS it cannot trust reports it to the next one, over real TLS by every client."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from ocppkit import v201
from ocppkit.csms import PasswordAuthenticator
from ocppkit.transports import aiohttp, websockets

Make = Callable[..., Any]


@pytest.mark.asyncio
@pytest.mark.parametrize("library", [websockets, aiohttp], ids=lambda each: each.__name__)
async def test_sec_10_an_untrusted_csms(
    library: Any, make_csms: Make, make_station: Make, tls: Make
) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": "x"}.get))
    reported: asyncio.Future[v201.SecurityEventNotificationRequest] = asyncio.Future()

    @csms.on(v201.SecurityEventNotificationRequest)  # type: ignore[untyped-decorator]
    def note(
        station: Any, request: v201.SecurityEventNotificationRequest
    ) -> v201.SecurityEventNotificationResponse:
        reported.set_result(request)
        return v201.SecurityEventNotificationResponse()

    station = make_station(password="x", ssl=tls("station"), connection_attempts=1)
    async with (
        websockets.serve(make_csms(), "127.0.0.1", ssl=tls("server", own="stranger")) as stranger,
        websockets.serve(csms, "127.0.0.1", ssl=tls("server", own="server")) as server,
        library.connect(station, [f"wss://localhost:{each.port}" for each in (stranger, server)]),
        asyncio.timeout(10),
    ):
        report = await reported
    assert report.type == "InvalidCsmsCertificate"
    assert "certificate" in (report.tech_info or "").lower()


@pytest.mark.asyncio
@pytest.mark.parametrize("library", [websockets, aiohttp], ids=lambda each: each.__name__)
async def test_a_csms_that_refuses_the_password(
    library: Any, make_csms: Make, make_station: Make
) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": "x"}.get))
    stranger = make_csms(authenticator=PasswordAuthenticator({"CP001": "another"}.get))
    reported: asyncio.Future[v201.SecurityEventNotificationRequest] = asyncio.Future()

    @csms.on(v201.SecurityEventNotificationRequest)  # type: ignore[untyped-decorator]
    def note(
        station: Any, request: v201.SecurityEventNotificationRequest
    ) -> v201.SecurityEventNotificationResponse:
        reported.set_result(request)
        return v201.SecurityEventNotificationResponse()

    station = make_station(password="x", connection_attempts=1)
    async with (
        websockets.serve(stranger, "127.0.0.1") as first,
        websockets.serve(csms, "127.0.0.1") as second,
        library.connect(station, [f"ws://127.0.0.1:{each.port}" for each in (first, second)]),
        asyncio.timeout(10),
    ):
        report = await reported
    assert report.type == "FailedToAuthenticateAtCsms"


def only(context: Any, **settings: Any) -> Any:
    """Returns a TLS context with these settings."""
    for name, value in settings.items():
        if name == "ciphers":
            context.set_ciphers(value)
        else:
            setattr(context, name, value)
    return context


async def refuse(
    context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Fails a TLS handshake and says why, which a server of asyncio does not."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    end = context.wrap_bio(incoming, outgoing, server_side=True)
    with suppress(ConnectionError):
        while True:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                writer.write(outgoing.read())
                data = await reader.read(65536)
                if not data:
                    break
                incoming.write(data)
            except ssl.SSLError:
                break
        writer.write(outgoing.read())
        writer.write_eof()
        await reader.read()
    writer.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("library", [websockets, aiohttp], ids=lambda each: each.__name__)
@pytest.mark.parametrize(
    ("settings", "station_settings", "expected"),
    [
        # The station has no certificate, and in TLS 1.3 it learns that after its own handshake.
        ({"verify_mode": ssl.CERT_REQUIRED}, {}, "FailedToAuthenticateAtCsms"),
        (
            {"maximum_version": ssl.TLSVersion.TLSv1_2, "ciphers": "ECDHE+AES128"},
            {
                "maximum_version": ssl.TLSVersion.TLSv1_2,
                "ciphers": "ECDHE+AES256",
            },
            "InvalidTLSCipherSuite",
        ),
        (
            {"maximum_version": ssl.TLSVersion.TLSv1_2},
            {"minimum_version": ssl.TLSVersion.TLSv1_3},
            "InvalidTLSVersion",
        ),
    ],
    ids=["certificate", "cipher suites", "version"],
)
async def test_a_csms_with_another_tls(
    settings: Any,
    station_settings: Any,
    expected: str,
    library: Any,
    make_csms: Make,
    make_station: Make,
    tls: Make,
) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": "x"}.get))
    reported: asyncio.Future[v201.SecurityEventNotificationRequest] = asyncio.Future()

    @csms.on(v201.SecurityEventNotificationRequest)  # type: ignore[untyped-decorator]
    def note(
        station: Any, request: v201.SecurityEventNotificationRequest
    ) -> v201.SecurityEventNotificationResponse:
        reported.set_result(request)
        return v201.SecurityEventNotificationResponse()

    strange = only(tls("server", own="server"), **settings)
    context = only(tls("station"), **station_settings)
    station = make_station(password="x", ssl=context, connection_attempts=1)

    other = await asyncio.start_server(partial(refuse, strange), "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    async with (
        other,
        websockets.serve(csms, "127.0.0.1", ssl=tls("server", own="server")) as server,
        library.connect(station, [f"wss://localhost:{each}" for each in (port, server.port)]),
        asyncio.timeout(20),
    ):
        report = await reported
    assert report.type == expected
