"""Runs handlers: plain ones inline, coroutines as supervised tasks, and answers whatever they do.

Theory of operation: a call ends here in exactly one of these ways. The handler returns a response
that can be sent; it raises `CallRefused`, with an error of its choice; or it fails in any other way,
by an exception, a response that cannot be sent, or being cancelled, and InternalError goes out. When
it hangs, the connection answers by itself and the handler is cancelled. Failures are logged with
everything a developer needs, the peer learns nothing of them, and the connection lives.

Tasks are kept in sets until they are over: nothing runs unseen, and a shutdown can end them all.
"""

import asyncio
import inspect
import logging
from collections.abc import Coroutine, Sequence
from contextvars import Context, copy_context
from types import CoroutineType
from typing import Any, Protocol, TypeAlias, cast

from ocppkit.core import (
    CallReceived,
    Failure,
    Limits,
    LocalProtocolError,
    Response,
    SendReceived,
)

from ._call_context import RUNNING_CALL, AfterResponse, CallContext, CallRefused
from ._clock import Clock
from ._eager_tasks import start_task
from ._frame_log import loggable
from ._handlers import AnyHandler, MaybeAwaitable

__all__ = ["Handling", "Replier", "Work"]

logger = logging.getLogger("ocppkit.aio")

Work: TypeAlias = CallReceived | SendReceived


class Replier(Protocol):
    """Where answers are handed in, and who is told when there is too much work."""

    def is_owed(self, call: CallReceived) -> bool:
        """Whether this call still awaits a reply that can be sent."""
        ...

    def answer(self, call: CallReceived, response: Response) -> bool:
        """Sends a result, if the call still awaits one.

        Returns:
            Whether it did.

        Raises:
            LocalProtocolError: it cannot be sent; the call is still owed a reply.
        """
        ...

    def refuse(self, call: CallReceived, why: Failure | CallRefused) -> None:
        """Sends an error.

        Raises:
            LocalProtocolError: it cannot be sent; the call is still owed a reply.
        """
        ...

    def pause(self) -> None:
        """Learns that as many handlers run as may."""
        ...

    def resume(self) -> None:
        """Learns that another handler may run."""
        ...

    def idle(self) -> None:
        """Learns that nothing runs any more."""
        ...


class Handling:
    """The handlers at work on one connection."""

    __slots__ = ("_afterwards", "_clock", "_limits", "_name", "_replier", "_running", "full")

    def __init__(self, replier: Replier, *, name: str, clock: Clock, limits: Limits) -> None:
        self._replier = replier
        self._name = name
        self._clock = clock
        self._limits = limits
        self._running: dict[asyncio.Task[None], Work] = {}
        self._afterwards: set[asyncio.Task[None]] | None = None

        self.full = False
        """Whether as many handlers run as may."""

    @property
    def busy(self) -> bool:
        """Whether anything runs: a handler, or what it wanted done after its response."""
        return bool(self._running or self._afterwards)

    def start(self, work: Work, handler: AnyHandler) -> None:
        """Runs a handler: a plain function to its end, a coroutine function as a task."""
        call = CallContext(work)
        context = copy_context()
        context.run(RUNNING_CALL.set, call)
        payload = work.request if type(work) is CallReceived else cast(SendReceived, work).message
        try:
            outcome: MaybeAwaitable[Response | None] = context.run(handler, payload)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the connection lives
            self._failed(work, error)
            return
        if type(outcome) is CoroutineType:
            self._start_task(work, call, cast(Coroutine[Any, Any, Any], outcome), context)
        else:
            self._returned(work, call, outcome, context)

    def overdue(self, message_id: str) -> None:
        """Cancels the handler of a call whose time is over; the peer has its answer already."""
        for task, work in self._running.items():
            if isinstance(work, CallReceived) and work.message_id == message_id:
                task.cancel("the handler's time is over")

    def disconnected(self) -> None:
        """Keeps the time of the running handlers, which no connection does any more."""
        for task, work in self._running.items():
            self._keep_time(task, work)

    async def wait_idle(self) -> None:
        """Waits until no handler runs; what runs after a response does not count."""
        while self._running:
            await asyncio.wait(self._running)

    async def cancel_all(self) -> None:
        """Cancels whatever runs and waits until it is over."""
        tasks = [*self._running, *(self._afterwards or ())]
        for task in tasks:
            task.cancel("the connection is shut down")
        if tasks:
            await asyncio.wait(tasks)

    def _start_task(
        self, work: Work, call: CallContext, outcome: Coroutine[Any, Any, Any], context: Context
    ) -> None:
        task = start_task(
            self._run(work, call, outcome, context),
            name=f"{work.action.name} of {self._name}",
            context=context,
        )
        self._running[task] = work
        if task.done():
            self._finished(task, outcome)
            return
        task.add_done_callback(lambda task: self._finished(task, outcome))
        if isinstance(work, SendReceived):
            self._keep_time(task, work)
        self.full = len(self._running) >= self._limits.handlers
        if self.full:
            self._replier.pause()

    async def _run(
        self, work: Work, call: CallContext, outcome: Coroutine[Any, Any, Any], context: Context
    ) -> None:
        try:
            response = await outcome
        except Exception as error:  # noqa: BLE001 - the connection lives
            self._failed(work, error)
        else:
            self._returned(work, call, response, context)

    def _keep_time(self, task: asyncio.Task[None], work: Work) -> None:
        deadline = work.received_at + self._limits.handler_timeout
        timer = self._clock.call_at(deadline, lambda: task.cancel("the handler's time is over"))
        task.add_done_callback(lambda _: timer.cancel())

    def _finished(self, task: asyncio.Task[None], outcome: Coroutine[Any, Any, Any]) -> None:
        # A task that is cancelled before its first step never enters the handler.
        outcome.close()
        was_full, self.full = self.full, False
        work = self._running.pop(task)
        if task.cancelled() and isinstance(work, CallReceived) and self._replier.is_owed(work):
            self._failed(work, asyncio.CancelledError())
        if was_full:
            self._replier.resume()
        self._tell_idle()

    def _returned(self, work: Work, call: CallContext, outcome: Any, context: Context) -> None:
        if isinstance(work, CallReceived):
            try:
                # That it is a response, and the right one, is for the engine to see.
                heard = self._replier.answer(work, outcome)
            except LocalProtocolError as error:
                self._failed(work, error)
                return
            if not heard:
                logger.warning("%s: the handler's result comes too late", self._about(work))
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
        if self._afterwards is not None:
            self._afterwards.discard(task)
        self._tell_idle()

    def _tell_idle(self) -> None:
        if not self.busy:
            self._replier.idle()

    def _failed(self, work: Work, error: BaseException) -> None:
        if isinstance(error, CallRefused):
            logger.info("%s: the handler refused: %s", self._about(work), error)
        else:
            logger.error("%s: the handler failed", self._about(work), exc_info=error)
        if not isinstance(work, CallReceived) or not self._replier.is_owed(work):
            return
        if not isinstance(error, CallRefused):
            self._replier.refuse(work, Failure.HANDLER_FAILED)
            return
        try:
            self._replier.refuse(work, error)
        except LocalProtocolError as unsendable:
            self._failed(work, unsendable)

    async def _run_callbacks(self, work: Work, callbacks: Sequence[AfterResponse]) -> None:
        for callback in callbacks:
            try:
                outcome = callback()
                if inspect.iscoroutine(outcome):
                    await outcome
            except Exception:
                logger.exception("%s: what was to run after it failed", self._about(work))

    def _about(self, work: Work) -> str:
        return f"{loggable(self._name)}: {work.action.name} {loggable(work.message_id)}"
