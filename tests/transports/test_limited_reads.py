"""Other libraries are handed little at a time, on every event loop and with TLS too."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from ocppkit.transports._limited_reads import READ_BYTES, LimitedReads, limit_reads
from support.event_loops import LOOPS, Run

Make = Callable[..., Any]


class Noting(asyncio.Protocol):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.sizes: list[int] = []
        self.lost = asyncio.Event()
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        limit_reads(transport)
        # Once is enough.
        limited = transport.get_protocol()
        limit_reads(transport)
        assert transport.get_protocol() is limited

    def data_received(self, data: bytes) -> None:
        self.sizes.append(len(data))

    def eof_received(self) -> bool:
        self.told.append("eof")
        return False

    def pause_writing(self) -> None:
        self.told.append("pause")

    def resume_writing(self) -> None:
        self.told.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.told.append("lost")
        self.lost.set()


@LOOPS
@pytest.mark.parametrize("secure", [False, True], ids=["tcp", "tls"])
def test_a_long_write_arrives_in_short_pieces(run: Run, secure: bool, tls: Make) -> None:
    context: ssl.SSLContext | None = tls("server", own="server") if secure else None

    async def main() -> None:
        noting = Noting()
        listener = await asyncio.get_running_loop().create_server(
            lambda: noting, "127.0.0.1", 0, ssl=context
        )
        async with listener:
            port = listener.sockets[0].getsockname()[1]
            _, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=tls("station") if secure else None,
                server_hostname="localhost" if secure else None,
            )  # fmt: skip
            writer.write(b"x" * 300_000)
            await writer.drain()
            writer.close()
            await asyncio.wait_for(noting.lost.wait(), 10)
        assert sum(noting.sizes) == 300_000
        assert max(noting.sizes) == READ_BYTES
        assert noting.told[-1] == "lost"

    run(main())


@pytest.mark.asyncio
async def test_what_asyncio_tells_is_passed_on() -> None:
    ours, theirs = socket.socketpair()
    noting = Noting()
    with theirs:
        await asyncio.get_running_loop().create_connection(lambda: noting, sock=ours)
        noting.transport.set_write_buffer_limits(0)
        theirs.setblocking(False)
        noting.transport.write(b"x" * 10_000_000)
        received = 0
        while received < 10_000_000:
            received += len(await asyncio.get_running_loop().sock_recv(theirs, 1 << 20))
        theirs.shutdown(socket.SHUT_WR)
        await asyncio.wait_for(noting.lost.wait(), 10)
    assert noting.told == ["pause", "resume", "eof", "lost"]


def test_the_end_of_the_bytes_may_leave_the_connection_open() -> None:
    class Open(Noting):
        def eof_received(self) -> bool:
            return True

    async def main() -> None:
        assert LimitedReads(Open()).eof_received() is True

    asyncio.run(main())
