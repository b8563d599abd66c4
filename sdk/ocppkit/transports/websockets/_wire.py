"""One open WebSocket on one asyncio transport, of either side."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final, Literal, cast

from websockets.extensions import Extension
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import OPEN, SERVER, Protocol, Side

from ocppkit.aio import Receiver
from ocppkit.core import ConnectionClosed, Limits

from .._commons import Seat, SharedReading, commons
from ._frames import masked_text_frame, measured, text_frame, text_in

__all__ = ["WebSocketWire", "send_out"]

logger = logging.getLogger("ocppkit.transports.websockets")

_CLOSE_TIMEOUT: Final = 10.0
"""Seconds that the peer has to say goodbye."""

_UNSENT_FRAMES: Final = 4
"""How many frames of the longest kind may wait for a slow reader before nothing more is read."""

_MOST_MISSED: Final = 2
"""Pings without an answer until the connection counts as dead."""

_ROOM_FOR_REASON: Final = 123
"""Bytes that a close frame has for its reason, RFC 6455 section 5.5."""


class WebSocketWire(SharedReading):
    """A WebSocket that feeds its receiver. Until there is one, little is read and nothing lost."""

    __slots__ = (
        "_closing", "_end", "_failed", "_holding", "_is_text", "_limits", "_loop", "_lost", "_masked",
        "_missed", "_missing", "_open", "_paused", "_pieces", "_plain", "_protocol", "_reading",
        "_receiver", "_seat", "_stalled", "_start", "_timer", "_transport", "_unread", "_why",
    )  # fmt: skip

    def __init__(
        self,
        transport: asyncio.Transport,
        side: Side,
        extensions: Sequence[Extension],
        limits: Limits,
        rest: bytes,
        lost: Callable[[], None],
    ) -> None:
        """Takes over an open connection.

        Args:
            transport: the connection, which is not read from at the moment.
            side: which of the two we are.
            extensions: what was agreed on.
            limits: the bounds of the connection.
            rest: what was read behind the handshake.
            lost: told when the connection has ended, after the receiver.
        """
        super().__init__()
        self._transport = transport
        # Whoever has read the handshake would keep all of it, passwords included: a new one.
        self._protocol = Protocol(side, max_size=limits.frame_bytes, logger=logger)
        self._protocol.debug = False
        self._protocol.extensions = list(extensions)
        self._limits = limits
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._receiver: Receiver | None = None
        self._unread = rest
        self._pieces: bytearray | None = None
        self._is_text = True
        self._plain = not extensions
        self._masked = side is SERVER
        self._start = b""
        self._missing = 0
        self._open = True
        self._paused = True
        self._stalled = False
        self._holding = True
        self._reading = False
        self._closing = False
        self._failed = False
        self._missed = 0
        self._seat: Seat | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._why = ""
        self._end: ConnectionClosed | None = None
        transport.set_write_buffer_limits(limits.frame_bytes * _UNSENT_FRAMES)
        transport.set_protocol(self)
        if limits.ping_interval > 0:
            self._seat = commons().pulse(limits.ping_interval).join(self)

    # The wire.

    def start(self, receiver: Receiver) -> None:
        """Feeds this receiver from now on."""
        first = self._receiver is None
        self._receiver = receiver
        if first:
            self._loop.call_soon(self._begin)

    def write(self, text: str) -> None:
        """Sends a text."""
        if not self._open:
            return
        if self._plain:
            data = text.encode()
            self._transport.write(text_frame(data) if self._masked else masked_text_frame(data))
        else:
            self._protocol.send_text(text.encode())
            send_out(self._protocol, self._transport)

    def pause_reading(self) -> None:
        """Reads nothing more for now."""
        self._paused = True
        self._regulate()

    def resume_reading(self) -> None:
        """Reads on."""
        self._paused = False
        self._go_on()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Says goodbye; from then on nothing that comes in is handed over."""
        self._closing = True
        if self._open:
            cut = reason.encode()[:_ROOM_FOR_REASON].decode(errors="ignore")
            self._protocol.send_close(code, cut)
            self._send_last()
        self._go_on()

    # What asyncio calls.

    def data_received(self, data: bytes) -> None:
        """Takes bytes."""
        if self._end is not None:
            # The WebSocket has ended before its connection: nobody wants to know.
            return
        if self._unread or self._holding:
            self._unread += data
        else:
            self._feed(data)

    def eof_received(self) -> None:
        """Takes the end of the peer's bytes; asyncio closes the transport then."""
        self._protocol.receive_eof()
        self._send_last()

    def connection_lost(self, exc: Exception | None) -> None:
        """Takes the end of the connection."""
        self._protocol.receive_eof()
        self._open = False
        if self._timer is not None:
            self._timer.cancel()
        if self._seat is not None:
            self._seat.discard(self)
        self._unread = b""
        if self._end is None:
            self._end = self._how_it_ended(exc)
        self._tell_end()
        self._lost()

    def pause_writing(self) -> None:
        """Reads nothing from a peer that does not read."""
        self._stalled = True
        self._regulate()

    def resume_writing(self) -> None:
        """Reads on, as the peer does."""
        self._stalled = False
        self._go_on()

    # What the pulse calls.

    def beat(self) -> None:
        """Sends a ping, unless too many were left without an answer."""
        if not self._open:
            return
        if self._missed >= _MOST_MISSED:
            self._give_up("no answer to pings")
            return
        # While nothing is read, no answer can be seen.
        self._missed += not self._paused
        self._protocol.send_ping(b"")
        send_out(self._protocol, self._transport)

    # The work.

    def _regulate(self) -> None:
        self._holding = (self._paused or self._stalled) and not self._closing
        reading = not self._holding
        if reading == self._reading or self._transport.is_closing():
            return
        self._reading = reading
        if reading:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _go_on(self) -> None:
        self._regulate()
        if self._unread:
            self._loop.call_soon(self._feed_unread)

    def _begin(self) -> None:
        self.resume_reading()
        self._feed_unread()
        self._tell_end()

    def _feed_unread(self) -> None:
        if self._unread and not self._holding and self._end is None:
            data, self._unread = self._unread, b""
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        if self._start:
            data, self._start = self._start + data, b""
        at, size = 0, len(data)
        while at < size and self._end is None:
            if self._missing:
                at, begin = min(size, at + self._missing), at
                self._missing -= at - begin
                self._feed_core(data[begin:at])
                continue
            measure = measured(data, at)
            if measure is None:
                self._start = data[at:]
                return
            end = measure[1]
            text = None
            if end <= size and self._plain and self._goes_short(end - at):
                text = text_in(data, at, measure, self._masked)
            if text is None:
                self._missing = end - at
            else:
                self._missed = 0
                self._take_text(text)
                at = end

    def _goes_short(self, size: int) -> bool:
        # The core watches over the longest frame, over pieces of messages, and over goodbyes.
        return self._open and self._pieces is None and size <= self._limits.frame_bytes

    def _feed_core(self, data: bytes) -> None:
        protocol = self._protocol
        protocol.receive_data(data)
        for event in protocol.events_received():
            self._take(cast(Frame, event))
        self._failed = self._failed or protocol.parser_exc is not None
        self._send_last()

    def _take(self, frame: Frame) -> None:
        self._missed = 0
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            self._is_text = opcode is Opcode.TEXT
        elif opcode is not Opcode.CONT:
            return
        if frame.fin and self._pieces is None:
            self._take_message(bytes(frame.data))
            return
        self._pieces = self._pieces or bytearray()
        self._pieces += frame.data
        if frame.fin:
            data, self._pieces = bytes(self._pieces), None
            self._take_message(data)

    def _take_message(self, data: bytes) -> None:
        if self._is_text:
            self._take_text(data)
        else:
            self._hand_over(data)

    def _take_text(self, data: bytes) -> None:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            # RFC 6455 section 8.1
            self._protocol.fail(CloseCode.INVALID_DATA, "invalid UTF-8")
            self._failed = True
            self._send_last()
        else:
            self._hand_over(text)

    def _hand_over(self, data: str | bytes) -> None:
        if self._receiver is not None and not self._closing:
            self._receiver.data_received(data)

    def _send_last(self) -> None:
        protocol = self._protocol
        send_out(protocol, self._transport)
        self._open = protocol.state is OPEN
        if self._open:
            return
        if protocol.close_expected() and self._timer is None:
            self._timer = self._loop.call_later(_CLOSE_TIMEOUT, self._give_up, "no goodbye")
        if protocol.close_rcvd is not None and protocol.close_sent is not None:
            self._transport.close()
        elif self._failed and self._end is None:
            # What the peer still sends must be read, or it would never see why we leave.
            self._end = self._how_it_ended(None)
            self._loop.call_soon(self._tell_end)

    def _give_up(self, why: str) -> None:
        self._why = self._why or why
        self._transport.abort()

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
        if self._end is not None and self._receiver is not None:
            receiver, self._receiver = self._receiver, None
            receiver.connection_lost(self._end)


def send_out(protocol: Protocol, transport: asyncio.Transport) -> None:
    """Hands over what the sans-IO core wants to send, the end of it included."""
    for data in protocol.data_to_send():
        if data:
            transport.write(data)
        elif transport.can_write_eof():
            transport.write_eof()
        else:
            transport.close()
