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
import inspect
import logging
from collections.abc import Coroutine, Sequence
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

from ._call_context import RUNNING_CALL, AfterResponse, CallContext, CallRefused
from ._clock import Clock
from ._eager_tasks import start_task
from ._frame_log import loggable
from ._handlers import AnyHandler, MaybeAwaitable, name_of

__all__ = ["HandlerTasks", "Replier", "Work"]

logger = logging.getLogger("ocppkit.aio")

Work: TypeAlias = OpenCall | SendReceived

_CALLS: Final = (CallReceived, InvalidCallReceived)
"""What awaits a reply."""

_STOPS_THE_PROGRAM: Final = (KeyboardInterrupt, SystemExit)
_TIMED_OUT: Final = "the handler did not finish in time"


class Replier(Protocol):
    """Sends the replies of handlers, and learns when too many handlers run and when none does."""

    def is_open(self, call: OpenCall) -> bool:
        """Returns whether a call still awaits its reply, and the reply can be sent."""
        ...

    def answer(self, call: OpenCall, response: Response) -> bool:
        """Sends a result if the call still awaits one.

        Returns:
            Whether it was sent.

        Raises:
            LocalProtocolError: the response cannot be sent; the call still awaits a reply.
        """
        ...

    def refuse(self, call: OpenCall, why: Failure | Rule | CallRefused) -> None:
        """Sends an error.

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
        """Runs a handler: a plain function to its end, a coroutine function as a task.

        Args:
            work: what to handle.
            handler: the handler, or the function that is asked about an invalid call.
            invalid: what that function is given.
        """
        call = CallContext(work, handler)
        context = copy_context()
        context.run(RUNNING_CALL.set, call)
        payload = work.request if type(work) is CallReceived else _given(work, invalid)
        try:
            outcome: MaybeAwaitable[Response | None] = context.run(handler, payload)
        except BaseException as error:
            self._failed(call, error)
            if isinstance(error, _STOPS_THE_PROGRAM):
                raise
            return
        if type(outcome) is CoroutineType:
            self._start_task(call, cast(Coroutine[Any, Any, Any], outcome), context)
        else:
            self._returned(call, outcome, context)

    def overdue(self, message_id: str) -> None:
        """Cancels the handler of a call that the engine has answered with an error for lack of time."""
        for task, work in self._running.items():
            if isinstance(work, _CALLS) and work.message_id == message_id:
                task.cancel(_TIMED_OUT)

    def disconnected(self) -> None:
        """Limits the time of the handlers that are running: the engine no longer does once it is closed."""
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
            self._finished(task, call, outcome)
            return
        task.add_done_callback(lambda task: self._finished(task, call, outcome))
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
            # `_finished` sends the reply, also for a task that is cancelled before it starts.
            raise
        except BaseException as error:
            if isinstance(error, GeneratorExit) and not _is_in_event_loop():
                # The interpreter closes the coroutine, long after the event loop has stopped.
                raise
            self._failed(call, error)
            if isinstance(error, _STOPS_THE_PROGRAM):
                raise
        else:
            self._returned(call, response, context)

    def _limit_time(self, task: asyncio.Task[None], work: Work) -> None:
        deadline = work.received_at + self._limits.handler_timeout
        timer = self._clock.call_at(deadline, lambda: task.cancel(_TIMED_OUT))
        task.add_done_callback(lambda _: timer.cancel())

    def _finished(
        self, task: asyncio.Task[None], call: CallContext, outcome: Coroutine[Any, Any, Any]
    ) -> None:
        # A task that was cancelled before it started has never awaited the handler's coroutine.
        outcome.close()
        was_full, self.full = self.full, False
        work = self._running.pop(task)
        if not task.cancelled():
            # Retrieves the exception, which `_failed` has logged, so that asyncio does not log it too.
            task.exception()
        elif isinstance(work, _CALLS) and self._replier.is_open(work):
            self._failed(call, asyncio.CancelledError())
        if was_full:
            self._replier.resume()
        self._tell_idle()

    def _returned(self, call: CallContext, outcome: Any, context: Context) -> None:
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
                self._failed(call, error)
                return
            if not sent:
                logger.warning("%s: result dropped: handler returned too late", self._about(work))
                return
        callbacks = call.take_callbacks()
        if callbacks:
            task = asyncio.get_running_loop().create_task(
                self._run_callbacks(work, callbacks), context=context
            )
            self._afterwards = self._afterwards or set()
            self._afterwards.add(task)
            task.add_done_callback(self._callbacks_finished)

    def _callbacks_finished(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            # Retrieves the exception, which `_failed` has logged, so that asyncio does not log it too.
            task.exception()
        if self._afterwards is not None:
            self._afterwards.discard(task)
        self._tell_idle()

    def _tell_idle(self) -> None:
        if not self.busy:
            self._replier.idle()

    def _failed(self, call: CallContext, error: BaseException) -> None:
        """Answers with an error for a handler that has no result, and logs why."""
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
        logger.error("%s: handler %s failed", self._about(work), name, exc_info=error)

    def _refuse(self, work: Work, error: CallRefused) -> Exception | None:
        """Answers with the error that the handler raised; returns the exception if it cannot be sent."""
        try:
            self._replier.refuse(cast(OpenCall, work), error)
        # The handler may have set the attributes of the error to anything.
        except Exception as unsendable:  # noqa: BLE001
            return unsendable
        return None

    def _log_refusal(self, call: CallContext, error: CallRefused) -> None:
        about, name = self._about(call.event), name_of(call.handler)
        logger.info("%s: refused by handler %s: %s", about, name, loggable(_text_of(error)))

    async def _run_callbacks(self, work: Work, callbacks: Sequence[AfterResponse]) -> None:
        for callback in callbacks:
            try:
                outcome = callback()
                if inspect.iscoroutine(outcome):
                    await outcome
            except BaseException as error:
                if _is_cancelled(error):
                    raise
                about, name = self._about(work), name_of(callback)
                logger.exception("%s: after_response callback %s failed", about, name)
                if isinstance(error, (*_STOPS_THE_PROGRAM, GeneratorExit)):
                    raise

    def _about(self, work: Work) -> str:
        return f"{loggable(self._name)}: {work.action.name} {loggable(work.message_id)}"


def _given(work: Work, invalid: object) -> object:
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


def _is_cancelled(error: BaseException) -> bool:
    """Returns whether an error is the cancellation of this task, and was not raised by a callback."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
