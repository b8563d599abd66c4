"""One aiohttp WebSocket, of either side, as a `Transport`."""

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final, TypeAlias

from aiohttp import ClientError, ClientWebSocketResponse, WebSocketError, WSMessage, WSMsgType
from aiohttp.web import WebSocketResponse

from ocppkit.aio import Headers
from ocppkit.core import ConnectionClosed, Limits

__all__ = ["AnyWebSocket", "WebSocketTransport", "heartbeat", "max_message_bytes", "texts"]

AnyWebSocket: TypeAlias = WebSocketResponse | ClientWebSocketResponse
"""Made with `autoclose=False`: close frames of the peer are answered here."""

_NORMAL: Final = 1000
_PROTOCOL_ERROR: Final = 1002
_REGISTERED: Final = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
_FIRST_PRIVATE: Final = 3000
_LAST_PRIVATE: Final = 4999


def heartbeat(limits: Limits) -> float | None:
    """Returns the value of aiohttp's `heartbeat`: seconds of silence before a ping. Half as many
    are left for the pong.
    """
    return limits.ping_interval if limits.ping_interval > 0 else None


def max_message_bytes(limits: Limits) -> int:
    """Returns the size of a message above which aiohttp refuses it."""
    return limits.frame_bytes + 1


def texts(headers: Headers) -> list[tuple[str, str]]:
    """Returns headers as a dict of texts, as aiohttp takes them."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


class WebSocketTransport:
    """An open connection."""

    def __init__(
        self,
        websocket: AnyWebSocket,
        *,
        is_reading: Callable[[], bool] = lambda: True,
        on_frame: Callable[[], None] = lambda: None,
    ) -> None:
        """Takes over an open connection.

        Args:
            websocket: the connection.
            is_reading: whether aiohttp still reads, so that the peer's close frame can be waited for.
            on_frame: called for each frame, pings and pongs too if it was made with `autoping=False`.
        """
        self._websocket = websocket
        self._is_reading = is_reading
        self.on_frame = on_frame

    async def receive(self) -> str | bytes:
        """Returns the next message."""
        message = await self._next_frame()
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            data: str | bytes = message.data
            return data
        if message.type is WSMsgType.CLOSE:
            await self._answer_close(int(message.data))
        raise _end(message)

    async def _next_frame(self) -> WSMessage:
        while True:
            message: WSMessage = await self._websocket.receive()
            self.on_frame()
            if message.type is WSMsgType.PING:
                with _mapped_errors():
                    await self._websocket.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                return message

    async def ping(self) -> None:
        """Sends a ping. Waits while the buffer is full."""
        with _mapped_errors():
            await self._websocket.ping()

    async def _answer_close(self, code: int) -> None:
        """Answers a close frame with its own code, as aiohttp by itself always answers with 1000."""
        answer = (code or _NORMAL) if _may_be_sent(code) else _PROTOCOL_ERROR
        if isinstance(self._websocket, WebSocketResponse):
            # A peer that does not read must not be waited for.
            await self._websocket.close(code=answer, drain=False)
        else:
            await self._websocket.close(code=answer)

    async def send(self, text: str) -> None:
        """Sends a text. Waits while the buffer is full."""
        with _mapped_errors():
            await self._websocket.send_str(text)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Sends a close frame and waits for the peer's."""
        with _mapped_errors():
            async with asyncio.timeout(None if self._is_reading() else 0.0):
                await self._websocket.close(code=code, message=reason.encode())


def _may_be_sent(code: int) -> bool:
    """Returns whether a close frame may have this code; 0 stands for a frame without a code (RFC
    6455 section 7.4).
    """
    return code == 0 or code in _REGISTERED or _FIRST_PRIVATE <= code <= _LAST_PRIVATE


def _end(message: WSMessage) -> ConnectionClosed:
    if message.type is WSMsgType.CLOSE and not _may_be_sent(int(message.data)):
        return ConnectionClosed("invalid close code", by="us", code=_PROTOCOL_ERROR)
    if message.type is WSMsgType.CLOSE:
        return ConnectionClosed(message.extra or "", by="peer", code=message.data)
    if isinstance(message.data, WebSocketError):
        # aiohttp has sent a close frame: the peer broke the protocol, or its message was too long.
        return ConnectionClosed(str(message.data), by="us", code=message.data.code)
    return ConnectionClosed("connection lost")


@contextmanager
def _mapped_errors() -> Generator[None]:
    try:
        yield
    except (OSError, ClientError) as problem:
        raise ConnectionClosed("connection lost") from problem
