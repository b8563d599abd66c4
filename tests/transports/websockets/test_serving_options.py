"""`serve` on a shared port or a socket of the caller's, of objects that are no CSMS; `dial` without a station."""

import asyncio
import socket
from collections.abc import Callable
from ssl import SSLContext
from typing import Any

import pytest

from ocppkit.aio import Handshake
from ocppkit.aio.lowlevel import (
    Accept,
    AttachedConnection,
    ConnectRequest,
    OpenedConnection,
    Reject,
    Served,
    Wire,
)
from ocppkit.core import ConnectionClosed, HandshakeRefused, Limits, LocalProtocolError
from ocppkit.csms import Credentials, read_handshake
from ocppkit.transports import aiohttp, websockets

Make = Callable[..., Any]
Dial = Callable[..., Any]

EACH_CLIENT = pytest.mark.parametrize(
    "dial", [websockets.dial, aiohttp.dial], ids=["websockets", "aiohttp"]
)


def request(port: int, identity: str = "CP001") -> ConnectRequest:
    return ConnectRequest(url=f"ws://127.0.0.1:{port}/ocpp/{identity}", subprotocols=("ocpp2.0.1",))


class Inbox:
    """Keeps what a wire delivers."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[str | bytes] = asyncio.Queue()
        self.end: asyncio.Future[ConnectionClosed] = asyncio.get_running_loop().create_future()

    def data_received(self, data: str | bytes) -> None:
        self.received.put_nowait(data)

    def connection_lost(self, end: ConnectionClosed) -> None:
        self.end.set_result(end)


class Echo:
    """Sends back what comes; it is served as a CSMS is, and is none."""

    def __init__(self) -> None:
        self.limits = Limits()
        self.seen: list[Credentials] = []
        self.refused: list[str] = []

    def check_startable(self, tls: SSLContext | None = None) -> None:
        """Is safe to serve."""

    async def accept(self, handshake: Handshake) -> Accept | Reject:
        station = read_handshake(handshake)
        if isinstance(station, Reject):
            return station
        self.seen.append(station)
        return Accept(subprotocol=station.subprotocols[0], identity=station.identity)

    def report_refusal(
        self,
        reason: str,
        *,
        remote_address: str = "",
        status: int | None = None,
        handshake: Handshake | None = None,
    ) -> None:
        self.refused.append(reason)

    def attach(
        self, accept: Accept, wire: Wire, *, finished: Callable[[], None] = lambda: None
    ) -> AttachedConnection:
        return EchoConnection(wire, finished)


class EchoConnection:
    """One connection of an `Echo`."""

    def __init__(self, wire: Wire, finished: Callable[[], None]) -> None:
        self._wire = wire
        self._finished = finished
        wire.start(self)

    def data_received(self, data: str | bytes) -> None:
        self._wire.write(data if isinstance(data, str) else data.decode())

    def connection_lost(self, end: ConnectionClosed) -> None:
        self._finished()

    async def drain(self, grace: float) -> None:
        self._wire.close(1001, "going away")


@EACH_CLIENT
@pytest.mark.asyncio
async def test_what_is_no_csms_is_served_and_dialled(dial: Dial) -> None:
    echo = Echo()
    served: Served = echo
    async with websockets.serve(served, "127.0.0.1") as server:
        opened: OpenedConnection = await dial(request(server.port))
        assert opened.subprotocol == "ocpp2.0.1"
        inbox = Inbox()
        opened.wire.start(inbox)
        opened.wire.write('[3, "odd spaces" ]')
        assert await inbox.received.get() == '[3, "odd spaces" ]'
        with pytest.raises(HandshakeRefused) as refused:
            await dial(request(server.port, identity="%00"))
        assert refused.value.status == 404
    end = await inbox.end
    assert (end.by, end.code) == ("peer", 1001)
    (station,) = echo.seen
    assert (station.identity, station.subprotocols, station.password) == (
        "CP001",
        ("ocpp2.0.1",),
        None,
    )


@EACH_CLIENT
@pytest.mark.asyncio
async def test_nobody_there(dial: Dial) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(ConnectionClosed) as end:
        await dial(request(port), limits=Limits(handshake_timeout=5.0), compression=False)
    assert end.value.delivered == "no"
    with pytest.raises(LocalProtocolError):
        await dial(ConnectRequest(url="http://127.0.0.1/CP001", subprotocols=()))


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="the system has no SO_REUSEPORT")
@pytest.mark.asyncio
async def test_two_servers_share_a_port(make_csms: Make) -> None:
    first, second = make_csms(), make_csms()
    async with websockets.serve(first, "127.0.0.1", reuse_port=True) as one:
        with pytest.raises(OSError, match="in use"):
            async with websockets.serve(second, "127.0.0.1", one.port):
                raise AssertionError("without the option a port is not shared")
        async with websockets.serve(second, "127.0.0.1", one.port, reuse_port=True) as two:
            assert one.port == two.port
            opened = [await websockets.dial(request(one.port, f"CP{n}")) for n in range(32)]
            inboxes = [Inbox() for _ in opened]
            for each, inbox in zip(opened, inboxes, strict=True):
                each.wire.start(inbox)
            # The system divides connections by a hash of their addresses.
            assert len(first.stations) + len(second.stations) == 32
            assert len(first.stations)
            assert len(second.stations)
            for each in opened:
                each.wire.close()
            for inbox in inboxes:
                await inbox.end


@pytest.mark.asyncio
async def test_a_socket_of_the_caller_s(make_csms: Make) -> None:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    csms = make_csms()
    async with websockets.serve(csms, sock=listening) as server:
        assert server.port == port
        opened = await websockets.dial(request(port))
        inbox = Inbox()
        opened.wire.start(inbox)
        assert (await csms.stations.wait_connected("CP001")).connected
        opened.wire.close()
        await inbox.end
    assert listening.fileno() == -1


@pytest.mark.parametrize(
    "options", [{"host": "127.0.0.1"}, {"port": 9000}, {"reuse_port": True}], ids=str
)
@pytest.mark.asyncio
async def test_a_socket_and_where_to_listen(options: dict[str, Any], make_csms: Make) -> None:
    cure = r"\[bind the socket, and leave these out\]"
    with socket.socket() as listening, pytest.raises(LocalProtocolError, match=cure):
        async with websockets.serve(make_csms(), sock=listening, **options):
            raise AssertionError("where does it listen?")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="the system has no Unix sockets")
@pytest.mark.asyncio
async def test_a_socket_that_is_none_of_tcp(make_csms: Make) -> None:
    problem = "a TCP socket, not AF_UNIX"
    unix = socket.socket(socket.AF_UNIX)
    with unix, pytest.raises(LocalProtocolError, match=problem):
        async with websockets.serve(make_csms(), sock=unix):
            raise AssertionError("it has no port")


@pytest.mark.asyncio
async def test_a_server_that_has_ended_has_no_port(make_csms: Make) -> None:
    async with websockets.serve(make_csms(), "127.0.0.1") as server:
        assert server.port
    assert server.connections == 0
    with pytest.raises(LocalProtocolError, match="the server has ended"):
        server.port  # noqa: B018
