"""Drives one `core.Connection` over one wire: reads, keeps time, and waits for the answers to our calls.

Theory of operation: the wire delivers a message, the connection turns it into events, each event is
handled here, and what the connection then has to send is written, all at once and without switching
tasks. Two things take time: a coroutine handler runs as a task of its own (`_handler_tasks.py`), and
our calls wait in futures, by message id. One timer calls the connection at its next deadline.

The end comes once. When our side closes, calls end and `connected` is false at once; otherwise the
wire reports the end. Running handlers go on within their time, as a message that was received should
be processed even if its reply can no longer be sent.

What others provide (the host, the observer, the wire) may raise without harm to the connection: it is
logged here, and the work goes on. See `docs/design/failures.md`.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from math import inf
from typing import Any, Final, TypeVar

from ocppkit.core import (
    Action,
    AnswerCache,
    CallEnded,
    CallFailed,
    CallOverdue,
    CallReceived,
    Connection,
    ConnectionClosed,
    ErrorCode,
    Event,
    Failure,
    FrameRefused,
    NoReply,
    Policies,
    RemoteProtocolError,
    Request,
    Response,
    ResultReceived,
    Role,
    Send,
    SendReceived,
)

from ._call_context import CallRefused
from ._clock import Clock, Timer, wait_until
from ._flow_control import FlowControl
from ._frame_log import frames_are_logged, loggable
from ._handler_tasks import Handling, Work
from ._host import Host
from ._pending_calls import PendingCalls
from ._reports import Reports
from ._settings import Settings
from ._transport import AdjustablePings, Wire
from ._watching import Watching

__all__ = ["Endpoint"]

logger = logging.getLogger("ocppkit.aio")

R = TypeVar("R", bound=Response)

_GOING_AWAY: Final = 1001
_TOO_BIG: Final = 1009


class Endpoint:
    """One end of a live connection. It is the receiver of its wire, and a `Peer` for handles.

    Args:
        role: which end this is.
        host: answers what the endpoint has to know, and hears what happens.
        wire: carries the frames; the caller starts it.
        settings: limits, policies, clock, observer and the like.
        answers: answers of earlier connections, for calls that the peer repeats.
    """

    __slots__ = (
        "_calls", "_clock", "_closing", "_connection", "_draining", "_end", "_ended", "_flow",
        "_handling", "_host", "_is_lost", "_now", "_observer", "_owed", "_pending",
        "_ping_interval", "_reports", "_timer", "_timer_at", "_watching", "_wire", "_working",
        "answers_received", "call_timeout", "last_received", "last_sent",
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
        self._watching = Watching(host.identity, host.protocol, role, settings, self._clock)
        self._connection = Connection(
            role,
            host.protocol,
            new_id=settings.new_id,
            limits=settings.limits,
            inbound=settings.inbound,
            outbound=settings.outbound,
            handled=self._is_handled,
            on_invalid=settings.on_invalid,
            answers=answers,
            fast_path=host.fast_path,
        )
        self._handling = Handling(
            self, name=host.identity, clock=self._clock, limits=settings.limits
        )
        self._flow = FlowControl(self, wire, self._clock, settings.limits)
        self._owed = self._connection.open_calls
        self._pending = PendingCalls(host.protocol)
        self._calls = self._pending.waiters
        self._timer: Timer | None = None
        self._timer_at = inf
        self._working = False
        self._draining = False
        self._reports = Reports(host.identity)
        self._closing: ConnectionClosed | None = None
        self._is_lost = False
        self._end: ConnectionClosed | None = None
        self._ended: asyncio.Future[ConnectionClosed] | None = None
        self._now = self._clock.time()

        self.call_timeout: float = settings.limits.call_timeout
        """Seconds until a call of ours counts as unanswered; it may be changed for later calls."""

        self._ping_interval = settings.limits.ping_interval

        self.last_sent: float = self._now
        """When a frame was last handed to the wire."""

        self.last_received: float = self.last_sent
        """When a frame was last received."""

        self.answers_received: int = 0
        """How many of our calls the peer has answered, with results or errors."""

    # The wire calls these.

    def data_received(self, data: str | bytes) -> None:
        """Handles one message of the peer."""
        flow = self._flow
        if flow.held:
            # The wire was asked to pause, and had read this before.
            flow.keep(data)
            return
        # As `Watching.is_active`, without a function call: every frame passes here.
        watched = self._observer is not None or frames_are_logged()
        if watched:
            self._watching.frame_in(data)
        now = self.last_received = self._clock.time()
        if flow.is_limited:
            flow.count(now)
        if self._closing is None:
            # After our close nothing can be answered, and our calls have ended.
            self._connection.receive_data(data, now, binary=isinstance(data, bytes))
            self._work(now, watched)

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Ends our calls, and tells the host."""
        self._reports.ended(end)
        self._end = end
        if self._ended is not None:
            self._ended.set_result(end)
        self._flow.stop()
        self._lose(end)
        self._tell("disconnected", self._host.disconnected, end)
        self.idle()

    # Roles and handles call these.

    @property
    def connected(self) -> bool:
        """Whether messages can be sent: false from the moment either side closes."""
        return self._end is None and self._closing is None

    async def call(
        self,
        request: Request[R],
        timeout: float | None = None,
        *,
        accepted: Callable[[], None] | None = None,
        again: Callable[[CallFailed], Coroutine[Any, Any, R]] | None = None,
    ) -> R:
        """Sends a request and waits for its response.

        Args:
            request: the request.
            timeout: seconds to wait from when the request leaves the queue; `call_timeout` by
                default.
            accepted: called once the request has been checked and will be sent, before it is.
            again: makes the result of a call that the peer answered with an error: by another call,
                or by raising the error. Without it the error is raised.

        Raises:
            CallFailed: the peer answered with an error.
            CallTimedOut: no answer came in time.
            ConnectionClosed: the connection has ended; `delivered` says whether the peer may have
                acted on the request.
            InvalidMessage: the response breaks its schema.
            InvalidOutgoing: the request breaks its schema; nothing was sent.
            QueueFull: too many requests wait already.
        """
        self._must_be_connected()
        now = self._clock.time()
        message_id = self._connection.send_call(
            request, now, timeout=self.call_timeout if timeout is None else timeout
        )
        waiter: asyncio.Future[Any] = asyncio.Future()
        self._calls[message_id] = waiter
        try:
            if accepted is not None:
                accepted()
            if self._observer is not None:
                self._watching.calling(message_id, request)
            self._flush(now, self._watching.is_active)
            response: R = await waiter
        except BaseException as error:
            self._forget_call(message_id, waiter)
            if again is not None and isinstance(error, CallFailed):
                return await again(error)
            raise
        return response

    def send(self, message: Send) -> None:
        """Sends a message that is never answered.

        Raises:
            ConnectionClosed: the connection has ended.
            InvalidOutgoing: the message breaks its schema.
        """
        self._must_be_connected()
        now = self._clock.time()
        self._connection.send(message, now)
        self._flush(now, self._watching.is_active)

    def refuse_result(
        self,
        response: Response,
        code: ErrorCode,
        description: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Tells the peer by CALLRESULTERROR that a result of its cannot be used (OCPP 2.1).

        The engine refuses results that break their schema by itself; this is for results that the
        program finds to be wrong. # ERR-06

        Args:
            response: the very object that `call` returned, not a copy, and not long ago.
            code: the error code.
            description: text for the peer.
            details: more for the peer, as JSON.

        Raises:
            ConnectionClosed: the connection has ended.
            InvalidOutgoing: code, description or details cannot be sent.
            LocalProtocolError: the version has no CALLRESULTERROR, or the response is none that this
                connection received lately, or it was refused before.
        """
        self._must_be_connected()
        now = self._clock.time()
        message_id = self._pending.id_of_result(response)
        self._connection.send_result_error(message_id, code, description, details or {}, now=now)
        self._flush(now, self._watching.is_active)

    def use_policies(self, policies: Policies) -> None:
        """Changes how strictly messages are decoded and checked, from the next one on."""
        self._connection.use_policies(policies)

    def set_ping_interval(self, seconds: float) -> None:
        """Changes how often the transport sends pings, if it can do that on a live connection.

        Args:
            seconds: between two pings; zero turns them off.
        """
        if self._end is not None or seconds == self._ping_interval:
            return
        if isinstance(self._wire, AdjustablePings):
            self._ping_interval = seconds
            self._wire.set_ping_interval(seconds)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection: no more messages can be sent, and all calls end now.

        Frames that were sent before still go out; `wait_ended` waits until that is done.

        Args:
            code: the close code of the WebSocket.
            reason: the close reason; calls that end have it in their `ConnectionClosed`.
        """
        if not self.connected:
            return
        self._closing = ConnectionClosed(reason, by="us", code=code)
        if not self._working:
            self._shut(self._closing)

    @property
    def ended(self) -> asyncio.Future[ConnectionClosed]:
        """A future that is done when the connection has ended. Wait for it, but never cancel it."""
        if self._ended is None:
            # It is made when it is asked for: few connections need it.
            self._ended = asyncio.get_running_loop().create_future()
            if self._end is not None:
                self._ended.set_result(self._end)
        return self._ended

    async def wait_ended(self) -> ConnectionClosed:
        """Waits for the end of the connection and returns how it ended."""
        return await asyncio.shield(self.ended)

    async def drain(self, grace: float, *, wait_for_calls: bool = False) -> None:
        """Shuts down: waits for running handlers, then closes.

        Calls of the peer that arrive meanwhile are not answered: the peer repeats them on its next
        connection, which it would not do after an error.

        Args:
            grace: seconds to wait at most.
            wait_for_calls: also wait for the answers to calls of ours that are under way.
        """
        self._draining = True
        quiet = asyncio.create_task(
            self._wait_quiet() if wait_for_calls else self._handling.wait_idle()
        )
        try:
            await wait_until(self._clock, self._clock.time() + grace, quiet)
        finally:
            quiet.cancel()
            self.close(_GOING_AWAY, "going away")
        await self.wait_ended()
        await self.cancel_handlers()

    async def cancel_handlers(self) -> None:
        """Cancels the handlers and callbacks that are still running, and waits until they are done."""
        await self._handling.cancel_all()

    # `Handling` calls these.

    @property
    def full(self) -> bool:
        """Whether the maximum number of handlers is running."""
        return self._handling.full

    def is_owed(self, call: CallReceived) -> bool:
        """Returns whether this call still awaits a reply that can be sent."""
        return self._owed.get(call.message_id) is call

    def answer(self, call: CallReceived, response: Response) -> bool:
        """Sends a result, if the call still awaits one; returns whether it did."""
        if self._owed.get(call.message_id) is not call:
            return False
        now = self._now if self._working else self._clock.time()
        self._connection.send_result(call.message_id, response, now)
        try:
            self._host.call_answered(call, response)
        except Exception:  # noqa: BLE001
            self._host_failed("call_answered")
        if not self._working:
            self._flush(now, self._watching.is_active)
        return True

    def refuse(self, call: CallReceived, why: Failure | CallRefused) -> None:
        """Sends an error: that of the reply table, or the one that the handler chose."""
        now = self._clock.time()
        if isinstance(why, CallRefused):
            self._connection.send_error(
                call.message_id, why.code, why.description, why.details, now=now
            )
        else:
            self._connection.refuse(call.message_id, why, now=now)
        self._flush(now, self._watching.is_active)

    def pause(self) -> None:
        """Stops reading."""
        self._flow.pause()

    def resume(self) -> None:
        """Reads on, unless there is another reason not to."""
        self._flow.resume()

    def idle(self) -> None:
        """Tells the host when the connection has ended and nothing is running any more."""
        if self._end is not None and not self._handling.busy:
            self._tell("finished", self._host.finished)

    # Events.

    def _work(self, now: float, watched: bool) -> None:
        """Handles all events, then writes what there is to send."""
        self._working = True
        # Everything that is done in one go has the same time: asking the clock costs.
        self._now = now
        try:
            while (event := self._connection.next_event()) is not None:
                if self._observer is not None:
                    self._watching.event(event)
                if type(event) is CallReceived:
                    self._begin(event)
                else:
                    self._take(event)
        finally:
            # Also when a handler raised KeyboardInterrupt: its call was answered.
            self._working = False
            self._flush(now, watched)

    def _take(self, event: Event) -> None:
        match event:
            case SendReceived():
                self._begin(event)
            case ResultReceived():
                self.answers_received += 1
                # No `_tell`: every call of a station passes here.
                try:
                    self._host.result_received(event)
                except Exception:  # noqa: BLE001
                    self._host_failed("result_received")
                self._pending.answered(event)
            case CallEnded():
                self.answers_received += isinstance(event.error, (CallFailed, RemoteProtocolError))
                if isinstance(event.error, CallFailed):
                    self._tell("call_failed", self._host.call_failed, event.error)
                self._pending.ended(event)
            case _:
                self._reports.happened(event)
                self._react(event)

    def _is_handled(self, action: Action) -> bool:
        try:
            return self._host.handles(action)
        except Exception:  # noqa: BLE001
            self._host_failed("handles")
            # Then `handler_of` says how the message is answered.
            return True

    def _begin(self, work: Work) -> None:
        try:
            handler = self._host.handler_of(work.action)
        except Exception:  # noqa: BLE001
            self._host_failed("handler_of")
            handler = Failure.HANDLER_FAILED
        if self._draining:
            self._reports.left_unanswered(work)
        elif not isinstance(handler, Failure):
            if self._observer is not None:
                handler = self._watching.told_of(work, handler)
            self._handling.start(work, handler)
        else:
            self._reports.refused(work, handler)
            if isinstance(work, CallReceived):
                self.refuse(work, handler)

    def _react(self, event: Event) -> None:
        if isinstance(event, CallOverdue):
            self._handling.overdue(event.message_id)
        elif isinstance(event, FrameRefused) and event.reply.reaction is NoReply.CLOSE:
            self.close(_TOO_BIG, "message too big")

    # Our calls.

    def _must_be_connected(self) -> None:
        end = self._end or self._closing
        if end is not None:
            raise ConnectionClosed(end.reason, by=end.by, code=end.code, delivered="no")

    def _forget_call(self, message_id: str, waiter: asyncio.Future[Any]) -> None:
        if self._calls.pop(message_id, None) is not None:
            self._connection.cancel_call(message_id)
            self._work(self._clock.time(), self._watching.is_active)
            self._pending.check()
        if waiter.done() and not waiter.cancelled():
            # The call ended in the moment that its caller was cancelled: nobody else asks why.
            waiter.exception()

    async def _wait_quiet(self) -> None:
        """Waits until no handler is running and no call of ours awaits its answer."""
        while self._handling.is_running or self._calls:
            await self._handling.wait_idle()
            await self._pending.wait_none()

    # The end.

    def _shut(self, closing: ConnectionClosed) -> None:
        """Closes the wire and ends our calls."""
        self._flow.stop()
        try:
            self._wire.close(closing.code or 1000, closing.reason)
        except Exception:
            logger.exception("%s: closing failed", loggable(self._host.identity))
        self._lose(closing)

    def _lose(self, end: ConnectionClosed) -> None:
        """Ends all calls: our own fail, those of the peer can no longer be answered."""
        if self._is_lost:
            return
        self._is_lost = True
        if self._timer is not None:
            self._timer.cancel()
        now = self._clock.time()
        self._connection.connection_lost(now, reason=end.reason, by=end.by, code=end.code)
        self._work(now, self._watching.is_active)
        if self._observer is not None:
            self._watching.ended(end)
        self._handling.disconnected()

    # Writing and timing.

    def _flush(self, now: float, watched: bool) -> None:
        if self._working:
            # It is done once, at the end.
            return
        out = self._connection.data_to_send()
        if out:
            self._write(out, watched)
            self.last_sent = now
        if self._closing is not None and not self._is_lost:
            # A handler closed the connection: its reply has gone out before.
            self._shut(self._closing)
        elif self._owed or self._calls:
            self._wind()

    def _write(self, out: list[str], watched: bool) -> None:
        try:
            for text in out:
                if watched:
                    self._watching.frame_out(text)
                self._wire.write(text)
        except Exception:
            logger.exception("%s: writing failed, closing", loggable(self._host.identity))
            self._closing = self._closing or ConnectionClosed("writing failed", by="us", code=1011)

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
        self._work(now, self._watching.is_active)
        if not self._is_lost:
            # What rang too early must ring again, also for a call that nobody here waits for.
            self._wind()

    # The host may fail: that is logged, and the connection stays open.

    def _tell(self, name: str, method: Callable[..., None], *values: object) -> None:
        try:
            method(*values)
        except Exception:  # noqa: BLE001
            self._host_failed(name)

    def _host_failed(self, name: str) -> None:
        self._reports.failed(f"{type(self._host).__name__}.{name}")
