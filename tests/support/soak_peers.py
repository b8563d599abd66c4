"""The peers of a soak test in a separate process: permanent stations, stations that come and go, and attackers.

`python -m support.soak_peers PORT STATIONS SECONDS SEED` prints one line of JSON when the time is over.
"""

import asyncio
import json
import random
import socket
import struct
import sys
from collections import Counter
from contextlib import suppress
from time import perf_counter
from typing import Any

__all__ = ["EXPECTED", "Peers", "RawSocket", "is_steady"]

STEADY = 6
"""Of so many stations one never leaves."""

LATE = 5.0
"""Seconds after which a call without an answer is a fault, also on a busy machine."""

_RESET = struct.pack("ii", 1, 0)
_MASK = b"\0\0\0\0"
_GOODBYE = b"\x88\x82" + _MASK + b"\x03\xe8"
_TEXT, _CLOSE, _PING = 1, 8, 9
_BOOT = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
_EVENT: dict[str, Any] = {
    "eventType": "Updated",
    "timestamp": "2026-05-01T12:00:00Z",
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 1,
    "transactionInfo": {"transactionId": "T"},
}
_REFUSED = "frame refused "
_BAD_TEXTS = {
    "nonsense": rf"{_REFUSED}\(RpcFrameworkError\): no usable frame \(not_json\): .*",
    "[]": rf"{_REFUSED}\(RpcFrameworkError\): no usable frame \(unreadable_id\): .*",
    '[2,"x","Nonsense",{}]': rf"{_REFUSED}\(NotImplemented\): Nonsense x: unknown action",
    '[2,"x","Heartbeat",{"more":1}]': (
        rf"{_REFUSED}\(FormatViolation\): Heartbeat x: unknown member at \$\.more"
    ),
    '[2,"x","TransactionEvent",{"eventType":7}]': (
        rf"{_REFUSED}\(OccurrenceConstraintViolation\): TransactionEvent x: .*"
    ),
    '[3,"nobody asked",{}]': "answer nobody asked ignored: no call has this message id",
    '[4,"nobody asked","GenericError","",{"x":['
    + "[]," * 500
    + "[]]}]": ("answer nobody asked ignored: no call has this message id"),
    '[2,"x","DataTransfer",{"vendorId":"V","data":'
    + "[" * 200
    + "]" * 200
    + "}]": (rf"{_REFUSED}\(FormatViolation\): DataTransfer x: not readable as JSON .*"),
}
"""What vandals send, each with what the log says of it after the identity."""

_BINARY = rf"{_REFUSED}\(RpcFrameworkError\): OCPP-J messages are text messages, not binary ones"
_BAD_FRAMES = (
    b"\x81\x05hello",  # not masked
    b"\x83\x80" + _MASK,  # a reserved opcode
    b"\x81\xff" + b"\xff" * 8,  # endless
    b"\x82\x81" + _MASK + b"x",  # binary, of which the log says `_BINARY`
    (b"\x89\x80" + _MASK) * 50,  # pings
    b"\x01\x81" + _MASK + b"x",  # a fragment, and nothing after it
)
_BAD_REQUESTS = (
    b"\x16\x03\x01 TLS perhaps\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"POST /CP001 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    b"GET /CP001 HTTP/1.1\r\nHost: x\r\n",
    b"",
)

EXPECTED = (
    rf"V\d+: (?:{'|'.join([*_BAD_TEXTS.values(), _BINARY])})",
    # They left while their message was handled.
    r"CP\d+: TransactionEvent \d+: the handler returned too late \[.*\]",
    r"(?:CP|V)\d+: BootNotification boot: the handler returned too late \[.*\]",
    # The second of the bad requests names no host; the first and the third are no GET.
    r"unknown station \(127\.0\.0\.1\): refused 400: "
    r"(?:no handshake|exactly one usable Host header is needed)(?: \(\d+ more in the last minute\))?",
)
"""Regular expressions for all that is logged of these peers at WARNING or above."""


def is_steady(identity: str) -> bool:
    """Returns whether a station is one that never leaves."""
    return identity.startswith("CP") and int(identity[2:]) % STEADY == 0


class RawSocket:
    """One WebSocket without a library."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def opened(cls, port: int, identity: str, subprotocol: str = "ocpp2.0.1") -> "RawSocket":
        connection = cls(*await asyncio.open_connection("127.0.0.1", port))
        connection.writer.write(_handshake(identity, subprotocol))
        answer = await connection.reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(answer)
        return connection

    def frame(self, opcode: int, data: bytes) -> None:
        is_short = len(data) < 126
        size = bytes([0x80 | (len(data) if is_short else 126)])
        size += b"" if is_short else len(data).to_bytes(2, "big")
        self.writer.write(bytes([0x80 | opcode]) + size + _MASK + data)

    def call(self, message_id: str, action: str, payload: Any) -> None:
        self.frame(_TEXT, json.dumps([2, message_id, action, payload]).encode())

    async def next_frame(self) -> tuple[int, bytes]:
        first, size = await self.reader.readexactly(2)
        if size == 126:
            size = int.from_bytes(await self.reader.readexactly(2), "big")
        return first & 15, await self.reader.readexactly(size)

    def reset(self) -> None:
        connection: socket.socket = self.writer.get_extra_info("socket")
        with suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()


def _handshake(identity: str, subprotocol: str) -> bytes:
    lines = (
        f"GET /{identity} HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {subprotocol}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Peers:
    """All peers of the soak test, with their observations."""

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._random = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.gaps: dict[str, float] = {}
        """The longest time without a ping at each steady station, in seconds."""

        self.waiting: dict[tuple[str, str], float] = {}
        """When steady stations sent those of their calls that have no answer, by identity and message id."""

        self._last_pings: dict[str, float] = {}

    async def run(self, stations: int, seconds: float) -> None:
        """Lets all of them live for some seconds."""
        tasks: list[asyncio.Task[None]] = []
        for number in range(stations):
            identity = f"CP{number:04}"
            if is_steady(identity):
                tasks.append(asyncio.create_task(self._steady(identity)))
            else:
                tasks.append(asyncio.create_task(self._come_and_go(identity)))
        tasks += [asyncio.create_task(self._vandal()) for _ in range(1 + stations // 50)]
        done, running = await asyncio.wait(
            tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION
        )
        self.end = perf_counter()
        for identity in self._last_pings:
            # The time since the last one counts, too.
            self._note_ping(identity)
        for task in running:
            task.cancel()
        await asyncio.wait(tasks)
        for task in done:
            task.result()

    async def _steady(self, identity: str) -> None:
        await asyncio.sleep(self._random.uniform(0, 2))
        connection = await RawSocket.opened(self._port, identity)
        self._last_pings[identity] = perf_counter()
        self.gaps[identity] = 0.0
        # It lives for as long as the test, so its end is an error.
        await self._live(connection, identity)
        raise ConnectionError(f"{identity}, which never leaves, was disconnected")

    async def _come_and_go(self, identity: str) -> None:
        while True:
            await asyncio.sleep(self._random.uniform(0, 4))
            with suppress(OSError, asyncio.IncompleteReadError):
                connection = await RawSocket.opened(self._port, identity)
                self.counts["connections"] += 1
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._random.uniform(1, 25)):
                        await self._live(connection, identity)
                await self._leave(connection)

    async def _live(self, connection: RawSocket, identity: str) -> None:
        connection.call("boot", "BootNotification", _BOOT)
        booted = asyncio.Event()
        talking = asyncio.create_task(self._talk(connection, identity, booted))
        try:
            while True:
                opcode, data = await connection.next_frame()
                if opcode == _PING:
                    connection.frame(10, data)
                    if is_steady(identity):
                        self._note_ping(identity)
                elif opcode == _TEXT:
                    frame = json.loads(data)
                    if frame[1] == "boot":
                        booted.set()
                    self._heard(connection, frame, identity)
                elif opcode == _CLOSE:
                    return
        except asyncio.IncompleteReadError:
            return
        finally:
            talking.cancel()

    def _note_ping(self, identity: str) -> None:
        now = perf_counter()
        self.gaps[identity] = max(self.gaps[identity], now - self._last_pings[identity])
        self._last_pings[identity] = now

    def _heard(self, connection: RawSocket, frame: list[Any], identity: str) -> None:
        if frame[0] == 2:
            self.counts["commands"] += 1
            answer = [3, frame[1], {"status": "Accepted"}]
            connection.frame(_TEXT, json.dumps(answer).encode())
        else:
            self.counts["answers" if frame[0] == 3 else "errors"] += 1
            self.waiting.pop((identity, frame[1]), None)

    async def _talk(self, connection: RawSocket, identity: str, booted: asyncio.Event) -> None:
        # Until its boot is answered a station says nothing else. # B01.FR.10
        await booted.wait()
        number = 0
        while True:
            await asyncio.sleep(self._random.uniform(1, 5))
            number += 1
            action, payload = self._random.choice((("Heartbeat", {}), ("TransactionEvent", _EVENT)))
            connection.call(str(number), action, payload)
            if is_steady(identity):
                self.waiting[identity, str(number)] = perf_counter()

    async def _leave(self, connection: RawSocket) -> None:
        way = self._random.randrange(4)
        if way == 0:
            connection.writer.write(_GOODBYE)
            with suppress(TimeoutError, OSError):
                async with asyncio.timeout(2):
                    await connection.reader.read()
        elif way == 1:
            connection.writer.write(_GOODBYE)
            await asyncio.sleep(0)
        elif way == 2:
            connection.writer.write(b"\x81\xfe\x10")
            await asyncio.sleep(0)
        connection.reset()

    async def _vandal(self) -> None:
        number = 0
        while True:
            await asyncio.sleep(self._random.uniform(0.05, 0.5))
            number += 1
            self.counts["acts of vandals"] += 1
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                async with asyncio.timeout(5):
                    await self._misbehave(f"V{number % 20}")

    async def _misbehave(self, identity: str) -> None:
        if self._random.random() < 0.3:
            connection = RawSocket(*await asyncio.open_connection("127.0.0.1", self._port))
            connection.writer.write(self._random.choice(_BAD_REQUESTS))
            await asyncio.sleep(self._random.uniform(0, 0.5))
        else:
            connection = await RawSocket.opened(self._port, identity)
            connection.call("boot", "BootNotification", _BOOT)
            for _ in range(self._random.randrange(8)):
                connection.frame(_TEXT, self._random.choice(tuple(_BAD_TEXTS)).encode())
            connection.writer.write(self._random.choice(_BAD_FRAMES))
            await asyncio.sleep(self._random.uniform(0, 0.5))
        connection.reset()


async def _main(port: int, stations: int, seconds: float, seed: int) -> None:
    peers = Peers(port, seed)
    await peers.run(stations, seconds)
    late = [
        f"{identity} {sent}"
        for (identity, sent), since in peers.waiting.items()
        if since < peers.end - LATE
    ]
    seen = {"gaps": peers.gaps, "unanswered": late, "counts": peers.counts}
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    _port, _stations, _seconds, _seed = sys.argv[1:]
    asyncio.run(_main(int(_port), int(_stations), float(_seconds), int(_seed)))
