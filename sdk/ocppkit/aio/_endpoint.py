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

from ._call_context import CallRefused
from ._clock import Clock, Timer, wait_until
from ._frame_log import frames_are_logged, log_frame
from ._frame_rate import Pace
from ._handler_tasks import Handling, Work
from ._host import Host
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
        "_backlog", "_calls", "_clock", "_connection", "_draining", "_end", "_ended", "_handling",
        "_held", "_hide_id_tokens", "_host", "_now", "_observer", "_owed", "_pace", "_reports",
        "_slowed", "_timer", "_timer_at", "_wire", "_working", "last_received", "last_sent",
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
        self._host = host
        self._wire = wire
        self._clock: Clock = settings.clock or asyncio.get_running_loop()
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
            fast_path=host.fast_path,
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
        self._held = False
        self._working = False
        self._draining = False
        self._reports = Reports(host.identity)
        self._end: ConnectionClosed | None = None
        self._ended: asyncio.Future[ConnectionClosed] | None = None
        self._now = self._clock.time()

        self.last_sent: float = self._now
        """When a frame was last handed to the wire."""

        self.last_received: float = self.last_sent
        """When a frame last came in."""

    # What the wire calls.

    def data_received(self, data: str | bytes) -> None:
        """Takes one message of the peer's."""
        if self._held:
            # The wire was asked to pause, and had read this before.
            self._backlog = self._backlog or []
            self._backlog.append(data)
            return
        # As in `_is_watched`, without a call: every frame comes by here.
        watched = self._observer is not None or frames_are_logged()
        if watched:
            self._see("in", "<", data)
        now = self.last_received = self._clock.time()
        if self._pace is not None and (then := self._pace.count(now)) > now:
            self._slowed = self._clock.call_at(then, self._speed_up)
            self.pause()
        self._connection.receive_data(data, now, binary=isinstance(data, bytes))
        self._work(now, watched)

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Takes the end: our calls end with it."""
        self._reports.ended(end)
        self._end = end
        if self._ended is not None:
            self._ended.set_result(end)
        self._backlog = None
        for timer in (self._timer, self._slowed):
            if timer is not None:
                timer.cancel()
        now = self._clock.time()
        self._connection.connection_lost(now, reason=end.reason, by=end.by, code=end.code)
        self._work(now, self._is_watched())
        self._handling.disconnected()
        self._host.disconnected(end)
        self.idle()

    # What roles call.

    @property
    def connected(self) -> bool:
        """Whether messages can be sent."""
        return self._end is None

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
        if self._end is not None:
            raise _gone(self._end)
        now = self._clock.time()
        message_id = self._connection.send_call(request, now, timeout=timeout)
        waiter: asyncio.Future[Any] = asyncio.Future()
        self._calls[message_id] = waiter
        if accepted is not None:
            accepted()
        self._flush(now, self._is_watched())
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
        if self._end is not None:
            raise _gone(self._end)
        now = self._clock.time()
        self._connection.send(message, now)
        self._flush(now, self._is_watched())

    def use_policies(self, policies: Policies) -> None:
        """Changes how strictly messages are read and checked, from the next one on."""
        self._connection.use_policies(policies)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection; `wait_ended` tells when that is done."""
        self._wire.close(code, reason)

    @property
    def ended(self) -> asyncio.Future[ConnectionClosed]:
        """Done when the connection has ended; to be waited for only, never cancelled."""
        if self._ended is None:
            # Few ask for it, and each connection would have to carry it.
            self._ended = asyncio.get_running_loop().create_future()
            if self._end is not None:
                self._ended.set_result(self._end)
        return self._ended

    async def wait_ended(self) -> ConnectionClosed:
        """Waits for the end of the connection and returns how it ended."""
        return await asyncio.shield(self.ended)

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
        now = self._now if self._working else self._clock.time()
        self._connection.send_result(call.message_id, response, now)
        self._host.call_answered(call, response)
        if not self._working:
            self._flush(now, self._is_watched())
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
        self._flush(now, self._is_watched())

    def pause(self) -> None:
        """Reads nothing more for now."""
        self._held = True
        self._wire.pause_reading()

    def resume(self) -> None:
        """Reads on, beginning with what had come in before, unless there is another reason not to."""
        self._held = self._slowed is not None or self._handling.full
        if self._held:
            return
        backlog, self._backlog = self._backlog, None
        for data in backlog or ():
            # What cannot be handled now goes to the new backlog, in order.
            self.data_received(data)
        if not self._held:
            self._wire.resume_reading()

    def idle(self) -> None:
        """Tells the host, if that was the last of it."""
        if self._end is not None and not self._handling.busy:
            self._host.finished()

    # The work.

    def _work(self, now: float, watched: bool) -> None:
        self._working = True
        # All that is done at once is done at one time: to ask for it again and again would cost.
        self._now = now
        try:
            while (event := self._connection.next_event()) is not None:
                if self._observer is not None:
                    self._observer.event(self._host.identity, event)
                if type(event) is CallReceived:
                    self._begin(event)
                else:
                    self._take(event)
        finally:
            self._working = False
        self._flush(now, watched)

    def _speed_up(self) -> None:
        self._slowed = None
        self.resume()

    def _take(self, event: Event) -> None:
        match event:
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
            case _:
                self._reports.happened(event)
                self._react(event)

    def _begin(self, work: Work) -> None:
        handler = self._host.handler_of(work.action)
        if self._draining:
            self._reports.left_unanswered(work)
        elif not isinstance(handler, Failure):
            self._handling.start(work, handler)
        else:
            self._reports.refused(work, handler)
            if isinstance(work, CallReceived):
                self.refuse(work, handler)

    def _react(self, event: Event) -> None:
        if isinstance(event, CallOverdue):
            self._handling.overdue(event.message_id)
        elif isinstance(event, FrameRefused) and event.reply.reaction is NoReply.CLOSE:
            self._wire.close(_TOO_BIG, "message too big")

    def _forget_call(self, message_id: str, waiter: asyncio.Future[Any]) -> None:
        if self._calls.pop(message_id, None) is not None:
            self._connection.cancel_call(message_id)
            self._work(self._clock.time(), self._is_watched())
        if waiter.done() and not waiter.cancelled():
            # The call ended in the moment that its caller was cancelled: nobody else asks why.
            waiter.exception()

    def _is_watched(self) -> bool:
        """Whether anybody looks at frames."""
        return self._observer is not None or frames_are_logged()

    def _flush(self, now: float, watched: bool) -> None:
        if self._working:
            # It is done once, at the end.
            return
        out = self._connection.data_to_send()
        if out:
            for text in out:
                if watched:
                    self._see("out", ">", text)
                self._wire.write(text)
            self.last_sent = now
        if self._owed or self._calls:
            self._wind()

    def _wind(self) -> None:
        deadline = self._connection.next_deadline()
        # A timer that rings too early does no harm; moving it with every call would cost.
        if deadline is not None and deadline < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = deadline
            self._timer = self._clock.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._timer_at = inf
        now = self._clock.time()
        self._connection.handle_timeout(now)
        self._work(now, self._is_watched())
        # What rang too early must ring again, also for a call that nobody here waits for.
        self._wind()

    def _see(self, direction: str, arrow: str, data: str | bytes) -> None:
        log_frame(self._host.identity, arrow, data, self._hide_id_tokens)
        if self._observer is not None:
            self._observer.frame(self._host.identity, direction, data)


def _gone(end: ConnectionClosed) -> ConnectionClosed:
    return ConnectionClosed(end.reason, by=end.by, code=end.code, delivered="no")
