"""A wire of the default transport without a network: the test passes bytes in and reads the bytes that are written."""

import asyncio
from typing import Any

from websockets.protocol import Side

from ocppkit.core import ConnectionClosed, Limits
from ocppkit.transports.websockets._wire import WebSocketWire

__all__ = ["LIMIT", "Ear", "Line", "Talk", "brought", "frame"]

LIMIT = 400
"""The longest frame, in bytes."""


class Line(asyncio.Transport):
    """An asyncio transport that records the written bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.waiting = 0
        self.over = False
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...
    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None: ...

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return self.over

    def can_write_eof(self) -> bool:
        return False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.over = True

    def abort(self) -> None:
        self.over = True


class Ear:
    """A receiver that records the texts and events of a wire."""

    def __init__(self) -> None:
        self.heard: list[str | bytes] = []
        self.end: ConnectionClosed | None = None

    def data_received(self, data: str | bytes) -> None:
        self.heard.append(data)

    def connection_lost(self, end: ConnectionClosed) -> None:
        self.end = end


def brought(wire: WebSocketWire, piece: bytes) -> None:
    """Passes received bytes to a wire, as the event loop does."""
    wire.get_buffer(-1)[: len(piece)] = piece
    wire.buffer_updated(len(piece))


class Talk:
    """A wire with its recording transport and its recording receiver."""

    def __init__(self, side: Side = Side.SERVER, **limits: float) -> None:
        self.line = Line()
        self.ear = Ear()
        bounds = {"frame_bytes": LIMIT, "ping_interval": 0} | limits
        self.wire = WebSocketWire(self.line, side, [], Limits(**bounds), b"", lambda: None)  # type: ignore[arg-type]
        self.wire.start(self.ear)

    def bring(self, *pieces: bytes) -> None:
        for piece in pieces:
            brought(self.wire, piece)

    async def end(self) -> ConnectionClosed:
        await asyncio.sleep(0)
        if self.ear.end is None:
            self.wire.connection_lost(None)
        assert self.ear.end is not None
        return self.ear.end


def frame(first: int, data: bytes, key: bytes | None = b"\1\2\3\4", *, form: int = 0) -> bytes:
    """Returns a WebSocket frame; its length may be encoded with more bytes than necessary."""
    size = len(data)
    if form == 127 and size >= 126:
        length = bytes([127]) + size.to_bytes(8, "big")
    elif form == 126 or size >= 126:
        length = bytes([126]) + size.to_bytes(2, "big")
    else:
        length = bytes([size])
    if key is None:
        return bytes([first]) + length + data
    hidden = bytes(byte ^ key[at % 4] for at, byte in enumerate(data))
    return bytes([first, length[0] | 0x80]) + length[1:] + key + hidden
