"""Drives one `core.Connection` over one wire: reader, timer, and the calls of our side.

Theory of operation: an endpoint is fed. The wire brings a message, the connection turns it into
events, each event is handled here, and what the connection then wants to send goes out, all in one
go and without a switch of tasks. Two things take time: a coroutine handler runs as a task of its own
beside this (`_handling.py`), and our calls wait in futures by message id. The connection says by when
it wants to be looked at again, and one timer sees to that.

The end comes once, from the wire: it ends our calls, and what handlers still return is dropped. The
handlers themselves run on, within their time: a message that was received is worked off, though
nobody hears the answer.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar, cast

from ocppkit.core import (
    Action,
    AnswerCache,
    AnswerIgnored,
    CallEnded,
    CallOverdue,
    CallReceived,
    Connection,
    ConnectionClosed,
    Event,
    Failure,
    FrameRefused,
    NoReply,
    Request,
    Response,
    ResultReceived,
    ResultRefused,
    Role,
    Send,
    SendReceived,
)

from ._calls import CallRefused
from ._clock import Clock, Timer, wait_until
from ._frame_log import log_frame, shown
from ._handling import Handling, Work
from ._host import Host
from ._settings import Settings
from ._transport import Wire

__all__ = ["Endpoint"]

logger = logging.getLogger("ocppkit.aio")

R = TypeVar("R", bound=Response)

_GOING_AWAY = 1001
_TOO_BIG = 1009

_LOUD_WARNINGS = 100
"""Mistakes of a peer that are worth a warning, on one connection; the rest is for who debugs."""


def _nothing() -> None:
    """What happens by default."""


class Endpoint:
    """One end of a live connection. It is the receiver of its wire."""

    def __init__(
        self,
        role: Role,
        host: Host,
        wire: Wire,
        settings: Settings,
        *,
        answers: AnswerCache | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._host = host
        self._wire = wire
        self._clock: Clock = settings.clock or loop
        self._observer = settings.observer
        self._connection = Connection(
            role,
            host.protocol,
            new_id=settings.new_id,
            limits=settings.limits,
            inbound=settings.inbound,
            outbound=settings.outbound,
            handled=self._handles,
            on_invalid=settings.on_invalid,
            answers=answers,
        )
        self._handling = Handling(
            self, name=host.identity, clock=self._clock, limits=settings.limits
        )
        self._owed: dict[str, CallReceived] = {}
        self._calls: dict[str, asyncio.Future[Response]] = {}
        self._backlog: deque[str | bytes] = deque()
        self._timer: Timer | None = None
        self._timer_at = 0.0
        self._draining = False
        self._warnings = 0
        self._ended: asyncio.Future[ConnectionClosed] = loop.create_future()

        self.last_sent: float = self._clock.time()
        """When a frame was last handed to the wire."""

    # What the wire calls.

    def data_received(self, data: str | bytes) -> None:
        """Takes one message of the peer's."""
        if self._handling.full:
            # The wire was asked to pause, and had read this before.
            self._backlog.append(data)
            return
        self._see("in", "<", data)
        binary = isinstance(data, bytes)
        self._connection.receive_data(data, self._clock.time(), binary=binary)
        self._work()

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Takes the end: our calls end with it."""
        logger.info("%s: connection ended, %s", shown(self._host.identity), end)
        self._ended.set_result(end)
        self._backlog.clear()
        self._owed.clear()
        self._connection.connection_lost(
            self._clock.time(), reason=end.reason, by=end.by, code=end.code
        )
        self._work()
        self._handling.disconnected()
        self._host.disconnected(end)
        self.idle()

    # What roles call.

    @property
    def connected(self) -> bool:
        """Whether messages can be sent."""
        return not self._ended.done()

    async def call(
        self,
        request: Request[R],
        timeout: float | None = None,
        *,
        accepted: Callable[[], None] = _nothing,
    ) -> R:
        """Sends a request and waits for its response.

        Args:
            request: what to ask.
            timeout: seconds to wait, counted from when it goes out; the limit's by default.
            accepted: called when the request is sure to go out, before it does.

        Raises:
            CallFailed: the peer answered with an error.
            CallTimedOut: no answer came in time.
            ConnectionClosed: the connection is gone; `delivered` says whether the peer may have
                acted on the request.
            InvalidMessage: the response breaks its schema.
            InvalidOutgoing: the request breaks its schema; nothing was sent.
            QueueFull: too many requests wait already.
        """
        self._must_be_connected()
        message_id = self._connection.send_call(request, self._clock.time(), timeout=timeout)
        waiter = self._calls[message_id] = asyncio.get_running_loop().create_future()
        accepted()
        self._flush()
        try:
            return cast(R, await waiter)
        finally:
            self._forget_call(message_id, waiter)

    def send(self, message: Send) -> None:
        """Sends what is never answered.

        Raises:
            ConnectionClosed: the connection is gone.
            InvalidOutgoing: the message breaks its schema.
        """
        self._must_be_connected()
        self._connection.send(message, self._clock.time())
        self._flush()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection; `wait_ended` tells when that is done."""
        self._wire.close(code, reason)

    @property
    def ended(self) -> asyncio.Future[ConnectionClosed]:
        """Done when the connection has ended; to be waited for only, never cancelled."""
        return self._ended

    async def wait_ended(self) -> ConnectionClosed:
        """Waits for the end of the connection and returns how it ended."""
        return await asyncio.shield(self._ended)

    async def drain(self, grace: float) -> None:
        """Shuts down: no new calls, handlers get time to finish, then the connection is closed.

        Calls that come in meanwhile stay unanswered: the peer repeats them on its next connection,
        which an error would not make it do.

        Args:
            grace: seconds that running handlers have.
        """
        self._draining = True
        idle = asyncio.create_task(self._handling.wait_idle())
        try:
            await wait_until(self._clock, self._clock.time() + grace, idle)
        finally:
            idle.cancel()
            self._wire.close(_GOING_AWAY, "going away")
        await self.wait_ended()
        await self.cancel_handlers()

    async def cancel_handlers(self) -> None:
        """Cancels the handlers and callbacks that still run, and waits until they are over."""
        await self._handling.cancel_all()

    # What the handling calls.

    def is_owed(self, call: CallReceived) -> bool:
        """Whether this call still awaits a reply that can be sent."""
        return self._owed.get(call.message_id) is call

    def answer(self, call: CallReceived, response: Response) -> None:
        """Sends a result."""
        self._connection.send_result(call.message_id, response, self._clock.time())
        del self._owed[call.message_id]
        self._host.call_answered(call, response)
        self._flush()

    def refuse(self, call: CallReceived, why: Failure | CallRefused) -> None:
        """Sends an error: as the reply table says, or as the handler wants it."""
        now = self._clock.time()
        if isinstance(why, CallRefused):
            self._connection.send_error(
                call.message_id, why.code, why.description, why.details, now=now
            )
        else:
            self._connection.refuse(call.message_id, why, now=now)
        del self._owed[call.message_id]
        self._flush()

    def pause(self) -> None:
        """Reads nothing more for now."""
        self._wire.pause_reading()

    def resume(self) -> None:
        """Reads on, beginning with what had come in before."""
        while self._backlog and not self._handling.full:
            self.data_received(self._backlog.popleft())
        if not self._handling.full:
            self._wire.resume_reading()

    def idle(self) -> None:
        """Tells the host, if that was the last of it."""
        if self._ended.done() and not self._handling.busy:
            self._host.finished()

    # The work.

    def _work(self) -> None:
        while (event := self._connection.next_event()) is not None:
            if self._observer is not None:
                self._observer.event(self._host.identity, event)
            self._take(event)
        self._flush()

    def _take(self, event: Event) -> None:
        match event:
            case CallReceived(message_id=message_id):
                self._owed[message_id] = event
                self._begin(event)
            case SendReceived():
                self._begin(event)
            case ResultReceived(message_id=message_id, response=response):
                self._host.result_received(event)
                waiter = self._calls.pop(message_id, None)
                if waiter is not None and not waiter.done():
                    waiter.set_result(response)
            case CallEnded(message_id=message_id, error=error):
                waiter = self._calls.pop(message_id, None)
                if waiter is not None and not waiter.done():
                    waiter.set_exception(error)
            case CallOverdue(message_id=message_id):
                logger.error("%s: the handler did not answer in time", self._about(event))
                self._owed.pop(message_id, None)
                self._handling.overdue(message_id)
            case _:
                self._note(event)

    def _begin(self, work: Work) -> None:
        handler = self._host.handler_of(work.action)
        failure = self._host.refusal_of(work.action)
        if self._draining:
            logger.info("%s: left unanswered, as we shut down", self._about(work))
        elif failure is None and handler is not None:
            self._handling.start(work, handler)
        else:
            failure = failure or Failure.NOT_HANDLED
            self._warn("%s: refused, %s", self._about(work), failure)
            if isinstance(work, CallReceived):
                self.refuse(work, failure)

    def _note(self, event: Event) -> None:
        match event:
            case FrameRefused(error=error, reply=reply, trouble=trouble):
                name = shown(self._host.identity)
                self._warn("%s: %s (%s)", name, error, reply.reaction)
                if trouble is not None:
                    logger.error("%s: on_invalid failed", name, exc_info=trouble)
                if reply.reaction is NoReply.CLOSE:
                    self._wire.close(_TOO_BIG, "message too big")
            case AnswerIgnored(stray=stray, message_id=message_id):
                name = shown(self._host.identity)
                self._warn("%s: %s answer %s ignored", name, stray, shown(message_id))
            case ResultRefused(error=error):
                logger.error("%s: the peer refused our result: %s", self._about(event), error)
            case _:
                logger.debug("%s: %s", shown(self._host.identity), type(event).__name__)

    def _handles(self, action: Action) -> bool:
        # A message that is refused for another reason is let through, to be refused for that.
        return (
            self._host.handler_of(action) is not None or self._host.refusal_of(action) is not None
        )

    def _forget_call(self, message_id: str, waiter: asyncio.Future[Response]) -> None:
        if self._calls.pop(message_id, None) is not None:
            self._connection.cancel_call(message_id)
            self._work()
        if waiter.done() and not waiter.cancelled():
            # The call ended in the moment that its caller was cancelled: nobody else asks why.
            waiter.exception()

    def _flush(self) -> None:
        out = self._connection.data_to_send()
        for text in out:
            self._see("out", ">", text)
            self._wire.write(text)
        if out:
            self.last_sent = self._clock.time()
        self._arm()

    def _arm(self) -> None:
        deadline = self._connection.next_deadline() if self.connected else None
        if self._timer is not None:
            # A timer that rings too early does no harm; moving it with every call would cost.
            if deadline is not None and self._timer_at <= deadline:
                return
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer_at = deadline
            self._timer = self._clock.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._connection.handle_timeout(self._clock.time())
        self._work()

    def _see(self, direction: str, arrow: str, data: str | bytes) -> None:
        log_frame(self._host.identity, arrow, data)
        if self._observer is not None:
            self._observer.frame(self._host.identity, direction, data)

    def _warn(self, text: str, *values: object) -> None:
        self._warnings += 1
        loud = self._warnings <= _LOUD_WARNINGS
        logger.log(logging.WARNING if loud else logging.DEBUG, text, *values)

    def _about(self, event: Any) -> str:
        return f"{shown(self._host.identity)}: {event.action.name} {shown(event.message_id)}"

    def _must_be_connected(self) -> None:
        if self._ended.done():
            end = self._ended.result()
            raise ConnectionClosed(end.reason, by=end.by, code=end.code, delivered="no")
