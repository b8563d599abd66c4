"""One WebSocket of an ASGI server, as a `Transport`."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from ocppkit.aio.lowlevel import Accept
from ocppkit.core import ConnectionClosed

__all__ = ["WebSocketTransport"]

_NO_CLOSE_FRAME: Final = frozenset({1005, 1006})
"""Close codes that were in no close frame. For a connection that was lost, uvicorn reports 1005."""


class WebSocketTransport:
    """An open connection to a station."""

    def __init__(self, websocket: WebSocket) -> None:
        """Takes over a connection."""
        self._websocket = websocket

    async def open(self, accept: Accept) -> None:
        """Accepts the handshake.

        Raises:
            ConnectionClosed: the station has left.
        """
        with _mapped_errors():
            await self._websocket.accept(accept.subprotocol, accept.headers)

    async def receive(self) -> str | bytes:
        """Returns the next message."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            code: int = message.get("code", 1005)
            by_peer = code not in _NO_CLOSE_FRAME
            raise ConnectionClosed(
                message.get("reason") or "",
                by="peer" if by_peer else "network",
                code=code if by_peer else None,
            )
        text: str | None = message.get("text")
        data: bytes = message.get("bytes") or b""
        return data if text is None else text

    async def send(self, text: str) -> None:
        """Sends a text. Waits while the server's buffer is full."""
        with _mapped_errors():
            await self._websocket.send_text(text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Sends a close frame. The server waits for the station's."""
        with _mapped_errors():
            await self._websocket.close(code, reason)


@contextmanager
def _mapped_errors() -> Generator[None]:
    # For a connection that is gone, a server raises an OSError or, by the letter of the
    # specification, what it raises for any message out of place.
    try:
        yield
    except (OSError, RuntimeError, WebSocketDisconnect) as problem:
        raise ConnectionClosed("connection lost") from problem
