"""One WebSocket on one asyncio transport, client or server: what both have in common."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import Final, Literal, cast

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import Event, Protocol, State

from ocppkit.aio import Receiver
from ocppkit.core import ConnectionClosed, Limits

__all__ = ["WebSocketWire"]

_SLICE: Final = 1 << 14
"""Bytes that are read in one go. With compression they may hold a thousand times as much."""

_CLOSE_TIMEOUT: Final = 10.0
"""Seconds that the peer has to say goodbye."""

_UNSENT_FRAMES: Final = 4
"""How many frames of the longest kind may wait for a slow reader before nothing more is read."""

_MOST_MISSED: Final = 2
"""Pings without an answer until the connection counts as dead."""


class WebSocketWire(asyncio.Protocol, ABC):
    """A WebSocket that feeds its receiver. Until there is one, little is read and nothing lost."""

    def __init__(self, protocol: Protocol, limits: Limits) -> None:
        # The package would log whole handshakes, passwords included.
        protocol.debug = False
        self._protocol = protocol
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._receiver: Receiver | None = None
        self._unread: deque[bytes] = deque()
        self._early: deque[str | bytes] = deque()
        self._message = bytearray()
        self._is_text = True
        self._paused = False
        self._stalled = False
        self._closing = False
        self._missed = 0
        self._timer: asyncio.TimerHandle | None = None
        self._why = ""
        self._end: ConnectionClosed | None = None
        self._reading = True
        self._ending = False
        self._failed = False

    # The wire.

    def start(self, receiver: Receiver) -> None:
        """Feeds this receiver from now on."""
        first = self._receiver is None
        self._receiver = receiver
        if first:
            self._loop.call_soon(self._begin)

    def write(self, text: str) -> None:
        """Sends a text."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(text.encode())
            self._flush()

    def pause_reading(self) -> None:
        """Reads nothing more for now."""
        self._paused = True
        self._regulate()

    def abort(self) -> None:
        """Ends the connection without a goodbye."""
        self._give_up("aborted")

    def resume_reading(self) -> None:
        """Reads on."""
        self._paused = False
        self._regulate()
        if self._unread:
            self._loop.call_soon(self._feed)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Says goodbye; from then on nothing that comes in is handed over."""
        self._closing = True
        self._regulate()
        if self._protocol.state is State.OPEN:
            # 123 bytes are what a close frame has room for.
            self._protocol.send_close(code, reason.encode()[:123].decode(errors="ignore"))
            self._flush()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the transport."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(self._limits.frame_bytes * _UNSENT_FRAMES)

    def data_received(self, data: bytes) -> None:
        """Takes bytes."""
        if self._end is not None:
            # The WebSocket has ended before its connection: nobody wants to know.
            return
        for start in range(0, len(data), _SLICE):
            self._unread.append(data[start : start + _SLICE])
        self._feed()

    def eof_received(self) -> None:
        """Takes the end of the peer's bytes; asyncio closes the transport then."""
        self._feed()
        self._unread.clear()
        self._protocol.receive_eof()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Takes the end of the connection."""
        self._protocol.receive_eof()
        if self._timer is not None:
            self._timer.cancel()
        self._unread.clear()
        if self._end is None:
            self._end = self._how_it_ended(exc)
        self._tell_end()

    def pause_writing(self) -> None:
        """Reads nothing from a peer that does not read."""
        self._stalled = True
        self._regulate()

    def resume_writing(self) -> None:
        """Reads on, as the peer does."""
        self._stalled = False
        self._regulate()
        if self._unread:
            self._loop.call_soon(self._feed)

    # What client and server have of their own.

    @abstractmethod
    def handshake_event(self, event: Request | Response) -> None:
        """Takes the peer's half of the handshake."""

    def watch(self) -> None:
        """Sends pings from now on."""
        if self._limits.ping_interval > 0:
            self._set_timer(self._limits.ping_interval, self._ping)
        elif self._timer is not None:
            self._timer.cancel()

    # The work.

    @property
    def _holding(self) -> bool:
        return (self._paused or self._stalled) and not self._closing

    def _regulate(self) -> None:
        reading = not self._holding
        if reading == self._reading or self._transport.is_closing():
            return
        self._reading = reading
        if reading:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _begin(self) -> None:
        while self._early:
            self._hand_over(self._early.popleft())
        self.resume_reading()
        self._feed()
        self._tell_end()

    def _feed(self) -> None:
        while self._unread and not self._holding and self._end is None:
            self._protocol.receive_data(self._unread.popleft())
            for event in self._protocol.events_received():
                self._take(event)
            self._failed = self._failed or self._protocol.parser_exc is not None
            self._flush()

    def _take(self, event: Event) -> None:
        if not isinstance(event, Frame):
            self.handshake_event(event)
            return
        self._missed = 0
        if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self._take_data(event)

    def _take_data(self, frame: Frame) -> None:
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        if not frame.fin:
            self._message += frame.data
            return
        data = bytes(frame.data)
        if self._message:
            data = bytes(self._message) + data
            self._message = bytearray()
        if not self._is_text:
            self._hand_over(data)
            return
        try:
            text = data.decode()
        except UnicodeDecodeError:
            # RFC 6455 section 8.1
            self._protocol.fail(CloseCode.INVALID_DATA, "invalid UTF-8")
            self._failed = True
        else:
            self._hand_over(text)

    def _hand_over(self, data: str | bytes) -> None:
        if self._closing:
            return
        if self._receiver is None:
            self._early.append(data)
        else:
            self._receiver.data_received(data)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()
        if self._protocol.close_expected() and not self._ending:
            self._ending = True
            self._set_timer(_CLOSE_TIMEOUT, self._give_up, "no goodbye")
        if self._protocol.close_rcvd is not None and self._protocol.close_sent is not None:
            self._transport.close()
        elif self._failed and self._end is None:
            # What the peer still sends must be read, or it would never see why we leave.
            self._end = self._how_it_ended(None)
            self._loop.call_soon(self._tell_end)

    def _set_timer(self, seconds: float, callback: Callable[..., object], *args: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, callback, *args)

    def _give_up(self, why: str) -> None:
        self._why = self._why or why
        self._transport.abort()

    def _ping(self) -> None:
        if self._missed >= _MOST_MISSED:
            self._give_up("no answer to pings")
            return
        # While nothing is read, no answer can be seen.
        self._missed += not self._paused
        self._protocol.send_ping(b"")
        self._flush()
        self._set_timer(self._limits.ping_interval, self._ping)

    def _how_it_ended(self, exc: Exception | None) -> ConnectionClosed:
        received, sent = self._protocol.close_rcvd, self._protocol.close_sent
        by: Literal["us", "peer", "network"] = "network"
        if received is not None and self._protocol.close_rcvd_then_sent:
            by = "peer"
        elif sent is not None:
            by = "us"
        close = received if by == "peer" else sent
        if close is not None and not self._why:
            return ConnectionClosed(close.reason, by=by, code=close.code)
        return ConnectionClosed(self._why or str(exc or "connection lost"), by=by)

    def _tell_end(self) -> None:
        if self._end is not None and self._receiver is not None and not self._early:
            receiver, self._receiver = self._receiver, None
            receiver.connection_lost(self._end)
