"""Hands what a peer sends to the protocol of another library a little at a time.

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
    """Stands between an asyncio transport and a protocol, and reads at most 4 KiB at once."""

    def __init__(self, protocol: asyncio.BaseProtocol) -> None:
        """Sets the protocol, which learns of its connection from somebody else.

        Args:
            protocol: an `asyncio.Protocol`.
        """
        super().__init__()
        self._protocol: Any = protocol

    def get_buffer(self, sizehint: int) -> memoryview:
        """Returns the buffer to read into."""
        return self._shared.buffer[:READ_BYTES]

    def data_received(self, data: bytes) -> None:
        """Passes on what was read."""
        self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        """Passes on the end of the peer's bytes."""
        keep_open: bool | None = self._protocol.eof_received()
        return keep_open

    def pause_writing(self) -> None:
        """Passes on that much waits to be sent."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Passes on that little waits to be sent."""
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Passes on the end of the connection."""
        self._protocol.connection_lost(exc)


def limit_reads(transport: asyncio.BaseTransport) -> None:
    """Lets the protocol of an open connection read a little at a time."""
    protocol = transport.get_protocol()
    if not isinstance(protocol, LimitedReads):
        transport.set_protocol(LimitedReads(protocol))
