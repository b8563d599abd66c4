"""A raw TCP server that answers opening handshakes with any bytes at all."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from websockets.utils import accept_key

__all__ = ["AnsweringServer", "answering", "key_in", "opening"]

Pieces = Sequence[bytes | None]
"""What is written, piece by piece; `None` instead of the last one keeps the connection open."""


class AnsweringServer:
    """The number of connections to the server, and the handshakes that it has received."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heads: list[bytes] = []
        """The handshakes that came, as bytes."""

        self.frames: asyncio.Queue[bytes] = asyncio.Queue()
        """What came after them."""

    @property
    def request_line(self) -> bytes:
        """The first line of the last handshake."""
        return self.heads[-1].partition(b"\r\n")[0]

    def header(self, name: str) -> bytes:
        """Returns the value of a header of the last handshake."""
        found = re.search(rb"(?i)\r\n" + name.encode() + rb": (.*)\r\n", self.heads[-1])
        assert found is not None, f"no {name} in {self.heads[-1]!r}"
        return found[1]


def key_in(head: bytes) -> str:
    """Returns the `Sec-WebSocket-Key` of a handshake."""
    found = re.search(rb"(?i)\r\nSec-WebSocket-Key: (.*)\r\n", head)
    assert found is not None, head
    return found[1].decode()


def opening(key: str, *headers: bytes, subprotocol: bytes | None = b"ocpp2.0.1") -> bytes:
    """Returns the response that accepts a WebSocket handshake, with additional headers."""
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Accept: " + accept_key(key).encode(),
        *headers,
    ]
    if subprotocol is not None:
        lines.append(b"Sec-WebSocket-Protocol: " + subprotocol)
    return b"\r\n".join(lines) + b"\r\n\r\n"


@asynccontextmanager
async def answering(
    answer: Callable[[str], Pieces], host: str = "127.0.0.1"
) -> AsyncGenerator[AnsweringServer]:
    """Runs a server inside the block; `answer` makes the response from the key of a handshake."""
    ends: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        current = asyncio.current_task()
        assert current is not None
        ends.add(current)
        try:
            await play(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            server.heads.append(head)
            for piece in answer(key_in(head)):
                if piece is None:
                    while data := await reader.read(1 << 16):
                        server.frames.put_nowait(data)
                    return
                writer.write(piece)
                await writer.drain()
                # A turn of the event loop, so that the pieces are read one by one.
                await asyncio.sleep(0)

    listener = await asyncio.start_server(serve, host, 0)
    server = AnsweringServer(listener.sockets[0].getsockname()[1])
    async with listener:
        yield server
        listener.close()
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
