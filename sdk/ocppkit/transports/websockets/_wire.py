"""An open WebSocket on an asyncio transport, of either side.

Theory of operation: nearly every read brings one whole text, while nothing else is under way. That case
is tried first, in the buffer that was read to. Everything else is read by `_read_frames`, frame by frame:
ordinary frames as soon as they are whole, all others by the codec (`_frame_codec.py`), as their bytes arrive.

The state of the connection changes before anything is written because of it, and whatever the
transport raises over a write ends the connection: no exception of it reaches whoever has written.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from websockets.extensions import Extension
from websockets.protocol import CLIENT, SERVER, Side

from ocppkit.aio.lowlevel import Receiver
from ocppkit.core import ConnectionClosed, Limits

from .._bounds import (
    CLOSE_TIMEOUT,
    FRAME_COST,
    SLICE_COST,
    STALL_TIMEOUT,
    UNSENT_BYTES,
    UNSENT_BYTES_TO_PAUSE,
    cut_reason,
)
from .._budget import ReadBudget
from .._shared_reading import SharedReading
from .._timer_wheel import Slot
from ._frame_codec import FrameCodec
from ._rfc6455_frames import (
    CLOSE,
    OPCODE_BITS,
    PING,
    PONG,
    TEXT,
    Measure,
    control_frame,
    frame_payload,
    is_ordinary,
    masked_text_frame,
    measure_frame,
    text_frame,
    whole_text,
)
from ._wire_state import TRANSITIONS, WireInput, WireState

__all__ = ["WebSocketWire"]

_MOST_MISSED: Final = 2
"""Pings without an answer until the connection counts as dead."""

_WRITE_ERRORS: Final = (OSError, RuntimeError)
"""What transports raise over a write to a connection that is gone: uvloop, and asyncio after an EOF."""

# At hand, as a member of an enum is looked for at every use.
_OPEN: Final = WireState.OPEN
_CLOSING: Final = WireState.CLOSING

# Why nothing is read, as bits of one number.
_PAUSED: Final = 1
"""The receiver has asked for it."""

_STALLED: Final = 2
"""The peer does not read what we send."""

_YIELDING: Final = 4
"""Other connections have a turn."""

_OVER_BUDGET: Final = 8
"""The peer has sent more than its share."""


class WebSocketWire(SharedReading):
    """An open WebSocket. Until it has a receiver, little is read, and what was read is kept."""

    __slots__ = (
        "_budget", "_close_timer", "_codec", "_cost", "_end", "_extensions", "_frame_bytes", "_hold",
        "_loop", "_lost", "_masked", "_missed", "_missing", "_ordinary", "_reading", "_receiver",
        "_slot", "_stall_timer", "_state", "_transport", "_unread", "_wanted", "_why", "_written",
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
            transport: the connection; whether it is read from at the moment does not matter.
            side: which of the two we are.
            extensions: what was agreed on.
            limits: the bounds of the connection.
            rest: what was read behind the handshake.
            lost: called when the connection has ended, after the receiver was told.
        """
        super().__init__()
        self._transport = transport
        self._masked = side is SERVER
        self._extensions = tuple(extensions)
        self._frame_bytes = limits.frame_bytes
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._receiver: Receiver | None = None
        self._codec: FrameCodec | None = None
        self._state = WireState.OPEN
        self._hold = _PAUSED
        self._missing = 0
        self._unread: bytes | bytearray = rest
        self._wanted = 0
        self._ordinary = not extensions
        self._reading = False
        self._missed = 0
        self._budget = ReadBudget(limits, self._loop.time())
        self._cost = 0
        self._written = 0
        self._slot: Slot | None = None
        self._close_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._why = ""
        self._end: ConnectionClosed | None = None
        transport.set_write_buffer_limits(UNSENT_BYTES_TO_PAUSE)
        transport.set_protocol(self)
        if limits.ping_interval > 0:
            self._slot = self._shared.wheel(limits.ping_interval).join(self)

    # The wire.

    def start(self, receiver: Receiver) -> None:
        """Delivers messages to this receiver from now on."""
        first = self._receiver is None
        self._receiver = receiver
        if first:
            self.resume_reading()
            if self._end is not None:
                self._loop.call_soon(self._tell_end)

    def write(self, text: str) -> None:
        """Sends a text."""
        if self._state is not _OPEN or self._transport.is_closing():
            # After a reset asyncio would log a warning for each reply to what was read before it.
            return
        stalled = self._hold & _STALLED
        if stalled and not self._has_room():
            return
        try:
            if self._extensions:
                codec = self._get_codec()
                codec.send_text(text.encode())
                self._send_out(codec)
            elif self._masked:
                self._transport.write(text_frame(text.encode()))
            else:
                self._transport.write(masked_text_frame(text.encode()))
        except _WRITE_ERRORS as problem:
            self._abort(str(problem))
        if stalled:
            self._written += self._transport.get_write_buffer_size()

    def pause_reading(self) -> None:
        """Pauses reading."""
        self._pause_for(_PAUSED)

    def resume_reading(self) -> None:
        """Resumes reading."""
        self._resume_after(_PAUSED)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Sends a close frame. Messages that arrive afterwards are not delivered."""
        if self._state is _OPEN:
            self._change_state(WireInput.CLOSE_SENT)
            codec = self._get_codec()
            codec.send_close(code, cut_reason(reason))
            self._follow_codec(codec)
        self._resume_if_free()

    def set_ping_interval(self, seconds: float) -> None:
        """Changes how often pings are sent, in seconds; zero turns them off."""
        if self._slot is not None:
            self._slot.discard(self)
        self._slot = self._shared.wheel(seconds).join(self) if seconds > 0 else None

    # What asyncio calls.

    def buffer_updated(self, nbytes: int) -> None:
        """Handles the bytes in the shared buffer."""
        receiver = self._receiver
        if (
            self._ordinary
            and receiver is not None
            and not (self._unread or self._hold)
            and nbytes <= self._frame_bytes
        ):
            shared = self._shared
            text = whole_text(shared.memory, shared.buffer, nbytes, self._masked)
            if text is not None:
                self._missed = 0
                budget = self._budget
                budget.left -= nbytes + FRAME_COST
                if budget.left < 0:
                    self._wait_for_budget()
                receiver.data_received(text)
                return
        super().buffer_updated(nbytes)

    def data_received(self, data: bytes) -> None:
        """Handles received bytes."""
        if self._end is not None:
            # The WebSocket has ended before its connection.
            return
        if self._hold:
            self._unread += data
            self._stop_reading()
        elif not self._unread:
            self._read_frames(data)
        else:
            self._unread += data
            if len(self._unread) >= self._wanted:
                self._read_unread()

    def eof_received(self) -> None:
        """Notes that the peer sends no more bytes; asyncio then closes the transport."""
        self._change_state(WireInput.EOF)
        if self._codec is not None:
            self._codec.receive_eof()
            self._follow_codec(self._codec)

    def connection_lost(self, exc: Exception | None) -> None:
        """Notes that the connection has ended."""
        self._change_state(WireInput.CONNECTION_LOST)
        for timer in (self._close_timer, self._stall_timer):
            if timer is not None:
                timer.cancel()
        if self._slot is not None:
            self._slot.discard(self)
        self._unread = b""
        if self._end is None:
            self._end = self._how_it_ended(exc)
        try:
            self._tell_end()
        finally:
            self._lost()

    def pause_writing(self) -> None:
        """Pauses reading from a peer that does not read, and ends the connection if that takes too
        long.
        """
        self._pause_for(_STALLED)
        self._written = 0
        self._watch_stall(self._transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Resumes reading, as the peer reads again."""
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
        self._resume_after(_STALLED)

    # What the timer wheel calls.

    def on_interval(self) -> None:
        """Sends a ping, or ends the connection if too many pings were not answered."""
        if self._state is not _OPEN:
            return
        if self._missed >= _MOST_MISSED:
            self._abort("no answer to pings")
            return
        # While nothing is read, no answer can be seen.
        self._missed += not self._hold
        self._send_bytes(control_frame(PING, b"", not self._masked))

    # State.

    def _change_state(self, what: WireInput) -> None:
        self._state = TRANSITIONS[self._state][what]

    def _follow_codec(self, codec: FrameCodec) -> None:
        """Takes over the state of the codec, and sends the bytes that it has written."""
        if codec.close_received:
            self._change_state(WireInput.CLOSE_RECEIVED)
        if codec.failed:
            self._change_state(WireInput.PROTOCOL_ERROR)
        self._ordinary = codec.is_between and not (self._missing or self._extensions)
        try:
            self._send_out(codec)
        except _WRITE_ERRORS as problem:
            self._abort(str(problem))
        if not codec.is_open:
            self._end_soon(codec)

    def _end_soon(self, codec: FrameCodec) -> None:
        if self._state is WireState.LOST:
            return
        if codec.awaits_end and self._close_timer is None:
            self._close_timer = self._loop.call_later(CLOSE_TIMEOUT, self._abort, "no close frame")
        if codec.is_done:
            self._transport.close()
        elif codec.failed and self._end is None:
            # What the peer still sends must be read, or it would never see the close frame.
            self._end = self._how_it_ended(None)
            self._loop.call_soon(self._tell_end)

    def _abort(self, why: str) -> None:
        """Ends the connection without a close frame."""
        self._why = self._why or why
        self._transport.abort()

    def _how_it_ended(self, exc: Exception | None) -> ConnectionClosed:
        first = None if self._codec is None else self._codec.first_close
        if first is None:
            return ConnectionClosed(self._why or str(exc or "connection lost"))
        by, close = first
        if self._why and by == "us":
            return ConnectionClosed(self._why, by=by)
        # A peer that has sent its close frame may be gone before ours is written.
        return ConnectionClosed(close.reason, by=by, code=close.code)

    def _tell_end(self) -> None:
        if self._end is not None and self._receiver is not None:
            receiver, self._receiver = self._receiver, None
            receiver.connection_lost(self._end)

    # Writing.

    def _send_bytes(self, data: bytes) -> None:
        if self._transport.is_closing():
            # asyncio would log a warning for each write after a reset.
            return
        try:
            self._transport.write(data)
        except _WRITE_ERRORS as problem:
            self._abort(str(problem))

    def _send_out(self, codec: FrameCodec) -> None:
        is_gone = self._transport.is_closing()
        for data in codec.data_to_send():
            if is_gone:
                # Each ping of a peer that has reset its connection would be a warning of asyncio's.
                continue
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()
            else:
                self._transport.close()

    def _has_room(self) -> bool:
        """Returns whether more bytes may wait for a peer that does not read; if not, ends the
        connection.
        """
        waiting = self._transport.get_write_buffer_size()
        if waiting <= UNSENT_BYTES:
            # What a frame adds to this is what was written since the last look.
            self._written -= waiting
            return True
        self._abort(f"the peer does not read: more than {UNSENT_BYTES} bytes wait for it")
        return False

    def _watch_stall(self, waiting: int) -> None:
        self._stall_timer = self._loop.call_later(STALL_TIMEOUT, self._check_stall, waiting)

    def _check_stall(self, before: int) -> None:
        waiting = self._transport.get_write_buffer_size()
        if waiting - self._written >= before:
            self._abort(f"the peer has read nothing for {STALL_TIMEOUT:g} s")
        else:
            self._written = 0
            self._watch_stall(waiting)

    # Reading.

    def _pause_for(self, reason: int) -> None:
        if self._state is not _CLOSING:
            # Reading stops with the next bytes. Often it may go on before they come.
            self._hold |= reason

    def _resume_after(self, reason: int) -> None:
        self._hold &= ~reason
        if not self._hold:
            self._resume_if_free()

    def _resume_if_free(self) -> None:
        if self._state is _CLOSING:
            # The peer's close frame must be seen.
            self._hold = 0
        if self._hold:
            return
        if not self._reading and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()
        if self._unread:
            self._loop.call_soon(self._read_unread)

    def _stop_reading(self) -> None:
        if not self._transport.is_closing():
            self._reading = False
            self._transport.pause_reading()

    def _wait_for_budget(self) -> None:
        delay = self._budget.delay(self._loop.time())
        if delay > 0 and not self._hold & _OVER_BUDGET:
            self._pause_for(_OVER_BUDGET)
            self._loop.call_later(delay, self._resume_after, _OVER_BUDGET)

    def _charge_budget(self, size: int) -> None:
        """Subtracts the cost of a frame from the peer's budget, and counts it for this callback."""
        cost = size + FRAME_COST
        self._cost += cost
        self._budget.left -= cost
        if self._budget.left < 0:
            self._wait_for_budget()
        if self._cost > SLICE_COST and not self._hold:
            self._pause_for(_YIELDING)
            self._loop.call_soon(self._resume_after, _YIELDING)

    def _read_unread(self) -> None:
        if self._unread and not self._hold and self._end is None:
            data, self._unread = bytes(self._unread), b""
            self._read_frames(data)

    def _read_frames(self, data: bytes) -> None:
        at, size = 0, len(data)
        self._cost = 0
        while at < size and self._end is None:
            if self._hold:
                # Held in the middle of a read: the rest is read later.
                self._keep_incomplete(data[at:], 0)
                return
            if self._missing:
                at, begin = min(size, at + self._missing), at
                self._missing -= at - begin
                self._feed_codec(data[begin:at])
                continue
            measure = measure_frame(data, at, size)
            if measure is None:
                self._keep_incomplete(data[at:], 0)
                return
            end = measure[1]
            if not self._is_ordinary(data, at, measure):
                self._missing = end - at
                if data[at] & OPCODE_BITS == CLOSE:
                    self._get_codec().drop_fragments()
            elif end > size:
                self._keep_incomplete(data[at:], end - at)
                return
            elif self._handle_ordinary(data[at], frame_payload(data, measure, self._masked)):
                at = end
            else:
                self._missing = end - at

    def _keep_incomplete(self, beginning: bytes, size: int) -> None:
        """Keeps incomplete frames until enough bytes have come."""
        self._unread = bytearray(beginning)
        self._wanted = size

    def _is_ordinary(self, data: bytes, at: int, measure: Measure) -> bool:
        # The codec checks the longest frame, fragments of messages, and close frames.
        return (
            self._ordinary
            and measure[1] - at <= self._frame_bytes
            and is_ordinary(data, at, measure, self._masked)
        )

    def _handle_ordinary(self, kind: int, payload: bytes) -> bool:
        """Handles an ordinary frame; returns False for a text frame whose payload is not UTF-8."""
        if kind == TEXT:
            try:
                text = payload.decode()
            except UnicodeDecodeError:
                return False
            self._charge_budget(len(payload))
            self._deliver(text)
        else:
            self._charge_budget(len(payload))
            if kind == PING:
                self._send_bytes(control_frame(PONG, payload, not self._masked))
        self._missed = 0
        return True

    def _feed_codec(self, data: bytes) -> None:
        codec = self._get_codec()
        message = codec.receive_data(data)
        self._missed = 0
        self._charge_budget(len(data) if message is None else len(message))
        if message is not None:
            self._deliver(message)
        self._follow_codec(codec)

    def _get_codec(self) -> FrameCodec:
        if self._codec is None:
            side = SERVER if self._masked else CLIENT
            self._codec = FrameCodec(side, self._extensions, self._frame_bytes)
        return self._codec

    def _deliver(self, message: str | bytes) -> None:
        if self._receiver is not None and self._state is not _CLOSING:
            self._receiver.data_received(message)
