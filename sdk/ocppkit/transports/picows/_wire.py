"""One open WebSocket whose frames picows reads and writes, of either side."""

import asyncio
from collections.abc import Callable
from typing import Final, cast

from multidict import CIMultiDict
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport
from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.extensions import Extension
from websockets.frames import Close, CloseCode, Frame, Opcode

from ocppkit.aio import Receiver
from ocppkit.core import ConnectionClosed, Limits

from .._commons import (
    CLOSE_TIMEOUT,
    MOST_MISSED,
    UNSENT_FRAMES,
    Seat,
    commons,
    cut_reason,
)
from ..websockets._frames import whole_text
from ._protocol import discard

__all__ = ["PicowsWire"]

_TEXT: Final = WSMsgType.TEXT
_CONTINUATION: Final = WSMsgType.CONTINUATION
_CLOSE: Final = WSMsgType.CLOSE
_PING: Final = WSMsgType.PING
_DATA: Final = frozenset({WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION})

_NO_HEADERS: Final = CIMultiDict[str]()


class PicowsWire(WSListener):
    """A WebSocket that feeds its receiver. Until there is one, little is read and nothing lost."""

    __slots__ = (
        "_between", "_commons", "_deflate", "_early", "_end", "_frame_bytes", "_is_text", "_loop",
        "_masked", "_missed", "_paused", "_pieces", "_ping_interval", "_receiver", "_seat",
        "_stalled", "_timer", "_transport", "_websocket", "_when_lost", "_why", "closing",
    )  # fmt: skip

    def __init__(self, limits: Limits, when_lost: Callable[[], None]) -> None:
        """Waits for its connection.

        Args:
            limits: the bounds of the connection.
            when_lost: told when the connection has ended, after the receiver.
        """
        super().__init__()
        self._frame_bytes = limits.frame_bytes
        self._ping_interval = limits.ping_interval
        self._when_lost = when_lost
        self._loop = asyncio.get_running_loop()
        self._commons = commons()
        self._transport: asyncio.Transport
        self._websocket: WSTransport
        self._deflate: Extension | None = None
        self._receiver: Receiver | None = None
        self._early: list[str | bytes] | None = []
        self._masked = True
        self._between = False
        self._pieces: bytearray | None = None
        self._is_text = True
        self._paused = True
        self._stalled = False
        self._missed = 0
        self._seat: Seat | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._why = ""
        self._end: ConnectionClosed | None = None
        self.closing = False
        """Whether a goodbye was said."""

    def use(self, extensions: list[Extension]) -> None:
        """Takes what was agreed on in the handshake: compression, or nothing."""
        self._deflate = extensions[0] if extensions else None

    def forget_handshake(self) -> None:
        """Frees what picows keeps of it, passwords included."""
        self._websocket.request.headers = self._websocket.response.headers = _NO_HEADERS

    # The wire.

    def start(self, receiver: Receiver) -> None:
        """Feeds this receiver from now on."""
        first = self._receiver is None
        self._receiver = receiver
        if not first:
            return
        if self._early or self._end is not None:
            self._loop.call_soon(self._begin)
        else:
            self._begin()

    def write(self, text: str) -> None:
        """Sends a text."""
        if self.closing:
            return
        if self._deflate is None:
            self._websocket.send(_TEXT, text)
        else:
            frame = self._deflate.encode(Frame(Opcode.TEXT, text.encode()))
            self._websocket.send(_TEXT, frame.data, True, frame.rsv1)

    def pause_reading(self) -> None:
        """Reads nothing more for now."""
        self._paused = True
        self._regulate()

    def resume_reading(self) -> None:
        """Reads on."""
        self._paused = False
        self._regulate()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Says goodbye; from then on nothing that comes in is handed over."""
        if not self.closing:
            self._say_goodbye(code, cut_reason(reason))

    # What the protocol calls.

    def made(self, transport: asyncio.Transport) -> None:
        """Takes the connection."""
        self._transport = transport
        transport.set_write_buffer_limits(self._frame_bytes * UNSENT_FRAMES)

    def takes(self, nbytes: int) -> bool:
        """Takes what was read, if it is one whole text and nothing else.

        That is what nearly all reads bring, and it need not go through picows: it would copy it to
        memory of its own and unmask it past the caches of the CPU.
        """
        receiver = self._receiver
        if (
            self._between
            and receiver is not None
            and self._early is None
            and not self.closing
            and nbytes <= self._frame_bytes
        ):
            memory, view = self._commons.memory, self._commons.buffer
            text = whole_text(memory, view, nbytes, self._masked)
            if text is not None:
                self._missed = 0
                receiver.data_received(text)
                return True
        self._between = False
        return False

    def broken(self) -> None:
        """Takes note of a goodbye that picows has said."""
        sent = self._websocket.close_handshake.sent
        why = "" if sent is None else sent.reason
        self._fail(CloseCode.INTERNAL_ERROR if sent is None else int(sent.code.value), why)

    def lost(self, exc: Exception | None) -> None:
        """Takes the end of the connection."""
        self.closing = True
        if self._timer is not None:
            self._timer.cancel()
        if self._seat is not None:
            self._seat.discard(self)
        if self._why:
            self._end = ConnectionClosed(self._why, by="us" if self._end else "network")
        elif self._end is None:
            self._end = ConnectionClosed(str(exc or "connection lost"))
        self._tell_end()
        self._when_lost()

    # What picows calls.

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Takes what frames are sent by."""
        self._websocket = transport
        self._masked = not transport.is_client_side

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Takes a frame."""
        self._missed = 0
        kind = frame.msg_type
        if self.closing:
            if kind is _CLOSE:
                self._transport.close()
        elif (frame.rsv1 and self._deflate is None) or frame.rsv2 or frame.rsv3:
            self._fail(CloseCode.PROTOCOL_ERROR, "reserved bits are set")
        elif kind is _TEXT and frame.fin and self._pieces is None and not frame.rsv1:
            self._take_text(frame.get_payload_as_bytes())
        elif kind in _DATA:
            self._take_piece(frame)
        elif kind is _CLOSE:
            self._take_goodbye(frame.get_payload_as_bytes())
        elif kind is _PING:
            transport.send_pong(frame.get_payload_as_bytes())
        # Whether picows has read no part of another frame yet.
        self._between = self._pieces is None and not frame.tail_size

    def pause_writing(self) -> None:
        """Reads nothing from a peer that does not read."""
        self._stalled = True
        self._regulate()

    def resume_writing(self) -> None:
        """Reads on, as the peer does."""
        self._stalled = False
        self._regulate()

    # What the pulse calls.

    def beat(self) -> None:
        """Sends a ping, unless too many were left without an answer."""
        if self.closing:
            return
        if self._missed >= MOST_MISSED:
            self._give_up("no answer to pings")
            return
        # While nothing is read, no answer can be seen.
        self._missed += not self._paused
        self._websocket.send_ping()

    # The work.

    def _regulate(self) -> None:
        if self._transport.is_closing():
            return
        if self.closing or not (self._paused or self._stalled):
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _begin(self) -> None:
        self._paused = False
        early, self._early = self._early, None
        for data in early or ():
            self._hand_over(data)
        if self._ping_interval > 0 and not self.closing:
            self._seat = self._commons.pulse(self._ping_interval).join(self)
        self._regulate()
        self._tell_end()

    def _hand_over(self, data: str | bytes) -> None:
        if self._early is not None:
            self._early.append(data)
            self._regulate()
        elif self._receiver is not None and not self.closing:
            self._receiver.data_received(data)

    def _take_piece(self, frame: WSFrame) -> None:
        kind = frame.msg_type
        if (kind is _CONTINUATION) is (self._pieces is None):
            self._fail(CloseCode.PROTOCOL_ERROR, "a piece of a message is missing")
            return
        if self._pieces is None:
            self._is_text = kind is _TEXT
            self._pieces = bytearray()
        try:
            self._pieces += self._plain(frame)
        except PayloadTooBig:
            self._fail(CloseCode.MESSAGE_TOO_BIG, "the message is too long")
        except ProtocolError as problem:
            self._fail(CloseCode.PROTOCOL_ERROR, str(problem))
        else:
            if frame.fin:
                data, self._pieces = bytes(self._pieces), None
                self._take_message(data)

    def _plain(self, frame: WSFrame) -> bytes:
        assert self._pieces is not None
        room = self._frame_bytes - len(self._pieces)
        data = frame.get_payload_as_bytes()
        if self._deflate is not None:
            kind = Opcode(frame.msg_type.value)
            packed = Frame(kind, data, bool(frame.fin), bool(frame.rsv1))
            data = bytes(self._deflate.decode(packed, max_size=room).data)
        if len(data) > room:
            raise PayloadTooBig(len(data), room)
        return data

    def _take_message(self, data: bytes) -> None:
        if self._is_text:
            self._take_text(data)
        else:
            self._hand_over(data)

    def _take_text(self, data: bytes) -> None:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            self._fail(CloseCode.INVALID_DATA, "invalid UTF-8")
        else:
            self._hand_over(text)

    def _take_goodbye(self, data: bytes) -> None:
        try:
            close = Close.parse(data)
        except ProtocolError as problem:
            self._fail(CloseCode.PROTOCOL_ERROR, str(problem))
            return
        self.closing = True
        self._end = ConnectionClosed(close.reason, by="peer", code=close.code)
        self._websocket.send(_CLOSE, data)
        self._transport.close()

    def _say_goodbye(self, code: int, reason: str) -> None:
        self.closing = True
        self._end = ConnectionClosed(reason, by="us", code=code)
        self._websocket.send_close(cast(WSCloseCode, code), reason)
        self._timer = self._loop.call_later(CLOSE_TIMEOUT, self._give_up, "no goodbye")
        self._regulate()

    def _fail(self, code: int, why: str) -> None:
        # What the peer still sends must be read, or it would never see why we leave.
        self._say_goodbye(code, why)
        discard(self._transport)
        self._loop.call_soon(self._tell_end)

    def _give_up(self, why: str) -> None:
        self._why = why
        self._transport.abort()

    def _tell_end(self) -> None:
        if self._end is not None and self._receiver is not None and self._early is None:
            receiver, self._receiver = self._receiver, None
            receiver.connection_lost(self._end)
