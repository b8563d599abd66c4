"""Turns the coroutines of a WebSocket library into the callbacks that an endpoint is fed by.

Theory of operation: a `Pump` is a wire over a `Transport`, and two tasks drive it. The reader hands
over what comes in, the writer sends what was written, in order; whichever ends first ends the
connection. A goodbye of ours stops the reader, and gives the writer and the transport a bounded time
to finish. How it all ended is told last, whatever happened.
"""

import asyncio
from collections import deque

from ocppkit.aio.lowlevel import Receiver, Transport
from ocppkit.core import ConnectionClosed, Limits

from ._bounds import CLOSE_TIMEOUT, UNSENT_FRAMES, cut_reason

__all__ = ["Pump"]


class Pump:
    """A wire that `run` drives."""

    def __init__(self, transport: Transport, limits: Limits) -> None:
        self._transport = transport
        self._most_unsent = limits.frame_bytes * UNSENT_FRAMES
        self._receiver: Receiver
        self._fed = False
        self._unsent: deque[str] = deque()
        self._unsent_size = 0
        self._paused = False
        self._to_read = asyncio.Event()
        self._to_write = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._goodbye: tuple[int, str] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._end: ConnectionClosed | None = None
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Drives the wire until its end. What a receiver raises comes out here."""
        try:
            async with asyncio.TaskGroup() as group:
                self._reading = group.create_task(self._read())
                writing = group.create_task(self._write())
                await self._ended.wait()
                self._reading.cancel()
                writing.cancel()
        finally:
            self._finish(ConnectionClosed("given up", by="us"))
            self._tell_end()

    # The wire.

    def start(self, receiver: Receiver) -> None:
        """Feeds this receiver from now on."""
        self._receiver = receiver
        self._fed = True
        self._regulate()
        if self._end is not None:
            asyncio.get_running_loop().call_soon(self._tell_end)

    def write(self, text: str) -> None:
        """Sends a text."""
        if self._goodbye is None and self._end is None:
            self._unsent.append(text)
            self._unsent_size += len(text)
            self._to_write.set()
            self._regulate()

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
        if self._goodbye is not None or self._end is not None:
            return
        self._goodbye = code, cut_reason(reason)
        late = ConnectionClosed("no goodbye")
        self._patience = asyncio.get_running_loop().call_later(CLOSE_TIMEOUT, self._finish, late)
        self._to_write.set()
        if self._reading is not None:
            self._reading.cancel()

    # The work.

    def _regulate(self) -> None:
        stalled = self._unsent_size > self._most_unsent
        if self._fed and not self._paused and not stalled:
            self._to_read.set()
        else:
            self._to_read.clear()

    async def _read(self) -> None:
        try:
            while self._goodbye is None:
                await self._to_read.wait()
                data = await self._transport.receive()
                self._receiver.data_received(data)
        except ConnectionClosed as end:
            self._finish(end)

    async def _write(self) -> None:
        try:
            while self._goodbye is None or self._unsent:
                if self._unsent:
                    await self._send(self._unsent.popleft())
                else:
                    self._to_write.clear()
                    await self._to_write.wait()
            await self._transport.close(*self._goodbye)
            self._finish(ConnectionClosed(by="us"))
        except ConnectionClosed as end:
            self._finish(end)

    async def _send(self, text: str) -> None:
        await self._transport.send(text)
        self._unsent_size -= len(text)
        self._regulate()

    def _finish(self, end: ConnectionClosed) -> None:
        if self._end is not None:
            return
        if self._goodbye is not None:
            code, reason = self._goodbye
            end = ConnectionClosed(reason, by="us", code=code)
        if self._patience is not None:
            self._patience.cancel()
        self._end = end
        self._ended.set()

    def _tell_end(self) -> None:
        if self._end is not None and self._fed:
            self._fed = False
            self._receiver.connection_lost(self._end)
