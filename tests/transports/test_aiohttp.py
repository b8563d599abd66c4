"""The aiohttp adapter: TLS, pings and an orderly end at the server, and a station as the client."""

import asyncio
import gc
import logging
import ssl
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from ocppkit import v21, v201
from ocppkit.core import (
    ConnectionClosed,
    HandshakeRefused,
    Limits,
    LocalProtocolError,
)
from ocppkit.csms import CertificateAuthenticator, Csms, PasswordAuthenticator
from ocppkit.transports import aiohttp, websockets
from ocppkit.transports.aiohttp._client import connector
from support.servers import SERVERS, Serving

Make = Callable[..., Any]

CLEARED = '[2,"c","ClearedChargingLimit",{"chargingLimitSource":"CSO"}]'


@pytest.fixture(autouse=True)
def nothing_is_left() -> Generator[None]:
    """Warnings of sockets that were never closed come when they are collected."""
    yield
    gc.collect()


@asynccontextmanager
async def serving(
    csms: Csms, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncGenerator[int]:
    app = web.Application()
    handler = aiohttp.CsmsHandler(csms, **options)
    app.router.add_get("/{tenant}/{identity}", handler.handle)
    app.on_shutdown.append(handler.shut_down)
    async with serving_app(app, tls) as port:
        yield port


@asynccontextmanager
async def serving_app(app: web.Application, tls: ssl.SSLContext | None) -> AsyncGenerator[int]:
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def open_once(station: Any, url: str) -> Any:
    return await connector(station.limits, True)(station.open(url))


@pytest.mark.asyncio
async def test_profile_2(make_csms: Make, make_station: Make, tls: Make) -> None:
    passwords = PasswordAuthenticator({"CP001": "x"}.get, require_tls=True)
    csms = make_csms(authenticator=passwords)
    async with serving(csms, tls("server", own="server")) as port:
        station = make_station(password="x", ssl=tls("station"))
        async with aiohttp.connect(station, f"wss://localhost:{port}/ocpp") as same:
            assert same is station
            assert (await csms.stations.wait("CP001")).accepted
        for stranger in (
            make_station(password="x"),
            make_station(password="x", ssl=tls("station", trusts="stranger")),
        ):
            with pytest.raises(ConnectionClosed) as caught:
                await open_once(stranger, f"wss://localhost:{port}/ocpp")
            assert "CERTIFICATE_VERIFY_FAILED" in caught.value.reason
            assert caught.value.delivered == "no"


@pytest.mark.asyncio
async def test_profile_3(make_csms: Make, make_station: Make, tls: Make) -> None:
    csms = make_csms(
        authenticator=CertificateAuthenticator({"CP001": "SN-1"}.get, organization="ACME")
    )
    server_tls = tls("server", own="server")
    server_tls.verify_mode = ssl.CERT_OPTIONAL
    async with serving(csms, server_tls) as port:
        url = f"wss://localhost:{port}/ocpp"
        for connect in (aiohttp.connect, websockets.connect):
            async with connect(
                make_station(ssl=tls("station", own="station"), client_certificate=True), url
            ):
                assert (await csms.stations.wait("CP001")).accepted
        with pytest.raises(HandshakeRefused) as caught:
            await open_once(make_station(ssl=tls("station"), client_certificate=True), url)
        assert caught.value.status == 401


@pytest.mark.asyncio
async def test_shutting_down_lets_handlers_finish(make_csms: Make, raw: Make) -> None:
    csms = make_csms(boot_gate=False)
    begun, gate = asyncio.Event(), asyncio.Event()

    @csms.on(v201.ClearedChargingLimitRequest)
    async def cleared(handle: Any, request: Any) -> v201.ClearedChargingLimitResponse:
        begun.set()
        await gate.wait()
        return v201.ClearedChargingLimitResponse()

    stopping = serving(csms)
    port = await stopping.__aenter__()
    async with raw(port, "/ocpp/CP001") as client:
        client.text(CLEARED)
        await begun.wait()
        ending = asyncio.create_task(stopping.__aexit__(None, None, None))
        await asyncio.sleep(0)
        gate.set()
        assert await client.next_frame() == (1, b'[3,"c",{}]')
        assert await client.next_frame() == (8, (1001).to_bytes(2, "big") + b"going away")
        await ending
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
async def test_shutting_down_cancels_what_does_not_finish(make_csms: Make, raw: Make) -> None:
    csms = make_csms(boot_gate=False)
    begun = asyncio.Event()

    @csms.on(v201.ClearedChargingLimitRequest)
    async def cleared(handle: Any, request: Any) -> Any:
        begun.set()
        await asyncio.get_running_loop().create_future()

    stopping = serving(csms, grace=0.01)
    port = await stopping.__aenter__()
    async with raw(port, "/ocpp/CP001") as client:
        client.text(CLEARED)
        await begun.wait()
        await stopping.__aexit__(None, None, None)
        assert (await client.next_frame())[0] == 8
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
async def test_nobody_is_admitted_any_more(make_csms: Make, raw: Make, handshake: Make) -> None:
    handler = aiohttp.CsmsHandler(make_csms())
    app = web.Application()
    app.router.add_get("/{identity}", handler.handle)
    async with serving_app(app, None) as port, raw(port) as client:
        await handler.shut_down(app)
        client.send(handshake("/CP001"))
        assert (await client.rest()).startswith(b"HTTP/1.1 503")


@pytest.mark.asyncio
async def test_dead_connections_are_noticed_and_living_ones_stay(
    make_csms: Make, make_station: Make, raw: Make
) -> None:
    # The living one must answer within half of it, on a busy machine too.
    limits = Limits(ping_interval=1.0)
    csms = make_csms(limits=limits)
    async with serving(csms) as port, raw(port, "/ocpp/dead") as dead:
        alive = make_station(identity="alive", limits=limits)
        async with aiohttp.connect(alive, f"ws://127.0.0.1:{port}/ocpp"):
            handle = await csms.stations.wait("alive")
            gone = await (await csms.stations.wait_connected("dead")).wait_disconnected()
            assert gone.by == "network"
            assert (await dead.next_frame())[0] == 9
            assert handle.connected


@pytest.mark.asyncio
@pytest.mark.parametrize("compression", [True, False])
async def test_compression_is_agreed_on(
    compression: bool, make_csms: Make, raw: Make, handshake: Make
) -> None:
    async with serving(make_csms(), compression=compression) as port, raw(port) as client:
        client.send(handshake("/ocpp/CP001", "Sec-WebSocket-Extensions: permessage-deflate"))
        assert (b"permessage-deflate" in await client.head()) is compression


@pytest.mark.asyncio
@pytest.mark.parametrize("compression", [True, False])
@pytest.mark.parametrize("serve", SERVERS.values(), ids=SERVERS)
async def test_a_station_at_every_server(
    serve: Serving, compression: bool, make_csms: Make, make_station: Make
) -> None:
    csms = make_csms()
    station = make_station("2.1", identity="CP/%é 1")
    csms.on(v21.DataTransferRequest)(
        lambda handle, request: v21.DataTransferResponse(
            status=v21.DataTransferStatusEnumType.ACCEPTED, data=request.data
        )
    )

    @station.on(v21.ClearCacheRequest)
    async def clear(request: Any) -> Any:
        await station.heartbeat()
        return v21.ClearCacheResponse(status=v21.ClearCacheStatusEnumType.ACCEPTED)

    async with serve(csms) as port:
        url = f"ws://127.0.0.1:{port}/ocpp"
        async with aiohttp.connect(station, url, compression=compression):
            handle: Any = await csms.stations.wait("CP/%é 1")
            await station.wait_accepted()
            assert (await handle.clear_cache()).status == "Accepted"
            text = "".join(f"é{number}" for number in range(60_000))
            assert (await station.data_transfer(vendor_id="V", data=text)).data == text
        end = await handle.wait_disconnected()
        assert (end.by, end.code) == ("peer", 1001)
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("password", "identity", "status"), [("wrong", "CP001", 401), ("x", "CP002", 404)]
)
async def test_a_refusal_says_its_status(
    password: str, identity: str, status: int, make_csms: Make, make_station: Make
) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": "x"}.get))
    async with serving(csms) as port:
        station = make_station(identity=identity, password=password)
        with pytest.raises(HandshakeRefused) as caught:
            await open_once(station, f"ws://127.0.0.1:{port}/ocpp")
        assert (caught.value.status, caught.value.delivered) == (status, "no")


@pytest.mark.asyncio
async def test_nobody_listens(make_csms: Make, make_station: Make) -> None:
    async with serving(make_csms()) as port:
        pass
    with pytest.raises(ConnectionClosed) as caught:
        await open_once(make_station(), f"ws://127.0.0.1:{port}")
    assert caught.value.delivered == "no"


@pytest.mark.asyncio
@pytest.mark.parametrize("url", ["ws://", "ws://csms:port", "ws:csms"])
async def test_a_url_that_is_none(url: str, make_station: Make) -> None:
    with pytest.raises(LocalProtocolError):
        await aiohttp.run(make_station(), url)


@pytest.mark.asyncio
async def test_a_csms_that_sends_too_much(make_csms: Make, make_station: Make) -> None:
    csms = make_csms()
    csms.on(v201.DataTransferRequest)(
        lambda handle, request: v201.DataTransferResponse(
            status=v201.DataTransferStatusEnumType.ACCEPTED, data="x" * 5000
        )
    )
    station = make_station(limits=Limits(frame_bytes=2000))
    async with serving(csms) as port, aiohttp.connect(station, f"ws://127.0.0.1:{port}/ocpp"):
        await station.wait_accepted()
        handle = await csms.stations.wait("CP001")
        with pytest.raises(ConnectionClosed) as caught:
            await station.data_transfer(vendor_id="V")
        assert (caught.value.by, caught.value.code) == ("us", 1009)
        assert (await handle.wait_disconnected()).code == 1009


@pytest.mark.asyncio
async def test_no_password_reaches_a_log(
    make_csms: Make, make_station: Make, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "correct horse battery"
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": secret}.get))
    station = make_station(password=secret)
    with caplog.at_level(logging.DEBUG):
        async with (
            serving(csms) as port,
            aiohttp.connect(station, f"ws://127.0.0.1:{port}/ocpp"),
        ):
            await station.wait_accepted()
    assert "BootNotification" in caplog.text
    assert secret not in caplog.text
    assert "Q1AwMDE6" not in caplog.text  # CP001: in base64


def test_no_authenticator_means_no_start() -> None:
    with pytest.raises(LocalProtocolError, match="insecure=True"):
        aiohttp.mount(web.Application(), "/ocpp", Csms(v201.PROTOCOL))
