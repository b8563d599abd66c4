"""Passes received bytes to the protocol of another library in small pieces.

aiohttp and uvicorn inflate everything that one read has brought before they pass on any of it. asyncio
reads up to 256 KiB at once, which can inflate to a quarter of a gigabyte, and other connections wait
for that long.
"""

import asyncio
from typing import Any, Final

from ._shared_reading import SharedReading

__all__ = ["READ_BYTES", "LimitedReads", "limit_reads"]

READ_BYTES: Final = 1 << 12
"""Bytes of one read. Deflate makes at most about a thousand bytes of one (RFC 1951)."""


class LimitedReads(SharedReading):
    """An asyncio protocol that reads at most 4 KiB at once, and passes the bytes to another
    protocol.
    """

    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        """Sets the other protocol, whose `connection_made` is called elsewhere.

        Args:
            protocol: an `asyncio.Protocol`.
        """
        super().__init__()
        self._protocol: Any = protocol

    def get_buffer(self, sizehint: int) -> memoryview:
        """Returns the buffer to read into."""
        return self._shared.buffer[:READ_BYTES]

    def data_received(self, data: bytes) -> None:
        """Gives the wrapped protocol the received bytes."""
        self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        """Tells the wrapped protocol that the peer sends no more bytes."""
        keep_open: bool | None = self._protocol.eof_received()
        return keep_open

    def pause_writing(self) -> None:
        """Tells the wrapped protocol to pause writing, because the send buffer is full."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Tells the wrapped protocol to write again, because the send buffer has room."""
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells the wrapped protocol that the connection has ended."""
        self._protocol.connection_lost(exc)


def limit_reads(transport: asyncio.BaseTransport) -> None:
    """Makes the protocol of an open connection read in small pieces."""
    protocol = transport.get_protocol()
    if not isinstance(protocol, LimitedReads):
        transport.set_protocol(LimitedReads(protocol))
