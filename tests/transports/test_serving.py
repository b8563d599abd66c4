"""CSMS and stations over real WebSockets: all versions, all security profiles, coming and going."""

import asyncio
import gc
import logging
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
from websockets.utils import accept_key

from ocppkit import v16, v21, v201
from ocppkit.core import (
    ConnectionClosed,
    HandshakeRefused,
    Limits,
    LocalProtocolError,
    utcnow,
)
from ocppkit.csms import CertificateAuthenticator, Csms, PasswordAuthenticator
from ocppkit.transports import websockets

Make = Callable[..., Any]
KEY = bytes.fromhex("0001020304050607FFFFFFFFFFFFFFFFFFFFFFFF")


@pytest.fixture(autouse=True)
def nothing_is_left() -> Any:
    """Warnings of sockets that were never closed come when they are collected."""
    yield
    gc.collect()


def url(server: Any, scheme: str = "ws") -> str:
    return (
        f"{scheme}://localhost:{server.port}/ocpp"
        if scheme == "wss"
        else (f"ws://127.0.0.1:{server.port}/ocpp")
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("version", [v16, v201, v21])
@pytest.mark.parametrize("compression", [True, False])
async def test_a_session(
    version: Any, compression: bool, make_csms: Make, make_station: Make
) -> None:
    csms, station = make_csms(), make_station(version.PROTOCOL.version)
    words = getattr(version, "ResetStatus", None) or version.ResetStatusEnumType
    kinds = getattr(version, "ResetType", None) or version.ResetEnumType

    @station.on(version.ResetRequest)
    async def reset(request: Any) -> Any:
        await station.heartbeat()
        return version.ResetResponse(status=words.ACCEPTED)

    async with websockets.serve(csms, "127.0.0.1") as server:
        async with websockets.connect(station, url(server), compression=compression) as same:
            assert same is station
            handle = await csms.stations.wait("CP001")
            await station.wait_accepted()
            kind = kinds.IMMEDIATE if version is not v16 else kinds.HARD
            assert (await handle.reset(type=kind)).status == "Accepted"
            assert handle.remote_address == "127.0.0.1"
            assert server.connections == 1
        end = await handle.wait_disconnected()
        assert (end.by, end.code) == ("peer", 1001)
    assert not station.connected
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
async def test_a_send_of_2_1(make_csms: Make, make_station: Make) -> None:
    csms, station = make_csms(), make_station("2.1")
    seen: asyncio.Queue[v21.NotifyPeriodicEventStream] = asyncio.Queue()
    csms.on(v21.NotifyPeriodicEventStream)(lambda handle, message: seen.put_nowait(message))
    async with (
        websockets.serve(csms, "127.0.0.1") as server,
        websockets.connect(station, url(server)),
    ):
        await station.wait_accepted()
        data = [v21.StreamDataElementType(t=0.5, v="1")]
        await station.notify_periodic_event_stream(id=7, pending=0, basetime=utcnow(), data=data)
        assert (await seen.get()).id == 7


@pytest.mark.asyncio
async def test_a_big_message_both_ways(make_csms: Make, make_station: Make) -> None:
    csms, station = make_csms(), make_station()
    csms.on(v201.DataTransferRequest)(
        lambda handle, request: v201.DataTransferResponse(
            status=v201.DataTransferStatusEnumType.ACCEPTED, data=request.data
        )
    )
    text = "".join(f"é{number}" for number in range(100_000))
    async with (
        websockets.serve(csms, "127.0.0.1") as server,
        websockets.connect(station, url(server)),
    ):
        await station.wait_accepted()
        answers = await asyncio.gather(
            *(station.data_transfer(vendor_id="V", data=text) for _ in range(3))
        )
        assert [answer.data for answer in answers] == [text] * 3


@pytest.mark.asyncio
@pytest.mark.parametrize("password", ["correct horse battery", KEY])
@pytest.mark.parametrize("scheme", ["ws", "wss"])
async def test_profiles_1_and_2(
    password: str | bytes, scheme: str, make_csms: Make, make_station: Make, tls: Make
) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": password}.get))
    server_tls = tls("server", own="server") if scheme == "wss" else None
    station_tls = tls("station") if scheme == "wss" else None
    station = make_station(password=password, ssl=station_tls)
    async with (
        websockets.serve(csms, "127.0.0.1", ssl=server_tls) as server,
        websockets.connect(station, url(server, scheme)),
    ):
        assert (await csms.stations.wait("CP001")).accepted


@pytest.mark.asyncio
async def test_profile_3(make_csms: Make, make_station: Make, tls: Make) -> None:
    csms = make_csms(
        authenticator=CertificateAuthenticator({"CP001": "SN-1"}.get, organization="ACME")
    )
    server_tls = tls("server", own="server")
    server_tls.verify_mode = ssl.CERT_REQUIRED
    async with websockets.serve(csms, "127.0.0.1", ssl=server_tls) as server:
        good = make_station(ssl=tls("station", own="station"), client_certificate=True)
        async with websockets.connect(good, url(server, "wss")):
            assert (await csms.stations.wait("CP001")).accepted
        for bad in (tls("station"), tls("station", own="stranger")):
            with pytest.raises(ConnectionClosed):
                await open_once(make_station(ssl=bad, client_certificate=True), url(server, "wss"))
        other = make_station(
            identity="CP002", ssl=tls("station", own="station"), client_certificate=True
        )
        with pytest.raises(HandshakeRefused) as caught:
            await open_once(other, url(server, "wss"))
        assert caught.value.status == 404


async def open_once(station: Any, endpoint: str) -> Any:
    client = import_module("ocppkit.transports.websockets._client")
    return await client.connector(station.limits, True)(station.open(endpoint))


@pytest.mark.asyncio
async def test_a_csms_that_is_not_trusted(make_csms: Make, make_station: Make, tls: Make) -> None:
    async with websockets.serve(
        make_csms(), "127.0.0.1", ssl=tls("server", own="server")
    ) as server:
        for station in (
            make_station(password="x"),
            make_station(password="x", ssl=tls("station", trusts="stranger")),
        ):
            with pytest.raises(ConnectionClosed, match="certificate"):
                await open_once(station, url(server, "wss"))
        trusting = make_station(password="x", ssl=tls("station"))
        # The certificate is for localhost and 127.0.0.1 alone.
        opened = await open_once(trusting, f"wss://localhost:{server.port}")
        assert opened.subprotocol == "ocpp2.0.1"
        opened.wire.close()


@pytest.mark.asyncio
async def test_old_tls_must_be_wanted(make_csms: Make, tls: Make) -> None:
    context = tls("server", own="server")
    with pytest.deprecated_call():
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": "x"}.get))
    with pytest.raises(LocalProtocolError, match=r"1\.2"):
        async with websockets.serve(csms, "127.0.0.1", ssl=context):
            raise AssertionError("must not be served")


@pytest.mark.asyncio
async def test_no_authenticator_means_no_start() -> None:
    with pytest.raises(LocalProtocolError, match="insecure=True"):
        async with websockets.serve(Csms(v201.PROTOCOL), "127.0.0.1"):
            raise AssertionError("must not be served")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("password", "identity", "status"), [("wrong", "CP001", 401), ("x", "CP002", 404)]
)
async def test_a_refusal_says_its_status(
    password: str, identity: str, status: int, make_csms: Make, make_station: Make
) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": "x"}.get))
    async with websockets.serve(csms, "127.0.0.1") as server:
        with pytest.raises(HandshakeRefused) as caught:
            await open_once(make_station(identity=identity, password=password), url(server))
        assert caught.value.status == status


@pytest.mark.asyncio
async def test_nobody_listens(make_csms: Make, make_station: Make) -> None:
    async with websockets.serve(make_csms(), "127.0.0.1") as server:
        address = url(server)
    with pytest.raises(ConnectionClosed) as caught:
        await open_once(make_station(), address)
    assert caught.value.delivered == "no"


@pytest.mark.asyncio
async def test_a_url_that_is_none(make_station: Make) -> None:
    with pytest.raises(LocalProtocolError):
        await websockets.run(make_station(), "ws://")


@pytest.mark.asyncio
async def test_a_station_survives_a_restart_of_the_csms(
    make_csms: Make, make_station: Make, until: Make
) -> None:
    station = make_station()
    async with websockets.serve(make_csms(), "127.0.0.1") as server:
        port = server.port
        running = asyncio.create_task(websockets.run(station, url(server)))
        await station.wait_accepted()
    await until(lambda: not station.connected)
    csms = make_csms(unknown="serve")
    async with websockets.serve(csms, "127.0.0.1", port):
        await csms.stations.wait_connected("CP001")
        await until(lambda: station.connected)
        # A station that only reconnects does not boot again: its first call shows that it is served. # REC-04
        await station.heartbeat()
        handle = await csms.stations.wait("CP001")
        assert handle.connected
        running.cancel()
        await asyncio.wait({running})


class Deaf:
    """A receiver that does nothing."""

    def data_received(self, data: str | bytes) -> None: ...

    def connection_lost(self, end: ConnectionClosed) -> None: ...


@pytest.mark.asyncio
async def test_the_newest_connection_wins(make_csms: Make, make_station: Make) -> None:
    csms = make_csms()
    async with websockets.serve(csms, "127.0.0.1") as server:
        first = await open_once(make_station(), url(server))
        first.wire.start(Deaf())
        handle = await csms.stations.wait_connected("CP001")
        second = make_station()
        async with websockets.connect(second, url(server)):
            await second.wait_accepted()
            end = await handle.wait_disconnected()
            assert (end.by, end.code) == ("us", 1008)
            assert csms.stations.get("CP001") is not handle
            await second.heartbeat()


@pytest.mark.asyncio
async def test_dead_connections_are_noticed_and_living_ones_stay(
    make_csms: Make, make_station: Make, raw: Make, until: Make
) -> None:
    limits = Limits(ping_interval=0.05)
    csms = make_csms(limits=limits)
    async with websockets.serve(csms, "127.0.0.1") as server, raw(server.port, "/dead") as dead:
        alive = make_station(identity="alive", limits=limits)
        async with websockets.connect(alive, url(server)):
            handle = await csms.stations.wait("alive")
            gone = await (await csms.stations.wait_connected("dead")).wait_disconnected()
            assert (gone.by, gone.reason) == ("network", "no answer to pings")
            assert [(await dead.next_frame())[0] for _ in range(2)] == [9, 9]
            await asyncio.sleep(0.3)
            assert handle.connected


@pytest.mark.asyncio
async def test_shutting_down_lets_handlers_finish(
    make_csms: Make, make_station: Make, caplog: pytest.LogCaptureFixture
) -> None:
    csms, station = make_csms(), make_station()
    begun, gate = asyncio.Event(), asyncio.Event()

    @csms.on(v201.ClearedChargingLimitRequest)
    async def cleared(handle: Any, request: Any) -> v201.ClearedChargingLimitResponse:
        begun.set()
        await gate.wait()
        return v201.ClearedChargingLimitResponse()

    server_manager = websockets.serve(csms, "127.0.0.1")
    server = await server_manager.__aenter__()
    async with websockets.connect(station, url(server)):
        await station.wait_accepted()
        source = v201.ChargingLimitSourceEnumType.CSO
        call = asyncio.create_task(station.cleared_charging_limit(charging_limit_source=source))
        await begun.wait()
        closing = asyncio.create_task(server_manager.__aexit__(None, None, None))
        await asyncio.sleep(0)
        gate.set()
        assert await call == v201.ClearedChargingLimitResponse()
        await closing
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
async def test_shutting_down_cancels_what_does_not_finish(
    make_csms: Make, make_station: Make
) -> None:
    csms, station = make_csms(), make_station()
    begun = asyncio.Event()
    seen: list[str] = []

    @csms.on(v201.ClearedChargingLimitRequest)
    async def cleared(handle: Any, request: Any) -> v201.ClearedChargingLimitResponse:
        begun.set()
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            seen.append("cancelled")

    async with websockets.serve(csms, "127.0.0.1", grace=0.01) as server:
        async with websockets.connect(station, url(server)):
            await station.wait_accepted()
            source = v201.ChargingLimitSourceEnumType.CSO
            call = asyncio.create_task(station.cleared_charging_limit(charging_limit_source=source))
            await begun.wait()
        assert isinstance(await asyncio.wait_for(ended(call), 10), ConnectionClosed)
        # The connection is gone and its handler still runs: the server ends it.
        assert seen == []
    assert seen == ["cancelled"]


async def ended(call: asyncio.Task[Any]) -> BaseException | None:
    await asyncio.wait({call})
    return call.exception()


@pytest.mark.asyncio
async def test_no_password_reaches_a_log(
    make_csms: Make, make_station: Make, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "correct horse battery"
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": secret}.get))
    station = make_station(password=secret)
    with caplog.at_level(logging.DEBUG):
        async with (
            websockets.serve(csms, "127.0.0.1") as server,
            websockets.connect(station, url(server)),
        ):
            await station.wait_accepted()
    assert "BootNotification" in caplog.text
    assert secret not in caplog.text
    assert "Q1AwMDE6" not in caplog.text  # CP001: in base64
    assert secret not in repr(station.open("ws://csms"))


@pytest.mark.asyncio
async def test_pings_can_be_switched_off(make_csms: Make, make_station: Make) -> None:
    limits = Limits(ping_interval=0)
    csms, station = make_csms(limits=limits), make_station(limits=limits)
    async with (
        websockets.serve(csms, "127.0.0.1") as server,
        websockets.connect(station, url(server)),
    ):
        await station.wait_accepted()


@pytest.mark.asyncio
async def test_what_comes_with_the_handshake_is_not_lost(make_station: Make) -> None:
    """A CSMS may send in the same breath as it opens the connection."""
    served = asyncio.Event()
    answers: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        key = re.findall(rb"Sec-WebSocket-Key: (.*)\r\n", head)[0].decode()
        call = b'[2,"1","Nonsense",{}]'
        writer.write(
            b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: ocpp2.0.1\r\n"
            b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n"
            b"\x81" + bytes([len(call)]) + call
        )
        answers.append(await reader.readexactly(2))
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        served.set()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener, websockets.connect(make_station(), f"ws://127.0.0.1:{port}"):
        await served.wait()
    assert answers[0][0] == 0x81


@pytest.mark.asyncio
async def test_who_gives_up_leaves_nothing(
    make_csms: Make, make_station: Make, until: Make
) -> None:
    class Slow:
        async def authenticate(self, credentials: object) -> Any:
            await asyncio.get_running_loop().create_future()

    csms = make_csms(authenticator=Slow(), limits=Limits(handshake_timeout=0.3))
    async with websockets.serve(csms, "127.0.0.1") as server:
        opening = asyncio.create_task(open_once(make_station(), url(server)))
        await until(lambda: server.connections == 1)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        await until(lambda: server.connections == 0)
