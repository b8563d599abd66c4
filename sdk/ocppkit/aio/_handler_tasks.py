"""Runs handlers: plain functions at once, coroutine functions as tasks. Every call gets one reply.

Theory of operation: a call of the peer ends in exactly one of these ways.

* The handler returns a response that can be sent.
* It raises `CallRefused`, and the call is answered with that error.
* It fails in any other way (another exception, a response that cannot be encoded, a cancellation),
  and the call is answered with InternalError. # ERR-18
* It does not finish in time: the engine answers with InternalError, and the handler is cancelled.

A failure is logged with identity, action, message id, handler and traceback. The peer sees none of
that, and the connection stays open.

KeyboardInterrupt and SystemExit stop the program: the call is answered, the failure is logged, and
they are raised again. All other exceptions end here, as asyncio does it with the exceptions of tasks.

Tasks are kept in collections until they are done, so that a shutdown can cancel them.
"""

import asyncio
import logging
from collections.abc import Coroutine
from contextvars import Context, copy_context
from types import CoroutineType
from typing import Any, Final, Protocol, TypeAlias, cast

from ocppkit.core import (
    CallReceived,
    Failure,
    InvalidCallReceived,
    Limits,
    OpenCall,
    Response,
    Rule,
    SendReceived,
)

from ._call_context import RUNNING_CALL, CallContext, CallRefused
from ._clock import Clock
from ._eager_tasks import start_task
from ._frame_log import loggable
from ._handler_outcome import run_callbacks
from ._handlers import AnyHandler, MaybeAwaitable, name_of

__all__ = ["HandlerTasks", "Replier", "Work"]

logger = logging.getLogger("ocppkit.aio")

Work: TypeAlias = OpenCall | SendReceived

_CALLS: Final = (CallReceived, InvalidCallReceived)
"""What awaits a reply."""

_STOPS_THE_PROGRAM: Final = (KeyboardInterrupt, SystemExit)
_TIMED_OUT: Final = "the handler did not finish in time"


class Replier(Protocol):
    """Sends the replies of handlers, and is told when too many handlers are running and when none
    is.
    """

    def is_open(self, call: OpenCall) -> bool:
        """Returns whether a call still waits for its reply and the reply can be sent."""
        ...

    def answer(self, call: OpenCall, response: Response) -> bool:
        """Sends a response if the call still waits for one.

        Returns:
            Whether it was sent.

        Raises:
            LocalProtocolError: the response cannot be sent; the call still awaits a reply.
        """
        ...

    def refuse(self, call: OpenCall, why: Failure | Rule | CallRefused) -> None:
        """Answers a call with an error.

        Raises:
            LocalProtocolError: the error cannot be sent; the call still awaits a reply.
        """
        ...

    def pause(self) -> None:
        """Called when as many handlers are running as the limits allow."""
        ...

    def resume(self) -> None:
        """Called when another handler may be started."""
        ...

    def idle(self) -> None:
        """Called when no handler and no callback is running any more."""
        ...


class HandlerTasks:
    """Runs the handlers of one connection."""

    __slots__ = ("_afterwards", "_clock", "_limits", "_name", "_replier", "_running", "full")

    def __init__(self, replier: Replier, *, name: str, clock: Clock, limits: Limits) -> None:
        self._replier = replier
        self._name = name
        self._clock = clock
        self._limits = limits
        self._running: dict[asyncio.Task[None], Work] = {}
        self._afterwards: set[asyncio.Task[None]] | None = None

        self.full = False
        """Whether as many handlers are running as the limits allow."""

    @property
    def busy(self) -> bool:
        """Whether a handler or an after_response callback is running."""
        return bool(self._running or self._afterwards)

    @property
    def is_running(self) -> bool:
        """Whether a handler is running."""
        return bool(self._running)

    def start(self, work: Work, handler: AnyHandler, invalid: object = None) -> None:
        """Runs a handler: a plain function at once, a coroutine function as a task.

        Args:
            work: what to handle.
            handler: the handler, or the function that is asked about an invalid call.
            invalid: what that function is given.
        """
        call = CallContext(work, handler)
        context = copy_context()
        context.run(RUNNING_CALL.set, call)
        payload = work.request if type(work) is CallReceived else _handler_argument(work, invalid)
        try:
            outcome: MaybeAwaitable[Response | None] = context.run(handler, payload)
        except BaseException as error:
            self._handle_exception(call, error)
            if isinstance(error, _STOPS_THE_PROGRAM):
                raise
            return
        if type(outcome) is CoroutineType:
            self._start_task(call, cast(Coroutine[Any, Any, Any], outcome), context)
        else:
            self._handle_result(call, outcome, context)

    def cancel_overdue(self, message_id: str) -> None:
        """Cancels the handler of a call that was answered with an error because its time is over."""
        for task, work in self._running.items():
            if isinstance(work, _CALLS) and work.message_id == message_id:
                task.cancel(_TIMED_OUT)

    def limit_remaining_time(self) -> None:
        """Limits the time of running handlers by timers, as the engine of a closed connection no
        longer does.
        """
        for task, work in self._running.items():
            self._limit_time(task, work)

    async def wait_idle(self) -> None:
        """Waits until no handler is running; after_response callbacks do not count."""
        while self._running:
            await asyncio.wait(self._running)

    async def cancel_all(self) -> None:
        """Cancels all handlers and callbacks and waits until they are done."""
        tasks = [*self._running, *(self._afterwards or ())]
        for task in tasks:
            task.cancel("the connection is shut down")
        if tasks:
            await asyncio.wait(tasks)

    def _start_task(
        self, call: CallContext, outcome: Coroutine[Any, Any, Any], context: Context
    ) -> None:
        work = call.event
        task = start_task(
            self._run(call, outcome, context),
            name=f"{work.action.name} of {self._name}",
            context=context,
        )
        self._running[task] = work
        if task.done():
            self._on_task_done(task, call, outcome)
            return
        task.add_done_callback(lambda task: self._on_task_done(task, call, outcome))
        if isinstance(work, SendReceived):
            self._limit_time(task, work)
        self.full = len(self._running) >= self._limits.handlers
        if self.full:
            self._replier.pause()

    async def _run(
        self, call: CallContext, outcome: Coroutine[Any, Any, Any], context: Context
    ) -> None:
        try:
            response = await outcome
        except asyncio.CancelledError:
            # `_on_task_done` sends the reply, also for a task that is cancelled before it starts.
            raise
        except BaseException as error:
            if isinstance(error, GeneratorExit) and not _is_in_event_loop():
                # The interpreter closes the coroutine, long after the event loop has stopped.
                raise
            self._handle_exception(call, error)
            if isinstance(error, _STOPS_THE_PROGRAM):
                raise
        else:
            self._handle_result(call, response, context)

    def _limit_time(self, task: asyncio.Task[None], work: Work) -> None:
        deadline = work.received_at + self._limits.handler_timeout
        timer = self._clock.call_at(deadline, lambda: task.cancel(_TIMED_OUT))
        task.add_done_callback(lambda _: timer.cancel())

    def _on_task_done(
        self, task: asyncio.Task[None], call: CallContext, outcome: Coroutine[Any, Any, Any]
    ) -> None:
        # A task that was cancelled before it started has never awaited the handler's coroutine.
        outcome.close()
        was_full, self.full = self.full, False
        work = self._running.pop(task)
        if not task.cancelled():
            # Retrieves the exception, which `_handle_exception` has logged, so that asyncio does not log it too.
            task.exception()
        elif isinstance(work, _CALLS) and self._replier.is_open(work):
            self._handle_exception(call, asyncio.CancelledError())
        if was_full:
            self._replier.resume()
        self._report_idle()

    def _handle_result(self, call: CallContext, outcome: Any, context: Context) -> None:
        work = call.event
        if outcome is None and type(work) is InvalidCallReceived:
            # The connection may have ended meanwhile.
            if self._replier.is_open(work):
                self._replier.refuse(work, work.failure)
            return
        if isinstance(work, _CALLS):
            try:
                # The engine checks that it is the response of this action.
                sent = self._replier.answer(work, outcome)  # pyright: ignore[reportArgumentType]
            except Exception as error:  # noqa: BLE001 - the program's response may raise anything
                self._handle_exception(call, error)
                return
            if not sent:
                logger.warning(
                    "%s: the handler returned too late [its result is dropped: the call was answered "
                    "with an error, or the connection has ended]",
                    self._message_name(work),
                )
                return
        callbacks = call.take_callbacks()
        if callbacks:
            task = asyncio.get_running_loop().create_task(
                run_callbacks(self._message_name(work), callbacks), context=context
            )
            self._afterwards = self._afterwards or set()
            self._afterwards.add(task)
            task.add_done_callback(self._callbacks_finished)

    def _callbacks_finished(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            # Retrieves the exception, which `run_callbacks` has logged, so that asyncio does not log it too.
            task.exception()
        if self._afterwards is not None:
            self._afterwards.discard(task)
        self._report_idle()

    def _report_idle(self) -> None:
        if not self.busy:
            self._replier.idle()

    def _handle_exception(self, call: CallContext, error: BaseException) -> None:
        """Answers a call with an error because its handler failed, and logs why."""
        work = call.event
        is_open = isinstance(work, _CALLS) and self._replier.is_open(work)
        if isinstance(error, CallRefused):
            unsendable = self._refuse(work, error) if is_open else None
            if unsendable is None:
                self._log_refusal(call, error)
                return
            error = unsendable
        if is_open:
            # ERR-18
            self._replier.refuse(cast(OpenCall, work), Failure.HANDLER_FAILED)
        name = name_of(call.handler)
        logger.error(
            "%s: the handler %s raised an exception [%s]",
            self._message_name(work),
            name,
            "answered with an error" if is_open else "not answered",
            exc_info=error,
        )

    def _refuse(self, work: Work, error: CallRefused) -> Exception | None:
        """Answers with the error that the handler raised; returns the exception if that cannot be
        sent.
        """
        try:
            self._replier.refuse(cast(OpenCall, work), error)
        # The handler may have set the attributes of the error to anything.
        except Exception as unsendable:  # noqa: BLE001
            return unsendable
        return None

    def _log_refusal(self, call: CallContext, error: CallRefused) -> None:
        about, name = self._message_name(call.event), name_of(call.handler)
        logger.info(
            "%s: the handler %s refused the call: %s", about, name, loggable(_text_of(error))
        )

    def _message_name(self, work: Work) -> str:
        return f"{loggable(self._name)}: {work.action.name} {loggable(work.message_id)}"


def _handler_argument(work: Work, invalid: object) -> object:
    return work.message if isinstance(work, SendReceived) else invalid


def _text_of(error: Exception) -> str:
    try:
        return str(error)
    # A subclass may not have called `__init__`, which sets what `__str__` needs.
    except Exception:  # noqa: BLE001
        return type(error).__name__


def _is_in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
