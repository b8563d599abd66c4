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
from collections.abc import Callable
from math import inf
from typing import Any, TypeVar

from ocppkit.core import (
    AnswerCache,
    CallEnded,
    CallOverdue,
    CallReceived,
    Connection,
    ConnectionClosed,
    Event,
    Failure,
    FrameRefused,
    NoReply,
    Policies,
    Request,
    Response,
    ResultReceived,
    Role,
    Send,
    SendReceived,
)

from ._calls import CallRefused
from ._clock import Clock, Timer, wait_until
from ._frame_log import frames_are_logged, log_frame
from ._handling import Handling, Work
from ._host import Host
from ._pace import Pace
from ._reports import Reports
from ._settings import Settings
from ._transport import Wire

__all__ = ["Endpoint"]

R = TypeVar("R", bound=Response)

_GOING_AWAY = 1001
_TOO_BIG = 1009


class Endpoint:
    """One end of a live connection. It is the receiver of its wire."""

    __slots__ = (
        "_backlog", "_calls", "_clock", "_connection", "_draining", "_ended", "_handling",
        "_hide_id_tokens", "_host", "_observer", "_owed", "_pace", "_reports", "_slowed", "_timer",
        "_timer_at", "_wire", "_working", "last_received", "last_sent",
    )  # fmt: skip

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
        self._hide_id_tokens = settings.hide_id_tokens
        self._connection = Connection(
            role,
            host.protocol,
            new_id=settings.new_id,
            limits=settings.limits,
            inbound=settings.inbound,
            outbound=settings.outbound,
            handled=host.handles,
            on_invalid=settings.on_invalid,
            answers=answers,
        )
        self._handling = Handling(
            self, name=host.identity, clock=self._clock, limits=settings.limits
        )
        self._owed = self._connection.open_calls
        self._calls: dict[str, asyncio.Future[Response]] = {}
        self._backlog: list[str | bytes] | None = None
        self._timer: Timer | None = None
        self._timer_at = inf
        bounded = settings.limits.frames_per_second < inf
        self._pace = Pace(settings.limits) if bounded else None
        self._slowed: Timer | None = None
        self._working = False
        self._draining = False
        self._reports = Reports(host.identity)
        self._ended: asyncio.Future[ConnectionClosed] = loop.create_future()

        self.last_sent: float = self._clock.time()
        """When a frame was last handed to the wire."""

        self.last_received: float = self.last_sent
        """When a frame last came in."""

    # What the wire calls.

    def data_received(self, data: str | bytes) -> None:
        """Takes one message of the peer's."""
        if self._slowed is not None or self._handling.full:
            # The wire was asked to pause, and had read this before.
            self._backlog = self._backlog or []
            self._backlog.append(data)
            return
        if self._observer is not None or frames_are_logged():
            self._see("in", "<", data)
        now = self.last_received = self._clock.time()
        if self._pace is not None and (then := self._pace.count(now)) > now:
            self._slowed = self._clock.call_at(then, self._speed_up)
            self._wire.pause_reading()
        self._connection.receive_data(data, now, binary=isinstance(data, bytes))
        self._work()

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Takes the end: our calls end with it."""
        self._reports.ended(end)
        self._ended.set_result(end)
        self._backlog = None
        for timer in (self._timer, self._slowed):
            if timer is not None:
                timer.cancel()
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
        accepted: Callable[[], None] | None = None,
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
        if self._ended.done():
            raise self._gone()
        message_id = self._connection.send_call(request, self._clock.time(), timeout=timeout)
        waiter: asyncio.Future[Any] = asyncio.Future()
        self._calls[message_id] = waiter
        if accepted is not None:
            accepted()
        self._flush()
        try:
            response: R = await waiter
        except BaseException:
            self._forget_call(message_id, waiter)
            raise
        return response

    def send(self, message: Send) -> None:
        """Sends what is never answered.

        Raises:
            ConnectionClosed: the connection is gone.
            InvalidOutgoing: the message breaks its schema.
        """
        if self._ended.done():
            raise self._gone()
        self._connection.send(message, self._clock.time())
        self._flush()

    def use_policies(self, policies: Policies) -> None:
        """Changes how strictly messages are read and checked, from the next one on."""
        self._connection.use_policies(policies)

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

    def answer(self, call: CallReceived, response: Response) -> bool:
        """Sends a result, if the call still awaits one."""
        if self._owed.get(call.message_id) is not call:
            return False
        self._connection.send_result(call.message_id, response, self._clock.time())
        self._host.call_answered(call, response)
        self._flush()
        return True

    def refuse(self, call: CallReceived, why: Failure | CallRefused) -> None:
        """Sends an error: as the reply table says, or as the handler wants it."""
        now = self._clock.time()
        if isinstance(why, CallRefused):
            self._connection.send_error(
                call.message_id, why.code, why.description, why.details, now=now
            )
        else:
            self._connection.refuse(call.message_id, why, now=now)
        self._flush()

    def pause(self) -> None:
        """Reads nothing more for now."""
        self._wire.pause_reading()

    def resume(self) -> None:
        """Reads on, beginning with what had come in before."""
        backlog, self._backlog = self._backlog, None
        for data in backlog or ():
            # What cannot be handled now goes to the new backlog, in order.
            self.data_received(data)
        if self._slowed is None and not self._handling.full:
            self._wire.resume_reading()

    def idle(self) -> None:
        """Tells the host, if that was the last of it."""
        if self._ended.done() and not self._handling.busy:
            self._host.finished()

    # The work.

    def _work(self) -> None:
        self._working = True
        try:
            while (event := self._connection.next_event()) is not None:
                if self._observer is not None:
                    self._observer.event(self._host.identity, event)
                self._take(event)
        finally:
            self._working = False
        self._flush()

    def _speed_up(self) -> None:
        self._slowed = None
        self.resume()

    def _take(self, event: Event) -> None:
        match event:
            case CallReceived() | SendReceived():
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
            case _:
                self._reports.happened(event)
                self._react(event)

    def _begin(self, work: Work) -> None:
        handler = self._host.handler_of(work.action)
        failure = self._host.refusal_of(work.action)
        if self._draining:
            self._reports.left_unanswered(work)
        elif failure is None and handler is not None:
            self._handling.start(work, handler)
        else:
            failure = failure or Failure.NOT_HANDLED
            self._reports.refused(work, failure)
            if isinstance(work, CallReceived):
                self.refuse(work, failure)

    def _react(self, event: Event) -> None:
        if isinstance(event, CallOverdue):
            self._handling.overdue(event.message_id)
        elif isinstance(event, FrameRefused) and event.reply.reaction is NoReply.CLOSE:
            self._wire.close(_TOO_BIG, "message too big")

    def _forget_call(self, message_id: str, waiter: asyncio.Future[Any]) -> None:
        if self._calls.pop(message_id, None) is not None:
            self._connection.cancel_call(message_id)
            self._work()
        if waiter.done() and not waiter.cancelled():
            # The call ended in the moment that its caller was cancelled: nobody else asks why.
            waiter.exception()

    def _flush(self) -> None:
        if self._working:
            # It is done once, at the end.
            return
        out = self._connection.data_to_send()
        if out:
            seen = self._observer is not None or frames_are_logged()
            for text in out:
                if seen:
                    self._see("out", ">", text)
                self._wire.write(text)
            self.last_sent = self._clock.time()
        deadline = self._connection.next_deadline()
        # A timer that rings too early does no harm; moving it with every call would cost.
        if deadline is not None and deadline < self._timer_at:
            self._wind(deadline)

    def _wind(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = self._clock.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._timer_at = inf
        self._connection.handle_timeout(self._clock.time())
        self._work()

    def _see(self, direction: str, arrow: str, data: str | bytes) -> None:
        log_frame(self._host.identity, arrow, data, self._hide_id_tokens)
        if self._observer is not None:
            self._observer.frame(self._host.identity, direction, data)

    def _gone(self) -> ConnectionClosed:
        end = self._ended.result()
        return ConnectionClosed(end.reason, by=end.by, code=end.code, delivered="no")
