"""The ASGI endpoint, on servers that know less than uvicorn, and what it does not leave to them."""

import asyncio
import gc
import logging
import ssl
from collections.abc import Callable, Generator
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Mount, WebSocketRoute

from ocppkit import v201
from ocppkit.core import HandshakeRefused, LocalProtocolError
from ocppkit.csms import CertificateAuthenticator, Csms, PasswordAuthenticator
from ocppkit.transports import websockets
from ocppkit.transports.starlette import CsmsEndpoint, _undocumented_uvicorn, endpoint
from ocppkit.transports.websockets._client import connector
from support.servers import BOUNDED, by_starlette, running

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def nothing_is_left() -> Generator[None]:
    """Warnings of sockets that were never closed come when they are collected."""
    yield
    gc.collect()


class Server:
    """An ASGI server in memory, for one connection."""

    def __init__(self, csms: Csms, served: CsmsEndpoint | None = None, **scope: Any) -> None:
        self.scope = {
            "type": "websocket",
            "path": "/ocpp/CP001",
            "headers": [(b"sec-websocket-protocol", b"ocpp2.0.1")],
            **scope,
        }
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.problem: Exception | None = None
        self.inbox.put_nowait({"type": "websocket.connect"})
        self.serving = asyncio.create_task(
            (served or endpoint(csms))(self.scope, self.inbox.get, self.send)
        )

    async def send(self, message: Any) -> None:
        if self.problem is not None:
            raise self.problem
        self.outbox.put_nowait(message)

    async def said(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            return await self.outbox.get()

    async def over(self) -> None:
        async with asyncio.timeout(5):
            await self.serving


BOOT = (
    '[2,"b","BootNotification",'
    '{"reason":"PowerUp","chargingStation":{"model":"M","vendorName":"V"}}]'
)
CLEARED = '[2,"c","ClearedChargingLimit",{"chargingLimitSource":"CSO"}]'


@pytest.mark.asyncio
async def test_a_server_that_cannot_say_why(make_csms: Make) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": "x"}.get))
    server = Server(csms)
    assert (await server.said())["type"] == "websocket.close"
    await server.over()


@pytest.mark.asyncio
async def test_a_server_that_can(make_csms: Make) -> None:
    csms = make_csms(authenticator=PasswordAuthenticator({"CP001": "x"}.get))
    server = Server(csms, extensions={"websocket.http.response": {}})
    start, body = await server.said(), await server.said()
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
    assert (b"www-authenticate", b'Basic realm="ocpp", charset="UTF-8"') in start["headers"]
    assert body["body"] == b"wrong or missing credentials\n"
    await server.over()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("scope", "identity"),
    [
        ({"path": "/ocpp/é %zz"}, "é %zz"),
        ({"path": "/ocpp/CP/001"}, "001"),
        ({"path": "/ocpp/CP/001", "raw_path": b"/ocpp/CP%2F001"}, "CP/001"),
        ({"query_string": b"a=/b"}, "CP001"),
        ({"headers": [], "subprotocols": ["ocpp9.9", "ocpp2.0.1"]}, "CP001"),
        ({"raw_path": None, "query_string": b"", "client": None}, "CP001"),
    ],
)
async def test_what_a_server_tells_of_the_path(
    scope: dict[str, Any], identity: str, make_csms: Make
) -> None:
    csms = make_csms()
    server = Server(csms, **scope)
    said = await server.said()
    assert (said["type"], said["subprotocol"]) == ("websocket.accept", "ocpp2.0.1")
    handle = await csms.stations.wait_connected(identity)
    assert handle.remote_address == ""
    server.inbox.put_nowait({"type": "websocket.disconnect"})
    await server.over()
    end = await handle.wait_disconnected()
    assert (end.by, end.code) == ("network", None)


@pytest.mark.asyncio
async def test_messages_in_either_form(make_csms: Make) -> None:
    csms = make_csms()
    server = Server(csms)
    await server.said()
    server.inbox.put_nowait({"type": "websocket.receive", "text": BOOT, "bytes": None})
    assert (await server.said())["text"].startswith('[3,"b"')
    server.inbox.put_nowait({"type": "websocket.receive", "text": None, "bytes": BOOT.encode()})
    server.inbox.put_nowait({"type": "websocket.receive", "text": '[2,"h","Heartbeat",{}]'})
    while not (await server.said())["text"].startswith('[3,"h"'):
        pass
    server.inbox.put_nowait({"type": "websocket.disconnect", "code": 1001, "reason": "off"})
    await server.over()
    assert len(csms.stations) == 0


@pytest.mark.asyncio
@pytest.mark.parametrize("problem", [OSError("gone"), RuntimeError("out of place")])
async def test_a_station_that_is_gone(problem: Exception, make_csms: Make) -> None:
    csms = make_csms()
    early = Server(csms)
    early.problem = problem
    await early.over()
    assert len(csms.stations) == 0
    late = Server(csms)
    await late.said()
    handle = await csms.stations.wait_connected("CP001")
    late.problem = problem
    late.inbox.put_nowait({"type": "websocket.receive", "text": BOOT})
    await late.over()
    assert (await handle.wait_disconnected()).by == "network"


@pytest.mark.asyncio
async def test_a_server_that_gives_up(make_csms: Make) -> None:
    csms = make_csms(boot_gate=False)
    seen: list[str] = []
    begun = asyncio.Event()

    @csms.on(v201.ClearedChargingLimitRequest)
    async def cleared(handle: Any, request: Any) -> v201.ClearedChargingLimitResponse:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            seen.append("cancelled")
        return v201.ClearedChargingLimitResponse()

    server = Server(csms)
    server.inbox.put_nowait({"type": "websocket.receive", "text": CLEARED})
    await begun.wait()
    server.serving.cancel()
    await asyncio.wait({server.serving})
    assert server.serving.cancelled()
    assert seen == ["cancelled"]
    assert len(csms.stations) == 0
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.asyncio
async def test_a_handler_outlives_its_connection(make_csms: Make) -> None:
    csms = make_csms(boot_gate=False)
    begun, gate = asyncio.Event(), asyncio.Event()

    @csms.on(v201.ClearedChargingLimitRequest)
    async def cleared(handle: Any, request: Any) -> v201.ClearedChargingLimitResponse:
        begun.set()
        await gate.wait()
        return v201.ClearedChargingLimitResponse()

    server = Server(csms)
    server.inbox.put_nowait({"type": "websocket.receive", "text": CLEARED})
    await begun.wait()
    handle = csms.stations.get("CP001")
    server.inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})
    await handle.wait_disconnected()
    # A server that stops in order waits for this.
    assert not server.serving.done()
    gate.set()
    await server.over()


@pytest.mark.asyncio
async def test_certificates_that_a_proxy_has_verified(make_csms: Make, raw: Make) -> None:
    def certificate(connection: HTTPConnection) -> dict[str, Any] | None:
        name = connection.headers.get("x-client-cn")
        operator = (("organizationName", "ACME"),)
        return None if name is None else {"subject": (operator, (("commonName", name),))}

    csms = make_csms(
        authenticator=CertificateAuthenticator({"CP001": "SN-1"}.get, organization="ACME")
    )
    served = endpoint(csms, peer_certificate=certificate)
    app = Starlette(routes=[WebSocketRoute("/{identity:path}", served)])
    async with running(app) as port:
        async with raw(port, "/CP001", "X-Client-CN: SN-1"):
            await csms.stations.wait_connected("CP001")
        for header in ("X-Client-CN: SN-2", "X-Other: SN-1"):
            with pytest.raises(AssertionError, match="401"):
                async with raw(port, "/CP001", header):
                    raise LookupError("it must not be opened")


@pytest.mark.asyncio
async def test_profile_2(make_csms: Make, make_station: Make, tls: Make) -> None:
    passwords = PasswordAuthenticator({"CP001": "x"}.get, require_tls=True)
    csms = make_csms(authenticator=passwords)
    app = Starlette(routes=[Mount("/ocpp", endpoint(csms))])
    async with running(app, ssl_context_factory=lambda *_: tls("server", own="server")) as port:
        station = make_station(password="x", ssl=tls("station"))
        async with websockets.connect(station, f"wss://localhost:{port}/ocpp"):
            assert (await csms.stations.wait("CP001")).accepted


@pytest.mark.asyncio
@pytest.mark.parametrize("by", ["uvicorn", "ocppkit"])
async def test_profile_3(by: str, make_csms: Make, make_station: Make, tls: Make) -> None:
    csms = make_csms(
        authenticator=CertificateAuthenticator({"CP001": "SN-1"}.get, organization="ACME")
    )
    server_tls = tls("server", own="server")
    server_tls.verify_mode = ssl.CERT_OPTIONAL
    server = BOUNDED["uvicorn"] if by == "ocppkit" else by_starlette
    async with server(csms, server_tls) as port:
        url = f"wss://localhost:{port}/ocpp"
        station = make_station(ssl=tls("station", own="station"), client_certificate=True)
        async with websockets.connect(station, url):
            assert (await csms.stations.wait("CP001")).accepted
        stranger = make_station(ssl=tls("station"), client_certificate=True)
        with pytest.raises(HandshakeRefused) as caught:
            await connector(stranger.limits, True)(stranger.open(url))
        assert caught.value.status == 401


@pytest.mark.asyncio
async def test_the_certificate_of_a_proxy_that_uvicorn_has_translated_is_no_station_s(
    make_csms: Make, tls: Make, handshake: Make
) -> None:
    csms = make_csms(
        authenticator=CertificateAuthenticator({"CP001": "SN-1"}.get, organization="ACME")
    )
    server_tls = tls("server", own="server")
    server_tls.verify_mode = ssl.CERT_OPTIONAL
    async with by_starlette(csms, server_tls, proxy_headers=True) as port:
        for header, status in (("X-Other: x", b"101"), ("X-Forwarded-For: 192.0.2.7", b"401")):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1",
                port,
                ssl=tls("station", own="station"),
                server_hostname="localhost",
            )
            writer.write(handshake("/ocpp/CP001", header))
            assert (await reader.readline()).split()[1] == status
            writer.close()


@pytest.mark.asyncio
async def test_dead_connections_are_noticed_by_uvicorn_and_living_ones_stay(
    make_csms: Make, make_station: Make, raw: Make
) -> None:
    csms = make_csms()
    app = Starlette(routes=[Mount("/ocpp", endpoint(csms))])
    # The living one must answer within this time, on a busy machine too.
    pings = {"ws_ping_interval": 0.2, "ws_ping_timeout": 1.0}
    async with running(app, **pings) as port, raw(port, "/ocpp/dead") as dead:
        alive = make_station(identity="alive")
        async with websockets.connect(alive, f"ws://127.0.0.1:{port}/ocpp"):
            handle = await csms.stations.wait("alive")
            gone = await (await csms.stations.wait_connected("dead")).wait_disconnected()
            assert gone.code in (None, 1011)
            assert (await dead.next_frame())[0] == 9
            assert handle.connected


@pytest.mark.asyncio
async def test_what_is_no_websocket(make_csms: Make) -> None:
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    served = endpoint(make_csms())
    scope = {"type": "http", "path": "/ocpp/CP001", "headers": []}
    await served(scope, asyncio.Queue().get, send)
    assert said[0]["status"] == 426
    assert (b"upgrade", b"websocket") in said[0]["headers"]
    with pytest.raises(LocalProtocolError, match="lifespan"):
        await served({"type": "lifespan"}, asyncio.Queue().get, send)


@pytest.mark.asyncio
async def test_a_server_without_a_network_connection_is_told_of_once(
    make_csms: Make, caplog: pytest.LogCaptureFixture
) -> None:
    csms = make_csms()
    served = endpoint(csms)
    for _ in range(2):
        server = Server(csms, served)
        await server.said()
        server.inbox.put_nowait({"type": "websocket.disconnect"})
        await server.over()
    (line,) = [each.message for each in caplog.records if each.levelno == logging.WARNING]
    assert line.startswith("the network connections of asyncio cannot be accessed: ")


@pytest.mark.asyncio
async def test_the_server_that_has_changed_is_named(
    make_csms: Make,
    raw: Make,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(_undocumented_uvicorn, "_USED", ("abort", "renamed"))
    csms = make_csms()
    app = Starlette(routes=[WebSocketRoute("/{identity:path}", endpoint(csms))])
    async with running(app) as port, raw(port, "/CP001"):
        await csms.stations.wait_connected("CP001")
    assert (
        f"the network connections of uvicorn {uvicorn.__version__} cannot be accessed"
        in caplog.text
    )


def test_no_authenticator_means_no_start() -> None:
    with pytest.raises(LocalProtocolError, match="insecure=True"):
        endpoint(Csms(v201.PROTOCOL))
