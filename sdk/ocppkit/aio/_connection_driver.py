"""Drives one `core.Connection` over one wire: passes messages in, runs handlers, sends replies and
sets timers.

Theory of operation: the wire delivers a message. The connection turns it into events. Each event is
handled here, and then everything that the connection wants to send is written. All of this happens
without a switch of tasks; only coroutine handlers (`_handler_tasks.py`) and the program's own calls
(`_endpoint.py`) wait for something. One timer calls the connection at its next deadline. A long message
is read in steps, so that its repair does not hold up the event loop; those behind it wait.

The connection ends exactly once. When our side closes it, our calls end at once and `connected` is
false from then on; otherwise the wire reports the end. Handlers that are running may finish within
their time, because a message that was received should be processed even if its reply cannot be sent.

The host, the observer and the wire are code of others. What they raise is logged here, and the
connection goes on; see `docs/design/failures.md`.
"""

import asyncio
import logging
from functools import partial
from typing import Final, cast

from ocppkit.core import (
    DEFERRED,
    AnswerCache,
    CallEnded,
    CallFailed,
    CallOverdue,
    CallReceived,
    Connection,
    ConnectionClosed,
    Deferred,
    Event,
    Failure,
    FrameRefused,
    InvalidCallReceived,
    InvalidMessage,
    NoReply,
    OpenCall,
    PreparedData,
    RemoteProtocolError,
    Response,
    ResultReceived,
    Role,
    Rule,
    SendReceived,
)

from ._call_context import CallRefused
from ._clock import Clock
from ._connection_log import ConnectionLog
from ._deadline_timer import DeadlineTimer
from ._flow_control import FlowControl
from ._frame_log import frames_are_logged, loggable
from ._guarded_host import GuardedHost
from ._handler_tasks import HandlerTasks, Work
from ._host import Host
from ._invalid_call import invalid_call
from ._observation import Observation
from ._pending_calls import PendingCalls
from ._settings import Settings
from ._steps import run_in_steps
from ._transport import Wire

__all__ = ["ConnectionDriver"]

logger = logging.getLogger("ocppkit.aio")

_LONG: Final = 1 << 16
"""Messages of more characters are read in steps."""

_TOO_BIG: Final = 1009
_INTERNAL_ERROR: Final = 1011

_NOT_WANTED: Final = frozenset(
    {
        Failure.NOT_HANDLED,
        Failure.NOT_ACCEPTED,
        Failure.REJECTED,
        Failure.STRAY,
        Failure.UNKNOWN_ACTION,
    }
)
"""Why a message is refused that may be valid: it is not wanted now, or here."""


class ConnectionDriver:
    """The part of an endpoint that wire and handlers call: it receives messages and sends replies."""

    __slots__ = (
        "_clock", "_closing", "_connection", "_draining", "_end", "_ended", "_flow",
        "_guarded", "_handlers", "_host", "_is_lost", "_log", "_now", "_observation", "_observer",
        "_on_invalid", "_open_calls", "_pending", "_preparing", "_timer", "_waiters", "_wire", "_working",
        "answers_received", "last_received", "last_sent",
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
        self._on_invalid = settings.on_invalid
        self._log = ConnectionLog(host.identity)
        self._guarded = GuardedHost(host, self._log)
        self._observation = Observation(host.identity, host.protocol, role, settings, self._clock)
        self._connection = Connection(
            role,
            host.protocol,
            new_id=settings.new_id,
            limits=settings.limits,
            inbound=settings.inbound,
            outbound=settings.outbound,
            handled=self._guarded.handles,
            on_invalid=None if settings.on_invalid is None else _defer_answer,
            answers=answers,
            fast_path=host.fast_path,
        )
        self._handlers = HandlerTasks(
            self, name=host.identity, clock=self._clock, limits=settings.limits
        )
        self._flow = FlowControl(self, wire, self._clock, settings.limits)
        self._open_calls = self._connection.open_calls
        self._pending = PendingCalls(host.protocol)
        self._waiters = self._pending.waiters
        self._timer = DeadlineTimer(self._clock, self._connection, self._on_deadline)
        self._preparing = False
        self._working = False
        self._draining = False
        self._closing: ConnectionClosed | None = None
        self._is_lost = False
        self._end: ConnectionClosed | None = None
        self._ended: asyncio.Future[ConnectionClosed] | None = None
        self._now = self._clock.time()

        self.last_sent: float = self._now
        """When a frame was last handed to the wire, in seconds of the connection's clock."""

        self.last_received: float = self.last_sent
        """When a frame was last received, in seconds of the connection's clock."""

        self.answers_received: int = 0
        """How many of our calls the peer has answered, with a result or an error."""

    # Called by the wire.

    def data_received(self, data: str | bytes) -> None:
        """Handles one message of the peer."""
        flow = self._flow
        if flow.held:
            # Reading is paused, but the wire had read this message before.
            flow.hold(data)
            return
        # The same as `Observation.is_active`, but without a function call for every frame.
        observed = self._observer is not None or frames_are_logged()
        if observed:
            self._observation.frame_in(data)
        now = self.last_received = self._clock.time()
        if flow.is_limited:
            flow.count(now)
        if self._closing is None:
            # Once we have closed, nothing can be answered, and our calls have ended.
            if len(data) > _LONG:
                self._prepare_long_message(data)
                return
            self._connection.receive_data(data, now, binary=isinstance(data, bytes))
            self._process_events(now, observed)

    def connection_lost(self, end: ConnectionClosed) -> None:
        """Ends all calls and reports the end of the connection to the host."""
        self._log.ended(end)
        self._end = end
        if self._ended is not None:
            self._ended.set_result(end)
        self._flow.stop()
        self._end_calls(end)
        self._guarded.call("disconnected", self._host.disconnected, end)
        self.idle()

    # Called by roles, handles and handlers.

    @property
    def connected(self) -> bool:
        """Whether messages can be sent. False from the moment either side closes the connection."""
        return self._end is None and self._closing is None

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the connection: no more messages can be sent, and all calls end now.

        Frames that were sent before still go out; `wait_ended` waits until that is done.

        Args:
            code: the close code of the WebSocket.
            reason: the close reason, also that of the `ConnectionClosed` which ends our calls.
        """
        if not self.connected:
            return
        self._closing = ConnectionClosed(reason, by="us", code=code)
        if not self._working:
            self._close_wire(self._closing)

    # Called by `HandlerTasks` and `FlowControl`.

    @property
    def full(self) -> bool:
        """Whether no further message can be handled now, because a long one is being read or too
        many handlers are running.
        """
        return self._handlers.full or self._preparing

    def is_open(self, call: OpenCall) -> bool:
        """Returns whether a call of the peer still waits for its reply and the reply can be sent."""
        return self._open_calls.get(call.message_id) is call

    def answer(self, call: OpenCall, response: Response) -> bool:
        """Sends a response if the call still waits for one; returns whether it was sent."""
        if self._open_calls.get(call.message_id) is not call:
            return False
        now = self._now if self._working else self._clock.time()
        self._connection.send_result(call.message_id, response, now)
        try:
            self._host.call_answered(call, response)
        except Exception:  # noqa: BLE001
            self._guarded.log_failure("call_answered")
        if not self._working:
            self._flush(now, self._observation.is_active)
        return True

    def refuse(self, call: OpenCall, why: Failure | Rule | CallRefused) -> None:
        """Answers a call with an error: the one of the reply table, or the one that the handler
        raised.
        """
        now = self._clock.time()
        if isinstance(call, InvalidCallReceived) and not isinstance(why, CallRefused):
            # Whatever came of asking, what is wrong is the call.
            self._connection.refuse_invalid(call.message_id)
            if not self._working:
                self._process_events(now, self._observation.is_active)
            return
        if isinstance(why, CallRefused):
            self._connection.send_error(
                call.message_id, why.code, why.description, why.details, now=now
            )
        else:
            self._connection.refuse(call.message_id, cast(Failure, why), now=now)
        self._flush(now, self._observation.is_active)

    def pause(self) -> None:
        """Stops reading."""
        self._flow.pause()

    def resume(self) -> None:
        """Resumes reading, unless there is another reason to pause."""
        self._flow.resume()

    def idle(self) -> None:
        """Reports to the host that the connection is finished, if it has ended and no handler is
        running.
        """
        if self._end is not None and not self._handlers.busy:
            self._guarded.call("finished", self._host.finished)

    # Long messages.

    def _prepare_long_message(self, data: str | bytes) -> None:
        steps = self._connection.prepare_data(data, binary=isinstance(data, bytes))
        then = partial(self._receive_prepared, data)
        self._preparing = not run_in_steps(steps, then, self._reading_failed)
        if self._preparing:
            self.pause()

    def _receive_prepared(self, data: str | bytes, prepared: PreparedData | None) -> None:
        paused, self._preparing = self._preparing, False
        if self._is_lost:
            # The peer repeats it, as it was never answered.
            return
        now = self._clock.time()
        self._connection.receive_data(data, now, binary=isinstance(data, bytes), prepared=prepared)
        self._process_events(now, self._observation.is_active)
        if paused:
            self.resume()

    def _reading_failed(self) -> None:
        logger.exception(
            "%s: reading a message failed [the connection is closed]", loggable(self._host.identity)
        )
        self.close(_INTERNAL_ERROR, "reading failed")

    # Events.

    def _process_events(self, now: float, observed: bool) -> None:
        """Handles all events of the engine, then writes the frames that it wants to send."""
        self._working = True
        # All that is done here happens at the same time, as each look at the clock costs.
        self._now = now
        try:
            while (event := self._connection.next_event()) is not None:
                if self._observer is not None:
                    self._observation.event(event)
                if type(event) is CallReceived:
                    self._start_handler(event)
                else:
                    self._process_event(event)
        finally:
            # Also when a handler raised KeyboardInterrupt: its call was answered.
            self._working = False
            self._flush(now, observed)

    def _process_event(self, event: Event) -> None:
        match event:
            case SendReceived():
                self._start_handler(event)
            case InvalidCallReceived():
                self._start_on_invalid(event)
            case ResultReceived():
                self.answers_received += 1
                # Not by `_guarded`, because every call of a station comes here.
                try:
                    self._host.result_received(event)
                except Exception:  # noqa: BLE001
                    self._guarded.log_failure("result_received")
                self._pending.set_result(event)
            case CallEnded():
                self.answers_received += isinstance(event.error, (CallFailed, RemoteProtocolError))
                if isinstance(event.error, CallFailed):
                    self._guarded.call("call_failed", self._host.call_failed, event.error)
                elif isinstance(event.error, RemoteProtocolError):
                    self._guarded.call("invalid_received", self._host.invalid_received, event.error)
                self._pending.set_exception(event)
            case _:
                self._log.event(event)
                self._react_to(event)

    def _start_handler(self, work: Work) -> None:
        """Starts the handler of a message, or refuses the message."""
        try:
            # Not by `_guarded`, because every call of a station comes here.
            handler = self._host.handler_or_failure(work.action)
        except Exception:  # noqa: BLE001
            self._guarded.log_failure("handler_or_failure")
            handler = Failure.HANDLER_FAILED
        if self._draining:
            self._log.not_answered(work)
        elif not isinstance(handler, Failure):
            if self._observer is not None:
                handler = self._observation.with_announcement(work, handler)
            self._handlers.start(work, handler)
        else:
            self._log.refused(work, handler)
            if isinstance(work, CallReceived):
                self.refuse(work, handler)

    def _start_on_invalid(self, call: InvalidCallReceived) -> None:
        """Calls `on_invalid` for a call with an invalid payload, if the peer may send such calls
        now.
        """
        if self._draining:
            self._log.not_answered(call)
        elif self._on_invalid is None or isinstance(
            self._guarded.handler_or_failure(call.action), Failure
        ):
            self.refuse(call, call.failure)
        else:
            invalid = invalid_call(self._host.station, call)
            self._handlers.start(call, self._on_invalid, invalid)

    def _react_to(self, event: Event) -> None:
        if isinstance(event, CallOverdue):
            self._handlers.cancel_overdue(event.message_id)
        elif isinstance(event, FrameRefused):
            if event.failure not in _NOT_WANTED:
                self._guarded.call("invalid_received", self._host.invalid_received, event.error)
            if event.reply.reaction is NoReply.CLOSE:
                self.close(_TOO_BIG, "message too big")

    # The end.

    def _close_wire(self, closing: ConnectionClosed) -> None:
        """Closes the wire and ends all calls."""
        self._flow.stop()
        try:
            self._wire.close(closing.code or 1000, closing.reason)
        except Exception:
            logger.exception(
                "%s: closing the wire failed [the connection counts as closed]",
                loggable(self._host.identity),
            )
        self._end_calls(closing)

    def _end_calls(self, end: ConnectionClosed) -> None:
        """Ends all calls: ours fail, and those of the peer can no longer be answered."""
        if self._is_lost:
            return
        self._is_lost = True
        self._timer.cancel()
        now = self._clock.time()
        self._connection.connection_lost(now, reason=end.reason, by=end.by, code=end.code)
        self._process_events(now, self._observation.is_active)
        if self._observer is not None:
            self._observation.ended(end)
        self._handlers.limit_remaining_time()

    # Writing and timing.

    def _flush(self, now: float, observed: bool) -> None:
        """Writes the frames that the engine wants to send, and sets the timer."""
        if self._working:
            # `_process_events` does it once, at its end.
            return
        out = self._connection.data_to_send()
        if out:
            self._write(out, observed)
            self.last_sent = now
        if self._closing is not None and not self._is_lost:
            # A handler has closed the connection; its reply has gone out first.
            self._close_wire(self._closing)
        elif self._open_calls or self._waiters:
            self._timer.set()

    def _write(self, out: list[str], observed: bool) -> None:
        try:
            for text in out:
                if observed:
                    self._observation.frame_out(text)
                self._wire.write(text)
        except Exception:
            logger.exception(
                "%s: writing a frame failed [the connection is closed]",
                loggable(self._host.identity),
            )
            self._closing = self._closing or ConnectionClosed(
                "writing failed", by="us", code=_INTERNAL_ERROR
            )

    def _on_deadline(self, now: float) -> None:
        self._process_events(now, self._observation.is_active)
        if not self._is_lost:
            # It fired too early if the call that it was set for was answered meanwhile.
            self._timer.set()


def _defer_answer(error: InvalidMessage) -> Deferred:
    return DEFERRED
