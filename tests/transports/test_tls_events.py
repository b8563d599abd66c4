"""A station that meets a CSMS it cannot trust reports it to the next one, over real TLS by every client."""

import asyncio
from collections.abc import Callable
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
