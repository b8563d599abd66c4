"""Makes a wire of a WebSocket library that has coroutines for receiving and sending.

Theory of operation: a `TransportWire` is a wire over a `Transport`, driven by two tasks. The reader hands
over what arrives; the writer sends what was written, in order. The one that ends first ends the
connection. Our close frame stops the reader, and gives the writer and the transport a bounded time
to finish. The receiver is told last how the connection ended, whatever happened.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from ocppkit.aio.lowlevel import Receiver, Transport
from ocppkit.core import ConnectionClosed, Limits

from ._bounds import (
    CLOSE_TIMEOUT,
    FRAME_COST,
    SLICE_COST,
    STALL_TIMEOUT,
    UNSENT_BYTES,
    UNSENT_BYTES_TO_PAUSE,
    cut_reason,
)
from ._budget import ReadBudget

__all__ = ["TransportWire"]


class TransportWire:
    """A wire over a `Transport`. The method `run` must be running."""

    def __init__(
        self,
        transport: Transport,
        limits: Limits,
        *,
        abort: Callable[[], None] = lambda: None,
    ) -> None:
        """Takes over an open connection.

        Args:
            transport: the connection.
            limits: its bounds.
            abort: ends it at once; called when the peer does not read, or sends no close frame.
        """
        self._transport = transport
        self._abort = abort
        self._limits = limits
        self._receiver: Receiver
        self._fed = False
        self._unsent: deque[str] = deque()
        self._unsent_size = 0
        self._frames_sent = 0
        self._paused = False
        self._to_read = asyncio.Event()
        self._to_write = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._close_frame: tuple[int, str] | None = None
        self._close_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None
        self._end: ConnectionClosed | None = None
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Reads and writes until the connection ends. What a receiver raises is raised here."""
        try:
            async with asyncio.TaskGroup() as group:
                self._reading = group.create_task(self._read_messages())
                writing = group.create_task(self._write_texts())
                await self._ended.wait()
                self._reading.cancel()
                writing.cancel()
        finally:
            self._finish(ConnectionClosed("aborted", by="us"))
            self._tell_end()

    # The wire.

    def start(self, receiver: Receiver) -> None:
        """Delivers messages to this receiver from now on."""
        self._receiver = receiver
        self._fed = True
        self._update_reading()
        if self._end is not None:
            asyncio.get_running_loop().call_soon(self._tell_end)

    def write(self, text: str) -> None:
        """Sends a text."""
        if self._close_frame is not None or self._end is not None:
            return
        if self._unsent_size > UNSENT_BYTES:
            self._abort_connection(
                f"the peer does not read: more than {UNSENT_BYTES} bytes wait for it"
            )
            return
        self._unsent.append(text)
        self._unsent_size += _byte_length(text)
        self._to_write.set()
        self._update_reading()

    def pause_reading(self) -> None:
        """Pauses reading."""
        self._paused = True
        self._update_reading()

    def resume_reading(self) -> None:
        """Resumes reading."""
        self._paused = False
        self._update_reading()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Sends a close frame. Messages that arrive afterwards are not delivered."""
        if self._close_frame is not None or self._end is not None:
            return
        self._close_frame = code, cut_reason(reason)
        self._close_timer = asyncio.get_running_loop().call_later(
            CLOSE_TIMEOUT, self._abort_connection, "no close frame"
        )
        self._to_write.set()
        if self._reading is not None:
            self._reading.cancel()

    # The work.

    def _update_reading(self) -> None:
        stalled = self._unsent_size > UNSENT_BYTES_TO_PAUSE
        if self._fed and not self._paused and not stalled:
            self._to_read.set()
        else:
            self._to_read.clear()
        if stalled and self._stall_timer is None and self._end is None:
            self._watch_stall()

    def _watch_stall(self) -> None:
        self._stall_timer = asyncio.get_running_loop().call_later(
            STALL_TIMEOUT, self._check_stall, self._frames_sent
        )

    def _check_stall(self, sent_before: int) -> None:
        self._stall_timer = None
        if self._unsent_size <= UNSENT_BYTES_TO_PAUSE:
            return
        if self._frames_sent == sent_before:
            self._abort_connection(f"the peer has read nothing for {STALL_TIMEOUT:g} s")
        else:
            self._watch_stall()

    async def _read_messages(self) -> None:
        budget = ReadBudget(self._limits, asyncio.get_running_loop().time())
        unyielded = 0
        try:
            while self._close_frame is None:
                await self._to_read.wait()
                data = await self._transport.receive()
                self._receiver.data_received(data)
                cost = len(data) + FRAME_COST
                budget.left -= cost
                unyielded += cost
                if budget.left < 0 or unyielded > SLICE_COST:
                    # A library that has messages at hand returns them without a pause.
                    unyielded = 0
                    await asyncio.sleep(budget.delay(asyncio.get_running_loop().time()))
        except ConnectionClosed as end:
            self._finish(end)

    async def _write_texts(self) -> None:
        try:
            while self._close_frame is None or self._unsent:
                if self._unsent:
                    await self._send(self._unsent.popleft())
                else:
                    self._to_write.clear()
                    await self._to_write.wait()
            await self._transport.close(*self._close_frame)
            self._finish(ConnectionClosed(by="us"))
        except ConnectionClosed as end:
            self._finish(end)

    async def _send(self, text: str) -> None:
        await self._transport.send(text)
        self._unsent_size -= _byte_length(text)
        self._frames_sent += 1
        self._update_reading()

    def _abort_connection(self, why: str) -> None:
        """Ends the connection without waiting for the peer."""
        self._finish(ConnectionClosed(why, by="us"))
        self._abort()

    def _finish(self, end: ConnectionClosed) -> None:
        if self._end is not None:
            return
        if self._close_frame is not None:
            code, reason = self._close_frame
            end = ConnectionClosed(reason, by="us", code=code)
        for timer in (self._close_timer, self._stall_timer):
            if timer is not None:
                timer.cancel()
        self._end = end
        self._ended.set()

    def _tell_end(self) -> None:
        if self._end is not None and self._fed:
            self._fed = False
            self._receiver.connection_lost(self._end)


def _byte_length(text: str) -> int:
    """Returns the length of a text in bytes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
