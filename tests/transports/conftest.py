"""A CSMS on 127.0.0.1, stations of all versions, and raw sockets for what no library would send."""

import asyncio
import base64
import gc
import os
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from ocppkit import v16, v21, v201
from ocppkit.core import utcnow
from ocppkit.csms import Csms
from ocppkit.station import BackOff, Station
from ocppkit.v16.roles import ChargePoint
from ocppkit.v21.roles import ChargingStation as ChargingStation21
from ocppkit.v201.roles import ChargingStation
from support.servers import SERVERS, Serving

__all__ = ["handshake", "make_csms", "make_station", "raw", "serving", "tls", "until"]

TLS = Path(__file__).parent / "tls"
AT_ONCE = BackOff(wait_minimum=0.01, random_range=0, repeat_times=3)


@pytest.fixture(params=SERVERS)
def serving(request: pytest.FixtureRequest) -> Generator[Serving]:
    """Each server that a CSMS can stand in."""
    yield SERVERS[request.param]
    # Warnings of sockets that were never closed come when they are collected.
    gc.collect()


@pytest.fixture
def make_csms() -> Callable[..., Csms]:
    """Returns what makes a CSMS of all versions that accepts boots and answers heartbeats."""

    def make(**options: Any) -> Csms:
        if "authenticator" not in options:
            options.setdefault("insecure", True)
        options.setdefault("any_identity", True)
        csms = Csms(v201.PROTOCOL, v16.PROTOCOL, v21.PROTOCOL, **options)
        for version in (v16, v201, v21):
            answer_boots(csms, version)
        return csms

    return make


def answer_boots(csms: Csms, version: Any) -> None:
    words = getattr(version, "RegistrationStatus", None) or version.RegistrationStatusEnumType

    @csms.on(version.BootNotificationRequest)
    async def boot(station: Any, request: Any) -> Any:
        return version.BootNotificationResponse(
            current_time=utcnow(), interval=300, status=words.ACCEPTED
        )

    @csms.on(version.HeartbeatRequest)
    def heartbeat(station: Any, request: Any) -> Any:
        return version.HeartbeatResponse(current_time=utcnow())


@pytest.fixture
def make_station() -> Callable[..., Station]:
    """Returns what makes a station of a version."""

    def make(version: str = "2.0.1", identity: str = "CP001", **options: Any) -> Station:
        options.setdefault("back_off", AT_ONCE)
        if not options.keys() & {"password", "ssl"}:
            options.setdefault("insecure", True)
        if version == "1.6":
            return ChargePoint(identity, charge_point_model="M", charge_point_vendor="V", **options)
        role = ChargingStation if version == "2.0.1" else ChargingStation21
        return role(identity, model="M", vendor_name="V", **options)

    return make


@pytest.fixture
def until() -> Callable[..., Any]:
    """Returns what waits, not for ever, until something is true of the world outside."""

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.001)

    return wait


class Raw:
    """A WebSocket client without any manners."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.compressed = False
        """Whether the last frame that was read is compressed."""

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def frame(self, opcode: int, data: bytes, *, fin: bool = True, rsv: int = 0) -> None:
        """Sends one frame, masked with zeros."""
        first = bytes([(0x80 if fin else 0) | rsv | opcode])
        if len(data) < 126:
            size = bytes([0x80 | len(data)])
        elif len(data) < 1 << 16:
            size = bytes([0x80 | 126]) + struct.pack(">H", len(data))
        else:
            size = bytes([0x80 | 127]) + struct.pack(">Q", len(data))
        self.send(first + size + b"\0\0\0\0" + data)

    def text(self, text: str) -> None:
        self.frame(1, text.encode())

    async def head(self) -> bytes:
        """Reads the head of the HTTP answer."""
        async with asyncio.timeout(10):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def next_frame(self, within: float = 10) -> tuple[int, bytes]:
        """Reads one frame: its opcode and data."""
        async with asyncio.timeout(within):
            first, size = await self.reader.readexactly(2)
            self.compressed = bool(first & 0x40)
            if size == 126:
                (size,) = struct.unpack(">H", await self.reader.readexactly(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", await self.reader.readexactly(8))
            return first & 0x0F, await self.reader.readexactly(size)

    async def rest(self) -> bytes:
        """Reads until the server ends the connection."""
        async with asyncio.timeout(10):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""


def request(path: str = "/CP001", *headers: str, subprotocol: str | None = "ocpp2.0.1") -> bytes:
    """Returns a handshake."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        *headers,
    ]
    if subprotocol is not None:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@pytest.fixture
def handshake() -> Callable[..., bytes]:
    """Returns what writes a handshake."""
    return request


@pytest.fixture
def raw() -> Callable[..., Any]:
    """Returns what connects without manners; with a handshake's arguments it also opens."""

    @asynccontextmanager
    async def connect(port: int, *handshake: str, **options: Any) -> AsyncIterator[Raw]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        client = Raw(reader, writer)
        try:
            if handshake:
                client.send(request(*handshake, **options))
                head = await client.head()
                assert head.startswith(b"HTTP/1.1 101"), head
            yield client
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    return connect


@pytest.fixture
def tls() -> Callable[..., ssl.SSLContext]:
    """Returns what makes TLS contexts out of the test certificates."""

    def make(side: str, *, own: str | None = None, trusts: str | None = "authority") -> Any:
        server = side == "server"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        if own is not None:
            context.load_cert_chain(TLS / f"{own}.pem", TLS / f"{own}.key.pem")
        if trusts is not None:
            context.load_verify_locations(TLS / f"{trusts}.pem")
        return context

    return make
