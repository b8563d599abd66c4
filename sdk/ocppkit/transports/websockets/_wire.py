"""One open WebSocket on one asyncio transport, of either side.

Theory of operation: nearly every read brings one whole text, while nothing else is under way. That is
looked for first, where it was read to; then everything goes by `_feed`, frame by frame. There, ordinary
frames are taken as soon as they are whole, and all others are passed on to the core as they come, which
decides about them.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from websockets.extensions import Extension
from websockets.protocol import CLIENT, SERVER, Side

from ocppkit.aio.lowlevel import Receiver
from ocppkit.core import ConnectionClosed, Limits

from .._bounds import CLOSE_TIMEOUT, UNSENT_FRAMES, cut_reason
from ._core import Core
from ._frames import (
    PING,
    PONG,
    TEXT,
    Measure,
    control_frame,
    is_ordinary,
    masked_text_frame,
    measured,
    payload_in,
    text_frame,
    whole_text,
)
from ._shared_reading import SharedReading
from ._timer_wheel import Slot

__all__ = ["WebSocketWire"]

_MOST_MISSED: Final = 2
"""Pings without an answer until the connection counts as dead."""


class WebSocketWire(SharedReading):
    """A WebSocket that feeds its receiver. Until there is one, little is read and nothing lost."""

    __slots__ = (
        "_closing", "_core", "_end", "_extensions", "_frame_bytes", "_holding", "_loop", "_lost",
        "_masked", "_missed", "_missing", "_open", "_ordinary", "_paused", "_reading", "_receiver",
        "_slot", "_stalled", "_timer", "_transport", "_unread", "_wanted", "_why",
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
            lost: told when the connection has ended, after the receiver.
        """
        super().__init__()
        self._transport = transport
        self._masked = side is SERVER
        self._extensions = tuple(extensions)
        self._frame_bytes = limits.frame_bytes
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._receiver: Receiver | None = None
        self._core: Core | None = None
        self._missing = 0
        self._unread: bytes | bytearray = rest
        self._wanted = 0
        self._ordinary = not extensions
        self._open = True
        self._paused = True
        self._stalled = False
        self._holding = True
        self._reading = False
        self._closing = False
        self._missed = 0
        self._slot: Slot | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._why = ""
        self._end: ConnectionClosed | None = None
        transport.set_write_buffer_limits(limits.frame_bytes * UNSENT_FRAMES)
        transport.set_protocol(self)
        if limits.ping_interval > 0:
            self._slot = self._shared.wheel(limits.ping_interval).join(self)

    # The wire.

    def start(self, receiver: Receiver) -> None:
        """Feeds this receiver from now on."""
        first = self._receiver is None
        self._receiver = receiver
        if first:
            self.resume_reading()
            if self._end is not None:
                self._loop.call_soon(self._tell_end)

    def write(self, text: str) -> None:
        """Sends a text."""
        if not self._open:
            return
        if self._extensions:
            self._the_core().write(text.encode())
        elif self._masked:
            self._transport.write(text_frame(text.encode()))
        else:
            self._transport.write(masked_text_frame(text.encode()))

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
        self._closing = True
        if self._open:
            self._the_core().say_goodbye(code, cut_reason(reason))
            self._heed_core()
        self._regulate()

    # What asyncio calls.

    def buffer_updated(self, nbytes: int) -> None:
        """Takes what was read."""
        receiver = self._receiver
        if (
            self._ordinary
            and receiver is not None
            and not (self._unread or self._holding)
            and nbytes <= self._frame_bytes
        ):
            shared = self._shared
            text = whole_text(shared.memory, shared.buffer, nbytes, self._masked)
            if text is not None:
                self._missed = 0
                receiver.data_received(text)
                return
        super().buffer_updated(nbytes)

    def data_received(self, data: bytes) -> None:
        """Takes bytes."""
        if self._end is not None:
            # The WebSocket has ended before its connection: nobody wants to know.
            return
        if self._holding:
            self._unread += data
            self._stop_reading()
        elif not self._unread:
            self._feed(data)
        else:
            self._unread += data
            if len(self._unread) >= self._wanted:
                self._feed_unread()

    def eof_received(self) -> None:
        """Takes the end of the peer's bytes; asyncio closes the transport then."""
        self._open = False
        if self._core is not None:
            self._core.take_eof()
            self._heed_core()

    def connection_lost(self, exc: Exception | None) -> None:
        """Takes the end of the connection."""
        self._open = False
        if self._timer is not None:
            self._timer.cancel()
        if self._slot is not None:
            self._slot.discard(self)
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
        self._regulate()

    # What the timer wheel calls.

    def on_interval(self) -> None:
        """Sends a ping, unless too many were left without an answer."""
        if not self._open:
            return
        if self._missed >= _MOST_MISSED:
            self._give_up("no answer to pings")
            return
        # While nothing is read, no answer can be seen.
        self._missed += not self._paused
        self._transport.write(control_frame(PING, b"", not self._masked))

    # The work.

    def _regulate(self) -> None:
        self._holding = (self._paused or self._stalled) and not self._closing
        if self._holding:
            # Reading stops with the next bytes. Often it may go on before they come.
            return
        if not self._reading and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()
        if self._unread:
            self._loop.call_soon(self._feed_unread)

    def _stop_reading(self) -> None:
        if not self._transport.is_closing():
            self._reading = False
            self._transport.pause_reading()

    def _feed_unread(self) -> None:
        if self._unread and not self._holding and self._end is None:
            data, self._unread = bytes(self._unread), b""
            self._feed(data)

    def _feed(self, data: bytes) -> None:
        at, size = 0, len(data)
        while at < size and self._end is None:
            if self._missing:
                at, begin = min(size, at + self._missing), at
                self._missing -= at - begin
                self._feed_core(data[begin:at])
                continue
            measure = measured(data, at, size)
            if measure is None:
                self._keep(data[at:], 0)
                return
            end = measure[1]
            if not self._is_ordinary(data, at, measure):
                self._missing = end - at
            elif end > size:
                self._keep(data[at:], end - at)
                return
            elif self._takes(data[at], payload_in(data, measure, self._masked)):
                at = end
            else:
                self._missing = end - at

    def _keep(self, beginning: bytes, size: int) -> None:
        """Keeps the beginning of a frame, or of several, until there is so much of it."""
        self._unread = bytearray(beginning)
        self._wanted = size

    def _is_ordinary(self, data: bytes, at: int, measure: Measure) -> bool:
        # The core watches over the longest frame, over pieces of messages, and over goodbyes.
        return (
            self._ordinary
            and measure[1] - at <= self._frame_bytes
            and is_ordinary(data, at, measure, self._masked)
        )

    def _takes(self, kind: int, payload: bytes) -> bool:
        """Takes an ordinary frame, unless it is no text although it should be."""
        if kind == TEXT:
            try:
                text = payload.decode()
            except UnicodeDecodeError:
                return False
            self._hand_over(text)
        elif kind == PING:
            self._transport.write(control_frame(PONG, payload, not self._masked))
        self._missed = 0
        return True

    def _feed_core(self, data: bytes) -> None:
        core = self._the_core()
        message = core.take(data)
        self._missed = 0
        if message is not None:
            self._hand_over(message)
        self._heed_core()

    def _the_core(self) -> Core:
        if self._core is None:
            side = SERVER if self._masked else CLIENT
            self._core = Core(self._transport, side, self._extensions, self._frame_bytes)
        return self._core

    def _hand_over(self, message: str | bytes) -> None:
        if self._receiver is not None and not self._closing:
            self._receiver.data_received(message)

    def _heed_core(self) -> None:
        """Does what follows from the state that the core is in."""
        core = self._the_core()
        self._open = self._open and core.is_open
        self._ordinary = core.is_between and not (self._missing or self._extensions)
        if core.is_open:
            return
        if core.awaits_end and self._timer is None:
            self._timer = self._loop.call_later(CLOSE_TIMEOUT, self._give_up, "no goodbye")
        if core.is_done:
            self._transport.close()
        elif core.failed and self._end is None:
            # What the peer still sends must be read, or it would never see why we leave.
            self._end = self._how_it_ended(None)
            self._loop.call_soon(self._tell_end)

    def _give_up(self, why: str) -> None:
        self._why = self._why or why
        self._transport.abort()

    def _how_it_ended(self, exc: Exception | None) -> ConnectionClosed:
        goodbye = None if self._core is None else self._core.goodbye
        if goodbye is None:
            return ConnectionClosed(self._why or str(exc or "connection lost"))
        by, close = goodbye
        if self._why:
            return ConnectionClosed(self._why, by=by)
        return ConnectionClosed(close.reason, by=by, code=close.code)

    def _tell_end(self) -> None:
        if self._end is not None and self._receiver is not None:
            receiver, self._receiver = self._receiver, None
            receiver.connection_lost(self._end)
